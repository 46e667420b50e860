/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of what a G-stage table maps while harts walk it. An entry changes by one store. A table
 * that is no longer needed is taken out first, then every hart that may know it is fenced, and only
 * then it is freed. gstage->lock guards the tables, for a part of a long range at a time.
 */
#include "gstage_table.h"

#include <arch/fence.h>
#include <arch/mmio.h>
#include <arch/mmu.h>
#include <core/check.h>
#include <core/page.h>
#include <errno.h>

#define STEP MIB(64) /* of a range, while the lock is held */
#define FENCE_ALL UINT64_MAX
#define FENCE_PAGES 32 /* beyond that everything is cheaper */

/* ---- fences ---- */

struct fence {
	struct gstage *gstage;
	gpa_t at;
	uint64_t size;
};

static void fence_range(const struct hart *hart, uint32_t vmid, gpa_t at, uint64_t size)
{
	uint64_t end = at.v + size;

	if (size > FENCE_PAGES * PAGE_SIZE) {
		hfence_gvma_vmid(vmid);
	} else if (arch_hart_has(&hart->arch, FEATURE_SVINVAL)) {
		sfence_w_inval();
		for (; at.v < end; at.v += PAGE_SIZE)
			hinval_gvma(at.v, vmid);
		sfence_inval_ir();
	} else {
		for (; at.v < end; at.v += PAGE_SIZE)
			hfence_gvma(at.v, vmid);
	}
}

void gstage_fence_here(struct gstage *gstage, gpa_t at, uint64_t size)
{
	struct hart *hart = hart_self();
	struct vmid *vmid = &gstage->vmids[hart->index];

	if (vmid_is_lent(hart, vmid) && hart->arch.hgatp == gstage_hgatp(gstage, vmid->number)) {
		fence_range(hart, vmid->number, at, size);
		return;
	}
	/* The VM takes another VMID when it comes here again. */
	vmid->generation = 0;
	/*
	 * Who sees that this hart is none of them asks it for nothing any more: what guests stored
	 * here, to devices, too, comes before that (unprivileged specification, FENCE).
	 */
	mmio_barrier();
	hartset_remove(&gstage->harts, hart->index);
}

void gstage_fence_pmm(struct gstage *gstage, const struct hart *hart, uint64_t henvcfg)
{
	struct vmid *vmid = &gstage->vmids[hart->index];

	if (gstage_pmm_matters(gstage, henvcfg, vmid->henvcfg))
		hfence_gvma_vmid(vmid->number);
	vmid->henvcfg = henvcfg;
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

/* Of a leaf of 64 KiB. */
static void split_napot(const struct gstage *gstage, uint64_t *pte, gpa_t at)
{
	uint64_t *first = pte - (at.v >> PAGE_SHIFT) % NAPOT_ENTRIES;
	uint64_t tracked = first[0] & PTE_TRACKED && gstage->dirty_by_hardware ? PTE_W : 0;

	for (unsigned int i = 0; i < NAPOT_ENTRIES; i++)
		pte_set(&first[i], pte_plain(first[i], i) | tracked);
}

bool gstage_split(struct gstage *gstage, struct gstage_leaf *leaf, gpa_t at)
{
	uint64_t entry = *leaf->pte;
	unsigned int level = leaf->level - 1;
	hpa_t page;
	uint64_t *table;

	if (!leaf->level) {
		split_napot(gstage, leaf->pte, at);
		return true;
	}
	if (!page_alloc(0, &page))
		return false;
	table = hpa_to_hva(page);
	if (!level && entry & PTE_TRACKED && gstage->dirty_by_hardware)
		entry |= PTE_W;
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++)
		table[i] = entry + (leaf_size(level) >> PAGE_SHIFT << PTE_PPN_SHIFT) * i;
	gstage->table_pages++;
	pte_set(leaf->pte, pte_make(page, PTE_V));
	*leaf = (struct gstage_leaf){ table_entry(table, gstage, at, level), level };
	return true;
}

/* No leaf lies across @at afterwards. False when memory is out. Lock held. */
static bool split_at(struct gstage *gstage, gpa_t at)
{
	struct gstage_leaf leaf = gstage_find(gstage, at);

	while (*leaf.pte & PTE_V &&
	       !is_aligned(at.v, *leaf.pte & PTE_N ? NAPOT_SIZE : leaf_size(leaf.level)))
		if (!gstage_split(gstage, &leaf, at))
			return false;
	return true;
}

/* ---- merging ---- */

/* Whether the @count entries from @table on map a naturally aligned block, all in the same way. */
static bool is_block(const uint64_t *table, unsigned int count, unsigned int level)
{
	uint64_t first = pte_plain(table[0], 0);
	uint64_t step = leaf_size(level) >> PAGE_SHIFT << PTE_PPN_SHIFT;

	if (!(first & PTE_V) || !pte_is_leaf(first) || first & PTE_TRACKED ||
	    !is_aligned(pte_hpa(first).v, leaf_size(level) * count))
		return false;
	for (unsigned int i = 1; i < count; i++)
		if (pte_plain(table[i], i) != first + step * i)
			return false;
	return true;
}

/* Makes leaves of 64 KiB, where they are. */
static void merge_napot(const struct gstage *gstage, uint64_t *table)
{
	if (!gstage->napot)
		return;
	for (uint64_t *first = table; first < table + TABLE_ENTRIES; first += NAPOT_ENTRIES) {
		uint64_t entry = pte_napot(first[0]);

		if (first[0] & PTE_N || !is_block(first, NAPOT_ENTRIES, 0))
			continue;
		for (unsigned int i = 0; i < NAPOT_ENTRIES; i++)
			pte_set(&first[i], entry);
	}
}

/* ---- a step ---- */

static void retire(struct gstage_change *change, uint64_t *pte, uint64_t instead)
{
	CHECK(change->retired_count < GSTAGE_RETIRED);
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

/* Takes out the table at @level that @pte points at, when it is not needed any more. */
static void tidy(struct gstage_change *change, uint64_t *pte, unsigned int level)
{
	uint64_t *table = hpa_to_hva(pte_hpa(*pte));

	if (change->operation->unmaps && is_empty(table))
		retire(change, pte, 0);
	else if (change->operation->merges && level < LARGEST_LEAF &&
		 is_block(table, TABLE_ENTRIES, level))
		retire(change, pte, pte_plain(table[0], 0));
	else if (change->operation->merges && !level)
		merge_napot(change->gstage, table);
}

/* Of the entries of a table at @level, which begins at @base, those that the step is about. */
static void visit(struct gstage_change *change, uint64_t *table, unsigned int level, uint64_t base)
{
	uint64_t size = leaf_size(level);
	uint64_t first = change->from.v > base ? (change->from.v - base) / size : 0;

	for (uint64_t i = first; i < table_entries(change->gstage, level); i++) {
		uint64_t *pte = &table[i], at = base + i * size;

		if (at >= change->end.v)
			break;
		if (!(*pte & PTE_V))
			continue;
		if (!pte_is_leaf(*pte)) {
			visit(change, hpa_to_hva(pte_hpa(*pte)), level - 1, at);
			tidy(change, pte, level - 1);
		} else if (change->operation->leaf) {
			change->narrowed |= change->operation->leaf(change, pte, level, gpa(at));
		}
	}
}

static void step(struct gstage_change *change)
{
	struct gstage *gstage = change->gstage;
	unsigned long flags = spin_lock(&gstage->lock);

	change->narrowed = false;
	visit(change, hpa_to_hva(gstage->root), gstage->levels - 1u, 0);
	spin_unlock(&gstage->lock, flags);
	/* A fence with an address is for leaves: harts may go on to walk a table (SFENCE.VMA). */
	if (change->retired_count)
		gstage_fence(gstage, gpa(0), FENCE_ALL);
	else if (change->narrowed)
		gstage_fence(gstage, change->from, change->end.v - change->from.v);
	while (change->retired_count)
		page_free_hva(hpa_to_hva(change->retired[--change->retired_count]));
}

void gstage_change(struct gstage_change *change)
{
	gpa_t end = change->end;

	while (change->from.v < end.v) {
		change->end = gpa(MIN(end.v, align_down(change->from.v, STEP) + STEP));
		step(change);
		change->from = change->end;
	}
}

/* ---- ranges ---- */

static int range_check(const struct gstage *gstage, gpa_t at, uint64_t size)
{
	uint64_t limit = BIT(gstage_gpa_bits(gstage->levels));

	CHECK(is_aligned(at.v | size, PAGE_SIZE));
	return size > limit || at.v > limit - size ? -ERANGE : 0;
}

int gstage_cut(struct gstage *gstage, gpa_t at, uint64_t size)
{
	int error = range_check(gstage, at, size);
	unsigned long flags;
	bool done;

	if (error || !size)
		return error;
	flags = spin_lock(&gstage->lock);
	done = split_at(gstage, at) && (at.v + size == BIT(gstage_gpa_bits(gstage->levels)) ||
					split_at(gstage, gpa(at.v + size)));
	spin_unlock(&gstage->lock, flags);
	if (done)
		return 0;
	gstage_merge(gstage, at, PAGE_SIZE);
	gstage_merge(gstage, gpa(at.v + size - PAGE_SIZE), PAGE_SIZE);
	return -ENOMEM;
}

static bool leaf_unmap(struct gstage_change *change, uint64_t *pte, unsigned int level, gpa_t at)
{
	pte_set(pte, 0);
	return true;
}

static bool leaf_protect(struct gstage_change *change, uint64_t *pte, unsigned int level, gpa_t at)
{
	return pte_update(pte, PTE_RWX, change->bits) & PTE_RWX & ~change->bits;
}

static const struct gstage_operation unmap = { .leaf = leaf_unmap, .unmaps = true };
static const struct gstage_operation protect = { .leaf = leaf_protect };
static const struct gstage_operation merge = { .merges = true };
static const struct gstage_operation trim = { .unmaps = true };

static int cut_and_change(struct gstage *gstage, const struct gstage_operation *operation, gpa_t at,
			  uint64_t size, uint64_t bits)
{
	struct gstage_change change = {
		.gstage = gstage,
		.operation = operation,
		.from = at,
		.end = gpa(at.v + size),
		.bits = bits,
	};
	int error = gstage_cut(gstage, at, size);

	if (!error)
		gstage_change(&change);
	return error;
}

int gstage_unmap(struct gstage *gstage, gpa_t at, uint64_t size)
{
	return cut_and_change(gstage, &unmap, at, size, 0);
}

int gstage_remap(struct gstage *gstage, gpa_t at, hpa_t to)
{
	struct gstage_leaf leaf;
	unsigned long flags;
	int error;

	if (!gstage_may_map(gstage, to))
		return -EPERM;
	error = gstage_cut(gstage, at, PAGE_SIZE);
	if (error)
		return error;
	flags = spin_lock(&gstage->lock);
	leaf = gstage_find(gstage, at);
	if (*leaf.pte & PTE_V)
		pte_update(leaf.pte, PTE_PPN, pte_make(to, 0));
	else
		error = -ENOENT;
	spin_unlock(&gstage->lock, flags);
	if (!error)
		gstage_fence(gstage, at, PAGE_SIZE);
	return error;
}

int gstage_protect(struct gstage *gstage, gpa_t at, uint64_t size, unsigned int access)
{
	CHECK(access);
	return cut_and_change(gstage, &protect, at, size, leaf_bits(access) & PTE_RWX);
}

/* Tables only. */
static void tables_change(struct gstage *gstage, const struct gstage_operation *operation, gpa_t at,
			  uint64_t size)
{
	struct gstage_change change = {
		.gstage = gstage,
		.operation = operation,
		.from = at,
		.end = gpa(at.v + size),
	};

	CHECK(range_check(gstage, at, size) == 0);
	gstage_change(&change);
}

void gstage_merge(struct gstage *gstage, gpa_t at, uint64_t size)
{
	tables_change(gstage, &merge, at, size);
}

void gstage_trim(struct gstage *gstage, gpa_t at, uint64_t size)
{
	tables_change(gstage, &trim, at, size);
}
