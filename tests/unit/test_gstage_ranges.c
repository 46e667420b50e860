/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random ranges that are mapped, unmapped, protected and merged, with all sizes of leaves, against
 * a model of the ranges and one of every page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "gstage_world.h"

#include <core/page.h>
#include <errno.h>

struct range {
	uint64_t at, to, size;
	unsigned int access;
};

static struct range ranges[300];
static unsigned int range_count;

static bool model_overlaps(struct range range)
{
	for (unsigned int i = 0; i < range_count; i++)
		if (range.at < ranges[i].at + ranges[i].size &&
		    ranges[i].at < range.at + range.size)
			return true;
	return false;
}

static void model_agrees_at(uint64_t at)
{
	struct walk found = look(at);

	for (unsigned int i = 0; i < range_count; i++)
		if (at >= ranges[i].at && at - ranges[i].at < ranges[i].size) {
			assert_true(found.mapped);
			assert_int_equal(found.hpa, ranges[i].to + (at - ranges[i].at));
			assert_int_equal(found.access, ranges[i].access);
			return;
		}
	assert_false(found.mapped);
}

/* A range of some pages, with alignments that invite all leaf sizes. */
static struct range random_range(uint64_t *random, uint64_t limit)
{
	static const uint64_t units[] = { KIB(4), KIB(4), KIB(64), MIB(2), MIB(2), GIB(1) };
	uint64_t r = fake_hart_random(random);
	uint64_t unit = units[r % 6];
	uint64_t window = r >> 8 & 1 ? 0 : limit - GIB(16);
	struct range range = {
		.at = window + (r >> 16) % GIB(16) / unit * unit,
		.to = HOST + (r >> 24) % GIB(64) / unit * unit,
		.size = (1 + (r >> 60)) * unit,
		.access = GSTAGE_READ | (unsigned int)(r >> 12 & (GSTAGE_WRITE | GSTAGE_EXECUTE)),
	};

	if ((r >> 9 & 7) == 0)
		range.size += KIB(4);
	if ((r >> 40 & 31) == 0)
		range.at = limit - range.size / 2 / PAGE_SIZE * PAGE_SIZE;
	return range;
}

static void random_maps_agree_with_a_model(void **state)
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		uint64_t limit = BIT(gstage_gpa_bits(levels));
		uint64_t random = levels;

		range_count = 0;
		assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
		for (unsigned int step = 0; step < 700; step++) {
			struct range range = random_range(&random, limit);
			uint64_t before = gstage_digest();
			uint64_t r = fake_hart_random(&random);
			int error;

			if (r % 4 == 0)
				fake_allocations_fail_after((long)(r >> 8) & 3);
			error = gstage_map(&gstage, gpa(range.at), hpa(range.to), range.size,
					   range.access);
			fake_allocations_fail_after(-1);
			if (range.at + range.size > limit)
				assert_int_equal(error, -ERANGE);
			else if (error != -ENOMEM)
				assert_int_equal(error, model_overlaps(range) ? -EEXIST : 0);
			if (error)
				assert_int_equal(gstage_digest(), before);
			else if (range_count < ARRAY_SIZE(ranges))
				ranges[range_count++] = range;
			else
				break;
			model_agrees_at(range.at);
			model_agrees_at(range.at - 1);
			model_agrees_at(range.at + range.size);
			model_agrees_at(range.at + range.size - 1);
			model_agrees_at(range.at + r % range.size);
		}
		for (unsigned int i = 0; i < range_count; i++) {
			model_agrees_at(ranges[i].at);
			model_agrees_at(ranges[i].at + ranges[i].size - 1);
		}
		assert_in_range(range_count, 50, ARRAY_SIZE(ranges));
		gstage_destroy(&gstage);
	}
}

#define WINDOW GIB(3)
#define PAGES (WINDOW / PAGE_SIZE)

static struct page {
	uint32_t to; /* host page number */
	uint8_t access; /* 0: not mapped */
} pages[PAGES];

static void check_page(uint64_t base, uint64_t at)
{
	const struct page *page = &pages[(at - base) / PAGE_SIZE];
	struct walk found = look(at);

	assert_int_equal(found.mapped, page->access != 0);
	if (!found.mapped)
		return;
	assert_int_equal(found.hpa, page->to * PAGE_SIZE + at % PAGE_SIZE);
	assert_int_equal(found.access, page->access);
}

/* Every page, leaf by leaf. */
static void check_window(uint64_t base)
{
	for (uint64_t at = base; at < base + WINDOW;) {
		struct walk found = look(at);
		uint64_t end = at + PAGE_SIZE;

		check_page(base, at);
		if (found.mapped)
			end = MIN(align_down(at, found.leaf) + found.leaf, base + WINDOW);
		for (at += PAGE_SIZE; at < end; at += PAGE_SIZE) {
			const struct page *page = &pages[(at - base) / PAGE_SIZE];

			assert_int_equal(page->access, found.access);
			assert_int_equal(page->to, page[-1].to + 1u);
		}
	}
}

static void model_set(uint64_t base, const struct range *range, bool all)
{
	for (uint64_t i = 0; i < range->size / PAGE_SIZE; i++) {
		struct page *page = &pages[(range->at - base) / PAGE_SIZE + i];

		if (all)
			page->to = (uint32_t)(range->to / PAGE_SIZE + i);
		if (all || page->access)
			page->access = (uint8_t)range->access;
	}
}

static bool model_is_free(uint64_t base, const struct range *range)
{
	for (uint64_t i = 0; i < range->size / PAGE_SIZE; i++)
		if (pages[(range->at - base) / PAGE_SIZE + i].access)
			return false;
	return true;
}

static int change(const struct range *range, unsigned int what)
{
	switch (what) {
	case 0:
		return gstage_map(&gstage, gpa(range->at), hpa(range->to), range->size,
				  range->access);
	case 1:
		return gstage_unmap(&gstage, gpa(range->at), range->size);
	case 2:
		return gstage_protect(&gstage, gpa(range->at), range->size, range->access);
	default:
		gstage_merge(&gstage, gpa(range->at), range->size);
		return 0;
	}
}

static void change_at_random(uint64_t base, uint64_t *random)
{
	uint64_t r = fake_hart_random(random);
	struct range range = random_range(random, base + GIB(16));
	unsigned int what = r % 4;
	int error;

	range.at = base + (range.at % GIB(16)) % WINDOW;
	range.size = MIN(range.size, base + WINDOW - range.at);
	/* Identity, often: then what was split can be joined again. */
	if (r & 16)
		range.to = HOST + (range.at - base);
	fake_allocations_fail_after(r % 5 == 0 ? (long)(r >> 8 & 3) : -1);
	error = change(&range, what);
	if (error != -ENOMEM)
		assert_int_equal(error, what || model_is_free(base, &range) ? 0 : -EEXIST);
	else
		assert_true(fake_allocation_failed());
	fake_allocations_fail_after(-1);
	range.access = what == 1 ? 0 : range.access;
	if (!error && what < 3)
		model_set(base, &range, what == 0);
	check_page(base, range.at);
	check_page(base, range.at + range.size - 1);
	if (range.at > base)
		check_page(base, range.at - 1);
	if (range.at + range.size < base + WINDOW)
		check_page(base, range.at + range.size);
}

static void random_changes_agree_with_a_model(void **state)
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		uint64_t base = levels == 4 ? BIT(50) - WINDOW : 0, random = levels;

		memset(pages, 0, sizeof(pages));
		assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
		hartset_add(&gstage.harts, 0);
		for (unsigned int step = 0; step < 3000; step++) {
			change_at_random(base, &random);
			if (step % 500 == 0)
				check_window(base);
			if (step % 50 == 0)
				gstage_digest();
		}
		check_window(base);
		/* Without any mapping nothing but the root is left. */
		assert_int_equal(gstage_unmap(&gstage, gpa(base), WINDOW), 0);
		assert_int_equal(gstage.table_pages, 4);
		gstage_digest();
		gstage_destroy(&gstage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_maps_agree_with_a_model),
		TEST(random_changes_agree_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
