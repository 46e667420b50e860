/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host drivers: how one is found by the device tree. A driver is a table entry; what it offers
 * is registered with its class (irqchip.h, serial.h) by its probe function. Probing happens on
 * the boot hart, before other harts run, so there is no lock.
 */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include <core/types.h>

struct driver {
	const char *name;
	const char *const *compatible; /* ends with NULL */
	/**
	 * Takes the device at @node of the host's tree. Returns 0, -ENODEV when this device is
	 * not for us to use (passed over without a message), or another negative errno.
	 */
	int (*probe)(int node);
};

/* Every driver; the tables of irqchip.c and serial.c say which are configured. */
extern const struct driver imsic_driver;
extern const struct driver aplic_driver;
extern const struct driver plic_driver;
extern const struct driver ns16550_driver;
extern const struct driver goldfish_rtc_driver;

/**
 * Probes every enabled node (its own and its parents' status absent, "okay" or "ok") that one of
 * @drivers (ends with NULL) is compatible with, most specific compatible first.
 * A failure is reported with the node's path and skipped. Returns how many were taken.
 */
unsigned int drivers_probe(const struct driver *const *drivers);

#endif
