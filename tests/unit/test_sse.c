/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of supervisor software events (SBI 3.0, "Supervisor Software Events Extension"): tables of
 * what each function does in each state, who may read and write which attribute, the registers at
 * the entry of a handler and at its end, priorities, masks, and who gets a global event.
 */
#include "fake_sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ALL UINT64_MAX
#define RAM_END (FAKE_RAM_BASE + FAKE_RAM_SIZE)
#define HALF (FAKE_RAM_BASE + FAKE_RAM_SIZE / 2)

static const uint32_t events[] = { DOUBLE_TRAP, PMU_OVERFLOW, LOCAL, GLOBAL };

/* ---- which events there are ------------------------------------------------------------------ */

/** The errors of all functions of an event. */
static void event_gives(uint64_t event, long error)
{
	for (unsigned int function = 0; function < 8; function++)
		if (function != FID_COMPLETE)
			assert_int_equal(sse(0, function, event, 1, 1, FAKE_RAM_BASE, 0), error);
}

static void events_that_there_are_not(void **state)
{
	static const uint32_t not_supported[] = { 0x0, 0x8000, 0x100000, 0x108000 };
	static const uint32_t invalid[] = {
		0x2,	    0x3fff,	0x4000,	    0x7fff,	0x8001,	    0xbfff,
		0xc000,	    0xffff,	0x10001,    0x13fff,	0x14000,    0x18000,
		0x1c000,    0x20000,	0xfffff,    0x100001,	0x104000,   0x108001,
		0x10c000,   0x7fffffff, 0x80000000, 0xfffeffff, 0xffff0001, 0xffff3fff,
		0xffff4000, 0xffff7fff, 0xffff8001, 0xffffc000, 0xffffffff,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(not_supported); i++)
		event_gives(not_supported[i], SBI_NOT_SUPPORTED);
	for (unsigned int i = 0; i < ARRAY_SIZE(invalid); i++)
		event_gives(invalid[i], SBI_INVALID_PARAM);
	fake_sse_double_trap(false);
	event_gives(DOUBLE_TRAP, SBI_NOT_SUPPORTED);
	fake.vm.arch.features &= ~BIT(FEATURE_SSCOFPMF);
	event_gives(PMU_OVERFLOW, SBI_NOT_SUPPORTED);
}

static void event_and_attribute_ids_are_32_bits_wide(void **state)
{
	uint64_t value = 5;

	assert_int_equal(sse(0, FID_REGISTER, BIT(32) | LOCAL, ENTRY, 0, 0, 0), 0);
	assert_int_equal(status(0, LOCAL), SSE_REGISTERED);
	fake_sse_put(&value, 1);
	assert_int_equal(sse(0, FID_WRITE, BIT(63) | LOCAL, BIT(40) | SSE_PRIORITY, BIT(32) | 1,
			     FAKE_RAM_BASE, 0),
			 0);
	assert_int_equal(attribute(0, LOCAL, SSE_PRIORITY), 5);
	assert_int_equal(sse(0, FID_READ, LOCAL, SSE_PRIORITY, BIT(32), FAKE_RAM_BASE, 0),
			 SBI_INVALID_PARAM);
}

static void functions_after_the_last_are_not_supported(void **state)
{
	assert_int_equal(sse(0, 10, LOCAL, 0, 0, 0, 0), SBI_NOT_SUPPORTED);
	assert_int_equal(sse(0, BIT(32), LOCAL, 0, 0, 0, 0), SBI_NOT_SUPPORTED);
	assert_int_equal(sse(0, ALL, LOCAL, 0, 0, 0, 0), SBI_NOT_SUPPORTED);
}

/* ---- states ---------------------------------------------------------------------------------- */

/** Of each function: the state that it is for, and the one that it leads to. */
static const struct {
	unsigned int function;
	enum sse_state from, to;
} moves[] = {
	{ FID_REGISTER, SSE_UNUSED, SSE_REGISTERED },
	{ FID_UNREGISTER, SSE_REGISTERED, SSE_UNUSED },
	{ FID_ENABLE, SSE_REGISTERED, SSE_ENABLED },
	{ FID_DISABLE, SSE_ENABLED, SSE_REGISTERED },
};

static void each_function_in_each_state(void **state)
{
	for (unsigned int e = 0; e < ARRAY_SIZE(events); e++)
		for (unsigned int from = SSE_UNUSED; from <= SSE_RUNNING; from++)
			for (unsigned int m = 0; m < ARRAY_SIZE(moves); m++) {
				bool fits = from == moves[m].from;

				fake_sse_setup(state);
				bring(0, events[e], from);
				assert_int_equal(
					sse(0, moves[m].function, events[e], ENTRY, 7, 0, 0),
					fits ? SBI_SUCCESS : SBI_INVALID_STATE);
				assert_int_equal(status(0, events[e]), fits ? moves[m].to : from);
			}
}

static void handlers_begin_at_even_addresses(void **state)
{
	for (unsigned int e = 0; e < ARRAY_SIZE(events); e++) {
		assert_int_equal(sse(0, FID_REGISTER, events[e], ENTRY + 1, 0, 0, 0),
				 SBI_INVALID_PARAM);
		assert_int_equal(sse(0, FID_REGISTER, events[e], ALL, 0, 0, 0), SBI_INVALID_PARAM);
		assert_int_equal(status(0, events[e]), SSE_UNUSED);
		assert_int_equal(sse(0, FID_REGISTER, events[e], ALL - 1, ALL, 0, 0), 0);
		assert_int_equal(attribute(0, events[e], SSE_ENTRY_PC), ALL - 1);
		assert_int_equal(attribute(0, events[e], SSE_ENTRY_ARG), ALL);
	}
}

static void local_state_is_of_each_hart_and_global_state_of_all(void **state)
{
	bring(0, LOCAL, SSE_ENABLED);
	bring(1, GLOBAL, SSE_ENABLED);
	assert_int_equal(status(1, LOCAL), SSE_UNUSED);
	assert_int_equal(status(0, GLOBAL), SSE_ENABLED);
	assert_int_equal(sse(0, FID_ENABLE, GLOBAL, 0, 0, 0, 0), SBI_INVALID_STATE);
	assert_int_equal(sse(2, FID_DISABLE, GLOBAL, 0, 0, 0, 0), SBI_SUCCESS);
	assert_int_equal(status(3, GLOBAL), SSE_REGISTERED);
}

static void masks_know_whether_they_are_set(void **state)
{
	assert_int_equal(sse(0, FID_MASK, 0, 0, 0, 0, 0), SBI_ALREADY_STOPPED);
	assert_int_equal(sse(0, FID_UNMASK, 0, 0, 0, 0, 0), SBI_SUCCESS);
	assert_int_equal(sse(0, FID_UNMASK, 0, 0, 0, 0, 0), SBI_ALREADY_STARTED);
	assert_int_equal(sse(1, FID_MASK, 0, 0, 0, 0, 0), SBI_ALREADY_STOPPED);
	assert_int_equal(sse(0, FID_MASK, 0, 0, 0, 0, 0), SBI_SUCCESS);
	assert_int_equal(sse(0, FID_MASK, 0, 0, 0, 0, 0), SBI_ALREADY_STOPPED);
}

/* ---- injection ------------------------------------------------------------------------------- */

static void injection_names_a_hart_that_there_is(void **state)
{
	static const uint64_t none[] = { 4, 63, 64, BIT(32), BIT(32) | 1, ALL };

	for (unsigned int i = 0; i < ARRAY_SIZE(none); i++) {
		assert_int_equal(sse(0, FID_INJECT, LOCAL, none[i], 0, 0, 0), SBI_INVALID_PARAM);
		/* Of a global event it is ignored. */
		assert_int_equal(sse(0, FID_INJECT, GLOBAL, none[i], 0, 0, 0), SBI_SUCCESS);
	}
	assert_int_equal(sse(0, FID_INJECT, LOCAL, 3, 0, 0, 0), SBI_SUCCESS);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(status(i, LOCAL), i == 3 ? SSE_STATUS_PENDING : 0);
		assert_int_equal(status(i, GLOBAL), SSE_STATUS_PENDING);
	}
}

static void pending_stays_over_all_states_until_delivery(void **state)
{
	for (unsigned int e = 0; e < ARRAY_SIZE(events); e++) {
		fake_sse_setup(state);
		sse(0, FID_UNMASK, 0, 0, 0, 0, 0);
		sse(0, FID_INJECT, events[e], 0, 0, 0, 0);
		settle();
		assert_int_equal(status(0, events[e]), SSE_STATUS_PENDING);
		for (unsigned int m = 0; m < 2; m++) {
			sse(0, moves[m].function, events[e], ENTRY, 0, 0, 0);
			settle();
			assert_int_equal(status(0, events[e]), moves[m].to | SSE_STATUS_PENDING);
		}
		sse(0, FID_REGISTER, events[e], ENTRY, 0, 0, 0);
		sse(0, FID_MASK, 0, 0, 0, 0, 0);
		sse(0, FID_ENABLE, events[e], 0, 0, 0, 0);
		settle();
		assert_int_equal(status(0, events[e]), SSE_ENABLED | SSE_STATUS_PENDING);
		sse(0, FID_UNMASK, 0, 0, 0, 0, 0);
		settle();
		assert_int_equal(status(0, events[e]), SSE_RUNNING);
	}
}

static void event_that_comes_while_it_runs_comes_again_after_that(void **state)
{
	for (unsigned int e = 1; e < ARRAY_SIZE(events); e++) {
		fake_sse_setup(state);
		bring(0, events[e], SSE_RUNNING);
		for (unsigned int i = 0; i < 3; i++)
			sse(1, FID_INJECT, events[e], 0, 0, 0, 0);
		settle();
		assert_int_equal(status(0, events[e]), SSE_RUNNING | SSE_STATUS_PENDING);
		complete(0);
		assert_int_equal(status(0, events[e]), SSE_ENABLED | SSE_STATUS_PENDING);
		settle();
		assert_int_equal(status(0, events[e]), SSE_RUNNING);
		complete(0);
		settle();
		assert_int_equal(status(0, events[e]), SSE_ENABLED);
	}
}

static void one_shot_event_is_disabled_by_its_end(void **state)
{
	for (unsigned int e = 0; e < ARRAY_SIZE(events); e++) {
		fake_sse_setup(state);
		assert_int_equal(set(0, events[e], SSE_CONFIG, 1), 0);
		bring(0, events[e], SSE_RUNNING);
		sse(0, FID_INJECT, events[e], 0, 0, 0, 0);
		complete(0);
		settle();
		assert_int_equal(status(0, events[e]), SSE_REGISTERED | SSE_STATUS_PENDING);
	}
}

static void completion_of_nothing_succeeds(void **state)
{
	bring(1, GLOBAL, SSE_RUNNING);
	assert_int_equal(sse(0, FID_COMPLETE, 1, 2, 3, 4, 5), SBI_SUCCESS);
	assert_int_equal(fake.vcpus[0].arch.regs[REG_A1], 0);
	assert_int_equal(fake.vcpus[0].arch.regs[REG_A6], FID_COMPLETE);
	assert_int_equal(status(0, GLOBAL), SSE_RUNNING);
}

/* ---- attributes ------------------------------------------------------------------------------ */

static void attributes_after_reset(void **state)
{
	for (unsigned int v = 0; v < 4; v++)
		for (unsigned int e = 0; e < ARRAY_SIZE(events); e++) {
			uint64_t values[SSE_ATTRIBUTES];

			assert_int_equal(sse(v, FID_READ, events[e], 0, 10, FAKE_RAM_BASE, 0), 0);
			fake_sse_get(values, 10);
			for (unsigned int i = 0; i < 10; i++)
				assert_int_equal(values[i], i == SSE_STATUS ? SSE_STATUS_INJECT
							    : i != SSE_PREFERRED_HART ? 0
							    : events[e] == GLOBAL     ? 0
										      : v);
		}
}

static void reads_give_each_range(void **state)
{
	uint64_t all[10], some[10];

	set(0, LOCAL, SSE_PRIORITY, 0x12345678);
	bring(0, LOCAL, SSE_RUNNING);
	assert_int_equal(sse(0, FID_READ, LOCAL, 0, 10, FAKE_RAM_BASE, 0), 0);
	fake_sse_get(all, 10);
	assert_int_equal(all[SSE_INTERRUPTED_A7], SBI_EXT_SSE);
	for (unsigned int first = 0; first < 10; first++)
		for (unsigned int count = 1; count < 12; count++) {
			bool fits = first + count <= 10;

			memset(some, 0xee, sizeof(some));
			fake_sse_put(some, 10);
			assert_int_equal(sse(0, FID_READ, LOCAL, first, count, FAKE_RAM_BASE, 0),
					 fits ? SBI_SUCCESS : SBI_BAD_RANGE);
			fake_sse_get(some, 10);
			for (unsigned int i = 0; i < 10; i++)
				assert_int_equal(some[i], fits && i < count
								  ? all[first + i]
								  : UINT64_C(0xeeeeeeeeeeeeeeee));
		}
}

static void ranges_and_memory_are_checked(void **state)
{
	static const struct {
		uint64_t first, count, low, high;
		long error;
	} cases[] = {
		{ 0, 0, FAKE_RAM_BASE, 0, SBI_INVALID_PARAM },
		{ 10, 0, 0, 0, SBI_INVALID_PARAM },
		{ 10, 1, FAKE_RAM_BASE, 0, SBI_BAD_RANGE },
		{ 0, 11, FAKE_RAM_BASE, 0, SBI_BAD_RANGE },
		{ 9, 2, 1, 1, SBI_BAD_RANGE },
		{ 0xffffffff, 1, FAKE_RAM_BASE, 0, SBI_BAD_RANGE },
		{ 0xffffffff, 0xffffffff, FAKE_RAM_BASE, 0, SBI_BAD_RANGE },
		{ 1, 0xffffffff, FAKE_RAM_BASE, 0, SBI_BAD_RANGE },
		{ 1, 1, FAKE_RAM_BASE + 1, 0, SBI_INVALID_ADDRESS },
		{ 1, 1, FAKE_RAM_BASE + 4, 0, SBI_INVALID_ADDRESS },
		{ 1, 1, FAKE_RAM_BASE, 1, SBI_INVALID_ADDRESS },
		{ 1, 1, FAKE_RAM_BASE, ALL, SBI_INVALID_ADDRESS },
		{ 1, 1, FAKE_RAM_BASE - 8, 0, SBI_INVALID_ADDRESS },
		{ 1, 1, 0, 0, SBI_INVALID_ADDRESS },
		{ 1, 1, RAM_END, 0, SBI_INVALID_ADDRESS },
		{ 1, 2, RAM_END - 8, 0, SBI_INVALID_ADDRESS },
		{ 1, 2, ALL - 7, 0, SBI_INVALID_ADDRESS },
		{ 1, 1, RAM_END - 8, 0, SBI_SUCCESS },
		{ 1, 2, RAM_END - 16, 0, SBI_SUCCESS },
		{ 1, 2, HALF - 8, 0, SBI_SUCCESS },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned int function = FID_READ; function <= FID_WRITE; function++) {
			memset(fake.ram, 0, sizeof(fake.ram));
			assert_int_equal(sse(0, function, LOCAL, cases[i].first, cases[i].count,
					     cases[i].low, cases[i].high),
					 cases[i].error);
			for (unsigned int byte = 0; cases[i].error && byte < sizeof(fake.ram);
			     byte++)
				assert_int_equal(fake.ram[byte], 0);
		}
	/* Memory that the guest may read only. */
	assert_int_equal(sse(0, FID_READ, LOCAL, 1, 1, FAKE_ROM_BASE, 0), SBI_INVALID_ADDRESS);
	assert_int_equal(sse(0, FID_WRITE, LOCAL, 1, 1, FAKE_ROM_BASE, 0), SBI_SUCCESS);
	/* The event is looked at before all that. */
	assert_int_equal(sse(0, FID_READ, 2, 0, 0, 0, 0), SBI_INVALID_PARAM);
	assert_int_equal(sse(0, FID_READ, 0, 0, 0, 0, 0), SBI_NOT_SUPPORTED);
}

/** Of each attribute: a value that it takes, and one that it does not. When it can be written. */
static const struct {
	enum sse_attribute id;
	uint64_t good, bad;
	bool has_bad, while_running, global_only, read_only;
} writes[] = {
	{ SSE_STATUS, 0, 0, .read_only = true },
	{ SSE_PRIORITY, UINT32_MAX, BIT(32), .has_bad = true },
	{ SSE_CONFIG, 1, 2, .has_bad = true },
	{ SSE_PREFERRED_HART, 3, 4, .has_bad = true, .global_only = true },
	{ SSE_ENTRY_PC, ENTRY, 1, .read_only = true },
	{ SSE_ENTRY_ARG, 0, 0, .read_only = true },
	{ SSE_INTERRUPTED_SEPC, ALL, 0, .while_running = true },
	{ SSE_INTERRUPTED_FLAGS, 0x3f, 0x40, .has_bad = true, .while_running = true },
	{ SSE_INTERRUPTED_A6, ALL, 0, .while_running = true },
	{ SSE_INTERRUPTED_A7, ALL, 0, .while_running = true },
};

static void each_attribute_in_each_state(void **state)
{
	for (unsigned int e = 0; e < ARRAY_SIZE(events); e++)
		for (unsigned int now = SSE_UNUSED; now <= SSE_RUNNING; now++)
			for (unsigned int i = 0; i < ARRAY_SIZE(writes); i++) {
				bool read_only = writes[i].read_only ||
						 (writes[i].global_only && events[e] != GLOBAL);
				bool fits = writes[i].while_running ? now == SSE_RUNNING
								    : now <= SSE_REGISTERED;
				long error = fits ? SBI_SUCCESS : SBI_INVALID_STATE;
				uint64_t before;

				fake_sse_setup(state);
				bring(0, events[e], now);
				before = attribute(0, events[e], writes[i].id);
				if (writes[i].has_bad) {
					assert_int_equal(
						set(0, events[e], writes[i].id, writes[i].bad),
						read_only ? SBI_DENIED : SBI_INVALID_PARAM);
					assert_int_equal(set(0, events[e], writes[i].id, ALL),
							 read_only ? SBI_DENIED
								   : SBI_INVALID_PARAM);
				}
				assert_int_equal(attribute(0, events[e], writes[i].id), before);
				assert_int_equal(set(0, events[e], writes[i].id, writes[i].good),
						 read_only ? SBI_DENIED : error);
				assert_int_equal(attribute(0, events[e], writes[i].id),
						 read_only || error ? before : writes[i].good);
			}
}

static void writes_are_all_or_nothing_and_the_first_error_counts(void **state)
{
	uint64_t values[] = { 5, 1, 2, 0 }, flags[] = { 1, 0x40 };

	fake_sse_put(values, 4);
	/* PRIORITY, CONFIG, PREFERRED_HART, ENTRY_PC: the last one is read-only. */
	assert_int_equal(sse(0, FID_WRITE, GLOBAL, 1, 4, FAKE_RAM_BASE, 0), SBI_DENIED);
	assert_int_equal(attribute(0, GLOBAL, SSE_PRIORITY), 0);
	fake_sse_put(values, 4);
	assert_int_equal(sse(0, FID_WRITE, GLOBAL, 1, 3, FAKE_RAM_BASE, 0), SBI_SUCCESS);
	assert_int_equal(attribute(0, GLOBAL, SSE_PRIORITY), 5);
	assert_int_equal(attribute(0, GLOBAL, SSE_CONFIG), 1);
	assert_int_equal(attribute(0, GLOBAL, SSE_PREFERRED_HART), 2);
	values[1] = 2;
	fake_sse_put(values, 4);
	assert_int_equal(sse(0, FID_WRITE, GLOBAL, 1, 4, FAKE_RAM_BASE, 0), SBI_INVALID_PARAM);
	assert_int_equal(sse(0, FID_WRITE, LOCAL, 2, 2, FAKE_RAM_BASE + 16, 0), SBI_INVALID_PARAM);
	assert_int_equal(sse(0, FID_WRITE, GLOBAL, 0, 4, FAKE_RAM_BASE, 0), SBI_DENIED);
	/* INTERRUPTED_SEPC is legal and not to be written now, INTERRUPTED_FLAGS is not legal. */
	fake_sse_put(flags, 2);
	assert_int_equal(sse(0, FID_WRITE, LOCAL, SSE_INTERRUPTED_SEPC, 2, FAKE_RAM_BASE, 0),
			 SBI_INVALID_STATE);
}

static void interrupted_state_belongs_to_who_runs_the_event(void **state)
{
	bring(2, GLOBAL, SSE_RUNNING);
	for (unsigned int i = SSE_INTERRUPTED_SEPC; i <= SSE_INTERRUPTED_A7; i++) {
		assert_int_equal(set(1, GLOBAL, i, 2), SBI_INVALID_STATE);
		assert_int_equal(set(2, GLOBAL, i, 2), SBI_SUCCESS);
		assert_int_equal(attribute(1, GLOBAL, i), 2);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fake_sse_setup)
	const struct CMUnitTest tests[] = {
		TEST(events_that_there_are_not),
		TEST(event_and_attribute_ids_are_32_bits_wide),
		TEST(functions_after_the_last_are_not_supported),
		TEST(each_function_in_each_state),
		TEST(handlers_begin_at_even_addresses),
		TEST(local_state_is_of_each_hart_and_global_state_of_all),
		TEST(masks_know_whether_they_are_set),
		TEST(injection_names_a_hart_that_there_is),
		TEST(pending_stays_over_all_states_until_delivery),
		TEST(event_that_comes_while_it_runs_comes_again_after_that),
		TEST(one_shot_event_is_disabled_by_its_end),
		TEST(completion_of_nothing_succeeds),
		TEST(attributes_after_reset),
		TEST(reads_give_each_range),
		TEST(ranges_and_memory_are_checked),
		TEST(each_attribute_in_each_state),
		TEST(writes_are_all_or_nothing_and_the_first_error_counts),
		TEST(interrupted_state_belongs_to_who_runs_the_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
