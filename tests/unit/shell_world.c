/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shell_world.h"

#include "../../core/command.h"
#include "../../core/port.h"
#include "fake_host.h"

#include <arch/describe.h>
#include <arch/firmware.h>
#include <core/doctor.h>
#include <core/hart_power.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <drivers/irqchip.h>
#include <drivers/reset.h>
#include <errno.h>
#include <stdio.h>

struct shell_world world;

static bool control_locked;

/* ---- what the commands call ---- */

static int record(const char *what, const struct vm *vm)
{
	assert_true(control_locked);
	world.recorded++;
	snprintf(world.done + strlen(world.done), sizeof(world.done) - strlen(world.done), "%s %s;",
		 what, vm->name);
	return world.result;
}

void doctor_report(void (*line)(const char *text))
{
	line("what is known");
}

void arch_offer_report(void (*line)(const char *text))
{
	line("offered to guests of all harts: i m a");
}

bool sched_is_native(const struct hart *hart)
{
	return false;
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

/* Commands with tests of their own. */
#define COMMAND(name)                                  \
	int name(unsigned int argc, char *const *argv) \
	{                                              \
		return 0;                              \
	}
COMMAND(vm_stat_run)
COMMAND(host_top_run)
COMMAND(vm_remap_run)
COMMAND(vm_dirty_run)
COMMAND(vm_save_run)
COMMAND(vm_restore_run)
COMMAND(vm_saved_run)

struct vm *vm_next(struct vm *vm)
{
	unsigned int at = vm ? (unsigned int)(vm - world.vms) + 1 : 0;

	assert_true(control_locked);
	while (at < 2 && world.destroyed[at])
		at++;
	return at < 2 ? &world.vms[at] : NULL;
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

bool vm_is_suspended(const struct vm *vm)
{
	return vm->vcpus[0] && vm->vcpus[0]->suspends_vm;
}

const char *arch_vm_sbi(const struct vm *vm, char *text, size_t size)
{
	snprintf(text, size, "base time");
	return text;
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
	world.destroyed[vm - world.vms] = true;
}

uint64_t sched_idle_ticks(const struct hart *hart)
{
	return hart->idle_ticks;
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
	uint64_t page = (at.v - SHELL_BANK) >> PAGE_SHIFT;

	if (at.v >= SHELL_BANK && page < 16)
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

void machine_poweroff(bool failure)
{
	strcat(world.done, failure ? "shutdown failure;" : "shutdown;");
}

void machine_reboot(void)
{
	strcat(world.done, "reboot;");
}

int vm_manager_create(const char *name)
{
	assert_true(control_locked);
	strcat(world.done, "create;");
	return strcmp(name, "debian") == 0 ? 0 : -ENOENT;
}

/* ---- a machine with two VMs, and its shell ---- */

static void vm_fill(unsigned int id, const char *name, enum vm_state state)
{
	struct vm *vm = &world.vms[id];

	vm->id = id;
	snprintf(vm->name, sizeof(vm->name), "%s", name);
	vm->state = state;
	vm->config.memory_size = MIB(512);
	vm->gstage.levels = 3;
	vm->vcpus[0] = &world.vcpus[id];
	vm->vcpu_count = 1;
	world.vcpus[id].vm = vm;
	vm->console = console_create(name, id, NULL);
}

int shell_setup(void **state)
{
	fake_host_reset();
	fake_hart_self->state = HART_ONLINE;
	log_set_sink(port_write_lines);
	memset(world.vms, 0, sizeof(world.vms));
	memset(world.vcpus, 0, sizeof(world.vcpus));
	memset(world.destroyed, 0, sizeof(world.destroyed));
	world.done[0] = '\0';
	world.recorded = 0;
	world.result = 0;
	options_init("");
	console_init();
	console_focus(NULL);
	console_start();
	shell_start();
	vm_fill(0, "debian", VM_RUNNING);
	vm_fill(1, "payload", VM_PAUSED);
	strcpy(world.vms[1].reason, "by the operator");
	fake_thread_run("console");
	fake_clear();
	return 0;
}

int shell_teardown(void **state)
{
	console_destroy(world.vms[0].console);
	console_destroy(world.vms[1].console);
	return 0;
}

const char *shell_run(const char *line)
{
	char copy[512];

	snprintf(copy, sizeof(copy), "%s", line);
	fake_clear();
	command_run(copy);
	assert_false(control_locked);
	return fake_output();
}

const char *shell_type(const char *text)
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
