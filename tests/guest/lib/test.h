/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reporting: lines on the console, tests that pass, fail or are skipped, and the end of the
 * payload. The counters belong to the hart that runs the tests; print() may be called by all
 * harts (one lock around the console).
 */
#pragma once

#include <stdbool.h>

/* Each payload defines these two. */
extern const char payload_name[];
void payload_main(void);

/* The arguments: /chosen/bootargs of the device tree, or "". */
extern const char *payload_args;

/* The number in "name=<number>" of the arguments, or `fallback`. Decimal or 0x. */
unsigned long args_number(const char *name, unsigned long fallback);

/* One line to the console (no newline needed in `format`), at most 255 characters. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A test: PASS, or FAIL if a check failed, or SKIP if test_skip() was called. */
void test_begin(const char *name);
/* The same; false, and over by a skip for this reason, when it is not possible. */
bool test_begin_if(const char *name, bool possible, const char *reason);
void test_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
void test_end(void);

/* Records a failed check of the current test. Prints the first eight of each test. */
void check_failed(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Fails the current test with a message unless the condition holds. True when it holds. */
#define CHECK(condition, ...) \
	((condition) ? true : (check_failed(__FILE__, __LINE__, __VA_ARGS__), false))

/* CHECK that two integers are equal. */
#define CHECK_EQ(actual, wanted, what)                                             \
	({                                                                         \
		long check_actual = (long)(actual), check_wanted = (long)(wanted); \
		CHECK(check_actual == check_wanted, "%s is %#lx, not %#lx", what,  \
		      (unsigned long)check_actual, (unsigned long)check_wanted);   \
	})

/* Ends the payload at once as failed, from any hart. */
void panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Prints the totals and shuts the machine down: reason 0, or 1 if something failed. */
void payload_end(void) __attribute__((noreturn));
