/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What VMs that insist on guest interrupt files are promised, while limits change, harts come and
 * go, and VMs too. Random changes are in test_intfile_promises.c. One thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "policy_world.h"

#include <core/hart_files.h>
#include <core/intfile.h>
#include <core/vm_parts.h>
#include <errno.h>

static struct vm *add(unsigned int vcpus, uint64_t affinity)
{
	unsigned int count = vm_count();

	vms[count] = vm_make(vcpus, affinity, VM_FILES_HARDWARE);
	assert_int_equal(intfile_vm_init(vms[count]), 0);
	assert_int_equal(intfile_vm_reserve(vms[count], true), 0);
	return vms[count];
}

static void oldest_vm_keeps_its_files(void **unused)
{
	struct vm *old = add(6, 3), *young = add(4, 3);

	assert_int_equal(intfile_set_limit(harts[0], 1), 0);
	assert_int_equal(old->state, VM_RUNNING);
	assert_int_equal(young->state, VM_PAUSED);
	assert_string_equal(young->reason, "no-vsfile: hart 0");
	check_all();
	assert_int_equal(intfile_set_limit(harts[0], 5), 0);
	assert_int_equal(young->state, VM_PAUSED);
	assert_int_equal(intfile_vm_reserve(young, true), 0);
	check_all();
}

static void vm_that_is_too_big_does_not_take_others_with_it(void **unused)
{
	struct vm *big = add(6, 3), *small = add(2, 3);

	assert_int_equal(intfile_set_limit(harts[0], 0), 0);
	assert_int_equal(big->state, VM_PAUSED);
	assert_int_equal(small->state, VM_RUNNING);
	check_all();
}

static void vcpus_move_only_if_they_must(void **unused)
{
	struct vm *vm = add(4, 15);
	struct hart *homes[4];

	for (unsigned int i = 0; i < 4; i++)
		homes[i] = vm->vcpus[i]->intfile.home;
	assert_int_equal(intfile_set_limit(homes[2], 0), 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(vm->vcpus[i]->intfile.home == homes[i], i != 2);
	assert_int_equal(vm->state, VM_RUNNING);
}

static void place(struct vcpu *vcpu, struct hart *hart)
{
	vcpu->intfile.line = hart_files_take(hart, vcpu);
	vcpu->intfile.hart = hart;
	assert_int_not_equal(vcpu->intfile.line, 0);
}

/* Nobody may take it from there, and it may sleep for ever. */
static void vcpu_that_moves_leaves_its_line(void **unused)
{
	struct vm *old = add(4, 1), *young = add(1, 3);
	struct hart *there = young->vcpus[0]->intfile.home, *other = harts[!there->index];

	place(young->vcpus[0], there);
	assert_int_equal(intfile_set_limit(there, there->index ? 0 : 4), 0);
	assert_int_equal(young->state, VM_RUNNING);
	assert_ptr_equal(young->vcpus[0]->intfile.home, other);
	assert_int_equal(there->files->used, 0);
	assert_int_equal(old->state, VM_RUNNING);
}

static void vm_that_moves_takes_its_promises_along(void **unused)
{
	const struct hartset only_1 = { .bits = { 2 } }, only_2 = { .bits = { 4 } };
	struct vm *other = add(3, 4), *vm = add(3, 1);

	place(vm->vcpus[1], harts[0]);
	place(other->vcpus[0], harts[2]);
	assert_int_equal(intfile_vm_set_affinity(vm, &only_1), 0);
	intfile_vm_follow(vm);
	check_all();
	assert_int_equal(harts[0]->files->reserved, 0);
	assert_int_equal(harts[0]->files->used, 0);
	assert_int_equal(harts[1]->files->reserved, 3);
	assert_int_equal(intfile_vm_set_affinity(vm, &only_2), -ENOSPC);
	assert_string_equal(world.said,
			    "vm: interrupt-files: \"hardware\": 3 files asked for, 2 free, "
			    "hart 20: 2 of 5");
	check_all();
	assert_int_equal(vm->affinity.bits[0], 2);
	assert_int_equal(harts[1]->files->reserved, 3);
	assert_ptr_equal(other->vcpus[0]->intfile.hart, harts[2]);
}

/* Its own lines are not in its way. */
static void vm_may_stay_where_it_fills_a_hart(void **unused)
{
	const struct hartset both = { .bits = { 3 } }, first = { .bits = { 1 } };
	struct vm *vm = add(5, 1);

	world.evictions = 0;
	assert_int_equal(intfile_vm_set_affinity(vm, &both), 0);
	assert_int_equal(intfile_vm_set_affinity(vm, &first), 0);
	intfile_vm_follow(vm);
	assert_int_equal(world.evictions, 0);
	assert_int_equal(harts[0]->files->reserved, 5);
	check_all();
}

/* It gets its promises when it is resumed, of the harts that it has then. */
static void vm_that_waits_for_files_may_change_harts(void **unused)
{
	const struct hartset second = { .bits = { 2 } };
	struct vm *vm = add(5, 1);

	vm->config.on_no_vsfile = VM_SHORTAGE_WAIT;
	assert_int_equal(intfile_set_limit(harts[0], 1), 0);
	assert_int_equal(vm->state, VM_PAUSED);
	assert_int_equal(intfile_vm_set_affinity(vm, &second), 0);
	check_all();
	intfile_resume_waiting();
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(harts[1]->files->reserved, 5);
	check_all();
}

static void files_leave_harts_that_a_vm_left(void **unused)
{
	const struct hartset second = { .bits = { 2 } };
	struct vm *vm = vms[0] = vm_make(3, 3, VM_FILES_AUTO);

	assert_int_equal(intfile_vm_init(vm), 0);
	place(vm->vcpus[0], harts[0]);
	place(vm->vcpus[1], harts[1]);
	assert_int_equal(intfile_vm_set_affinity(vm, &second), 0);
	intfile_vm_follow(vm);
	assert_int_equal(world.evictions, 1);
	assert_int_equal(harts[0]->files->used, 0);
	assert_ptr_equal(vm->vcpus[1]->intfile.hart, harts[1]);
	check_all();
}

static void shortage_is_explained(void **unused)
{
	struct vm *vm = vm_make(6, 4, VM_FILES_HARDWARE);

	assert_int_equal(intfile_vm_init(vm), 0);
	assert_int_equal(intfile_vm_reserve(vm, true), -ENOSPC);
	assert_string_equal(world.said,
			    "vm: interrupt-files: \"hardware\": 6 files asked for, 5 free, "
			    "hart 20: 5 of 5");
	world.identities = 63;
	assert_int_equal(intfile_vm_init(vm), -ENOTSUP);
	assert_string_equal(world.said,
			    "vm: interrupt-files: \"hardware\": 255 identities asked for, "
			    "the files of its harts have 63");
	vm->imsic = false;
	assert_int_equal(intfile_vm_init(vm), -ENOTSUP);
	assert_string_equal(world.said, "vm: interrupt-files: \"hardware\": its harts have no AIA");
	vm_free(vm);
}

static void lines_above_a_new_limit_are_taken_back(void **unused)
{
	struct vm *vm = vms[0] = vm_make(4, 15, VM_FILES_AUTO);
	struct hart *hart = harts[1];

	assert_int_equal(intfile_vm_init(vm), 0);
	for (unsigned int i = 0; i < 4; i++)
		place(vm->vcpus[i], hart);
	assert_int_equal(intfile_set_limit(hart, 2), 0);
	assert_int_equal(world.evictions, 2);
	assert_int_equal(hart->files->used, BIT(1) | BIT(2));
	assert_int_equal(intfile_set_limit(hart, FILES + 1), -EINVAL);
	assert_int_equal(hart->files->limit, 2);
	world.offers = 0;
	assert_int_equal(intfile_set_limit(hart, 3), 0);
	assert_int_equal(world.offers, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(oldest_vm_keeps_its_files),
		TEST(vm_that_is_too_big_does_not_take_others_with_it),
		TEST(vcpus_move_only_if_they_must),
		TEST(vcpu_that_moves_leaves_its_line),
		TEST(vm_that_moves_takes_its_promises_along),
		TEST(vm_may_stay_where_it_fills_a_hart),
		TEST(vm_that_waits_for_files_may_change_harts),
		TEST(files_leave_harts_that_a_vm_left),
		TEST(shortage_is_explained),
		TEST(lines_above_a_new_limit_are_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
