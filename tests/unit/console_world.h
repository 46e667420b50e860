/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three guests with consoles, in the tests of the console multiplexer. The port, the threads and
 * the clock are those of fake_host.h.
 */
#ifndef CONSOLE_WORLD_H
#define CONSOLE_WORLD_H

#include <core/console.h>

#define CTRL_T "\x14"

/** A guest that takes typed bytes as long as it has room. */
struct guest {
	struct console *console; /* NULL: destroyed by the test */
	char taken[8192];
	size_t count;
	size_t room;
	unsigned int calls;
};

extern struct guest guests[3]; /* "zero", "one", "two" */

/** The shell has the focus. Both return 0. */
int console_setup(void **state);
int console_teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, console_setup, console_teardown)

void write_text(struct console *console, const char *text);

/** Lets the console's thread do what there is to do. */
void work(void);

/** Types at the port, and lets it. */
void type(const char *text);

#endif
