/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VM manager: the service thread that creates the VMs of the bundle at boot, does what
 * guests ask for (shutdown, reset), and ends the machine with the last VM when told so.
 */
#include <arch/mmu.h>
#include <core/alloc.h>
#include <core/boot_phases.h>
#include <core/bundle.h>
#include <core/console.h>
#include <core/log.h>
#include <core/options.h>
#include <core/report_log.h>
#include <core/thread.h>
#include <core/vm.h>
#include <core/vm_parts.h>
#include <core/vmdesc.h>
#include <drivers/reset.h>
#include <errno.h>
#include <libfdt.h>
#include <string.h>

static struct thread *manager;
static struct bundle bundle; /* for ever: VMs are reset from it */
static unsigned int never_created; /* VMs of the bundle that could not be made */
static unsigned int destroyed_well, destroyed_badly;

void vm_manager_wake(void)
{
	if (manager)
		thread_wake(manager);
}

static const void *descriptions; /* the bundle's device tree, or NULL */

/*
 * The descriptions, copied when the bundle lies where they are not at a multiple of 8: the copy is
 * needed as long as the bundle. NULL after telling @report.
 */
static const void *open_descriptions(struct report *report)
{
	size_t size = 0;
	void *room = NULL;
	const void *blob;

	if (!bundle_find(&bundle, BUNDLE_DESCRIPTION, &blob, &size) &&
	    !is_aligned((uintptr_t)blob, 8) && size && size <= DESCRIPTION_SIZE_MAX) {
		room = alloc_zero(size);
		if (!room) {
			report_error(report, BUNDLE_DESCRIPTION ": no memory for a copy");
			return NULL;
		}
	}
	blob = vmdesc_open(&bundle, room, room ? size : 0, report);
	if (!blob)
		alloc_free(room);
	return blob;
}

static const void *bundle_find_description(void)
{
	struct report_log report;
	const void *data;
	size_t size;

	report_log_init(&report, "bundle");
	if (!mmu_bundle(&data, &size)) {
		log_error("bundle: there is none: no initrd, no hartvisor,bundle in /chosen, and "
			  "none attached to the image");
		return NULL;
	}
	if (bundle_open(data, size, &bundle, &report.report))
		return NULL;
	return open_descriptions(&report.report);
}

/* The VM that a node describes, created, or NULL. */
static struct vm *make_one(int node)
{
	static struct vm_config config; /* large; the control lock guards it */
	struct report_log report;

	report_log_init(&report, "bundle");
	if (vmdesc_parse(descriptions, node, &bundle, &config, &report.report))
		return NULL;
	return vm_create(&config);
}

/* Creates and, as a rule, starts it. */
static int create_one(int node)
{
	struct vm *vm = make_one(node);

	if (!vm)
		return -EINVAL;
	return vm->config.autostart ? vm_start(vm) : 0;
}

/* The node that describes @name, or -ENOENT, -EEXIST. */
static int find_node(const char *name)
{
	if (!descriptions)
		return -ENOENT;
	if (vm_find_name(name))
		return -EEXIST;
	for (int node = vmdesc_next(descriptions, -1); node >= 0;
	     node = vmdesc_next(descriptions, node))
		if (strcmp(fdt_get_name(descriptions, node, NULL), name) == 0)
			return node;
	return -ENOENT;
}

int vm_manager_create(const char *name)
{
	int node = find_node(name);

	return node < 0 ? node : create_one(node);
}

int vm_manager_make(const char *name, struct vm **vm)
{
	int node = find_node(name);

	if (node < 0)
		return node;
	*vm = make_one(node);
	return *vm ? 0 : -EINVAL;
}

const struct bundle *vm_manager_bundle(void)
{
	return descriptions ? &bundle : NULL;
}

static void create_all(void)
{
	struct report_log report;

	descriptions = bundle_find_description();
	if (!descriptions) {
		never_created++;
		console_focus_first(NULL);
		return;
	}
	report_log_init(&report, "bundle");
	if (vmdesc_check(descriptions, &report.report))
		never_created++;
	vm_control_lock();
	boot_phase_end("bundle");
	for (int node = vmdesc_next(descriptions, -1); node >= 0;
	     node = vmdesc_next(descriptions, node)) {
		bool first = !vm_next(NULL);

		if (create_one(node))
			never_created++;
		if (!first || !vm_next(NULL))
			continue;
		boot_phase_end("first VM");
		console_focus_first(vm_next(NULL)->console);
	}
	boot_phase_end("other VMs");
	boot_phases_report();
	if (!vm_next(NULL))
		console_focus_first(NULL);
	vm_control_unlock();
}

/* A guest may do nothing else than this all day. */
static void reset(struct vm *vm, const char *reason)
{
	if (log_limit_pass(&vm->limit))
		log_info("%s: reset: %s", vm->name, reason);
	vm_reset(vm);
}

static void reboot(struct vm *vm, const char *reason)
{
	if (vm->config.on_reboot == VM_ACTION_STOP) {
		vm_end(vm, VM_STOPPED, false, reason);
		return;
	}
	reset(vm, reason);
}

static void serve(struct vm *vm)
{
	char reason[sizeof(vm->request_reason)];
	unsigned long flags;
	uint32_t what;

	/* What a guest asked for just before a pause is done after it. */
	if (vm->state == VM_PAUSED)
		return;
	what = __atomic_exchange_n(&vm->request, VM_REQUEST_NONE, __ATOMIC_SEQ_CST);
	if (what == VM_REQUEST_NONE || vm->state != VM_RUNNING)
		return;
	flags = spin_lock(&vm->lock);
	memcpy(reason, vm->request_reason, sizeof(reason));
	spin_unlock(&vm->lock, flags);
	if (what == VM_REQUEST_REBOOT)
		reboot(vm, reason);
	else if (what == VM_REQUEST_FAIL && vm->config.on_failure == VM_ACTION_RESET)
		reset(vm, reason);
	else
		vm_end(vm, what == VM_REQUEST_FAIL ? VM_FAILED : VM_STOPPED,
		       what == VM_REQUEST_FAIL, reason);
}

void vm_manager_forget(const struct vm *vm)
{
	if (vm->ended_badly)
		destroyed_badly++;
	else
		destroyed_well++;
}

/* Whether all VMs have ended; says how. */
static bool all_ended(void)
{
	unsigned int well = destroyed_well, badly = never_created + destroyed_badly;

	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm)) {
		if (vm->state != VM_STOPPED && vm->state != VM_FAILED)
			return false;
		if (vm->ended_badly)
			badly++;
		else
			well++;
	}
	console_flush();
	log_info("hartvisor: all VMs ended: %u well, %u badly", well, badly);
	return true;
}

static void manager_main(void *opaque)
{
	bool ended = false;

	(void)opaque;
	create_all();
	for (;;) {
		vm_control_lock();
		for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
			serve(vm);
		intfile_resume_waiting();
		if (!ended && option_get("poweroff") && all_ended()) {
			ended = true;
			machine_poweroff(false);
			log_error("nothing can power the machine off");
		}
		vm_control_unlock();
		thread_wait(TIMER_NEVER);
	}
}

void vm_manager_start(void)
{
	manager = thread_create("vm-manager", manager_main, NULL);
	if (!manager)
		log_error("out of memory for the VM manager: no VM will run");
}
