/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands for the host: its harts, memory, options, log and power. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shell_world.h"

#include "fake_host.h"

#include <core/console.h>
#include <core/hart_files.h>
#include <core/log.h>
#include <core/options.h>

static void log_commands_show_the_rings(void **state)
{
	console_write(world.vms[1].console, (const uint8_t *)"guest text\r\n", 12);
	log_info("own text");
	assert_prints("vm log payload", "guest text\r\n");
	assert_prints("host log", "own text\r\n");
}

static void host_commands_describe_the_machine(void **state)
{
	static struct hart absent = { .index = 1, .id = 9, .absent_reason = "no H extension" };
	static struct hart_files files = { .count = 7, .limit = 3 };

	fake_hart_self->arch.features = BIT(FEATURE_SSTC) | BIT(FEATURE_FP);
	fake_hart_self->arch.gstage_modes = BIT(3) | BIT(5);
	fake_hart_self->arch.gstage_bare = true;
	fake_hart_self->arch.guest_files = 7;
	fake_hart_self->files = &files;
	fake_hart_self->arch.vlenb = 16;
	harts[1] = &absent;
	hart_count = 2;
	assert_prints("host info", "SBI 3.0, OpenSBI (1) version 1.6");
	assert_prints("host info", "interrupts: IMSIC and APLIC");
	assert_prints("host info", "memory: 256 MiB, free 128 MiB");
	assert_prints("host info", "sstc fp");
	assert_prints("host info",
		      "Bare Sv39x4 Sv57x4 VMID bits 0, guest interrupt files 3 of 7, VLEN 128");
	assert_prints("host info", "hart 9: absent (no H extension)");
	assert_prints("host isa", "offered to guests of all harts: i m a\r\n");
	assert_prints("host harts", "no H extension");
	assert_prints("host files", "reserved used");
	assert_prints("host files 0", "How many?");
	assert_prints("host files 3 8", "Hart 3 has 7 guest interrupt files.");
	assert_prints("host files 9 1", "There is no hart 9 on-line.");
	assert_prints("host hart off 1", "There is no hart 1.");
	assert_prints("host hart up 3", "On or off?");
	assert_prints("host hart on 0x3", "Hart 3 is online.");
	assert_prints("host hart 0", "Usage: host hart <on|off> <hart>");
	hart_count = 1;
}

static void options_are_listed(void **state)
{
	assert_prints("host options", "poweroff=last-vm");
	options_init("harts=1");
	assert_prints("host options", "given: \"1\"");
	options_init("");
}

static void memory_is_listed_by_owner(void **state)
{
	assert_prints("host mem", "32768 of 65536 pages");
	assert_prints("host mem", "       32765       131060  free, cleared\r\n");
	assert_prints("host mem", "           3           12  free, not cleared yet\r\n");
	assert_prints("host mem", "         101          404  hypervisor\r\n");
	assert_prints("host mem", "         102          408  shared regions\r\n");
	assert_prints("host mem", "         117          468  VM 1 (payload)\r\n");
	assert_prints("host mem", "  0x000080000000 + 0x40000      firmware (reserved)\r\n");
	assert_prints("host mem", "  0x000080200000 + 0x60000      hypervisor (image)\r\n");
	assert_prints("host mem", "  0x000084000000 + 0x1000000    bundle\r\n");
	assert_null(strstr(shell_run("host mem"), "not used"));
	world.destroyed[1] = true;
	assert_null(strstr(shell_run("host mem"), "VM 1"));
}

static void owner_of_an_address_is_told(void **state)
{
	world.vms[0].chunks[0] = (struct vm_chunk){ gpa(0x1000), hpa(0x90000000), 0x1000, NULL };
	world.vms[0].chunks[1] = (struct vm_chunk){ gpa(0x90000000), hpa(SHELL_BANK + 0xd000),
						    0x1000, NULL };
	world.vms[0].chunk_count = 2;
	assert_prints("host mem 0x80200008", "0x80200008: hypervisor (image)\r\n");
	assert_prints("host mem 0x80000000", "0x80000000: firmware (reserved)\r\n");
	assert_prints("host mem 0x84000000", "0x84000000: bundle\r\n");
	assert_prints("host mem 0x8403ffff", "0x8403ffff: bundle\r\n");
	assert_prints("host mem 0x80100000", "0x80100000: RAM that is not used\r\n");
	assert_prints("host mem 0x10000000", "0x10000000: not RAM\r\n");
	assert_prints("host mem 0", "0x0: not RAM\r\n");
	assert_prints("host mem 18446744073709551615", "0xffffffffffffffff: not RAM\r\n");
	assert_prints("host mem 0x80400000", "0x80400000: free, cleared\r\n");
	assert_prints("host mem 0x8040ffff", "0x8040ffff: free, not cleared yet\r\n");
	assert_prints("host mem 0x80401000", "0x80401000: hypervisor\r\n");
	assert_prints("host mem 0x80402000", "0x80402000: shared region\r\n");
	assert_prints("host mem 0x8040d123",
		      "0x8040d123: VM 0 (debian), guest-physical 0x90000123\r\n");
	/* Of a VM that is not in the list. */
	assert_prints("host mem 0x8040e000", "0x8040e000: VM 7\r\n");
	assert_prints("host mem 18446744073709551616", "\"18446744073709551616\" is no address.");
	assert_prints("host mem -1", "\"-1\" is no address.");
	assert_prints("host mem 0x", "\"0x\" is no address.");
	assert_prints("host mem 0x80000000 1", "Usage: host mem [address]");
}

static void power_commands_say_once_that_nothing_does_it(void **state)
{
	assert_prints("host poweroff", "Nothing powers this machine off: switch it off.\r\n");
	assert_null(strstr(fake_output(), "The firmware cannot"));
	assert_prints("host reboot", "Nothing reboots this machine: switch it off and on.\r\n");
	assert_null(strstr(fake_output(), "The firmware cannot"));
	assert_string_equal(world.done, "shutdown;reboot;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(log_commands_show_the_rings),
		TEST(host_commands_describe_the_machine),
		TEST(options_are_listed),
		TEST(memory_is_listed_by_owner),
		TEST(owner_of_an_address_is_told),
		TEST(power_commands_say_once_that_nothing_does_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
