/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console multiplexer: who has the port, what is shown when, and consoles that come and go.
 * What is typed is in test_console_input.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "console_world.h"
#include "fake_host.h"

#include <core/log.h>
#include <core/options.h>
#include <stdio.h>

/* ---- output ---- */

static void focused_output_goes_to_the_port_as_it_is(void **state)
{
	console_focus(guests[1].console);
	work();
	fake_clear();
	write_text(guests[1].console, "a\r\nb\033[1m\n\r\xff");
	assert_string_equal(fake_output(), "a\r\nb\033[1m\n\r\xff");
}

static void unfocused_output_is_kept(void **state)
{
	uint64_t position = 0;
	uint8_t bytes[16];

	write_text(guests[1].console, "hidden");
	assert_string_equal(fake_output(), "");
	assert_int_equal(
		console_read_ring(guests[1].console, &position, UINT64_MAX, bytes, sizeof(bytes)),
		6);
	assert_memory_equal(bytes, "hidden", 6);
	assert_int_equal(
		console_read_ring(guests[1].console, &position, UINT64_MAX, bytes, sizeof(bytes)),
		0);
	assert_int_equal(console_counts(guests[1].console).written, 6);
}

/* What comes while it is at work it does not see, and what is left when lines are lost is whole. */
static void reader_sees_whole_lines_up_to_its_end(void **state)
{
	struct console *console = guests[1].console;
	uint64_t position = 0, end;
	uint8_t bytes[16];
	size_t count;

	write_text(console, "first\nsecond\n");
	end = console_counts(console).written;
	assert_int_equal(console_read_ring(console, &position, end, bytes, 8), 8);
	write_text(console, "third\n");
	count = console_read_ring(console, &position, end, bytes, sizeof(bytes));
	assert_int_equal(count, 5);
	assert_memory_equal(bytes, "cond\n", 5);
	assert_int_equal(console_read_ring(console, &position, end, bytes, sizeof(bytes)), 0);

	position = 8;
	for (unsigned int i = 0; console_counts(console).written < 2 * CONSOLE_RING_SIZE; i++)
		write_text(console, "0123456789ab\n");
	end = console_counts(console).written;
	count = console_read_ring(console, &position, end, bytes, 13);
	assert_int_equal(count, 13);
	assert_memory_equal(bytes, "0123456789ab\n", 13);
}

static void focus_shows_banner_and_ring(void **state)
{
	write_text(guests[1].console, "before\r\n");
	console_focus(guests[1].console);
	assert_true(fake_thread_woken("console"));
	work();
	assert_string_equal(fake_output(),
			    "--- console of VM 1, one (Ctrl-t ? for help) ---\r\nbefore\r\n");
}

static void banner_begins_a_line(void **state)
{
	console_focus(guests[0].console);
	work();
	write_text(guests[0].console, "login: ");
	fake_clear();
	console_focus(guests[1].console);
	work();
	assert_memory_equal(fake_output(), "\r\n--- console of VM 1", 21);
	assert_null(strstr(fake_output(), "login"));
}

static void output_while_the_ring_is_shown_keeps_its_order(void **state)
{
	write_text(guests[1].console, "first\r\n");
	console_focus(guests[1].console);
	write_text(guests[1].console, "second\r\n");
	work();
	write_text(guests[1].console, "third\r\n");
	assert_non_null(strstr(fake_output(), "first\r\nsecond\r\nthird\r\n"));
}

static void ring_keeps_the_end_and_is_shown_from_a_whole_line(void **state)
{
	char line[32];

	for (unsigned int i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line), "line %u\r\n", i);
		write_text(guests[1].console, line);
	}
	console_focus(guests[1].console);
	work();
	assert_in_range(fake_output_length(), CONSOLE_RING_SIZE - 16, CONSOLE_RING_SIZE + 64);
	assert_memory_equal(strchr(fake_output(), '\n') + 1, "line ", 5);
	assert_non_null(strstr(fake_output(), "line 19999\r\n"));
}

static void flood_while_the_ring_is_shown_loses_only_the_oldest(void **state)
{
	static uint8_t flood[CONSOLE_RING_SIZE * 2 + 100];

	memset(flood, 'x', sizeof(flood));
	write_text(guests[1].console, "start\n");
	console_focus(guests[1].console);
	console_write(guests[1].console, flood, sizeof(flood));
	work();
	assert_in_range(fake_output_length(), CONSOLE_RING_SIZE, CONSOLE_RING_SIZE + 64);
	fake_clear();
	write_text(guests[1].console, "next");
	assert_string_equal(fake_output(), "next");
}

static void ring_is_shown_at_once_without_a_thread(void **state)
{
	fake_threads_out(true);
	console_start();
	write_text(guests[2].console, "early\n");
	console_focus(guests[2].console);
	assert_non_null(strstr(fake_output(), "early\n"));
}

static void log_line_does_not_tear_a_line_apart(void **state)
{
	console_focus(guests[0].console);
	work();
	write_text(guests[0].console, "boot ok\r\nlogin: ro");
	fake_clear();
	log_info("hello");
	write_text(guests[0].console, "ot\r\n");
	log_info("again");
	assert_string_equal(fake_output(), "\r\n[    0.000000] hart 3: hello\r\nlogin: root\r\n"
					   "[    0.000000] hart 3: again\r\n");
}

static void log_line_restores_only_what_a_return_left(void **state)
{
	console_focus(guests[0].console);
	work();
	write_text(guests[0].console, "10%\r20%\r30%");
	fake_clear();
	log_info("x");
	assert_string_equal(fake_output(), "\r\n[    0.000000] hart 3: x\r\n30%");
}

static void log_line_gives_up_very_long_lines(void **state)
{
	console_focus(guests[0].console);
	work();
	for (int i = 0; i < 500; i++)
		write_text(guests[0].console, "long");
	fake_clear();
	log_info("x");
	assert_string_equal(fake_output(), "\r\n[    0.000000] hart 3: x\r\n");
}

static void all_consoles_can_be_shown_line_by_line(void **state)
{
	char longest[300];

	options_init("console.show=all");
	console_init();
	console_focus(guests[0].console);
	work();
	fake_clear();
	write_text(guests[0].console, "login: ");
	write_text(guests[1].console, "be");
	write_text(guests[1].console, "at 1\r\nbea");
	assert_string_equal(fake_output(), "login: \r\none| beat 1\r\nlogin: ");
	fake_clear();
	memset(longest, 'l', sizeof(longest));
	console_write(guests[2].console, (const uint8_t *)longest, sizeof(longest));
	assert_non_null(strstr(fake_output(), "two| llll"));
	write_text(console_shell(), "not this\r\n");
	assert_null(strstr(fake_output(), "not this"));
	console_focus(guests[1].console);
	work();
	fake_clear();
	write_text(guests[1].console, "t 2\r\n");
	assert_string_equal(fake_output(), "t 2\r\n");
	options_init("");
	console_init();
}

static void only_the_log_is_shown_until_somebody_has_the_focus(void **state)
{
	console_init();
	write_text(console_shell(), "prompt> ");
	work();
	assert_string_equal(fake_output(), "");
	log_info("booting");
	assert_string_equal(fake_output(), "[    0.000000] hart 3: booting\r\n");
	type("\r");
	assert_non_null(strstr(fake_output(), "--- shell ---\r\n"));
	assert_string_equal(fake_output() + fake_output_length() - 8, "prompt> ");
}

static void first_vm_does_not_take_the_focus_from_who_chose_another(void **state)
{
	console_focus_first(guests[1].console);
	assert_true(console_has_focus(guests[1].console));
	type("\r");
	console_focus_first(guests[0].console);
	assert_true(console_has_focus(guests[0].console));
	type(CTRL_T "q");
	console_focus_first(guests[1].console);
	assert_true(console_has_focus(console_shell()));
}

/* ---- life ---- */

static void destroyed_focus_goes_to_the_shell(void **state)
{
	console_focus(guests[1].console);
	work();
	console_destroy(guests[1].console);
	guests[1].console = NULL;
	assert_non_null(strstr(fake_output(), "VM 1, one, is gone"));
	work();
	fake_clear();
	write_text(console_shell(), "here");
	assert_string_equal(fake_output(), "here");
	type(CTRL_T "n");
	assert_non_null(strstr(fake_output(), "VM 0"));
}

static jmp_buf waited;
static bool destroy_had_to_wait;

static void stop_waiting(void)
{
	longjmp(waited, 1);
}

static size_t receive_and_be_destroyed(void *opaque, const uint8_t *bytes, size_t count)
{
	struct guest *guest = opaque;

	if (setjmp(waited) == 0)
		console_destroy(guest->console);
	else
		destroy_had_to_wait = true;
	return count;
}

static void destroy_waits_for_receive(void **state)
{
	const struct console_input input = { receive_and_be_destroyed, &guests[1] };

	console_destroy(guests[1].console);
	guests[1].console = console_create("dying", 1, &input);
	console_focus(guests[1].console);
	fake_slept = stop_waiting;
	type("x");
	fake_slept = NULL;
	assert_true(destroy_had_to_wait);
}

static void lack_of_memory_leaves_nothing(void **state)
{
	size_t before = fake_objects();

	fake_memory_out(true);
	assert_null(console_create("big", 5, NULL));
	fake_memory_out(false);
	assert_int_equal(fake_objects(), before);
}

static void console_without_input_takes_nothing(void **state)
{
	struct console *console = console_create("mute", 5, NULL);

	type(CTRL_T "5abc");
	console_input_ready(console);
	work();
	console_destroy(console);
}

static void random_bytes_break_nothing(void **state)
{
	unsigned int seed = 1;

	for (unsigned int round = 0; round < 300; round++) {
		uint8_t bytes[64];

		for (unsigned int i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = (uint8_t)(seed >> 16);
			if ((seed >> 8) % 8 == 0)
				bytes[i] = 0x14;
		}
		fake_type_bytes(bytes, sizeof(bytes));
		console_poll();
		console_write(guests[round % 3].console, bytes, sizeof(bytes));
		log_info("round %u", round);
		work();
		for (unsigned int i = 0; i < 3; i++)
			guests[i].count = 0, guests[i].room = 10;
		console_input_ready(guests[seed % 3].console);
		work();
		fake_clear();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(focused_output_goes_to_the_port_as_it_is),
		TEST(unfocused_output_is_kept),
		TEST(reader_sees_whole_lines_up_to_its_end),
		TEST(focus_shows_banner_and_ring),
		TEST(banner_begins_a_line),
		TEST(output_while_the_ring_is_shown_keeps_its_order),
		TEST(ring_keeps_the_end_and_is_shown_from_a_whole_line),
		TEST(flood_while_the_ring_is_shown_loses_only_the_oldest),
		TEST(ring_is_shown_at_once_without_a_thread),
		TEST(log_line_does_not_tear_a_line_apart),
		TEST(log_line_restores_only_what_a_return_left),
		TEST(log_line_gives_up_very_long_lines),
		TEST(all_consoles_can_be_shown_line_by_line),
		TEST(only_the_log_is_shown_until_somebody_has_the_focus),
		TEST(first_vm_does_not_take_the_focus_from_who_chose_another),
		TEST(destroyed_focus_goes_to_the_shell),
		TEST(destroy_waits_for_receive),
		TEST(lack_of_memory_leaves_nothing),
		TEST(console_without_input_takes_nothing),
		TEST(random_bytes_break_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
