/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to the registers of host devices: mapping and ordered loads and stores. Registers are
 * little-endian, and accesses through these functions are ordered against each other and
 * against normal memory. No lock.
 */
#ifndef ARCH_MMIO_H
#define ARCH_MMIO_H

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

#endif
