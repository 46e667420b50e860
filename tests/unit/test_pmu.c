/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of SBI PMU (SBI 3.0, "Performance Monitoring Unit Extension"): functions and errors as the
 * specification has them, and events of the firmware.
 */

#include "pmu_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void counters_are_those_of_the_hart_and_of_the_firmware(void **state)
{
	assert_int_equal(guest_call(NUM, 0, 0, 0, 0, 0), 64);
	for (unsigned int i = 0; i < 64; i++) {
		if (i >= 32)
			assert_int_equal(guest_call(INFO, i, 0, 0, 0, 0), BIT(63) | 63 << 12);
		else if (i == 0 || i == 2)
			assert_int_equal(guest_call(INFO, i, 0, 0, 0, 0),
					 (CSR_CYCLE + i) | 63 << 12);
		else if (HARDWARE >> i & 1)
			assert_int_equal(guest_call(INFO, i, 0, 0, 0, 0),
					 (CSR_CYCLE + i) | 47 << 12);
		else
			FAILS(SBI_INVALID_PARAM, INFO, i, 0, 0, 0, 0);
	}
	FAILS(SBI_INVALID_PARAM, INFO, 64, 0, 0, 0, 0);
	FAILS(SBI_INVALID_PARAM, INFO, BIT(32), 0, 0, 0, 0);
	FAILS(SBI_INVALID_PARAM, INFO, ALL, 0, 0, 0, 0);
	FAILS(SBI_NOT_SUPPORTED, 9, 0, 0, 0, 0, 0);
}

static void sets_with_a_counter_that_is_none_are_invalid(void **state)
{
	static const uint64_t sets[][2] = {
		{ 0, 0 },	 { 63, 0 },
		{ 0, 2 },	 { 1, 1 },
		{ 0, 7 },	 { 7, 1 },
		{ 64, 1 },	 { 63, 2 },
		{ 32, BIT(32) }, { 33, BIT(31) },
		{ ALL, 1 },	 { ALL, ALL },
		{ BIT(32), 1 },	 { BIT(63), BIT(63) },
		{ 0, ALL },	 { 31, 3 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(sets); i++) {
		FAILS(SBI_INVALID_PARAM, CONFIG, sets[i][0], sets[i][1], 0, FW(5), 0);
		FAILS(SBI_INVALID_PARAM, START, sets[i][0], sets[i][1], 0, 0, 0);
		FAILS(SBI_INVALID_PARAM, STOP, sets[i][0], sets[i][1], 0, 0, 0);
	}
	assert_int_equal(guest_pmu->started, 0);
}

static void flags_that_are_reserved_are_invalid(void **state)
{
	guest_config(BIT(32), 0, FW(5));
	for (unsigned int i = 0; i < 64; i++) {
		if (i >= 8)
			FAILS(SBI_INVALID_PARAM, CONFIG, 32, 1, BIT(i), FW(5), 0);
		if (i >= 2) {
			FAILS(SBI_INVALID_PARAM, START, 32, 1, BIT(i), 0, 0);
			FAILS(SBI_INVALID_PARAM, STOP, 32, 1, BIT(i), 0, 0);
		}
	}
	FAILS(SBI_INVALID_PARAM, START, 32, 1, 3, 0, 0);
}

static void check_event(uint64_t event, uint64_t data, bool hardware, bool firmware)
{
	assert_int_equal(pmu_event_is_hardware(event, data), hardware);
	assert_int_equal(pmu_event_is_firmware(event, data), firmware);
	if (!hardware)
		FAILS(SBI_NOT_SUPPORTED, CONFIG, 0, HARDWARE, 0, event, data);
	if (!firmware)
		FAILS(SBI_NOT_SUPPORTED, CONFIG, 32, GENMASK(31, 0), 0, event, data);
}

static void events_are_those_of_the_specification(void **state)
{
	static const struct {
		uint64_t event, data;
		bool hardware, firmware;
	} events[] = {
		{ 0, 0, false, false },
		{ 1, 0, true, false },
		{ 10, 0, true, false },
		{ 11, 0, false, false },
		{ 1, 1, false, false },
		{ 0x10000, 0, true, false },
		{ 0x10035, 0, true, false },
		{ 0x10036, 0, false, false }, /* operation 3 */
		{ 0x10038, 0, false, false }, /* cache 7 */
		{ 0x10000, BIT(63), false, false },
		{ 0x20000, GENMASK(47, 0), true, false },
		{ 0x20000, BIT(48), false, false },
		{ 0x20001, 0, false, false },
		{ 0x30000, GENMASK(55, 0), true, false },
		{ 0x30000, BIT(56), false, false },
		{ 0x30001, 0, false, false },
		{ 0x40000, 0, false, false },
		{ 0xe0000, 0, false, false },
		{ 0xf0000, 0, false, true },
		{ 0xf0015, 0, false, true },
		{ 0xf0016, 0, false, false },
		{ 0xf0005, 1, false, false },
		{ 0xf00ff, 0, false, false },
		{ 0xf0100, 0, false, false },
		{ 0xfffff, 0, false, false },
		{ 0x100001, 0, false, false },
		{ BIT(32) | 1, 0, false, false },
		{ ALL, ALL, false, false },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(events); i++)
		check_event(events[i].event, events[i].data, events[i].hardware,
			    events[i].firmware);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 0, HARDWARE, 0, FAKE_PMU_NO_EVENT, 0);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 4, 7, 0, FAKE_PMU_RARE_EVENT, 0);
	assert_int_equal(guest_config(HARDWARE, 0, FAKE_PMU_RARE_EVENT), 3);
}

static void a_counter_that_has_an_event_is_taken_only_when_named_alone(void **state)
{
	assert_int_equal(guest_config(BIT(40) | BIT(41), 0, FW(1)), 40);
	assert_int_equal(guest_config(BIT(40) | BIT(41), 0, FW(2)), 41);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 40, 3, 0, FW(3), 0);
	assert_int_equal(guest_pmu->counters[40].event, FW(1));
	assert_int_equal(guest_config(BIT(40), 0, FW(3)), 40);
	assert_int_equal(guest_pmu->counters[40].event, FW(3));
	assert_int_equal(guest_config(BIT(40) | BIT(41), PMU_SKIP_MATCH, FW(4)), 40);
	guest_start(40, 0);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 40, 1, 0, FW(3), 0);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 40, 3, PMU_SKIP_MATCH, FW(3), 0);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 3, 1, PMU_SKIP_MATCH, FW(3), 0);
	assert_int_equal(guest_pmu->counters[40].event, FW(4));
}

static void firmware_counters_count_their_event_while_started(void **state)
{
	struct vcpu *vcpu = &fake.vcpus[0];

	pmu_firmware_event(vcpu, PMU_FW_SET_TIMER, 1);
	assert_int_equal(vcpu->arch.pmu_events, 0);
	guest_config(BIT(32), 0, FW(PMU_FW_SET_TIMER));
	guest_config(BIT(63), PMU_AUTO_START, FW(PMU_FW_SET_TIMER));
	guest_config(BIT(50), PMU_AUTO_START, FW(PMU_FW_IPI_SENT));
	guest_start(32, 10);
	assert_int_equal(vcpu->arch.sbi_switch, 0); /* nothing to do at a switch */
	fake_call(0, SBI_EXT_TIME, 0, 5, 0, 0, 0, 0);
	fake_call(0, SBI_EXT_IPI, 0, 3, 0, 0, 0, 0);
	assert_int_equal(guest_call(READ, 32, 0, 0, 0, 0), 11);
	assert_int_equal(guest_call(READ, 63, 0, 0, 0, 0), 1);
	assert_int_equal(guest_call(READ, 50, 0, 0, 0, 0), 1); /* not the one to itself */
	guest_call(STOP, 63, 1, 0, 0, 0);
	fake_call(0, SBI_EXT_TIME, 0, 5, 0, 0, 0, 0);
	assert_int_equal(guest_call(READ, 32, 0, 0, 0, 0), 12);
	assert_int_equal(guest_call(READ, 63, 0, 0, 0, 0), 1);
	guest_call(STOP, 32, BIT(0) | BIT(18), PMU_STOP_RESET, 0, 0);
	assert_int_equal(vcpu->arch.pmu_events, 0);
}

static void fences_are_counted_by_kind_and_receiver(void **state)
{
	static const unsigned int events[] = { PMU_FW_FENCE_I_SENT, PMU_FW_SFENCE_VMA_SENT,
					       PMU_FW_SFENCE_VMA_ASID_SENT };
	static const uint32_t pending[] = { PENDING_FENCE_I, PENDING_SFENCE, PENDING_SFENCE_ASID };

	for (unsigned int i = 0; i < 3; i++) {
		guest_config(BIT(32 + i), PMU_AUTO_START, FW(events[i]));
		fake.vcpus[1].pending = 0;
		fake_call(0, SBI_EXT_RFENCE, i, 1, 0, 0x1000, 0x1000, 1);
		assert_int_equal(guest_call(READ, 32 + i, 0, 0, 0, 0), 0);
		fake_call(0, SBI_EXT_RFENCE, i, 3, 0, 0x1000, 0x1000, 1);
		assert_int_equal(guest_call(READ, 32 + i, 0, 0, 0, 0), 1);
		assert_int_equal(fake.vcpus[1].pending, pending[i]);
	}
}

static void exceptions_that_we_raise_are_counted(void **state)
{
	static const struct {
		uint64_t cause;
		unsigned int event;
	} causes[] = {
		{ CAUSE_ILLEGAL, 4 },	       { CAUSE_LOAD_MISALIGNED, 0 },
		{ CAUSE_STORE_MISALIGNED, 1 }, { CAUSE_LOAD_ACCESS, 2 },
		{ CAUSE_STORE_ACCESS, 3 },
	};
	uint64_t total = 0;

	for (unsigned int i = 0; i < 5; i++)
		guest_config(BIT(32 + i), PMU_AUTO_START, FW(i));
	for (unsigned int i = 0; i < ARRAY_SIZE(causes); i++) {
		pmu_exception(&fake.vcpus[0], causes[i].cause);
		assert_int_equal(guest_pmu->counters[32 + causes[i].event].value, 1);
	}
	for (uint64_t cause = 0; cause < 70; cause++)
		pmu_exception(&fake.vcpus[0], cause);
	for (unsigned int i = 0; i < 5; i++)
		total += guest_pmu->counters[32 + i].value;
	assert_int_equal(total, 10);
}

static void start_and_stop_do_the_rest_of_a_set_that_has_one_too_many(void **state)
{
	guest_config(BIT(33), 0, FW(1));
	guest_config(BIT(34), 0, FW(1));
	FAILS(SBI_INVALID_PARAM, START, 33, 7, 0, 0, 0); /* 35 has no event */
	assert_int_equal(guest_pmu->started, 0);
	guest_start(33, 7);
	FAILS(SBI_ALREADY_STARTED, START, 33, 3, PMU_START_SET_VALUE, 9, 0);
	assert_int_equal(guest_pmu->started, BIT(33) | BIT(34));
	assert_int_equal(guest_call(READ, 33, 0, 0, 0, 0), 7);
	assert_int_equal(guest_call(READ, 34, 0, 0, 0, 0), 9);
	guest_call(STOP, 33, 1, 0, 0, 0);
	FAILS(SBI_ALREADY_STOPPED, STOP, 33, 7, PMU_STOP_RESET, 0, 0);
	assert_int_equal(guest_pmu->started, 0);
	assert_int_equal(guest_pmu->counters[33].event, PMU_EVENT_NONE);
	assert_int_equal(guest_pmu->counters[34].event, PMU_EVENT_NONE);
	/* Without a value it goes on where it stopped. */
	guest_config(BIT(33), 0, FW(1));
	guest_call(START, 33, 1, 0, 1234, 0);
	assert_int_equal(guest_call(READ, 33, 0, 0, 0, 0), 7);
}

static void values_are_cleared_and_read_as_asked(void **state)
{
	for (unsigned int i = 0; i < 70; i++) {
		long error = i < 32 || i > 63 ? SBI_INVALID_PARAM : 0;

		FAILS(error, READ, i, 0, 0, 0, 0);
		FAILS(error, READ_HI, i, 0, 0, 0, 0);
	}
	FAILS(SBI_INVALID_PARAM, READ, ALL, 0, 0, 0, 0);
	guest_config(BIT(32), 0, FW(1));
	guest_start(32, ALL - 1);
	assert_int_equal(guest_call(READ, 32, 0, 0, 0, 0), ALL - 1);
	assert_int_equal(guest_call(READ_HI, 32, 0, 0, 0, 0), 0);
	guest_call(STOP, 32, 1, 0, 0, 0);
	guest_config(BIT(32), PMU_CLEAR_VALUE, FW(1));
	assert_int_equal(guest_call(READ, 32, 0, 0, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counters_are_those_of_the_hart_and_of_the_firmware),
		TEST(sets_with_a_counter_that_is_none_are_invalid),
		TEST(flags_that_are_reserved_are_invalid),
		TEST(events_are_those_of_the_specification),
		TEST(a_counter_that_has_an_event_is_taken_only_when_named_alone),
		TEST(firmware_counters_count_their_event_while_started),
		TEST(fences_are_counted_by_kind_and_receiver),
		TEST(exceptions_that_we_raise_are_counted),
		TEST(start_and_stop_do_the_rest_of_a_set_that_has_one_too_many),
		TEST(values_are_cleared_and_read_as_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
