/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell and its commands, typed at the port and read from it. VMs are records: what the
 * commands do with them is written down and not done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../core/command.h"
#include "../../core/port.h"
#include "fake_host.h"

#include <arch/firmware.h>
#include <core/hart_files.h>
#include <core/hart_power.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/shared_region.h>
#include <core/vm.h>
#include <drivers/irqchip.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct vm vms[2];
static struct vcpu vcpus[2];
static bool destroyed[2];
static bool control_locked;
static char done[256]; /* what was asked of VMs and firmware */
static unsigned int recorded;
static int result;

/* ---- what the commands call ---- */

static int record(const char *what, const struct vm *vm)
{
	assert_true(control_locked);
	recorded++;
	snprintf(done + strlen(done), sizeof(done) - strlen(done), "%s %s;", what, vm->name);
	return result;
}

int hart_power_on(struct hart *hart)
{
	return -EINVAL;
}

int hart_power_off(struct hart *hart)
{
	hart->state = HART_OFFLINE;
	return 0;
}

const char *hart_state_name(const struct hart *hart)
{
	return hart->state == HART_ONLINE ? "online" : "absent";
}

int intfile_set_limit(struct hart *hart, unsigned int limit)
{
	return -EINVAL;
}

void vm_control_lock(void)
{
	assert_false(control_locked);
	control_locked = true;
}

void vm_control_unlock(void)
{
	assert_true(control_locked);
	control_locked = false;
}

int vm_remap_run(unsigned int argc, char *const *argv)
{
	return 0;
}

int vm_dirty_run(unsigned int argc, char *const *argv)
{
	return 0;
}

struct vm *vm_next(struct vm *vm)
{
	unsigned int at = vm ? (unsigned int)(vm - vms) + 1 : 0;

	assert_true(control_locked);
	while (at < 2 && destroyed[at])
		at++;
	return at < 2 ? &vms[at] : NULL;
}

struct vm *vm_find(const char *name_or_id)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm)) {
		if (strcmp(vm->name, name_or_id) == 0 || (name_or_id[0] == '0' + (char)vm->id))
			return vm;
	}
	return NULL;
}

const char *vm_state_name(enum vm_state state)
{
	static const char *const names[] = { "created", "running", "paused", "stopped", "failed" };

	return names[state];
}

int vm_start(struct vm *vm)
{
	return record("start", vm);
}

int vm_pause(struct vm *vm, const char *reason)
{
	assert_true(*reason != '\0');
	return record("pause", vm);
}

int vm_resume(struct vm *vm)
{
	return record("resume", vm);
}

int vm_reset(struct vm *vm)
{
	return record("reset", vm);
}

int vm_set_affinity(struct vm *vm, const struct hart_range *ranges, unsigned int count)
{
	memcpy(vm->config.affinity, ranges, count * sizeof(ranges[0]));
	vm->config.affinity_count = count;
	return record("affinity", vm);
}

void vm_destroy(struct vm *vm)
{
	record("destroy", vm);
	destroyed[vm - vms] = true;
}

unsigned int sched_waiting(const struct hart *hart)
{
	return 5;
}

uint64_t page_total(void)
{
	return 1 << 16;
}

uint64_t page_free_count(void)
{
	return 1 << 15;
}

uint64_t page_count(uint16_t owner)
{
	return owner == PAGE_OWNER_DIRTY ? 3 : 100 + owner;
}

/* Sixteen pages in a bank, each of the owner of its number; the last three are others. */
#define BANK UINT64_C(0x80400000)

static const struct page_region regions[] = {
	{ 0x80000000, 0xc0000000, PAGE_OWNER_UNUSED, NULL },
	{ 0x80000000, 0x80040000, PAGE_OWNER_FIRMWARE, "reserved" },
	{ 0x80200000, 0x80260000, PAGE_OWNER_HYPERVISOR, "image" },
	{ 0x84000000, 0x85000000, PAGE_OWNER_BUNDLE, NULL },
};

const struct page_region *page_region(unsigned int index)
{
	return index < ARRAY_SIZE(regions) ? &regions[index] : NULL;
}

const struct page_region *page_region_of(hpa_t at)
{
	for (unsigned int i = ARRAY_SIZE(regions); i-- > 0;)
		if (at.v >= regions[i].start && at.v < regions[i].end)
			return &regions[i];
	return NULL;
}

uint16_t page_owner(hpa_t at)
{
	static const uint16_t others[] = { PAGE_OWNER_VM, PAGE_OWNER_VM + 7, PAGE_OWNER_DIRTY };
	const struct page_region *region = page_region_of(at);
	uint64_t page = (at.v - BANK) >> PAGE_SHIFT;

	if (at.v >= BANK && page < 16)
		return page < 13 ? (uint16_t)(page % 7) : others[page - 13];
	return region ? region->owner : PAGE_OWNER_DEVICE;
}

const char *irqchip_describe(void)
{
	return "IMSIC and APLIC";
}

unsigned long firmware_spec_version(void)
{
	return 3 << 24;
}

unsigned long firmware_impl_id(void)
{
	return 1;
}

unsigned long firmware_impl_version(void)
{
	return 1 << 16 | 6;
}

void firmware_shutdown(bool failure)
{
	strcat(done, failure ? "shutdown failure;" : "shutdown;");
}

void firmware_reboot(void)
{
	strcat(done, "reboot;");
}

int vm_manager_create(const char *name)
{
	assert_true(control_locked);
	strcat(done, "create;");
	return strcmp(name, "debian") == 0 ? 0 : -ENOENT;
}

/* ---- helpers ---- */

static void vm_fill(unsigned int id, const char *name, enum vm_state state)
{
	struct vm *vm = &vms[id];

	vm->id = id;
	snprintf(vm->name, sizeof(vm->name), "%s", name);
	vm->state = state;
	vm->config.memory_size = MIB(512);
	vm->gstage.levels = 3;
	vm->vcpus[0] = &vcpus[id];
	vm->vcpu_count = 1;
	vcpus[id].vm = vm;
	vm->console = console_create(name, id, NULL);
}

static int setup(void **state)
{
	fake_host_reset();
	fake_hart_self->state = HART_ONLINE;
	log_set_sink(port_write_lines);
	memset(vms, 0, sizeof(vms));
	memset(vcpus, 0, sizeof(vcpus));
	memset(destroyed, 0, sizeof(destroyed));
	done[0] = '\0';
	recorded = 0;
	result = 0;
	options_init("");
	console_init();
	console_focus(NULL);
	console_start();
	shell_start();
	vm_fill(0, "debian", VM_RUNNING);
	vm_fill(1, "payload", VM_PAUSED);
	strcpy(vms[1].reason, "by the operator");
	fake_thread_run("console");
	fake_clear();
	return 0;
}

static int teardown(void **state)
{
	console_destroy(vms[0].console);
	console_destroy(vms[1].console);
	return 0;
}

/** Runs a command; returns what it printed. */
static const char *run(const char *line)
{
	char copy[512];

	snprintf(copy, sizeof(copy), "%s", line);
	fake_clear();
	command_run(copy);
	assert_false(control_locked);
	return fake_output();
}

#define assert_prints(line, text) assert_non_null(strstr(run(line), text))

/** Types at the port and lets the threads work until nobody has anything to do. */
static const char *type(const char *text)
{
	fake_clear();
	fake_type(text);
	console_poll();
	for (unsigned int i = 0; i < 200; i++) {
		fake_thread_run("console");
		fake_thread_run("shell");
	}
	return fake_output();
}

/* ---- tests ---- */

static void typed_line_is_echoed_and_run(void **state)
{
	const char *output = type("vm list\r");

	assert_non_null(strstr(output, "hartvisor> "));
	assert_non_null(strstr(output, "vm list\r\n"));
	assert_non_null(strstr(output, "debian"));
}

static void bytes_that_come_faster_than_commands_run_are_kept(void **state)
{
	char many[1600] = "";

	for (unsigned int i = 0; i < 100; i++)
		strcat(many, "vm pause 0\r");
	type(many);
	assert_int_equal(recorded, 100);
}

static void list_shows_state_and_reason(void **state)
{
	const char *output = run("vm list");

	assert_non_null(strstr(output, "  0 debian           running      1   512 MiB  \r\n"));
	assert_non_null(strstr(output, "  1 payload          paused       1   512 MiB  by the op"));
}

static void each_life_cycle_command_does_its_part(void **state)
{
	run("vm start 0");
	run("vm pause debian");
	run("vm resume 1");
	run("vm reset payload");
	run("vm destroy 1");
	assert_string_equal(done, "start debian;pause debian;resume payload;reset payload;"
				  "destroy payload;");
	assert_prints("vm show payload", "There is no VM \"payload\"");
}

static void affinity_is_shown_and_changed(void **state)
{
	assert_prints("vm affinity debian", "debian: cpu-affinity: all\r\n");
	assert_string_equal(done, "");
	assert_prints("vm affinity 0 4,0-1", "debian: cpu-affinity: 0-1,4\r\n");
	assert_string_equal(done, "affinity debian;");
	assert_prints("vm aff 0", "debian: cpu-affinity: 0-1,4\r\n");
	assert_prints("vm affinity 0 all", "debian: cpu-affinity: all\r\n");
	assert_string_equal(done, "affinity debian;affinity debian;");
	result = -ENOTSUP; /* which was reported */
	assert_string_equal(run("vm affinity 0 2"), "");
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
	assert_string_equal(done, "");
	assert_prints("vm affinity", "Usage: vm affinity <vm> [harts]");
	assert_prints("vm affinity 7 1", "There is no VM \"7\"");
}

static void create_names_a_vm_of_the_bundle(void **state)
{
	assert_prints("vm create nothing", "The bundle describes no VM \"nothing\"");
	assert_string_equal(run("vm create debian"), "");
	assert_string_equal(done, "create;create;");
}

static void refusal_is_explained(void **state)
{
	result = -EBUSY;
	assert_prints("vm resume 0", "not possible in this state");
	result = -ENOMEM;
	assert_prints("vm reset 0", "Out of memory");
	result = -12345;
	assert_prints("vm reset 0", "error 12345");
}

static void words_may_be_short(void **state)
{
	assert_prints("v l", "may mean more than one command: vcpu vm");
	assert_prints("vm l", "may mean more than one command: list log");
	assert_prints("vm li", "debian");
	assert_prints("vc l", "migrations");
	assert_prints("vm res 0", "may mean more than one command: resume reset");
	run("vm resu 0");
	assert_string_equal(done, "resume debian;");
	assert_prints("h", "may mean more than one command: help host");
	assert_prints("ho i", "Hartvisor");
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
	assert_string_equal(run(""), "");
	assert_string_equal(run("  \t "), "");
	assert_string_equal(done, "");
}

static void one_word_lists_its_commands(void **state)
{
	assert_prints("vm", "vm destroy <vm>");
	assert_null(strstr(run("vm"), "host info"));
}

static void help_lists_all_or_one(void **state)
{
	assert_prints("help", "vm destroy <vm>");
	assert_prints("help", "host poweroff");
	assert_prints("help vm pause", "vm pause <vm>");
	assert_null(strstr(run("help vm pause"), "resume"));
	assert_prints("help nothing", "is no command");
	assert_prints("help host", "host reboot");
}

static void show_tells_memory_images_and_devices(void **state)
{
	static const struct device_ops ops = { .name = "uart" };
	static struct device device = { .ops = &ops, .base = { 0x10000000 }, .size = 256 };

	device.odd_accesses = 3;
	vms[0].devices[0] = &device;
	vms[0].device_count = 1;
	vms[0].ranges[0] = (struct vm_range){ .gpa = gpa(0x80000000), .size = MIB(512) };
	vms[0].range_count = 1;
	vms[0].chunks[0] = (struct vm_chunk){ gpa(0x80000000), hpa(0x90000000), MIB(512), NULL };
	vms[0].chunk_count = 1;
	vms[0].layout.kernel_gpa = gpa(0x80200000);
	vms[0].layout.kernel_size = 0x1000;
	assert_prints("vm show 0", "512 MiB in 1 chunks, G-stage Sv39x4");
	assert_prints("vm show 0", "gpa 0x000080000000 -> hpa 0x000090000000 + 0x20000000");
	assert_prints("vm show 0", "kernel       0x000080200000 + 0x1000");
	assert_prints("vm show 0", "uart         0x000010000000 + 0x100");
	assert_prints("vm show 0", "3 odd accesses");
}

static void show_lists_ranges(void **state)
{
	static const struct vm_range_config rom = { .name = "rom" }, mail = { .name = "mail" };
	struct shared_region region = { .name = "box", .users = 2 };
	const unsigned int readable = GSTAGE_READ | GSTAGE_EXECUTE;

	vms[0].ranges[0] = (struct vm_range){ .gpa = gpa(0x80000000), .size = MIB(4) };
	vms[0].ranges[0].access = readable | GSTAGE_WRITE;
	vms[0].range_count = 1;
	assert_null(strstr(run("vm show 0"), "ranges:"));
	vms[0].ranges[1] = (struct vm_range){ .gpa = gpa(BIT(40)), .size = MIB(1), .config = &rom };
	vms[0].ranges[1].access = readable;
	vms[0].ranges[2] =
		(struct vm_range){ .gpa = gpa(BIT(41)), .size = MIB(1), .config = &mail };
	vms[0].ranges[2].access = readable | GSTAGE_WRITE;
	vms[0].ranges[2].region = &region;
	vms[0].range_count = 3;
	assert_prints("vm show 0", "memory: 6 MiB in");
	assert_prints("vm show 0", "ranges:\r\n  memory       0x000080000000 + 0x400000\r\n");
	assert_prints("vm show 0", "  rom          0x010000000000 + 0x100000, read-only\r\n");
	assert_prints("vm show 0", "  mail         0x020000000000 + 0x100000, "
				   "shared 'box', users 2\r\n");
}

static void console_command_moves_the_focus(void **state)
{
	console_write(vms[0].console, (const uint8_t *)"kernel says\r\n", 13);
	run("vm console 0");
	fake_thread_run("console");
	assert_non_null(strstr(fake_output(), "console of VM 0, debian"));
	assert_non_null(strstr(fake_output(), "kernel says"));
	console_focus(NULL);
	fake_thread_run("console");
}

static void log_commands_show_the_rings(void **state)
{
	console_write(vms[1].console, (const uint8_t *)"guest text\r\n", 12);
	log_info("own text");
	assert_prints("vm log payload", "guest text\r\n");
	assert_prints("host log", "own text\r\n");
}

static void vcpus_are_listed(void **state)
{
	vcpus[1].sched.runtime = FAKE_TIMEBASE * UINT64_C(3) / 2;
	vcpus[1].hsm = HSM_SUSPENDED;
	vcpus[1].sched.state = SCHED_BLOCKED;
	vcpus[1].sched.last = fake_hart_self;
	vcpus[1].exits = 77;
	assert_prints("vcpu list", "suspended  blocked     3       1.500           77          0");
	vcpus[1].sched.runtime = -(uint64_t)FAKE_TIMEBASE;
	fake_time_set(FAKE_TIMEBASE * UINT64_C(3));
	assert_prints("vcpu list", "2.000           77");
	assert_prints("vcpu list", "started    parked      -       0.000");
	assert_null(strstr(run("vcpu list debian"), "suspended"));
	vcpus[0].hsm = 99;
	vcpus[0].sched.state = 99;
	assert_prints("vcpu list 0", "?");
	assert_prints("vcpu list 7", "There is no VM");
}

static void host_commands_describe_the_machine(void **state)
{
	static struct hart absent = { .index = 1, .id = 9, .absent_reason = "no H extension" };
	static struct hart_files files = { .count = 7, .limit = 3 };

	fake_hart_self->arch.features = BIT(FEATURE_SSTC) | BIT(FEATURE_FP);
	fake_hart_self->arch.gstage_modes = BIT(3) | BIT(5);
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
		      "Sv39x4 Sv57x4 VMID bits 0, guest interrupt files 3 of 7, VLEN 128");
	assert_prints("host info", "hart 1, id 9: absent (no H extension)");
	assert_prints("host harts", "no H extension");
	assert_prints("host files", "reserved used");
	assert_prints("host files 0", "How many?");
	assert_prints("host files 0 8", "Hart 0 has 7 guest interrupt files.");
	assert_prints("host files 1 1", "There is no hart 1 on-line.");
	assert_prints("host hart off 2", "There is no hart 2.");
	assert_prints("host hart up 0", "On or off?");
	assert_prints("host hart on 0", " is online.");
	assert_prints("host hart 0", "Usage: host hart <on|off> <hart>");
	hart_count = 1;
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
	assert_null(strstr(run("host mem"), "not used"));
	destroyed[1] = true;
	assert_null(strstr(run("host mem"), "VM 1"));
}

static void owner_of_an_address_is_told(void **state)
{
	vms[0].chunks[0] = (struct vm_chunk){ gpa(0x1000), hpa(0x90000000), 0x1000, NULL };
	vms[0].chunks[1] = (struct vm_chunk){ gpa(0x90000000), hpa(BANK + 0xd000), 0x1000, NULL };
	vms[0].chunk_count = 2;
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

static void options_are_listed(void **state)
{
	assert_prints("host options", "poweroff=last-vm");
	options_init("harts=1");
	assert_prints("host options", "given: \"1\"");
	options_init("");
}

static void power_commands_ask_the_firmware(void **state)
{
	assert_prints("host poweroff", "The firmware cannot do that");
	assert_prints("host reboot", "The firmware cannot do that");
	assert_string_equal(done, "shutdown;reboot;");
}

static void every_command_has_help_and_two_words(void **state)
{
	const struct command *const tables[] = { host_commands, vcpu_commands, vm_commands };

	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct command *command = tables[i]; command->name; command++) {
			assert_non_null(strchr(command->name, ' '));
			assert_in_range(strlen(command->name) + strlen(command->arguments), 1, 24);
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
		run(line);
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
	assert_non_null(strstr(type("\003\014\003\rvm li\r"), "debian"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(typed_line_is_echoed_and_run),
		TEST(bytes_that_come_faster_than_commands_run_are_kept),
		TEST(list_shows_state_and_reason),
		TEST(each_life_cycle_command_does_its_part),
		TEST(affinity_is_shown_and_changed),
		TEST(affinity_that_is_no_list_of_harts_is_refused),
		TEST(create_names_a_vm_of_the_bundle),
		TEST(refusal_is_explained),
		TEST(words_may_be_short),
		TEST(guest_is_another_word_for_vm),
		TEST(unknown_words_are_named),
		TEST(arguments_are_counted),
		TEST(one_word_lists_its_commands),
		TEST(help_lists_all_or_one),
		TEST(show_tells_memory_images_and_devices),
		TEST(show_lists_ranges),
		TEST(console_command_moves_the_focus),
		TEST(log_commands_show_the_rings),
		TEST(vcpus_are_listed),
		TEST(host_commands_describe_the_machine),
		TEST(options_are_listed),
		TEST(memory_is_listed_by_owner),
		TEST(owner_of_an_address_is_told),
		TEST(power_commands_ask_the_firmware),
		TEST(every_command_has_help_and_two_words),
		TEST(random_lines_break_nothing),
		TEST(random_bytes_break_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
