/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which RAM the hypervisor may use: what the device tree has, without what it reserves, the
 * image, the device tree itself and the bundle. Set up once by mmu_init() on the boot hart.
 */
#ifndef ARCH_RAM_H
#define ARCH_RAM_H

#include <core/page.h>

#define RAM_MAX_RANGES PAGE_MAX_BANKS /* so that each can be given to the page allocator */

/** Page-aligned, [start, end). */
struct ram_range {
	uint64_t start, end;
};

/** In ascending order; they neither overlap nor touch. */
extern struct ram_range ram[RAM_MAX_RANGES];
extern unsigned int ram_count;

/**
 * Finds what the device tree has and does not reserve, of what is less than @room bytes above the
 * lowest RAM (rounded down to 1 GiB), which is returned. What is left out is reported.
 */
uint64_t ram_find(uint64_t room);

/** Takes [@start, @end) out; it is @owner's, and @what in words, or NULL (core/page.h). */
void ram_reserve(uint64_t start, uint64_t end, uint16_t owner, const char *what);

#endif
