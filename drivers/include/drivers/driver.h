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
	/** Takes the device at @node of the host's tree. Returns 0 or a negative errno. */
	int (*probe)(int node);
};

/** The drivers of each class, ending with NULL; interrupt controllers are probed first. */
extern const struct driver *const irqchip_drivers[];
extern const struct driver *const serial_drivers[];

/**
 * Probes every enabled node (status absent, "okay" or "ok") that one of @drivers is compatible
 * with, most specific compatible first. A failure is reported with the node's path and skipped.
 * Returns how many were taken.
 */
unsigned int drivers_probe(const struct driver *const *drivers);

#endif
