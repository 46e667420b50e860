/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables: making them, mapping, and walks. Guarded by gstage->lock; harts read the tables
 * by themselves.
 */
#include "gstage_table.h"

#include <arch/mmu.h>
#include <core/check.h>
#include <core/page.h>
#include <errno.h>
#include <string.h>

unsigned int gstage_levels_for(gpa_t highest)
{
	for (unsigned int levels = 3; levels <= 5; levels++)
		if (highest.v >> gstage_gpa_bits(levels) == 0)
			return levels;
	return 0;
}

/* The entry for @at at @level, with the tables above it made. NULL when memory is out. */
static uint64_t *entry_make(struct gstage *gstage, gpa_t at, unsigned int level)
{
	uint64_t *table = hpa_to_hva(gstage->root);

	for (unsigned int l = gstage->levels - 1; l > level; l--) {
		uint64_t *pte = table_entry(table, gstage, at, l);

		if (!(*pte & PTE_V)) {
			void *fresh = page_alloc_zero();

			if (!fresh)
				return NULL;
			*pte = pte_make(hva_to_hpa(fresh), PTE_V);
			gstage->table_pages++;
		}
		if (pte_is_leaf(*pte))
			return pte;
		table = hpa_to_hva(pte_hpa(*pte));
	}
	return table_entry(table, gstage, at, level);
}

/* Frees the tables below @table. */
static void tables_free(struct gstage *gstage, uint64_t *table, unsigned int level)
{
	for (unsigned int i = 0; level && i < table_entries(gstage, level); i++) {
		uint64_t *below;

		if (!(table[i] & PTE_V) || pte_is_leaf(table[i]))
			continue;
		below = hpa_to_hva(pte_hpa(table[i]));
		tables_free(gstage, below, level - 1);
		page_free_hva(below);
	}
}

int gstage_init(struct gstage *gstage, unsigned int levels, uint16_t owner)
{
	if (gstage->levels)
		return -EBUSY;
	if (levels < 3 || levels > 5)
		return -EINVAL;
	if (!page_alloc(ROOT_ORDER, &gstage->root))
		return -ENOMEM;
	/* QEMU would take a root that is not, and a PPN of more bits. */
	CHECK(is_aligned(gstage->root.v, PAGE_SIZE << ROOT_ORDER));
	memset(hpa_to_hva(gstage->root), 0, PAGE_SIZE << ROOT_ORDER);
	spin_init(&gstage->lock, LOCK_GSTAGE);
	gstage->levels = (uint8_t)levels;
	gstage->owner = owner;
	gstage->table_pages = 1U << ROOT_ORDER;
	return 0;
}

void gstage_destroy(struct gstage *gstage)
{
	tables_free(gstage, hpa_to_hva(gstage->root), gstage->levels - 1u);
	page_free(gstage->root, ROOT_ORDER);
	gstage->levels = 0;
}

/* ---- mapping ---- */

struct mapping {
	gpa_t at;
	hpa_t to;
	uint64_t size; /* left */
	uint64_t bits; /* 0: only make the tables, and see that nothing is mapped there */
};

/* Whether a leaf of @size fits at the beginning. */
static bool fits(const struct mapping *mapping, uint64_t size)
{
	return is_aligned(mapping->at.v | mapping->to.v, size) && mapping->size >= size;
}

static uint64_t napot_set(const struct mapping *mapping, uint64_t *first)
{
	for (unsigned int i = 0; i < NAPOT_ENTRIES; i++) {
		if (first[i] & PTE_V)
			return 0;
		if (mapping->bits)
			pte_set(&first[i], pte_napot(pte_make(mapping->to, mapping->bits)));
	}
	return NAPOT_SIZE;
}

/* Maps the largest leaf at the beginning, *@size bytes of it. Lock held. */
static int leaf_map(struct gstage *gstage, const struct mapping *mapping, uint64_t *size)
{
	unsigned int level = MIN(LARGEST_LEAF, gstage->levels - 1u);
	uint64_t *pte;

	while (level && !fits(mapping, leaf_size(level)))
		level--;
	pte = entry_make(gstage, mapping->at, level);
	if (!pte)
		return -ENOMEM;
	if (*pte & PTE_V)
		return -EEXIST;
	*size = leaf_size(level);
	if (!level && gstage->napot && fits(mapping, NAPOT_SIZE))
		*size = napot_set(mapping, pte);
	else if (mapping->bits)
		pte_set(pte, pte_make(mapping->to, mapping->bits));
	return *size ? 0 : -EEXIST;
}

/* Once to prepare, which can fail, and once to commit. */
static int leaves_map(struct gstage *gstage, struct mapping mapping)
{
	uint64_t size;
	int error = 0;

	for (; mapping.size && !error; mapping.size -= size) {
		size = mapping.size;
		error = leaf_map(gstage, &mapping, &size);
		mapping.at.v += size;
		mapping.to.v += size;
	}
	return error;
}

bool gstage_may_map(const struct gstage *gstage, hpa_t page)
{
	uint16_t owner = page_owner(page);

	return owner == gstage->owner || owner == PAGE_OWNER_SHARED || owner == PAGE_OWNER_DEVICE;
}

static bool may_map_range(const struct gstage *gstage, hpa_t to, uint64_t size)
{
	hpa_t end = hpa(to.v + size);

	if (!size)
		return true;
#ifdef DEBUG
	for (hpa_t at = to; at.v < end.v; at = page_owner_next(at))
		if (!gstage_may_map(gstage, at))
			return false;
#endif
	return gstage_may_map(gstage, to) && gstage_may_map(gstage, hpa(end.v - PAGE_SIZE));
}

int gstage_leaf_prepare(struct gstage *gstage, gpa_t at)
{
	unsigned long flags = spin_lock(&gstage->lock);
	uint64_t *pte = entry_make(gstage, at, 0);

	if (pte && !(*pte & PTE_V))
		pte_set(pte, PTE_PREPARED);
	spin_unlock(&gstage->lock, flags);
	return pte ? 0 : -ENOMEM;
}

void gstage_leaf_set(struct gstage *gstage, gpa_t at, hpa_t to, unsigned int access)
{
	uint64_t type = access & GSTAGE_IO && gstage->pbmt ? PTE_PBMT_IO : 0;
	unsigned long flags;
	uint64_t *pte;

	DCHECK(!access || gstage_may_map(gstage, to));
	flags = spin_lock(&gstage->lock);
	pte = entry_make(gstage, at, 0);
	CHECK(pte);
	pte_set(pte, access ? pte_make(to, leaf_bits(access) | type) : PTE_PREPARED);
	spin_unlock(&gstage->lock, flags);
}

int gstage_map(struct gstage *gstage, gpa_t at, hpa_t to, uint64_t size, unsigned int access)
{
	uint64_t limit = BIT(gstage_gpa_bits(gstage->levels));
	uint64_t bits = leaf_bits(access);
	unsigned long flags;
	int error;

	CHECK(is_aligned(at.v | to.v | size, PAGE_SIZE) && access);
	if (size > limit || at.v > limit - size)
		return -ERANGE;
	CHECK(to.v >> PHYSICAL_BITS == 0 && size <= BIT(PHYSICAL_BITS) - to.v);
	if (!may_map_range(gstage, to, size))
		return -EPERM;
	flags = spin_lock(&gstage->lock);
	error = leaves_map(gstage, (struct mapping){ at, to, size, 0 });
	if (!error)
		error = leaves_map(gstage, (struct mapping){ at, to, size, bits });
	spin_unlock(&gstage->lock, flags);
	if (error)
		gstage_trim(gstage, at, size);
	return error;
}

struct gstage_leaf gstage_find(struct gstage *gstage, gpa_t at)
{
	uint64_t *table = hpa_to_hva(gstage->root);

	for (unsigned int level = gstage->levels - 1;; level--) {
		uint64_t *pte = table_entry(table, gstage, at, level);

		if (!(*pte & PTE_V) || pte_is_leaf(*pte))
			return (struct gstage_leaf){ pte, level };
		DCHECK(level);
		table = hpa_to_hva(pte_hpa(*pte));
	}
}

int gstage_walk(struct gstage *gstage, gpa_t at, hpa_t *to, unsigned int *access)
{
	unsigned long flags;
	struct gstage_leaf leaf;
	uint64_t entry;

	if (at.v >> gstage_gpa_bits(gstage->levels))
		return -ENOENT;
	flags = spin_lock(&gstage->lock);
	leaf = gstage_find(gstage, at);
	entry = pte_plain(*leaf.pte, at.v >> PAGE_SHIFT);
	spin_unlock(&gstage->lock, flags);
	if (!(entry & PTE_V))
		return -ENOENT;
	*to = hpa(pte_hpa(entry).v + (at.v & (leaf_size(leaf.level) - 1)));
	*access = (entry & PTE_R ? GSTAGE_READ : 0) |
		  (entry & (PTE_W | PTE_TRACKED) ? GSTAGE_WRITE : 0) |
		  (entry & PTE_X ? GSTAGE_EXECUTE : 0);
	return 0;
}
