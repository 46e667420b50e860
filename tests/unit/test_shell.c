/* SPDX-License-Identifier: BSD-2-Clause */
/* The shell: lines that are typed at the port, words, help, and any input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shell_world.h"

#include "../../core/command.h"
#include "fake_host.h"

#include <stdio.h>

static void typed_line_is_echoed_and_run(void **state)
{
	const char *output = shell_type("vm list\r");

	assert_non_null(strstr(output, "hartvisor> "));
	assert_non_null(strstr(output, "vm list\r\n"));
	assert_non_null(strstr(output, "debian"));
}

static void bytes_that_come_faster_than_commands_run_are_kept(void **state)
{
	char many[1600] = "";

	for (unsigned int i = 0; i < 100; i++)
		strcat(many, "vm pause 0\r");
	shell_type(many);
	assert_int_equal(world.recorded, 100);
}

static void words_may_be_short(void **state)
{
	assert_prints("v l", "may mean more than one command: vcpu vm");
	assert_prints("vm l", "may mean more than one command: list log");
	assert_prints("vm li", "debian");
	assert_prints("vc l", "migrations");
	assert_prints("vm res 0", "may mean more than one command: resume reset");
	shell_run("vm resu 0");
	assert_string_equal(world.done, "resume debian;");
	assert_prints("h", "may mean more than one command: help host");
	assert_prints("ho in", "Hartvisor");
}

static void guest_is_another_word_for_vm(void **state)
{
	assert_prints("guest list", "debian");
	assert_prints("g sh 0", "VM 0 debian: running");
}

static void unknown_words_are_named(void **state)
{
	assert_prints("frobnicate now", "\"frobnicate\" is no command. Try \"help\".");
	assert_prints("vm frobnicate", "\"frobnicate\" is no command. There are: list show");
	assert_prints("vmm", "\"vmm\" is no command");
	assert_prints("vm list list", "Usage: vm list");
}

static void arguments_are_counted(void **state)
{
	assert_prints("vm show", "Usage: vm show <vm>");
	assert_prints("vm show 0 1", "Usage: vm show <vm>");
	assert_prints("vcpu list 0 1 2", "Usage: vcpu list [-v] [vm]");
	assert_prints("a b c d e f g h i j", "Too many words");
	assert_string_equal(shell_run(""), "");
	assert_string_equal(shell_run("  \t "), "");
	assert_string_equal(world.done, "");
}

static void one_word_lists_its_commands(void **state)
{
	assert_prints("vm", "vm destroy <vm>");
	assert_null(strstr(shell_run("vm"), "host info"));
}

static void help_lists_all_or_one(void **state)
{
	assert_prints("help", "vm destroy <vm>");
	assert_prints("help", "host poweroff");
	assert_prints("help vm pause", "vm pause <vm>");
	assert_null(strstr(shell_run("help vm pause"), "resume"));
	assert_prints("help nothing", "is no command");
	assert_prints("help host", "host reboot");
}

static void every_command_has_help_and_two_words(void **state)
{
	const struct command *const tables[] = { host_commands, vcpu_commands, vm_commands };

	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct command *command = tables[i]; command->name; command++) {
			assert_non_null(strchr(command->name, ' '));
			assert_in_range(strlen(command->name) + strlen(command->arguments), 1, 33);
			assert_in_range(strlen(command->help), 1, 60);
			assert_non_null(command->run);
		}
	}
}

static void random_lines_break_nothing(void **state)
{
	static const char *const words[] = { "vm",   "list", "show", "0",    "debian", "",
					     "help", "x",    "host", "vcpu", "h",      "l" };
	unsigned int seed = 3;

	for (unsigned int i = 0; i < 3000; i++) {
		char line[256] = "";

		for (unsigned int w = 0; w < 10; w++) {
			seed = seed * 1103515245 + 12345;
			if ((seed >> 16) % 3 == 0)
				break;
			strcat(line, words[(seed >> 18) % ARRAY_SIZE(words)]);
			strcat(line, (seed >> 28) % 4 ? " " : "\t\t");
		}
		shell_run(line);
	}
}

static void random_bytes_break_nothing(void **state)
{
	unsigned int seed = 5;

	for (unsigned int round = 0; round < 200; round++) {
		uint8_t bytes[512];

		for (unsigned int i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = (uint8_t)(seed >> 16);
		}
		fake_clear();
		fake_type_bytes(bytes, sizeof(bytes));
		console_poll();
		for (unsigned int i = 0; i < 20; i++) {
			fake_thread_run("console");
			fake_thread_run("shell");
		}
	}
	console_focus(NULL);
	assert_non_null(strstr(shell_type("\003\014\003\rvm li\r"), "debian"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(typed_line_is_echoed_and_run),
		TEST(bytes_that_come_faster_than_commands_run_are_kept),
		TEST(words_may_be_short),
		TEST(guest_is_another_word_for_vm),
		TEST(unknown_words_are_named),
		TEST(arguments_are_counted),
		TEST(one_word_lists_its_commands),
		TEST(help_lists_all_or_one),
		TEST(every_command_has_help_and_two_words),
		TEST(random_lines_break_nothing),
		TEST(random_bytes_break_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
