/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of SBI PMU: memory that a guest shares, for snapshots and for questions about events. */

#include "pmu_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint64_t word(unsigned int index)
{
	uint64_t value;

	memcpy(&value, fake_ram(SHMEM + 8UL * index), 8);
	return value;
}

static void word_set(unsigned int index, uint64_t value)
{
	memcpy(fake_ram(SHMEM + 8UL * index), &value, 8);
}

static void snapshot_memory_is_a_page_of_the_guest(void **state)
{
	static const struct {
		uint64_t low, high, flags;
		long error;
	} calls[] = {
		{ SHMEM, 0, 1, SBI_INVALID_PARAM },
		{ ALL, ALL, 1, SBI_INVALID_PARAM },
		{ SHMEM + 8, 0, 0, SBI_INVALID_PARAM },
		{ SHMEM + 2048, 0, 0, SBI_INVALID_PARAM },
		{ ALL, 0, 0, SBI_INVALID_PARAM },
		{ SHMEM, 1, 0, SBI_INVALID_ADDRESS },
		{ SHMEM, ALL, 0, SBI_INVALID_ADDRESS },
		{ 0, 0, 0, SBI_INVALID_ADDRESS },
		{ FAKE_RAM_BASE + FAKE_RAM_SIZE, 0, 0, SBI_INVALID_ADDRESS },
		{ FAKE_RAM_BASE - PAGE_SIZE, 0, 0, SBI_INVALID_ADDRESS },
		{ FAKE_ROM_BASE, 0, 0, SBI_INVALID_ADDRESS },
		{ SHMEM, 0, 0, 0 },
		{ FAKE_RAM_BASE + FAKE_RAM_SIZE - PAGE_SIZE, 0, 0, 0 },
		{ ALL, ALL, 0, 0 },
		{ ALL, ALL, 0, 0 },
	};

	guest_config(BIT(32), 0, FW(5));
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		FAILS(calls[i].error, SET_SHMEM, calls[i].low, calls[i].high, calls[i].flags, 0, 0);
		FAILS(guest_pmu->snapshot == ALL ? SBI_NO_SHMEM : SBI_ALREADY_STOPPED, STOP, 32, 1,
		      PMU_STOP_SNAPSHOT, 0, 0);
		FAILS(i < 11 || i > 12 ? SBI_NO_SHMEM : 0, START, 32, 1, PMU_START_SNAPSHOT, 0, 0);
		fake_call(0, SBI_EXT_PMU, STOP, 32, 1, 0, 0, 0);
	}
}

static void snapshots_are_numbered_from_the_base_on(void **state)
{
	guest_call(SET_SHMEM, SHMEM, 0, 0, 0, 0);
	guest_config(BIT(3), 0, 0x10019);
	guest_config(BIT(40), 0, FW(5));
	memset(fake_ram(SHMEM), 0x77, PAGE_SIZE);
	word_set(1 + 1, ALL); /* more bits than it has */
	word_set(1 + 38, 4000);
	guest_call(START, 2, BIT(1) | BIT(38), PMU_START_SNAPSHOT, 0, 0);
	assert_int_equal(guest_csr(3), GENMASK(47, 0));
	assert_int_equal(guest_pmu->counters[40].value, 4000);
	fake_pmu_overflow(3);
	pmu_interrupt();
	fake_pmu_run(5);
	guest_call(STOP, 3, BIT(0) | BIT(37), PMU_STOP_SNAPSHOT, 0, 0);
	assert_int_equal(word(0), 1);
	assert_int_equal(word(1 + 0), 5);
	assert_int_equal(word(1 + 37), 4000);
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		if (i != 0 && i != 1 && i != 2 && i != 38 && i != 39)
			assert_int_equal(word(i), UINT64_C(0x7777777777777777));
	/* Quirk: Linux means base 0 by this one. */
	word_set(1 + 3, 30);
	word_set(1 + 40, 40);
	FAILS(0, START, 64 * 64, BIT(3) | BIT(40), PMU_START_SNAPSHOT, 0, 0);
	assert_int_equal(guest_csr(3), 30);
	assert_int_equal(guest_call(READ, 40, 0, 0, 0, 0), 40);
	FAILS(SBI_INVALID_PARAM, START, 64 * 64, BIT(3), 0, 0, 0);
	FAILS(SBI_INVALID_PARAM, START, 64 * 64 + 1, BIT(3), PMU_START_SNAPSHOT, 0, 0);
	FAILS(SBI_INVALID_PARAM, STOP, 64 * 64, BIT(3), PMU_STOP_SNAPSHOT, 0, 0);
	guest_call(STOP, 3, BIT(0) | BIT(37), 0, 0, 0);
	guest_pmu->overflowed = BIT(3);
	guest_pmu->counters[3].value = 5;
	guest_pmu->counters[40].value = 4000;
	/* For the same counters by other bases; those that did not stop now are written, too. */
	FAILS(SBI_ALREADY_STOPPED, STOP, 0, BIT(3), PMU_STOP_SNAPSHOT, 0, 0);
	assert_int_equal(word(0), BIT(3));
	assert_int_equal(word(1 + 3), 5);
	FAILS(SBI_ALREADY_STOPPED, STOP, 40, 1, PMU_STOP_SNAPSHOT | PMU_STOP_RESET, 0, 0);
	assert_int_equal(word(0), 0);
	assert_int_equal(word(1), 4000);
}

static void info_set(unsigned int index, uint32_t event, uint64_t data)
{
	word_set(2 * index, event | UINT64_C(0xffffffff) << 32);
	word_set(2 * index + 1, data);
}

static void event_info_checks_before_it_writes(void **state)
{
	info_set(0, 1, 0);
	info_set(1, 1, 0);
	FAILS(SBI_INVALID_PARAM, EVENT_INFO, SHMEM, 0, 1, 1, 0);
	FAILS(SBI_INVALID_PARAM, EVENT_INFO, SHMEM, 0, 0, 0, 0);
	FAILS(SBI_INVALID_PARAM, EVENT_INFO, SHMEM + 8, 0, 1, 0, 0);
	FAILS(SBI_INVALID_ADDRESS, EVENT_INFO, SHMEM, 1, 1, 0, 0);
	FAILS(SBI_INVALID_ADDRESS, EVENT_INFO, 0, 0, 1, 0, 0);
	FAILS(SBI_INVALID_ADDRESS, EVENT_INFO, SHMEM, 0, FAKE_RAM_SIZE / 16 + 1, 0, 0);
	FAILS(SBI_INVALID_ADDRESS, EVENT_INFO, SHMEM, 0, BIT(60), 0, 0);
	FAILS(SBI_INVALID_ADDRESS, EVENT_INFO, SHMEM, 0, BIT(60) + 1, 0, 0);
	FAILS(SBI_INVALID_ADDRESS, EVENT_INFO, FAKE_ROM_BASE, 0, 1, 0, 0);
	FAILS(SBI_FAILED, EVENT_INFO, SHMEM, 0, 257, 0, 0);
	for (unsigned int bit = 20; bit < 32; bit++) {
		info_set(1, 1 | (uint32_t)BIT(bit), 0);
		FAILS(SBI_INVALID_PARAM, EVENT_INFO, SHMEM, 0, 2, 0, 0);
	}
	assert_int_equal(word(0) >> 32, 0xffffffff);
	guest_call(EVENT_INFO, FAKE_RAM_BASE + FAKE_RAM_SIZE - 4096, 0, 256, 0, 0);
}

static void event_info_does_not_depend_on_what_is_counted(void **state)
{
	static const struct {
		uint32_t event;
		uint64_t data;
		unsigned int output;
	} events[] = { { 1, 0, 1 },	  { 2, 0, 1 },	     { 3, 0, 1 },	{ 9, 0, 0 },
		       { 11, 0, 0 },	  { 3, 5, 0 },	     { 0x10019, 0, 1 }, { 0xf0005, 0, 1 },
		       { 0xf0016, 0, 0 }, { 0xf0005, 1, 0 }, { 0x30000, 7, 1 }, { 0, 0, 0 } };

	/* All counters of the hart are taken. */
	for (unsigned int i = 0; i < 4; i++)
		guest_config(FAKE_PMU_COUNTERS, PMU_AUTO_START, i ? 0x10000 : 0x10019);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 3, 0xf, 0, 3, 0);
	fake_pmu_run(10);
	for (unsigned int i = 0; i < ARRAY_SIZE(events); i++)
		info_set(i, events[i].event, events[i].data);
	guest_call(EVENT_INFO, SHMEM, 0, ARRAY_SIZE(events), 0, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(events); i++) {
		assert_int_equal(word(2 * i), events[i].event | (uint64_t)events[i].output << 32);
		assert_int_equal(word(2 * i + 1), events[i].data);
	}
	fake_pmu_run(10);
	for (unsigned int i = 3; i < 7; i++)
		assert_int_equal(guest_csr(i), 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(snapshot_memory_is_a_page_of_the_guest),
		TEST(snapshots_are_numbered_from_the_base_on),
		TEST(event_info_checks_before_it_writes),
		TEST(event_info_does_not_depend_on_what_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
