/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What surrounds a boot up to the devices: the table of harts, memory that is given back at the
 * next boot, and devices of all kinds at all addresses. Accesses outside of what was mapped, or
 * in what the device tree says is RAM, are findings. One thread, no lock.
 */
#ifndef TESTS_FUZZ_FAKE_BOARDS_H
#define TESTS_FUZZ_FAKE_BOARDS_H

#include <core/types.h>

/** What devices do. */
enum fake_devices {
	DEVICES_KEEP, /* registers hold what is written; the others are what a UART likes */
	DEVICES_RANDOM, /* reads are random */
	DEVICES_SILENT, /* the bus has an error */
	DEVICES_ONES,
	DEVICES_KINDS
};

/**
 * Only the hart that boots is there, with that id; all variables of the drivers are as in the
 * image; nothing is mapped or allocated.
 */
void fake_boards_reset(uint64_t boot_hart_id, enum fake_devices devices, uint64_t seed);

/** Whether the device tree lets that page be a device's. */
bool fake_page_is_device(uint64_t page);

#endif
