/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walker that the tests of G-stage tables rest on, with tables made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "gstage_walker.h"

#define BASE FAKE_ARENA_BASE
/* V, U, A and D of a leaf. */
#define LEAF UINT64_C(0xd1)
#define R 2
#define W 4
#define X 8
#define NAPOT (UINT64_C(1) << 63)
#define PPN(page) ((uint64_t)(page) << 10)

static struct gstage gstage;

static uint64_t *table(unsigned int page)
{
	return hpa_to_hva(hpa(BASE + page * PAGE_SIZE));
}

/* Three levels: a root in pages 0 to 3, a table of 2 MiB leaves in 4, one of pages in 5. */
static int setup(void **state)
{
	fake_hart_reset();
	memset(table(0), 0, 6 * PAGE_SIZE);
	gstage = (struct gstage){ .root = hpa(BASE), .levels = 3, .table_pages = 6 };
	spin_init(&gstage.lock, LOCK_GSTAGE);
	table(0)[2047] = PPN(BASE / PAGE_SIZE + 4) | 1;
	table(4)[511] = PPN(BASE / PAGE_SIZE + 5) | 1;
	return 0;
}

static void entries_that_hardware_faults_on_are_found(void **state)
{
	static const struct {
		uint64_t entry;
		unsigned int level;
		bool good;
	} cases[] = {
		{ 0, 0, true },
		{ 2, 0, false },
		{ PPN(1), 0, false },
		{ PPN(1) | LEAF | R, 0, true },
		{ PPN(1) | LEAF | R | W | X, 0, true },
		{ PPN(1) | LEAF | X, 0, true },
		{ PPN(1) | LEAF | W, 0, false },
		{ PPN(1) | LEAF | W | X, 0, false },
		{ (PPN(1) | LEAF | R | W) & ~UINT64_C(0x80), 0, true }, /* D is clear */
		{ (PPN(1) | LEAF | R) & ~UINT64_C(0x40), 0, false }, /* A */
		{ (PPN(1) | LEAF | R) & ~UINT64_C(0x10), 0, false }, /* U */
		{ PPN(1) | LEAF | R | 0x20, 0, false }, /* G */
		{ PPN(1) | LEAF | R | BIT(54), 0, false },
		{ PPN(1) | LEAF | R | BIT(60), 0, false },
		{ PPN(1) | LEAF | R | BIT(61), 0, true },
		{ PPN(1) | LEAF | R | BIT(62), 0, true },
		{ PPN(1) | LEAF | R | BIT(61) | BIT(62), 0, false },
		{ PPN(BIT(44) - 1) | LEAF | R, 0, true },
		/* Superpages. */
		{ PPN(512) | LEAF | R, 1, true },
		{ PPN(513) | LEAF | R, 1, false },
		{ PPN(256) | LEAF | R, 1, false },
		{ PPN(512) | LEAF | R, 2, false },
		{ PPN(512 * 512) | LEAF | R, 2, true },
		{ PPN(512 * 512 * 512) | LEAF | R, 3, true },
		/* Svnapot. */
		{ PPN(8) | LEAF | R | NAPOT, 0, true },
		{ PPN(24) | LEAF | R | NAPOT, 0, true },
		{ PPN(16) | LEAF | R | NAPOT, 0, false },
		{ PPN(9) | LEAF | R | NAPOT, 0, false },
		{ PPN(4) | LEAF | R | NAPOT, 0, false },
		{ PPN(512) | LEAF | R | NAPOT, 1, false },
		/* Pointers. */
		{ PPN(BASE / PAGE_SIZE) | 1, 1, true },
		{ PPN(BASE / PAGE_SIZE) | 1, 0, false },
		{ PPN(1) | 1, 1, false },
		{ PPN(BASE / PAGE_SIZE) | 0x11, 1, false },
		{ PPN(BASE / PAGE_SIZE) | 0x41, 1, false },
		{ PPN(BASE / PAGE_SIZE) | 0x81, 1, false },
		{ PPN(BASE / PAGE_SIZE) | 1 | NAPOT, 1, false },
		{ PPN(BASE / PAGE_SIZE) | 1 | BIT(61), 1, false },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *fault = walker_fault(cases[i].entry, cases[i].level);

		if (!fault != cases[i].good)
			fail_msg("case %u: %s", i, fault ? fault : "no fault");
	}
}

static void pages_at_the_end_of_the_root_are_found(void **state)
{
	table(5)[511] = PPN(0x12345) | LEAF | R;
	assert_int_equal(walker_look(&gstage, BIT(41) - 1).hpa, 0x12345fff);
	assert_int_equal(walker_look(&gstage, BIT(41) - 1).leaf, KIB(4));
	assert_int_equal(walker_walk(&gstage, BIT(41) - 1).tables[2], BASE + 5 * PAGE_SIZE);
	assert_false(walker_look(&gstage, BIT(41) - KIB(4) - 1).mapped);
	assert_false(walker_look(&gstage, BIT(41)).mapped);
	assert_false(walker_look(&gstage, BIT(42) - 1).mapped);
	assert_false(walker_look(&gstage, BIT(39) - 1).mapped);
}

static void leaves_found(void *opaque, const struct walker_leaves *leaves)
{
	struct walker_leaves *list = *(struct walker_leaves **)opaque;

	*list = *leaves;
	(*(struct walker_leaves **)opaque)++;
}

static void svnapot_leaf_maps_sixteen_pages(void **state)
{
	uint64_t first = BIT(41) - MIB(2) + KIB(64);
	struct walker_leaves list[2], *next = list;

	for (unsigned int i = 16; i < 32; i++)
		table(5)[i] = PPN(0x12348) | LEAF | R | W | NAPOT | BIT(61);
	for (unsigned int i = 0; i < 16; i++) {
		struct walk walk = walker_walk(&gstage, first + i * PAGE_SIZE + 5);

		assert_true(walk.mapped);
		assert_int_equal(walk.hpa, 0x12340005 + i * PAGE_SIZE);
		assert_int_equal(walk.leaf, KIB(64));
		assert_int_equal(walk.access, GSTAGE_READ | GSTAGE_WRITE);
		assert_int_equal(walk.memory_type, 1);
		assert_true(walk.dirty);
	}
	assert_false(walker_walk(&gstage, first - 1).mapped);
	assert_false(walker_walk(&gstage, first + KIB(64)).mapped);
	walker_sweep(&gstage, leaves_found, &next);
	assert_int_equal(next - list, 1);
	assert_int_equal(list[0].at, first);
	assert_int_equal(list[0].hpa, 0x12340000);
	assert_int_equal(list[0].size, KIB(64));
}

static void sweep_finds_leaves_in_their_order(void **state)
{
	struct walker_leaves list[8], *next = list;
	struct walker_sweep sweep;

	table(0)[3] = PPN(512 * 512) | LEAF | R;
	table(0)[4] = PPN(512 * 512 * 2) | LEAF | R;
	table(0)[5] = PPN(512 * 512 * 3) | LEAF | R | W;
	table(5)[0] = PPN(7) | LEAF | X;
	sweep = walker_sweep(&gstage, leaves_found, &next);
	assert_int_equal(next - list, 3);
	assert_int_equal(list[0].at, GIB(3));
	assert_int_equal(list[0].size, GIB(2));
	assert_int_equal(list[0].leaf, GIB(1));
	assert_int_equal(list[1].access, GSTAGE_READ | GSTAGE_WRITE);
	assert_int_equal(list[2].at, BIT(41) - MIB(2));
	assert_int_equal(list[2].hpa, 7 * PAGE_SIZE);
	assert_int_equal(sweep.pages, 6);
	assert_int_equal(sweep.empty, 0);
	table(5)[0] = 0;
	assert_int_equal(walker_sweep(&gstage, NULL, NULL).empty, 1);
	assert_int_not_equal(walker_sweep(&gstage, NULL, NULL).digest, sweep.digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(entries_that_hardware_faults_on_are_found, setup),
		cmocka_unit_test_setup(pages_at_the_end_of_the_root_are_found, setup),
		cmocka_unit_test_setup(svnapot_leaf_maps_sixteen_pages, setup),
		cmocka_unit_test_setup(sweep_finds_leaves_in_their_order, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
