/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of VMs. Operations run in service threads, one at a time (vm_control_lock()); the
 * state and the reason are guarded by vm->lock, the list of VMs by list_lock.
 */
#include <arch/gstage.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/log.h>
#include <core/number.h>
#include <core/page.h>
#include <core/thread.h>
#include <core/vm.h>
#include <core/vm_parts.h>
#include <core/vm_save.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HOLD_POLL_US 200

_Static_assert(MAX_VCPUS <= 64, "vm_resume() keeps one bit a vCPU");

static struct spinlock list_lock = SPINLOCK_INIT(LOCK_VM_LIST);
static struct list vms = { &vms, &vms };
static uint32_t control_next,
	control_serving; /* in turns: who comes often must not starve others */

static const char *const state_names[] = {
	[VM_CREATED] = "created", [VM_RUNNING] = "running", [VM_PAUSED] = "paused",
	[VM_STOPPED] = "stopped", [VM_FAILED] = "failed",
};

const char *vm_state_name(enum vm_state state)
{
	return state_names[state];
}

void vm_control_lock(void)
{
	uint32_t ticket = __atomic_fetch_add(&control_next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&control_serving, __ATOMIC_ACQUIRE) != ticket)
		thread_sleep(HOLD_POLL_US);
}

void vm_control_unlock(void)
{
	__atomic_store_n(&control_serving, control_serving + 1, __ATOMIC_RELEASE);
}

void vm_control_yield(void)
{
	vm_control_unlock();
	vm_control_lock();
}

static void state_set(struct vm *vm, enum vm_state state, const char *reason)
{
	unsigned long flags = spin_lock(&vm->lock);

	vm->state = state;
	snprintf(vm->reason, sizeof(vm->reason), "%s", reason);
	spin_unlock(&vm->lock, flags);
}

struct vm *vm_next(struct vm *vm)
{
	unsigned long flags = spin_lock(&list_lock);
	struct list *item = vm ? vm->link.next : vms.next;

	spin_unlock(&list_lock, flags);
	return item == &vms ? NULL : container_of(item, struct vm, link);
}

struct vm *vm_find_name(const char *name)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		if (strcmp(vm->name, name) == 0)
			return vm;
	return NULL;
}

struct vm *vm_find(const char *name_or_id)
{
	struct vm *found = vm_find_name(name_or_id);
	uint64_t id;

	if (found || !number_parse(name_or_id, &id))
		return found;
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		if (vm->id == id)
			return vm;
	return NULL;
}

static unsigned int free_id(void)
{
	unsigned int id = 1;
	struct vm *vm = vm_next(NULL);

	while (vm) {
		if (vm->id == id) {
			id++;
			vm = vm_next(NULL);
		} else {
			vm = vm_next(vm);
		}
	}
	return id;
}

static int identity_check(const struct vm *vm)
{
	if (vm_find_name(vm->name)) {
		log_error("%s: there is a VM of that name", vm->name);
		return -EEXIST;
	}
	if (vm->id > PAGE_VM_ID_MAX) {
		log_error("%s: there are %u VMs: no id is left", vm->name, PAGE_VM_ID_MAX);
		return -ENOSPC;
	}
	return 0;
}

static int vcpus_create(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->config.vcpus; i++) {
		vm->vcpus[i] = vcpu_create(vm, i);
		if (!vm->vcpus[i]) {
			log_error("%s: out of memory for vCPU %u", vm->name, i);
			return -ENOMEM;
		}
		vm->vcpu_count++;
	}
	return 0;
}

/* Gives back whatever a VM, complete or not, holds. No vCPU runs. */
static void vm_free(struct vm *vm)
{
	struct hartset all;

	vm_machine_reset(vm);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		intfile_evict(vm->vcpus[i]);
	intfile_vm_unreserve(vm);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		timer_cancel(&vm->vcpus[i]->timer);
	/* After this no hart has anything of the VM loaded, and no timer of it is expiring. */
	memset(&all, 0xff, sizeof(all));
	hart_call(&all, arch_vm_forget, vm);
	vm_machine_destroy(vm);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_destroy(vm->vcpus[i]);
	vm_memory_free(vm);
	if (vm->gstage.levels)
		gstage_destroy(&vm->gstage);
	alloc_free(vm->description);
	alloc_free(vm);
	page_clean_wake();
}

struct vm *vm_create(const struct vm_config *config)
{
	struct vm *vm = alloc_zero(sizeof(*vm));
	unsigned long flags;
	int error;

	if (!vm) {
		log_error("%s: out of memory", config->name);
		return NULL;
	}
	spin_init(&vm->lock, LOCK_VM);
	vm->config = *config;
	vm->id = free_id();
	memcpy(vm->name, config->name, sizeof(vm->name));
	timer_init(&vm->rtc_timer, NULL);
	error = identity_check(vm);
	if (!error)
		error = vm_affinity_init(vm);
	if (!error)
		error = arch_vm_init(vm);
	if (!error)
		error = vm_memory_create(vm);
	if (!error)
		error = vm_machine_create(vm);
	if (!error)
		error = intfile_vm_init(vm);
	if (!error)
		error = vcpus_create(vm);
	if (!error)
		error = intfile_vm_reserve(vm, true);
	if (!error)
		error = vm_load(vm);
	if (error) {
		log_error("%s: not created: error %d", vm->name, error);
		vm_free(vm);
		return NULL;
	}
	flags = spin_lock(&list_lock);
	list_insert(&vms, &vm->link);
	spin_unlock(&list_lock, flags);
	vm_roomy_update();
	return vm;
}

static void boot(struct vm *vm)
{
	state_set(vm, VM_RUNNING, "");
	CHECK(vcpu_start(vm->vcpus[0], vm->layout.entry.v, vm->layout.fdt_gpa.v) == 0);
}

int vm_start(struct vm *vm)
{
	int error;

	if (vm->state != VM_CREATED)
		return -EBUSY;
	error = intfile_vm_reserve(vm, true);
	if (error)
		return error;
	log_info("%s: starts, %u vCPUs, %lu MiB, %u G-stage levels, %s", vm->name, vm->vcpu_count,
		 (unsigned long)(vm->config.memory_size >> 20), vm->gstage.levels,
		 intfile_policy_name(vm));
	if (!vm->config.restore.name) {
		boot(vm);
		return 0;
	}
	error = vm_restore_own(vm);
	if (error)
		vm_end(vm, VM_FAILED, true, "its saved VM does not fit");
	return error;
}

static void nothing(void *opaque)
{
	(void)opaque;
}

void vm_hold(struct vm *vm)
{
	struct hartset all;
	bool waiting = true;

	if (vm->held)
		return;
	vm->held = true;
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		sched_hold(&vm->vcpus[i]->sched);
	while (waiting) {
		waiting = false;
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			waiting |= !sched_held(&vm->vcpus[i]->sched);
		if (waiting)
			thread_sleep(HOLD_POLL_US);
	}
	/* A hart that parked one may be in vcpu_parked() yet: it answers when that is over. */
	memset(&all, 0xff, sizeof(all));
	hart_call(&all, nothing, NULL);
}

void vm_release(struct vm *vm)
{
	if (!vm->held)
		return;
	vm->held = false;
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		sched_release(&vm->vcpus[i]->sched);
}

int vm_pause(struct vm *vm, const char *reason)
{
	if (vm->state != VM_RUNNING)
		return -EBUSY;
	vm_hold(vm);
	state_set(vm, VM_PAUSED, reason);
	return 0;
}

int vm_resume(struct vm *vm)
{
	bool asked = __atomic_load_n(&vm->request, __ATOMIC_SEQ_CST) != VM_REQUEST_NONE;
	uint64_t runnable = 0;

	if (vm->state != VM_PAUSED)
		return -EBUSY;
	if (intfile_vm_reserve(vm, true))
		return -ENOSPC;
	vm->no_vsfile = false;
	state_set(vm, VM_RUNNING, "");
	/*
	 * Decided before any of them runs and can start or stop another. With a request the manager
	 * comes first: who asked for the VM's end does not run on behind that.
	 */
	for (unsigned int i = 0; i < vm->vcpu_count && !asked; i++)
		if (__atomic_load_n(&vm->vcpus[i]->hsm, __ATOMIC_SEQ_CST) != HSM_STOPPED)
			runnable |= BIT(i);
	vm_release(vm);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (runnable >> i & 1)
			sched_unpark(&vm->vcpus[i]->sched);
	vm_manager_wake();
	return 0;
}

void vm_end(struct vm *vm, enum vm_state state, bool badly, const char *reason)
{
	vm_hold(vm);
	vm->ended_badly = badly;
	state_set(vm, state, reason);
	log_info("%s: %s: %s", vm->name, vm_state_name(state), reason);
	vm_manager_wake();
}

void vm_replaced(struct vm *vm)
{
	__atomic_store_n(&vm->request, VM_REQUEST_NONE, __ATOMIC_SEQ_CST);
	vm->ended_badly = false;
	vm->no_vsfile = false;
	state_set(vm, VM_PAUSED, "restored");
}

/* Without a kernel it begins again as the saved VM that it is described as. */
static int reset_saved(struct vm *vm)
{
	int error = vm->config.restore.name ? vm_restore_own(vm) : -ENOENT;

	if (error)
		vm_end(vm, VM_FAILED, true, "it cannot be reset: it was saved, and has no kernel");
	else
		vm->resets++;
	return error;
}

int vm_reset(struct vm *vm)
{
	int error = intfile_vm_reserve(vm, true);

	if (error)
		return error;
	if (!vm->config.kernel.name)
		return reset_saved(vm);
	vm->no_vsfile = false;
	vm_hold(vm);
	vm_machine_reset(vm);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_reset(vm->vcpus[i]);
	__atomic_store_n(&vm->active, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&vm->request, VM_REQUEST_NONE, __ATOMIC_SEQ_CST);
	vm->ended_badly = false;
	vm->resets++;
	error = vm_load(vm);
	if (error) {
		vm_end(vm, VM_FAILED, true, "its images could not be loaded again");
		return error;
	}
	vm_release(vm);
	boot(vm);
	return 0;
}

void vm_destroy(struct vm *vm)
{
	unsigned long flags;

	vm_hold(vm);
	vm_profile_stop(vm);
	vm_manager_forget(vm);
	flags = spin_lock(&list_lock);
	list_remove(&vm->link);
	spin_unlock(&list_lock, flags);
	vm_free(vm);
	vm_roomy_update();
	vm_manager_wake();
}

void vm_request(struct vm *vm, enum vm_request what, const char *reason)
{
	uint32_t none = VM_REQUEST_NONE;
	unsigned long flags = spin_lock(&vm->lock);

	if (__atomic_compare_exchange_n(&vm->request, &none, what, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		snprintf(vm->request_reason, sizeof(vm->request_reason), "%s", reason);
	spin_unlock(&vm->lock, flags);
	vm_manager_wake();
}
