/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands for VMs and vCPUs: what they show, and what they ask for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shell_world.h"

#include "fake_host.h"

#include <core/console.h>
#include <core/shared_region.h>
#include <errno.h>
#include <stdio.h>

static void list_shows_state_and_reason(void **state)
{
	const char *output = shell_run("vm list");

	assert_non_null(strstr(output, "  0 debian           running       1   512 MiB  \r\n"));
	assert_non_null(
		strstr(output, "  1 payload          paused        1   512 MiB  by the op"));
}

static void a_running_vm_that_suspended_itself_is_shown(void **state)
{
	struct vcpu vcpu = { .suspends_vm = true };

	world.vms[0].vcpus[0] = &vcpu;
	assert_prints("vm list", "  0 debian           suspended     1   512 MiB");
	assert_prints("vm show 0", "VM 0 debian: suspended\r\n");
	world.vms[0].state = VM_PAUSED;
	assert_prints("vm list", "  0 debian           paused        1   512 MiB");
}

static void each_life_cycle_command_does_its_part(void **state)
{
	shell_run("vm start 0");
	shell_run("vm pause debian");
	shell_run("vm resume 1");
	shell_run("vm reset payload");
	shell_run("vm destroy 1");
	assert_string_equal(world.done, "start debian;pause debian;resume payload;reset payload;"
					"destroy payload;");
	assert_prints("vm show payload", "There is no VM \"payload\"");
}

static void affinity_is_shown_and_changed(void **state)
{
	assert_prints("vm affinity debian", "debian: cpu-affinity: all\r\n");
	assert_string_equal(world.done, "");
	assert_prints("vm affinity 0 4,0-1", "debian: cpu-affinity: 0-1,4\r\n");
	assert_string_equal(world.done, "affinity debian;");
	assert_prints("vm aff 0", "debian: cpu-affinity: 0-1,4\r\n");
	assert_prints("vm affinity 0 all", "debian: cpu-affinity: all\r\n");
	assert_string_equal(world.done, "affinity debian;affinity debian;");
	world.result = -ENOTSUP; /* which was reported */
	assert_string_equal(shell_run("vm affinity 0 2"), "");
}

static void affinity_that_is_no_list_of_harts_is_refused(void **state)
{
	static const char *const bad[] = {
		"x",   "1,",	     "-1",  "1-",  "0+1",
		"ALL", "4294967296", "2-1", "1,1", "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		char line[128], refusal[128];

		snprintf(line, sizeof(line), "vm affinity 0 %s", bad[i]);
		snprintf(refusal, sizeof(refusal), "\"%s\": ", bad[i]);
		assert_prints(line, refusal);
	}
	assert_prints("vm affinity 0 2-1", "\"2-1\": a range that ends before it begins.");
	assert_string_equal(world.done, "");
	assert_prints("vm affinity", "Usage: vm affinity <vm> [harts]");
	assert_prints("vm affinity 7 1", "There is no VM \"7\"");
}

static void create_names_a_vm_of_the_bundle(void **state)
{
	assert_prints("vm create nothing", "The bundle describes no VM \"nothing\"");
	assert_string_equal(shell_run("vm create debian"), "");
	assert_string_equal(world.done, "create;create;");
}

static void refusal_is_explained(void **state)
{
	world.result = -EBUSY;
	assert_prints("vm resume 0", "not possible in this state");
	world.result = -ENOMEM;
	assert_prints("vm reset 0", "Out of memory");
	world.result = -12345;
	assert_prints("vm reset 0", "error 12345");
}

static void show_tells_memory_images_and_devices(void **state)
{
	static const struct device_ops ops = { .name = "uart" };
	static struct device device = { .ops = &ops, .base = { 0x10000000 }, .size = 256 };

	device.odd_accesses = 3;
	world.vms[0].devices[0] = &device;
	world.vms[0].device_count = 1;
	world.vms[0].ranges[0] = (struct vm_range){ .gpa = gpa(0x80000000), .size = MIB(512) };
	world.vms[0].range_count = 1;
	world.vms[0].chunks[0] = (struct vm_chunk){ gpa(0x80000000), hpa(0x90000000), MIB(512),
						    NULL };
	world.vms[0].chunk_count = 1;
	world.vms[0].layout.kernel_gpa = gpa(0x80200000);
	world.vms[0].layout.kernel_size = 0x1000;
	assert_prints("vm show 0", "512 MiB in 1 chunks, G-stage Sv39x4");
	assert_prints("vm show 0", "gpa 0x000080000000 -> hpa 0x000090000000 + 0x20000000");
	assert_prints("vm show 0", "kernel       0x000080200000 + 0x1000");
	assert_prints("vm show 0", "uart         0x000010000000 + 0x100");
	assert_prints("vm show 0", "3 odd accesses");
	assert_prints("vm show 0", "SBI: base time");
}

static void show_lists_ranges(void **state)
{
	static const struct vm_range_config rom = { .name = "rom" }, mail = { .name = "mail" };
	struct shared_region region = { .name = "box", .users = 2 };
	const unsigned int readable = GSTAGE_READ | GSTAGE_EXECUTE;

	world.vms[0].ranges[0] = (struct vm_range){ .gpa = gpa(0x80000000), .size = MIB(4) };
	world.vms[0].ranges[0].access = readable | GSTAGE_WRITE;
	world.vms[0].range_count = 1;
	assert_null(strstr(shell_run("vm show 0"), "ranges:"));
	world.vms[0].ranges[1] =
		(struct vm_range){ .gpa = gpa(BIT(40)), .size = MIB(1), .config = &rom };
	world.vms[0].ranges[1].access = readable;
	world.vms[0].ranges[2] =
		(struct vm_range){ .gpa = gpa(BIT(41)), .size = MIB(1), .config = &mail };
	world.vms[0].ranges[2].access = readable | GSTAGE_WRITE;
	world.vms[0].ranges[2].region = &region;
	world.vms[0].range_count = 3;
	assert_prints("vm show 0", "memory: 6 MiB in");
	assert_prints("vm show 0", "ranges:\r\n  memory       0x000080000000 + 0x400000\r\n");
	assert_prints("vm show 0", "  rom          0x010000000000 + 0x100000, read-only\r\n");
	assert_prints("vm show 0", "  mail         0x020000000000 + 0x100000, "
				   "shared 'box', users 2\r\n");
}

static void console_command_moves_the_focus(void **state)
{
	console_write(world.vms[0].console, (const uint8_t *)"kernel says\r\n", 13);
	shell_run("vm console 0");
	fake_thread_run("console");
	assert_non_null(strstr(fake_output(), "console of VM 0, debian"));
	assert_non_null(strstr(fake_output(), "kernel says"));
	console_focus(NULL);
	fake_thread_run("console");
}

static void vcpus_are_listed(void **state)
{
	world.vcpus[1].sched.runtime = FAKE_TIMEBASE * UINT64_C(3) / 2;
	world.vcpus[1].hsm = HSM_SUSPENDED;
	world.vcpus[1].sched.state = SCHED_BLOCKED;
	world.vcpus[1].sched.last = fake_hart_self;
	world.vcpus[1].exits = 77;
	world.vcpus[1].sched.waited = FAKE_TIMEBASE / 4;
	assert_prints("vcpu list",
		      "suspended  blocked     3       1.500      0.250           77          0");
	world.vcpus[1].sched.runtime = -(uint64_t)FAKE_TIMEBASE;
	fake_time_set(FAKE_TIMEBASE * UINT64_C(3));
	assert_prints("vcpu list", "2.000      0.250           77");
	assert_prints("vcpu list", "started    parked      -       0.000");
	assert_null(strstr(shell_run("vcpu list debian"), "suspended"));
	world.vcpus[0].hsm = 99;
	world.vcpus[0].sched.state = 99;
	assert_prints("vcpu list 0", "?");
	assert_prints("vcpu list 7", "There is no VM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list_shows_state_and_reason),
		TEST(a_running_vm_that_suspended_itself_is_shown),
		TEST(each_life_cycle_command_does_its_part),
		TEST(affinity_is_shown_and_changed),
		TEST(affinity_that_is_no_list_of_harts_is_refused),
		TEST(create_names_a_vm_of_the_bundle),
		TEST(refusal_is_explained),
		TEST(show_tells_memory_images_and_devices),
		TEST(show_lists_ranges),
		TEST(console_command_moves_the_focus),
		TEST(vcpus_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
