/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings in buffers: what finds no room, and what a terminal must not see.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <core/text.h>

static void parts_are_joined(void **state)
{
	char buffer[16] = "before";
	struct text text = text_in(buffer, sizeof(buffer));

	assert_string_equal(buffer, "");
	for (unsigned int i = 0; i < 3; i++)
		text_add(&text, "%s%u", text.length ? "," : "", i);
	assert_string_equal(buffer, "0,1,2");
	assert_int_equal(text.length, 5);
}

static void what_finds_no_room_is_cut_and_told(void **state)
{
	char buffer[9];
	struct text text = text_in(buffer, 8);

	buffer[8] = '!';
	text_add(&text, "%s", "1234567");
	assert_int_equal(text.length, 7);
	for (unsigned int i = 0; i < 100; i++)
		text_add(&text, "%s", "89");
	assert_string_equal(text.to, "1234567");
	assert_true(text.length >= text.room);
	assert_int_equal(buffer[8], '!');
}

static void what_is_not_printable_is_not_kept(void **state)
{
	char words[] = "a \033[2J\n\177\377~";

	text_tame(words);
	assert_string_equal(words, "a ?[2J???~");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_joined),
		cmocka_unit_test(what_finds_no_room_is_cut_and_told),
		cmocka_unit_test(what_is_not_printable_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
