/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands in the place of <arch/mmio.h> in unit tests of host drivers: each access goes to the
 * test's device. No lock: such a test has one thread.
 */
#ifndef ARCH_MMIO_H
#define ARCH_MMIO_H

#include <core/types.h>

/** Defined by fake_mmio.c. */
void *mmio_map(hpa_t base, uint64_t size);
uint64_t fake_mmio_read(const void *address, unsigned int bytes);
void fake_mmio_write(void *address, unsigned int bytes, uint64_t value);
bool fake_mmio_answers(const void *address);

static inline void mmio_barrier(void)
{
}

#define MMIO_ACCESSORS(bits)                                                            \
	static inline uint##bits##_t mmio_read##bits(const void *address)               \
	{                                                                               \
		return (uint##bits##_t)fake_mmio_read(address, bits / 8);               \
	}                                                                               \
	static inline void mmio_write##bits(void *address, uint##bits##_t value)        \
	{                                                                               \
		fake_mmio_write(address, bits / 8, value);                              \
	}                                                                               \
	static inline bool mmio_try_read##bits(const void *address, uint##bits##_t *to) \
	{                                                                               \
		bool answers = fake_mmio_answers(address);                              \
		*to = answers ? mmio_read##bits(address) : 0;                           \
		return answers;                                                         \
	}

MMIO_ACCESSORS(8)
MMIO_ACCESSORS(16)
MMIO_ACCESSORS(32)

#endif
