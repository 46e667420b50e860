/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the SBI that a guest sees: every function and every error of SBI 3.0 that the
 * extensions of arch/riscv/sbi/ have, called the way the exit path does.
 */
#include "fake_sbi.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ALL UINT64_MAX /* hart_mask_base: every hart; size: the whole address space */
#define RAM_END (FAKE_RAM_BASE + FAKE_RAM_SIZE)
#define ENTRY (FAKE_RAM_BASE + 0x100)
#define NON_RETENTIVE UINT64_C(0x80000000)
#define WHOLE "sfence 0 0xffffffffffffffff"

/* A call by vCPU 0 that returns @error, and @value if there is none, having done @did. */
#define CALL(extension, function, a0, a1, a2, a3, a4, want_error, want_value, did)                 \
	do {                                                                                       \
		struct sbi_result r_ = fake_call(0, SBI_EXT_##extension, function, a0, a1, a2, a3, \
						 a4);                                              \
		assert_int_equal(r_.error, want_error);                                            \
		assert_int_equal(r_.value, want_value);                                            \
		assert_string_equal(fake_trace(), did);                                            \
	} while (0)

static int four_vcpus(void **state)
{
	fake_sbi_setup(4);
	return 0;
}

/* ---- dispatch -------------------------------------------------------------------------------- */

static void each_extension_is_found_by_its_id_alone(void **state)
{
	uint64_t id = 1;

	for (unsigned int i = 0; sbi_extensions[i]; i++) {
		unsigned long own = sbi_extensions[i]->id;

		assert_ptr_equal(sbi_find(&fake.vm, own), sbi_extensions[i]);
		assert_null(sbi_find(&fake.vm, own + 1));
		assert_null(sbi_find(&fake.vm, own | BIT(32)));
		assert_null(sbi_find(&fake.vm, own | BIT(63)));
	}
	for (unsigned int i = 0; i < 100000; i++) {
		id = id * UINT64_C(6364136223846793005) + 1442695040888963407;
		assert_null(sbi_find(&fake.vm, id));
	}
}

static void unknown_extensions_and_functions_are_not_supported(void **state)
{
	static const uint64_t ids[] = { 0, 1, 8, 0xf, 0x11, 0x504d55, 0x53555350, 0xb000000, ALL };
	static const uint64_t functions[] = { 7, 100, 0x80000000, BIT(32), INT64_MAX, ALL };

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		for (unsigned int f = 0; f < 9; f++)
			assert_int_equal(fake_call(0, ids[i], f, 0, 0, 0, 0, 0).error,
					 SBI_NOT_SUPPORTED);
	for (unsigned int i = 0; sbi_extensions[i]; i++)
		for (unsigned int f = 0; f < ARRAY_SIZE(functions); f++)
			assert_int_equal(fake_call(0, sbi_extensions[i]->id, functions[f], ALL, ALL,
						   0, ALL, 0)
						 .error,
					 SBI_NOT_SUPPORTED);
	assert_string_equal(fake_trace(), "");
}

static void an_extension_that_a_vm_lacks_is_not_there(void **state)
{
	uint64_t all = fake.vm.sbi_enabled;
	unsigned int found = 0;

	for (unsigned int slot = 0; slot < 64; slot++) {
		fake.vm.sbi_enabled = all & ~BIT(slot);
		if (sbi_find(&fake.vm, SBI_EXT_TIME))
			continue;
		found++;
		CALL(TIME, 0, 5, 0, 0, 0, 0, SBI_NOT_SUPPORTED, 0, "");
		CALL(BASE, 3, SBI_EXT_TIME, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
		CALL(BASE, 3, SBI_EXT_IPI, 0, 0, 0, 0, SBI_SUCCESS, 1, "");
	}
	assert_int_equal(found, 1);
	fake.vm.sbi_enabled = 0;
	CALL(BASE, 0, 0, 0, 0, 0, 0, SBI_NOT_SUPPORTED, 0, "");
}

/* ---- hart masks ------------------------------------------------------------------------------ */

static void mask_of(uint64_t mask, uint64_t base, long error, uint64_t vcpus)
{
	uint64_t result = 0;

	assert_int_equal(sbi_hart_mask(&fake.vm, mask, base, &result), error);
	if (!error)
		assert_int_equal(result, vcpus);
}

static void a_hart_mask_names_vcpus_from_its_base_on(void **state)
{
	mask_of(1, 0, 0, 1);
	mask_of(0xf, 0, 0, 0xf);
	mask_of(1, 3, 0, 8);
	mask_of(3, 2, 0, 0xc);
	fake_sbi_setup(64);
	mask_of(ALL, 0, 0, ALL);
	mask_of(1, 63, 0, BIT(63));
	mask_of(BIT(62), 1, 0, BIT(63));
	fake_sbi_setup(1);
	mask_of(1, 0, 0, 1);
	mask_of(2, 0, SBI_INVALID_PARAM, 0);
}

static void base_minus_one_names_all_whatever_the_mask(void **state)
{
	mask_of(0, ALL, 0, 0xf);
	mask_of(ALL, ALL, 0, 0xf);
	fake_sbi_setup(64);
	mask_of(0, ALL, 0, ALL);
}

static void an_empty_mask_is_valid_at_any_base(void **state)
{
	mask_of(0, 0, 0, 0);
	mask_of(0, 4, 0, 0);
	mask_of(0, 1000, 0, 0);
	mask_of(0, ALL - 1, 0, 0);
}

static void a_mask_that_names_no_vcpu_is_invalid(void **state)
{
	mask_of(0x10, 0, SBI_INVALID_PARAM, 0);
	mask_of(0x1f, 0, SBI_INVALID_PARAM, 0);
	mask_of(1, 4, SBI_INVALID_PARAM, 0);
	mask_of(3, 3, SBI_INVALID_PARAM, 0);
	mask_of(1, 64, SBI_INVALID_PARAM, 0);
	mask_of(1, 1000, SBI_INVALID_PARAM, 0);
	mask_of(1, BIT(32), SBI_INVALID_PARAM, 0);
	mask_of(1, ALL - 1, SBI_INVALID_PARAM, 0);
	mask_of(4, ALL - 1, SBI_INVALID_PARAM, 0);
	/* Bits that a shift would lose. */
	mask_of(BIT(63) | 1, 1, SBI_INVALID_PARAM, 0);
	mask_of(BIT(63), 63, SBI_INVALID_PARAM, 0);
	fake_sbi_setup(64);
	mask_of(3, 63, SBI_INVALID_PARAM, 0);
}

/* ---- BASE, TIME, IPI ------------------------------------------------------------------------- */

static void base_answers(void **state)
{
	CALL(BASE, 0, 0, 0, 0, 0, 0, SBI_SUCCESS, 0x03000000, "");
	CALL(BASE, 1, 0, 0, 0, 0, 0, SBI_SUCCESS, SBI_IMPL_ID, "");
	CALL(BASE, 2, 0, 0, 0, 0, 0, SBI_SUCCESS, SBI_IMPL_VERSION, "");
	CALL(BASE, 4, 0, 0, 0, 0, 0, SBI_SUCCESS, FAKE_MVENDORID, "");
	CALL(BASE, 5, 0, 0, 0, 0, 0, SBI_SUCCESS, FAKE_MARCHID, "");
	CALL(BASE, 6, 0, 0, 0, 0, 0, SBI_SUCCESS, FAKE_MIMPID, "");
}

static void base_probe_says_one_for_what_is_there(void **state)
{
	for (unsigned int i = 0; sbi_extensions[i]; i++)
		CALL(BASE, 3, sbi_extensions[i]->id, 0, 0, 0, 0, SBI_SUCCESS, 1, "");
	CALL(BASE, 3, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	CALL(BASE, 3, 0xb000000, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	CALL(BASE, 3, ALL, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
}

static void set_timer_takes_any_time(void **state)
{
	CALL(TIME, 0, 0x1234, 0, 0, 0, 0, SBI_SUCCESS, 0, "timer 0 0x1234");
	CALL(TIME, 0, ALL, 0, 0, 0, 0, SBI_SUCCESS, 0, "timer 0 0xffffffffffffffff");
}

static void ipi_goes_to_those_that_are_named(void **state)
{
	CALL(IPI, 0, 1, 0, 0, 0, 0, SBI_SUCCESS, 0, "ssip 0");
	CALL(IPI, 0, 2, 0, 0, 0, 0, SBI_SUCCESS, 0, "ipi 1");
	CALL(IPI, 0, 5, 1, 0, 0, 0, SBI_SUCCESS, 0, "ipi 1; ipi 3");
	CALL(IPI, 0, 0, ALL, 0, 0, 0, SBI_SUCCESS, 0, "ssip 0; ipi 1; ipi 2; ipi 3");
	CALL(IPI, 0, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	fake.vcpus[2].hsm = HSM_STOPPED;
	CALL(IPI, 0, 0, ALL, 0, 0, 0, SBI_SUCCESS, 0, "ssip 0; ipi 1; ipi 3");
}

static void ipi_with_one_wrong_hart_sends_nothing(void **state)
{
	CALL(IPI, 0, 0x1f, 0, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(IPI, 0, 1, 4, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(IPI, 0, BIT(63) | 1, 1, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
}

/* ---- RFENCE ---------------------------------------------------------------------------------- */

static void fence_i_of_self_and_others(void **state)
{
	CALL(RFENCE, 0, 1, 0, 0, 0, 0, SBI_SUCCESS, 0, "fence.i");
	CALL(RFENCE, 0, 6, 0, 0, 0, 0, SBI_SUCCESS, 0, "flush 0x6");
	CALL(RFENCE, 0, 0, ALL, 0, 0, 0, SBI_SUCCESS, 0, "fence.i; flush 0xe");
	assert_int_equal(fake.vcpus[0].pending, 0);
	assert_int_equal(fake.vcpus[1].pending, PENDING_FENCE_I);
	assert_int_equal(fake.vcpus[3].pending, PENDING_FENCE_I);
}

static void sfence_keeps_other_pending_work(void **state)
{
	fake.vcpus[1].pending = PENDING_SSIP;
	CALL(RFENCE, 1, 2, 0, 0x1000, 0x1000, 0, SBI_SUCCESS, 0, "flush 0x2");
	assert_int_equal(fake.vcpus[1].pending, PENDING_SSIP | PENDING_SFENCE);
	CALL(RFENCE, 2, 2, 1, 0x1000, 0x1000, 9, SBI_SUCCESS, 0, "flush 0x4");
	assert_int_equal(fake.vcpus[2].pending, PENDING_SFENCE);
}

static void sfence_of_self_covers_the_pages_of_the_range(void **state)
{
	CALL(RFENCE, 1, 1, 0, 0x1000, 0x1000, 0, SBI_SUCCESS, 0, "sfence 0x1000 0x1000");
	CALL(RFENCE, 1, 1, 0, 0x1fff, 2, 0, SBI_SUCCESS, 0, "sfence 0x1000 0x2000");
	CALL(RFENCE, 1, 1, 0, 0x1008, 0, 0, SBI_SUCCESS, 0, "sfence 0x1000 0x1000");
	CALL(RFENCE, 1, 1, 0, 0, 1, 0, SBI_SUCCESS, 0, "sfence 0 0x1000");
	CALL(RFENCE, 1, 1, 0, 0x1000, SBI_FENCE_RANGE, 0, SBI_SUCCESS, 0, "sfence 0x1000 0x40000");
	CALL(RFENCE, 1, 1, 0, ALL - 0xfff, 0x1000, 0, SBI_SUCCESS, 0,
	     "sfence 0xfffffffffffff000 0x1000");
	CALL(RFENCE, 2, 1, 0, 0x5000, 0x2000, 0xffff, SBI_SUCCESS, 0,
	     "sfence 0x5000 0x2000 asid 65535");
}

static void sfence_of_much_is_a_fence_of_everything(void **state)
{
	CALL(RFENCE, 1, 1, 0, 0, 0, 0, SBI_SUCCESS, 0, WHOLE);
	CALL(RFENCE, 1, 1, 0, 0x1000, ALL, 0, SBI_SUCCESS, 0, WHOLE);
	CALL(RFENCE, 1, 1, 0, 0, ALL, 0, SBI_SUCCESS, 0, WHOLE);
	CALL(RFENCE, 1, 1, 0, 0x1000, SBI_FENCE_RANGE + 1, 0, SBI_SUCCESS, 0, WHOLE);
	CALL(RFENCE, 1, 1, 0, 0x1fff, SBI_FENCE_RANGE, 0, SBI_SUCCESS, 0, WHOLE);
	CALL(RFENCE, 1, 1, 0, ALL - 0xfff, 0x1001, 0, SBI_SUCCESS, 0, WHOLE);
	CALL(RFENCE, 1, 1, 0, ALL, ALL - 1, 0, SBI_SUCCESS, 0, WHOLE);
	CALL(RFENCE, 2, 1, 0, 0, 0, 3, SBI_SUCCESS, 0, WHOLE " asid 3");
}

static void fences_with_wrong_parameters_do_nothing(void **state)
{
	for (unsigned int function = 0; function < 3; function++)
		CALL(RFENCE, function, 0x1f, 0, 0, ALL, 0, SBI_INVALID_PARAM, 0, "");
	CALL(RFENCE, 2, 1, 0, 0x1000, 0x1000, 0x10000, SBI_INVALID_PARAM, 0, "");
	CALL(RFENCE, 2, 1, 0, 0x1000, 0x1000, ALL, SBI_INVALID_PARAM, 0, "");
	CALL(RFENCE, 0, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	assert_int_equal(fake.vcpus[1].pending, 0);
}

static void hypervisor_fences_are_not_supported(void **state)
{
	for (unsigned int function = 3; function < 7; function++)
		CALL(RFENCE, function, 0, ALL, 0, ALL, 0, SBI_NOT_SUPPORTED, 0, "");
}

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

/* ---- SRST ------------------------------------------------------------------------------------ */

static void system_reset_asks_for_what_the_type_says(void **state)
{
	CALL(SRST, 0, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "request shutdown; leave 0 park");
	CALL(SRST, 0, 0, 1, 0, 0, 0, SBI_SUCCESS, 0, "request fail; leave 0 park");
	CALL(SRST, 0, 1, 0, 0, 0, 0, SBI_SUCCESS, 0, "request reboot; leave 0 park");
	CALL(SRST, 0, 2, 0, 0, 0, 0, SBI_SUCCESS, 0, "request reboot; leave 0 park");
	CALL(SRST, 0, 1, 1, 0, 0, 0, SBI_SUCCESS, 0, "request reboot; leave 0 park");
	/* Type and reason are 32 bits wide. */
	CALL(SRST, 0, BIT(32), BIT(63), 0, 0, 0, SBI_SUCCESS, 0, "request shutdown; leave 0 park");
}

static void system_reset_of_an_unknown_kind_is_refused(void **state)
{
	static const uint64_t wrong[] = { 3,	      0xdfffffff, 0xe0000000,
					  0xefffffff, 0xf0000000, 0xffffffff };

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		CALL(SRST, 0, wrong[i], 0, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(SRST, 0, 0, wrong[i], 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	}
	CALL(SRST, 0, 0, 2, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
}

/* ---- DBCN ------------------------------------------------------------------------------------ */

static void console_write_takes_what_is_in_memory(void **state)
{
	uint64_t middle = FAKE_RAM_BASE + FAKE_RAM_SIZE / 2;

	memcpy(fake_ram(RAM_END - 3), "end", 3);
	CALL(DBCN, 0, 3, RAM_END - 3, 0, 0, 0, SBI_SUCCESS, 3, "");
	/* Across two pieces of host memory. */
	memcpy(fake_ram(middle - 2), "he", 2);
	memcpy(fake_ram(middle), "llo", 3);
	CALL(DBCN, 0, 5, middle - 2, 0, 0, 0, SBI_SUCCESS, 5, "");
	CALL(DBCN, 0, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	assert_int_equal(fake.console_length, 8);
	assert_memory_equal(fake.console, "endhello", 8);
}

static void console_write_of_much_is_partial(void **state)
{
	CALL(DBCN, 0, FAKE_RAM_SIZE, FAKE_RAM_BASE, 0, 0, 0, SBI_SUCCESS, 256, "");
	assert_int_equal(fake.console_length, 256);
}

static void console_ranges_lie_in_ram(void **state)
{
	for (unsigned int function = 0; function < 2; function++) {
		CALL(DBCN, function, 1, FAKE_RAM_BASE - 1, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, 1, RAM_END, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, 4, RAM_END - 3, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, ALL, FAKE_RAM_BASE, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, 1, ALL, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, 1, FAKE_RAM_BASE, 1, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, 1, FAKE_RAM_BASE, ALL, 0, 0, SBI_INVALID_PARAM, 0, "");
	}
	assert_int_equal(fake.console_length, 0);
}

static void console_read_finds_nothing(void **state)
{
	*fake_ram(FAKE_RAM_BASE) = 0x5a;
	CALL(DBCN, 1, 64, FAKE_RAM_BASE, 0, 0, 0, SBI_SUCCESS, 0, "");
	assert_int_equal(*fake_ram(FAKE_RAM_BASE), 0x5a);
}

static void console_read_gives_what_was_typed(void **state)
{
	uint64_t middle = FAKE_RAM_BASE + FAKE_RAM_SIZE / 2;

	fake.typed = "hello";
	CALL(DBCN, 1, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	/* No further than one piece of host memory; the guest asks again. */
	CALL(DBCN, 1, 64, middle - 2, 0, 0, 0, SBI_SUCCESS, 2, "written 0x80001ffe 0x2");
	CALL(DBCN, 1, 2, middle, 0, 0, 0, SBI_SUCCESS, 2, "written 0x80002000 0x2");
	CALL(DBCN, 1, 1, RAM_END, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(DBCN, 1, 64, middle + 2, 0, 0, 0, SBI_SUCCESS, 1, "written 0x80002002 0x1");
	assert_memory_equal(fake_ram(middle - 2), "he", 2);
	assert_memory_equal(fake_ram(middle), "llo", 3);
	CALL(DBCN, 1, 64, middle, 0, 0, 0, SBI_SUCCESS, 0, "");
}

static void console_does_not_write_to_what_is_read_only(void **state)
{
	memcpy(fake_ram(FAKE_ROM_BASE), "text", 4);
	fake.typed = "typed";
	CALL(DBCN, 0, 4, FAKE_ROM_BASE, 0, 0, 0, SBI_SUCCESS, 4, "");
	assert_memory_equal(fake.console, "text", 4);
	CALL(DBCN, 1, 1, FAKE_ROM_BASE, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(DBCN, 1, 4, FAKE_ROM_BASE, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(DBCN, 1, 0, FAKE_ROM_BASE, 0, 0, 0, SBI_SUCCESS, 0, "");
	assert_memory_equal(fake_ram(FAKE_ROM_BASE), "text", 4);
	assert_string_equal(fake.typed, "typed");
}

static void console_write_byte_takes_the_low_byte(void **state)
{
	CALL(DBCN, 2, 0x64636261, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	assert_int_equal(fake.console_length, 1);
	assert_int_equal(fake.console[0], 'a');
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, four_vcpus)
	const struct CMUnitTest tests[] = {
		TEST(each_extension_is_found_by_its_id_alone),
		TEST(unknown_extensions_and_functions_are_not_supported),
		TEST(an_extension_that_a_vm_lacks_is_not_there),
		TEST(a_hart_mask_names_vcpus_from_its_base_on),
		TEST(base_minus_one_names_all_whatever_the_mask),
		TEST(an_empty_mask_is_valid_at_any_base),
		TEST(a_mask_that_names_no_vcpu_is_invalid),
		TEST(base_answers),
		TEST(base_probe_says_one_for_what_is_there),
		TEST(set_timer_takes_any_time),
		TEST(ipi_goes_to_those_that_are_named),
		TEST(ipi_with_one_wrong_hart_sends_nothing),
		TEST(fence_i_of_self_and_others),
		TEST(sfence_keeps_other_pending_work),
		TEST(sfence_of_self_covers_the_pages_of_the_range),
		TEST(sfence_of_much_is_a_fence_of_everything),
		TEST(fences_with_wrong_parameters_do_nothing),
		TEST(hypervisor_fences_are_not_supported),
		TEST(hart_start_checks_hart_then_address_then_state),
		TEST(hart_start_of_what_is_not_stopped),
		TEST(hart_stop_parks_the_caller),
		TEST(hart_status_of_each_state),
		TEST(retentive_suspend_sleeps_and_returns_success),
		TEST(suspend_with_an_interrupt_pending_does_not_sleep),
		TEST(non_retentive_suspend_resumes_at_its_address),
		TEST(suspend_type_is_32_bits_wide),
		TEST(suspend_with_wrong_parameters_goes_on),
		TEST(system_reset_asks_for_what_the_type_says),
		TEST(system_reset_of_an_unknown_kind_is_refused),
		TEST(console_write_takes_what_is_in_memory),
		TEST(console_write_of_much_is_partial),
		TEST(console_ranges_lie_in_ram),
		TEST(console_read_finds_nothing),
		TEST(console_read_gives_what_was_typed),
		TEST(console_does_not_write_to_what_is_read_only),
		TEST(console_write_byte_takes_the_low_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
