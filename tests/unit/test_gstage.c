/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables as hardware reads them (gstage_walker.h): what maps what, limits, all or nothing,
 * and whose pages may be mapped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "gstage_world.h"

#include <arch/fence.h>
#include <core/page.h>
#include <errno.h>

/* ---- modes ---- */

static void fewest_levels_that_reach_an_address(void **state)
{
	assert_int_equal(gstage_levels_for(gpa(0)), 3);
	assert_int_equal(gstage_levels_for(gpa(BIT(41) - 1)), 3);
	assert_int_equal(gstage_levels_for(gpa(BIT(41))), 4);
	assert_int_equal(gstage_levels_for(gpa(BIT(50) - 1)), 4);
	assert_int_equal(gstage_levels_for(gpa(BIT(50))), 5);
	assert_int_equal(gstage_levels_for(gpa(BIT(59) - 1)), 5);
	assert_int_equal(gstage_levels_for(gpa(BIT(59))), 0);
	assert_int_equal(gstage_levels_for(gpa(UINT64_MAX)), 0);
}

static void levels_that_do_not_exist_are_refused(void **state)
{
	assert_int_equal(gstage_init(&gstage, 0, OWNER), -EINVAL);
	assert_int_equal(gstage_init(&gstage, 2, OWNER), -EINVAL);
	assert_int_equal(gstage_init(&gstage, 6, OWNER), -EINVAL);
	assert_int_equal(gstage.levels, 0);
}

static void devices_are_io_where_there_are_memory_types(void **state)
{
	for (unsigned int pbmt = 0; pbmt < 2; pbmt++) {
		assert_int_equal(gstage_init(&gstage, 3, OWNER), 0);
		gstage.pbmt = pbmt;
		assert_int_equal(gstage_leaf_prepare(&gstage, gpa(0)), 0);
		assert_int_equal(gstage_leaf_prepare(&gstage, gpa(KIB(4))), 0);
		gstage_leaf_set(&gstage, gpa(0), hpa(HOST), RWX | GSTAGE_IO);
		gstage_leaf_set(&gstage, gpa(KIB(4)), hpa(HOST), RWX);
		assert_int_equal(map(MIB(2), HOST, KIB(4)), 0);
		assert_int_equal(look(0).memory_type, pbmt ? 2 : 0);
		assert_int_equal(look(KIB(4)).memory_type, 0);
		assert_int_equal(look(MIB(2)).memory_type, 0);
		gstage_destroy(&gstage);
	}
}

static void levels_are_set_once(void **state)
{
	uint64_t digest;

	assert_int_equal(gstage_init(&gstage, 3, OWNER), 0);
	assert_int_equal(map(0, HOST, KIB(4)), 0);
	digest = gstage_digest();
	for (unsigned int levels = 0; levels <= 6; levels++)
		assert_int_equal(gstage_init(&gstage, levels, OWNER), -EBUSY);
	assert_int_equal(gstage.levels, 3);
	assert_int_equal(gstage_digest(), digest);
	gstage_destroy(&gstage);
	assert_int_equal(gstage_init(&gstage, 4, OWNER), 0);
	gstage_destroy(&gstage);
}

static void hgatp_names_mode_vmid_and_root(void **state)
{
	static const uint64_t modes[] = { [3] = 8, [4] = 9, [5] = 10 };

	for (unsigned int levels = 3; levels <= 5; levels++) {
		assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
		assert_int_equal(gstage_hgatp(&gstage, 0) >> 60, modes[levels]);
		assert_int_equal(gstage_hgatp(&gstage, 0x2bcd) >> 44 & 0x3fff, 0x2bcd);
		assert_int_equal(gstage_hgatp(&gstage, 0) >> 58 & 3, 0);
		assert_int_equal(gstage_hgatp(&gstage, 0) << 12 & (BIT(56) - 1), gstage.root.v);
		gstage_destroy(&gstage);
	}
}

static void pmlen_matters_where_it_masks_a_guest_physical_address(void **state)
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		struct gstage of = { .levels = (uint8_t)levels };

		assert_int_equal(gstage_pmm_matters(&of, 0, 2UL << 32), levels == 5);
		assert_int_equal(gstage_pmm_matters(&of, 2UL << 32, 0), levels == 5);
		assert_int_equal(gstage_pmm_matters(&of, 0, 3UL << 32), levels > 3);
		assert_int_equal(gstage_pmm_matters(&of, 2UL << 32, 3UL << 32), levels > 3);
		assert_false(gstage_pmm_matters(&of, 3UL << 32, 3UL << 32));
		assert_false(gstage_pmm_matters(&of, 0, ~(3UL << 32)));
	}
}

static unsigned int vmid_fences;

static void count_vmid_fence(enum fake_fence what, uint64_t at, uint64_t vmid)
{
	assert_int_equal(what, FAKE_FENCE_VMID);
	assert_int_equal(vmid, 7);
	vmid_fences++;
}

/* Also when a vCPU changed its PMLEN elsewhere, and when another VM ran here in between. */
static void pmlen_of_a_vmid_is_remembered_on_each_hart(void **state)
{
	struct gstage of = { .levels = 5 };

	of.vmids[0].number = of.vmids[1].number = 7;
	vmid_fences = 0;
	fake_fence_hook = count_vmid_fence;
	gstage_fence_pmm(&of, &fake_harts[0], 2UL << 32);
	assert_int_equal(vmid_fences, 1);
	gstage_fence_pmm(&of, &fake_harts[1], 0);
	gstage_fence_pmm(&of, &fake_harts[0], 2UL << 32 | 1);
	assert_int_equal(vmid_fences, 1);
	gstage_fence_pmm(&of, &fake_harts[0], 0);
	assert_int_equal(vmid_fences, 2);
	fake_fence_hook = NULL;
}

static void new_table_maps_nothing(void **state)
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
		gstage_digest();
		for (unsigned int bit = 12; bit < 64; bit++)
			assert_false(look(BIT(bit)).mapped);
		assert_false(look(0).mapped);
		assert_false(look(UINT64_MAX).mapped);
		gstage_destroy(&gstage);
	}
}

static void root_that_cannot_be_had_fails(void **state)
{
	fake_allocations_fail_after(0);
	assert_int_equal(gstage_init(&gstage, 3, OWNER), -ENOMEM);
	assert_int_equal(gstage.levels, 0);
}

/* ---- leaves ---- */

static void largest_leaf_that_alignment_allows_is_chosen(void **state)
{
	static const struct {
		uint64_t at, to, size, leaf;
	} cases[] = {
		{ 0, HOST, KIB(4), KIB(4) },	      { 0, HOST, MIB(2), MIB(2) },
		{ 0, HOST, MIB(2) - KIB(4), KIB(4) }, { 0, HOST, GIB(1), GIB(1) },
		{ 0, HOST, GIB(1) - KIB(4), MIB(2) }, { 0, HOST + MIB(2), GIB(1), MIB(2) },
		{ 0, HOST + KIB(4), GIB(1), KIB(4) }, { MIB(2), HOST, MIB(4), MIB(2) },
		{ KIB(4), HOST, MIB(4), KIB(4) },     { KIB(4), HOST + KIB(4), KIB(4), KIB(4) },
		{ GIB(3), HOST, GIB(2), GIB(1) },
	};

	for (unsigned int levels = 3; levels <= 5; levels++)
		for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
			assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
			assert_int_equal(map(cases[i].at, cases[i].to, cases[i].size), 0);
			assert_int_equal(look(cases[i].at).leaf, cases[i].leaf);
			assert_int_equal(look(cases[i].at + 5).hpa, cases[i].to + 5);
			assert_int_equal(look(cases[i].at + cases[i].size - 1).hpa,
					 cases[i].to + cases[i].size - 1);
			assert_false(look(cases[i].at + cases[i].size).mapped);
			gstage_digest();
			gstage_destroy(&gstage);
		}
}

static void leaf_of_512_gib_needs_four_levels(void **state)
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
		assert_int_equal(map(GIB(512), GIB(1024), GIB(512)), 0);
		assert_int_equal(look(GIB(700)).leaf, levels > 3 ? GIB(512) : GIB(1));
		assert_int_equal(look(GIB(700)).hpa, GIB(1212));
		gstage_destroy(&gstage);
	}
}

static void odd_range_has_small_leaves_at_its_ends_only(void **state)
{
	uint64_t at = GIB(1) - MIB(2) - KIB(8);

	assert_int_equal(gstage_init(&gstage, 3, OWNER), 0);
	assert_int_equal(map(at, HOST + at, GIB(1) + MIB(4) + KIB(20)), 0);
	assert_int_equal(look(at).leaf, KIB(4));
	assert_int_equal(look(GIB(1) - MIB(2) - 1).leaf, KIB(4));
	assert_int_equal(look(GIB(1) - MIB(2)).leaf, MIB(2));
	assert_int_equal(look(GIB(1)).leaf, GIB(1));
	assert_int_equal(look(GIB(2)).leaf, MIB(2));
	assert_int_equal(look(GIB(2) + MIB(2)).leaf, KIB(4));
	assert_true(look(GIB(2) + MIB(2) + KIB(12) - 1).mapped);
	assert_false(look(GIB(2) + MIB(2) + KIB(12)).mapped);
	assert_false(look(at - 1).mapped);
	gstage_destroy(&gstage);
}

static void permissions_are_those_asked_for(void **state)
{
	static const struct {
		unsigned int asked, given;
	} cases[] = {
		{ GSTAGE_READ, GSTAGE_READ },
		{ GSTAGE_EXECUTE, GSTAGE_EXECUTE },
		/* There is no entry that can be written and not be read. */
		{ GSTAGE_WRITE, GSTAGE_READ | GSTAGE_WRITE },
		{ GSTAGE_READ | GSTAGE_WRITE, GSTAGE_READ | GSTAGE_WRITE },
		{ GSTAGE_READ | GSTAGE_EXECUTE, GSTAGE_READ | GSTAGE_EXECUTE },
		{ RWX, RWX },
	};

	assert_int_equal(gstage_init(&gstage, 3, OWNER), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(gstage_map(&gstage, gpa(i * PAGE_SIZE), hpa(HOST), PAGE_SIZE,
					    cases[i].asked),
				 0);
		assert_int_equal(look(i * PAGE_SIZE).access, cases[i].given);
	}
	gstage_destroy(&gstage);
}

/* ---- limits ---- */

static void last_page_below_the_limit_is_usable(void **state)
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		uint64_t limit = BIT(gstage_gpa_bits(levels));

		assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
		assert_int_equal(map(limit - PAGE_SIZE, HOST, PAGE_SIZE), 0);
		assert_int_equal(look(limit - 1).hpa, HOST + PAGE_SIZE - 1);
		assert_int_equal(look(limit - 1).leaf, KIB(4));
		/* The entry of the root is the last: nothing may alias to address 0. */
		assert_false(look(0).mapped);
		assert_false(look(limit).mapped);
		assert_int_equal(map(limit - GIB(1), HOST, GIB(1) - MIB(2)), 0);
		gstage_destroy(&gstage);
	}
}

static void first_page_beyond_the_limit_is_refused(void **state)
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		uint64_t limit = BIT(gstage_gpa_bits(levels));
		uint64_t before;

		assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
		before = gstage_digest();
		assert_int_equal(map(limit, HOST, PAGE_SIZE), -ERANGE);
		assert_int_equal(map(limit - PAGE_SIZE, HOST, 2 * PAGE_SIZE), -ERANGE);
		assert_int_equal(map(0, HOST, limit + PAGE_SIZE), -ERANGE);
		assert_int_equal(map(UINT64_MAX - PAGE_SIZE + 1, HOST, PAGE_SIZE), -ERANGE);
		assert_int_equal(map(BIT(63), HOST, BIT(63)), -ERANGE);
		assert_int_equal(map(UINT64_MAX - PAGE_SIZE + 1, HOST, 2 * PAGE_SIZE), -ERANGE);
		assert_int_equal(gstage_digest(), before);
		gstage_destroy(&gstage);
	}
}

static void empty_range_maps_nothing(void **state)
{
	uint64_t before;

	assert_int_equal(gstage_init(&gstage, 3, OWNER), 0);
	before = gstage_digest();
	assert_int_equal(map(MIB(2), HOST, 0), 0);
	assert_int_equal(gstage_digest(), before);
	gstage_destroy(&gstage);
}

static void unaligned_range_is_a_broken_invariant(void **state)
{
	assert_int_equal(gstage_init(&gstage, 3, OWNER), 0);
	expect_assert_failure(map(0x800, HOST, PAGE_SIZE));
	expect_assert_failure(map(0, HOST + 0x800, PAGE_SIZE));
	expect_assert_failure(map(0, HOST, PAGE_SIZE + 1));
	gstage_destroy(&gstage);
}

/* ---- all or nothing ---- */

static void overmap_no_partial_success(void **state)
{
	static const struct {
		uint64_t at, size;
	} cases[] = {
		{ GIB(2), PAGE_SIZE }, /* the same */
		{ GIB(2) - MIB(4), MIB(4) + PAGE_SIZE }, /* its end */
		{ GIB(2), MIB(4) }, /* its beginning */
		{ GIB(1), GIB(3) }, /* its middle, with leaves of 1 GiB around */
		{ GIB(5), PAGE_SIZE }, /* inside of a 1 GiB leaf */
		{ GIB(5) + MIB(6), MIB(2) },
		{ GIB(5) - KIB(8), KIB(12) },
		{ GIB(8) - PAGE_SIZE, MIB(2) + 2 * PAGE_SIZE }, /* around a 2 MiB leaf */
		{ 0, GIB(64) },
	};

	for (unsigned int levels = 3; levels <= 5; levels++) {
		uint64_t before;

		assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
		assert_int_equal(map(GIB(2), HOST, PAGE_SIZE), 0);
		assert_int_equal(map(GIB(5), HOST, GIB(1)), 0);
		assert_int_equal(map(GIB(8), HOST, MIB(2)), 0);
		before = gstage_digest();
		for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
			assert_int_equal(map(cases[i].at, HOST + GIB(64), cases[i].size), -EEXIST);
			assert_int_equal(gstage_digest(), before);
		}
		/* What is free around them still is. */
		assert_int_equal(map(GIB(2) + PAGE_SIZE, HOST, MIB(2)), 0);
		assert_int_equal(map(GIB(6), HOST, GIB(2)), 0);
		gstage_destroy(&gstage);
	}
}

static void running_out_of_memory_changes_nothing(void **state)
{
	/* Needs a table of every kind: below each level, in two places. */
	uint64_t at = GIB(512) - MIB(2) - PAGE_SIZE;
	uint64_t size = 2 * MIB(2) + 2 * PAGE_SIZE;

	for (unsigned int levels = 3; levels <= 5; levels++) {
		uint64_t before;
		long failing = 0;
		int error;

		assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
		assert_int_equal(map(GIB(511), HOST, PAGE_SIZE), 0);
		before = gstage_digest();
		do {
			fake_allocations_fail_after(failing);
			error = map(at, HOST, size);
			fake_allocations_fail_after(-1);
			if (error) {
				assert_int_equal(error, -ENOMEM);
				assert_int_equal(gstage_digest(), before);
				assert_false(look(at).mapped);
				assert_true(look(GIB(511)).mapped);
				failing++;
			}
		} while (error);
		assert_in_range(failing, 3, 8);
		assert_int_equal(look(at + size - 1).hpa, HOST + size - 1);
		gstage_digest();
		gstage_destroy(&gstage);
	}
}

static void destroy_gives_all_tables_back(void **state)
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
		for (unsigned int bit = 12; bit < gstage_gpa_bits(levels); bit++)
			assert_int_equal(map(BIT(bit), HOST, PAGE_SIZE), 0);
		assert_in_range(gstage.table_pages, 30, 150);
		gstage_digest();
		gstage_destroy(&gstage);
		assert_int_equal(page_free_count(), free_before);
	}
}

/* ---- changes ---- */

static void what_was_split_is_joined_again(void **state)
{
	assert_int_equal(gstage_init(&gstage, 4, OWNER), 0);
	assert_int_equal(map(0, BIT(40), GIB(512)), 0);
	assert_int_equal(gstage.table_pages, 4);
	assert_int_equal(gstage_protect(&gstage, gpa(GIB(5) + KIB(8)), PAGE_SIZE, GSTAGE_READ), 0);
	assert_int_equal(gstage.table_pages, 7);
	assert_int_equal(look(GIB(5) + KIB(8)).access, GSTAGE_READ);
	assert_int_equal(look(GIB(5) + KIB(12)).leaf, KIB(4));
	assert_int_equal(look(GIB(5) + MIB(2)).leaf, MIB(2));
	assert_int_equal(look(GIB(6)).leaf, GIB(1));
	gstage_merge(&gstage, gpa(0), GIB(512));
	assert_int_equal(gstage.table_pages, 7);
	assert_int_equal(gstage_protect(&gstage, gpa(GIB(5) + KIB(8)), PAGE_SIZE, RWX), 0);
	gstage_merge(&gstage, gpa(GIB(5)), PAGE_SIZE);
	assert_int_equal(gstage.table_pages, 4);
	assert_int_equal(look(GIB(5) + KIB(8)).leaf, GIB(512));
	gstage_destroy(&gstage);
}

static void changes_beyond_the_limit_are_refused(void **state)
{
	assert_int_equal(gstage_init(&gstage, 3, OWNER), 0);
	assert_int_equal(gstage_unmap(&gstage, gpa(BIT(41) - PAGE_SIZE), 2 * PAGE_SIZE), -ERANGE);
	assert_int_equal(gstage_protect(&gstage, gpa(BIT(41)), PAGE_SIZE, RWX), -ERANGE);
	assert_int_equal(gstage_unmap(&gstage, gpa(BIT(41) - PAGE_SIZE), PAGE_SIZE), 0);
	expect_assert_failure(gstage_unmap(&gstage, gpa(0x800), PAGE_SIZE));
	expect_assert_failure(gstage_protect(&gstage, gpa(0), PAGE_SIZE, 0));
	gstage_destroy(&gstage);
}

/* ---- whose pages ---- */

static void only_pages_of_the_owner_are_mapped(void **state)
{
	uint64_t digest_before;
	hpa_t block;

	assert_true(page_alloc(4, &block));
	page_own(block, 8 * PAGE_SIZE, OWNER);
	page_own(hpa(block.v + 8 * PAGE_SIZE), PAGE_SIZE, PAGE_OWNER_SHARED);
	page_own(hpa(block.v + 9 * PAGE_SIZE), PAGE_SIZE, page_owner_vm(2));
	/* The pages after these are still the hypervisor's. */
	assert_int_equal(gstage_init(&gstage, 3, OWNER), 0);
	free_before -= 16;
	digest_before = gstage_digest();
	for (unsigned int first = 0; first < 16; first++)
		for (unsigned int count = 1; first + count <= 16; count++) {
			int error = map(0, block.v + first * PAGE_SIZE, count * PAGE_SIZE);

			assert_int_equal(error, first + count <= 9 ? 0 : -EPERM);
			if (!error)
				assert_int_equal(gstage_unmap(&gstage, gpa(0), GIB(1)), 0);
			assert_int_equal(gstage_digest(), digest_before);
		}
	/* Free, of no bank, across the end of RAM. */
	assert_int_equal(map(0, FAKE_ARENA_BASE, PAGE_SIZE), -EPERM);
	assert_int_equal(map(0, FAKE_ARENA_BASE + MIB(64) - PAGE_SIZE, PAGE_SIZE), -EPERM);
	assert_int_equal(map(0, FAKE_ARENA_BASE + MIB(64) - PAGE_SIZE, MIB(1)), -EPERM);
	assert_int_equal(map(0, FAKE_ARENA_BASE - PAGE_SIZE, 2 * PAGE_SIZE), -EPERM);
	assert_int_equal(map(0, FAKE_ARENA_BASE + MIB(64), MIB(1)), 0);
	assert_int_equal(map(MIB(2), FAKE_ARENA_BASE, 0), 0);
	/* What is mapped, to another page. */
	assert_int_equal(map(MIB(4), block.v, PAGE_SIZE), 0);
	for (unsigned int page = 0; page < 16; page++) {
		uint64_t to = block.v + page * PAGE_SIZE;
		uint64_t before = look(MIB(4)).hpa;
		int error = gstage_remap(&gstage, gpa(MIB(4)), hpa(to));

		assert_int_equal(error, page < 9 ? 0 : -EPERM);
		assert_int_equal(look(MIB(4)).hpa, error ? before : to);
	}
#ifdef DEBUG
	/* RAM in the middle only. */
	assert_int_equal(map(GIB(4), 0, GIB(512)), -EPERM);
#endif
	page_free(block, 4);
	free_before += 16;
	gstage_destroy(&gstage);
}

static void firmware_is_not_mapped(void **state)
{
	const uint64_t at = HOST + GIB(1);

	page_region_add(at, at + MIB(2), PAGE_OWNER_FIRMWARE, "reserved");
	page_region_add(at + MIB(4), at + MIB(6), PAGE_OWNER_HYPERVISOR, "image");
	page_region_add(at + MIB(8), at + MIB(10), PAGE_OWNER_BUNDLE, NULL);
	page_region_add(at + MIB(12), at + MIB(14), PAGE_OWNER_UNUSED, NULL);
	assert_int_equal(gstage_init(&gstage, 4, OWNER), 0);
	for (unsigned int i = 0; i < 16; i += 4) {
		assert_int_equal(map(0, at + MIB(i), PAGE_SIZE), -EPERM);
		assert_int_equal(map(0, at + MIB(i) - PAGE_SIZE, 2 * PAGE_SIZE), -EPERM);
		assert_int_equal(map(0, at + MIB(i + 2) - PAGE_SIZE, MIB(1)), -EPERM);
		assert_int_equal(map(MIB(i), at + MIB(i + 2), MIB(2)), 0);
	}
	gstage_destroy(&gstage);
}

#ifdef DEBUG
static void leaf_of_another_is_a_fault_of_ours(void **state)
{
	hpa_t page;

	assert_true(page_alloc(0, &page));
	assert_int_equal(gstage_init(&gstage, 3, OWNER), 0);
	assert_int_equal(gstage_leaf_prepare(&gstage, gpa(0)), 0);
	expect_assert_failure(gstage_leaf_set(&gstage, gpa(0), page, GSTAGE_READ));
	page_own(page, PAGE_SIZE, OWNER);
	gstage_leaf_set(&gstage, gpa(0), page, GSTAGE_READ);
	assert_int_equal(look(0).hpa, page.v);
	gstage_leaf_set(&gstage, gpa(0), hpa(0), 0);
	page_free(page, 0);
	gstage_destroy(&gstage);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fewest_levels_that_reach_an_address),
		TEST(levels_that_do_not_exist_are_refused),
		TEST(levels_are_set_once),
		TEST(devices_are_io_where_there_are_memory_types),
		TEST(hgatp_names_mode_vmid_and_root),
		TEST(pmlen_of_a_vmid_is_remembered_on_each_hart),
		TEST(pmlen_matters_where_it_masks_a_guest_physical_address),
		TEST(new_table_maps_nothing),
		TEST(root_that_cannot_be_had_fails),
		TEST(largest_leaf_that_alignment_allows_is_chosen),
		TEST(leaf_of_512_gib_needs_four_levels),
		TEST(odd_range_has_small_leaves_at_its_ends_only),
		TEST(permissions_are_those_asked_for),
		TEST(last_page_below_the_limit_is_usable),
		TEST(first_page_beyond_the_limit_is_refused),
		TEST(empty_range_maps_nothing),
		TEST(unaligned_range_is_a_broken_invariant),
		TEST(overmap_no_partial_success),
		TEST(running_out_of_memory_changes_nothing),
		TEST(destroy_gives_all_tables_back),
		TEST(what_was_split_is_joined_again),
		TEST(only_pages_of_the_owner_are_mapped),
		TEST(firmware_is_not_mapped),
#ifdef DEBUG
		TEST(leaf_of_another_is_a_fault_of_ours),
#endif
		TEST(changes_beyond_the_limit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
