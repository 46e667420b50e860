/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_world.h"

#include "fake_hart.h"

#include <arch/gstage.h>
#include <arch/vsfile.h>
#include <core/hart_files.h>
#include <core/intfile.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct vm *vms[VMS];
struct policy_world world;

/* ---- stand-ins ---- */

struct vm *vm_next(struct vm *vm)
{
	for (unsigned int i = 0; vm && i < VMS; i++)
		if (vms[i] == vm)
			return i + 1 < VMS ? vms[i + 1] : NULL;
	return vms[0];
}

int vm_pause(struct vm *vm, const char *reason)
{
	if (vm->state != VM_RUNNING)
		return -EBUSY;
	vm->state = VM_PAUSED;
	snprintf(vm->reason, sizeof(vm->reason), "%s", reason);
	return 0;
}

int vm_resume(struct vm *vm)
{
	if (vm->state != VM_PAUSED)
		return -EBUSY;
	vm->state = VM_RUNNING;
	vm->no_vsfile = false;
	return 0;
}

void vm_manager_wake(void)
{
}

int sched_set_affinity(struct sched_entity *entity, const struct hartset *affinity)
{
	entity->affinity = *affinity;
	return 0;
}

/* Gives its line back, if it has one. */
void intfile_evict(struct vcpu *vcpu)
{
	world.evictions++;
	if (vcpu->intfile.hart)
		hart_files_give(vcpu->intfile.hart, vcpu->intfile.line, NULL);
	vcpu->intfile.hart = NULL;
}

void intfile_offer(struct hart *hart)
{
	world.offers++;
}

void vcpu_notify(struct vcpu *vcpu, uint32_t bits)
{
}

int gstage_leaf_prepare(struct gstage *gstage, gpa_t at)
{
	return 0;
}

unsigned int arch_vsfile_identities(const struct hart *hart)
{
	return world.identities;
}

bool option_pair(const char *name, uint64_t key, uint64_t *value)
{
	return false;
}

#define SAYS(name)                                                    \
	void name(const char *fmt, ...)                               \
	{                                                             \
		va_list args;                                         \
		va_start(args, fmt);                                  \
		vsnprintf(world.said, sizeof(world.said), fmt, args); \
		va_end(args);                                         \
	}

SAYS(log_info)
SAYS(log_warn)
SAYS(log_error)

/* ---- VMs ---- */

struct vm *vm_make(unsigned int vcpus, uint64_t affinity, enum vm_files policy)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	vm->config.interrupt_files = policy;
	vm->config.interrupt_identities = 255;
	vm->config.vcpus = vcpus;
	vm->imsic = true;
	vm->affinity.bits[0] = affinity;
	vm->state = VM_RUNNING;
	snprintf(vm->name, sizeof(vm->name), "vm");
	for (unsigned int i = 0; i < vcpus; i++) {
		vm->vcpus[i] = calloc(1, sizeof(struct vcpu));
		vm->vcpus[i]->vm = vm;
		vm->vcpus[i]->sched.affinity = vm->affinity;
	}
	vm->vcpu_count = vcpus;
	return vm;
}

void vm_free(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		intfile_evict(vm->vcpus[i]);
		free(vm->vcpus[i]);
	}
	free(vm);
}

unsigned int vm_count(void)
{
	unsigned int count = 0;

	while (count < VMS && vms[count])
		count++;
	return count;
}

void vm_drop(unsigned int index)
{
	intfile_vm_unreserve(vms[index]);
	vm_free(vms[index]);
	memmove(&vms[index], &vms[index + 1], (VMS - 1 - index) * sizeof(vms[0]));
	vms[VMS - 1] = NULL;
}

int policy_setup(void **unused)
{
	fake_hart_reset();
	fake_arena_add(MIB(1));
	hart_count = HARTS;
	for (unsigned int i = 0; i < HARTS; i++) {
		harts[i] = &fake_harts[i];
		assert_int_equal(hart_files_init(harts[i], FILES), 0);
	}
	world.identities = 255;
	world.evictions = 0;
	world.said[0] = '\0';
	return 0;
}

int policy_teardown(void **unused)
{
	while (vms[0])
		vm_drop(0);
	return 0;
}

/* ---- what must hold ---- */

static unsigned int homes_at(const struct hart *hart)
{
	unsigned int homes = 0;

	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			homes += vm->vcpus[i]->intfile.home == hart;
	return homes;
}

static void check_vcpu(const struct vm *vm, const struct vcpu *vcpu)
{
	const struct hart *home = vcpu->intfile.home;

	assert_int_equal(vm->reserved, home != NULL);
	if (!home) {
		assert_int_equal(vcpu->sched.affinity.bits[0], vm->affinity.bits[0]);
		return;
	}
	assert_true(hart_online(home));
	assert_true(hartset_has(&vm->affinity, home->index));
	assert_int_equal(vcpu->sched.affinity.bits[0], BIT(home->index));
}

void check_all(void)
{
	for (unsigned int i = 0; i < HARTS; i++) {
		assert_int_equal(harts[i]->files->reserved, homes_at(harts[i]));
		assert_true(harts[i]->files->reserved <= harts[i]->files->limit);
	}
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm)) {
		if (vm->config.interrupt_files == VM_FILES_HARDWARE)
			assert_true(vm->reserved || vm->state == VM_PAUSED);
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			check_vcpu(vm, vm->vcpus[i]);
	}
}
