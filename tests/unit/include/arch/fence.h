/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fences on the host, where there is no second stage of translation: a test may watch them.
 */
#ifndef ARCH_FENCE_H
#define ARCH_FENCE_H

#include <core/types.h>

enum fake_fence {
	FAKE_FENCE_ALL,
	FAKE_FENCE_VMID,
	FAKE_FENCE_PAGE,
	/* Of the VS-stage: the third argument is an ASID. */
	FAKE_FENCE_VS_ALL,
	FAKE_FENCE_VS_PAGE,
	FAKE_FENCE_VS_ASID,
	FAKE_FENCE_VS_PAGE_ASID,
};

/** Called for each fence of this hart; may be NULL. Defined by fake_hart.c or the test. */
extern void (*fake_fence_hook)(enum fake_fence what, uint64_t at, uint64_t vmid);

static inline void fake_fence(enum fake_fence what, uint64_t at, uint64_t vmid)
{
	if (fake_fence_hook)
		fake_fence_hook(what, at, vmid);
}

static inline void hfence_gvma_all(void)
{
	fake_fence(FAKE_FENCE_ALL, 0, 0);
}

static inline void hfence_gvma_vmid(uint64_t vmid)
{
	fake_fence(FAKE_FENCE_VMID, 0, vmid);
}

static inline void hfence_vvma_all(void)
{
	fake_fence(FAKE_FENCE_VS_ALL, 0, 0);
}

static inline void hfence_vvma(uint64_t at)
{
	fake_fence(FAKE_FENCE_VS_PAGE, at, 0);
}

static inline void hfence_vvma_asid_all(uint64_t asid)
{
	fake_fence(FAKE_FENCE_VS_ASID, 0, asid);
}

static inline void hfence_vvma_asid(uint64_t at, uint64_t asid)
{
	fake_fence(FAKE_FENCE_VS_PAGE_ASID, at, asid);
}

static inline void sfence_w_inval(void)
{
}

static inline void sfence_inval_ir(void)
{
}

static inline void hinval_gvma(uint64_t at, uint64_t vmid)
{
	fake_fence(FAKE_FENCE_PAGE, at, vmid);
}

static inline void hfence_gvma(uint64_t at, uint64_t vmid)
{
	fake_fence(FAKE_FENCE_PAGE, at, vmid);
}

#endif
