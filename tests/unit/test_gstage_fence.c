/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of a G-stage table while harts walk it. The harts of this test keep all that the
 * privileged specification lets them ("Supervisor Memory-Management Fence Instruction",
 * "Hypervisor Memory-Management Fence Instructions"): whenever the code under test can be
 * interrupted they walk the tables and keep each entry that they read. A fence of an address takes
 * the leaves that map it and no pointer to a table; a fence of a VMID takes all. So no table may be
 * freed to which a hart still has a pointer, and a change may not return while a hart has a leaf
 * that allows more than the table does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "gstage_walker.h"

#include <arch/fence.h>
#include <arch/vmid.h>
#include <core/page.h>
#include <errno.h>

#define BASE FAKE_ARENA_BASE
#define BANK MIB(64)
#define RWX (GSTAGE_READ | GSTAGE_WRITE | GSTAGE_EXECUTE)
/* Somewhere that no table is: mapped memory is never touched. */
#define HOST GIB(1024)
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
	unsigned int fences, page_fences;
};

static struct gstage gstage;
static struct tlb tlbs[FAKE_HARTS];
static uint64_t free_before, random_state;
static uint64_t changed_at, changed_size; /* the range of the change under test */

/* Where the harts look. */
static const uint64_t places[] = {
	0,
	KIB(4),
	KIB(8),
	KIB(64),
	KIB(124),
	KIB(128),
	MIB(2) - KIB(4),
	MIB(2),
	MIB(2) + KIB(4),
	MIB(4) - KIB(4),
	MIB(4),
	MIB(4) + KIB(4),
	MIB(6),
	MIB(64) - KIB(4),
	MIB(64),
	GIB(1) - MIB(2),
	GIB(1) - KIB(4),
	GIB(1),
	GIB(1) + KIB(4),
	GIB(1) + MIB(2),
	GIB(2) - KIB(4),
	GIB(2),
	GIB(2) + MIB(2),
	GIB(512),
};

bool __real_page_alloc(unsigned int order, hpa_t *page);
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
	uint64_t size = PAGE_SIZE << 9 * (gstage.levels - depth);

	return (struct kept){ align_down(at, size), size, walk->tables[depth], 0, 0 };
}

static void keep(const struct kept *kept)
{
	for (unsigned int i = 0; i < FAKE_HARTS; i++)
		if (hartset_has(&gstage.harts, i))
			tlb_keep(&tlbs[i], kept);
}

/* All harts that run the VM touch all places. */
static void harts_walk(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		struct walk walk = walker_walk(&gstage, places[i]);
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
	return gstage_hgatp(&gstage) >> 44 & 0x3fff;
}

static void fenced(enum fake_fence what, uint64_t at, uint64_t vmid)
{
	unsigned int hart = hart_self()->index;
	struct tlb *tlb = &tlbs[hart];
	unsigned int count = 0;

	harts_walk();
	tlb->fences++;
	/* No other hart is disturbed, and nothing of another VM is fenced. */
	assert_true(hartset_has(&gstage.harts, hart));
	if (what != FAKE_FENCE_ALL)
		assert_int_equal(vmid, vmid_of(hart));
	if (what == FAKE_FENCE_PAGE) {
		tlb->page_fences++;
		assert_true(at - changed_at < changed_size);
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

	harts_walk();
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

			if (hartset_has(&gstage.harts, i) && !kept->access &&
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
	struct walk walk = walker_walk(&gstage, at);

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
	struct walk walk = walker_walk(&gstage, kept->at);

	for (unsigned int depth = 1; depth < walk.depth; depth++) {
		struct kept current = pointer_of(&walk, kept->at, depth);

		if (kept_is(kept, &current))
			return;
	}
	fail_msg("hart %u still walks the table at %#lx, for %#lx", hart, (long)kept->to,
		 (long)kept->at);
}

static void check_harts(void)
{
	for (unsigned int i = 0; i < FAKE_HARTS; i++) {
		/* Fenced, and gone until it takes up the VM again with nothing of it. */
		if (!hartset_has(&gstage.harts, i))
			tlbs[i].count = 0;
		for (unsigned int j = 0; j < tlbs[i].count; j++) {
			const struct kept *kept = &tlbs[i].kept[j];

			if (!kept->access)
				check_pointer(i, kept);
			for (unsigned int k = 0; kept->access && k < ARRAY_SIZE(places); k++)
				check_leaf(i, kept, places[k]);
		}
	}
}

/* ---- changes ---- */

enum what { MAP, UNMAP, PROTECT, MERGE, WHATS };

/* The VM runs on a hart. */
static void join(unsigned int hart)
{
	hartset_add(&gstage.harts, hart);
}

static void joined_by_all(void)
{
	join(0);
	join(2);
	join(FAKE_HARTS - 1);
}

static int change(enum what what, uint64_t at, uint64_t to, uint64_t size, unsigned int access)
{
	int result = 0;

	changed_at = at;
	changed_size = size;
	harts_walk();
	if (what == MAP)
		result = gstage_map(&gstage, gpa(at), hpa(to), size, access);
	else if (what == UNMAP)
		result = gstage_unmap(&gstage, gpa(at), size);
	else if (what == PROTECT)
		result = gstage_protect(&gstage, gpa(at), size, access);
	else
		gstage_merge(&gstage, gpa(at), size);
	check_harts();
	assert_int_equal(fake_harts[0].lock_ranks, 0);
	return result;
}

static int setup(void **state)
{
	static bool added;

	fake_hart_reset();
	fake_allocations_fail_after(-1);
	if (!added) {
		fake_arena_soil(BASE, BANK);
		page_add(hpa(BASE), BANK);
	}
	added = true;
	vmid_init(14);
	free_before = page_free_count();
	hart_count = FAKE_HARTS;
	for (unsigned int i = 0; i < FAKE_HARTS; i++)
		harts[i] = &fake_harts[i];
	memset(tlbs, 0, sizeof(tlbs));
	memset(&gstage, 0, sizeof(gstage));
	assert_int_equal(gstage_init(&gstage, 4), 0);
	random_state = 1;
	fake_relax_hook = others_serve;
	fake_fence_hook = fenced;
	fake_allocation_hook = harts_walk;
	return 0;
}

static int teardown(void **state)
{
	fake_allocations_fail_after(-1);
	fake_allocation_hook = NULL;
	memset(tlbs, 0, sizeof(tlbs));
	/* It failed with the lock held. */
	if (fake_harts[0].lock_ranks)
		return 0;
	gstage_destroy(&gstage);
	assert_int_equal(page_free_count(), free_before);
	return 0;
}

static void map(uint64_t at, uint64_t size)
{
	assert_int_equal(change(MAP, at, HOST + at, size, RWX), 0);
}

/* ---- tests ---- */

static void unmapped_pages_are_fenced_on_all_harts_of_the_vm(void **state)
{
	static const struct {
		uint64_t at, size;
	} cases[] = {
		{ 0, KIB(4) },
		{ MIB(2) - KIB(4), KIB(4) },
		{ KIB(4), KIB(120) },
		{ KIB(4), KIB(128) },
		{ MIB(2), MIB(2) },
		{ MIB(4) - KIB(4), KIB(8) },
		{ GIB(1) - KIB(4), KIB(8) },
		{ GIB(1), GIB(1) },
		{ KIB(64), GIB(2) },
		{ MIB(64) - KIB(4), KIB(8) },
	};

	joined_by_all();
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned int access = 0; access < 2; access++) {
			enum what what = access ? PROTECT : UNMAP;

			map(0, GIB(3));
			assert_int_equal(change(what, cases[i].at, 0, cases[i].size, access), 0);
			assert_int_equal(change(UNMAP, 0, 0, GIB(3), 0), 0);
		}
}

static void harts_that_never_ran_the_vm_are_left_alone(void **state)
{
	joined_by_all();
	map(0, GIB(2));
	assert_int_equal(change(UNMAP, 0, 0, KIB(4), 0), 0);
	assert_int_equal(change(PROTECT, 0, 0, GIB(1), GSTAGE_READ), 0);
	for (unsigned int i = 0; i < FAKE_HARTS; i++) {
		bool runs = i == 0 || i == 2 || i == FAKE_HARTS - 1;

		assert_int_equal(fake_kicks[i] != 0, runs && i);
		assert_true(runs || !tlbs[i].fences);
	}
}

static void nobody_is_asked_when_no_hart_ran_the_vm(void **state)
{
	map(0, GIB(2));
	assert_int_equal(change(UNMAP, KIB(64), 0, MIB(4), 0), 0);
	gstage_merge(&gstage, gpa(0), GIB(2));
	for (unsigned int i = 0; i < FAKE_HARTS; i++) {
		assert_int_equal(fake_kicks[i], 0);
		assert_int_equal(tlbs[i].fences, 0);
	}
}

static void fence_of_a_range_takes_its_leaves_everywhere(void **state)
{
	static const uint64_t sizes[] = { KIB(4), KIB(128), KIB(132), GIB(1) };

	joined_by_all();
	map(0, MIB(2) - KIB(4));
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		changed_at = 0;
		changed_size = sizes[i];
		harts_walk();
		gstage_leaf_set(&gstage, gpa(KIB(0)), hpa(HOST + GIB(1) * i), RWX);
		gstage_fence(&gstage, gpa(0), sizes[i]);
		check_harts();
	}
}

static void table_that_becomes_empty_is_fenced_before_it_is_freed(void **state)
{
	uint64_t tables;

	joined_by_all();
	map(0, KIB(4));
	tables = gstage.table_pages;
	assert_int_equal(change(UNMAP, 0, 0, KIB(4), 0), 0);
	assert_true(gstage.table_pages < tables);
}

static void table_that_is_merged_is_fenced_before_it_is_freed(void **state)
{
	joined_by_all();
	map(0, MIB(2));
	assert_int_equal(change(PROTECT, 0, 0, KIB(4), GSTAGE_READ), 0);
	assert_int_equal(change(PROTECT, 0, 0, KIB(4), RWX), 0);
	change(MERGE, 0, 0, KIB(4), 0);
	assert_int_equal(walker_walk(&gstage, 0).leaf, MIB(2));
}

static void split_that_is_undone_is_fenced_before_its_table_is_freed(void **state)
{
	joined_by_all();
	map(0, GIB(1));
	fake_allocations_fail_after(1);
	assert_int_equal(change(UNMAP, KIB(4), 0, KIB(4), 0), -ENOMEM);
	fake_allocations_fail_after(-1);
	assert_int_equal(walker_walk(&gstage, 0).leaf, GIB(1));
}

/* Tables that a failed mapping made were there for a while, and harts may have seen them. */
static void tables_of_a_failed_mapping_are_fenced_before_they_are_freed(void **state)
{
	joined_by_all();
	map(GIB(1), GIB(1));
	assert_int_equal(change(MAP, GIB(1) - KIB(4), HOST, KIB(8), RWX), -EEXIST);
	fake_allocations_fail_after(2);
	assert_int_equal(change(MAP, MIB(2) - KIB(4), HOST, KIB(8), RWX), -ENOMEM);
}

static void change_at_random(void)
{
	static const uint64_t sizes[] = { KIB(4),   KIB(8), KIB(64), KIB(124),
					  KIB(128), MIB(2), MIB(4),  GIB(1) };
	uint64_t r = fake_hart_random(&random_state);
	uint64_t at = places[r % (ARRAY_SIZE(places) - 1)];
	uint64_t size = sizes[r >> 8 & 7];
	enum what what = r >> 16 & 3;

	if (r >> 24 & 1 && at >= size)
		at -= size;
	fake_allocations_fail_after(r >> 25 & 3 ? -1 : (long)(r >> 32 & 3));
	change(what, at, HOST + at, size, r >> 40 & 1 ? RWX : GSTAGE_READ);
	fake_allocations_fail_after(-1);
}

static void random_changes_leave_nothing_stale(void **state)
{
	joined_by_all();
	for (unsigned int i = 0; i < 2000; i++) {
		/* Harts may have left where they were fenced. */
		joined_by_all();
		change_at_random();
	}
}

/* ---- pages that are set one by one ---- */

static void prepared_page_can_be_set_after(enum what what, uint64_t at, uint64_t size, int wanted)
{
	assert_int_equal(gstage_leaf_prepare(&gstage, gpa(MIB(2))), 0);
	assert_int_equal(change(what, at, HOST, size, RWX), wanted);
	fake_allocations_fail_after(0);
	gstage_leaf_set(&gstage, gpa(MIB(2)), hpa(HOST), RWX);
	fake_allocations_fail_after(-1);
	assert_int_equal(walker_look(&gstage, MIB(2)).hpa, HOST);
}

static void prepared_page_can_be_set_after_a_failed_mapping(void **state)
{
	map(GIB(1), KIB(4));
	prepared_page_can_be_set_after(MAP, GIB(1), KIB(4), -EEXIST);
}

static void prepared_page_can_be_set_after_its_neighbour_was_unmapped(void **state)
{
	map(MIB(2) + KIB(4), KIB(4));
	prepared_page_can_be_set_after(UNMAP, MIB(2) + KIB(4), KIB(4), 0);
}

static void prepared_page_can_be_set_after_its_neighbour_was_merged(void **state)
{
	map(MIB(2) + KIB(4), KIB(4));
	prepared_page_can_be_set_after(MERGE, 0, GIB(1), 0);
}

/* Nothing is mapped there: a table with no entry is no reason to refuse. */
static void large_leaf_can_be_mapped_where_a_page_was_prepared(void **state)
{
	assert_int_equal(gstage_leaf_prepare(&gstage, gpa(MIB(2))), 0);
	map(MIB(2), MIB(2));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(unmapped_pages_are_fenced_on_all_harts_of_the_vm),
		TEST(harts_that_never_ran_the_vm_are_left_alone),
		TEST(nobody_is_asked_when_no_hart_ran_the_vm),
		TEST(fence_of_a_range_takes_its_leaves_everywhere),
		TEST(prepared_page_can_be_set_after_its_neighbour_was_merged),
	};
	/* Run with any argument. */
	const struct CMUnitTest known_to_fail[] = {
		TEST(table_that_becomes_empty_is_fenced_before_it_is_freed),
		TEST(table_that_is_merged_is_fenced_before_it_is_freed),
		TEST(split_that_is_undone_is_fenced_before_its_table_is_freed),
		TEST(tables_of_a_failed_mapping_are_fenced_before_they_are_freed),
		TEST(random_changes_leave_nothing_stale),
		TEST(prepared_page_can_be_set_after_a_failed_mapping),
		TEST(prepared_page_can_be_set_after_its_neighbour_was_unmapped),
		TEST(large_leaf_can_be_mapped_where_a_page_was_prepared),
	};

	if (argc > 1)
		return cmocka_run_group_tests(known_to_fail, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
