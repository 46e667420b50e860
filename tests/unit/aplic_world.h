/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APLIC of fake_device.h's VM in the tests of it, and its registers. One at a time; the tests
 * own it.
 */
#ifndef APLIC_WORLD_H
#define APLIC_WORLD_H

#include "aplic_registers.h"
#include "fake_device.h"

/** What aplic_begin_msi() makes. */
#define MSI_SOURCES 95
#define MSI_IDENTITIES 255

extern struct vm *vm;
extern struct device *aplic;

/** For set-ups of tests: of an APLIC like this one, and of one in MSI mode. 0, or 1: no memory. */
int aplic_begin(const struct aplic_config *config);
int aplic_begin_msi(void **state);

/** Returns 0. */
int aplic_end(void **state);

static inline uint32_t get(uint64_t offset)
{
	return (uint32_t)device_read(aplic, offset, 4);
}

static inline void put(uint64_t offset, uint32_t value)
{
	device_write(aplic, offset, 4, value);
}

static inline bool pending(unsigned int source)
{
	return get(SETIP(source / 32)) >> (source % 32) & 1;
}

static inline bool rectified(unsigned int source)
{
	return get(IN_CLRIP(source / 32)) >> (source % 32) & 1;
}

#endif
