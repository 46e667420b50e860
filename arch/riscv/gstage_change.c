/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of what a G-stage table maps while harts walk it. An entry changes by one store. A table
 * that is no longer needed is taken out first, then every hart that may know it is fenced, and only
 * then it is freed. gstage->lock guards the tables, for a part of a long range at a time.
 */
#include "gstage_table.h"

#include <arch/fence.h>
#include <arch/mmu.h>
#include <core/check.h>
#include <core/page.h>
#include <errno.h>

#define STEP MIB(64) /* of a range, while the lock is held */
#define RETIRED 48 /* more than the tables of a step, which are 33 of level 0 and 2 of each other */
#define FENCE_PAGES 32 /* beyond that everything is cheaper */

enum what { UNMAP, PROTECT, MERGE };

/* A step: what to do with the leaves from @from to @end; the tables that it made superfluous. */
struct change {
	struct gstage *gstage;
	enum what what;
	uint64_t bits; /* PTE_R, PTE_W and PTE_X, to protect */
	uint64_t from, end;
	hpa_t retired[RETIRED];
	unsigned int retired_count;
};

/* ---- fences ---- */

struct fence {
	struct gstage *gstage;
	gpa_t at;
	uint64_t size;
};

void gstage_fence_here(struct gstage *gstage, gpa_t at, uint64_t size)
{
	struct hart *hart = hart_self();
	struct vmid *vmid = &gstage->vmids[hart->index];
	uint64_t end = at.v + size;

	/* Where it is not loaded the VM takes another VMID when it comes again. */
	if (!vmid_is_lent(hart, vmid) || hart->arch.hgatp != gstage_hgatp(gstage, vmid->number)) {
		vmid->generation = 0;
		hartset_remove(&gstage->harts, hart->index);
	} else if (size > FENCE_PAGES * PAGE_SIZE)
		hfence_gvma_vmid(vmid->number);
	else
		for (; at.v < end; at.v += PAGE_SIZE)
			hfence_gvma(at.v, vmid->number);
}

static void fence_call(void *opaque)
{
	const struct fence *fence = opaque;

	gstage_fence_here(fence->gstage, fence->at, fence->size);
}

void gstage_fence(struct gstage *gstage, gpa_t at, uint64_t size)
{
	struct fence fence = { gstage, at, size };
	struct hartset walkers;

	/* After the change: a hart that joins from now on walks what is there. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < ARRAY_SIZE(walkers.bits); i++)
		walkers.bits[i] = __atomic_load_n(&gstage->harts.bits[i], __ATOMIC_SEQ_CST);
	hart_call(&walkers, fence_call, &fence);
}

/* ---- splitting ---- */

/* Replaces a leaf by a table that maps the same. False when memory is out. Lock held. */
static bool split(struct gstage *gstage, uint64_t *pte, unsigned int level)
{
	hpa_t page;
	uint64_t *table;

	if (!page_alloc(0, &page))
		return false;
	table = hpa_to_hva(page);
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++)
		table[i] = *pte + ((i * leaf_size(level - 1)) >> PAGE_SHIFT << PTE_PPN_SHIFT);
	gstage->table_pages++;
	pte_set(pte, pte_make(page, PTE_V));
	return true;
}

/* No leaf lies across @at afterwards. False when memory is out. Lock held. */
static bool split_at(struct gstage *gstage, gpa_t at)
{
	uint64_t *table = hpa_to_hva(gstage->root);

	for (unsigned int level = gstage->levels - 1; level > 0; level--) {
		uint64_t *pte = table_entry(table, gstage, at, level);

		if (is_aligned(at.v, leaf_size(level)) || !(*pte & PTE_V))
			return true;
		if (pte_is_leaf(*pte) && !split(gstage, pte, level))
			return false;
		table = hpa_to_hva(pte_hpa(*pte));
	}
	return true;
}

/* ---- a step ---- */

static void retire(struct change *change, uint64_t *pte, uint64_t instead)
{
	CHECK(change->retired_count < RETIRED);
	change->retired[change->retired_count++] = pte_hpa(*pte);
	change->gstage->table_pages--;
	pte_set(pte, instead);
}

static bool is_empty(const uint64_t *table)
{
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++)
		if (table[i])
			return false;
	return true;
}

/* The leaf that maps what the leaves of @table do, or 0 when there is none. */
static uint64_t joined(const uint64_t *table, unsigned int level)
{
	if (level >= LARGEST_LEAF || !(table[0] & PTE_V) || !pte_is_leaf(table[0]) ||
	    !is_aligned(pte_hpa(table[0]).v, leaf_size(level + 1)))
		return 0;
	for (unsigned int i = 1; i < TABLE_ENTRIES; i++)
		if (table[i] != table[0] + ((i * leaf_size(level)) >> PAGE_SHIFT << PTE_PPN_SHIFT))
			return 0;
	return table[0];
}

static void leaf_change(struct change *change, uint64_t *pte)
{
	if (change->what == UNMAP)
		pte_set(pte, 0);
	else if (change->what == PROTECT)
		pte_set(pte, (*pte & ~PTE_RWX) | change->bits);
}

/* Of the entries of a table at @level, which begins at @base, those that the step is about. */
static void visit(struct change *change, uint64_t *table, unsigned int level, uint64_t base)
{
	uint64_t size = leaf_size(level);
	uint64_t first = change->from > base ? (change->from - base) / size : 0;

	for (uint64_t i = first; i < table_entries(change->gstage, level); i++) {
		uint64_t *pte = &table[i], at = base + i * size, leaf;
		uint64_t *below;

		if (at >= change->end)
			break;
		if (!(*pte & PTE_V))
			continue;
		if (pte_is_leaf(*pte)) {
			leaf_change(change, pte);
			continue;
		}
		below = hpa_to_hva(pte_hpa(*pte));
		visit(change, below, level - 1, at);
		leaf = change->what == MERGE ? joined(below, level - 1) : 0;
		if (leaf || (change->what == UNMAP && is_empty(below)))
			retire(change, pte, leaf);
	}
}

static void step(struct gstage *gstage, enum what what, uint64_t bits, gpa_t at, uint64_t size)
{
	struct change change = {
		.gstage = gstage,
		.what = what,
		.bits = bits,
		.from = at.v,
		.end = at.v + size,
	};
	unsigned long flags = spin_lock(&gstage->lock);

	visit(&change, hpa_to_hva(gstage->root), gstage->levels - 1u, 0);
	spin_unlock(&gstage->lock, flags);
	gstage_fence(gstage, at, size);
	for (unsigned int i = 0; i < change.retired_count; i++)
		page_free_hva(hpa_to_hva(change.retired[i]));
}

static void change_range(struct gstage *gstage, enum what what, uint64_t bits, gpa_t at,
			 uint64_t size)
{
	uint64_t end = at.v + size;

	while (at.v < end) {
		uint64_t next = MIN(end, align_down(at.v, STEP) + STEP);

		step(gstage, what, bits, at, next - at.v);
		at.v = next;
	}
}

/* ---- ranges ---- */

static int range_check(const struct gstage *gstage, gpa_t at, uint64_t size)
{
	uint64_t limit = BIT(gstage_gpa_bits(gstage->levels));

	CHECK(is_aligned(at.v | size, PAGE_SIZE));
	return size > limit || at.v > limit - size ? -ERANGE : 0;
}

static int ends_split(struct gstage *gstage, gpa_t at, uint64_t size)
{
	unsigned long flags = spin_lock(&gstage->lock);
	bool done = split_at(gstage, at) && split_at(gstage, gpa(at.v + size));

	spin_unlock(&gstage->lock, flags);
	if (done)
		return 0;
	gstage_merge(gstage, at, PAGE_SIZE);
	gstage_merge(gstage, gpa(at.v + size - PAGE_SIZE), PAGE_SIZE);
	return -ENOMEM;
}

int gstage_unmap(struct gstage *gstage, gpa_t at, uint64_t size)
{
	int error = range_check(gstage, at, size);

	if (!error && size)
		error = ends_split(gstage, at, size);
	if (!error)
		change_range(gstage, UNMAP, 0, at, size);
	return error;
}

int gstage_protect(struct gstage *gstage, gpa_t at, uint64_t size, unsigned int access)
{
	int error = range_check(gstage, at, size);

	CHECK(access);
	if (!error && size)
		error = ends_split(gstage, at, size);
	if (!error)
		change_range(gstage, PROTECT, leaf_bits(access) & PTE_RWX, at, size);
	return error;
}

void gstage_merge(struct gstage *gstage, gpa_t at, uint64_t size)
{
	CHECK(range_check(gstage, at, size) == 0);
	change_range(gstage, MERGE, 0, at, size);
}
