/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of STA of the SBI that a guest sees (SBI 3.0, "Steal-time Accounting Extension"). Ticks
 * are 100 ns.
 */
#include "fake_sbi.h"

#include <arch/registers.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RECORD (FAKE_RAM_BASE + 0x1040)
#define TICK 100

extern const struct register_group registers_sta;

struct record {
	uint32_t sequence;
	uint32_t flags;
	uint64_t steal;
	uint8_t preempted;
	uint8_t pad[47];
};

static struct vcpu *vcpu;

static int one_vcpu(void **state)
{
	fake_sbi_setup(2);
	vcpu = &fake.vcpus[1];
	for (unsigned int i = 0; i < 2; i++)
		sbi_vcpu_reset(&fake.vcpus[i]);
	vcpu->sched.waited = 12345;
	return 0;
}

static struct record record(void)
{
	struct record copy;

	memcpy(&copy, fake_ram(RECORD), sizeof(copy));
	return copy;
}

static void set_shmem(uint64_t low, uint64_t high, uint64_t flags, long error)
{
	struct sbi_result result = fake_call(1, SBI_EXT_STA, 0, low, high, flags, 0, 0);

	assert_int_equal(result.error, error);
	assert_int_equal(result.value, 0);
}

static void begin(void)
{
	memset(fake_ram(RECORD), 0x5a, 64);
	set_shmem(RECORD, 0, 0, SBI_SUCCESS);
	fake_trace();
}

/* Runs after it waited for @ticks. */
static void run_after(uint64_t ticks)
{
	vcpu->sched.waited += ticks;
	sbi_vcpu_load(vcpu);
}

static void leave(enum sched_leave how)
{
	vcpu->sched.leave = how;
	sbi_vcpu_save(vcpu);
	vcpu->sched.leave = LEAVE_PREEMPTED;
}

static void set_shmem_clears_the_record_only(void **state)
{
	static const struct record zero;
	struct record now;

	memset(fake_ram(RECORD - 1), 0x5a, 66);
	set_shmem(RECORD, 0, 0, SBI_SUCCESS);
	now = record();
	assert_memory_equal(&now, &zero, sizeof(zero));
	assert_int_equal(*fake_ram(RECORD - 1), 0x5a);
	assert_int_equal(*fake_ram(RECORD + 64), 0x5a);
}

static void set_shmem_has_these_errors(void **state)
{
	static const uint64_t flags[] = { 1, 2, BIT(32), BIT(63), ALL };

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		set_shmem(RECORD, 0, flags[i], SBI_INVALID_PARAM);
		set_shmem(ALL, ALL, flags[i], SBI_INVALID_PARAM);
	}
	for (uint64_t off = 1; off < 64; off++)
		set_shmem(RECORD + off, 0, 0, SBI_INVALID_PARAM);
	set_shmem(ALL, 0, 0, SBI_INVALID_PARAM);
	set_shmem(ALL, ALL - 1, 0, SBI_INVALID_PARAM);
	set_shmem(FAKE_RAM_BASE - 64, 0, 0, SBI_INVALID_ADDRESS);
	set_shmem(RAM_END, 0, 0, SBI_INVALID_ADDRESS);
	set_shmem(ALL - 63, 0, 0, SBI_INVALID_ADDRESS);
	set_shmem(ALL - 63, ALL, 0, SBI_INVALID_ADDRESS);
	set_shmem(RECORD, 1, 0, SBI_INVALID_ADDRESS);
	set_shmem(RECORD, ALL, 0, SBI_INVALID_ADDRESS);
	set_shmem(FAKE_ROM_BASE, 0, 0, SBI_INVALID_ADDRESS);
	assert_int_equal(fake_call(1, SBI_EXT_STA, 1, RECORD, 0, 0, 0, 0).error, SBI_NOT_SUPPORTED);
	assert_string_equal(fake_trace(), "");
	assert_int_equal(vcpu->arch.sbi_switch, 0);
	set_shmem(RAM_END - 64, 0, 0, SBI_SUCCESS);
	set_shmem(FAKE_RAM_BASE, 0, 0, SBI_SUCCESS);
}

static void a_refused_record_leaves_the_old_one(void **state)
{
	begin();
	set_shmem(RECORD + 1, 0, 0, SBI_INVALID_PARAM);
	set_shmem(RAM_END, 0, 0, SBI_INVALID_ADDRESS);
	set_shmem(ALL, ALL, 1, SBI_INVALID_PARAM);
	run_after(1);
	assert_int_equal(record().steal, TICK);
}

static void steal_is_the_time_since_the_record_was_set(void **state)
{
	begin();
	run_after(0);
	assert_int_equal(record().steal, 0);
	run_after(7);
	assert_int_equal(record().steal, 7 * TICK);
	leave(LEAVE_BLOCK);
	run_after(3);
	assert_int_equal(record().steal, 10 * TICK);
	/* More than a second. */
	run_after(timebase * 5000 + 1);
	assert_int_equal(record().steal, UINT64_C(5000000000000) + 11 * TICK);
	/* Anew. */
	set_shmem(RECORD, 0, 0, SBI_SUCCESS);
	assert_int_equal(record().steal, 0);
	run_after(1);
	assert_int_equal(record().steal, TICK);
}

static void sequence_is_even_and_grows_with_each_update(void **state)
{
	begin();
	for (unsigned int i = 1; i < 5; i++) {
		run_after(i);
		assert_int_equal(record().sequence, 2 * i);
	}
}

static void what_the_guest_writes_there_is_its_own_affair(void **state)
{
	static const uint32_t sequences[] = { 1, 2, 0x7fffffff, 0xfffffffe, 0xffffffff };

	begin();
	for (unsigned int i = 0; i < ARRAY_SIZE(sequences); i++) {
		memset(fake_ram(RECORD), 0xa5, 64);
		memcpy(fake_ram(RECORD), &sequences[i], 4);
		run_after(1);
		assert_int_equal(record().sequence & 1, 0);
		assert_int_not_equal(record().sequence, sequences[i]);
		assert_int_equal(record().steal, (i + 1) * TICK);
		assert_int_equal(record().preempted, 0);
	}
}

static void preempted_says_that_it_left_against_its_will(void **state)
{
	begin();
	assert_int_equal(record().preempted, 0);
	leave(LEAVE_PREEMPTED);
	assert_string_equal(fake_trace(), "written 0x80001040 0x40");
	assert_int_equal(record().preempted, 1);
	assert_int_equal(record().sequence, 0);
	run_after(9);
	assert_string_equal(fake_trace(), "written 0x80001040 0x40");
	assert_int_equal(record().preempted, 0);
	/* WFI, suspend and stop: it did not want to run. */
	leave(LEAVE_BLOCK);
	leave(LEAVE_PARK);
	assert_string_equal(fake_trace(), "");
	assert_int_equal(record().preempted, 0);
}

static void nothing_is_written_without_a_record(void **state)
{
	begin();
	set_shmem(ALL, ALL, 0, SBI_SUCCESS);
	memset(fake_ram(RECORD), 0x5a, 64);
	run_after(5);
	leave(LEAVE_PREEMPTED);
	assert_int_equal(record().steal, UINT64_C(0x5a5a5a5a5a5a5a5a));
	assert_string_equal(fake_trace(), "");
	assert_int_equal(vcpu->arch.sbi_switch, 0);
	/* Ending what is not there is no error. */
	set_shmem(ALL, ALL, 0, SBI_SUCCESS);
}

static void reset_ends_it(void **state)
{
	begin();
	sbi_vcpu_reset(vcpu);
	memset(fake_ram(RECORD), 0x5a, 64);
	run_after(5);
	leave(LEAVE_PREEMPTED);
	assert_int_equal(record().steal, UINT64_C(0x5a5a5a5a5a5a5a5a));
	assert_string_equal(fake_trace(), "");
}

static void vcpus_have_a_record_each(void **state)
{
	begin();
	fake_call(0, SBI_EXT_STA, 0, RECORD + 64, 0, 0, 0, 0);
	run_after(4);
	assert_int_equal(record().steal, 4 * TICK);
	assert_int_equal(((struct record *)(void *)fake_ram(RECORD + 64))->steal, 0);
}

/* ---- registers ---- */

static const struct register_row *row(unsigned int index)
{
	for (unsigned int i = 0; i < registers_sta.count; i++)
		if (registers_sta.rows[i].first == REGISTER_OF_SBI(REGISTER_SBI_STA, index))
			return &registers_sta.rows[i];
	fail();
	return NULL;
}

static void registers_carry_it_to_another_vcpu(void **state)
{
	const struct register_row *memory = row(REGISTER_STA_MEMORY);
	const struct register_row *steal = row(REGISTER_STA_STEAL);
	uint64_t saved[2];

	assert_int_equal(memory->get(vcpu, memory->base), ALL);
	assert_int_equal(steal->get(vcpu, steal->base), 0);
	begin();
	run_after(50);
	saved[0] = memory->get(vcpu, memory->base);
	saved[1] = steal->get(vcpu, steal->base);
	assert_int_equal(saved[0], RECORD);
	assert_int_equal(saved[1], 50 * TICK);
	sbi_vcpu_reset(vcpu);
	vcpu->sched.waited = 3; /* less than was stolen before */
	assert_int_equal(memory->set(vcpu, memory->base, saved[0]), 0);
	assert_int_equal(steal->set(vcpu, steal->base, saved[1]), 0);
	assert_int_equal(record().steal, 50 * TICK);
	assert_int_equal(steal->get(vcpu, steal->base), 50 * TICK);
	run_after(2);
	assert_int_equal(record().steal, 52 * TICK);
	assert_int_equal(memory->set(vcpu, memory->base, ALL), 0);
	assert_int_equal(vcpu->arch.sbi_switch, 0);
}

static void registers_take_valid_records_only(void **state)
{
	const struct register_row *memory = row(REGISTER_STA_MEMORY);

	begin();
	assert_int_equal(memory->set(vcpu, memory->base, RECORD + 32), -EINVAL);
	assert_int_equal(memory->set(vcpu, memory->base, RAM_END), -EINVAL);
	assert_int_equal(memory->set(vcpu, memory->base, FAKE_ROM_BASE), -EINVAL);
	assert_int_equal(memory->set(vcpu, memory->base, 0), -EINVAL);
	assert_int_equal(memory->get(vcpu, memory->base), RECORD);
	assert_true(memory->exists(vcpu, memory->base));
	fake.vm.config.sbi_disabled = ALL;
	sbi_vm_init(&fake.vm);
	assert_false(memory->exists(vcpu, memory->base));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, one_vcpu)
	const struct CMUnitTest tests[] = {
		TEST(set_shmem_clears_the_record_only),
		TEST(set_shmem_has_these_errors),
		TEST(a_refused_record_leaves_the_old_one),
		TEST(steal_is_the_time_since_the_record_was_set),
		TEST(sequence_is_even_and_grows_with_each_update),
		TEST(what_the_guest_writes_there_is_its_own_affair),
		TEST(preempted_says_that_it_left_against_its_will),
		TEST(nothing_is_written_without_a_record),
		TEST(reset_ends_it),
		TEST(vcpus_have_a_record_each),
		TEST(registers_carry_it_to_another_vcpu),
		TEST(registers_take_valid_records_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
