/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI DBTR: each function with its errors, and what of a guest's triggers is in the hart when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_dbtr.h"
#include "fake_sbi.h"

#define NUM_TRIGGERS 0
#define SET_SHMEM 1
#define READ 2
#define INSTALL 3
#define UPDATE 4
#define UNINSTALL 5
#define ENABLE 6
#define DISABLE 7

#define SHARED (FAKE_RAM_BASE + 0x200)
#define TRIGGERS 3
#define STORE_S (TDATA1_MCONTROL6 | MCONTROL6_S | 2)
#define LOAD_U (TDATA1_MCONTROL6 | MCONTROL6_U | 1)
#define STORE_VS (TDATA1_MCONTROL6 | MCONTROL6_VS | 2)
#define LOAD_VU (TDATA1_MCONTROL6 | MCONTROL6_VU | 1)

/* A call by vCPU 0. */
static void does(uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2, long error,
		 uint64_t value)
{
	struct sbi_result result = fake_call(0, SBI_EXT_DBTR, function, a0, a1, a2, 0, 0);

	assert_int_equal(result.error, error);
	assert_int_equal(result.value, value);
	fake_trace();
}

static struct dbtr_entry *entry(unsigned int i)
{
	return (struct dbtr_entry *)fake_ram(SHARED + i * sizeof(struct dbtr_entry));
}

static void put(unsigned int i, uint64_t index, uint64_t tdata1, uint64_t tdata2)
{
	*entry(i) = (struct dbtr_entry){ { index, tdata1, tdata2, 0 } };
}

static int setup(void **state)
{
	fake_sbi_setup(2);
	fake_dbtr_reset(TRIGGERS);
	fake.vm.arch.triggers = TRIGGERS;
	sbi_vm_init(&fake.vm);
	for (unsigned int i = 0; i < 2; i++)
		sbi_vcpu_reset(&fake.vcpus[i]);
	does(SET_SHMEM, SHARED, 0, 0, 0, 0);
	return 0;
}

static void installed(uint64_t tdata1, uint64_t tdata2)
{
	put(0, 99, tdata1, tdata2);
	does(INSTALL, 1, 0, 0, 0, 0);
}

/* What reads as trigger @index, whose successor has to be there, too. */
static void assert_reads(unsigned int index, uint64_t word0, uint64_t tdata1, uint64_t tdata2)
{
	does(READ, index, 1, 0, 0, 0);
	assert_int_equal(entry(0)->words[0], word0);
	assert_int_equal(entry(0)->words[1], tdata1);
	assert_int_equal(entry(0)->words[2], tdata2);
	assert_int_equal(entry(0)->words[3], 0);
}

static void there_is_none_without_triggers(void **state)
{
	fake.vm.arch.triggers = 0;
	sbi_vm_init(&fake.vm);
	does(NUM_TRIGGERS, 0, 0, 0, SBI_NOT_SUPPORTED, 0);
	assert_null(sbi_find(&fake.vm, SBI_EXT_DBTR));
}

static void triggers_are_counted_by_what_they_can(void **state)
{
	does(NUM_TRIGGERS, 0, 0, 0, 0, TRIGGERS);
	does(NUM_TRIGGERS, TDATA1_MCONTROL6, 0, 0, 0, TRIGGERS);
	does(NUM_TRIGGERS, STORE_S | MCONTROL6_SIZE, 0, 0, 0, TRIGGERS);
	for (uint64_t type = 0; type < 16; type++)
		if (type != 6)
			does(NUM_TRIGGERS, type << 60 | 1, 0, 0, 0, 0);
	does(NUM_TRIGGERS, STORE_S | MCONTROL6_M, 0, 0, 0, 0);
	does(NUM_TRIGGERS, STORE_S | MCONTROL6_VS, 0, 0, 0, 0);
	fake_dbtr.lost = MCONTROL6_SELECT;
	does(NUM_TRIGGERS, STORE_S | MCONTROL6_SELECT, 0, 0, 0, 0);
	does(8, 0, 0, 0, SBI_NOT_SUPPORTED, 0);
	does(UINT64_MAX, 0, 0, 0, SBI_NOT_SUPPORTED, 0);
	assert_int_equal(fake_dbtr_used(), 0);
}

static void shared_memory_is_checked(void **state)
{
	const uint64_t size = TRIGGERS * sizeof(struct dbtr_entry);

	does(SET_SHMEM, SHARED, 0, 1, SBI_INVALID_PARAM, 0);
	does(SET_SHMEM, ALL, ALL, 1, SBI_INVALID_PARAM, 0);
	for (unsigned int i = 1; i < 8; i++)
		does(SET_SHMEM, SHARED + i, 0, 0, SBI_INVALID_PARAM, 0);
	does(SET_SHMEM, SHARED, 1, 0, SBI_INVALID_ADDRESS, 0);
	does(SET_SHMEM, 0, 0, 0, SBI_INVALID_ADDRESS, 0);
	does(SET_SHMEM, RAM_END - size + 8, 0, 0, SBI_INVALID_ADDRESS, 0);
	does(SET_SHMEM, FAKE_ROM_BASE, 0, 0, SBI_INVALID_ADDRESS, 0);
	does(SET_SHMEM, UINT64_MAX - 7, 0, 0, SBI_INVALID_ADDRESS, 0);
	assert_int_equal(fake.vcpus[0].arch.dbtr.shared, SHARED);
	does(SET_SHMEM, RAM_END - size, 0, 0, 0, 0);
	does(SET_SHMEM, ALL, ALL, 0, 0, 0);
	does(READ, 0, 1, 0, SBI_NO_SHMEM, 0);
	does(INSTALL, 1, 0, 0, SBI_NO_SHMEM, 0);
	does(UPDATE, 1, 0, 0, SBI_NO_SHMEM, 0);
	does(UNINSTALL, 0, 1, 0, SBI_INVALID_PARAM, 0);
	/* Each vCPU has its own. */
	assert_int_equal(fake.vcpus[1].arch.dbtr.shared, UINT64_MAX);
}

static void a_guest_s_modes_are_those_with_v(void **state)
{
	installed(STORE_S, 0x1000);
	assert_int_equal(entry(0)->words[0], 0);
	installed(LOAD_U, 0x2000);
	assert_int_equal(entry(0)->words[0], 1);
	assert_int_equal(fake_dbtr_used(), 2);
	assert_int_equal(fake_dbtr.tdata1[0], STORE_VS);
	assert_int_equal(fake_dbtr.tdata2[0], 0x1000);
	assert_int_equal(fake_dbtr.tdata1[1], LOAD_VU);
	assert_int_equal(fake_dbtr.tdata2[1], 0x2000);
	assert_reads(0, TRIGGER_MAPPED | TRIGGER_S, STORE_S, 0x1000);
	assert_reads(1, TRIGGER_MAPPED | TRIGGER_U, LOAD_U, 0x2000);
}

static void several_are_installed_at_once_or_none(void **state)
{
	put(0, 9, STORE_S, 0x1000);
	put(1, 9, LOAD_U, 0x2000);
	does(INSTALL, 2, 0, 0, 0, 0);
	assert_int_equal(entry(0)->words[0], 0);
	assert_int_equal(entry(1)->words[0], 1);
	does(UNINSTALL, 0, 1, 0, 0, 0);
	put(0, 9, STORE_S, 0x3000);
	put(1, 9, STORE_S | TDATA1_DMODE, 0);
	does(INSTALL, 2, 0, 0, SBI_INVALID_PARAM, 1);
	assert_int_equal(entry(0)->words[0], 9);
	assert_reads(0, 0, 0, 0);
	/* 0 and 2 are free: not one after another. */
	put(0, 9, STORE_S, 0x3000);
	put(1, 9, STORE_S, 0x4000);
	does(INSTALL, 2, 0, 0, 0, 0);
	assert_int_equal(entry(0)->words[0], 0);
	assert_int_equal(entry(1)->words[0], 2);
	put(0, 9, STORE_S, 0);
	does(INSTALL, 1, 0, 0, SBI_FAILED, 0);
	assert_int_equal(fake_dbtr_used(), 3);
	does(INSTALL, 0, 0, 0, 0, 0);
}

static void counts_and_ranges_have_bounds(void **state)
{
	static const uint64_t many[] = { TRIGGERS, TRIGGERS + 1, DBTR_TRIGGERS, 64, UINT64_MAX };

	for (unsigned int i = 0; i < ARRAY_SIZE(many); i++) {
		does(INSTALL, many[i], 0, 0, SBI_BAD_RANGE, 0);
		does(UPDATE, many[i], 0, 0, SBI_BAD_RANGE, 0);
		does(READ, 0, many[i], 0, SBI_BAD_RANGE, 0);
		does(READ, many[i], 0, 0, SBI_BAD_RANGE, 0);
		does(READ, many[i], 1, 0, SBI_BAD_RANGE, 0);
		does(UNINSTALL, many[i], 1, 0, SBI_INVALID_PARAM, 0);
		does(ENABLE, many[i], 1, 0, SBI_INVALID_PARAM, 0);
		does(DISABLE, many[i], 1, 0, SBI_INVALID_PARAM, 0);
	}
	does(READ, 1, UINT64_MAX, 0, SBI_BAD_RANGE, 0);
	does(READ, TRIGGERS - 1, 1, 0, SBI_BAD_RANGE, 0);
	does(READ, TRIGGERS - 1, 0, 0, 0, 0);
	does(READ, 0, TRIGGERS - 1, 0, 0, 0);
	does(ENABLE, 0, BIT(TRIGGERS), 0, SBI_INVALID_PARAM, 0);
	does(ENABLE, 1, BIT(63), 0, SBI_INVALID_PARAM, 0);
	does(ENABLE, TRIGGERS - 1, 2, 0, SBI_INVALID_PARAM, 0);
	does(UNINSTALL, UINT64_MAX, 0, 0, 0, 0);
}

static void configurations_that_cannot_be_are_refused(void **state)
{
	static const struct {
		uint64_t tdata1, tdata3;
		long error;
	} cases[] = {
		{ 0, 0, SBI_FAILED },
		{ 2UL << 60 | MCONTROL6_S | 2, 0, SBI_FAILED },
		{ 3UL << 60, 0, SBI_FAILED },
		{ 15UL << 60, 0, SBI_FAILED },
		{ STORE_S | TDATA1_DMODE, 0, SBI_INVALID_PARAM },
		{ STORE_S | MCONTROL6_M, 0, SBI_INVALID_PARAM },
		{ STORE_S | MCONTROL6_CHAIN, 0, SBI_INVALID_PARAM },
		{ STORE_S | MCONTROL6_VS, 0, SBI_NOT_SUPPORTED },
		{ STORE_S | MCONTROL6_VU, 0, SBI_NOT_SUPPORTED },
		{ STORE_S | 1UL << 12, 0, SBI_NOT_SUPPORTED },
		{ STORE_S | 8UL << 12, 0, SBI_NOT_SUPPORTED },
		{ STORE_S | MCONTROL6_HIT0, 0, SBI_NOT_SUPPORTED },
		{ STORE_S | 1UL << 5, 0, SBI_NOT_SUPPORTED },
		{ STORE_S | 1UL << 40, 0, SBI_NOT_SUPPORTED },
		{ STORE_S, 1, SBI_NOT_SUPPORTED },
		{ STORE_S, 1UL << 63, SBI_NOT_SUPPORTED },
	};

	installed(STORE_S, 0x1000);
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		long update = cases[i].error == SBI_FAILED ? SBI_INVALID_PARAM : cases[i].error;

		*entry(0) = (struct dbtr_entry){ { 0, cases[i].tdata1, 0, cases[i].tdata3 } };
		does(INSTALL, 1, 0, 0, cases[i].error, 0);
		does(UPDATE, 1, 0, 0, update, 0);
		assert_int_equal(fake_dbtr_used(), 1);
		assert_int_equal(fake_dbtr.tdata1[0], STORE_VS);
	}
	/* A chain that another one follows. */
	put(0, 0, STORE_S | MCONTROL6_CHAIN, 0);
	put(1, 0, STORE_S, 0);
	does(INSTALL, 2, 0, 0, SBI_NOT_SUPPORTED, 0);
	assert_reads(0, TRIGGER_MAPPED | TRIGGER_S, STORE_S, 0x1000);
}

static void what_the_hart_does_not_keep_is_not_supported(void **state)
{
	fake_dbtr.lost = MCONTROL6_MATCH;
	put(0, 0, STORE_S, 0x1000);
	put(1, 0, STORE_S | 1 << 7, 0x1000);
	does(INSTALL, 2, 0, 0, SBI_NOT_SUPPORTED, 1);
	assert_int_equal(fake_dbtr_used(), 0);
	fake_dbtr.refuse = 1;
	does(INSTALL, 1, 0, 0, SBI_NOT_SUPPORTED, 0);
	does(INSTALL, 1, 0, 0, 0, 0);
	/* Refused later: it stays the guest's, and does nothing. */
	fake_dbtr.refuse = 1;
	dbtr_install(&fake.vcpus[0]);
	assert_int_equal(fake_dbtr_used(), 0);
	dbtr_install(&fake.vcpus[0]);
	assert_int_equal(fake_dbtr_used(), 1);
	/* The only trigger of a hart cannot be read. */
	fake_dbtr_reset(1);
	fake_dbtr.lost = MCONTROL6_MATCH;
	assert_true(dbtr_hart_takes(STORE_S | 1 << 7, 0));
}

static void triggers_are_updated_in_place(void **state)
{
	installed(STORE_S, 0x1000);
	installed(STORE_S, 0x2000);
	put(0, 1, LOAD_U, 0x3000);
	does(UPDATE, 1, 0, 0, 0, 0);
	assert_reads(0, TRIGGER_MAPPED | TRIGGER_S, STORE_S, 0x1000);
	assert_reads(1, TRIGGER_MAPPED | TRIGGER_U, LOAD_U, 0x3000);
	assert_int_equal(fake_dbtr.tdata1[1], LOAD_VU);
	put(0, 0, LOAD_U, 0x4000);
	put(1, 2, LOAD_U, 0x4000);
	does(UPDATE, 2, 0, 0, SBI_FAILED, 1);
	put(1, TRIGGERS, LOAD_U, 0x4000);
	does(UPDATE, 2, 0, 0, SBI_INVALID_PARAM, 1);
	put(1, UINT64_MAX, LOAD_U, 0x4000);
	does(UPDATE, 2, 0, 0, SBI_INVALID_PARAM, 1);
	assert_reads(0, TRIGGER_MAPPED | TRIGGER_S, STORE_S, 0x1000);
}

static void disabled_ones_keep_their_modes(void **state)
{
	installed(STORE_S | MCONTROL6_U, 0x1000);
	does(DISABLE, 0, 1, 0, 0, 0);
	assert_int_equal(fake_dbtr_used(), 0);
	assert_reads(0, TRIGGER_MAPPED | TRIGGER_S | TRIGGER_U, TDATA1_MCONTROL6 | 2, 0x1000);
	does(DISABLE, 0, 1, 0, 0, 0);
	does(ENABLE, 0, 1, 0, 0, 0);
	assert_int_equal(fake_dbtr_used(), 1);
	assert_int_equal(fake_dbtr.tdata1[0], STORE_VS | MCONTROL6_VU);
	assert_reads(0, TRIGGER_MAPPED | TRIGGER_S | TRIGGER_U, STORE_S | MCONTROL6_U, 0x1000);
}

static void uninstalled_ones_are_gone(void **state)
{
	installed(STORE_S, 0x1000);
	installed(LOAD_U, 0x2000);
	does(UNINSTALL, 0, 7, 0, SBI_INVALID_PARAM, 0);
	assert_int_equal(fake_dbtr_used(), 2);
	does(UNINSTALL, 1, 1, 0, 0, 0);
	assert_int_equal(fake_dbtr_used(), 1);
	does(UNINSTALL, 1, 1, 0, SBI_INVALID_PARAM, 0);
	does(ENABLE, 1, 1, 0, 0, 0);
	does(DISABLE, 1, 3, 0, 0, 0);
	does(ENABLE, 0, 7, 0, 0, 0);
	assert_reads(1, 0, 0, 0);
	assert_int_equal(fake_dbtr_used(), 1);
	does(UNINSTALL, 0, 1, 0, 0, 0);
	assert_int_equal(fake_dbtr_used(), 0);
	assert_int_equal(fake.vcpus[0].arch.sbi_switch, 0);
}

static void triggers_are_in_the_hart_with_their_vcpu_only(void **state)
{
	struct vcpu *vcpu = &fake.vcpus[0];

	assert_int_equal(vcpu->arch.sbi_switch, 0);
	installed(STORE_S, 0x1000);
	assert_int_not_equal(vcpu->arch.sbi_switch, 0);
	sbi_vcpu_save(vcpu);
	assert_int_equal(fake_dbtr_used(), 0);
	sbi_vcpu_load(&fake.vcpus[1]);
	assert_int_equal(fake_dbtr_used(), 0);
	sbi_vcpu_save(&fake.vcpus[1]);
	sbi_vcpu_load(vcpu);
	assert_int_equal(fake_dbtr_used(), 1);
	assert_int_equal(fake_dbtr.tdata1[0], STORE_VS);
	sbi_vcpu_save(vcpu);
	sbi_vcpu_reset(vcpu);
	assert_int_equal(vcpu->arch.sbi_switch, 0);
	does(READ, 0, 1, 0, SBI_NO_SHMEM, 0);
	does(SET_SHMEM, SHARED, 0, 0, 0, 0);
	assert_reads(0, 0, 0, 0);
	assert_int_equal(fake_dbtr_used(), 0);
}

/* Calls that change nothing do not bother the firmware of a guest that has none. */
static void a_guest_without_triggers_costs_nothing(void **state)
{
	fake_dbtr.calls = 0;
	does(READ, 0, 1, 0, 0, 0);
	does(ENABLE, 0, 1, 0, 0, 0);
	does(UNINSTALL, 0, 1, 0, SBI_INVALID_PARAM, 0);
	assert_int_equal(fake_dbtr.calls, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(there_is_none_without_triggers),
		TEST(triggers_are_counted_by_what_they_can),
		TEST(shared_memory_is_checked),
		TEST(a_guest_s_modes_are_those_with_v),
		TEST(several_are_installed_at_once_or_none),
		TEST(counts_and_ranges_have_bounds),
		TEST(configurations_that_cannot_be_are_refused),
		TEST(what_the_hart_does_not_keep_is_not_supported),
		TEST(triggers_are_updated_in_place),
		TEST(disabled_ones_keep_their_modes),
		TEST(uninstalled_ones_are_gone),
		TEST(triggers_are_in_the_hart_with_their_vcpu_only),
		TEST(a_guest_without_triggers_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
