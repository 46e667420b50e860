/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's PLIC against the RISC-V PLIC specification 1.0.0: every register, reset, and how many
 * vCPUs it may have. Gateways and claims are in test_plic_claims.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plic_world.h"

/* ---- registers ---- */

static void window_is_that_of_qemu(void **state)
{
	(void)state;
	assert_int_equal(plic->base.v, 0xc000000);
	assert_int_equal(plic->size, WINDOW);
	assert_int_equal(PLIC_SOURCES, NDEV);
}

static void every_register_is_zero_at_first(void **state)
{
	(void)state;
	for (uint64_t offset = 0; offset < WINDOW; offset += 4)
		assert_int_equal(get(offset), 0);
	assert_int_equal(vm->extirq_changes, 0);
}

static void priorities_have_three_bits(void **state)
{
	(void)state;
	for (unsigned int source = 1; source <= NDEV; source++) {
		put(PRIORITY(source), 0xffffffff);
		assert_int_equal(get(PRIORITY(source)), 7);
		put(PRIORITY(source), 0x80000008 | source);
		assert_int_equal(get(PRIORITY(source)), source % 8);
	}
	for (unsigned int source = 1; source <= NDEV; source++)
		assert_int_equal(get(PRIORITY(source)), source % 8);
}

static void thresholds_have_three_bits(void **state)
{
	(void)state;
	for (unsigned int context = 0; context < 2 * VCPUS; context++) {
		put(THRESHOLD(context), 0xffffffff);
		assert_int_equal(get(THRESHOLD(context)), 7);
		put(THRESHOLD(context), 0x80000008 | context);
		assert_int_equal(get(THRESHOLD(context)), context % 8);
	}
	for (unsigned int context = 0; context < 2 * VCPUS; context++)
		assert_int_equal(get(THRESHOLD(context)), context % 8);
}

static void each_context_has_its_own_enables(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * VCPUS * 3; i++)
		put(ENABLE(i / 3, i % 3), 0x01010101 * (i + 1));
	for (unsigned int i = 0; i < 2 * VCPUS * 3; i++)
		assert_int_equal(get(ENABLE(i / 3, i % 3)),
				 0x01010101 * (i + 1) & (i % 3 == 0 ? ~1u : ~0u));
}

static void source_zero_does_not_exist(void **state)
{
	(void)state;
	put(PRIORITY(0), 7);
	assert_int_equal(get(PRIORITY(0)), 0);
	put(ENABLE(S(0), 0), 0xffffffff);
	assert_int_equal(get(ENABLE(S(0), 0)), 0xfffffffe);
	wire(0, true);
	assert_int_equal(get(PENDING(0)), 0);
	assert_int_equal(get(CLAIM(S(0))), 0);
	put(CLAIM(S(0)), 0);
}

static void sources_beyond_the_last_do_not_exist(void **state)
{
	(void)state;
	for (unsigned int source = NDEV + 1; source < 1024; source++) {
		put(PRIORITY(source), 7);
		assert_int_equal(get(PRIORITY(source)), 0);
		wire(source, true);
	}
	wire(UINT32_MAX, true);
	for (unsigned int word = 0; word < 32; word++) {
		assert_int_equal(get(PENDING(word)), 0);
		put(ENABLE(S(0), word), 0xffffffff);
		assert_int_equal(get(ENABLE(S(0), word)), word == 0  ? 0xfffffffe
							  : word < 3 ? 0xffffffff
								     : 0);
	}
	put(CLAIM(S(0)), NDEV + 1);
	put(CLAIM(S(0)), 1024);
	put(CLAIM(S(0)), 0xffffffff);
	assert_int_equal(get(CLAIM(S(0))), 0);
}

static void contexts_beyond_the_last_do_not_exist(void **state)
{
	(void)state;
	wire(7, true);
	put(PRIORITY(7), 7);
	for (uint64_t offset = ENABLE(2 * VCPUS, 0); offset < THRESHOLD(0); offset += 4) {
		put(offset, 0xffffffff);
		assert_int_equal(get(offset), 0);
	}
	for (uint64_t offset = THRESHOLD(2 * VCPUS); offset < WINDOW; offset += 4) {
		put(offset, 7);
		assert_int_equal(get(offset), 0);
	}
	assert_true(pending(7));
	assert_int_equal(vm->extirq_changes, 0);
}

static void reserved_registers_of_a_context_read_zero(void **state)
{
	(void)state;
	for (uint64_t offset = CLAIM(S(0)) + 4; offset < THRESHOLD(M(1)); offset += 4) {
		put(offset, 0xffffffff);
		assert_int_equal(get(offset), 0);
	}
}

static void pending_bits_are_read_only(void **state)
{
	(void)state;
	wire(33, true);
	for (unsigned int word = 0; word < 3; word++)
		put(PENDING(word), 0xffffffff);
	for (unsigned int word = 0; word < 3; word++)
		assert_int_equal(get(PENDING(word)), word == 1 ? 2 : 0);
	put(PENDING(1), 0);
	assert_true(pending(33));
}

static void odd_accesses_do_nothing_and_are_counted(void **state)
{
	static const uint64_t places[] = { PRIORITY(7), PENDING(0), ENABLE(S(0), 0),
					   THRESHOLD(S(0)), CLAIM(S(0)) };
	uint64_t count = 0;

	(void)state;
	open(7, 5);
	put(THRESHOLD(S(0)), 3);
	wire(7, true);
	assert_int_equal(plic->odd_accesses, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			for (unsigned int at = 0; at < 4; at++) {
				if (width == 4 && at == 0)
					continue;
				assert_int_equal(device_read(plic, places[i] + at, width), 0);
				device_write(plic, places[i] + at, width, UINT64_MAX);
				count += 2;
			}
		}
	}
	assert_int_equal(plic->odd_accesses, count);
	assert_int_equal(get(PRIORITY(7)), 5);
	assert_int_equal(get(THRESHOLD(S(0))), 3);
	assert_int_equal(get(ENABLE(S(0), 0)), 1u << 7);
	assert_true(pending(7));
	get(PRIORITY(0));
	get(THRESHOLD(2 * VCPUS));
	put(CLAIM(0) + 4, 0);
	assert_int_equal(plic->odd_accesses, count + 3);
}

/* ---- reset and the end ---- */

static void reset_clears_everything_but_the_wires(void **state)
{
	(void)state;
	for (unsigned int source = 1; source <= NDEV; source++) {
		open(source, 7);
		enable(M(2), source);
		put(THRESHOLD(S(source % VCPUS)), 1);
	}
	wire(7, true);
	wire(8, true);
	assert_int_equal(get(CLAIM(S(0))), 7);
	wire(8, false);
	plic->ops->reset(plic);
	assert_false(vm->extirq[0]);
	assert_int_equal(get(PENDING(0)), 1u << 7);
	wire(7, false);
	for (uint64_t offset = 0; offset < WINDOW; offset += 4)
		assert_int_equal(get(offset), offset == PENDING(0) ? 1u << 7 : 0);
	open(7, 1);
	assert_true(vm->extirq[0]);
	assert_int_equal(get(CLAIM(S(0))), 7);
	put(CLAIM(S(0)), 7);
	wire(8, true);
	assert_true(pending(8));
}

static void most_and_fewest_vcpus(void **state)
{
	struct device *other;

	(void)state;
	other = plic_create(vm, gpa(0xc000000), PLIC_MAX_VCPUS);
	assert_non_null(other);
	device_write(other, THRESHOLD(S(PLIC_MAX_VCPUS - 1)), 4, 5);
	assert_int_equal(device_read(other, THRESHOLD(S(PLIC_MAX_VCPUS - 1)), 4), 5);
	device_write(other, THRESHOLD(S(PLIC_MAX_VCPUS)), 4, 5);
	assert_int_equal(device_read(other, THRESHOLD(S(PLIC_MAX_VCPUS)), 4), 0);
	device_destroy(other);
	other = plic_create(vm, gpa(0xc000000), 1);
	assert_non_null(other);
	device_write(other, ENABLE(M(1), 0), 4, 0xfe);
	assert_int_equal(device_read(other, ENABLE(M(1), 0), 4), 0);
	device_destroy(other);
}

static void no_memory_no_plic(void **state)
{
	(void)state;
	fake_memory_out(true);
	assert_null(plic_create(vm, gpa(0xc000000), 1));
	fake_memory_out(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(window_is_that_of_qemu),
		TEST(every_register_is_zero_at_first),
		TEST(priorities_have_three_bits),
		TEST(thresholds_have_three_bits),
		TEST(each_context_has_its_own_enables),
		TEST(source_zero_does_not_exist),
		TEST(sources_beyond_the_last_do_not_exist),
		TEST(contexts_beyond_the_last_do_not_exist),
		TEST(reserved_registers_of_a_context_read_zero),
		TEST(pending_bits_are_read_only),
		TEST(odd_accesses_do_nothing_and_are_counted),
		TEST(reset_clears_everything_but_the_wires),
		TEST(most_and_fewest_vcpus),
		TEST(no_memory_no_plic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
