/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor, seen as a terminal sees it: what it writes is drawn on a screen of one row,
 * which must always show the text with the cursor in its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../core/line.h"
#include "fake_terminal.h"

#define UP "\033[A"
#define DOWN "\033[B"
#define RIGHT "\033[C"
#define LEFT "\033[D"

static struct line_editor editor;

static int setup(void **state)
{
	fake_terminal_clear();
	line_init(&editor, fake_terminal_put);
	line_begin(&editor);
	return 0;
}

/** The screen shows the line and nothing else. */
static void assert_screen(void)
{
	assert_true(fake_terminal_shows(editor.text, editor.length, editor.cursor));
}

static enum line_result type_bytes(const char *bytes, size_t count)
{
	enum line_result result = LINE_EDITING;

	for (size_t i = 0; i < count; i++) {
		result = line_type(&editor, (uint8_t)bytes[i]);
		if (result == LINE_EDITING)
			assert_screen();
		else if (i + 1 < count)
			line_begin(&editor);
	}
	return result;
}

static enum line_result type(const char *text)
{
	return type_bytes(text, strlen(text));
}

/** Types @text and Return; the line must be @line. */
static void assert_line(const char *text, const char *line)
{
	assert_int_equal(type(text), LINE_EDITING);
	assert_int_equal(type("\r"), LINE_DONE);
	assert_string_equal(editor.text, line);
	line_begin(&editor);
}

static void line_ends_with_return_or_line_feed(void **state)
{
	assert_int_equal(type("vm list\r"), LINE_DONE);
	assert_string_equal(editor.text, "vm list");
	line_begin(&editor);
	assert_int_equal(type("x\n"), LINE_DONE);
	line_begin(&editor);
	assert_int_equal(type("\n"), LINE_DONE);
}

static void return_and_line_feed_are_one_end(void **state)
{
	assert_int_equal(type("a\r"), LINE_DONE);
	line_begin(&editor);
	assert_int_equal(type("\n"), LINE_EDITING);
	assert_int_equal(type("\n"), LINE_DONE);
	assert_string_equal(editor.text, "");
}

static void backspace_and_delete_take_one(void **state)
{
	assert_line("abc\b\177d", "ad");
	assert_line("\b\b\b", "");
	assert_line("abc" LEFT LEFT "\033[3~", "ac");
	assert_line("abc\033[3~", "abc");
}

static void cursor_moves_and_text_goes_in_between(void **state)
{
	assert_line("ac" LEFT "b", "abc");
	assert_line("bc\001a", "abc");
	assert_line("b\001a\005c", "abc");
	assert_line("b\033[Ha\033[Fc", "abc");
	assert_line(LEFT LEFT RIGHT "a" RIGHT RIGHT "b", "ab");
	assert_line("b\033ODa", "ab");
}

static void control_u_k_and_w_delete_pieces(void **state)
{
	assert_line("some words\025x", "x");
	assert_line("abcd" LEFT LEFT "\025", "cd");
	assert_line("abcd" LEFT LEFT "\013", "ab");
	assert_line("vm  list  \027x", "vm  x");
	assert_line("\027\027a\027", "");
}

static void control_c_drops_the_line(void **state)
{
	assert_int_equal(type("half\003"), LINE_CANCELLED);
	line_begin(&editor);
	terminal.column = 0;
	assert_line("whole", "whole");
	assert_line(UP UP, "whole");
}

static void history_goes_back_and_forth(void **state)
{
	assert_line("one", "one");
	assert_line("two", "two");
	assert_line(UP, "two");
	assert_line("three", "three");
	assert_line(UP UP UP, "one");
	assert_line(UP DOWN, "");
	assert_line(UP UP DOWN "x", "onex");
	assert_line("\020", "onex");
	assert_line("\020\020\016", "onex");
}

static void history_has_an_end(void **state)
{
	char line[] = "line 0";

	assert_line(UP DOWN, "");
	for (char c = 'a'; c <= 'z'; c++) {
		line[5] = c;
		assert_line(line, line);
	}
	terminal.bells = 0;
	assert_line(UP UP UP UP UP UP UP UP UP UP UP, "line s");
	assert_int_equal(terminal.bells, 3);
}

static void repeated_and_empty_lines_are_not_remembered(void **state)
{
	assert_line("one", "one");
	assert_line("two", "two");
	assert_line("two", "two");
	assert_line("", "");
	assert_line(UP UP, "one");
}

static void long_line_beeps_and_stays(void **state)
{
	for (int i = 0; i < 1000; i++)
		type("y");
	assert_int_equal(terminal.bells, 1000 - LINE_MAX_LENGTH);
	assert_int_equal(editor.length, LINE_MAX_LENGTH);
	type("\001z");
	assert_int_equal(type("\r"), LINE_DONE);
	assert_int_equal(strlen(editor.text), LINE_MAX_LENGTH);
	line_begin(&editor);
	type(UP "\b\b" LEFT "ab");
	assert_int_equal(editor.length, LINE_MAX_LENGTH);
}

static void unknown_sequences_and_bytes_are_ignored(void **state)
{
	assert_line("a\033[1;5Cb\033[15~c\033OPd\033ze\033\033[Df", "abcdfe");
	assert_line("a\001\002\004\006\007\005b", "ab");
	assert_line("a\200\377\303\251b\t", "ab");
	assert_line("a\033\rb", "b");
}

static void random_bytes_keep_screen_and_text_alike(void **state)
{
	unsigned int seed = 7;

	for (unsigned int i = 0; i < 200000; i++) {
		static const char often[] = "\033[[ABCDHF~3\b\177\001\005\013\025\027 ab";
		char byte;

		seed = seed * 1103515245 + 12345;
		byte = seed >> 28 ? often[(seed >> 16) % (sizeof(often) - 1)] : (char)(seed >> 16);
		if (type_bytes(&byte, 1) != LINE_EDITING) {
			setup(NULL);
			continue;
		}
		assert_true(editor.cursor <= editor.length && editor.length <= LINE_MAX_LENGTH);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(line_ends_with_return_or_line_feed, setup),
		cmocka_unit_test_setup(return_and_line_feed_are_one_end, setup),
		cmocka_unit_test_setup(backspace_and_delete_take_one, setup),
		cmocka_unit_test_setup(cursor_moves_and_text_goes_in_between, setup),
		cmocka_unit_test_setup(control_u_k_and_w_delete_pieces, setup),
		cmocka_unit_test_setup(control_c_drops_the_line, setup),
		cmocka_unit_test_setup(history_goes_back_and_forth, setup),
		cmocka_unit_test_setup(history_has_an_end, setup),
		cmocka_unit_test_setup(repeated_and_empty_lines_are_not_remembered, setup),
		cmocka_unit_test_setup(long_line_beeps_and_stays, setup),
		cmocka_unit_test_setup(unknown_sequences_and_bytes_are_ignored, setup),
		cmocka_unit_test_setup(random_bytes_keep_screen_and_text_alike, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
