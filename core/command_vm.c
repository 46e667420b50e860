/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands about VMs and their vCPUs. Each runs with the life-cycle lock (vm_control_lock())
 * held, so that no VM comes or goes meanwhile; what a running guest changes is only looked at.
 */
#include "command.h"

#include <core/device.h>
#include <core/shared_region.h>
#include <core/vm.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/** Runs @operate on the VM that @name means. */
static int with_vm(const char *name, int (*operate)(struct vm *vm))
{
	struct vm *vm;
	int result;

	vm_control_lock();
	vm = vm_find(name);
	if (vm) {
		result = operate(vm);
	} else {
		shell_printf("There is no VM \"%.32s\".\n", name);
		result = 0;
	}
	vm_control_unlock();
	return result;
}

static uint64_t to_mib(uint64_t bytes)
{
	return bytes >> 20;
}

/** The state, or that a guest which runs as far as we go has suspended its machine. */
static const char *state_shown(const struct vm *vm)
{
	return vm->state == VM_RUNNING && vm_is_suspended(vm) ? "suspended"
							      : vm_state_name(vm->state);
}

/* ---- vm list ---- */

static int vm_list_run(unsigned int argc, char *const *argv)
{
	vm_control_lock();
	shell_printf("%3s %-16s %-9s %5s %9s  %s\n", "id", "name", "state", "vCPUs", "memory",
		     "reason");
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		shell_printf("%3u %-16s %-9s %5u %5" PRIu64 " MiB  %s\n", vm->id, vm->name,
			     state_shown(vm), vm->vcpu_count, to_mib(vm->config.memory_size),
			     vm->reason);
	vm_control_unlock();
	return 0;
}

/* ---- vm show ---- */

static void show_range(const char *name, uint64_t base, uint64_t size)
{
	if (size)
		shell_printf("  %-12s 0x%012" PRIx64 " + 0x%" PRIx64 "\n", name, base, size);
}

static void show_ranges(const struct vm *vm)
{
	shell_printf("ranges:\n");
	for (unsigned int i = 0; i < vm->range_count; i++) {
		const struct vm_range *range = &vm->ranges[i];

		shell_printf("  %-12s 0x%012" PRIx64 " + 0x%" PRIx64 "%s", vm_range_name(range),
			     range->gpa.v, range->size,
			     range->access & GSTAGE_WRITE ? "" : ", read-only");
		if (range->region)
			shell_printf(", shared '%s', users %u", range->region->name,
				     range->region->users);
		shell_printf("\n");
	}
}

static void show_memory(const struct vm *vm)
{
	unsigned int levels = vm->gstage.levels;
	uint64_t size = 0;

	for (unsigned int i = 0; i < vm->range_count; i++)
		size += vm->ranges[i].size;

	shell_printf("memory: %" PRIu64 " MiB in %u chunks, G-stage Sv%ux4, %" PRIu64
		     " table pages\n",
		     to_mib(size), vm->chunk_count, 9 * levels + 12, vm->gstage.table_pages);
	for (unsigned int i = 0; i < vm->chunk_count; i++)
		shell_printf("  gpa 0x%012" PRIx64 " -> hpa 0x%012" PRIx64 " + 0x%" PRIx64 "\n",
			     vm->chunks[i].gpa.v, vm->chunks[i].hpa.v, vm->chunks[i].size);
	if (vm->range_count > 1)
		show_ranges(vm);
}

static void show_images(const struct vm *vm)
{
	const struct vm_layout *layout = &vm->layout;

	shell_printf("images:\n");
	show_range("kernel", layout->kernel_gpa.v, layout->kernel_size);
	show_range("ramdisk", layout->ramdisk_gpa.v, layout->ramdisk_size);
	show_range("device tree", layout->fdt_gpa.v, layout->fdt_max_size);
	shell_printf("  %-12s 0x%012" PRIx64 "\n", "entry", layout->entry.v);
}

static void show_devices(const struct vm *vm)
{
	shell_printf("devices:\n");
	for (unsigned int i = 0; i < vm->device_count; i++) {
		struct device *device = vm->devices[i];
		uint64_t odd = __atomic_load_n(&device->odd_accesses, __ATOMIC_RELAXED);

		show_range(device->ops->name, device->base.v, device->size);
		if (odd)
			shell_printf("  %-12s %" PRIu64 " odd accesses\n", "", odd);
	}
}

static int vm_show(struct vm *vm)
{
	char text[VM_VALUE_MAX];

	shell_printf("VM %u %s: %s%s%s\n", vm->id, vm->name, state_shown(vm),
		     *vm->reason ? ", " : "", vm->reason);
	shell_printf("vCPUs: %u, priority %u, time slice %u us\n", vm->vcpu_count,
		     (unsigned int)vm->config.priority, (unsigned int)vm->config.time_slice_us);
	shell_printf("resets: %" PRIu64 ", accesses that nothing claimed: %" PRIu64 "\n",
		     vm->resets, vm->bad_accesses);
	shell_printf("SBI: %s\n", arch_vm_sbi(vm, text, sizeof(text)));
	show_memory(vm);
	show_images(vm);
	show_devices(vm);
	if (vm->console) {
		struct console_counts counts = console_counts(vm->console);

		shell_printf("console: %" PRIu64 " bytes written, %" PRIu64 " typed bytes lost\n",
			     counts.written, counts.lost);
	}
	return 0;
}

static int vm_show_run(unsigned int argc, char *const *argv)
{
	return with_vm(argv[0], vm_show);
}

/* ---- consoles ---- */

static int vm_console(struct vm *vm)
{
	if (!vm->console)
		return -ENOENT;
	console_focus(vm->console);
	return 0;
}

static int vm_console_run(unsigned int argc, char *const *argv)
{
	return with_vm(argv[0], vm_console);
}

static int vm_log(struct vm *vm)
{
	uint64_t position = 0, expected = 0, end;
	uint8_t bytes[256];
	size_t count;

	if (!vm->console)
		return -ENOENT;
	/* A guest that writes faster than the port must not keep us here. */
	end = console_counts(vm->console).written;
	while ((count = console_read_ring(vm->console, &position, end, bytes, sizeof(bytes))) > 0) {
		if (expected && position - count != expected)
			shell_printf("\n"); /* the rest of that line is lost */
		console_write(console_shell(), bytes, count);
		expected = position;
	}
	shell_printf("\n");
	return 0;
}

static int vm_log_run(unsigned int argc, char *const *argv)
{
	return with_vm(argv[0], vm_log);
}

/* ---- life cycle ---- */

static int vm_pause_by_operator(struct vm *vm)
{
	return vm_pause(vm, "by the operator");
}

static int vm_destroy_by_operator(struct vm *vm)
{
	vm_destroy(vm);
	return 0;
}

static int vm_pause_run(unsigned int argc, char *const *argv)
{
	return with_vm(argv[0], vm_pause_by_operator);
}

static int vm_resume_run(unsigned int argc, char *const *argv)
{
	return with_vm(argv[0], vm_resume);
}

static int vm_start_run(unsigned int argc, char *const *argv)
{
	return with_vm(argv[0], vm_start);
}

static int vm_reset_run(unsigned int argc, char *const *argv)
{
	return with_vm(argv[0], vm_reset);
}

static int vm_destroy_run(unsigned int argc, char *const *argv)
{
	return with_vm(argv[0], vm_destroy_by_operator);
}

static int vm_create_run(unsigned int argc, char *const *argv)
{
	int error;

	vm_control_lock();
	error = vm_manager_create(argv[0]);
	vm_control_unlock();
	if (error == -ENOENT)
		shell_printf("The bundle describes no VM \"%.32s\".\n", argv[0]);
	return error == -ENOENT ? 0 : error;
}

/* ---- affinity ---- */

static const char *wanted; /* of the vm affinity that runs; NULL: only show */

static void vm_affinity_show(const struct vm *vm)
{
	const struct vm_config *config = &vm->config;
	char text[VM_VALUE_MAX];

	hart_ranges_print(config->affinity, config->affinity_count, text, sizeof(text));
	shell_printf("%s: cpu-affinity: %s\n", vm->name, config->affinity_count ? text : "all");
}

static int vm_affinity(struct vm *vm)
{
	struct hart_range ranges[VM_AFFINITY_MAX];
	const char *problem = NULL;
	int count = 0;

	if (wanted && strcmp(wanted, "all") != 0)
		count = hart_ranges_parse(wanted, ranges, VM_AFFINITY_MAX, &problem);
	if (problem)
		shell_printf("\"%.64s\": %s.\n", wanted, problem);
	else if (!wanted || vm_set_affinity(vm, ranges, (unsigned int)count) == 0)
		vm_affinity_show(vm);
	return 0;
}

static int vm_affinity_run(unsigned int argc, char *const *argv)
{
	wanted = argc > 1 ? argv[1] : NULL;
	return with_vm(argv[0], vm_affinity);
}

const struct command vm_commands[] = {
	{ "vm list", "", "all VMs and their states", vm_list_run },
	{ "vm show", "<vm>", "everything about a VM", vm_show_run },
	{ "vm console", "<vm>", "go to the console of a VM", vm_console_run },
	{ "vm log", "<vm>", "what a VM wrote to its console last", vm_log_run },
	{ "vm create", "<name>", "create a VM of the bundle that was destroyed", vm_create_run },
	{ "vm start", "<vm>", "start a VM that was only created", vm_start_run },
	{ "vm pause", "<vm>", "stop running its vCPUs", vm_pause_run },
	{ "vm resume", "<vm>", "go on after a pause", vm_resume_run },
	{ "vm affinity", "<vm> [harts]", "the harts its vCPUs may run on; or change them",
	  vm_affinity_run },
	{ "vm reset", "<vm>", "start it again as after power-on", vm_reset_run },
	{ "vm save", "<vm> [what]", "pause and save it; resume: it goes on; console: and send it",
	  vm_save_run },
	{ "vm restore", "<name> [file] [path]", "replace or make a VM by one that was saved",
	  vm_restore_run },
	{ "vm saved", "[name] [what] [at] [n]", "what was saved; drop it, or send it",
	  vm_saved_run },
	{ "vm dirty", "<vm> [what] [n]", "pages that a VM writes: on, off, check [rounds]",
	  vm_dirty_run },
	{ "vm stat", "<vm> [what]", "what its exits were for, and cost: on, off, reset",
	  vm_stat_run },
	{ "vm remap", "<vm> <gpa> [n]", "test: change what a page maps while it is used",
	  vm_remap_run },
	{ "vm destroy", "<vm>", "end it and free all that it has", vm_destroy_run },
	{ 0 },
};

/* ---- vCPUs ---- */

static const char *const hsm_names[] = {
	[HSM_STARTED] = "started",	   [HSM_STOPPED] = "stopped",
	[HSM_START_PENDING] = "starting",  [HSM_STOP_PENDING] = "stopping",
	[HSM_SUSPENDED] = "suspended",	   [HSM_SUSPEND_PENDING] = "suspending",
	[HSM_RESUME_PENDING] = "resuming",
};

static const char *const sched_names[] = {
	[SCHED_PARKED] = "parked",
	[SCHED_BLOCKED] = "blocked",
	[SCHED_RUNNABLE] = "runnable",
	[SCHED_RUNNING] = "running",
};

static const char *name_of(const char *const *names, unsigned int count, uint32_t value)
{
	return value < count ? names[value] : "?";
}

/** In ticks. While it runs the scheduler has taken off when it began. */
static uint64_t vcpu_runtime(const struct vcpu *vcpu)
{
	uint64_t runtime = __atomic_load_n(&vcpu->sched.runtime, __ATOMIC_RELAXED);

	return (int64_t)runtime < 0 ? runtime + time_now() : runtime;
}

/** What it does, and in @hart where: on which hart it runs, or ran last; NULL if it never did. */
static const char *sched_look(const struct sched_entity *entity, const struct hart **hart)
{
	const struct hart *on;
	uint32_t state;
	bool alone;

	/* A hart lets go of it in two stores, and has another one then. */
	do {
		state = __atomic_load_n(&entity->state, __ATOMIC_ACQUIRE);
		on = __atomic_load_n(&entity->on, __ATOMIC_ACQUIRE);
		alone = on && sched_is_native(on);
	} while (state == SCHED_RUNNING &&
		 (!on || on != __atomic_load_n(&entity->on, __ATOMIC_SEQ_CST)));
	*hart = state == SCHED_RUNNING ? on : __atomic_load_n(&entity->last, __ATOMIC_RELAXED);
	/* It may run or wait: only the hart knows. */
	if (state == SCHED_RUNNING && alone)
		return "alone";
	return name_of(sched_names, ARRAY_SIZE(sched_names), state);
}

static void vcpu_print(const struct vcpu *vcpu)
{
	uint32_t hsm = __atomic_load_n(&vcpu->hsm, __ATOMIC_RELAXED);
	const struct hart *hart;
	const char *state = sched_look(&vcpu->sched, &hart);
	uint64_t ms = ticks_to_us(vcpu_runtime(vcpu)) / 1000;
	uint64_t waited = ticks_to_us(__atomic_load_n(&vcpu->sched.waited, __ATOMIC_RELAXED)) /
			  1000;
	char where[24] = "-";

	if (hart)
		snprintf(where, sizeof(where), "%" PRIu64, hart->id);
	shell_printf("%3u %4u %-10s %-8s %4s %7" PRIu64 ".%03u %6" PRIu64 ".%03u %12" PRIu64
		     " %10" PRIu64 "\n",
		     vcpu->vm->id, vcpu->index, name_of(hsm_names, ARRAY_SIZE(hsm_names), hsm),
		     state, where, ms / 1000, (unsigned int)(ms % 1000), waited / 1000,
		     (unsigned int)(waited % 1000), vcpu->exits, vcpu->sched.migrations);
}

/** What its interrupt file did; `vcpu list -v`. */
static void vcpu_print_file(const struct vcpu *vcpu)
{
	const struct intfile_counts *counts = &vcpu->intfile.counts;
	const struct hart *hart = __atomic_load_n(&vcpu->intfile.hart, __ATOMIC_RELAXED);
	char where[40] = "software";

	if (hart)
		snprintf(where, sizeof(where), "hart %" PRIu64 " line %u", hart->id,
			 vcpu->intfile.line);
	shell_printf("         file: %s, hits %" PRIu64 ", found %" PRIu64 ", software %" PRIu64
		     ", promotions %" PRIu64 ", stolen %" PRIu64 ", handovers %" PRIu64
		     ", wakes %" PRIu64 ", exits %" PRIu64 "\n",
		     where, counts->hits, counts->found, counts->software, counts->promotions,
		     counts->stolen, counts->handovers, counts->wakes, counts->exits);
}

static bool verbose; /* of the vcpu list that runs */

static int vcpu_list(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		vcpu_print(vm->vcpus[i]);
		if (verbose && vm->imsic)
			vcpu_print_file(vm->vcpus[i]);
	}
	return 0;
}

static int vcpu_list_run(unsigned int argc, char *const *argv)
{
	shell_printf("%3s %4s %-10s %-8s %4s %11s %10s %12s %10s\n", "vm", "vCPU", "HSM", "state",
		     "hart", "seconds", "waited", "exits", "migrations");
	verbose = argc > 0 && strcmp(argv[0], "-v") == 0;
	if (verbose) {
		argc--;
		argv++;
	}
	if (argc > 0)
		return with_vm(argv[0], vcpu_list);
	vm_control_lock();
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		vcpu_list(vm);
	vm_control_unlock();
	return 0;
}

const struct command vcpu_commands[] = {
	{ "vcpu list", "[-v] [vm]", "vCPUs: where, how long; -v: and their files", vcpu_list_run },
	{ "vcpu regs", "<vm> <vcpu> [prefix]", "the registers of a vCPU of a paused VM",
	  vcpu_regs_run },
	{ "vcpu get", "<vm> <vcpu> <reg>", "one of them, by its name or number", vcpu_get_run },
	{ "vcpu set", "<vm> <vcpu> <reg> <value>", "change one of them", vcpu_set_run },
	{ 0 },
};
