/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC of fake_device.h's VM in the tests of it, its registers and wires. One at a time; the
 * tests own it.
 */
#ifndef PLIC_WORLD_H
#define PLIC_WORLD_H

#include "fake_device.h"
#include "plic_registers.h"

#define VCPUS 4

extern struct vm *vm;
extern struct device *plic;

/** Begin with a PLIC, and end: for set-ups of tests. plic_begin() returns 1 without memory. */
int plic_begin(void **state);
int plic_end(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, plic_begin, plic_end)

static inline uint32_t get(uint64_t offset)
{
	return (uint32_t)device_read(plic, offset, 4);
}

static inline void put(uint64_t offset, uint32_t value)
{
	device_write(plic, offset, 4, value);
}

static inline void wire(unsigned int source, bool level)
{
	plic_source_set(plic, source, level);
}

static inline bool pending(unsigned int source)
{
	return get(PENDING(source / 32)) >> (source % 32) & 1;
}

static inline void enable(unsigned int context, unsigned int source)
{
	uint64_t word = ENABLE(context, source / 32);

	put(word, get(word) | UINT32_C(1) << source % 32);
}

static inline void disable(unsigned int context, unsigned int source)
{
	uint64_t word = ENABLE(context, source / 32);

	put(word, get(word) & ~(UINT32_C(1) << source % 32));
}

/** Source @source interrupts vCPU 0 in S-mode with @priority. */
static inline void open(unsigned int source, uint32_t priority)
{
	put(PRIORITY(source), priority);
	enable(S(0), source);
}

#endif
