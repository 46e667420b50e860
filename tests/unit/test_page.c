/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page allocator: what is given out, and that all of it comes back in its largest blocks.
 * Includes the source to lay out the banks anew for each test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"

#include "../../core/page.c"

#define BASE FAKE_ARENA_BASE
#define ORDERS (PAGE_MAX_ORDER + 1)

struct block {
	hpa_t page;
	unsigned int order;
};

static int setup(void **state)
{
	fake_hart_reset();
	spin_init(&page_lock, LOCK_PAGES);
	memset(page_banks, 0, sizeof(page_banks));
	page_bank_count = 0;
	pages_total = pages_free = 0;
	for (unsigned int i = 0; i < ORDERS; i++)
		list_init(&free_lists[i]);
	return 0;
}

static uint64_t bits_set(const struct bank *bank, unsigned int order)
{
	uint64_t words = (((bank->pages - 1) >> order) + 64) / 64;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < words; i++)
		sum += (uint64_t)__builtin_popcountll(bank->free_map[order][i]);
	return sum;
}

/*
 * How many blocks of each order are free. Each must be inside of its bank, aligned, marked, and
 * have a buddy that is not free; the marks and the number of free pages must say the same.
 */
static void free_blocks(uint64_t counts[ORDERS])
{
	uint64_t pages = 0;

	for (unsigned int order = 0; order < ORDERS; order++) {
		uint64_t marks = 0;

		counts[order] = 0;
		list_for_each(item, &free_lists[order]) {
			hpa_t page = hva_to_hpa(item);
			struct bank *bank = bank_of(page);
			uint64_t block;

			assert_non_null(bank);
			assert_true(is_aligned(page.v, PAGE_SIZE << order));
			assert_true(page.v >= bank->start.v);
			assert_true(page.v + (PAGE_SIZE << order) <=
				    bank->base.v + (bank->pages << PAGE_SHIFT));
			block = block_number(bank, page, order);
			assert_true(block_is_free(bank, block, order));
			if (order < PAGE_MAX_ORDER && (block ^ 1) << order < bank->pages)
				assert_false(block_is_free(bank, block ^ 1, order));
			counts[order]++;
		}
		for (unsigned int i = 0; i < page_bank_count; i++)
			marks += bits_set(&page_banks[i], order);
		assert_int_equal(marks, counts[order]);
		pages += counts[order] << order;
	}
	assert_int_equal(pages, page_free_count());
}

static void assert_all_back(const uint64_t before[ORDERS])
{
	uint64_t now[ORDERS];

	free_blocks(now);
	assert_memory_equal(now, before, sizeof(now));
}

static bool overlap(struct block a, struct block b)
{
	return a.page.v < b.page.v + (PAGE_SIZE << b.order) &&
	       b.page.v < a.page.v + (PAGE_SIZE << a.order);
}

static bool inside_some_bank(struct block block)
{
	for (unsigned int i = 0; i < page_bank_count; i++) {
		uint64_t end = page_banks[i].base.v + (page_banks[i].pages << PAGE_SHIFT);

		if (block.page.v > page_banks[i].start.v &&
		    block.page.v + (PAGE_SIZE << block.order) <= end)
			return true;
	}
	return false;
}

/* ---- one small bank ---- */

static void pages_of_a_bank_are_its_own_less_the_bitmaps(void **state)
{
	page_add(hpa(BASE), 16 * PAGE_SIZE);
	assert_int_equal(page_total(), 16);
	assert_int_equal(page_free_count(), 15);
}

static void bank_without_room_for_a_page_is_left_out(void **state)
{
	hpa_t page;

	page_add(hpa(BASE), PAGE_SIZE);
	assert_int_equal(page_total(), 0);
	assert_false(page_alloc(0, &page));
	page_add(hpa(BASE + MIB(4)), 2 * PAGE_SIZE);
	assert_int_equal(page_free_count(), 1);
	assert_true(page_alloc(0, &page));
	assert_int_equal(page.v, BASE + MIB(4) + PAGE_SIZE);
}

static void every_order_of_giving_back_merges_everything(void **state)
{
	uint64_t before[ORDERS];

	page_add(hpa(BASE), 64 * PAGE_SIZE);
	free_blocks(before);
	for (unsigned int sizes = 0; sizes < 256; sizes++) {
		for (unsigned int permutation = 0; permutation < 24; permutation++) {
			struct block blocks[4];
			unsigned int code = permutation;
			unsigned int count = 4;

			for (unsigned int i = 0; i < 4; i++) {
				blocks[i].order = sizes >> 2 * i & 3;
				assert_true(page_alloc(blocks[i].order, &blocks[i].page));
				for (unsigned int j = 0; j < i; j++)
					assert_false(overlap(blocks[i], blocks[j]));
			}
			while (count) {
				unsigned int choice = code % count;

				code /= count;
				page_free(blocks[choice].page, blocks[choice].order);
				blocks[choice] = blocks[--count];
			}
			assert_all_back(before);
		}
	}
}

static void block_may_come_back_in_parts(void **state)
{
	uint64_t before[ORDERS];
	hpa_t block;

	page_add(hpa(BASE), 32 * PAGE_SIZE);
	free_blocks(before);
	assert_true(page_alloc(3, &block));
	for (unsigned int i = 0; i < 8; i++)
		page_free(hpa(block.v + (i * 3 % 8) * PAGE_SIZE), 0);
	assert_all_back(before);
	assert_true(page_alloc(3, &block));
	page_free(hpa(block.v + 4 * PAGE_SIZE), 2);
	page_free(hpa(block.v + 2 * PAGE_SIZE), 1);
	page_free(block, 1);
	assert_all_back(before);
}

static void exhaustion_gives_every_page_once(void **state)
{
	static bool seen[64];
	uint64_t before[ORDERS];
	unsigned int count = 0;
	hpa_t page;

	page_add(hpa(BASE + 3 * PAGE_SIZE), 61 * PAGE_SIZE);
	free_blocks(before);
	memset(seen, 0, sizeof(seen));
	while (page_alloc(0, &page)) {
		uint64_t number = (page.v - BASE) >> PAGE_SHIFT;

		assert_in_range(number, 4, 63);
		assert_false(seen[number]);
		seen[number] = true;
		count++;
	}
	assert_int_equal(count, 60);
	assert_int_equal(page_free_count(), 0);
	for (unsigned int order = 0; order <= PAGE_MAX_ORDER + 2; order++)
		assert_false(page_alloc(order, &page));
	for (unsigned int i = 4; i < 64; i++)
		page_free(hpa(BASE + i * PAGE_SIZE), 0);
	assert_all_back(before);
}

static void smallest_block_that_fits_is_split(void **state)
{
	uint64_t before[ORDERS], after[ORDERS];
	hpa_t page;

	/* Pages 1, 2-3, 4-7, 8-15 are free. */
	page_add(hpa(BASE), 16 * PAGE_SIZE);
	free_blocks(before);
	assert_true(page_alloc(1, &page));
	assert_int_equal(page.v, BASE + 2 * PAGE_SIZE);
	free_blocks(after);
	assert_int_equal(after[3], before[3]);
	assert_int_equal(after[2], before[2]);
	assert_int_equal(after[1], before[1] - 1);
	assert_true(page_alloc(1, &page));
	assert_int_equal(page.v, BASE + 4 * PAGE_SIZE);
	free_blocks(after);
	assert_int_equal(after[3], before[3]);
	assert_int_equal(after[2], 0);
	assert_int_equal(after[1], 1);
}

/* ---- several banks ---- */

/* Four banks in the first GiB, none adjacent, and one over two GiB with odd ends. */
static void add_odd_banks(void)
{
	page_add(hpa(BASE + PAGE_SIZE), MIB(3));
	page_add(hpa(BASE + MIB(200)), MIB(56));
	page_add(hpa(BASE + MIB(256) + PAGE_SIZE), 77 * PAGE_SIZE);
	page_add(hpa(BASE + MIB(512)), MIB(100) + 5 * PAGE_SIZE);
	page_add(hpa(BASE + GIB(2) - 201 * PAGE_SIZE), GIB(1) + MIB(7) + 9 * PAGE_SIZE);
}

static void banks_of_one_gib_stay_apart(void **state)
{
	uint64_t before[ORDERS];
	struct block blocks[ORDERS * 8];
	unsigned int count = 0;

	add_odd_banks();
	free_blocks(before);
	for (unsigned int order = ORDERS; order-- > 0;)
		for (unsigned int i = 0; i < 8; i++) {
			struct block block = { .order = order };

			if (!page_alloc(order, &block.page))
				break;
			assert_true(inside_some_bank(block));
			for (unsigned int j = 0; j < count; j++)
				assert_false(overlap(block, blocks[j]));
			blocks[count++] = block;
		}
	assert_int_equal(blocks[0].order, PAGE_MAX_ORDER);
	assert_int_equal(blocks[0].page.v, BASE + GIB(2));
	for (unsigned int i = 0; i < count; i++)
		page_free(blocks[i].page, blocks[i].order);
	assert_all_back(before);
}

static void neighbouring_banks_do_not_merge(void **state)
{
	uint64_t before[ORDERS];
	struct block blocks[64];
	unsigned int count = 0;

	/* Halves of one 1 MiB block, each with its own bitmaps. */
	page_add(hpa(BASE), KIB(512));
	page_add(hpa(BASE + KIB(512)), KIB(512));
	free_blocks(before);
	assert_int_equal(before[8], 0);
	while (page_alloc(3, &blocks[count].page)) {
		blocks[count].order = 3;
		assert_true(inside_some_bank(blocks[count]));
		count++;
	}
	while (count)
		page_free(blocks[--count].page, 3);
	assert_all_back(before);
}

static void banks_beyond_the_last_are_ignored(void **state)
{
	for (unsigned int i = 0; i < PAGE_MAX_BANKS + 3; i++)
		page_add(hpa(BASE + i * MIB(1)), 8 * PAGE_SIZE);
	assert_int_equal(page_total(), PAGE_MAX_BANKS * 8);
}

static void random_use_gives_all_back(void **state)
{
	static struct block blocks[1500];
	uint64_t before[ORDERS], now[ORDERS];
	uint64_t random = 1;
	unsigned int count = 0;

	add_odd_banks();
	free_blocks(before);
	for (unsigned int step = 0; step < 60000; step++) {
		uint64_t r = fake_hart_random(&random);

		if (count < ARRAY_SIZE(blocks) && r % 100 < (step / 10000 % 2 ? 35 : 65)) {
			struct block *block = &blocks[count];

			block->order = (unsigned int)__builtin_ctzll(r >> 8 | BIT(PAGE_MAX_ORDER));
			if (page_alloc(block->order, &block->page)) {
				assert_true(inside_some_bank(*block));
				assert_true(is_aligned(block->page.v, PAGE_SIZE << block->order));
				count++;
			}
		} else if (count) {
			unsigned int choice = (unsigned int)((r >> 8) % count);

			page_free(blocks[choice].page, blocks[choice].order);
			blocks[choice] = blocks[--count];
		}
		if (step % 2000 == 0)
			free_blocks(now);
	}
	for (unsigned int i = 0; i < count; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_false(overlap(blocks[i], blocks[j]));
	while (count--)
		page_free(blocks[count].page, blocks[count].order);
	assert_all_back(before);
}

/* ---- contents ---- */

static void single_page_comes_cleared_and_goes_cleared(void **state)
{
	void *page;

	fake_arena_soil(BASE, MIB(1));
	page_add(hpa(BASE), MIB(1));
	page = page_alloc_zero();
	assert_non_null(page);
	assert_true(fake_arena_is_clear(hva_to_hpa(page).v, PAGE_SIZE));
	memset(page, 0x5a, PAGE_SIZE);
	page_free_hva(page);
	/* But for the links of a free block. */
	assert_true(fake_arena_is_clear(hva_to_hpa(page).v + 16, PAGE_SIZE - 16));
}

static void clear_memory_comes_out_without_the_allocators_links(void **state)
{
	struct block blocks[16];
	hpa_t block;

	memset(hpa_to_hva(hpa(BASE)), 0, MIB(1));
	page_add(hpa(BASE), MIB(1));
	/* Split to single pages and merged again: links were in many places. */
	for (unsigned int i = 0; i < ARRAY_SIZE(blocks); i++)
		assert_true(page_alloc(0, &blocks[i].page));
	for (unsigned int i = 0; i < ARRAY_SIZE(blocks); i++)
		page_free(blocks[i].page, 0);
	for (unsigned int order = 0; order <= 7; order++) {
		assert_true(page_alloc(order, &block));
		assert_true(fake_arena_is_clear(block.v, PAGE_SIZE << order));
		page_free(block, order);
	}
}

/* ---- broken invariants ---- */

static void page_that_is_free_cannot_be_freed(void **state)
{
	hpa_t page;

	page_add(hpa(BASE), MIB(1));
	assert_true(page_alloc(0, &page));
	page_free(page, 0);
	expect_assert_failure(page_free(page, 0));
}

static void page_inside_of_a_free_block_cannot_be_freed(void **state)
{
	page_add(hpa(BASE), MIB(1));
	expect_assert_failure(page_free(hpa(BASE + KIB(512) + 5 * PAGE_SIZE), 0));
}

static void page_of_no_bank_cannot_be_freed(void **state)
{
	page_add(hpa(BASE), MIB(1));
	expect_assert_failure(page_free(hpa(BASE + MIB(1)), 0));
}

static void block_that_is_not_aligned_cannot_be_freed(void **state)
{
	hpa_t block;

	page_add(hpa(BASE), MIB(1));
	assert_true(page_alloc(3, &block));
	expect_assert_failure(page_free(hpa(block.v + PAGE_SIZE), 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pages_of_a_bank_are_its_own_less_the_bitmaps, setup),
		cmocka_unit_test_setup(bank_without_room_for_a_page_is_left_out, setup),
		cmocka_unit_test_setup(every_order_of_giving_back_merges_everything, setup),
		cmocka_unit_test_setup(block_may_come_back_in_parts, setup),
		cmocka_unit_test_setup(exhaustion_gives_every_page_once, setup),
		cmocka_unit_test_setup(smallest_block_that_fits_is_split, setup),
		cmocka_unit_test_setup(banks_of_one_gib_stay_apart, setup),
		cmocka_unit_test_setup(neighbouring_banks_do_not_merge, setup),
		cmocka_unit_test_setup(banks_beyond_the_last_are_ignored, setup),
		cmocka_unit_test_setup(random_use_gives_all_back, setup),
		cmocka_unit_test_setup(single_page_comes_cleared_and_goes_cleared, setup),
		cmocka_unit_test_setup(clear_memory_comes_out_without_the_allocators_links, setup),
		cmocka_unit_test_setup(page_that_is_free_cannot_be_freed, setup),
		cmocka_unit_test_setup(page_inside_of_a_free_block_cannot_be_freed, setup),
		cmocka_unit_test_setup(page_of_no_bank_cannot_be_freed, setup),
		cmocka_unit_test_setup(block_that_is_not_aligned_cannot_be_freed, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
