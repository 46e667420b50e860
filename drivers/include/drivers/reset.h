/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of the machine: by the firmware (SBI SRST), or else by a register that the device tree
 * names. Found while booting; no lock, for a panic uses it as well.
 */
#ifndef DRIVERS_RESET_H
#define DRIVERS_RESET_H

#include <core/types.h>

/** Looks for ways to power off and to reboot. Boot hart, once. */
void reset_init(void);

/**
 * Powers the machine off, or starts it again; @failure is told to the firmware. Each way there is
 * is tried in turn. Returns only when none works: the caller says so.
 */
void machine_poweroff(bool failure);
void machine_reboot(void);

/** One line about how it is done, for reports. */
const char *reset_describe(void);

enum reset_action { RESET_POWEROFF, RESET_REBOOT, RESET_ACTIONS };

/**
 * A write that ends the machine: the bits @mask of the register become those of @value. For the
 * drivers. The first for an action is kept. Returns 0 or -EBUSY.
 */
struct reset_write {
	char *address;
	unsigned int width; /* bytes: 1, 2, 4 */
	uint32_t value, mask;
};

int reset_register(enum reset_action action, int node, const struct reset_write *write);

#endif
