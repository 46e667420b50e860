/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small and large objects on the real page allocator: alignment, contents, and that every page
 * comes back. Includes the source to begin with empty lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"

#include "../../core/alloc.c"

#define BASE FAKE_ARENA_BASE
#define BANK MIB(16)

static uint64_t free_before;

static int setup(void **state)
{
	static bool added;

	fake_hart_reset();
	spin_init(&heap_lock, LOCK_HEAP);
	memset(partial, 0, sizeof(partial));
	large_blocks = NULL;
	if (!added)
		page_add(hpa(BASE), BANK);
	added = true;
	free_before = page_free_count();
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(page_free_count(), free_before);
	assert_null(large_blocks);
	return 0;
}

static bool is_clear(const void *memory, size_t size)
{
	const char *bytes = memory;

	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

static void every_size_is_aligned_zero_and_its_own(void **state)
{
	static void *objects[5000];

	for (size_t size = 1; size < ARRAY_SIZE(objects); size++) {
		objects[size] = alloc_zero(size);
		assert_non_null(objects[size]);
		assert_true(is_aligned((uintptr_t)objects[size], 32));
		assert_true(is_clear(objects[size], size));
		memset(objects[size], (int)size | 1, size);
		if (size >= 300)
			alloc_free(objects[size]);
	}
	for (size_t size = 1; size < 300; size++) {
		const char *bytes = objects[size];

		for (size_t i = 0; i < size; i++)
			assert_int_equal(bytes[i], (char)(size | 1));
		alloc_free(objects[size]);
	}
}

static void objects_of_a_power_of_two_are_naturally_aligned(void **state)
{
	for (size_t size = 32; size <= 65536; size *= 2) {
		void *object = alloc_zero(size);

		assert_true(is_aligned((uintptr_t)object, MIN(size, (size_t)PAGE_SIZE)));
		alloc_free(object);
	}
}

static void slots_of_one_page_are_used_before_another(void **state)
{
	void *objects[3];

	for (unsigned int i = 0; i < 3; i++)
		objects[i] = alloc_zero(1024);
	assert_int_equal(page_free_count(), free_before - 1);
	alloc_free(objects[1]);
	objects[1] = alloc_zero(1000);
	assert_int_equal(page_free_count(), free_before - 1);
	for (unsigned int i = 0; i < 3; i++)
		alloc_free(objects[i]);
}

static void full_page_that_gets_a_slot_back_is_used_again(void **state)
{
	void *objects[7];

	for (unsigned int i = 0; i < 7; i++)
		objects[i] = alloc_zero(1024);
	assert_int_equal(page_free_count(), free_before - 3);
	alloc_free(objects[0]);
	objects[0] = alloc_zero(1024);
	assert_int_equal(page_free_count(), free_before - 3);
	for (unsigned int i = 0; i < 7; i++)
		alloc_free(objects[(i * 3 + 1) % 7]);
}

static void reused_slot_is_zero_again(void **state)
{
	void *keeper = alloc_zero(64);
	void *object = alloc_zero(64);
	void *again;

	memset(object, 0xff, 64);
	alloc_free(object);
	again = alloc_zero(64);
	assert_ptr_equal(again, object);
	assert_true(is_clear(again, 64));
	alloc_free(again);
	alloc_free(keeper);
}

static void page_whose_last_slot_is_freed_goes_back_cleared(void **state)
{
	void *object = alloc_zero(200);
	uint64_t page = align_down(hva_to_hpa(object).v, PAGE_SIZE);

	memset(object, 0xee, 200);
	alloc_free(object);
	/* But for the links of a free block. */
	assert_true(fake_arena_is_clear(page + 16, PAGE_SIZE - 16));
}

static void large_block_goes_back_to_be_cleared(void **state)
{
	void *object = alloc_zero(20000);
	uint64_t block = hva_to_hpa(object).v;

	assert_int_equal(page_free_count(), free_before - 8 - 1);
	memset(object, 0xee, 20000);
	alloc_free(object);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(page_owner(hpa(block + i * PAGE_SIZE)), PAGE_OWNER_DIRTY);
}

static void null_is_freed(void **state)
{
	alloc_free(NULL);
}

static void size_beyond_the_largest_block_fails(void **state)
{
	assert_null(alloc_zero(GIB(1) + 1));
	assert_null(alloc_zero(SIZE_MAX));
	assert_null(alloc_zero(BANK));
}

static void exhaustion_fails_cleanly(void **state)
{
	static const size_t sizes[] = { 32, 100, 1024, 1025, 4096, 40000 };
	static void *objects[600000];

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t count = 0;

		while ((objects[count] = alloc_zero(sizes[i])))
			count++;
		assert_null(alloc_zero(sizes[i]));
		/* Large blocks share pages for their headers: one of those may be left. */
		if (sizes[i] <= 4096)
			assert_in_range(page_free_count(), 0, 1);
		while (count)
			alloc_free(objects[--count]);
		assert_int_equal(page_free_count(), free_before);
	}
}

static void random_use_keeps_objects_apart(void **state)
{
	static struct {
		unsigned char *memory;
		size_t size;
		unsigned char mark;
	} objects[400];
	uint64_t random = 7;

	for (unsigned int step = 0; step < 20000; step++) {
		uint64_t r = fake_hart_random(&random);
		unsigned int i = (unsigned int)(r % ARRAY_SIZE(objects));

		if (!objects[i].memory) {
			size_t limit = (size_t)1 << (r >> 16) % 14;

			objects[i].size = 1 + (r >> 32) % limit;
			objects[i].mark = (unsigned char)(r >> 8 | 1);
			objects[i].memory = alloc_zero(objects[i].size);
			assert_non_null(objects[i].memory);
			assert_true(is_clear(objects[i].memory, objects[i].size));
			memset(objects[i].memory, objects[i].mark, objects[i].size);
		} else {
			for (size_t at = 0; at < objects[i].size; at++)
				assert_int_equal(objects[i].memory[at], objects[i].mark);
			alloc_free(objects[i].memory);
			objects[i].memory = NULL;
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
		alloc_free(objects[i].memory);
}

static void what_was_never_allocated_cannot_be_freed(void **state)
{
	static _Alignas(4096) char page[8192];

	expect_assert_failure(alloc_free(page));
	spin_init(&heap_lock, LOCK_HEAP);
	fake_harts[0].lock_ranks = 0;
	expect_assert_failure(alloc_free(page + 64));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_size_is_aligned_zero_and_its_own, setup,
						teardown),
		cmocka_unit_test_setup_teardown(objects_of_a_power_of_two_are_naturally_aligned,
						setup, teardown),
		cmocka_unit_test_setup_teardown(slots_of_one_page_are_used_before_another, setup,
						teardown),
		cmocka_unit_test_setup_teardown(full_page_that_gets_a_slot_back_is_used_again,
						setup, teardown),
		cmocka_unit_test_setup_teardown(reused_slot_is_zero_again, setup, teardown),
		cmocka_unit_test_setup_teardown(page_whose_last_slot_is_freed_goes_back_cleared,
						setup, teardown),
		cmocka_unit_test_setup_teardown(large_block_goes_back_to_be_cleared, setup,
						teardown),
		cmocka_unit_test_setup_teardown(null_is_freed, setup, teardown),
		cmocka_unit_test_setup_teardown(size_beyond_the_largest_block_fails, setup,
						teardown),
		cmocka_unit_test_setup_teardown(exhaustion_fails_cleanly, setup, teardown),
		cmocka_unit_test_setup_teardown(random_use_keeps_objects_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_never_allocated_cannot_be_freed, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
