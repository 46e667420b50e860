/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's APLIC in MSI mode against AIA 1.0, chapter 4: its registers, the source modes'
 * rules for pending bits, and the MSIs that come out. Random histories are in
 * test_aplic_random.c, direct mode is in test_aplic_direct.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aplic_world.h"

static void source_setup(unsigned int source, uint32_t mode)
{
	put(SOURCECFG(source), mode);
	put(TARGET(source), 1 << 18 | (source + 100));
	put(SETIENUM, source);
}

/** Whether exactly one MSI came since the last look, the one that source_setup() asks for. */
static bool one_msi(unsigned int source)
{
	bool one = vm->msi_count == 1 && vm->msi[0].vcpu == 1 &&
		   vm->msi[0].identity == source + 100;

	fake_msi_forget(vm);
	return one;
}

static void window_is_16_kib(void **state)
{
	(void)state;
	assert_int_equal(aplic->size, 0x4000);
	assert_int_equal(aplic->base.v, 0xd000000);
	assert_int_equal(aplic->lock.rank, LOCK_IRQCHIP);
}

static void creation_without_memory_gives_nothing(void **state)
{
	const struct aplic_config config = { .sources = 1, .vcpus = 1, .msi = true };

	(void)state;
	fake_memory_out(true);
	assert_null(aplic_create(vm, &config));
	fake_memory_out(false);
}

static void domaincfg_has_one_writable_bit(void **state)
{
	(void)state;
	assert_int_equal(get(DOMAINCFG), 0x80000004);
	put(DOMAINCFG, 0xffffffff);
	assert_int_equal(get(DOMAINCFG), 0x80000104);
	put(DOMAINCFG, 0);
	assert_int_equal(get(DOMAINCFG), 0x80000004);
}

static void sourcecfg_takes_the_defined_modes_only(void **state)
{
	(void)state;
	for (uint32_t value = 0; value < 0x800; value++) {
		uint32_t mode = value & 7;

		put(SOURCECFG(5), value);
		if ((value & 0x400) || mode == 2 || mode == 3)
			mode = INACTIVE;
		assert_int_equal(get(SOURCECFG(5)), mode);
	}
	put(SOURCECFG(MSI_SOURCES), LEVEL0);
	assert_int_equal(get(SOURCECFG(MSI_SOURCES)), LEVEL0);
}

static void sources_that_are_not_implemented_are_read_only_zero(void **state)
{
	(void)state;
	for (unsigned int source = MSI_SOURCES + 1; source <= 1023; source++) {
		put(SOURCECFG(source), DETACHED);
		put(TARGET(source), 0xffffffff);
		put(SETIENUM, source);
		put(SETIPNUM, source);
		assert_int_equal(get(SOURCECFG(source)), 0);
		assert_int_equal(get(TARGET(source)), 0);
		aplic_source_set(aplic, source, true);
	}
	for (unsigned int word = 0; word < 32; word++) {
		put(SETIE(word), 0xffffffff);
		put(SETIP(word), 0xffffffff);
		assert_int_equal(get(SETIE(word)), 0);
		assert_int_equal(get(SETIP(word)), 0);
		assert_int_equal(get(IN_CLRIP(word)), 0);
	}
	aplic_source_set(aplic, 0, true);
	aplic_source_set(aplic, UINT32_MAX, true);
}

static void inactive_source_is_read_only_zero(void **state)
{
	(void)state;
	aplic_source_set(aplic, 7, true);
	put(TARGET(7), 0xffffffff);
	put(SETIENUM, 7);
	put(SETIPNUM, 7);
	assert_int_equal(get(TARGET(7)), 0);
	assert_int_equal(get(SETIE(0)), 0);
	assert_int_equal(get(SETIP(0)), 0);
	assert_false(rectified(7));
}

static void becoming_inactive_clears_everything(void **state)
{
	(void)state;
	source_setup(7, DETACHED);
	put(SETIPNUM, 7);
	assert_true(pending(7));
	put(SOURCECFG(7), INACTIVE);
	put(SOURCECFG(7), DETACHED);
	assert_false(pending(7));
	assert_int_equal(get(SETIE(0)), 0);
	assert_int_equal(get(TARGET(7)), 0);
}

static void target_keeps_hart_and_identity_and_drops_the_guest_index(void **state)
{
	(void)state;
	put(SOURCECFG(7), EDGE1);
	put(TARGET(7), 0xffffffff);
	assert_int_equal(get(TARGET(7)), 0xfffc00ff);
	put(TARGET(7), 3 << 18 | 17);
	assert_int_equal(get(TARGET(7)), 3 << 18 | 17);
}

static void identity_field_is_as_wide_as_the_identities(void **state)
{
	static const struct {
		unsigned int identities;
		uint32_t mask;
	} cases[] = { { 63, 63 }, { 127, 127 }, { 191, 255 }, { 1023, 1023 }, { 2047, 2047 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct aplic_config config = {
			.sources = 1, .vcpus = 1, .msi = true, .identities = cases[i].identities
		};
		struct device *device = aplic_create(vm, &config);

		device_write(device, SOURCECFG(1), 4, DETACHED);
		device_write(device, TARGET(1), 4, 0xfff);
		assert_int_equal(device_read(device, TARGET(1), 4), cases[i].mask);
		device_destroy(device);
	}
}

static void rising_edge_sends_one_msi(void **state)
{
	(void)state;
	put(DOMAINCFG, IE);
	source_setup(7, EDGE1);
	aplic_source_set(aplic, 7, true);
	assert_true(one_msi(7));
	assert_false(pending(7));
	assert_true(rectified(7));
	aplic_source_set(aplic, 7, true);
	aplic_source_set(aplic, 7, false);
	assert_int_equal(vm->msi_count, 0);
	aplic_source_set(aplic, 7, true);
	assert_true(one_msi(7));
}

static void falling_edge_source_is_inverted(void **state)
{
	(void)state;
	put(DOMAINCFG, IE);
	aplic_source_set(aplic, 7, true);
	source_setup(7, EDGE0);
	assert_false(rectified(7));
	aplic_source_set(aplic, 7, false);
	assert_true(one_msi(7));
	assert_true(rectified(7));
	aplic_source_set(aplic, 7, true);
	assert_int_equal(vm->msi_count, 0);
}

static void edge_stays_pending_until_it_can_be_sent(void **state)
{
	(void)state;
	put(SOURCECFG(7), EDGE1);
	put(TARGET(7), 1 << 18 | 107);
	aplic_source_set(aplic, 7, true);
	aplic_source_set(aplic, 7, false);
	assert_true(pending(7));
	put(DOMAINCFG, IE);
	assert_int_equal(vm->msi_count, 0);
	put(SETIENUM, 7);
	assert_true(one_msi(7));
	assert_false(pending(7));
}

static void level_is_sent_once_for_each_assertion(void **state)
{
	(void)state;
	put(DOMAINCFG, IE);
	source_setup(7, LEVEL1);
	aplic_source_set(aplic, 7, true);
	assert_true(one_msi(7));
	assert_false(pending(7));
	assert_true(rectified(7));
	aplic_source_set(aplic, 7, true);
	put(SETIENUM, 7);
	put(DOMAINCFG, 0);
	put(DOMAINCFG, IE);
	put(SOURCECFG(7), LEVEL1);
	assert_int_equal(vm->msi_count, 0);
	aplic_source_set(aplic, 7, false);
	aplic_source_set(aplic, 7, true);
	assert_true(one_msi(7));
}

static void setipnum_sends_a_level_again_only_while_it_is_asserted(void **state)
{
	static const uint64_t offsets[] = { SETIPNUM, SETIPNUM_LE };

	(void)state;
	put(DOMAINCFG, IE);
	source_setup(7, LEVEL1);
	aplic_source_set(aplic, 7, true);
	assert_true(one_msi(7));
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		put(offsets[i], 7);
		assert_true(one_msi(7));
	}
	put(SETIP(0), BIT(7));
	assert_true(one_msi(7));
	aplic_source_set(aplic, 7, false);
	put(SETIPNUM, 7);
	put(SETIPNUM_LE, 7);
	put(SETIP(0), BIT(7));
	assert_int_equal(vm->msi_count, 0);
	assert_false(pending(7));
}

static void pending_bit_of_a_level_falls_with_its_input(void **state)
{
	(void)state;
	source_setup(7, LEVEL1);
	aplic_source_set(aplic, 7, true);
	assert_true(pending(7));
	aplic_source_set(aplic, 7, false);
	assert_false(pending(7));
	put(DOMAINCFG, IE);
	assert_int_equal(vm->msi_count, 0);
}

static void low_level_source_is_inverted(void **state)
{
	(void)state;
	source_setup(7, LEVEL0);
	assert_true(rectified(7));
	assert_true(pending(7));
	aplic_source_set(aplic, 7, true);
	assert_false(rectified(7));
	assert_false(pending(7));
	put(DOMAINCFG, IE);
	aplic_source_set(aplic, 7, false);
	assert_true(one_msi(7));
}

static void level_that_is_high_when_configured_is_not_lost(void **state)
{
	(void)state;
	put(DOMAINCFG, IE);
	aplic_source_set(aplic, 7, true);
	source_setup(7, LEVEL1);
	assert_true(one_msi(7));
}

static void detached_source_ignores_its_wire(void **state)
{
	(void)state;
	put(DOMAINCFG, IE);
	source_setup(7, DETACHED);
	aplic_source_set(aplic, 7, true);
	assert_false(rectified(7));
	assert_int_equal(vm->msi_count, 0);
	put(SETIPNUM, 7);
	assert_true(one_msi(7));
}

static void pending_bits_can_be_cleared_in_every_mode(void **state)
{
	static const uint32_t modes[] = { DETACHED, EDGE1, LEVEL1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		put(SOURCECFG(7), modes[i]);
		aplic_source_set(aplic, 7, true);
		put(SETIPNUM, 7);
		assert_true(pending(7));
		put(CLRIPNUM, 7);
		assert_false(pending(7));
		put(SETIPNUM, 7);
		assert_true(pending(7));
		put(IN_CLRIP(0), BIT(7));
		assert_false(pending(7));
	}
}

static void enables_are_set_and_cleared_by_bit_and_by_number(void **state)
{
	(void)state;
	put(SOURCECFG(7), EDGE1);
	put(SOURCECFG(40), EDGE1);
	put(SETIE(0), 0xffffffff);
	put(SETIENUM, 40);
	assert_int_equal(get(SETIE(0)), BIT(7));
	assert_int_equal(get(SETIE(1)), BIT(8));
	put(CLRIENUM, 7);
	put(CLRIE(1), 0xffffffff);
	assert_int_equal(get(SETIE(0)), 0);
	assert_int_equal(get(SETIE(1)), 0);
}

static void registers_that_take_numbers_read_zero(void **state)
{
	static const uint64_t offsets[] = { SETIPNUM,	 CLRIPNUM,    SETIENUM, CLRIENUM,
					    SETIPNUM_LE, SETIPNUM_BE, CLRIE(0) };

	(void)state;
	source_setup(7, DETACHED);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		put(offsets[i], 7);
		assert_int_equal(get(offsets[i]), 0);
	}
}

static void numbers_of_no_source_are_ignored(void **state)
{
	static const uint32_t numbers[] = {
		0, MSI_SOURCES + 1, 1023, 1024, 1 << 16 | 7, 0xffffffff
	};

	(void)state;
	put(DOMAINCFG, IE);
	source_setup(7, DETACHED);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		put(SETIPNUM, numbers[i]);
		put(CLRIENUM, numbers[i]);
	}
	assert_int_equal(vm->msi_count, 0);
	assert_int_equal(get(SETIE(0)), BIT(7));
}

static void setipnum_be_takes_the_other_byte_order(void **state)
{
	(void)state;
	put(DOMAINCFG, IE);
	source_setup(7, DETACHED);
	put(SETIPNUM_BE, 7);
	assert_int_equal(vm->msi_count, 0);
	put(SETIPNUM_BE, 0x07000000);
	assert_true(one_msi(7));
}

static void nothing_is_sent_before_domaincfg_ie_and_everything_after(void **state)
{
	(void)state;
	for (unsigned int source = 1; source <= MSI_SOURCES; source++)
		source_setup(source, source % 2 ? EDGE1 : LEVEL1);
	for (unsigned int source = 1; source <= MSI_SOURCES; source++)
		aplic_source_set(aplic, source, true);
	assert_int_equal(vm->msi_count, 0);
	assert_int_equal(get(SETIP(0)), 0xfffffffe);
	put(DOMAINCFG, IE);
	assert_int_equal(vm->msi_count, MSI_SOURCES);
	for (unsigned int source = 1; source <= MSI_SOURCES; source++)
		assert_int_equal(vm->msi[source - 1].identity, (source + 100) & 0xff);
	assert_int_equal(get(SETIP(0)), 0);
}

static void genmsi_sends_whatever_domaincfg_says(void **state)
{
	(void)state;
	put(GENMSI, 3 << 18 | 0x3f000 | 9);
	assert_int_equal(vm->msi_count, 1);
	assert_int_equal(vm->msi[0].vcpu, 3);
	assert_int_equal(vm->msi[0].identity, 9);
	assert_int_equal(get(GENMSI), 3 << 18 | 9);
}

static void addresses_of_msis_and_idcs_are_not_there(void **state)
{
	static const uint64_t offsets[] = { 0x1bc0, 0x1bc4, 0x1bc8, 0x1bcc, 0x1000, 0x1bfc,
					    0x1c80, 0x1cd8, 0x1ce0, 0x1ffc, 0x2008, 0x2ffc };

	(void)state;
	source_setup(7, DETACHED);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		put(offsets[i], 7);
		put(offsets[i], 0xffffffff);
		assert_int_equal(get(offsets[i]), 0);
	}
	assert_false(pending(7));
	assert_int_equal(vm->msi_count, 0);
}

static void reset_forgets_all_but_the_wires(void **state)
{
	(void)state;
	put(DOMAINCFG, IE);
	put(GENMSI, 5);
	source_setup(7, LEVEL1);
	aplic_source_set(aplic, 7, true);
	source_setup(8, DETACHED);
	put(DOMAINCFG, 0);
	put(SETIPNUM, 8);
	fake_msi_forget(vm);
	aplic->ops->reset(aplic);
	for (uint64_t offset = 4; offset < aplic->size; offset += 4)
		assert_int_equal(get(offset), 0);
	assert_int_equal(get(DOMAINCFG), 0x80000004);
	put(DOMAINCFG, IE);
	assert_int_equal(vm->msi_count, 0);
	source_setup(7, LEVEL1);
	assert_true(one_msi(7));
}

static void odd_accesses_read_zero_do_nothing_and_are_counted(void **state)
{
	uint64_t count = 0;

	(void)state;
	source_setup(7, DETACHED);
	for (uint64_t offset = 0; offset < aplic->size; offset++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			if (offset + width > aplic->size || (width == 4 && offset % 4 == 0))
				continue;
			device_write(aplic, offset, width, 0x0101010101010107);
			assert_int_equal(device_read(aplic, offset, width), 0);
			count += 2;
		}
	}
	assert_int_equal(aplic->odd_accesses, count);
	assert_int_equal(get(DOMAINCFG), 0x80000004);
	assert_int_equal(get(SOURCECFG(7)), DETACHED);
	assert_false(pending(7));
	assert_int_equal(vm->msi_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, aplic_begin_msi, aplic_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(window_is_16_kib),
		TEST(creation_without_memory_gives_nothing),
		TEST(domaincfg_has_one_writable_bit),
		TEST(sourcecfg_takes_the_defined_modes_only),
		TEST(sources_that_are_not_implemented_are_read_only_zero),
		TEST(inactive_source_is_read_only_zero),
		TEST(becoming_inactive_clears_everything),
		TEST(target_keeps_hart_and_identity_and_drops_the_guest_index),
		TEST(identity_field_is_as_wide_as_the_identities),
		TEST(rising_edge_sends_one_msi),
		TEST(falling_edge_source_is_inverted),
		TEST(edge_stays_pending_until_it_can_be_sent),
		TEST(level_is_sent_once_for_each_assertion),
		TEST(setipnum_sends_a_level_again_only_while_it_is_asserted),
		TEST(pending_bit_of_a_level_falls_with_its_input),
		TEST(low_level_source_is_inverted),
		TEST(level_that_is_high_when_configured_is_not_lost),
		TEST(detached_source_ignores_its_wire),
		TEST(pending_bits_can_be_cleared_in_every_mode),
		TEST(enables_are_set_and_cleared_by_bit_and_by_number),
		TEST(registers_that_take_numbers_read_zero),
		TEST(numbers_of_no_source_are_ignored),
		TEST(setipnum_be_takes_the_other_byte_order),
		TEST(nothing_is_sent_before_domaincfg_ie_and_everything_after),
		TEST(genmsi_sends_whatever_domaincfg_says),
		TEST(addresses_of_msis_and_idcs_are_not_there),
		TEST(reset_forgets_all_but_the_wires),
		TEST(odd_accesses_read_zero_do_nothing_and_are_counted),
	};

	int failed = cmocka_run_group_tests_name("aplic", tests, NULL, NULL);

	fake_light = true;
	return failed + cmocka_run_group_tests_name("aplic, light", tests, NULL, NULL);
}
