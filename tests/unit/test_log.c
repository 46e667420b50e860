/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: the form of a line, what is kept, what is shown and how often.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#include <core/log.h>
#include <core/report_log.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static char sunk[65536];

static void sink(const char *text, size_t length)
{
	assert_int_equal(text[length - 1], '\n');
	strncat(sunk, text, length);
}

static int setup(void **state)
{
	fake_host_reset();
	log_set_sink(sink);
	assert_int_equal(log_set_level("info"), 0);
	sunk[0] = '\0';
	return 0;
}

/** All that the ring has. */
static char *ring(void)
{
	static char text[65536];
	uint64_t position = 0;
	size_t count, length = 0;

	while ((count = log_read(&position, text + length, 100)) > 0)
		length += count;
	text[length] = '\0';
	return text;
}

static const char *last_line(void)
{
	char *text = ring();
	char *end = text + strlen(text) - 1;

	assert_int_equal(*end, '\n');
	*end = '\0';
	end = strrchr(text, '\n');
	return end ? end + 1 : text;
}

static void line_has_time_hart_and_level(void **state)
{
	fake_time_set(FAKE_TIMEBASE * UINT64_C(12) + 345);
	log_info("one %d", 1);
	log_warn("two");
	log_error("three");
	assert_string_equal(sunk, "[   12.000034] hart 3: one 1\n"
				  "[   12.000034] hart 3: warning: two\n"
				  "[   12.000034] hart 3: error: three\n");
}

static void time_is_zero_before_the_timebase_is_known(void **state)
{
	timebase = 0;
	fake_time_set(12345);
	log_info("early");
	assert_string_equal(sunk, "[    0.000000] hart 3: early\n");
}

static void hart_may_be_unknown(void **state)
{
	struct hart *self = fake_hart_self;

	fake_hart_self = NULL;
	log_info("early");
	fake_hart_self = self;
	assert_string_equal(sunk, "[    0.000000] hart 0: early\n");
}

static void time_of_centuries_fits(void **state)
{
	fake_time_set(UINT64_MAX);
	log_info("%s", "late");
	assert_non_null(strstr(sunk, "] hart 3: late\n"));
}

static void long_message_is_cut(void **state)
{
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	assert_int_equal(strlen(sunk), strlen("[    0.000000] hart 3: ") + LOG_LINE - 1 + 1);
}

static void control_characters_are_replaced(void **state)
{
	log_info("a%cb\r\n\033[2J\377\177z", 7);
	assert_string_equal(sunk, "[    0.000000] hart 3: a?b???[2J??z\n");
}

static void ring_keeps_what_is_not_shown(void **state)
{
	assert_int_equal(log_set_level("error"), 0);
	log_warn("hidden");
	assert_string_equal(sunk, "");
	assert_non_null(strstr(last_line(), "hidden"));
	log_error("shown");
	assert_non_null(strstr(sunk, "shown"));
}

static void unknown_level_is_refused(void **state)
{
	assert_int_equal(log_set_level("loud"), -EINVAL);
	assert_int_equal(log_set_level(""), -EINVAL);
	log_info("still shown");
	assert_non_null(strstr(sunk, "still shown"));
}

static void ring_keeps_the_last_32_kib(void **state)
{
	for (int i = 0; i < 2000; i++) {
		log_info("number %d", i);
		sunk[0] = '\0';
	}
	assert_int_equal(strlen(ring()), KIB(32));
	assert_non_null(strstr(last_line(), "number 1999"));
}

static void reading_goes_on_where_it_ended(void **state)
{
	uint64_t position = UINT64_C(0);
	char text[64];

	while (log_read(&position, text, sizeof(text)) > 0)
		;
	log_info("next");
	assert_int_equal(log_read(&position, text, 5), 5);
	assert_memory_equal(text, "[    ", 5);
	assert_int_equal(log_read(&position, text, sizeof(text)),
			 strlen("0.000000] hart 3: next\n"));
	assert_int_equal(log_read(&position, text, sizeof(text)), 0);
}

static unsigned int lines(const char *text)
{
	unsigned int count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void guest(int i)
{
	log_limited("guest did %d", i);
}

static void limited_message_comes_a_few_times_a_second(void **state)
{
	fake_time_set(1);
	for (int i = 0; i < 1000; i++)
		guest(i);
	assert_int_equal(lines(sunk), 5);
	sunk[0] = '\0';
	fake_time_set(FAKE_TIMEBASE + 1);
	guest(7);
	assert_int_equal(lines(sunk), 2);
	assert_non_null(strstr(sunk, "995 messages like the next were left out\n"));
	assert_non_null(strstr(sunk, "guest did 7\n"));
}

static void limits_are_apart(void **state)
{
	fake_time_set(1);
	for (int i = 0; i < 100; i++) {
		log_limited("here");
		log_limited("there");
	}
	assert_int_equal(lines(sunk), 10);
}

static void report_goes_to_the_log(void **state)
{
	struct report_log log;

	report_log_init(&log, "VM debian");
	report_warning(&log.report, "odd %s", "thing");
	report_error(&log.report, "bad thing");
	assert_int_equal(log.report.warnings, 1);
	assert_int_equal(log.report.errors, 1);
	assert_string_equal(sunk, "[    0.000000] hart 3: warning: VM debian: odd thing\n"
				  "[    0.000000] hart 3: error: VM debian: bad thing\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(line_has_time_hart_and_level, setup),
		cmocka_unit_test_setup(time_is_zero_before_the_timebase_is_known, setup),
		cmocka_unit_test_setup(hart_may_be_unknown, setup),
		cmocka_unit_test_setup(time_of_centuries_fits, setup),
		cmocka_unit_test_setup(long_message_is_cut, setup),
		cmocka_unit_test_setup(control_characters_are_replaced, setup),
		cmocka_unit_test_setup(ring_keeps_what_is_not_shown, setup),
		cmocka_unit_test_setup(unknown_level_is_refused, setup),
		cmocka_unit_test_setup(ring_keeps_the_last_32_kib, setup),
		cmocka_unit_test_setup(reading_goes_on_where_it_ended, setup),
		cmocka_unit_test_setup(limited_message_comes_a_few_times_a_second, setup),
		cmocka_unit_test_setup(limits_are_apart, setup),
		cmocka_unit_test_setup(report_goes_to_the_log, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
