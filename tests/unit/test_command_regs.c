/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands for the registers of vCPUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shell_world.h"

#include <stdio.h>

static void registers_are_shown_by_their_beginnings(void **state)
{
	world.vms[1].held = true;
	assert_prints("vcpu regs 1 0", "0x01000000 pc                   0x0000000000003210\r\n");
	assert_prints("vcpu regs payload 0",
		      "0x05000000 v0                   0xfe000000000000000000000000030201\r\n");
	assert_prints("vcpu regs 1 0 time", "time.frequency ");
	assert_null(strstr(shell_run("vcpu regs 1 0 time"), "pc"));
	assert_prints("vcpu regs 1 0 vv", "No register of this vCPU begins with \"vv\".\r\n");
	assert_prints("vcpu get 1 0 pc", "0x01000000 pc                   0x0000000000003210\r\n");
	assert_prints("vcpu get 1 0 0x01000000", " pc ");
	assert_prints("vcpu get 1 0 16777216", " pc ");
}

static void registers_are_set_from_any_number(void **state)
{
	world.vms[1].held = true;
	assert_prints("vcpu set 1 0 pc 0xABCDEF0123456788", " 0xabcdef0123456788\r\n");
	assert_prints("vcpu set 1 0 0x01000000 0x000000000000000000000012",
		      " 0x0000000000000012\r\n");
	assert_prints("vcpu set 1 0 pc 10", " 0x000000000000000a\r\n");
	assert_prints("vcpu set 1 0 pc 0x3210", " 0x0000000000003210\r\n");
	assert_prints("vcpu set 1 0 v0 0xfedcba9876543210fedcba9876543210",
		      " 0xfedcba9876543210fedcba9876543210\r\n");
	assert_prints("vcpu set 1 0 v0 0x123", " 0x00000000000000000000000000000123\r\n");
	assert_prints("vcpu set 1 0 v0 18446744073709551615",
		      " 0x0000000000000000ffffffffffffffff\r\n");
	assert_prints("vcpu set 1 0 v0 0xfe000000000000000000000000030201", " 0xfe0");
	assert_prints("vcpu set 1 0 time.frequency 100", " 0x0000000000000064\r\n");
}

static void registers_that_cannot_be_had_or_set_are_explained(void **state)
{
	static const char *const numbers[] = { "x",   "0x", "-1",  "1g",
					       "0xg", "08", "1.5", "18446744073709551616" };

	assert_prints("vcpu regs 0 0", "debian is running: its registers are to be had while");
	assert_prints("vcpu set 0 0 pc 2", "debian is running");
	world.vms[1].held = true;
	assert_prints("vcpu get 7 0 pc", "There is no VM \"7\"");
	assert_prints("vcpu get 1 1 pc", "payload has no vCPU \"1\".");
	assert_prints("vcpu get 1 x pc", "payload has no vCPU \"x\".");
	assert_prints("vcpu get 1 18446744073709551615 pc", "payload has no vCPU");
	assert_prints("vcpu get 1 0 p", "\"p\" is no register of this vCPU.");
	assert_prints("vcpu get 1 0 0x101000000", "\"0x101000000\" is no register");
	assert_prints("vcpu get 1 0 0x01000001", "is no register");
	assert_prints("vcpu set 1 0 pc 0x10000000000000000", "pc has 8 bytes.");
	assert_prints("vcpu set 1 0 v0 0x100000000000000000000000000000000", "v0 has 16 bytes.");
	assert_prints("vcpu set 1 0 pc 0x3", "pc cannot be \"0x3\".");
	assert_prints("vcpu set 1 0 time.frequency 1", "time.frequency cannot be \"1\".");
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
		char line[64];

		snprintf(line, sizeof(line), "vcpu set 1 0 pc %s", numbers[i]);
		assert_prints(line, "is no number.");
	}
	assert_prints("vcpu get 1 0 pc", " 0x0000000000003210\r\n");
	assert_prints("vcpu set 1 0 pc", "Usage: vcpu set <vm> <vcpu> <reg> <value>");
	assert_prints("vcpu get 1 0", "Usage: vcpu get <vm> <vcpu> <reg>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers_are_shown_by_their_beginnings),
		TEST(registers_are_set_from_any_number),
		TEST(registers_that_cannot_be_had_or_set_are_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
