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
	options_init("hide=sstc,vector,fp");
	assert_true(option_has("hide", "sstc"));
	assert_true(option_has("hide", "vector"));
	assert_true(option_has("hide", "fp"));
	assert_false(option_has("hide", "vec"));
	assert_false(option_has("hide", "sstc,vector"));
	assert_false(option_has("hide", "p"));
	assert_false(option_has("harts", "sstc"));
	assert_false(option_has("nothing", "sstc"));
}

static void feature_is_hidden_of_all_harts_or_of_some(void **state)
{
	static const struct {
		const char *line, *feature;
		uint64_t hidden; /* one bit a hart */
	} cases[] = {
		{ "hide=sstc", "sstc", UINT64_MAX },
		{ "hide=sstc", "ssaia", 0 },
		{ "hide=sstc", "sst", 0 },
		{ "hide=sstc", "sstc@1", 0 },
		{ "hide=sstc@1", "sstc", BIT(1) },
		{ "hide=sstc@1", "ssaia", 0 },
		{ "hide=sstc@0-2", "sstc", 7 },
		{ "hide=sstc@1+3", "sstc", BIT(1) | BIT(3) },
		{ "hide=sstc@8-9+0+4-4", "sstc", 0x311 },
		{ "hide=sstc@0-4294967295", "sstc", UINT64_MAX },
		{ "hide=sstc@63-4294967295", "sstc", BIT(63) },
		{ "hide=sstc@010", "sstc", BIT(10) },
		{ "hide=sstc@1,sstc@2", "sstc", 6 },
		{ "hide=sstc@1,sstc", "sstc", UINT64_MAX },
		{ "hide=sstc,sstc@1", "sstc", UINT64_MAX },
		{ "hide=sv57x4@1,sv48x4@1+3,sstc@0-2", "sv57x4", 2 },
		{ "hide=sv57x4@1,sv48x4@1+3,sstc@0-2", "sv48x4", 10 },
		{ "hide=sv57x4@1,sv48x4@1+3,sstc@0-2", "sstc", 7 },
		{ "hide=sv57x4@1 hide=sstc", "sv57x4", 0 },
		{ "harts=1", "sstc", 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		options_init(cases[i].line);
		assert_string_equal(warnings, "");
		for (unsigned int hart = 0; hart < 64; hart++)
			assert_int_equal(option_hides(cases[i].feature, hart),
					 cases[i].hidden >> hart & 1);
	}
	options_init("hide=sstc@4294967295");
	assert_true(option_hides("sstc", UINT32_MAX));
	assert_false(option_hides("sstc", UINT64_MAX));
}

static void malformed_entry_of_hide_is_named(void **state)
{
	static const char feature[] = "not a feature; hart ids are joined by +";
	static const char ids[] = "not followed by hart ids such as @0-1+4";
	static const char order[] = "a range that ends before it begins";
	static const struct {
		const char *value, *entry, *problem;
	} cases[] = {
		{ "", "", feature },
		{ ",", "", feature },
		{ "sstc,", "", feature },
		{ "sstc,,fp", "", feature },
		{ "@1", "@1", feature },
		{ "sstc@1,3", "3", feature },
		{ "sstc@1,3-4", "3-4", feature },
		{ "sstc@", "sstc@", ids },
		{ "fp,sstc@,fp", "sstc@", ids },
		{ "sstc@x", "sstc@x", ids },
		{ "sstc@0x1", "sstc@0x1", ids },
		{ "sstc@1+", "sstc@1+", ids },
		{ "sstc@+1", "sstc@+1", ids },
		{ "sstc@1++2", "sstc@1++2", ids },
		{ "sstc@1-", "sstc@1-", ids },
		{ "sstc@-1", "sstc@-1", ids },
		{ "sstc@1-2-3", "sstc@1-2-3", ids },
		{ "sstc@1@2", "sstc@1@2", ids },
		{ "sstc@1:2", "sstc@1:2", ids },
		{ "sstc@4294967296", "sstc@4294967296", ids },
		{ "sstc@99999999999999999999999", "sstc@99999999999999999999999", ids },
		{ "sstc@2-1", "sstc@2-1", order },
		{ "fp@0,sstc@0+3-2,vector", "sstc@0+3-2", order },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[128];

		warnings[0] = '\0';
		snprintf(text, sizeof(text), "hide=%s", cases[i].value);
		options_init(text);
		snprintf(text, sizeof(text), "command line: hide: \"%s\": %s", cases[i].entry,
			 cases[i].problem);
		assert_non_null(strstr(warnings, text));
		assert_non_null(strstr(warnings, "the value should be <feature>[@<harts>],..."));
		assert_null(option_get("hide"));
		assert_false(option_hides("sstc", 1));
		assert_false(option_hides("fp", 0));
	}
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
		cmocka_unit_test_setup(feature_is_hidden_of_all_harts_or_of_some, setup),
		cmocka_unit_test_setup(malformed_entry_of_hide_is_named, setup),
		cmocka_unit_test_setup(numbers_have_three_bases, setup),
		cmocka_unit_test_setup(level_is_applied, setup),
		cmocka_unit_test_setup(escape_is_a_control_character, setup),
		cmocka_unit_test_setup(long_line_is_cut_and_said_so, setup),
		cmocka_unit_test_setup(binary_line_breaks_nothing, setup),
		cmocka_unit_test_setup(table_is_sorted_and_complete, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
