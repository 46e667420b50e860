/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line: words, values, and what is said about those that cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#include <core/log.h>
#include <core/number.h>
#include <core/options.h>
#include <stdio.h>

static char warnings[8192];

static void sink(const char *text, size_t length)
{
	if (strstr(text, "warning: "))
		strncat(warnings, text, length);
}

static int setup(void **state)
{
	fake_host_reset();
	log_set_sink(sink);
	warnings[0] = '\0';
	return 0;
}

static void word_and_value_are_found(void **state)
{
	options_init("harts=2 poweroff=last-vm");
	assert_string_equal(option_get("harts"), "2");
	assert_string_equal(option_get("poweroff"), "last-vm");
	assert_null(option_get("hide"));
	assert_null(option_get("no such option"));
	assert_string_equal(warnings, "");
}

static void blanks_do_not_matter(void **state)
{
	options_init(" \t\n harts=2 \r\n  hide=a\t");
	assert_string_equal(option_get("harts"), "2");
	assert_string_equal(option_get("hide"), "a");
	options_init("");
	assert_null(option_get("harts"));
	options_init("   ");
	assert_null(option_get("harts"));
	assert_string_equal(warnings, "");
}

static void last_of_two_counts(void **state)
{
	options_init("harts=2 harts=3");
	assert_string_equal(option_get("harts"), "3");
}

static void unknown_word_is_reported(void **state)
{
	options_init("quiet harts=1 console=ttyS0,115200");
	assert_non_null(strstr(warnings, "\"quiet\""));
	assert_non_null(strstr(warnings, "\"console\""));
	assert_string_equal(option_get("harts"), "1");
}

static void bad_value_is_reported_and_ignored(void **state)
{
	static const char *const bad[] = { "harts=",
					   "harts",
					   "harts=two",
					   "harts=2x",
					   "harts=-1",
					   "harts= 1",
					   "poweroff",
					   "poweroff=no",
					   "loglevel=7",
					   "hide",
					   "hide=",
					   "console.escape=t",
					   "panic=often",
					   "console.escape=^",
					   "harts=99999999999999999999" };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		char name[32];

		warnings[0] = '\0';
		options_init(bad[i]);
		assert_non_null(strstr(warnings, "the value should be"));
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(bad[i], "="), bad[i]);
		assert_null(option_get(name));
	}
}

static void value_may_hold_an_equals_sign(void **state)
{
	options_init("hide=a=b");
	assert_string_equal(option_get("hide"), "a=b");
}

static void list_has_whole_words(void **state)
{
	options_init("hide=sstc,vector,,fp");
	assert_true(option_has("hide", "sstc"));
	assert_true(option_has("hide", "vector"));
	assert_true(option_has("hide", "fp"));
	assert_false(option_has("hide", "vec"));
	assert_false(option_has("hide", "sstc,vector"));
	assert_false(option_has("hide", "p"));
	assert_false(option_has("harts", "sstc"));
	assert_false(option_has("nothing", "sstc"));
}

static void numbers_have_three_bases(void **state)
{
	uint64_t number;

	options_init("harts=0x10");
	assert_int_equal(option_number("harts", 7), 16);
	assert_int_equal(option_number("hide", 7), 7);
	assert_true(number_parse("017", &number));
	assert_int_equal(number, 15);
	assert_true(number_parse("18446744073709551615", &number));
	assert_true(number == UINT64_MAX);
	assert_false(number_parse("18446744073709551616", &number));
	assert_false(number_parse("0x", &number));
	assert_false(number_parse("+1", &number));
}

static void level_is_applied(void **state)
{
	options_init("loglevel=error nonsense");
	assert_string_equal(warnings, "");
	options_init("loglevel=info nonsense");
	assert_string_not_equal(warnings, "");
}

static void escape_is_a_control_character(void **state)
{
	assert_int_equal(option_parse_escape("^t"), 0x14);
	assert_int_equal(option_parse_escape("^A"), 1);
	assert_int_equal(option_parse_escape("^]"), 0x1d);
	assert_int_equal(option_parse_escape("^_"), 0x1f);
	assert_int_equal(option_parse_escape("none"), OPTION_ESCAPE_NONE);
	assert_int_equal(option_parse_escape(""), OPTION_ESCAPE_BAD);
	assert_int_equal(option_parse_escape("^@"), OPTION_ESCAPE_BAD);
	assert_int_equal(option_parse_escape("^tt"), OPTION_ESCAPE_BAD);
	assert_int_equal(option_parse_escape("x"), OPTION_ESCAPE_BAD);
}

static void long_line_is_cut_and_said_so(void **state)
{
	char text[5000];

	memset(text, 'a', sizeof(text));
	memcpy(text, "harts=4 ", 8);
	text[sizeof(text) - 1] = '\0';
	options_init(text);
	assert_string_equal(option_get("harts"), "4");
	assert_non_null(strstr(warnings, "is ignored"));
}

static void binary_line_breaks_nothing(void **state)
{
	char text[256];

	for (unsigned int i = 0; i < 255; i++)
		text[i] = (char)(i + 1);
	text[255] = '\0';
	options_init(text);
	assert_non_null(strstr(warnings, "no option"));
}

static void table_is_sorted_and_complete(void **state)
{
	for (unsigned int i = 0; i < option_count; i++) {
		assert_non_null(option_table[i].accept);
		assert_true(*option_table[i].help != '\0');
		if (i > 0)
			assert_true(strcmp(option_table[i - 1].name, option_table[i].name) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(word_and_value_are_found, setup),
		cmocka_unit_test_setup(blanks_do_not_matter, setup),
		cmocka_unit_test_setup(last_of_two_counts, setup),
		cmocka_unit_test_setup(unknown_word_is_reported, setup),
		cmocka_unit_test_setup(bad_value_is_reported_and_ignored, setup),
		cmocka_unit_test_setup(value_may_hold_an_equals_sign, setup),
		cmocka_unit_test_setup(list_has_whole_words, setup),
		cmocka_unit_test_setup(numbers_have_three_bases, setup),
		cmocka_unit_test_setup(level_is_applied, setup),
		cmocka_unit_test_setup(escape_is_a_control_character, setup),
		cmocka_unit_test_setup(long_line_is_cut_and_said_so, setup),
		cmocka_unit_test_setup(binary_line_breaks_nothing, setup),
		cmocka_unit_test_setup(table_is_sorted_and_complete, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
