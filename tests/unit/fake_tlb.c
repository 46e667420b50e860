/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the harts of fake_tlb.h keep.
 */
#include "fake_tlb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "gstage_walker.h"

#include <arch/fence.h>
#include <core/page.h>

#define KEPT 1024

/* What a hart keeps of an entry. */
struct kept {
	uint64_t at, size; /* the addresses that it is for */
	uint64_t to; /* of a leaf, what it maps; otherwise the table */
	unsigned int access; /* 0: not a leaf */
	unsigned int memory_type;
};

struct tlb {
	unsigned int count;
	struct kept kept[KEPT];
	unsigned int fences;
};

static struct gstage *gstage;
static const uint64_t *places;
static unsigned int place_count;
static struct tlb tlbs[FAKE_HARTS];
static uint64_t expected_at, expected_size, random_state;

void __wrap_page_free(hpa_t page, unsigned int order);
void __real_page_free(hpa_t page, unsigned int order);
void __wrap_page_free_hva(void *page);
void __real_page_free_hva(void *page);

/* ---- harts that keep all they may ---- */

static bool kept_is(const struct kept *a, const struct kept *b)
{
	return a->at == b->at && a->to == b->to && a->size == b->size && a->access == b->access &&
	       a->memory_type == b->memory_type;
}

static void tlb_keep(struct tlb *tlb, const struct kept *kept)
{
	for (unsigned int i = 0; i < tlb->count; i++)
		if (kept_is(&tlb->kept[i], kept))
			return;
	assert_true(tlb->count < KEPT);
	tlb->kept[tlb->count++] = *kept;
}

static struct kept leaf_of(const struct walk *walk, uint64_t at)
{
	return (struct kept){
		.at = align_down(at, walk->leaf),
		.size = walk->leaf,
		.to = align_down(walk->hpa, walk->leaf),
		.access = walk->access,
		.memory_type = walk->memory_type,
	};
}

/* The pointer to the table that a walk reads at @depth, the root being at 0. */
static struct kept pointer_of(const struct walk *walk, uint64_t at, unsigned int depth)
{
	uint64_t size = PAGE_SIZE << 9 * (gstage->levels - depth);

	return (struct kept){ align_down(at, size), size, walk->tables[depth], 0, 0 };
}

static void keep(const struct kept *kept)
{
	for (unsigned int i = 0; i < FAKE_HARTS; i++)
		if (hartset_has(&gstage->harts, i))
			tlb_keep(&tlbs[i], kept);
}

/* All harts that run the VM touch all places. */
void fake_tlb_walk(void)
{
	for (unsigned int i = 0; i < place_count; i++) {
		struct walk walk = walker_walk(gstage, places[i]);
		struct kept kept;

		for (unsigned int depth = 1; depth < walk.depth; depth++) {
			kept = pointer_of(&walk, places[i], depth);
			keep(&kept);
		}
		if (!walk.mapped)
			continue;
		kept = leaf_of(&walk, places[i]);
		keep(&kept);
	}
}

static uint64_t vmid_of(unsigned int hart)
{
	return gstage->vmids[hart].number;
}

static void fenced(enum fake_fence what, uint64_t at, uint64_t vmid)
{
	unsigned int hart = hart_self()->index;
	struct tlb *tlb = &tlbs[hart];
	unsigned int count = 0;

	fake_tlb_walk();
	tlb->fences++;
	/* No other hart is disturbed, and nothing of another VM is fenced. */
	assert_true(hartset_has(&gstage->harts, hart));
	if (what != FAKE_FENCE_ALL)
		assert_int_equal(vmid, vmid_of(hart));
	if (what == FAKE_FENCE_PAGE) {
		assert_true(at - expected_at < expected_size);
		for (unsigned int i = 0; i < tlb->count; i++)
			if (!tlb->kept[i].access || at - tlb->kept[i].at >= tlb->kept[i].size)
				tlb->kept[count++] = tlb->kept[i];
	}
	tlb->count = count;
}

/* Other harts answer in any order. */
static void others_serve(void)
{
	struct hart *self = fake_hart_self;
	unsigned int first = (unsigned int)fake_hart_random(&random_state) % FAKE_HARTS;

	fake_tlb_walk();
	for (unsigned int i = 0; i < FAKE_HARTS; i++) {
		struct hart *hart = &fake_harts[(first + i) % FAKE_HARTS];

		if (hart == self || !hart->inbox_pending)
			continue;
		fake_hart_self = hart;
		hart_serve();
		fake_hart_self = self;
		return;
	}
}

/* ---- what they must not keep ---- */

static void freed(uint64_t page, uint64_t size)
{
	for (unsigned int i = 0; i < FAKE_HARTS; i++)
		for (unsigned int j = 0; j < tlbs[i].count; j++) {
			const struct kept *kept = &tlbs[i].kept[j];

			if (hartset_has(&gstage->harts, i) && !kept->access &&
			    kept->to - page < size)
				fail_msg("hart %u may walk the freed table at %#lx, for %#lx", i,
					 (long)page, (long)kept->at);
		}
}

void __wrap_page_free(hpa_t page, unsigned int order)
{
	freed(page.v, PAGE_SIZE << order);
	__real_page_free(page, order);
}

void __wrap_page_free_hva(void *page)
{
	freed(hva_to_hpa(page).v, PAGE_SIZE);
	__real_page_free_hva(page);
}

static void check_leaf(unsigned int hart, const struct kept *kept, uint64_t at)
{
	struct walk walk = walker_walk(gstage, at);

	if (at - kept->at >= kept->size)
		return;
	if (!walk.mapped || kept->to + (at - kept->at) != walk.hpa || kept->access & ~walk.access ||
	    kept->memory_type != walk.memory_type)
		fail_msg("hart %u still has %#lx mapped to %#lx, access %u; the table: %#lx, %u",
			 hart, (long)at, (long)(kept->to + (at - kept->at)), kept->access,
			 (long)(walk.mapped ? walk.hpa : 0), walk.mapped ? walk.access : 0);
}

static void check_pointer(unsigned int hart, const struct kept *kept)
{
	struct walk walk = walker_walk(gstage, kept->at);

	for (unsigned int depth = 1; depth < walk.depth; depth++) {
		struct kept current = pointer_of(&walk, kept->at, depth);

		if (kept_is(kept, &current))
			return;
	}
	fail_msg("hart %u still walks the table at %#lx, for %#lx", hart, (long)kept->to,
		 (long)kept->at);
}

void fake_tlb_check(void)
{
	for (unsigned int i = 0; i < FAKE_HARTS; i++) {
		/* Fenced, and gone until it takes up the VM again with nothing of it. */
		if (!hartset_has(&gstage->harts, i))
			tlbs[i].count = 0;
		for (unsigned int j = 0; j < tlbs[i].count; j++) {
			const struct kept *kept = &tlbs[i].kept[j];

			if (!kept->access)
				check_pointer(i, kept);
			for (unsigned int k = 0; kept->access && k < place_count; k++)
				check_leaf(i, kept, places[k]);
		}
	}
}

void fake_tlb_expect(uint64_t at, uint64_t size)
{
	expected_at = at;
	expected_size = size;
}

unsigned int fake_tlb_fences(unsigned int hart)
{
	return tlbs[hart].fences;
}

void fake_tlb_begin(struct gstage *of, const uint64_t *looked_at, unsigned int count)
{
	gstage = of;
	places = looked_at;
	place_count = count;
	random_state = 1;
	memset(tlbs, 0, sizeof(tlbs));
	hart_count = FAKE_HARTS;
	for (unsigned int i = 0; i < FAKE_HARTS; i++)
		harts[i] = &fake_harts[i];
	fake_relax_hook = others_serve;
	fake_fence_hook = fenced;
	fake_allocation_hook = fake_tlb_walk;
}

void fake_tlb_end(void)
{
	fake_relax_hook = NULL;
	fake_fence_hook = NULL;
	fake_allocation_hook = NULL;
	memset(tlbs, 0, sizeof(tlbs));
}
