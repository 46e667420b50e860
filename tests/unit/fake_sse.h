/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of supervisor software events share: calls, attributes, and bringing an event into a
 * state. A VM of four vCPUs; one thread.
 */
#ifndef FAKE_SSE_H
#define FAKE_SSE_H

#include "fake_sbi.h"

#include <arch/csr.h>
#include <arch/sse.h>

#define DOUBLE_TRAP UINT32_C(0x1)
#define PMU_OVERFLOW UINT32_C(0x10000)
#define LOCAL UINT32_C(0xffff0000)
#define GLOBAL UINT32_C(0xffff8000)

enum {
	FID_READ,
	FID_WRITE,
	FID_REGISTER,
	FID_UNREGISTER,
	FID_ENABLE,
	FID_DISABLE,
	FID_COMPLETE,
	FID_INJECT,
	FID_UNMASK,
	FID_MASK,
};

/** Four vCPUs that have all events. For cmocka, and to begin anew. */
int fake_sse_setup(void **state);

/** Whether harts have Ssdbltrp, which the guest has switched on. */
void fake_sse_double_trap(bool there);

/** A call by vCPU @index. Returns the error. */
long sse(unsigned int index, uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
	 uint64_t a4);

/** Values at the beginning of RAM. */
void fake_sse_put(const uint64_t *values, unsigned int count);
void fake_sse_get(uint64_t *values, unsigned int count);

/** One attribute as vCPU @index reads it; STATUS of it without the bit that allows injection. */
uint64_t attribute(unsigned int index, uint32_t event, unsigned int id);
uint64_t status(unsigned int index, uint32_t event);
/** Writes one attribute; the error. */
long set(unsigned int index, uint32_t event, unsigned int id, uint64_t value);

/** Brings an unused event into @to; for SSE_RUNNING it is delivered to @index, unmasked then. */
void bring(unsigned int index, uint32_t event, enum sse_state to);

/** The vCPU's handler is done; there has to be one. */
void complete(unsigned int index);

/** Those that were told look what there is for them. */
void settle(void);

#endif
