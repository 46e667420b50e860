/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shape of G-stage tables, for the files that read and change them. The root has 2,048 entries
 * in 16 KiB, all other tables 512 in 4 KiB (privileged specification, "Guest Physical Address
 * Translation"). A leaf of 64 KiB is 16 equal entries at level 0 ("Svnapot").
 */
#ifndef GSTAGE_TABLE_H
#define GSTAGE_TABLE_H

#include <arch/gstage.h>
#include <arch/pte.h>

#define ROOT_ORDER 2 /* 16 KiB */
#define ROOT_ENTRIES 2048
#define TABLE_ENTRIES 512
#define LARGEST_LEAF 3 /* 512 GiB */

#define NAPOT_ENTRIES 16u
#define NAPOT_SIZE KIB(64)
#define NAPOT_PPN_MASK (GENMASK(3, 0) << PTE_PPN_SHIFT)
#define NAPOT_PPN (BIT(3) << PTE_PPN_SHIFT)

/* All accesses of a guest are user accesses; A and D are set so that hardware never has to. */
#define PTE_GUEST (PTE_V | PTE_U | PTE_A | PTE_D)
#define PTE_RWX (PTE_R | PTE_W | PTE_X)

/*
 * A leaf that may be written, and whose writes are logged: D says that there was one since it was
 * asked. Until then it lacks W, so that the first write faults, and splits a larger one than 4 KiB.
 * Those of 4 KiB keep W where hardware is to set D.
 */
#define PTE_TRACKED PTE_RSW0

/* An entry that maps nothing, whose table stays for it: gstage_leaf_prepare(). */
#define PTE_PREPARED PTE_RSW0

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

/* Hardware may set D meanwhile (Svadu). Returns what was there. */
static inline uint64_t pte_update(uint64_t *pte, uint64_t clear, uint64_t set)
{
	uint64_t old = __atomic_load_n(pte, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(pte, &old, (old & ~clear) | set, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
	return old;
}

/* What entry @index of a table maps, as an entry of 4 KiB if it is one of a 64 KiB leaf. */
static inline uint64_t pte_plain(uint64_t pte, uint64_t index)
{
	uint64_t low = index % NAPOT_ENTRIES << PTE_PPN_SHIFT;

	return pte & PTE_N ? (pte & ~PTE_N & ~NAPOT_PPN_MASK) | low : pte;
}

/* The other way round. */
static inline uint64_t pte_napot(uint64_t plain)
{
	return (plain & ~NAPOT_PPN_MASK) | NAPOT_PPN | PTE_N;
}

/* A walk of the table, lock held. */
struct gstage_leaf {
	uint64_t *pte; /* of the leaf, or of the entry that maps nothing */
	unsigned int level;
};

struct gstage_leaf gstage_find(struct gstage *gstage, gpa_t at);

/* Whether the table's owner, the sets that VMs share or a device have the page at @page. */
bool gstage_may_map(const struct gstage *gstage, hpa_t page);

/* A step of a change: what to do with the leaves of a range, and the tables it made superfluous. */
struct gstage_change;

struct gstage_operation {
	/*
	 * Called for each leaf that lies in the range, all or a part of it; NULL: none. True when
	 * harts must not use the old one any more.
	 */
	bool (*leaf)(struct gstage_change *change, uint64_t *pte, unsigned int level, gpa_t at);
	bool unmaps; /* tables may have become empty */
	bool merges; /* leaves of a table may make a larger one */
};

#define GSTAGE_RETIRED 48 /* more than the tables of a step: 33 of level 0, 2 of each other */

struct gstage_change {
	struct gstage *gstage;
	const struct gstage_operation *operation;
	gpa_t from, end;
	uint64_t bits; /* PTE_R, PTE_W and PTE_X, to protect */
	uint64_t *bitmap; /* of the pages written, from @origin on */
	gpa_t origin;
	uint64_t pages; /* that the operation counted */
	bool narrowed; /* harts have to be fenced */
	hpa_t retired[GSTAGE_RETIRED];
	unsigned int retired_count;
};

/* Does change->operation in [change->from, change->end), a piece at a time. No spinlock held. */
void gstage_change(struct gstage_change *change);

/* Frees the tables of a range that map nothing and were not prepared. No spinlock held. */
void gstage_trim(struct gstage *gstage, gpa_t at, uint64_t size);

/* No leaf lies across @at or @at + @size afterwards. 0, -ERANGE or -ENOMEM. No spinlock held. */
int gstage_cut(struct gstage *gstage, gpa_t at, uint64_t size);

/* Replaces a leaf by smaller ones that map the same. False when memory is out. Lock held. */
bool gstage_split(struct gstage *gstage, struct gstage_leaf *leaf, gpa_t at);

#endif
