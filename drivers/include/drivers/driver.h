/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host drivers: how one is found by the device tree. A driver is a table entry; what it offers
 * is registered with its class (irqchip.h, serial.h, reset.h) by its probe function. Probing
 * happens on the boot hart, before other harts run, so there is no lock.
 */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include <core/types.h>

struct driver {
	const char *name;
	const char *const *compatible; /* ends with NULL */
	/**
	 * Takes the device at @node of the host's tree. Returns 0, -ENODEV when this device is
	 * not for us to use (passed over without a message), or another negative errno. What is
	 * wrong becomes a finding, in words of device_problem().
	 */
	int (*probe)(int node);
};

/* Every driver; the tables of irqchip.c, serial.c, reset.c and rtc.c say which are configured. */
extern const struct driver imsic_driver;
extern const struct driver aplic_driver;
extern const struct driver plic_driver;
extern const struct driver ns16550_driver;
extern const struct driver sifive_uart_driver;
extern const struct driver syscon_poweroff_driver;
extern const struct driver syscon_reboot_driver;
extern const struct driver goldfish_rtc_driver;

/**
 * Probes every enabled node (its own and its parents' status absent, "okay" or "ok") that one of
 * @drivers (ends with NULL) is compatible with, most specific compatible first.
 * A failure is a finding with the node's path, and skipped. Returns how many were taken.
 */
unsigned int drivers_probe(const struct driver *const *drivers);

/** The same for @node alone. Returns whether it was taken. */
bool drivers_probe_node(const struct driver *const *drivers, int node);

/** What an error of a driver (negative errno) means for its user. */
const char *device_problem(int error);

/**
 * Whether @size bytes at @base can be a device's registers: where a page table reaches, and not in
 * RAM. Returns 0, -EINVAL or -EADDRINUSE.
 */
int device_range(hpa_t base, uint64_t size);

/**
 * Where the registers of window @index of @node's `reg` are: at least @needed bytes (not 0),
 * aligned to @align (a power of two), and device_range() takes them.
 * Returns 0, -EINVAL (there is none, or it makes no sense), -ENOSPC (too small), -EADDRINUSE (in
 * RAM).
 */
int device_reg(int node, unsigned int index, uint64_t needed, uint64_t align, hpa_t *base);

/**
 * The same, and maps these @needed bytes. Besides, -ENOMEM. Nothing is read: the device may not
 * answer.
 */
int device_map(int node, unsigned int index, uint64_t needed, uint64_t align, void **registers);

#endif
