/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which pages a guest writes. The log is D of the leaves. A leaf without it is not writable, so
 * that the first write faults, splits it down to 4 KiB and is noted here; or, when it is told so,
 * hardware sets D of the leaves of 4 KiB by itself (Svadu), or faults, whichever a hart does.
 */
#include "gstage_table.h"

#include <core/check.h>

/* What a leaf of @level lacks until it is written. */
static uint64_t unwritten(const struct gstage *gstage, uint64_t pte, unsigned int level)
{
	return level || pte & PTE_N || !gstage->dirty_by_hardware ? PTE_D | PTE_W : PTE_D;
}

static bool leaf_track(struct gstage_change *change, uint64_t *pte, unsigned int level, gpa_t at)
{
	if (!(*pte & PTE_W))
		return false;
	pte_update(pte, unwritten(change->gstage, *pte, level), PTE_TRACKED);
	return true;
}

static bool leaf_untrack(struct gstage_change *change, uint64_t *pte, unsigned int level, gpa_t at)
{
	if (*pte & PTE_TRACKED)
		pte_update(pte, PTE_TRACKED, PTE_W | PTE_D);
	return false;
}

/* The log of a leaf is cleared only when all of it is read. */
static bool leaf_collect(struct gstage_change *change, uint64_t *pte, unsigned int level, gpa_t at)
{
	uint64_t size = leaf_size(level);
	uint64_t from = MAX(at.v, change->from.v), end = MIN(at.v + size, change->end.v);

	if ((*pte & (PTE_TRACKED | PTE_D)) != (PTE_TRACKED | PTE_D))
		return false;
	if (end - from == size)
		pte_update(pte, unwritten(change->gstage, *pte, level), 0);
	for (; from < end; from += PAGE_SIZE) {
		uint64_t page = (from - change->origin.v) >> PAGE_SHIFT;

		change->bitmap[page / 64] |= BIT(page % 64);
		change->pages++;
	}
	return true;
}

static const struct gstage_operation track = { .leaf = leaf_track };
static const struct gstage_operation untrack = { .leaf = leaf_untrack, .merges = true };
static const struct gstage_operation collect = { .leaf = leaf_collect };

int gstage_track(struct gstage *gstage, gpa_t at, uint64_t size)
{
	struct gstage_change change = {
		.gstage = gstage,
		.operation = &track,
		.from = at,
		.end = gpa(at.v + size),
	};
	int error = gstage_cut(gstage, at, size);

	if (!error)
		gstage_change(&change);
	return error;
}

void gstage_untrack(struct gstage *gstage, gpa_t at, uint64_t size)
{
	struct gstage_change change = {
		.gstage = gstage,
		.operation = &untrack,
		.from = at,
		.end = gpa(at.v + size),
	};

	gstage_change(&change);
}

uint64_t gstage_collect(struct gstage *gstage, gpa_t at, uint64_t size, uint64_t *bitmap)
{
	struct gstage_change change = {
		.gstage = gstage,
		.operation = &collect,
		.from = at,
		.end = gpa(at.v + size),
		.bitmap = bitmap,
		.origin = at,
	};

	gstage_change(&change);
	return change.pages;
}

/* A write to a tracked leaf: of the page, or, without memory to split it, of all of it. */
static void leaf_written(struct gstage *gstage, struct gstage_leaf *leaf, gpa_t at)
{
	while (leaf->level || *leaf->pte & PTE_N)
		if (!gstage_split(gstage, leaf, at))
			break;
	pte_update(leaf->pte, 0, PTE_W | PTE_D);
}

bool gstage_retry(struct gstage *gstage, gpa_t at, unsigned int access)
{
	uint64_t wanted = PTE_V | (leaf_bits(access) & PTE_RWX);
	struct gstage_leaf leaf;
	unsigned long flags;
	bool allowed;

	if (at.v >> gstage_gpa_bits(gstage->levels))
		return false;
	flags = spin_lock(&gstage->lock);
	leaf = gstage_find(gstage, at);
	if (access & GSTAGE_WRITE && *leaf.pte & PTE_TRACKED)
		leaf_written(gstage, &leaf, at);
	allowed = (*leaf.pte & wanted) == wanted;
	spin_unlock(&gstage->lock, flags);
	/* This hart may remember what it was not allowed to. */
	if (allowed)
		gstage_fence_here(gstage, gpa(align_down(at.v, PAGE_SIZE)), PAGE_SIZE);
	return allowed;
}

void gstage_written(struct gstage *gstage, gpa_t at, uint64_t size)
{
	uint64_t end = at.v + size;

	if (likely(!__atomic_load_n(&gstage->tracked, __ATOMIC_SEQ_CST)) || !size)
		return;
	for (at.v = align_down(at.v, PAGE_SIZE); at.v < end; at.v += PAGE_SIZE)
		gstage_retry(gstage, at, GSTAGE_WRITE);
}
