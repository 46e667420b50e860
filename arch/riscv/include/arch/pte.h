/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-table entries, the same for the host's and the guests' tables (privileged specification,
 * "Sv39: Virtual-Memory System").
 *
 *   63 62-61 60-54    53-10 9-8 7 6 5 4 3 2 1 0
 *   N  PBMT  reserved  PPN  RSW D A G U X W R V
 */
#ifndef ARCH_PTE_H
#define ARCH_PTE_H

#include <core/types.h>

#define PTE_V (1UL << 0)
#define PTE_R (1UL << 1)
#define PTE_W (1UL << 2)
#define PTE_X (1UL << 3)
#define PTE_U (1UL << 4)
#define PTE_G (1UL << 5)
#define PTE_A (1UL << 6)
#define PTE_D (1UL << 7)
#define PTE_RSW0 (1UL << 8)
#define PTE_PBMT_IO (2UL << 61) /* Svpbmt */
#define PTE_N (1UL << 63) /* Svnapot */
#define PTE_PPN_SHIFT 10
#define PTE_PPN (GENMASK(53, 10))

/** Bits of a hpa: what the PPN reaches. */
#define PHYSICAL_BITS 56

/** Leaves of the hypervisor's own tables; A and D are set so that hardware never has to. */
#define PTE_HOST_RX (PTE_V | PTE_R | PTE_X | PTE_G | PTE_A)
#define PTE_HOST_R (PTE_V | PTE_R | PTE_G | PTE_A)
#define PTE_HOST_RW (PTE_V | PTE_R | PTE_W | PTE_G | PTE_A | PTE_D)

static inline uint64_t pte_make(hpa_t to, uint64_t bits)
{
	return to.v >> PAGE_SHIFT << PTE_PPN_SHIFT | bits;
}

static inline hpa_t pte_hpa(uint64_t pte)
{
	return hpa((pte & PTE_PPN) >> PTE_PPN_SHIFT << PAGE_SHIFT);
}

static inline bool pte_is_leaf(uint64_t pte)
{
	return pte & (PTE_R | PTE_W | PTE_X);
}

#endif
