/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's APLIC in direct mode against AIA 1.0, 4.8: interrupt delivery control structures,
 * the order of sources, claims, and the lines to the vCPUs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aplic_world.h"

#define SOURCES 70
#define VCPUS 3

static int set_up(void **state)
{
	const struct aplic_config config = { .sources = SOURCES, .vcpus = VCPUS };

	(void)state;
	return aplic_begin(&config);
}

static void source_setup(unsigned int source, uint32_t mode, unsigned int hart, unsigned int prio)
{
	put(SOURCECFG(source), mode);
	put(TARGET(source), hart << 18 | prio);
	put(SETIENUM, source);
}

static void delivery_on(unsigned int hart)
{
	put(DOMAINCFG, IE);
	put(IDELIVERY(hart), 1);
}

static uint32_t topi(unsigned int source, unsigned int prio)
{
	return source << 16 | prio;
}

static void window_has_room_for_the_idcs(void **state)
{
	struct aplic_config config = { .sources = 1, .vcpus = 128 };

	(void)state;
	assert_int_equal(aplic->size, 0x5000);
	assert_int_equal(aplic_size(&config), 0x5000);
	config.vcpus = 129;
	assert_int_equal(aplic_size(&config), 0x6000);
}

static void delivery_mode_is_direct_and_fixed(void **state)
{
	(void)state;
	put(DOMAINCFG, 0xffffffff);
	assert_int_equal(get(DOMAINCFG), 0x80000100);
}

static void genmsi_is_read_only_zero(void **state)
{
	(void)state;
	put(GENMSI, 1 << 18 | 5);
	assert_int_equal(get(GENMSI), 0);
	assert_int_equal(vm->msi_count, 0);
}

static void priority_zero_becomes_one(void **state)
{
	(void)state;
	put(SOURCECFG(7), EDGE1);
	assert_int_equal(get(TARGET(7)), 1);
	put(TARGET(7), 2 << 18 | 0x3ff00);
	assert_int_equal(get(TARGET(7)), 2 << 18 | 1);
	put(TARGET(7), 0xffffffff);
	assert_int_equal(get(TARGET(7)), 0xfffc00ff);
}

static void idc_registers_keep_their_width(void **state)
{
	(void)state;
	for (unsigned int hart = 0; hart < VCPUS; hart++) {
		for (uint64_t offset = 0; offset < 32; offset += 4)
			put(IDELIVERY(hart) + offset, 0xfffffffe);
		assert_int_equal(get(IDELIVERY(hart)), 0);
		assert_int_equal(get(IFORCE(hart)), 0);
		assert_int_equal(get(ITHRESHOLD(hart)), 0xfe);
		put(IDELIVERY(hart), 0xffffffff);
		put(IFORCE(hart), 0xffffffff);
		assert_int_equal(get(IDELIVERY(hart)), 1);
		assert_int_equal(get(IFORCE(hart)), 1);
		for (uint64_t offset = 0x0c; offset < 0x18; offset += 4)
			assert_int_equal(get(IDELIVERY(hart) + offset), 0);
	}
}

static void idcs_of_no_vcpu_are_read_only_zero(void **state)
{
	(void)state;
	put(DOMAINCFG, IE);
	for (uint64_t offset = IDELIVERY(VCPUS); offset < aplic->size; offset += 4) {
		put(offset, 0xffffffff);
		assert_int_equal(get(offset), 0);
	}
	assert_int_equal(vm->extirq_changes, 0);
}

static void line_follows_an_asserted_level(void **state)
{
	(void)state;
	delivery_on(1);
	source_setup(7, LEVEL1, 1, 3);
	assert_false(vm->extirq[1]);
	aplic_source_set(aplic, 7, true);
	assert_true(vm->extirq[1]);
	assert_int_equal(get(TOPI(1)), topi(7, 3));
	aplic_source_set(aplic, 7, false);
	assert_false(vm->extirq[1]);
	assert_int_equal(get(TOPI(1)), 0);
	assert_false(vm->extirq[0]);
}

static void line_needs_ie_and_idelivery_but_topi_does_not(void **state)
{
	(void)state;
	source_setup(7, LEVEL1, 1, 3);
	aplic_source_set(aplic, 7, true);
	assert_int_equal(get(TOPI(1)), topi(7, 3));
	assert_false(vm->extirq[1]);
	put(IDELIVERY(1), 1);
	assert_false(vm->extirq[1]);
	put(DOMAINCFG, IE);
	assert_true(vm->extirq[1]);
	put(IDELIVERY(1), 0);
	assert_false(vm->extirq[1]);
	put(IDELIVERY(1), 1);
	put(DOMAINCFG, 0);
	assert_false(vm->extirq[1]);
}

static void line_is_told_only_when_it_changes(void **state)
{
	(void)state;
	delivery_on(0);
	for (unsigned int source = 1; source <= SOURCES; source++) {
		source_setup(source, EDGE1, 0, source);
		put(SETIPNUM, source);
	}
	assert_int_equal(vm->extirq_changes, 1);
	while (get(CLAIMI(0)) != 0)
		;
	assert_int_equal(vm->extirq_changes, 2);
}

static void claim_clears_an_edge(void **state)
{
	(void)state;
	delivery_on(0);
	source_setup(7, EDGE1, 0, 3);
	aplic_source_set(aplic, 7, true);
	assert_int_equal(get(TOPI(0)), topi(7, 3));
	assert_true(pending(7));
	assert_int_equal(get(CLAIMI(0)), topi(7, 3));
	assert_false(pending(7));
	assert_false(vm->extirq[0]);
	assert_int_equal(get(CLAIMI(0)), 0);
}

static void claim_does_not_clear_a_level(void **state)
{
	(void)state;
	delivery_on(0);
	source_setup(7, LEVEL1, 0, 3);
	aplic_source_set(aplic, 7, true);
	assert_int_equal(get(CLAIMI(0)), topi(7, 3));
	assert_int_equal(get(CLAIMI(0)), topi(7, 3));
	assert_true(vm->extirq[0]);
}

static void pending_bit_of_a_level_is_its_rectified_input(void **state)
{
	(void)state;
	put(SOURCECFG(7), LEVEL0);
	assert_true(pending(7));
	put(CLRIPNUM, 7);
	put(IN_CLRIP(0), BIT(7));
	assert_true(pending(7));
	aplic_source_set(aplic, 7, true);
	put(SETIPNUM, 7);
	put(SETIP(0), BIT(7));
	assert_false(pending(7));
	put(SOURCECFG(7), LEVEL1);
	assert_true(pending(7));
}

static void lower_priority_number_then_lower_source_comes_first(void **state)
{
	(void)state;
	source_setup(9, DETACHED, 0, 5);
	source_setup(8, DETACHED, 0, 6);
	source_setup(40, DETACHED, 0, 5);
	source_setup(70, DETACHED, 0, 4);
	put(SETIP(0), 0xffffffff);
	put(SETIP(1), 0xffffffff);
	put(SETIP(2), 0xffffffff);
	assert_int_equal(get(CLAIMI(0)), topi(70, 4));
	assert_int_equal(get(CLAIMI(0)), topi(9, 5));
	assert_int_equal(get(CLAIMI(0)), topi(40, 5));
	assert_int_equal(get(CLAIMI(0)), topi(8, 6));
	assert_int_equal(get(CLAIMI(0)), 0);
}

static void threshold_blocks_its_priority_and_larger_numbers(void **state)
{
	(void)state;
	delivery_on(0);
	source_setup(9, DETACHED, 0, 5);
	put(SETIPNUM, 9);
	assert_true(vm->extirq[0]);
	put(ITHRESHOLD(0), 5);
	assert_false(vm->extirq[0]);
	assert_int_equal(get(TOPI(0)), 0);
	assert_int_equal(get(CLAIMI(0)), 0);
	assert_true(pending(9));
	put(ITHRESHOLD(0), 6);
	assert_true(vm->extirq[0]);
	put(ITHRESHOLD(0), 0);
	assert_int_equal(get(CLAIMI(0)), topi(9, 5));
}

static void iforce_makes_a_spurious_interrupt_that_a_claim_ends(void **state)
{
	(void)state;
	put(IFORCE(0), 1);
	assert_false(vm->extirq[0]);
	delivery_on(0);
	assert_true(vm->extirq[0]);
	assert_int_equal(get(TOPI(0)), 0);
	assert_int_equal(get(IFORCE(0)), 1);
	assert_int_equal(get(CLAIMI(0)), 0);
	assert_int_equal(get(IFORCE(0)), 0);
	assert_false(vm->extirq[0]);
}

static void iforce_outlives_a_claim_that_finds_a_source(void **state)
{
	(void)state;
	delivery_on(0);
	source_setup(9, DETACHED, 0, 5);
	put(SETIPNUM, 9);
	put(IFORCE(0), 1);
	assert_int_equal(get(CLAIMI(0)), topi(9, 5));
	assert_int_equal(get(IFORCE(0)), 1);
	assert_true(vm->extirq[0]);
}

static void retargeting_moves_the_line(void **state)
{
	(void)state;
	delivery_on(0);
	delivery_on(2);
	source_setup(9, LEVEL1, 0, 5);
	aplic_source_set(aplic, 9, true);
	assert_true(vm->extirq[0]);
	put(TARGET(9), 2 << 18 | 6);
	assert_false(vm->extirq[0]);
	assert_true(vm->extirq[2]);
	assert_int_equal(get(TOPI(2)), topi(9, 6));
	/* A hart that is not there takes it away, and it comes back from there. */
	put(TARGET(9), VCPUS << 18 | 6);
	assert_false(vm->extirq[2]);
	put(TARGET(9), 0xfffc0006);
	put(TARGET(9), 0 << 18 | 7);
	assert_true(vm->extirq[0]);
	assert_int_equal(get(TOPI(0)), topi(9, 7));
}

static void making_a_source_inactive_lowers_its_line(void **state)
{
	(void)state;
	delivery_on(1);
	source_setup(9, LEVEL1, 1, 5);
	aplic_source_set(aplic, 9, true);
	assert_true(vm->extirq[1]);
	put(SOURCECFG(9), INACTIVE);
	assert_false(vm->extirq[1]);
	assert_int_equal(get(TOPI(1)), 0);
}

static void reset_lowers_the_lines(void **state)
{
	(void)state;
	delivery_on(1);
	put(IFORCE(1), 1);
	put(ITHRESHOLD(1), 9);
	assert_true(vm->extirq[1]);
	aplic->ops->reset(aplic);
	assert_false(vm->extirq[1]);
	for (uint64_t offset = 4; offset < aplic->size; offset += 4)
		assert_int_equal(get(offset), 0);
}

/** topi of @hart as the standard words it, from nothing but registers that can be read. */
static uint32_t expected_topi(unsigned int hart)
{
	uint32_t best = 0, threshold = get(ITHRESHOLD(hart));

	for (unsigned int source = 1; source <= SOURCES; source++) {
		uint32_t target = get(TARGET(source)), prio = target & 0xff;

		if (!pending(source) || !(get(SETIE(source / 32)) >> (source % 32) & 1) ||
		    target >> 18 != hart || (threshold != 0 && prio >= threshold))
			continue;
		if (best == 0 || prio < (best & 0xff))
			best = topi(source, prio);
	}
	return best;
}

static void random_step(uint64_t *seed)
{
	static const uint64_t numbers[] = { SETIPNUM, CLRIPNUM, SETIENUM, SETIENUM, CLRIENUM };
	static const uint64_t bitmaps[] = { 0x1c00, 0x1d00, 0x1e00, 0x1f00 };
	uint64_t r = fake_random(seed);
	unsigned int source = 1 + (r >> 8 & 0xff) % SOURCES, hart = r >> 16 & 3;
	uint32_t value = (uint32_t)fake_random(seed);

	switch (r & 7) {
	case 0:
	case 1:
		put(numbers[(r >> 24) % ARRAY_SIZE(numbers)], source);
		break;
	case 2:
		put(bitmaps[r >> 24 & 3] + 4 * (source / 32), value & value >> 7);
		break;
	case 3:
		put(TARGET(source), hart << 18 | (value & 7));
		break;
	case 4:
		put(SOURCECFG(source), r & 0xf000000 ? value & 7 : 0);
		break;
	case 5:
		aplic_source_set(aplic, source, value & 1);
		break;
	case 6:
		put(IDELIVERY(hart) + (value & 12), value >> 8 & 7);
		put(DOMAINCFG, value & 0x70000 ? IE : 0);
		break;
	default:
		get(CLAIMI(hart));
	}
}

static void random_steps_leave_topi_and_lines_right(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		random_step(&seed);
		for (unsigned int hart = 0; hart < VCPUS; hart++) {
			uint32_t top = expected_topi(hart);

			assert_int_equal(get(TOPI(hart)), top);
			assert_int_equal(vm->extirq[hart], (get(DOMAINCFG) & IE) &&
								   get(IDELIVERY(hart)) &&
								   (get(IFORCE(hart)) || top != 0));
		}
	}
	assert_int_equal(vm->msi_count, 0);
}

static void random_accesses_stay_inside(void **state)
{
	uint64_t seed = 12;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t r = fake_random(&seed);
		unsigned int width = 1u << (r & 3);
		uint64_t offset = (r >> 8) % (aplic->size - width + 1);

		if (r & 4) {
			offset = align_down(offset, 4);
			width = 4;
		}
		if (r & 8)
			device_write(aplic, offset, width, fake_random(&seed) >> (r >> 56 & 63));
		else
			device_read(aplic, offset, width);
		if (r & 16)
			aplic_source_set(aplic, r >> 32 & 0x7ff, r & 32);
	}
	for (unsigned int hart = 0; hart < VCPUS; hart++)
		assert_int_equal(get(TOPI(hart)), expected_topi(hart));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, aplic_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(window_has_room_for_the_idcs),
		TEST(delivery_mode_is_direct_and_fixed),
		TEST(genmsi_is_read_only_zero),
		TEST(priority_zero_becomes_one),
		TEST(idc_registers_keep_their_width),
		TEST(idcs_of_no_vcpu_are_read_only_zero),
		TEST(line_follows_an_asserted_level),
		TEST(line_needs_ie_and_idelivery_but_topi_does_not),
		TEST(line_is_told_only_when_it_changes),
		TEST(claim_clears_an_edge),
		TEST(claim_does_not_clear_a_level),
		TEST(pending_bit_of_a_level_is_its_rectified_input),
		TEST(lower_priority_number_then_lower_source_comes_first),
		TEST(threshold_blocks_its_priority_and_larger_numbers),
		TEST(iforce_makes_a_spurious_interrupt_that_a_claim_ends),
		TEST(iforce_outlives_a_claim_that_finds_a_source),
		TEST(retargeting_moves_the_line),
		TEST(making_a_source_inactive_lowers_its_line),
		TEST(reset_lowers_the_lines),
		TEST(random_steps_leave_topi_and_lines_right),
		TEST(random_accesses_stay_inside),
	};

	int failed = cmocka_run_group_tests_name("aplic direct mode", tests, NULL, NULL);

	fake_light = true;
	return failed + cmocka_run_group_tests_name("aplic direct mode, light", tests, NULL, NULL);
}
