/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables: making them, mapping, and walks. Guarded by gstage->lock; harts read the tables
 * by themselves.
 */
#include "gstage_table.h"

#include <arch/csr.h>
#include <arch/fence.h>
#include <arch/mmu.h>
#include <arch/vmid.h>
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

/* Frees the tables below @table that map nothing, or all of them. True when @table is empty. */
static bool prune(struct gstage *gstage, uint64_t *table, unsigned int level, bool all)
{
	unsigned int count = table_entries(gstage, level);
	bool empty = true;

	for (unsigned int i = 0; i < count; i++) {
		if (!(table[i] & PTE_V))
			continue;
		if (level && !pte_is_leaf(table[i])) {
			uint64_t *below = hpa_to_hva(pte_hpa(table[i]));

			if (prune(gstage, below, level - 1, all)) {
				page_free_hva(below);
				gstage->table_pages--;
				table[i] = 0;
				continue;
			}
		}
		empty = all;
	}
	return empty;
}

int gstage_init(struct gstage *gstage, unsigned int levels, uint16_t owner)
{
	if (levels < 3 || levels > 5)
		return -EINVAL;
	if (!page_alloc(ROOT_ORDER, &gstage->root))
		return -ENOMEM;
	memset(hpa_to_hva(gstage->root), 0, PAGE_SIZE << ROOT_ORDER);
	spin_init(&gstage->lock, LOCK_GSTAGE);
	gstage->levels = (uint8_t)levels;
	gstage->owner = owner;
	gstage->table_pages = 1U << ROOT_ORDER;
	gstage->vmid = (uint16_t)vmid_alloc();
	gstage->shared_vmid = gstage->vmid == 0;
	return 0;
}

void gstage_destroy(struct gstage *gstage)
{
	prune(gstage, hpa_to_hva(gstage->root), gstage->levels - 1u, true);
	page_free(gstage->root, ROOT_ORDER);
	vmid_free(gstage->vmid);
}

/* The largest leaf for the beginning of a range. */
static unsigned int leaf_level(const struct gstage *gstage, gpa_t at, hpa_t to, uint64_t size)
{
	unsigned int level = MIN(LARGEST_LEAF, gstage->levels - 1u);

	while (level && (!is_aligned(at.v | to.v, leaf_size(level)) || size < leaf_size(level)))
		level--;
	return level;
}

/*
 * Goes over the leaves of a range: with @bits 0 it makes the tables and checks that nothing is
 * mapped there, otherwise it writes the leaves and cannot fail.
 */
static int for_leaves(struct gstage *gstage, gpa_t at, hpa_t to, uint64_t size, uint64_t bits)
{
	while (size) {
		unsigned int level = leaf_level(gstage, at, to, size);
		uint64_t *pte = entry_make(gstage, at, level);

		if (!pte)
			return -ENOMEM;
		if (*pte & PTE_V)
			return -EEXIST;
		if (bits)
			pte_set(pte, pte_make(to, bits));
		at.v += leaf_size(level);
		to.v += leaf_size(level);
		size -= leaf_size(level);
	}
	return 0;
}

static bool may_map(const struct gstage *gstage, hpa_t page)
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
		if (!may_map(gstage, at))
			return false;
#endif
	return may_map(gstage, to) && may_map(gstage, hpa(end.v - PAGE_SIZE));
}

int gstage_leaf_prepare(struct gstage *gstage, gpa_t at)
{
	unsigned long flags = spin_lock(&gstage->lock);
	bool made = entry_make(gstage, at, 0);

	spin_unlock(&gstage->lock, flags);
	return made ? 0 : -ENOMEM;
}

void gstage_leaf_set(struct gstage *gstage, gpa_t at, hpa_t to, unsigned int access)
{
	unsigned long flags;
	uint64_t *pte;

	DCHECK(!access || may_map(gstage, to));
	flags = spin_lock(&gstage->lock);
	pte = entry_make(gstage, at, 0);
	CHECK(pte);
	pte_set(pte, access ? pte_make(to, leaf_bits(access)) : 0);
	spin_unlock(&gstage->lock, flags);
}

void gstage_fence_page(const struct gstage *gstage, gpa_t at)
{
	if (gstage->shared_vmid)
		hfence_gvma_all();
	else
		hfence_gvma(at.v, gstage->vmid);
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
	if (!may_map_range(gstage, to, size))
		return -EPERM;
	flags = spin_lock(&gstage->lock);
	error = for_leaves(gstage, at, to, size, 0);
	if (error)
		prune(gstage, hpa_to_hva(gstage->root), gstage->levels - 1u, false);
	else
		error = for_leaves(gstage, at, to, size, bits);
	spin_unlock(&gstage->lock, flags);
	return error;
}

int gstage_walk(struct gstage *gstage, gpa_t at, hpa_t *to, unsigned int *access)
{
	unsigned long flags = spin_lock(&gstage->lock);
	uint64_t *table = hpa_to_hva(gstage->root);
	unsigned int level = gstage->levels - 1;
	uint64_t pte = 0;

	if (at.v >> gstage_gpa_bits(gstage->levels) == 0)
		for (;;) {
			pte = *table_entry(table, gstage, at, level);
			if (!(pte & PTE_V) || pte_is_leaf(pte) || level == 0)
				break;
			table = hpa_to_hva(pte_hpa(pte));
			level--;
		}
	spin_unlock(&gstage->lock, flags);
	if (!(pte & PTE_V))
		return -ENOENT;
	*to = hpa(pte_hpa(pte).v + (at.v & (leaf_size(level) - 1)));
	*access = (pte & PTE_R ? GSTAGE_READ : 0) | (pte & PTE_W ? GSTAGE_WRITE : 0) |
		  (pte & PTE_X ? GSTAGE_EXECUTE : 0);
	return 0;
}

uint64_t gstage_hgatp(const struct gstage *gstage)
{
	/* MODE is 8 for Sv39x4, 9 for Sv48x4, 10 for Sv57x4; the root is 16 KiB aligned. */
	uint64_t mode = gstage->levels + 5u;

	DCHECK(is_aligned(gstage->root.v, PAGE_SIZE << ROOT_ORDER));
	return mode << HGATP_MODE_SHIFT | (uint64_t)gstage->vmid << HGATP_VMID_SHIFT |
	       gstage->root.v >> PAGE_SHIFT;
}
