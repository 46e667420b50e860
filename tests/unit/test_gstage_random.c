/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random changes of G-stage tables against a model of every page of three windows: near address 0,
 * around 512 GiB, and below the mode's limit. Allocations fail at random. Host memory belongs to
 * the VM, with pages of others next to it and in the midst of it, which must never be reached. The
 * number of changes is GSTAGE_CHANGES of the environment, GSTAGE_SEED begins another sequence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "fake_owner.h"
#include "gstage_walker.h"

#include <core/page.h>
#include <errno.h>

#define WINDOWS 3
#define WINDOW GIB(2)
#define WINDOW_PAGES (WINDOW / PAGE_SIZE)
#define CHANGES 100000
#define FULL_CHECK 1000 /* changes between two comparisons of all pages */
/* Somewhere that no table is: mapped memory is never touched. */
#define HOST GIB(4096)

/* One window and what it may be mapped askew; then nothing of the VM. */
#define PART GIB(8)
#define OWN (WINDOW + MIB(16))
#define OWNER (PAGE_OWNER_VM + 1)

/* Of each part: the VM's, but for two pages of others in it, and one of another VM behind it. */
static const struct fake_owned owned[] = {
#define OF(base, bytes, whose) { .at = base, .size = bytes, .owner = whose }
#define PART_OF(at)                                                                              \
	OF((at) - KIB(4), KIB(4), PAGE_OWNER_FIRMWARE), OF(at, MIB(3), OWNER),                   \
		OF((at) + MIB(3), KIB(4), FAKE_OWNED_WITHIN(PAGE_OWNER_HYPERVISOR, OWNER)),      \
		OF((at) + MIB(3) + KIB(4), GIB(1) - MIB(3), OWNER),                              \
		OF((at) + GIB(1) + KIB(4), KIB(4), FAKE_OWNED_WITHIN(PAGE_OWNER_VM + 2, OWNER)), \
		OF((at) + GIB(1) + KIB(8), OWN - GIB(1) - KIB(8), OWNER),                        \
		OF((at) + OWN, KIB(8), PAGE_OWNER_VM + 2),                                       \
		OF((at) + OWN + KIB(8), WINDOW, PAGE_OWNER_FREE)
	PART_OF(HOST),
	PART_OF(HOST + PART),
	PART_OF(HOST + 2 * PART),
};

enum what { MAP, UNMAP, PROTECT, MERGE, WHATS };

struct change {
	enum what what;
	unsigned int window;
	uint64_t at, to, size;
	unsigned int access;
};

static struct page {
	uint32_t to; /* host page number */
	uint8_t access; /* 0: not mapped */
} pages[WINDOWS][WINDOW_PAGES];

static struct gstage gstage;
static uint64_t windows[WINDOWS];
static uint64_t limit, free_before, random_state, failures, refusals;

static int setup(void **state)
{
	free_before = walker_memory();
	fake_owners_set(owned, ARRAY_SIZE(owned));
	return 0;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static uint64_t below(uint64_t bound)
{
	return fake_hart_random(&random_state) % bound;
}

/* ---- the model ---- */

static struct page *page_of(unsigned int window, uint64_t at)
{
	return &pages[window][(at - windows[window]) / PAGE_SIZE];
}

static int model_result(const struct change *change)
{
	const struct page *page = page_of(change->window, change->at);

	if (change->at + change->size > limit)
		return -ERANGE;
	if (change->what == MAP && !fake_owner_has(change->to, change->size, OWNER))
		return -EPERM;
	for (uint64_t i = 0; change->what == MAP && i < change->size / PAGE_SIZE; i++)
		if (page[i].access)
			return -EEXIST;
	return 0;
}

static void model_apply(const struct change *change)
{
	struct page *page = page_of(change->window, change->at);

	if (change->what == MERGE)
		return;
	for (uint64_t i = 0; i < change->size / PAGE_SIZE; i++) {
		if (change->what == MAP)
			page[i].to = (uint32_t)(change->to / PAGE_SIZE + i);
		if (change->what == UNMAP)
			page[i].access = 0;
		else if (change->what == MAP || page[i].access)
			page[i].access = (uint8_t)change->access;
	}
}

/* ---- the tables say what the model does ---- */

static void check_page(unsigned int window, uint64_t at)
{
	/* Nothing is ever mapped behind a window. */
	bool inside = at < windows[window] + WINDOW;
	const struct page nothing = { 0 }, *page = inside ? page_of(window, at) : &nothing;
	struct walk found = walker_look(&gstage, at);

	assert_int_equal(found.mapped, page->access != 0);
	if (!found.mapped)
		return;
	assert_int_equal(found.hpa, page->to * PAGE_SIZE + at % PAGE_SIZE);
	assert_int_equal(found.access, page->access);
}

/* The page next to each end of the range on either side, and some inside of it. */
static void check_range(const struct change *change)
{
	uint64_t end = change->at + change->size;

	check_page(change->window, change->at);
	if (change->at > windows[change->window])
		check_page(change->window, change->at - 1);
	check_page(change->window, end);
	if (end <= limit) {
		check_page(change->window, end - 1);
		for (unsigned int i = 0; i < 4; i++)
			check_page(change->window, change->at + below(change->size));
	}
	for (unsigned int i = 0; i < WINDOWS; i++)
		check_page(i, windows[i] + below(WINDOW));
}

struct comparison {
	unsigned int window;
	uint64_t at; /* all before is compared */
};

static void nothing_is_mapped(struct comparison *comparison, uint64_t end)
{
	for (; comparison->at < end; comparison->at += PAGE_SIZE)
		if (page_of(comparison->window, comparison->at)->access)
			fail_msg("%#lx is not mapped", (long)comparison->at);
}

static void leaves_found(void *opaque, const struct walker_leaves *leaves)
{
	struct comparison *comparison = opaque;
	const struct page *page;

	while (leaves->at >= windows[comparison->window] + WINDOW) {
		nothing_is_mapped(comparison, windows[comparison->window] + WINDOW);
		assert_true(++comparison->window < WINDOWS);
		comparison->at = windows[comparison->window];
	}
	assert_true(leaves->at >= windows[comparison->window]);
	assert_int_equal(leaves->memory_type, 0);
	nothing_is_mapped(comparison, leaves->at);
	page = page_of(comparison->window, leaves->at);
	assert_true(fake_owner_has(leaves->hpa, leaves->size, OWNER));
	for (uint64_t i = 0; i < leaves->size / PAGE_SIZE; i++)
		if (page[i].access != leaves->access || page[i].to != leaves->hpa / PAGE_SIZE + i)
			fail_msg("%#lx is mapped to %#lx, access %u",
				 (long)(leaves->at + i * PAGE_SIZE),
				 (long)(leaves->hpa + i * PAGE_SIZE), leaves->access);
	comparison->at += leaves->size;
}

/* All pages, and how many pages the tables take. */
static void check_all(void)
{
	struct comparison comparison = { 0, windows[0] };
	struct walker_sweep sweep = walker_sweep(&gstage, leaves_found, &comparison);

	nothing_is_mapped(&comparison, windows[comparison.window] + WINDOW);
	while (++comparison.window < WINDOWS) {
		comparison.at = windows[comparison.window];
		nothing_is_mapped(&comparison, comparison.at + WINDOW);
	}
	assert_int_equal(page_free_count() + sweep.pages, free_before);
	assert_int_equal(sweep.empty, 0);
}

/* ---- changes ---- */

/* A place near a border that matters, or anywhere. */
static uint64_t random_offset(void)
{
	static const uint64_t units[] = { KIB(4), KIB(64), MIB(2), MIB(2), GIB(1), GIB(1) };
	uint64_t unit = units[below(ARRAY_SIZE(units))];
	uint64_t offset = below(WINDOW / unit) * unit;

	/* A quarter a bit before or behind it. */
	if (below(4) == 0)
		offset += (below(8) - 4) * PAGE_SIZE;
	return offset % WINDOW;
}

static uint64_t random_size(void)
{
	switch (below(16)) {
	case 0:
		return GIB(1);
	case 1:
		return MIB(2) * (1 + below(512));
	case 2:
	case 3:
	case 4:
	case 5:
		return MIB(2) * (1 + below(4));
	case 6:
	case 7:
		return KIB(64) * (1 + below(64));
	case 8:
		return MIB(2) - KIB(4) * below(8);
	default:
		return PAGE_SIZE * (1 + below(40));
	}
}

static struct change random_change(void)
{
	static const unsigned int accesses[] = { 1, 3, 4, 5, 7, 7, 7, 7 };
	struct change change = {
		.what = below(WHATS),
		.window = (unsigned int)below(WINDOWS),
		.size = random_size(),
		.access = accesses[below(8)],
	};
	uint64_t end = windows[change.window] + WINDOW;

	change.at = windows[change.window] + random_offset();
	/* The same distance, often, so that leaves are large and can be joined. */
	change.to = HOST + change.window * PART + (change.at - windows[change.window]);
	if (below(4) == 0)
		change.to += below(2) ? MIB(2) : PAGE_SIZE * below(1024);
	/* What is misaligned takes an entry for each page. */
	if ((change.to - change.at) % MIB(2))
		change.size = MIN(change.size, MIB(8));
	/* Not its own, or not to the end. */
	if (below(8) == 0)
		change.to += OWN - (change.at - windows[change.window]) -
			     PAGE_SIZE * below(change.size / PAGE_SIZE + 2);
	if (end == limit && change.what != MERGE && below(64) == 0)
		change.at = limit - change.size / 2 / PAGE_SIZE * PAGE_SIZE;
	else
		change.size = MIN(change.size, end - change.at);
	return change;
}

static int perform(const struct change *change)
{
	switch (change->what) {
	case MAP:
		return gstage_map(&gstage, gpa(change->at), hpa(change->to), change->size,
				  change->access);
	case UNMAP:
		return gstage_unmap(&gstage, gpa(change->at), change->size);
	case PROTECT:
		return gstage_protect(&gstage, gpa(change->at), change->size, change->access);
	default:
		gstage_merge(&gstage, gpa(change->at), change->size);
		return 0;
	}
}

static void change_once(void)
{
	struct change change = random_change();
	int wanted = model_result(&change), result;
	uint64_t free = page_free_count();

	fake_allocations_fail_after(below(4) ? -1 : (long)below(5));
	result = perform(&change);
	if (fake_allocation_failed() && (wanted == 0 || result == -ENOMEM))
		wanted = -ENOMEM;
	failures += fake_allocation_failed();
	refusals += result == -EPERM;
	fake_allocations_fail_after(-1);
	assert_int_equal(result, wanted);
	if (!result)
		model_apply(&change);
	else
		assert_true(page_free_count() >= free);
	check_range(&change);
}

static void change_many(unsigned int levels, uint64_t count)
{
	uint64_t seed = number_of("GSTAGE_SEED", 0);

	random_state = seed << 8 | levels;
	failures = refusals = 0;
	limit = BIT(gstage_gpa_bits(levels));
	windows[1] = GIB(511);
	windows[2] = limit - WINDOW;
	memset(pages, 0, sizeof(pages));
	memset(&gstage, 0, sizeof(gstage));
	assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
	hartset_add(&gstage.harts, 0);
	for (uint64_t i = 0; i < count; i++) {
		change_once();
		if (i % FULL_CHECK == 0)
			check_all();
	}
	check_all();
	/* Too few would say that the changes are not what they are meant to be. */
	assert_in_range(failures, count / 100, count);
	assert_in_range(refusals, count / 100, count / 5);
	for (unsigned int i = 0; i < WINDOWS; i++)
		assert_int_equal(gstage_unmap(&gstage, gpa(windows[i]), WINDOW), 0);
	assert_int_equal(gstage.table_pages, 4);
	gstage_destroy(&gstage);
	assert_int_equal(page_free_count(), free_before);
	assert_int_equal(fake_harts[0].lock_ranks, 0);
}

static void random_changes_of_three_levels(void **state)
{
	change_many(3, number_of("GSTAGE_CHANGES", CHANGES) / 3);
}

static void random_changes_of_four_levels(void **state)
{
	change_many(4, number_of("GSTAGE_CHANGES", CHANGES) / 3);
}

static void random_changes_of_five_levels(void **state)
{
	change_many(5, number_of("GSTAGE_CHANGES", CHANGES) / 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(random_changes_of_three_levels, setup),
		cmocka_unit_test_setup(random_changes_of_four_levels, setup),
		cmocka_unit_test_setup(random_changes_of_five_levels, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
