/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to the registers of host devices: mapping and ordered loads and stores. Registers are
 * little-endian, and accesses through these functions are ordered against each other and
 * against normal memory. No lock.
 */
#ifndef ARCH_MMIO_H
#define ARCH_MMIO_H

#include <arch/trap.h>
#include <core/types.h>

/**
 * Maps @size bytes of device registers at @base, readable and writable, never executable.
 * Returns NULL when the window for devices or memory is used up. Kept for ever.
 * Only while booting or in a service thread (allocates memory).
 */
void *mmio_map(hpa_t base, uint64_t size);

#define MMIO_ACCESSORS(bits)                                                      \
	static inline uint##bits##_t mmio_read##bits(const void *address)         \
	{                                                                         \
		uint##bits##_t value = *(const volatile uint##bits##_t *)address; \
		__asm__ volatile("fence i, ir" ::: "memory");                     \
		return value;                                                     \
	}                                                                         \
	static inline void mmio_write##bits(void *address, uint##bits##_t value)  \
	{                                                                         \
		__asm__ volatile("fence w, o" ::: "memory");                      \
		*(volatile uint##bits##_t *)address = value;                      \
	}

MMIO_ACCESSORS(8)
MMIO_ACCESSORS(16)
MMIO_ACCESSORS(32)
MMIO_ACCESSORS(64)

/** All accesses before, to devices and to memory, come before all that follow. */
static inline void mmio_barrier(void)
{
	__asm__ volatile("fence iorw, iorw" ::: "memory");
}

/**
 * A first read where a device may not be: false when it traps, as a bus does where nothing
 * answers. Interrupts off, or while booting.
 */
#define MMIO_TRY(bits, load)                                                                    \
	static inline bool mmio_try_read##bits(const void *address, uint##bits##_t *value)      \
	{                                                                                       \
		unsigned long ok = 0, read = 0;                                                 \
		__asm__ volatile("1: " load " %0, (%2)\n\tli %1, 1\n2:\n\t" EXTABLE("1b", "2b") \
				 : "=&r"(read), "+r"(ok)                                        \
				 : "r"(address)                                                 \
				 : "memory");                                                   \
		__asm__ volatile("fence i, ir" ::: "memory");                                   \
		*value = (uint##bits##_t)read;                                                  \
		return ok != 0;                                                                 \
	}

MMIO_TRY(8, "lbu")
MMIO_TRY(16, "lhu")
MMIO_TRY(32, "lwu")

#endif
