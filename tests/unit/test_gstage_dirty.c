/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of written pages against a set of pages: whoever writes, the guest through a fault,
 * hardware that sets D, or the hypervisor, each page is told once, and none that was not written
 * unless memory to split a leaf was out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "gstage_walker.h"

#include <arch/gstage.h>
#include <arch/pte.h>
#include <core/page.h>

#define HOST UINT64_C(0x4000000000)
#define AT GIB(2)
#define SIZE MIB(8)
#define PAGES (SIZE / PAGE_SIZE)
#define ROM (AT + SIZE) /* read-only, behind it */

static struct gstage gstage;
static uint64_t free_before, random_state;
static uint64_t bitmap[(PAGES + 16) / 64 + 1], written[PAGES / 64];
static bool exact; /* no allocation failed since the last read */

static int setup(void **state)
{
	free_before = walker_memory();
	memset(&gstage, 0, sizeof(gstage));
	memset(written, 0, sizeof(written));
	assert_int_equal(gstage_init(&gstage, 3, page_owner_vm(1)), 0);
	random_state = 1;
	exact = true;
	return 0;
}

static int teardown(void **state)
{
	fake_allocations_fail_after(-1);
	gstage_destroy(&gstage);
	assert_int_equal(page_free_count(), free_before);
	return 0;
}

/* The raw entry of the leaf that maps @at. */
static uint64_t *leaf_entry(uint64_t at)
{
	uint64_t *table = hpa_to_hva(gstage.root);
	unsigned int level = 2;
	uint64_t *entry = &table[at >> 30];

	while (*entry & PTE_V && !pte_is_leaf(*entry)) {
		level--;
		table = hpa_to_hva(pte_hpa(*entry));
		entry = &table[at >> (12 + 9 * level) & 511];
	}
	return entry;
}

/* A store of a guest: what hardware does, with or without updates of D, until it goes through. */
static void guest_writes(uint64_t at, bool updates)
{
	for (unsigned int tries = 0; tries < 3; tries++) {
		uint64_t *entry = leaf_entry(at);

		assert_true(*entry & PTE_V);
		if (*entry & PTE_W && (updates || *entry & PTE_D)) {
			*entry |= PTE_D;
			return;
		}
		assert_true(gstage_retry(&gstage, gpa(at), GSTAGE_WRITE));
	}
	fail_msg("the store to %#lx never goes through", (long)at);
}

static void write_at_random(bool updates)
{
	uint64_t r = fake_hart_random(&random_state);
	uint64_t page = r >> 8 & 1 ? r >> 16 & 63 : (r >> 16) % PAGES;

	if ((r & 15) == 0) {
		fake_allocations_fail_after(0);
		exact = false;
	}
	if ((r & 7) == 1) {
		gstage_written(&gstage, gpa(AT + page * PAGE_SIZE + 7), PAGE_SIZE);
		if (page + 1 < PAGES)
			written[(page + 1) / 64] |= BIT((page + 1) % 64);
	} else {
		guest_writes(AT + page * PAGE_SIZE + (r >> 52), updates);
	}
	fake_allocations_fail_after(-1);
	written[page / 64] |= BIT(page % 64);
}

/* Reads the log of [from, from + count) pages and compares. */
static void read_log(uint64_t from, uint64_t count)
{
	uint64_t pages, told = 0;

	memset(bitmap, 0, sizeof(bitmap));
	pages = gstage_collect(&gstage, gpa(AT + from * PAGE_SIZE), count * PAGE_SIZE, bitmap);
	for (uint64_t i = 0; i < count; i++) {
		bool is = bitmap[i / 64] >> (i % 64) & 1;
		bool was = written[(from + i) / 64] >> ((from + i) % 64) & 1;

		told += is;
		if (was || exact)
			assert_int_equal(is, was);
		written[(from + i) / 64] &= ~BIT((from + i) % 64);
	}
	assert_int_equal(pages, told);
}

static void random_writes(bool updates, bool napot)
{
	gstage.napot = napot;
	gstage.dirty_by_hardware = updates;
	assert_int_equal(gstage_map(&gstage, gpa(AT), hpa(HOST), SIZE - KIB(64), RWX), 0);
	assert_int_equal(
		gstage_map(&gstage, gpa(AT + SIZE - KIB(64)), hpa(HOST + GIB(1)), KIB(64), RWX), 0);
	assert_int_equal(gstage_map(&gstage, gpa(ROM), hpa(HOST + SIZE), KIB(64), GSTAGE_READ), 0);
	for (unsigned int round = 0; round < 40; round++) {
		uint64_t tables = gstage.table_pages;

		gstage.tracked = true;
		assert_int_equal(gstage_track(&gstage, gpa(AT), SIZE + KIB(64)), 0);
		assert_int_equal(gstage_collect(&gstage, gpa(AT), SIZE + KIB(64), bitmap), 0);
		exact = true;
		for (unsigned int i = 0; i < 300; i++) {
			uint64_t from = fake_hart_random(&random_state) % PAGES;

			write_at_random(updates);
			if (i % 50 == 0)
				gstage_merge(&gstage, gpa(AT), SIZE);
			if (i % 20 == 0)
				read_log(from,
					 1 + fake_hart_random(&random_state) % (PAGES - from));
		}
		read_log(0, PAGES);
		/* A leaf that could not be split is told whole, and then no more. */
		exact = true;
		read_log(0, PAGES);
		assert_false(gstage_retry(&gstage, gpa(ROM), GSTAGE_WRITE));
		assert_true(gstage_retry(&gstage, gpa(ROM), GSTAGE_READ));
		gstage.tracked = false;
		gstage_untrack(&gstage, gpa(AT), SIZE + KIB(64));
		assert_int_equal(gstage.table_pages, tables);
		for (uint64_t at = AT; at < AT + SIZE; at += PAGE_SIZE)
			assert_int_equal(walker_look(&gstage, at).access, RWX);
	}
}

static void random_writes_by_faults(void **state)
{
	random_writes(false, false);
}

static void random_writes_with_64k_leaves(void **state)
{
	random_writes(false, true);
}

static void random_writes_by_hardware(void **state)
{
	random_writes(true, false);
}

static void random_writes_by_hardware_with_64k_leaves(void **state)
{
	random_writes(true, true);
}

static void leaf_without_memory_to_split_is_told_whole(void **state)
{
	gstage.dirty_by_hardware = true;
	assert_int_equal(gstage_map(&gstage, gpa(AT), hpa(HOST), SIZE, RWX), 0);
	assert_int_equal(gstage_track(&gstage, gpa(AT), SIZE), 0);
	fake_allocations_fail_after(0);
	guest_writes(AT + MIB(2) + KIB(8), false);
	fake_allocations_fail_after(-1);
	memset(bitmap, 0, sizeof(bitmap));
	/* A part of it is told, and stays in the log. */
	assert_int_equal(gstage_collect(&gstage, gpa(AT + MIB(2)), KIB(8), bitmap), 2);
	assert_int_equal(gstage_collect(&gstage, gpa(AT), SIZE, bitmap), 512);
	assert_int_equal(gstage_collect(&gstage, gpa(AT), SIZE, bitmap), 0);
	/* With memory it is split after all. */
	guest_writes(AT + MIB(2) + KIB(8), true);
	assert_int_equal(gstage_collect(&gstage, gpa(AT), SIZE, bitmap), 1);
	/* And stays so, whoever merges. */
	gstage_merge(&gstage, gpa(AT), SIZE);
	guest_writes(AT + MIB(2), true);
	assert_int_equal(gstage_collect(&gstage, gpa(AT), SIZE, bitmap), 1);
}

static void split_leaf_of_64k_is_writable(void **state)
{
	gstage.dirty_by_hardware = true;
	gstage.napot = true;
	assert_int_equal(gstage_map(&gstage, gpa(AT), hpa(HOST), KIB(64), RWX), 0);
	assert_int_equal(gstage_track(&gstage, gpa(AT), KIB(64)), 0);
	assert_false(walker_walk(&gstage, AT).access & GSTAGE_WRITE);
	guest_writes(AT + KIB(8), true);
	assert_true(walker_walk(&gstage, AT).access & GSTAGE_WRITE);
	guest_writes(AT, true);
	assert_int_equal(gstage_collect(&gstage, gpa(AT), KIB(64), bitmap), 2);
}

static void leaf_of_1g_is_split_to_the_page(void **state)
{
	gstage.dirty_by_hardware = true;
	assert_int_equal(gstage_map(&gstage, gpa(AT), hpa(HOST), GIB(1), RWX), 0);
	assert_int_equal(gstage_track(&gstage, gpa(AT), GIB(1)), 0);
	guest_writes(AT + MIB(200) + KIB(12), false);
	memset(bitmap, 0, sizeof(bitmap));
	assert_int_equal(gstage_collect(&gstage, gpa(AT + MIB(200)), SIZE, bitmap), 1);
	assert_int_equal(bitmap[0], BIT(3));
	assert_int_equal(walker_walk(&gstage, AT + MIB(200)).leaf, PAGE_SIZE);
	assert_int_equal(walker_walk(&gstage, AT + MIB(202)).leaf, MIB(2));
	guest_writes(AT + MIB(203), true);
	assert_int_equal(gstage_collect(&gstage, gpa(AT + MIB(200)), SIZE, bitmap), 1);
	gstage_untrack(&gstage, gpa(AT), GIB(1));
	assert_int_equal(walker_look(&gstage, AT).leaf, GIB(1));
}

static void access_to_nothing_is_not_tried_again(void **state)
{
	static const uint64_t nowhere[] = { 0, AT - PAGE_SIZE, AT + SIZE, BIT(41), UINT64_MAX };

	assert_int_equal(gstage_map(&gstage, gpa(AT), hpa(HOST), SIZE, RWX), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(nowhere); i++)
		for (unsigned int access = 1; access < 8; access++)
			assert_false(gstage_retry(&gstage, gpa(nowhere[i]), access));
	/* It was a fault of before. */
	assert_true(gstage_retry(&gstage, gpa(AT), GSTAGE_WRITE));
	assert_true(gstage_retry(&gstage, gpa(AT), GSTAGE_EXECUTE));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_writes_by_faults),
		TEST(random_writes_with_64k_leaves),
		TEST(random_writes_by_hardware),
		TEST(random_writes_by_hardware_with_64k_leaves),
		TEST(leaf_without_memory_to_split_is_told_whole),
		TEST(split_leaf_of_64k_is_writable),
		TEST(leaf_of_1g_is_split_to_the_page),
		TEST(access_to_nothing_is_not_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
