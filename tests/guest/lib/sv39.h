/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sv39 address spaces of a payload (privileged specification, "Sv39"). Tables come from a fixed
 * pool that is never given back. Only one hart at a time may build tables.
 */
#pragma once

#include <stdint.h>

#define PTE_V (1ul << 0)
#define PTE_R (1ul << 1)
#define PTE_W (1ul << 2)
#define PTE_X (1ul << 3)
#define PTE_U (1ul << 4)
#define PTE_G (1ul << 5)
#define PTE_A (1ul << 6)
#define PTE_D (1ul << 7)
#define PTE_RW (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define PTE_RWX (PTE_RW | PTE_X)

#define SIZE_4K (1ul << 12)
#define SIZE_2M (1ul << 21)
#define SIZE_1G (1ul << 30)

#define SATP_SV39 (8ul << 60)

/* An empty root table. Panics when the pool is used up, as does sv39_map(). */
uint64_t *sv39_create(void);

/* A root table that maps the first 4 GiB to themselves, RWX. */
uint64_t *sv39_create_identity(void);

/* A leaf of one of the three sizes. `address` and `physical` are multiples of the size. */
void sv39_map(uint64_t *root, uint64_t address, uint64_t physical, uint64_t size, uint64_t flags);

/* The entry of an address at the level of a 4 KiB page; NULL if there is no table. */
uint64_t *sv39_entry(uint64_t *root, uint64_t address);

/* Translates with this root and ASID from now on; NULL turns translation off. */
void sv39_use(const uint64_t *root, unsigned int asid);

/* The PTE of a leaf. */
static inline uint64_t sv39_leaf(uint64_t physical, uint64_t flags)
{
	return physical >> 12 << 10 | flags;
}

static inline void sfence_vma(void)
{
	__asm__ volatile("sfence.vma" : : : "memory");
}
