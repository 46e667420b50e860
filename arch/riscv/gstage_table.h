/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shape of G-stage tables, for the files that read and change them. The root has 2,048 entries
 * in 16 KiB, all other tables 512 in 4 KiB (privileged specification, "Guest Physical Address
 * Translation").
 */
#ifndef GSTAGE_TABLE_H
#define GSTAGE_TABLE_H

#include <arch/gstage.h>
#include <arch/pte.h>

#define ROOT_ORDER 2 /* 16 KiB */
#define ROOT_ENTRIES 2048
#define TABLE_ENTRIES 512
#define LARGEST_LEAF 3 /* 512 GiB */

/* All accesses of a guest are user accesses; A and D are set so that hardware never has to. */
#define PTE_GUEST (PTE_V | PTE_U | PTE_A | PTE_D)
#define PTE_RWX (PTE_R | PTE_W | PTE_X)

static inline uint64_t leaf_size(unsigned int level)
{
	return PAGE_SIZE << 9 * level;
}

static inline unsigned int table_entries(const struct gstage *gstage, unsigned int level)
{
	return level == gstage->levels - 1u ? ROOT_ENTRIES : TABLE_ENTRIES;
}

/* The entry for @at of a table at @level. */
static inline uint64_t *table_entry(uint64_t *table, const struct gstage *gstage, gpa_t at,
				    unsigned int level)
{
	return &table[at.v >> (PAGE_SHIFT + 9 * level) & (table_entries(gstage, level) - 1)];
}

/* There is no entry that can be written and not be read. */
static inline uint64_t leaf_bits(unsigned int access)
{
	return PTE_GUEST | (access & GSTAGE_READ ? PTE_R : 0) |
	       (access & GSTAGE_WRITE ? PTE_R | PTE_W : 0) | (access & GSTAGE_EXECUTE ? PTE_X : 0);
}

/* One store: harts walk the table meanwhile. */
static inline void pte_set(uint64_t *pte, uint64_t value)
{
	__atomic_store_n(pte, value, __ATOMIC_RELEASE);
}

#endif
