/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Profiles: tables of exits that no guest can overflow, shares of time, which trap vector a hart
 * has when, and whose the time around an exit is. One hart, acted by the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_profile.h"

#include <core/alloc.h>
#include <core/page.h>
#include <core/profile.h>
#include <core/sched.h>
#include <core/timer.h>
#include <core/vm.h>
#include <errno.h>

static struct exit_table table;
static struct exit_stat rows[EXIT_STATS + 1];
static struct vm vm, other;
static struct vcpu vcpus[2], stranger;
static struct hart *hart = &fake_harts[0];

uint64_t sched_idle_ticks(const struct hart *of)
{
	return of->idle_ticks;
}

static int setup(void **state)
{
	fake_hart_reset();
	fake_arena_add(MIB(1));
	memset(harts, 0, sizeof(harts));
	harts[0] = hart;
	hart_count = 1;
	memset(&table, 0, sizeof(table));
	memset(&vm, 0, sizeof(vm));
	memset(&other, 0, sizeof(other));
	memset(vcpus, 0, sizeof(vcpus));
	memset(&stranger, 0, sizeof(stranger));
	vm.vcpu_count = 2;
	other.vcpu_count = 1;
	other.vcpus[0] = &stranger;
	stranger.vm = &other;
	for (unsigned int i = 0; i < 2; i++) {
		vcpus[i].vm = &vm;
		vcpus[i].index = i;
		vm.vcpus[i] = &vcpus[i];
	}
	profile_hart_arrive();
	arch_profile_vector(false);
	fake_allocations_fail_after(-1);
	return 0;
}

static int teardown(void **state)
{
	vm_profile_stop(&vm);
	vm_profile_stop(&other);
	machine_profile_stop();
	for (unsigned int i = 0; i < 2; i++)
		alloc_free(vcpus[i].exit_table);
	alloc_free(stranger.exit_table);
	return 0;
}

/* ---- tables ---- */

static void row_has_least_most_and_sums(void **state)
{
	exit_table_add(&table, 7, 100, 1);
	exit_table_add(&table, 7, 50, 2);
	exit_table_add(&table, 7, 170, 3);
	assert_int_equal(exit_table_read(&table, rows), 1);
	assert_int_equal(rows[0].reason, 7);
	assert_int_equal(rows[0].count, 3);
	assert_int_equal(rows[0].least, 50);
	assert_int_equal(rows[0].most, 170);
	assert_int_equal(rows[0].sum, 320);
	assert_int_equal(rows[0].ticks, 6);
}

static void rows_come_in_order_of_what_they_took(void **state)
{
	exit_table_add(&table, 1000, 5, 1);
	exit_table_add(&table, 1001, 5, 9);
	exit_table_add(&table, 1002, 6, 1);
	assert_int_equal(exit_table_read(&table, rows), 3);
	assert_int_equal(rows[0].reason, 1001);
	assert_int_equal(rows[1].reason, 1002);
	assert_int_equal(rows[2].reason, 1000);
}

static void reasons_that_a_guest_makes_up_are_added_up(void **state)
{
	uint64_t seed = 1, count = 0;
	unsigned int found;

	for (unsigned int i = 0; i < 100000; i++)
		exit_table_add(&table, fake_hart_random(&seed) | 2, 1, 1);
	found = exit_table_read(&table, rows);
	assert_in_range(found, 2, EXIT_STATS + 1);
	for (unsigned int i = 0; i < found; i++) {
		count += rows[i].count;
		for (unsigned int j = 0; j < i; j++)
			assert_int_not_equal(rows[i].reason, rows[j].reason);
	}
	assert_int_equal(count, 100000);
	assert_int_equal(rows[0].reason, EXIT_REASON_OTHER);
}

static void cleared_table_is_empty_and_begins_anew(void **state)
{
	exit_table_add(&table, 7, 100, 1);
	table.clear = 1;
	assert_int_equal(exit_table_read(&table, rows), 0);
	exit_table_add(&table, 7, 200, 1);
	assert_int_equal(exit_table_read(&table, rows), 1);
	assert_int_equal(rows[0].count, 1);
	assert_int_equal(rows[0].least, 200);
}

/* ---- shares ---- */

static void permille_is_0_to_1000_whatever_comes(void **state)
{
	static const struct {
		uint64_t part, whole;
		unsigned int is;
	} cases[] = {
		{ 0, 0, 0 },
		{ 5, 0, 0 },
		{ 0, 5, 0 },
		{ 5, 5, 1000 },
		{ 6, 5, 1000 },
		{ 1, 3, 333 },
		{ 999, 1000, 999 },
		{ UINT64_MAX / 2, UINT64_MAX, 500 },
		{ UINT64_MAX - 1, UINT64_MAX, 1000 },
		{ UINT64_MAX, UINT64_MAX, 1000 },
		{ UINT64_MAX / 1000 + 1, UINT64_MAX / 1000 + 2, 1000 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(permille(cases[i].part, cases[i].whole), cases[i].is);
}

static void shares_of_a_hart_are_1000_together(void **state)
{
	struct hart_sample before = { .now = 1000, .idle = 10, .sum = { .guest = 20, .count = 5 } };
	struct hart_sample after = { .now = 2000,
				     .idle = 260,
				     .sum = { .guest = 620, .count = 45 } };
	struct hart_shares shares = hart_shares_of(&before, &after);
	uint64_t seed = 2;

	assert_int_equal(shares.guest, 600);
	assert_int_equal(shares.idle, 250);
	assert_int_equal(shares.hypervisor, 150);
	assert_int_equal(shares.exits, 40);
	for (unsigned int i = 0; i < 10000; i++) {
		after.now = before.now + fake_hart_random(&seed) % 1000;
		after.idle = before.idle + fake_hart_random(&seed) % 1000;
		after.sum.guest = before.sum.guest + fake_hart_random(&seed) % 1000;
		shares = hart_shares_of(&before, &after);
		assert_int_equal(shares.guest + shares.hypervisor + shares.idle, 1000);
	}
}

/* ---- vectors ---- */

/* What vcpu_run() does. */
static void enter(struct vcpu *vcpu)
{
	hart->running = hart->loaded = vcpu;
	if (hart->profile.armed)
		profile_enter(vcpu);
}

/* What trap_entry_profiled does with an exit from @start to @end. */
static void exit_at(uint64_t start, uint64_t end, uint64_t cause)
{
	hart->profile.time = start;
	hart->profile.instret = 10 * start;
	hart->profile.cause = cause;
	fake_now = end;
	profile_exit(10 * end);
}

static void vector_profiles_only_where_a_profiled_vm_runs(void **state)
{
	enter(&vcpus[0]);
	assert_false(fake_vector_profiles[0]);
	assert_int_equal(vm_profile_start(&vm), 0);
	assert_true(fake_vector_profiles[0]);
	enter(&stranger);
	assert_false(fake_vector_profiles[0]);
	enter(&vcpus[1]);
	assert_true(fake_vector_profiles[0]);
	assert_int_equal(vm_profile_stop(&vm), 0);
	assert_false(fake_vector_profiles[0]);
	assert_false(hart->profile.armed);
}

static void vector_of_an_idle_hart_goes_back_too(void **state)
{
	assert_int_equal(vm_profile_start(&vm), 0);
	enter(&vcpus[0]);
	hart->running = NULL;
	assert_true(fake_vector_profiles[0]);
	assert_int_equal(vm_profile_stop(&vm), 0);
	assert_false(fake_vector_profiles[0]);
}

static void machine_and_vm_do_not_end_each_other(void **state)
{
	enter(&vcpus[0]);
	machine_profile_start();
	assert_int_equal(vm_profile_start(&vm), 0);
	machine_profile_stop();
	assert_true(fake_vector_profiles[0]);
	machine_profile_start();
	assert_int_equal(vm_profile_stop(&vm), 0);
	assert_true(fake_vector_profiles[0]);
	machine_profile_stop();
	assert_false(fake_vector_profiles[0]);
}

static void hart_that_comes_back_has_the_plain_vector(void **state)
{
	assert_int_equal(vm_profile_start(&vm), 0);
	enter(&vcpus[0]);
	fake_vector_profiles[0] = false; /* what its first instructions do */
	profile_hart_arrive();
	enter(&vcpus[0]);
	assert_true(fake_vector_profiles[0]);
}

static void start_and_stop_are_refused_twice(void **state)
{
	assert_int_equal(vm_profile_stop(&vm), -EBUSY);
	assert_int_equal(vm_profile_start(&vm), 0);
	assert_int_equal(vm_profile_start(&vm), -EBUSY);
	assert_int_equal(vm_profile_stop(&vm), 0);
	assert_int_equal(vm_profile_stop(&vm), -EBUSY);
}

static void start_without_memory_changes_nothing(void **state)
{
	for (long after = 0; after < 2; after++) {
		fake_allocations_fail_after(after);
		assert_int_equal(vm_profile_start(&vm), -ENOMEM);
		assert_false(vm.profiled);
		assert_false(hart->profile.armed);
		fake_allocations_fail_after(-1);
	}
	assert_int_equal(vm_profile_start(&vm), 0);
}

/* ---- time ---- */

static void time_is_the_guests_and_the_exits(void **state)
{
	assert_int_equal(vm_profile_start(&vm), 0);
	fake_now = 100;
	enter(&vcpus[0]);
	exit_at(150, 160, 42);
	exit_at(200, 203, 43);
	assert_int_equal(vcpus[0].profile.guest, 50 + 40);
	assert_int_equal(vcpus[0].profile.exits, 10 + 3);
	assert_int_equal(vcpus[0].profile.count, 2);
	assert_int_equal(hart->profile.sum.guest, 90);
	assert_int_equal(exit_table_read(vcpus[0].exit_table, rows), 2);
	assert_int_equal(rows[0].reason, 42);
	assert_int_equal(rows[0].sum, 100);
	assert_int_equal(exit_table_read(vcpus[1].exit_table, rows), 0);
}

static void clear_forgets_rows(void **state)
{
	assert_int_equal(vm_profile_start(&vm), 0);
	enter(&vcpus[0]);
	exit_at(150, 160, 42);
	vm_profile_clear(&vm);
	assert_int_equal(exit_table_read(vcpus[0].exit_table, rows), 0);
	exit_at(170, 180, 42);
	assert_int_equal(exit_table_read(vcpus[0].exit_table, rows), 1);
	assert_int_equal(rows[0].count, 1);
}

/* Whoever switches profiling comes by an IPI: the vCPUs that run are in an exit. */
static void switching_it_keeps_the_slice_of_who_runs(void **state)
{
	static int (*const switches[])(struct vm *vm) = { vm_profile_start, vm_profile_stop };

	assert_int_equal(vm_profile_start(&vm), 0);
	fake_now = 100;
	enter(&vcpus[0]);
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t start = 100 + 100 * (i + 1);

		hart->profile.time = start - 10;
		fake_now = start - 5;
		assert_int_equal(switches[i % 2](&other), 0);
		exit_at(hart->profile.time, start, 42);
	}
	hart->profile.time = 590;
	fake_now = 595;
	machine_profile_start();
	exit_at(hart->profile.time, 600, 42);
	assert_int_equal(vcpus[0].profile.guest, 5 * 90);
	assert_int_equal(vcpus[0].profile.exits, 5 * 10);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).guest, 5 * 90);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).exits, 5 * 10);
}

static void times_of_a_vm_are_those_of_its_profile(void **state)
{
	machine_profile_start();
	fake_now = 100;
	enter(&vcpus[0]);
	exit_at(150, 160, 42);
	hart->profile.time = 200;
	fake_now = 203;
	assert_int_equal(vm_profile_start(&vm), 0);
	exit_at(hart->profile.time, 205, 42);
	exit_at(225, 230, 42);
	hart->profile.time = 250;
	fake_now = 253;
	assert_int_equal(vm_profile_stop(&vm), 0);
	exit_at(hart->profile.time, 260, 42);
	exit_at(300, 301, 42);
	assert_int_equal(vcpus[0].profile.guest, 50 + 40 + 20 + 20 + 40);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).guest, 20 + 20);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).exits, 2 + 5 + 3);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).count, 2);
}

static void clear_forgets_times(void **state)
{
	assert_int_equal(vm_profile_start(&vm), 0);
	fake_now = 100;
	enter(&vcpus[0]);
	exit_at(150, 160, 42);
	hart->profile.time = 200;
	fake_now = 203;
	vm_profile_clear(&vm);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).guest, 0);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).exits, 0);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).count, 0);
	exit_at(hart->profile.time, 207, 42);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).guest, 0);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).exits, 4);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).count, 1);
}

static void settling_shows_a_guest_without_exits(void **state)
{
	assert_int_equal(vm_profile_start(&vm), 0);
	fake_now = 100;
	enter(&vcpus[0]);
	hart->profile.time = 900;
	fake_now = 901;
	profile_settle();
	assert_int_equal(exit_table_time(vcpus[0].exit_table).guest, 800);
	assert_int_equal(exit_table_time(vcpus[0].exit_table).count, 0);
}

/* A hart answers calls while it loads a vCPU, too. The tick may be coarse. */
static void settling_between_two_vcpus_adds_nothing(void **state)
{
	assert_int_equal(vm_profile_start(&vm), 0);
	fake_now = 100;
	enter(&vcpus[0]);
	exit_at(150, 150, 42);
	hart->running = &vcpus[1];
	fake_now = 500;
	profile_settle();
	assert_int_equal(vcpus[1].profile.exits, 0);
	assert_int_equal(hart->profile.sum.exits, 0);
}

static void exits_of_others_are_no_rows(void **state)
{
	machine_profile_start();
	enter(&stranger);
	exit_at(10, 20, 42);
	assert_null(stranger.exit_table);
	assert_int_equal(stranger.profile.guest, 10);
	assert_int_equal(stranger.profile.count, 1);
}

static void sample_in_an_exit_has_the_guests_time_before_it(void **state)
{
	struct hart_sample sample = { 0 };

	machine_profile_start();
	fake_now = 100;
	enter(&vcpus[0]);
	hart->idle_ticks = 77;
	hart->profile.time = 180; /* the exit that the sample's call makes */
	fake_now = 185;
	machine_profile_sample(&sample);
	assert_int_equal(sample.now, 185);
	assert_int_equal(sample.idle, 77);
	assert_int_equal(sample.sum.guest, 80);
	assert_int_equal(sample.sum.exits, 5);
	fake_now = 190;
	profile_exit(0);
	assert_int_equal(hart->profile.sum.guest, 80);
	assert_int_equal(hart->profile.sum.exits, 10);
}

static void sample_of_an_idle_hart_adds_nothing(void **state)
{
	struct hart_sample sample = { 0 };

	machine_profile_start();
	fake_now = 100;
	enter(&vcpus[0]);
	exit_at(110, 112, 1);
	hart->running = NULL;
	fake_now = 500;
	machine_profile_sample(&sample);
	assert_int_equal(sample.sum.guest, 10);
	assert_int_equal(sample.sum.exits, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(row_has_least_most_and_sums),
		TEST(rows_come_in_order_of_what_they_took),
		TEST(reasons_that_a_guest_makes_up_are_added_up),
		TEST(cleared_table_is_empty_and_begins_anew),
		TEST(permille_is_0_to_1000_whatever_comes),
		TEST(shares_of_a_hart_are_1000_together),
		TEST(vector_profiles_only_where_a_profiled_vm_runs),
		TEST(vector_of_an_idle_hart_goes_back_too),
		TEST(machine_and_vm_do_not_end_each_other),
		TEST(hart_that_comes_back_has_the_plain_vector),
		TEST(start_and_stop_are_refused_twice),
		TEST(start_without_memory_changes_nothing),
		TEST(time_is_the_guests_and_the_exits),
		TEST(clear_forgets_rows),
		TEST(switching_it_keeps_the_slice_of_who_runs),
		TEST(times_of_a_vm_are_those_of_its_profile),
		TEST(clear_forgets_times),
		TEST(settling_shows_a_guest_without_exits),
		TEST(settling_between_two_vcpus_adds_nothing),
		TEST(exits_of_others_are_no_rows),
		TEST(sample_in_an_exit_has_the_guests_time_before_it),
		TEST(sample_of_an_idle_hart_adds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
