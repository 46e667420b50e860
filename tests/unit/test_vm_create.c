/* SPDX-License-Identifier: BSD-2-Clause */
/* VMs that are created and destroyed, and those that are refused. One thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vm_world.h"

#include <errno.h>

static void created_vm_has_what_its_description_says(void **state)
{
	struct vm *vm = world_create();
	char byte;

	assert_int_equal(vm->state, VM_CREATED);
	assert_string_equal(vm->name, "guest");
	assert_int_equal(vm->vcpu_count, 2);
	assert_int_equal(vm->gstage.levels, 3);
	assert_true(vm->imsic);
	assert_true(hartset_has(&vm->affinity, 0));
	assert_false(hartset_has(&vm->affinity, 1));
	assert_int_equal(vm_read(vm, vm->layout.kernel_gpa, &byte, 1), 0);
	assert_int_equal(byte, 0x4b);
	assert_ptr_equal(vm_find("guest"), vm);
	assert_ptr_equal(vm_find("1"), vm);
	assert_null(vm_find("2"));
	assert_null(vm_find(""));
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(vm->vcpus[i]->hsm, HSM_STOPPED);
		assert_int_equal(vm->vcpus[i]->sched.state, SCHED_PARKED);
	}
	vm_destroy(vm);
	assert_int_equal(world.forgotten, 1);
}

/* By the letter of SBI DBTR nobody could use a single one. */
static void debug_triggers_are_those_of_all_harts_if_they_are_two(void **state)
{
	static const uint8_t triggers[][3] = {
		{ 2, 2, 2 }, { 8, 3, 3 }, { 1, 1, 0 }, { 4, 1, 0 }, { 0, 0, 0 }
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(triggers); i++) {
		struct vm *vm;

		for (unsigned int hart = 0; hart < hart_count; hart++) {
			harts[hart]->arch.features |= BIT(FEATURE_SDTRIG);
			harts[hart]->arch.dbtr.triggers = triggers[i][hart % 2];
		}
		harts[1]->state = HART_ONLINE;
		vm = world_create();
		harts[1]->state = HART_ABSENT; /* it does not answer */
		assert_int_equal(vm->arch.triggers, triggers[i][2]);
		assert_int_equal(vm->arch.features >> FEATURE_SDTRIG & 1, triggers[i][2] != 0);
		vm_destroy(vm);
	}
}

static void a_thousand_lives_leave_nothing(void **state)
{
	world.config.memory_size = MIB(4);
	for (unsigned int i = 0; i < 1000; i++) {
		struct vm *vm = world_create();

		if (i % 2)
			assert_int_equal(vm_start(vm), 0);
		vm_destroy(vm);
		assert_int_equal(page_free_count(), world.free_before);
		world.said[0] = '\0';
	}
}

static void failure_of_any_allocation_leaves_nothing(void **state)
{
	/* The VM, its tables, devices, vCPUs and their files, and the device tree. */
	assert_in_range(world_fail_each_allocation(NULL), 12, 100);
}

static void vm_that_is_too_large_is_refused(void **state)
{
	world.config.memory_size = GIB(1);
	world_refuses("guest: memory-size: 1048576 KiB asked for, ");
	world.config.memory_size = world.free_before * PAGE_SIZE;
	world_refuses("guest: memory-size: ");
}

static void kernel_that_does_not_fit_is_refused(void **state)
{
	world.config.kernel.size = MIB(8);
	world_refuses("guest: ");
}

/* Another mode, as anything else of a description, takes another VM. */
static void second_vm_of_a_name_is_refused(void **state)
{
	struct vm *vm = world_create();

	world_refuses("guest: there is a VM of that name");
	world.config.gstage_levels = 4;
	world_refuses("guest: there is a VM of that name");
	assert_int_equal(gstage_init(&vm->gstage, 4, page_owner_vm(vm->id)), -EBUSY);
	assert_int_equal(vm->gstage.levels, 3);
	assert_ptr_equal(vm_next(NULL), vm);
	assert_null(vm_next(vm));
	vm_destroy(vm);
}

static void affinity_without_a_hart_is_refused(void **state)
{
	world.config.affinity_count = 1;
	world.config.affinity[0] = (struct hart_range){ 10, 10 };
	world_refuses("none of these harts");
}

static void mode_that_a_hart_lacks_is_refused_by_name(void **state)
{
	world.config.gstage_levels = 5;
	world_refuses("guest: hart 0 has no Sv57x4");
	world.config.gstage_levels = 0;
	world.config.memory_base = BIT(50);
	world_refuses("guest: hart 0 has no Sv57x4");
}

static void memory_may_lie_anywhere_below_the_limit(void **state)
{
	struct vm *vm;

	world.config.memory_base = BIT(50) - MIB(8);
	vm = world_create();
	assert_int_equal(vm->gstage.levels, 4);
	assert_true(vm_is_ram(vm, gpa(BIT(50) - 1), 1, GSTAGE_WRITE));
	vm_destroy(vm);
}

static void lowest_free_number_is_given(void **state)
{
	struct vm *vms[3];

	world.config.memory_size = MIB(4);
	for (unsigned int i = 0; i < 3; i++) {
		world.config.name[0] = (char)('a' + i);
		vms[i] = world_create();
		assert_int_equal(vms[i]->id, i + 1);
	}
	vm_destroy(vms[1]);
	world.config.name[0] = 'd';
	vms[1] = world_create();
	assert_int_equal(vms[1]->id, 2);
	for (unsigned int i = 0; i < 3; i++)
		vm_destroy(vms[i]);
}

static void mmu_type_is_one_that_satp_takes(void **state)
{
	static const struct {
		const char *named, *told;
		uint64_t modes;
	} cases[] = {
		{ "riscv,sv57", "riscv,sv57", 0x701 },
		{ "riscv,sv57", "riscv,sv48", 0x301 },
		{ "riscv,sv57", "riscv,sv39", 0x101 },
		{ "riscv,sv48", "riscv,sv48", 0x701 },
		{ "riscv,sv39", "riscv,sv39", 0x701 },
		{ "riscv,sv39", "riscv,sv39", 0x001 },
		{ NULL, NULL, 0x701 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vm *vm;

		for (unsigned int hart = 0; hart < WORLD_HARTS; hart++) {
			harts[hart]->arch.mmu_type = cases[i].named;
			harts[hart]->arch.limits[LIMIT_SATP_MODES] = hart ? 0x701 : cases[i].modes;
		}
		vm = world_create();
		if (cases[i].told)
			assert_string_equal(vm->arch.mmu_type, cases[i].told);
		else
			assert_null(vm->arch.mmu_type);
		vm_destroy(vm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(created_vm_has_what_its_description_says),
		TEST(debug_triggers_are_those_of_all_harts_if_they_are_two),
		TEST(a_thousand_lives_leave_nothing),
		TEST(failure_of_any_allocation_leaves_nothing),
		TEST(vm_that_is_too_large_is_refused),
		TEST(kernel_that_does_not_fit_is_refused),
		TEST(second_vm_of_a_name_is_refused),
		TEST(affinity_without_a_hart_is_refused),
		TEST(mode_that_a_hart_lacks_is_refused_by_name),
		TEST(memory_may_lie_anywhere_below_the_limit),
		TEST(lowest_free_number_is_given),
		TEST(mmu_type_is_one_that_satp_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
