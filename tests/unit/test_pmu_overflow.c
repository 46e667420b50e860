/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of SBI PMU: how a guest learns that a counter of the hart ran over. */

#include "pmu_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool guest_told(void)
{
	bool told = fake.csrs[CSR_HVIP] & BIT(IRQ_LCOFI);

	fake.csrs[CSR_HVIP] = 0;
	return told;
}

static uint64_t scountovf(void)
{
	uint64_t value;

	assert_true(pmu_csr_read(&fake.vcpus[0], CSR_SCOUNTOVF, false, &value));
	return value;
}

static void an_overflow_is_told_once_until_the_counter_starts_again(void **state)
{
	guest_config(BIT(3), PMU_AUTO_START, 0x10019);
	guest_config(BIT(4), PMU_AUTO_START, 0x10000);
	fake_pmu_overflow(3);
	pmu_interrupt();
	assert_int_equal(fake.csrs[CSR_SIP], 0);
	assert_true(guest_told());
	assert_int_equal(scountovf(), BIT(3));
	fake_pmu_overflow(3);
	pmu_interrupt();
	assert_false(guest_told());
	fake_pmu_overflow(4);
	pmu_interrupt();
	assert_true(guest_told());
	assert_int_equal(scountovf(), BIT(3) | BIT(4));
	guest_call(STOP, 3, 1, 0, 0, 0);
	assert_int_equal(scountovf(), BIT(3) | BIT(4));
	guest_start(3, 0);
	assert_int_equal(scountovf(), BIT(4));
	fake_pmu_overflow(3);
	pmu_interrupt();
	assert_true(guest_told());
}

static void an_overflow_on_the_way_out_is_not_lost(void **state)
{
	guest_config(BIT(3), PMU_AUTO_START, 0x10019);
	fake_pmu_overflow(3);
	guest_save(0);
	assert_int_equal(fake.csrs[CSR_SIP], 0);
	assert_true(guest_told());
	assert_true(fake.vcpus[0].pending != 0); /* so that it does not sleep */
	guest_load(0);
	assert_int_equal(scountovf(), BIT(3));
	/* One that is pending when another counter starts, which would keep that one silent. */
	guest_call(STOP, 3, 1, 0, 0, 0);
	guest_start(3, 0);
	fake_pmu_overflow(3);
	guest_config(BIT(4), PMU_AUTO_START, 0x10000);
	assert_true(guest_told());
	assert_int_equal(fake.csrs[CSR_SCOUNTOVF] >> 4 & 1, 0);
	assert_int_equal(scountovf(), BIT(3));
	guest_save(0);
}

static void an_overflow_is_a_software_event_once_the_guest_has_enabled_that(void **state)
{
	struct vcpu *vcpu = &fake.vcpus[0];

	assert_int_equal(fake_call(0, SBI_EXT_SSE, 2, 0x10000, FAKE_RAM_BASE, 0, 0, 0).error, 0);
	guest_config(BIT(3), PMU_AUTO_START, 0x10019);
	fake_pmu_overflow(3);
	pmu_interrupt();
	assert_true(guest_told());
	assert_int_equal(fake_call(0, SBI_EXT_SSE, 4, 0x10000, 0, 0, 0, 0).error, 0);
	guest_call(STOP, 3, 1, 0, 0, 0);
	guest_start(3, 0);
	vcpu->pending = 0;
	fake_pmu_overflow(3);
	pmu_interrupt();
	assert_false(guest_told());
	assert_true(vcpu->pending & PENDING_SSE);
	assert_int_equal(scountovf(), BIT(3));
}

static void without_sscofpmf_nobody_is_told(void **state)
{
	uint64_t value;

	fake.vcpus[0].arch.features = 0;
	guest_config(BIT(3), PMU_AUTO_START, 0x10019);
	assert_int_equal(fake.csrs[CSR_SIE], 0);
	fake_pmu_overflow(3);
	guest_save(0);
	assert_false(guest_told());
	assert_false(pmu_csr_read(&fake.vcpus[0], CSR_SCOUNTOVF, false, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_overflow_is_told_once_until_the_counter_starts_again),
		TEST(an_overflow_on_the_way_out_is_not_lost),
		TEST(an_overflow_is_a_software_event_once_the_guest_has_enabled_that),
		TEST(without_sscofpmf_nobody_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
