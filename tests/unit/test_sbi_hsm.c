/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of HSM and SUSP of the SBI that a guest sees: every function and every error of SBI 3.0.
 */
#include "fake_sbi.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NON_RETENTIVE UINT64_C(0x80000000)

/* ---- HSM ------------------------------------------------------------------------------------- */

static void hart_start_checks_hart_then_address_then_state(void **state)
{
	CALL(HSM, 0, 2, ENTRY, 0x77, 0, 0, SBI_SUCCESS, 0, "start 2 0x80000100 0x77");
	CALL(HSM, 0, 3, RAM_END - 2, ALL, 0, 0, SBI_SUCCESS, 0,
	     "start 3 0x80003ffe 0xffffffffffffffff");
	CALL(HSM, 0, 4, ENTRY, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(HSM, 0, 64, 0, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(HSM, 0, BIT(32), ENTRY, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(HSM, 0, ALL, ENTRY, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(HSM, 0, 1, 0, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
	CALL(HSM, 0, 1, FAKE_RAM_BASE - 2, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
	CALL(HSM, 0, 1, RAM_END, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
	CALL(HSM, 0, 1, ALL, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
	CALL(HSM, 0, 1, ALL - 1, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
	CALL(HSM, 0, 1, ENTRY + 1, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
	/* What cannot be written can be executed. */
	CALL(HSM, 0, 2, FAKE_ROM_BASE, 0, 0, 0, SBI_SUCCESS, 0, "start 2 0x90000000 0");
	/* An address is checked even if the hart runs already. */
	fake.start_error = -EALREADY;
	CALL(HSM, 0, 0, 0, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
}

static void hart_start_of_what_is_not_stopped(void **state)
{
	fake.start_error = -EALREADY;
	CALL(HSM, 0, 0, ENTRY, 0, 0, 0, SBI_ALREADY_AVAILABLE, 0, "start 0 0x80000100 0");
	fake.start_error = -EINPROGRESS;
	fake.vcpus[1].hsm = HSM_START_PENDING;
	CALL(HSM, 0, 1, ENTRY, 0, 0, 0, SBI_ALREADY_AVAILABLE, 0, "start 1 0x80000100 0");
	fake.start_error = -EBUSY; /* it may be stopped by now: what the start said counts */
	CALL(HSM, 0, 1, ENTRY, 0, 0, 0, SBI_FAILED, 0, "start 1 0x80000100 0");
}

static void hart_stop_parks_the_caller(void **state)
{
	CALL(HSM, 1, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "leave 0 park");
	assert_int_equal(fake.vcpus[0].hsm, HSM_STOP_PENDING);
	assert_int_equal(fake.vcpus[1].hsm, HSM_STARTED);
}

static void hart_status_of_each_state(void **state)
{
	for (unsigned int hsm = HSM_STARTED; hsm <= HSM_RESUME_PENDING; hsm++) {
		fake.vcpus[3].hsm = hsm;
		CALL(HSM, 2, 3, 0, 0, 0, 0, SBI_SUCCESS, hsm, "");
	}
	CALL(HSM, 2, 4, 0, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(HSM, 2, ALL, 0, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
}

static void retentive_suspend_sleeps_and_returns_success(void **state)
{
	struct vcpu *vcpu = &fake.vcpus[0];

	CALL(HSM, 3, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "leave 0 block");
	CALL(HSM, 2, 0, 0, 0, 0, 0, SBI_SUCCESS, HSM_SUSPENDED, "");
	/* Woken by something that is no interrupt. */
	assert_false(sbi_hsm_resume(vcpu));
	assert_string_equal(fake_trace(), "leave 0 block");
	assert_int_equal(vcpu->hsm, HSM_SUSPENDED);
	fake.interrupt_pending = true;
	assert_true(sbi_hsm_resume(vcpu));
	assert_string_equal(fake_trace(), "");
	assert_int_equal(vcpu->hsm, HSM_STARTED);
}

static void suspend_with_an_interrupt_pending_does_not_sleep(void **state)
{
	fake.interrupt_pending = true;
	CALL(HSM, 3, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	assert_int_equal(fake.vcpus[0].hsm, HSM_STARTED);
	/* Not an error and a value, but the a0 and a1 of the resume. */
	assert_int_equal(fake_call(2, SBI_EXT_HSM, 3, NON_RETENTIVE, ENTRY, 0x55, 0, 0).error, 2);
	assert_int_equal(fake.vcpus[2].arch.regs[REG_A1], 0x55);
	assert_string_equal(fake_trace(), "restart 2 0x80000100 2 0x55");
	assert_int_equal(fake.vcpus[2].hsm, HSM_STARTED);
}

static void non_retentive_suspend_resumes_at_its_address(void **state)
{
	struct vcpu *vcpu = &fake.vcpus[1];

	fake_call(1, SBI_EXT_HSM, 3, NON_RETENTIVE, ENTRY, 0x55, 0, 0);
	assert_string_equal(fake_trace(), "leave 1 block");
	assert_int_equal(vcpu->hsm, HSM_SUSPENDED);
	assert_false(sbi_hsm_resume(vcpu));
	assert_string_equal(fake_trace(), "leave 1 block");
	fake.interrupt_pending = true;
	assert_true(sbi_hsm_resume(vcpu));
	assert_string_equal(fake_trace(), "restart 1 0x80000100 1 0x55");
	assert_int_equal(vcpu->hsm, HSM_STARTED);
	/* The next one is retentive: it does not jump. */
	fake_call(1, SBI_EXT_HSM, 3, 0, ENTRY, 0x55, 0, 0);
	assert_string_equal(fake_trace(), "");
}

static void suspend_type_is_32_bits_wide(void **state)
{
	CALL(HSM, 3, BIT(63), 0, 0, 0, 0, SBI_SUCCESS, 0, "leave 0 block");
	fake_call(1, SBI_EXT_HSM, 3, BIT(63) | NON_RETENTIVE, ENTRY, 0, 0, 0);
	assert_string_equal(fake_trace(), "leave 1 block");
	assert_true(fake.vcpus[1].suspend_resets);
}

static void suspend_with_wrong_parameters_goes_on(void **state)
{
	static const uint64_t types[] = { 1,	      0x0fffffff, 0x10000000, 0x7fffffff,
					  0x80000001, 0x8fffffff, 0x90000000, 0xffffffff };

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		CALL(HSM, 3, types[i], ENTRY, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(HSM, 3, NON_RETENTIVE, 0, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
	CALL(HSM, 3, NON_RETENTIVE, ENTRY + 1, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
	CALL(HSM, 3, NON_RETENTIVE, RAM_END, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
	assert_int_equal(fake.vcpus[0].hsm, HSM_STARTED);
}

/* ---- SUSP ------------------------------------------------------------------------------------ */

static void stop_others(unsigned int caller)
{
	for (unsigned int i = 0; i < fake.vm.vcpu_count; i++)
		fake.vcpus[i].hsm = i == caller ? HSM_STARTED : HSM_STOPPED;
}

static void system_suspend_sleeps_and_resumes_at_its_address(void **state)
{
	struct vcpu *vcpu = &fake.vcpus[2];

	stop_others(2);
	fake_call(2, SBI_EXT_SUSP, 0, 0, ENTRY, 0x66, 0, 0);
	assert_string_equal(fake_trace(), "leave 2 block");
	assert_int_equal(vcpu->hsm, HSM_SUSPENDED);
	assert_true(vcpu->suspends_vm);
	/* Woken by something that is no interrupt, such as a pause. */
	assert_false(sbi_hsm_resume(vcpu));
	assert_string_equal(fake_trace(), "leave 2 block");
	fake.interrupt_pending = true;
	assert_true(sbi_hsm_resume(vcpu));
	assert_string_equal(fake_trace(), "restart 2 0x80000100 2 0x66");
	assert_int_equal(vcpu->hsm, HSM_STARTED);
	/* What follows is the suspend of a hart only. */
	fake.interrupt_pending = false;
	fake_call(2, SBI_EXT_HSM, 3, 0, 0, 0, 0, 0);
	assert_string_equal(fake_trace(), "leave 2 block");
	assert_false(vcpu->suspends_vm);
}

static void system_suspend_with_an_interrupt_pending_does_not_sleep(void **state)
{
	struct sbi_result result;

	stop_others(3);
	fake.interrupt_pending = true;
	result = fake_call(3, SBI_EXT_SUSP, 0, 0, ENTRY, ALL, 0, 0);
	assert_int_equal(result.error, 3);
	assert_int_equal(result.value, ALL);
	assert_string_equal(fake_trace(), "restart 3 0x80000100 3 0xffffffffffffffff");
	assert_int_equal(fake.vcpus[3].hsm, HSM_STARTED);
}

static void system_suspend_is_denied_while_another_hart_is_not_stopped(void **state)
{
	for (unsigned int hsm = HSM_STARTED; hsm <= HSM_RESUME_PENDING; hsm++) {
		if (hsm == HSM_STOPPED)
			continue;
		for (unsigned int other = 1; other < 4; other++) {
			stop_others(0);
			fake.vcpus[other].hsm = hsm;
			CALL(SUSP, 0, 0, ENTRY, 0, 0, 0, SBI_DENIED, 0, "");
		}
	}
	assert_int_equal(fake.vcpus[0].hsm, HSM_STARTED);
}

static void system_suspend_of_one_vcpu_asks_nobody(void **state)
{
	fake_sbi_setup(1);
	fake_call(0, SBI_EXT_SUSP, 0, 0, ENTRY, 0, 0, 0);
	assert_string_equal(fake_trace(), "leave 0 block");
}

static void sleep_type_is_32_bits_wide(void **state)
{
	stop_others(0);
	fake_call(0, SBI_EXT_SUSP, 0, BIT(32), ENTRY, 0, 0, 0);
	assert_string_equal(fake_trace(), "leave 0 block");
	fake_sbi_setup(1);
	fake_call(0, SBI_EXT_SUSP, 0, ALL << 32, ENTRY, 0, 0, 0);
	assert_string_equal(fake_trace(), "leave 0 block");
}

static void system_suspend_with_wrong_parameters_goes_on(void **state)
{
	static const uint64_t types[] = { 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, BIT(32) | 1 };
	static const uint64_t addresses[] = { 0,   FAKE_RAM_BASE - 2, ENTRY + 1,      RAM_END,
					      ALL, ALL - 1,	      ENTRY | BIT(63) };

	stop_others(0);
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		CALL(SUSP, 0, types[i], ENTRY, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(SUSP, 0, types[i], 0, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++)
		CALL(SUSP, 0, 0, addresses[i], 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
	CALL(SUSP, 1, 0, ENTRY, 0, 0, 0, SBI_NOT_SUPPORTED, 0, "");
	assert_int_equal(fake.vcpus[0].hsm, HSM_STARTED);
	assert_false(fake.vcpus[0].suspends_vm);
	/* Checked before the other harts are looked at. */
	fake.vcpus[1].hsm = HSM_STARTED;
	CALL(SUSP, 0, 1, ENTRY, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(SUSP, 0, 0, 0, 0, 0, 0, SBI_INVALID_ADDRESS, 0, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fake_sbi_four_vcpus)
	const struct CMUnitTest tests[] = {
		TEST(hart_start_checks_hart_then_address_then_state),
		TEST(hart_start_of_what_is_not_stopped),
		TEST(hart_stop_parks_the_caller),
		TEST(hart_status_of_each_state),
		TEST(retentive_suspend_sleeps_and_returns_success),
		TEST(suspend_with_an_interrupt_pending_does_not_sleep),
		TEST(non_retentive_suspend_resumes_at_its_address),
		TEST(suspend_type_is_32_bits_wide),
		TEST(suspend_with_wrong_parameters_goes_on),
		TEST(system_suspend_sleeps_and_resumes_at_its_address),
		TEST(system_suspend_with_an_interrupt_pending_does_not_sleep),
		TEST(system_suspend_is_denied_while_another_hart_is_not_stopped),
		TEST(system_suspend_of_one_vcpu_asks_nobody),
		TEST(sleep_type_is_32_bits_wide),
		TEST(system_suspend_with_wrong_parameters_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
