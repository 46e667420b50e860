/* SPDX-License-Identifier: BSD-2-Clause */
/* The console multiplexer: how typed bytes find their guest, and the prefix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../core/port.h"
#include "console_world.h"
#include "fake_host.h"

#include <core/options.h>
#include <errno.h>

/* ---- input ---- */

static void typed_bytes_go_to_the_focus(void **state)
{
	console_focus(guests[2].console);
	type("ls\r");
	assert_memory_equal(guests[2].taken, "ls\r", 3);
	assert_int_equal(guests[0].count + guests[1].count, 0);
}

static void interrupt_only_wakes_the_thread(void **state)
{
	console_focus(guests[0].console);
	work();
	assert_ptr_equal(fake_received, console_poll);
	fake_type("x");
	fake_received();
	assert_int_equal(guests[0].calls, 0);
	assert_true(fake_thread_woken("console"));
	work();
	assert_int_equal(guests[0].count, 1);
}

static void rest_is_offered_when_there_is_room(void **state)
{
	console_focus(guests[0].console);
	guests[0].room = 3;
	type("abcdefgh");
	assert_int_equal(guests[0].count, 3);
	work();
	assert_int_equal(guests[0].count, 3);
	guests[0].room = 2;
	console_input_ready(guests[0].console);
	assert_int_equal(guests[0].count, 3);
	assert_true(fake_thread_woken("console"));
	work();
	assert_int_equal(guests[0].count, 5);
	guests[0].room = 100;
	console_input_ready(guests[0].console);
	work();
	assert_memory_equal(guests[0].taken, "abcdefgh", 8);
}

static void who_reads_gets_what_is_typed(void **state)
{
	struct console *console = guests[0].console;
	uint8_t bytes[8];

	console_focus(console);
	guests[0].room = 1;
	type("abc");
	assert_int_equal(guests[0].count, 1);
	assert_int_equal(console_read(console, bytes, 1), 1);
	assert_int_equal(bytes[0], 'b');
	guests[0].room = 100;
	type("d");
	assert_int_equal(guests[0].count, 1);
	assert_int_equal(console_read(console, bytes, sizeof(bytes)), 2);
	assert_memory_equal(bytes, "cd", 2);
	assert_int_equal(console_read(console, bytes, sizeof(bytes)), 0);
}

static void input_is_offered_again_when_nobody_reads(void **state)
{
	uint8_t byte;

	console_focus(guests[0].console);
	assert_int_equal(console_read(guests[0].console, &byte, 1), 0);
	type("a");
	assert_int_equal(guests[0].count, 0);
	console_input_ready(guests[0].console);
	work();
	assert_int_equal(guests[0].count, 1);
	assert_int_equal(console_read(guests[0].console, &byte, 1), 0);
	type("b");
	fake_time_set(time_now() + us_to_ticks(6000000));
	type("c");
	assert_memory_equal(guests[0].taken, "abc", 3);
}

static void ready_without_bytes_wakes_nobody(void **state)
{
	work();
	console_input_ready(guests[0].console);
	assert_false(fake_thread_woken("console"));
}

static void refused_byte_is_not_offered_again_and_again(void **state)
{
	console_focus(guests[0].console);
	guests[0].room = 0;
	type("a");
	work();
	work();
	assert_int_equal(guests[0].calls, 1);
}

static void too_many_typed_bytes_are_counted(void **state)
{
	char many[3000];

	memset(many, 'm', sizeof(many));
	console_focus(guests[0].console);
	guests[0].room = 0;
	fake_type_bytes(many, sizeof(many));
	console_poll();
	work(); /* one interrupt reads no more than a burst */
	assert_int_equal(console_counts(guests[0].console).lost, 3000 - 2048);
	guests[0].room = sizeof(guests[0].taken);
	console_input_ready(guests[0].console);
	work();
	assert_int_equal(guests[0].count, 2048);
}

static void port_without_interrupt_is_polled(void **state)
{
	fake_host_reset();
	fake_port(true, -ENOENT);
	console_init();
	console_start();
	console_focus(guests[0].console);
	fake_type("p");
	work();
	assert_int_equal(guests[0].count, 1);
}

static void without_a_port_the_firmwares_console_is_polled(void **state)
{
	fake_host_reset();
	fake_port(false, 0);
	console_init();
	console_start();
	console_focus(NULL);
	work();
	write_text(console_shell(), "text");
	assert_int_equal(fake_firmware_bytes(), fake_output_length());
	assert_non_null(strstr(fake_output(), "text"));
	console_focus(guests[0].console);
	fake_type("p");
	work();
	assert_int_equal(guests[0].count, 1);
}

/* ---- the prefix ---- */

static void digit_chooses_a_console(void **state)
{
	type(CTRL_T "2x");
	assert_non_null(strstr(fake_output(), "console of VM 2, two"));
	assert_string_equal(guests[2].taken, "x");
}

static void digit_without_a_vm_changes_nothing(void **state)
{
	type(CTRL_T "1" CTRL_T "7y");
	assert_non_null(strstr(fake_output(), "there is no VM 7"));
	assert_string_equal(guests[1].taken, "y");
}

static void next_and_previous_go_round(void **state)
{
	type(CTRL_T "na" CTRL_T "nb" CTRL_T "nc" CTRL_T "nd" CTRL_T "pe");
	assert_string_equal(guests[0].taken, "ad");
	assert_string_equal(guests[1].taken, "b");
	assert_string_equal(guests[2].taken, "ce");
}

static void previous_of_the_shell_is_the_last(void **state)
{
	type(CTRL_T "pz");
	assert_string_equal(guests[2].taken, "z");
}

static void next_without_a_vm_says_so(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(guests); i++) {
		console_destroy(guests[i].console);
		guests[i].console = NULL;
	}
	type(CTRL_T "n" CTRL_T "p");
	assert_non_null(strstr(fake_output(), "there is no VM"));
}

static void prefix_twice_is_the_prefix(void **state)
{
	type(CTRL_T "0" CTRL_T CTRL_T "t");
	assert_string_equal(guests[0].taken, CTRL_T "t");
}

static void question_mark_and_unknown_letters_help(void **state)
{
	console_focus(guests[0].console);
	work();
	write_text(guests[0].console, "half a li");
	type(CTRL_T "?");
	assert_non_null(strstr(fake_output(), "Ctrl-t itself"));
	assert_string_equal(fake_output() + fake_output_length() - 11, "\r\nhalf a li");
	type(CTRL_T "z");
	assert_int_equal(guests[0].count, 0);
}

static void prefix_can_be_another(void **state)
{
	options_init("console.escape=^]");
	console_init();
	type("\x1d"
	     "0" CTRL_T "\x1d\x1d"
	     "\x1dq");
	assert_string_equal(guests[0].taken, CTRL_T "\x1d");
	assert_non_null(strstr(fake_output(), "Ctrl-] ?"));
	options_init("console.escape=^t");
	console_init();
}

static void prefix_can_be_none(void **state)
{
	options_init("console.escape=none");
	console_init();
	console_focus(guests[0].console);
	type(CTRL_T "q" CTRL_T "1");
	assert_string_equal(guests[0].taken, CTRL_T "q" CTRL_T "1");
	options_init("console.escape=^t");
	console_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(typed_bytes_go_to_the_focus),
		TEST(interrupt_only_wakes_the_thread),
		TEST(rest_is_offered_when_there_is_room),
		TEST(who_reads_gets_what_is_typed),
		TEST(input_is_offered_again_when_nobody_reads),
		TEST(ready_without_bytes_wakes_nobody),
		TEST(refused_byte_is_not_offered_again_and_again),
		TEST(too_many_typed_bytes_are_counted),
		TEST(port_without_interrupt_is_polled),
		TEST(without_a_port_the_firmwares_console_is_polled),
		TEST(digit_chooses_a_console),
		TEST(digit_without_a_vm_changes_nothing),
		TEST(next_and_previous_go_round),
		TEST(previous_of_the_shell_is_the_last),
		TEST(next_without_a_vm_says_so),
		TEST(prefix_twice_is_the_prefix),
		TEST(question_mark_and_unknown_letters_help),
		TEST(prefix_can_be_another),
		TEST(prefix_can_be_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
