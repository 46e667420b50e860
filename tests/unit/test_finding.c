/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings about the machine: what is kept, what is logged, how harts with the same are joined.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#include <core/finding.h>
#include <core/hart.h>
#include <core/log.h>
#include <stdio.h>

static char sunk[65536], lines[65536];
static struct hart others[5];

static void sink(const char *text, size_t length)
{
	strncat(sunk, text, length);
}

static void line(const char *text)
{
	snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%s\n", text);
}

static const char *described(enum finding_kind kind)
{
	lines[0] = '\0';
	findings_describe(kind, line);
	return lines;
}

static int setup(void **state)
{
	/* The boot hart comes first, whatever its id. */
	static const uint64_t ids[] = { 2, 0, 1, 16, UINT64_MAX };

	fake_host_reset();
	for (unsigned int i = 0; i < 5; i++) {
		others[i] = (struct hart){ .index = i, .id = ids[i] };
		harts[i] = &others[i];
	}
	hart_count = 5;
	log_set_sink(sink);
	log_set_level("info");
	sunk[0] = '\0';
	return 0;
}

static void left_out_is_logged_as_a_warning_and_kept(void **state)
{
	finding_add(FINDING_LEFT_OUT, "hart 5", "disabled by the %s", "device tree");
	assert_non_null(strstr(sunk, "warning: hart 5: left out: disabled by the device tree\n"));
	assert_string_equal(described(FINDING_LEFT_OUT), "hart 5: disabled by the device tree\n");
	assert_int_equal(findings_count(FINDING_LEFT_OUT), 1);
}

static void a_device_is_kept_and_not_logged(void **state)
{
	finding_add(FINDING_DEVICE, "/soc/serial@10000000", "ns16550");
	assert_string_equal(sunk, "");
	assert_string_equal(described(FINDING_DEVICE), "/soc/serial@10000000: ns16550\n");
}

static void the_same_words_of_harts_are_one_line_in_the_order_of_ids(void **state)
{
	finding_add_hart(FINDING_LESS, 3, "no henvcfg");
	finding_add_hart(FINDING_LESS, 0, "no henvcfg");
	assert_string_equal(described(FINDING_LESS), "harts 2,16: no henvcfg\n");
	assert_non_null(strstr(sunk, "warning: hart 16: no henvcfg\n"));
	assert_null(strstr(sunk, "hart 2:"));
	for (unsigned int i = 0; i < 5; i++)
		finding_add_hart(FINDING_LESS, i, "no henvcfg");
	assert_string_equal(described(FINDING_LESS),
			    "harts 0-2,16,18446744073709551615: no henvcfg\n");
	finding_add_hart(FINDING_LESS, 4, "something else");
	assert_string_equal(strchr(described(FINDING_LESS), '\n'),
			    "\nhart 18446744073709551615: something else\n");
}

static void the_same_is_kept_once_and_kinds_are_apart(void **state)
{
	for (unsigned int i = 0; i < 3; i++)
		finding_add(FINDING_QUIRK, "plic", "claims twice");
	assert_string_equal(described(FINDING_QUIRK), "plic: claims twice\n");
	assert_non_null(strstr(sunk, "plic: quirk: claims twice\n"));
	finding_add(FINDING_DEVICE, "plic", "claims twice");
	assert_int_equal(findings_count(FINDING_QUIRK), 1);
}

static void a_terminal_does_not_obey_the_device_tree(void **state)
{
	finding_add(FINDING_LEFT_OUT, "/soc/\033[2J", "named \"\007%s\"", "\377");
	assert_non_null(strstr(described(FINDING_LEFT_OUT), "/soc/?[2J: named \"??\"\n"));
}

static void what_is_too_long_is_cut(void **state)
{
	char words[1024];

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	finding_add(FINDING_DEVICE, words, "%s", words);
	assert_true(strlen(strrchr(described(FINDING_DEVICE), ' ')) == FINDING_MAX + 1);
}

/* The last one: it fills the list. */
static void a_full_list_still_logs_and_counts(void **state)
{
	unsigned int before = findings_count(FINDING_LESS);

	assert_int_equal(findings_lost(), 0);
	for (unsigned int i = 0; i < 1000; i++)
		finding_add(FINDING_LESS, "memory", "number %u", i);
	assert_true(findings_lost() > 0);
	assert_int_equal(findings_count(FINDING_LESS) + findings_lost(), before + 1000);
	assert_non_null(strstr(sunk, "memory: number 999\n"));
	assert_true(fake_no_lock_held());
}

/* After the one before: the list is full. */
static void a_device_without_room_is_in_the_log(void **state)
{
	unsigned int before = findings_lost();

	finding_add(FINDING_DEVICE, "/soc/serial@20000000", "ns16550");
	assert_int_equal(findings_lost(), before + 1);
	assert_non_null(strstr(sunk, ": /soc/serial@20000000: ns16550\n"));
	assert_null(strstr(sunk, "warning: /soc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(left_out_is_logged_as_a_warning_and_kept, setup),
		cmocka_unit_test_setup(a_device_is_kept_and_not_logged, setup),
		cmocka_unit_test_setup(the_same_words_of_harts_are_one_line_in_the_order_of_ids,
				       setup),
		cmocka_unit_test_setup(the_same_is_kept_once_and_kinds_are_apart, setup),
		cmocka_unit_test_setup(a_terminal_does_not_obey_the_device_tree, setup),
		cmocka_unit_test_setup(what_is_too_long_is_cut, setup),
		cmocka_unit_test_setup(a_full_list_still_logs_and_counts, setup),
		cmocka_unit_test_setup(a_device_without_room_is_in_the_log, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
