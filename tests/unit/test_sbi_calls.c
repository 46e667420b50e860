/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of BASE, TIME, IPI, RFENCE and SRST of the SBI that a guest sees (SBI 3.0). */
#include "fake_sbi.h"

#include <arch/sbi_list.h>
#include <core/version.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define WHOLE "sfence 0 0xffffffffffffffff"

/* ---- BASE, TIME, IPI ------------------------------------------------------------------------- */

static void base_answers(void **state)
{
	CALL(BASE, 0, 0, 0, 0, 0, 0, SBI_SUCCESS, 0x03000000, "");
	CALL(BASE, 1, 0, 0, 0, 0, 0, SBI_SUCCESS, SBI_IMPL_ID, "");
	CALL(BASE, 2, 0, 0, 0, 0, 0, SBI_SUCCESS, VERSION_NUMBER, "");
	CALL(BASE, 4, 0, 0, 0, 0, 0, SBI_SUCCESS, FAKE_MVENDORID, "");
	CALL(BASE, 5, 0, 0, 0, 0, 0, SBI_SUCCESS, FAKE_MARCHID, "");
	CALL(BASE, 6, 0, 0, 0, 0, 0, SBI_SUCCESS, FAKE_MIMPID, "");
}

static void base_probe_says_one_for_what_is_there(void **state)
{
	for (unsigned int i = 0; i < SBI_LIST_COUNT; i++)
		CALL(BASE, 3, sbi_extensions[i]->id, 0, 0, 0, 0, SBI_SUCCESS, 1, "");
	CALL(BASE, 3, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	CALL(BASE, 3, 0xb000000, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	CALL(BASE, 3, ALL, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
}

static void set_timer_takes_any_time(void **state)
{
	CALL(TIME, 0, 0x1234, 0, 0, 0, 0, SBI_SUCCESS, 0, "timer 0 0x1234");
	CALL(TIME, 0, ALL, 0, 0, 0, 0, SBI_SUCCESS, 0, "timer 0 0xffffffffffffffff");
	fake.no_light_timer = true;
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
	assert_int_equal(fake.vcpus[2].pending, PENDING_SFENCE_ASID);
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
	/* What satp does not hold does not count. */
	fake.vm.arch.limits[LIMIT_SATP] = 0xffUL << SATP_ASID_SHIFT;
	CALL(RFENCE, 2, 1, 0, 0x5000, 0x2000, 0x101, SBI_SUCCESS, 0, "sfence 0x5000 0x2000 asid 1");
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

#define TEST(name) cmocka_unit_test_setup(name, fake_sbi_four_vcpus)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		TEST(system_reset_asks_for_what_the_type_says),
		TEST(system_reset_of_an_unknown_kind_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
