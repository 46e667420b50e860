/* SPDX-License-Identifier: BSD-2-Clause */
/* Owners of pages, and what the cleaner does with free ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "page_world.h"

/* ---- owners ---- */

static void page_belongs_to_whom_it_was_given(void **state)
{
	hpa_t page;

	page_add(hpa(BASE), 64 * PAGE_SIZE);
	assert_int_equal(page_owner(hpa(BASE)), PAGE_OWNER_HYPERVISOR);
	assert_int_equal(page_owner(hpa(BASE + 63 * PAGE_SIZE)), PAGE_OWNER_FREE);
	page = taken(3);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(page_owner(hpa(page.v + i * PAGE_SIZE + 5)),
				 PAGE_OWNER_HYPERVISOR);
	page_own(page, 3 * PAGE_SIZE, page_owner_vm(PAGE_VM_ID_MAX));
	page_own(hpa(page.v + 3 * PAGE_SIZE), 2 * PAGE_SIZE, PAGE_OWNER_SHARED);
	assert_int_equal(page_owner(hpa(page.v + 3 * PAGE_SIZE - 1)), 0x7fff);
	assert_int_equal(page_owner(hpa(page.v + 3 * PAGE_SIZE)), PAGE_OWNER_SHARED);
	assert_int_equal(page_owner(hpa(page.v + 5 * PAGE_SIZE)), PAGE_OWNER_HYPERVISOR);
	assert_int_equal(page_count(0x7fff), 3);
	assert_int_equal(page_count(PAGE_OWNER_SHARED), 2);
	page_free(page, 3);
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), 8);
	assert_int_equal(page_count(PAGE_OWNER_FREE) + 8, page_free_count());
	assert_int_equal(page_count(PAGE_OWNER_HYPERVISOR) + page_free_count(), 64);
}

static void single_page_of_ours_goes_back_cleared(void **state)
{
	void *page;

	page_add(hpa(BASE), 64 * PAGE_SIZE);
	page = page_alloc_zero();
	memset(page, 0x5a, PAGE_SIZE);
	page_free_hva(page);
	assert_int_equal(page_owner(hva_to_hpa(page)), PAGE_OWNER_FREE);
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), 0);
	assert_int_equal(clean_all(), 0);
}

static void edges_of_odd_banks_are_right(void **state)
{
	for (unsigned int skew = 0; skew < 5; skew++)
		for (unsigned int pages = 4; pages < 12; pages++) {
			uint64_t start = BASE + GIB(1) - MIB(2) + skew * PAGE_SIZE;
			uint64_t end;

			setup(NULL);
			/* The bitmaps are of the whole GiB: 17 pages. */
			page_add(hpa(start), (pages + 17) * PAGE_SIZE);
			end = start + (pages + 17) * PAGE_SIZE;
			assert_int_equal(page_owner(hpa(start - 1)), PAGE_OWNER_DEVICE);
			assert_int_equal(page_owner(hpa(start)), PAGE_OWNER_HYPERVISOR);
			assert_int_equal(page_owner(hpa(end - 1)), PAGE_OWNER_FREE);
			assert_int_equal(page_owner(hpa(end)), PAGE_OWNER_DEVICE);
			assert_int_equal(page_count(PAGE_OWNER_FREE), page_free_count());
			assert_int_equal(page_count(PAGE_OWNER_HYPERVISOR) + page_free_count(),
					 page_total());
			page_clean_all();
			assert_int_equal(page_count(PAGE_OWNER_DIRTY), page_free_count());
			clean_all();
			assert_int_equal(page_count(PAGE_OWNER_FREE), page_free_count());
		}
}

static void later_region_counts_and_a_bank_before_all(void **state)
{
	page_region_add(BASE, BASE + MIB(16), PAGE_OWNER_UNUSED, NULL);
	page_region_add(BASE + 100, BASE + 200, PAGE_OWNER_FIRMWARE, "reserved");
	page_region_add(BASE + MIB(8) - 1, BASE + MIB(8) + 1, PAGE_OWNER_HYPERVISOR, "image");
	page_region_add(BASE + MIB(9), BASE + MIB(9), PAGE_OWNER_BUNDLE, NULL);
	page_region_add(UINT64_MAX - 5, UINT64_MAX, PAGE_OWNER_FIRMWARE, NULL);
	page_add(hpa(BASE + MIB(4)), MIB(1));
	assert_int_equal(page_owner(hpa(BASE)), PAGE_OWNER_FIRMWARE);
	assert_int_equal(page_owner(hpa(BASE + PAGE_SIZE)), PAGE_OWNER_UNUSED);
	assert_int_equal(page_owner(hpa(BASE + MIB(5) - 1)), PAGE_OWNER_FREE);
	assert_int_equal(page_owner(hpa(BASE + MIB(5))), PAGE_OWNER_UNUSED);
	assert_int_equal(page_owner(hpa(BASE + MIB(8) - 1)), PAGE_OWNER_HYPERVISOR);
	assert_int_equal(page_owner(hpa(BASE + MIB(8) + PAGE_SIZE - 1)), PAGE_OWNER_HYPERVISOR);
	assert_int_equal(page_owner(hpa(BASE + MIB(9))), PAGE_OWNER_UNUSED);
	assert_int_equal(page_owner(hpa(BASE + MIB(16))), PAGE_OWNER_DEVICE);
	assert_int_equal(page_owner(hpa(0)), PAGE_OWNER_DEVICE);
	assert_int_equal(page_owner(hpa(UINT64_MAX - 1)), PAGE_OWNER_FIRMWARE);
	assert_string_equal(page_region_of(hpa(BASE + MIB(8)))->what, "image");
	assert_null(page_region(4));
	assert_int_equal(page_owner_next(hpa(0)).v, BASE);
	assert_int_equal(page_owner_next(hpa(BASE)).v, BASE + PAGE_SIZE);
	assert_int_equal(page_owner_next(hpa(BASE + PAGE_SIZE)).v, BASE + MIB(4));
	assert_int_equal(page_owner_next(hpa(BASE + MIB(4) + 1)).v, BASE + MIB(4) + PAGE_SIZE);
	assert_int_equal(page_owner_next(hpa(BASE + MIB(5) - 1)).v, BASE + MIB(5));
	assert_int_equal(page_owner_next(hpa(BASE + MIB(5))).v, BASE + MIB(8) - PAGE_SIZE);
	assert_int_equal(page_owner_next(hpa(BASE + MIB(8))).v, BASE + MIB(8) + PAGE_SIZE);
	assert_int_equal(page_owner_next(hpa(BASE + MIB(16))).v, UINT64_MAX - 4095);
	assert_int_equal(page_owner_next(hpa(UINT64_MAX)).v, UINT64_MAX);
	for (unsigned int i = 0; i < 2 * MAX_REGIONS; i++)
		page_region_add(BASE + MIB(12), BASE + MIB(13), PAGE_OWNER_FIRMWARE, NULL);
	assert_non_null(page_region(MAX_REGIONS - 1));
	assert_null(page_region(MAX_REGIONS));
}

/* ---- clearing ---- */

static void who_takes_what_was_not_cleared_clears_it(void **state)
{
	hpa_t page;

	page_add(hpa(BASE), MIB(1));
	while (page_free_count())
		soiled(0);
	for (uint64_t at = BASE + PAGE_SIZE; at < BASE + MIB(1); at += PAGE_SIZE)
		page_free(hpa(at), 0);
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), page_free_count());
	page = taken(6);
	assert_false(fake_arena_is_clear(page.v, PAGE_SIZE << 6));
	page_own(hpa(page.v + PAGE_SIZE), 61 * PAGE_SIZE, page_owner_vm(2));
	assert_true(fake_arena_is_clear(page.v + PAGE_SIZE, 61 * PAGE_SIZE));
	assert_false(fake_arena_is_clear(page.v + 62 * PAGE_SIZE, PAGE_SIZE));
	/* What it has written since is its own. */
	soil(hpa(page.v + PAGE_SIZE), PAGE_SIZE);
	page_own(hpa(page.v + PAGE_SIZE), PAGE_SIZE, PAGE_OWNER_SHARED);
	assert_false(fake_arena_is_clear(page.v + PAGE_SIZE, PAGE_SIZE));
}

static void cleaner_clears_each_page_once_and_keeps_the_lists(void **state)
{
	hpa_t blocks[40];
	uint64_t left;

	page_add(hpa(BASE), MIB(1));
	for (unsigned int i = 0; i < 40; i++)
		blocks[i] = soiled(i % 3);
	for (unsigned int i = 0; i < 40; i += 2)
		page_free(blocks[i], i % 3);
	left = page_count(PAGE_OWNER_DIRTY);
	while (left) {
		assert_true(page_clean_step());
		assert_in_range(page_count(PAGE_OWNER_DIRTY), left - 1, left);
		left = page_count(PAGE_OWNER_DIRTY);
	}
	for (unsigned int i = 0; i < 40; i++)
		for (uint64_t k = 0; k < BIT(i % 3); k++) {
			uint64_t at = blocks[i].v + k * PAGE_SIZE;
			unsigned char *mark = (unsigned char *)hpa_to_hva(hpa(at)) + 1000;

			assert_int_equal(*mark, i % 2 ? 0xa5 : 0);
			*mark = 0x77;
		}
	/* A second round over all of it leaves the marks in what is cleared. */
	for (unsigned int i = 1; i < 40; i += 2)
		page_free(blocks[i], i % 3);
	clean_all();
	for (unsigned int i = 0; i < 40; i++)
		for (uint64_t k = 0; k < BIT(i % 3); k++)
			assert_int_equal(((unsigned char *)hpa_to_hva(
						 hpa(blocks[i].v + k * PAGE_SIZE)))[1000],
					 i % 2 ? 0 : 0x77);
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), 0);
	assert_false(page_clean_step());
	while (page_free_count())
		taken(0);
}

static void page_on_its_way_out_is_left_alone(void **state)
{
	hpa_t page;

	page_add(hpa(BASE), MIB(1));
	page = soiled(4);
	page_free(page, 4);
	page = taken(4);
	/* As between the end of the lock and the new owner. */
	owners_set(bank_of(page), page, 16, PAGE_OWNER_DIRTY, 0);
	clean_all();
	assert_int_equal(page_owner(page), PAGE_OWNER_DIRTY);
	owners_set(bank_of(page), page, 16, PAGE_OWNER_HYPERVISOR, PAGE_OWNER_DIRTY);
	assert_int_equal(*(unsigned char *)hpa_to_hva(hpa(page.v + 100)), 0xa5);
	page_own(page, PAGE_SIZE << 4, page_owner_vm(1));
	assert_true(fake_arena_is_clear(page.v, PAGE_SIZE << 4));
}

static void page_on_its_way_back_is_cleared_later(void **state)
{
	struct bank *bank = page_banks;
	hpa_t page;

	page_add(hpa(BASE), MIB(1));
	page_free(soiled(0), 0);
	page = soiled(4);
	/* As between the new owner and the lock, with the cleaner awake. */
	owners_set(bank, page, 16, PAGE_OWNER_DIRTY, 0);
	page_dirty = (struct page_dirty){ BASE, BASE + MIB(1) };
	clean_all();
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), 16);
	assert_int_equal(*(unsigned char *)hpa_to_hva(page), 0xa5);
	give_back(bank, page, 4, true);
	clean_all();
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), 0);
	assert_true(fake_arena_is_clear(page.v + LINKS, (PAGE_SIZE << 4) - LINKS));
}

static void cleaner_looks_only_where_something_was_freed(void **state)
{
	hpa_t low, high;

	page_add(hpa(BASE), MIB(4));
	page_add(hpa(BASE + GIB(1)), GIB(2));
	low = soiled(0);
	high = taken(PAGE_MAX_ORDER);
	page_own(high, GIB(1), page_owner_vm(1));
	page_free(low, 0);
	assert_true(clean_all() <= 2);
	page_free(hpa(high.v + GIB(1) - PAGE_SIZE), 0);
	assert_true(clean_all() <= 2);
	page_free(hpa(high.v), 0);
	page_free(hpa(high.v + GIB(1) - 2 * PAGE_SIZE), 0);
	/* In between 4 MiB a step. */
	assert_in_range(clean_all(), 250, 260);
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), 0);
}

static void all_memory_can_begin_as_not_cleared(void **state)
{
	fake_arena_soil(BASE, MIB(4));
	page_add(hpa(BASE), MIB(1));
	page_add(hpa(BASE + MIB(2)), MIB(1) + 3 * PAGE_SIZE);
	soil(taken(2), PAGE_SIZE);
	page_clean_all();
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), page_free_count());
	assert_in_range(clean_all(), page_free_count(), page_free_count() + 2);
	assert_int_equal(page_count(PAGE_OWNER_FREE), page_free_count());
	while (page_free_count()) {
		hpa_t page = taken(0);

		assert_true(fake_arena_is_clear(page.v, PAGE_SIZE));
	}
}

static void thread_clears_all_and_sleeps(void **state)
{
	page_clean_wake(); /* before there is one */
	page_add(hpa(BASE), MIB(1));
	page_free(soiled(5), 5);
	page_clean_start();
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), 32);
	cleaner_until_it_waits();
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), 0);
	page_free(soiled(0), 0);
	page_clean_wake();
	assert_int_equal(woken, 1);
	cleaner_until_it_waits();
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(page_belongs_to_whom_it_was_given),
		TEST(single_page_of_ours_goes_back_cleared),
		TEST(edges_of_odd_banks_are_right),
		TEST(later_region_counts_and_a_bank_before_all),
		TEST(who_takes_what_was_not_cleared_clears_it),
		TEST(cleaner_clears_each_page_once_and_keeps_the_lists),
		TEST(page_on_its_way_out_is_left_alone),
		TEST(page_on_its_way_back_is_cleared_later),
		TEST(cleaner_looks_only_where_something_was_freed),
		TEST(all_memory_can_begin_as_not_cleared),
		TEST(thread_clears_all_and_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
