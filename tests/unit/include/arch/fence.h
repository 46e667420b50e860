/* SPDX-License-Identifier: BSD-2-Clause */
/* Fences do nothing on the host: there is no second stage of translation. */
#ifndef ARCH_FENCE_H
#define ARCH_FENCE_H

#include <core/types.h>

static inline void hfence_gvma_all(void)
{
}

static inline void hfence_gvma_vmid(uint64_t vmid)
{
	(void)vmid;
}

static inline void sfence_w_inval(void)
{
}

static inline void sfence_inval_ir(void)
{
}

static inline void hinval_gvma(uint64_t at, uint64_t vmid)
{
	(void)at;
	(void)vmid;
}

static inline void hfence_gvma(uint64_t at, uint64_t vmid)
{
	(void)at;
	(void)vmid;
}

#endif
