/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of DBCN of the SBI that a guest sees (SBI 3.0, "Debug Console Extension"). */
#include "fake_sbi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void console_write_takes_what_is_in_memory(void **state)
{
	uint64_t middle = FAKE_RAM_BASE + FAKE_RAM_SIZE / 2;

	memcpy(fake_ram(RAM_END - 3), "end", 3);
	CALL(DBCN, 0, 3, RAM_END - 3, 0, 0, 0, SBI_SUCCESS, 3, "");
	/* Across two pieces of host memory. */
	memcpy(fake_ram(middle - 2), "he", 2);
	memcpy(fake_ram(middle), "llo", 3);
	CALL(DBCN, 0, 5, middle - 2, 0, 0, 0, SBI_SUCCESS, 5, "");
	CALL(DBCN, 0, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	assert_int_equal(fake.console_length, 8);
	assert_memory_equal(fake.console, "endhello", 8);
}

static void console_write_of_much_is_partial(void **state)
{
	CALL(DBCN, 0, FAKE_RAM_SIZE, FAKE_RAM_BASE, 0, 0, 0, SBI_SUCCESS, 256, "");
	assert_int_equal(fake.console_length, 256);
}

static void console_ranges_lie_in_ram(void **state)
{
	for (unsigned int function = 0; function < 2; function++) {
		CALL(DBCN, function, 1, FAKE_RAM_BASE - 1, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, 1, RAM_END, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, 4, RAM_END - 3, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, ALL, FAKE_RAM_BASE, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, 1, ALL, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, 1, FAKE_RAM_BASE, 1, 0, 0, SBI_INVALID_PARAM, 0, "");
		CALL(DBCN, function, 1, FAKE_RAM_BASE, ALL, 0, 0, SBI_INVALID_PARAM, 0, "");
	}
	assert_int_equal(fake.console_length, 0);
}

static void console_read_finds_nothing(void **state)
{
	*fake_ram(FAKE_RAM_BASE) = 0x5a;
	CALL(DBCN, 1, 64, FAKE_RAM_BASE, 0, 0, 0, SBI_SUCCESS, 0, "");
	assert_int_equal(*fake_ram(FAKE_RAM_BASE), 0x5a);
}

static void console_read_gives_what_was_typed(void **state)
{
	uint64_t middle = FAKE_RAM_BASE + FAKE_RAM_SIZE / 2;

	fake.typed = "hello";
	CALL(DBCN, 1, 0, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	/* No further than one piece of host memory; the guest asks again. */
	CALL(DBCN, 1, 64, middle - 2, 0, 0, 0, SBI_SUCCESS, 2, "written 0x80001ffe 0x2");
	CALL(DBCN, 1, 2, middle, 0, 0, 0, SBI_SUCCESS, 2, "written 0x80002000 0x2");
	CALL(DBCN, 1, 1, RAM_END, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(DBCN, 1, 64, middle + 2, 0, 0, 0, SBI_SUCCESS, 1, "written 0x80002002 0x1");
	assert_memory_equal(fake_ram(middle - 2), "he", 2);
	assert_memory_equal(fake_ram(middle), "llo", 3);
	CALL(DBCN, 1, 64, middle, 0, 0, 0, SBI_SUCCESS, 0, "");
}

static void console_does_not_write_to_what_is_read_only(void **state)
{
	memcpy(fake_ram(FAKE_ROM_BASE), "text", 4);
	fake.typed = "typed";
	CALL(DBCN, 0, 4, FAKE_ROM_BASE, 0, 0, 0, SBI_SUCCESS, 4, "");
	assert_memory_equal(fake.console, "text", 4);
	CALL(DBCN, 1, 1, FAKE_ROM_BASE, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(DBCN, 1, 4, FAKE_ROM_BASE, 0, 0, 0, SBI_INVALID_PARAM, 0, "");
	CALL(DBCN, 1, 0, FAKE_ROM_BASE, 0, 0, 0, SBI_SUCCESS, 0, "");
	assert_memory_equal(fake_ram(FAKE_ROM_BASE), "text", 4);
	assert_string_equal(fake.typed, "typed");
}

static void console_write_byte_takes_the_low_byte(void **state)
{
	CALL(DBCN, 2, 0x64636261, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
	assert_int_equal(fake.console_length, 1);
	assert_int_equal(fake.console[0], 'a');
}

#define TEST(name) cmocka_unit_test_setup(name, fake_sbi_four_vcpus)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(console_write_takes_what_is_in_memory),
		TEST(console_write_of_much_is_partial),
		TEST(console_ranges_lie_in_ram),
		TEST(console_read_finds_nothing),
		TEST(console_read_gives_what_was_typed),
		TEST(console_does_not_write_to_what_is_read_only),
		TEST(console_write_byte_takes_the_low_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
