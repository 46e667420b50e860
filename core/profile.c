/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which harts profile what. `profiled_vms` and `whole_machine` are guarded by the control lock;
 * harts are told by a call (hart_call()), after which each looks at every vCPU that comes. Records
 * belong to their harts.
 */
#include <core/profile.h>

#include <core/alloc.h>
#include <core/hart.h>
#include <core/sched.h>
#include <core/timer.h>
#include <core/vm.h>
#include <errno.h>

static unsigned int profiled_vms;
static bool whole_machine;

/* ---- on the hart ---- */

static void vector_set(struct hart *hart, bool on)
{
	if (hart->profile.on == on)
		return;
	arch_profile_vector(on);
	hart->profile.on = on;
}

void profile_enter(struct vcpu *vcpu)
{
	struct hart *hart = hart_self();

	vector_set(hart, whole_machine || vcpu->vm->profiled);
	hart->profile.left = time_now();
}

/* The guest's time up to the exit, and the exit's own up to @now. */
static void add_times(struct hart_profile *record, struct vcpu *vcpu, uint64_t now)
{
	uint64_t guest = record->time - MIN(record->left, record->time);
	uint64_t exits = now - record->time;

	record->sum.guest += guest;
	record->sum.exits += exits;
	vcpu->profile.guest += guest;
	vcpu->profile.exits += exits;
	if (vcpu->exit_table && vcpu->vm->profiled)
		exit_table_add_time(vcpu->exit_table, guest, exits);
}

void profile_exit(uint64_t instret)
{
	uint64_t now = time_now();
	struct hart *hart = hart_self();
	struct hart_profile *record = &hart->profile;
	struct vcpu *vcpu = hart->loaded;

	add_times(record, vcpu, now);
	record->sum.count++;
	vcpu->profile.count++;
	if (vcpu->exit_table && vcpu->vm->profiled)
		exit_table_add(vcpu->exit_table, arch_exit_reason(vcpu, record),
			       instret - record->instret, now - record->time);
	record->time = 0;
	/* What this took is nobody's. */
	record->left = time_now();
}

/* An exit may be going on: what came before it counts now, and its rest when it ends. */
static void settle(struct hart *hart, uint64_t now)
{
	struct hart_profile *record = &hart->profile;

	if (!hart->running || !record->time)
		return;
	add_times(record, hart->running, now);
	record->time = record->left = now;
}

static void hart_settle(void *opaque)
{
	(void)opaque;
	settle(hart_self(), time_now());
}

void profile_hart_arrive(void)
{
	struct hart *hart = hart_self();

	arch_profile_probe(hart);
	hart->profile.on = false;
	hart->profile.time = 0;
	hart->profile.armed = whole_machine || profiled_vms;
}

static void hart_update(void *opaque)
{
	struct hart *hart = hart_self();

	(void)opaque;
	hart->profile.armed = whole_machine || profiled_vms;
	settle(hart, time_now());
	if (hart->running)
		profile_enter(hart->running);
	else if (!hart->profile.armed)
		vector_set(hart, false);
}

static void on_all_harts(void (*function)(void *opaque), void *opaque)
{
	struct hartset set = { 0 };

	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_online(harts[i]))
			hartset_add(&set, i);
	hart_call(&set, function, opaque);
}

void profile_settle(void)
{
	on_all_harts(hart_settle, NULL);
}

/* ---- a VM ---- */

int vm_profile_start(struct vm *vm)
{
	if (vm->profiled)
		return -EBUSY;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		if (vm->vcpus[i]->exit_table)
			continue;
		vm->vcpus[i]->exit_table = alloc_zero(sizeof(struct exit_table));
		if (!vm->vcpus[i]->exit_table)
			return -ENOMEM;
	}
	profile_settle();
	vm->profiled = true;
	profiled_vms++;
	on_all_harts(hart_update, NULL);
	return 0;
}

int vm_profile_stop(struct vm *vm)
{
	if (!vm->profiled)
		return -EBUSY;
	profile_settle();
	vm->profiled = false;
	profiled_vms--;
	on_all_harts(hart_update, NULL);
	return 0;
}

void vm_profile_clear(struct vm *vm)
{
	profile_settle();
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i]->exit_table)
			__atomic_store_n(&vm->vcpus[i]->exit_table->clear, 1, __ATOMIC_RELEASE);
}

/* ---- the machine ---- */

void machine_profile_start(void)
{
	whole_machine = true;
	on_all_harts(hart_update, NULL);
}

void machine_profile_stop(void)
{
	whole_machine = false;
	on_all_harts(hart_update, NULL);
}

static void hart_sample(void *opaque)
{
	struct hart_sample *samples = opaque;
	struct hart *hart = hart_self();
	struct hart_sample *sample = &samples[hart->index];

	sample->now = time_now();
	settle(hart, sample->now);
	sample->idle = sched_idle_ticks(hart);
	sample->sum = hart->profile.sum;
}

void machine_profile_sample(struct hart_sample *samples)
{
	on_all_harts(hart_sample, samples);
}
