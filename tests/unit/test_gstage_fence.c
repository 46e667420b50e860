/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of a G-stage table while harts walk it, which keep all that they may (fake_tlb.h): no
 * table may be freed that a hart can still reach, and no change may return while a hart has more
 * than the table gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "fake_tlb.h"
#include "gstage_walker.h"

#include <arch/vmid.h>
#include <core/page.h>
#include <errno.h>

/* Somewhere that no table is: mapped memory is never touched. */
#define HOST GIB(1024)
static struct gstage gstage;
static uint64_t free_before, random_state;

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

/* ---- changes ---- */

enum what { MAP, UNMAP, PROTECT, MERGE, WHATS };

/* The VM runs on a hart. */
static void join(unsigned int hart)
{
	struct hart *self = &fake_harts[hart];
	struct vmid *vmid = &gstage.vmids[hart];

	if (hartset_has(&gstage.harts, hart))
		return;
	vmid_lend(self, vmid);
	self->arch.hgatp = gstage_hgatp(&gstage, vmid->number);
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

	fake_tlb_expect(at, size);
	fake_tlb_walk();
	if (what == MAP)
		result = gstage_map(&gstage, gpa(at), hpa(to), size, access);
	else if (what == UNMAP)
		result = gstage_unmap(&gstage, gpa(at), size);
	else if (what == PROTECT)
		result = gstage_protect(&gstage, gpa(at), size, access);
	else
		gstage_merge(&gstage, gpa(at), size);
	fake_tlb_check();
	assert_int_equal(fake_harts[0].lock_ranks, 0);
	return result;
}

static int setup(void **state)
{
	free_before = walker_memory();
	memset(&gstage, 0, sizeof(gstage));
	assert_int_equal(gstage_init(&gstage, 4, page_owner_vm(1)), 0);
	random_state = 1;
	fake_tlb_begin(&gstage, places, ARRAY_SIZE(places));
	return 0;
}

static int teardown(void **state)
{
	fake_allocations_fail_after(-1);
	fake_tlb_end();
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
		assert_true(runs || !fake_tlb_fences(i));
	}
}

static void nobody_is_asked_when_no_hart_ran_the_vm(void **state)
{
	map(0, GIB(2));
	assert_int_equal(change(UNMAP, KIB(64), 0, MIB(4), 0), 0);
	gstage_merge(&gstage, gpa(0), GIB(2));
	for (unsigned int i = 0; i < FAKE_HARTS; i++) {
		assert_int_equal(fake_kicks[i], 0);
		assert_int_equal(fake_tlb_fences(i), 0);
	}
}

static void fence_of_a_range_takes_its_leaves_everywhere(void **state)
{
	static const uint64_t sizes[] = { KIB(4), KIB(128), KIB(132), GIB(1) };

	joined_by_all();
	map(0, MIB(2) - KIB(4));
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		fake_tlb_expect(0, sizes[i]);
		fake_tlb_walk();
		gstage_leaf_set(&gstage, gpa(KIB(0)), hpa(HOST + GIB(1) * i), RWX);
		gstage_fence(&gstage, gpa(0), sizes[i]);
		fake_tlb_check();
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
	for (unsigned int i = 0; i < 20000; i++) {
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

static void large_leaf_is_refused_where_a_page_was_prepared(void **state)
{
	assert_int_equal(gstage_leaf_prepare(&gstage, gpa(MIB(2))), 0);
	prepared_page_can_be_set_after(MAP, MIB(2), MIB(2), -EEXIST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unmapped_pages_are_fenced_on_all_harts_of_the_vm),
		TEST(harts_that_never_ran_the_vm_are_left_alone),
		TEST(nobody_is_asked_when_no_hart_ran_the_vm),
		TEST(fence_of_a_range_takes_its_leaves_everywhere),
		TEST(prepared_page_can_be_set_after_its_neighbour_was_merged),
		TEST(table_that_becomes_empty_is_fenced_before_it_is_freed),
		TEST(table_that_is_merged_is_fenced_before_it_is_freed),
		TEST(split_that_is_undone_is_fenced_before_its_table_is_freed),
		TEST(tables_of_a_failed_mapping_are_fenced_before_they_are_freed),
		TEST(random_changes_leave_nothing_stale),
		TEST(prepared_page_can_be_set_after_a_failed_mapping),
		TEST(prepared_page_can_be_set_after_its_neighbour_was_unmapped),
		TEST(large_leaf_is_refused_where_a_page_was_prepared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
