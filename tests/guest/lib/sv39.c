/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building Sv39 tables out of a pool in .bss. One hart at a time builds.
 */
#include "sv39.h"
#include "csr.h"
#include "test.h"

#include <stddef.h>
#include <string.h>

#define POOL_PAGES 64

static uint64_t pool[POOL_PAGES][512] __attribute__((aligned(4096)));
static unsigned int pool_used;

uint64_t *sv39_create(void)
{
	if (pool_used == POOL_PAGES)
		panic("no page tables left");
	memset(pool[pool_used], 0, sizeof(pool[0]));
	return pool[pool_used++];
}

uint64_t *sv39_create_identity(void)
{
	uint64_t *root = sv39_create();

	for (uint64_t gib = 0; gib < 4; gib++)
		sv39_map(root, gib * SIZE_1G, gib * SIZE_1G, SIZE_1G, PTE_RWX);
	return root;
}

static uint64_t *table_next(uint64_t *entry, int create)
{
	if (!(*entry & PTE_V)) {
		if (!create)
			return NULL;
		*entry = sv39_leaf((uint64_t)sv39_create(), PTE_V);
	}
	return (uint64_t *)(*entry >> 10 << 12);
}

void sv39_map(uint64_t *root, uint64_t address, uint64_t physical, uint64_t size, uint64_t flags)
{
	uint64_t *table = root;
	unsigned int shift = 30;

	for (; size < 1ul << shift; shift -= 9)
		table = table_next(&table[address >> shift & 511], 1);
	table[address >> shift & 511] = sv39_leaf(physical, flags);
}

uint64_t *sv39_entry(uint64_t *root, uint64_t address)
{
	uint64_t *table = root;

	for (unsigned int shift = 30; shift > 12 && table; shift -= 9)
		table = table_next(&table[address >> shift & 511], 0);
	return table ? &table[address >> 12 & 511] : NULL;
}

void sv39_use(const uint64_t *root, unsigned int asid)
{
	uint64_t satp = SATP_SV39 | (uint64_t)asid << 44 | (uint64_t)root >> 12;

	csr_write(CSR_SATP, root ? satp : 0);
	sfence_vma();
}
