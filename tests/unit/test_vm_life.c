/* SPDX-License-Identifier: BSD-2-Clause */
/* The states of VMs, from their start to their end, over pauses and resets. One thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vm_world.h"

#include <core/vm_parts.h>
#include <errno.h>

static void started_vm_runs_its_first_vcpu(void **state)
{
	struct vm *vm = world_create();

	assert_int_equal(vm_start(vm), 0);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_RUNNING);
	assert_int_equal(vm->vcpus[0]->arch.sepc, vm->layout.entry.v);
	assert_int_equal(vm->vcpus[0]->arch.regs[REG_A0], 0);
	assert_int_equal(vm->vcpus[0]->arch.regs[REG_A1], vm->layout.fdt_gpa.v);
	assert_int_equal(vm->vcpus[1]->hsm, HSM_STOPPED);
	assert_int_equal(vm->vcpus[1]->sched.state, SCHED_PARKED);
	assert_int_equal(vm_start(vm), -EBUSY);
	vm_destroy(vm);
}

static void paused_vm_runs_nothing_until_it_is_resumed(void **state)
{
	struct vm *vm = world_create();

	assert_int_equal(vm_pause(vm, "asked for"), -EBUSY);
	assert_int_equal(vm_resume(vm), -EBUSY);
	vm_start(vm);
	world.harts_are_busy = true;
	assert_int_equal(vm_pause(vm, "asked for"), 0);
	assert_int_equal(world.slept, 3);
	assert_int_equal(vm->state, VM_PAUSED);
	assert_string_equal(vm->reason, "asked for");
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_PARKED);
	assert_int_equal(vm_pause(vm, "twice"), -EBUSY);
	assert_int_equal(vm_start(vm), -EBUSY);
	assert_int_equal(vm_resume(vm), 0);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_string_equal(vm->reason, "");
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_RUNNING);
	/* It was never started. */
	assert_int_equal(vm->vcpus[1]->sched.state, SCHED_PARKED);
	assert_int_equal(vm_resume(vm), -EBUSY);
	vm_destroy(vm);
}

/* It would run on behind the call by which it ended the VM. */
static void vm_that_asked_for_its_end_does_not_go_on_after_a_pause(void **state)
{
	struct vm *vm = world_create();

	vm_start(vm);
	vm_request(vm, VM_REQUEST_SHUTDOWN, "by itself");
	assert_int_equal(vm_pause(vm, "asked for"), 0);
	assert_int_equal(vm_resume(vm), 0);
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_PARKED);
	vm_reset(vm);
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_RUNNING);
	vm_destroy(vm);
}

static void vcpu_that_was_started_while_paused_runs_when_resumed(void **state)
{
	struct vm *vm = world_create();

	vm_start(vm);
	vm_pause(vm, "");
	assert_int_equal(vcpu_start(vm->vcpus[1], WORLD_BASE, 7), 0);
	assert_int_equal(vm->vcpus[1]->sched.state, SCHED_PARKED);
	vm_resume(vm);
	assert_int_equal(vm->vcpus[1]->sched.state, SCHED_RUNNING);
	assert_int_equal(vm->vcpus[1]->arch.regs[REG_A0], 1);
	assert_int_equal(vm->vcpus[1]->arch.regs[REG_A1], 7);
	vm_destroy(vm);
}

static void vcpu_starts_only_when_it_is_stopped(void **state)
{
	struct vm *vm = world_create();
	struct vcpu *vcpu = vm->vcpus[1];

	assert_int_equal(vcpu_start(vcpu, WORLD_BASE, 0), 0);
	assert_int_equal(vcpu_start(vcpu, WORLD_BASE, 0), -EINPROGRESS);
	vcpu->hsm = HSM_STARTED;
	assert_int_equal(vcpu_start(vcpu, WORLD_BASE, 0), -EALREADY);
	vcpu->hsm = HSM_SUSPENDED;
	assert_int_equal(vcpu_start(vcpu, WORLD_BASE, 0), -EALREADY);
	vcpu->hsm = HSM_STOP_PENDING;
	assert_int_equal(vcpu_start(vcpu, WORLD_BASE, 0), -EBUSY);
	vcpu_parked(vcpu);
	assert_int_equal(vcpu->hsm, HSM_STOPPED);
	vcpu->sched.state = SCHED_PARKED;
	assert_int_equal(vcpu_start(vcpu, WORLD_BASE, 0), 0);
	vm_destroy(vm);
}

static void reset_vm_begins_anew_with_its_images(void **state)
{
	struct vm *vm = world_create();
	char byte = 0;

	vm_start(vm);
	vm->vcpus[0]->hsm = HSM_STARTED;
	vm->vcpus[1]->hsm = HSM_STARTED;
	vm->vcpus[1]->pending = PENDING_SSIP;
	vm_write(vm, vm->layout.kernel_gpa, &byte, 1);
	vm_request(vm, VM_REQUEST_REBOOT, "asked for");
	assert_int_equal(vm->request, VM_REQUEST_REBOOT);
	assert_int_equal(vm_reset(vm), 0);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->resets, 1);
	assert_int_equal(vm->request, VM_REQUEST_NONE);
	assert_int_equal(vm->vcpus[0]->hsm, HSM_START_PENDING);
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_RUNNING);
	assert_int_equal(vm->vcpus[1]->hsm, HSM_STOPPED);
	assert_int_equal(vm->vcpus[1]->pending, 0);
	vm_read(vm, vm->layout.kernel_gpa, &byte, 1);
	assert_int_equal(byte, 0x4b);
	vm_destroy(vm);
}

static void reset_keeps_what_lies_beside_the_images(void **state)
{
	struct vm *vm = world_create();
	gpa_t at = gpa(vm->layout.kernel_gpa.v - PAGE_SIZE);
	uint32_t mark = 0x12345678;

	vm_start(vm);
	assert_int_equal(vm_write(vm, at, &mark, sizeof(mark)), 0);
	assert_int_equal(vm_reset(vm), 0);
	mark = 0;
	assert_int_equal(vm_read(vm, at, &mark, sizeof(mark)), 0);
	assert_int_equal(mark, 0x12345678);
	vm_destroy(vm);
}

static void reset_that_fails_leaves_a_failed_vm(void **state)
{
	struct vm *vm = world_create();

	vm_start(vm);
	fake_allocations_fail_after(0);
	assert_int_equal(vm_reset(vm), -ENOMEM);
	fake_allocations_fail_after(-1);
	assert_int_equal(vm->state, VM_FAILED);
	assert_true(vm->ended_badly);
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_PARKED);
	assert_int_equal(vm_reset(vm), 0);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_false(vm->ended_badly);
	vm_destroy(vm);
}

static void first_request_counts(void **state)
{
	struct vm *vm = world_create();

	vm_start(vm);
	vm_request(vm, VM_REQUEST_FAIL, "first");
	vm_request(vm, VM_REQUEST_SHUTDOWN, "second");
	assert_int_equal(vm->request, VM_REQUEST_FAIL);
	assert_string_equal(vm->request_reason, "first");
	vm_destroy(vm);
}

static void ended_vm_keeps_its_memory_until_it_is_destroyed(void **state)
{
	struct vm *vm = world_create();
	char byte;

	vm_start(vm);
	vm_end(vm, VM_STOPPED, false, "powered off");
	assert_int_equal(vm->state, VM_STOPPED);
	assert_string_equal(vm->reason, "powered off");
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_PARKED);
	assert_int_equal(vm_read(vm, vm->layout.kernel_gpa, &byte, 1), 0);
	assert_int_equal(vm_resume(vm), -EBUSY);
	vm_destroy(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(started_vm_runs_its_first_vcpu),
		TEST(paused_vm_runs_nothing_until_it_is_resumed),
		TEST(vm_that_asked_for_its_end_does_not_go_on_after_a_pause),
		TEST(vcpu_that_was_started_while_paused_runs_when_resumed),
		TEST(vcpu_starts_only_when_it_is_stopped),
		TEST(reset_vm_begins_anew_with_its_images),
		TEST(reset_keeps_what_lies_beside_the_images),
		TEST(reset_that_fails_leaves_a_failed_vm),
		TEST(first_request_counts),
		TEST(ended_vm_keeps_its_memory_until_it_is_destroyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
