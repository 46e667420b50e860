/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a vCPU by number: what a set takes and refuses where one depends on another, and
 * what it does besides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "register_world.h"

#include <arch/csr.h>
#include <errno.h>

static struct vcpu *const vcpu = &world.vcpus[0];

static void sstatus_sums_up_and_has_no_other_width(void **state)
{
	assert_set(vcpu, CSR(CSR_SSTATUS), SSTATUS_UXL_64 | SSTATUS_FS | SSTATUS_SD);
	assert_set(vcpu, CSR(CSR_SSTATUS), SSTATUS_UXL_64 | SSTATUS_VS | SSTATUS_SD);
	assert_set(vcpu, CSR(CSR_SSTATUS), SSTATUS_UXL_64 | 1UL << SSTATUS_FS_SHIFT);
	assert_refuses(vcpu, CSR(CSR_SSTATUS), SSTATUS_UXL_64 | SSTATUS_FS);
	assert_refuses(vcpu, CSR(CSR_SSTATUS), SSTATUS_UXL_64 | SSTATUS_SD);
	assert_refuses(vcpu, CSR(CSR_SSTATUS), 0);
	assert_refuses(vcpu, CSR(CSR_SSTATUS), SSTATUS_UXL_64 | SSTATUS_UBE);
	assert_refuses(vcpu, CSR(CSR_SSTATUS), SSTATUS_UXL_64 | BIT(0));
	assert_set(vcpu, CSR(CSR_SSTATUS), SSTATUS_UXL_64 | SSTATUS_SDT | SSTATUS_SPELP);
	world_reset(ALL_FEATURES & ~BIT(FEATURE_DOUBLE_TRAP), 0);
	assert_refuses(vcpu, CSR(CSR_SSTATUS), SSTATUS_UXL_64 | SSTATUS_SDT);
	/* A hart may have the unit, but not this vCPU. */
	world_reset(0, 0);
	assert_refuses(vcpu, CSR(CSR_SSTATUS), SSTATUS_UXL_64 | SSTATUS_FS | SSTATUS_SD);
	vcpu->arch.vsstatus = SSTATUS_UXL_64 | SSTATUS_FS | SSTATUS_VS | SSTATUS_SD | SSTATUS_SUM;
	assert_int_equal(world_get(vcpu, CSR(CSR_SSTATUS)), SSTATUS_UXL_64 | SSTATUS_SUM);
}

static void bits_that_hstateen0_hides_cannot_be_set(void **state)
{
	assert_set(vcpu, CSR(CSR_SSTATEEN0), 4);
	assert_refuses(vcpu, CSR(CSR_SSTATEEN0), 1);
	world_reset(BIT(FEATURE_SSTATEEN0), 0);
	assert_set(vcpu, CSR(CSR_SSTATEEN0), 5);
}

static void vl_and_vtype_fit_each_other(void **state)
{
	assert_refuses(vcpu, VECTOR(REGISTER_VL), 1);
	assert_set(vcpu, VECTOR(REGISTER_VTYPE), 3); /* e8, m8 */
	assert_set(vcpu, VECTOR(REGISTER_VL), 8 * WORLD_VLENB);
	assert_refuses(vcpu, VECTOR(REGISTER_VL), 8 * WORLD_VLENB + 1);
	assert_set(vcpu, VECTOR(REGISTER_VTYPE), 0xc0 | 2 << 3 | 7); /* e32, mf2 */
	assert_int_equal(world_get(vcpu, VECTOR(REGISTER_VL)), WORLD_VLENB / 8);
	assert_refuses(vcpu, VECTOR(REGISTER_VTYPE), 2 << 3 | 6); /* e32, mf4 */
	assert_refuses(vcpu, VECTOR(REGISTER_VTYPE), 4); /* reserved LMUL */
	assert_refuses(vcpu, VECTOR(REGISTER_VTYPE), 4 << 3); /* e128 */
	assert_refuses(vcpu, VECTOR(REGISTER_VTYPE), BIT(63) | 1);
	assert_refuses(vcpu, VECTOR(REGISTER_VTYPE), BIT(8));
	assert_set(vcpu, VECTOR(REGISTER_VTYPE), BIT(63));
	assert_int_equal(world_get(vcpu, VECTOR(REGISTER_VL)), 0);
	assert_refuses(vcpu, VECTOR(REGISTER_VLENB), WORLD_VLENB / 2);
	assert_set(vcpu, VECTOR(REGISTER_VLENB), WORLD_VLENB);
}

/* ---- what a set does besides ---- */

static void set_takes_effect_wherever_the_vcpu_runs_next(void **state)
{
	static const uint32_t numbers[] = { PC, CSR(CSR_SATP), REGISTER(REGISTER_FP, 3),
					    FILE_OF(0x70), TIMER(0) };
	uint8_t wide[WORLD_VLENB] = { 1 };

	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
		vcpu->arch.hart = &fake_harts[1];
		world_get(vcpu, numbers[i]);
		assert_ptr_equal(vcpu->arch.hart, &fake_harts[1]);
		assert_set(vcpu, numbers[i], 0);
		assert_null(vcpu->arch.hart);
	}
	vcpu->arch.hart = &fake_harts[1];
	assert_int_equal(vcpu_register_set(vcpu, VECTOR(0), wide, sizeof(wide)), 0);
	assert_null(vcpu->arch.hart);
}

static void privilege_is_where_an_entry_looks_for_it(void **state)
{
	assert_int_equal(world_get(vcpu, PRIVILEGE), 1);
	assert_set(vcpu, PRIVILEGE, 0);
	assert_int_equal(vcpu->arch.sstatus & SSTATUS_SPP, 0);
	assert_int_equal(vcpu->arch.hstatus, HSTATUS_SPV);
	assert_set(vcpu, PRIVILEGE, 1);
	assert_int_equal(vcpu->arch.sstatus & SSTATUS_SPP, SSTATUS_SPP);
	assert_int_equal(vcpu->arch.hstatus, HSTATUS_SPV | HSTATUS_SPVP);
}

static void hsm_state_counts_the_vcpus_that_are_not_stopped(void **state)
{
	assert_set(&world.vcpus[1], HSM, HSM_SUSPENDED);
	assert_set(&world.vcpus[2], HSM, HSM_STARTED);
	assert_int_equal(world.vm.active, 3);
	assert_set(&world.vcpus[1], HSM, HSM_STARTED);
	assert_int_equal(world.vm.active, 3);
	for (unsigned int i = 0; i < WORLD_VCPUS; i++)
		for (unsigned int again = 0; again < 2; again++)
			assert_set(&world.vcpus[i], HSM, HSM_STOPPED);
	assert_int_equal(world.vm.active, 0);
	assert_set(vcpu, HSM, HSM_START_PENDING);
	assert_int_equal(world.vm.active, 1);
	assert_refuses(vcpu, HSM, HSM_STOP_PENDING);
	assert_refuses(vcpu, HSM, HSM_SUSPEND_PENDING);
	assert_refuses(vcpu, HSM, HSM_RESUME_PENDING);
	assert_refuses(vcpu, HSM, 7);
	assert_refuses(vcpu, HSM, BIT(32));
	assert_int_equal(world.vm.active, 1);
}

static void software_interrupt_on_its_way_is_pending(void **state)
{
	vcpu->pending = PENDING_SSIP | PENDING_FENCE_I;
	assert_int_equal(world_get(vcpu, CSR(CSR_SIP)), 2);
	assert_set(vcpu, CSR(CSR_SIP), 0);
	assert_int_equal(world_get(vcpu, CSR(CSR_SIP)), 0);
	assert_int_equal(vcpu->pending, PENDING_FENCE_I);
	vcpu->arch.hvip = HVIP_VSEIP | HVIP_VSTIP;
	assert_int_equal(world_get(vcpu, CSR(CSR_SIP)), 0);
	assert_set(vcpu, CSR(CSR_SIP), 2);
	assert_int_equal(vcpu->arch.hvip, HVIP_VSEIP | HVIP_VSTIP | HVIP_VSSIP);
}

static void interrupt_file_comes_to_memory(void **state)
{
	vcpu->intfile.hart = &fake_harts[1];
	world_get(vcpu, PC);
	assert_int_equal(world.evictions, 0);
	world_get(vcpu, FILE_OF(0xc0));
	assert_int_equal(world.evictions, 1);
	vcpu->intfile.hart = &fake_harts[1];
	vcpu->pending = 0;
	assert_set(vcpu, FILE_OF(0x80), 0x20);
	assert_int_equal(world.evictions, 2);
	assert_int_equal(vcpu->pending, PENDING_EXTIRQ);
	assert_set(vcpu, FILE_OF(0xc0), 0x20);
	assert_set(vcpu, FILE_OF(0x70), 1);
	assert_true(swfile_line(vcpu->file));
	assert_int_equal(swfile_top(vcpu->file), 5 << 16 | 5);
	vcpu->pending = 0;
	assert_set(vcpu, FILE_OF(0x72), 5);
	assert_int_equal(vcpu->pending, PENDING_EXTIRQ);
	assert_false(swfile_line(vcpu->file));
}

static void threshold_is_as_wide_as_the_widest_file(void **state)
{
	world_reset(ALL_FEATURES, 191);
	assert_set(vcpu, FILE_OF(0x72), 255);
	assert_refuses(vcpu, FILE_OF(0x72), 256);
	world.vsfile_identities = 1023;
	assert_set(vcpu, FILE_OF(0x72), 1023);
	assert_refuses(vcpu, FILE_OF(0x72), 1024);
	world.vm.vsfiles = false;
	assert_refuses(vcpu, FILE_OF(0x72), 256);
}

/* ---- time ---- */

static void offset_is_that_of_all_vcpus(void **state)
{
	for (unsigned int i = 0; i < WORLD_VCPUS; i++)
		world.vcpus[i].arch.hart = &fake_harts[1];
	assert_set(&world.vcpus[1], TIMER(0), -UINT64_C(5));
	for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
		assert_int_equal(world_get(&world.vcpus[i], TIMER(0)), -UINT64_C(5));
		assert_null(world.vcpus[i].arch.hart);
		assert_int_equal(world.armed[i], 0);
	}
	assert_int_equal(world_get(vcpu, TIMER(1)), 10000000);
	assert_refuses(vcpu, TIMER(1), 10000001);
}

static void emulated_timers_follow_the_offset(void **state)
{
	world_reset(ALL_FEATURES & ~BIT(FEATURE_SSTC), 255);
	fake_now = 1000;
	world.vcpus[0].arch.hvip = HVIP_VSTIP | HVIP_VSSIP;
	world.vcpus[0].pending = PENDING_TIMER | PENDING_SSIP;
	assert_set(&world.vcpus[0], TIMER(2), 1500);
	assert_int_equal(world.armed[0], 1500);
	assert_int_equal(world.vcpus[0].arch.hvip, HVIP_VSSIP);
	assert_int_equal(world.vcpus[0].pending, PENDING_SSIP);
	assert_set(&world.vcpus[1], TIMER(2), 10100);
	assert_set(&world.vcpus[1], TIMER(0), 9000);
	assert_int_equal(world.armed[0], 1000);
	assert_int_equal(world.armed[1], 1100);
	assert_int_equal(world.armed[2], TIMER_NEVER);
	assert_set(&world.vcpus[2], TIMER(0), -UINT64_C(800));
	assert_int_equal(world.armed[0], 2300);
	assert_int_equal(world.armed[1], 10900);
	assert_int_equal(world.armed[2], TIMER_NEVER);
	assert_int_equal(world_get(&world.vcpus[1], TIMER(2)), 10100);
}

static void times_of_guest_and_host_are_those_of_one_moment(void **state)
{
	struct vm *vm = &world.vm;

	fake_now = 1000;
	assert_int_equal(vm_time(vm), 1000);
	assert_int_equal(vm_time_to_host(vm, 1001), 1001);
	assert_int_equal(vm_time_to_host(vm, 999), 1000);
	assert_int_equal(vm_time_to_host(vm, TIMER_NEVER), TIMER_NEVER);
	vm->time_offset = BIT(63);
	assert_int_equal(vm_time(vm), BIT(63) + 1000);
	assert_int_equal(vm_time_to_host(vm, BIT(63) + 1001), 1001);
	assert_int_equal(vm_time_to_host(vm, 5), 1000);
	vm->time_offset = -UINT64_C(1000); /* it begins at 0 */
	assert_int_equal(vm_time(vm), 0);
	assert_int_equal(vm_time_to_host(vm, 0), 1000);
	assert_int_equal(vm_time_to_host(vm, 7), 1007);
	assert_int_equal(vm_time_to_host(vm, TIMER_NEVER - 1), TIMER_NEVER);
	assert_int_equal(vm_time_to_host(vm, TIMER_NEVER - 1002), TIMER_NEVER - 2);
	assert_int_equal(vm_time_to_host(vm, TIMER_NEVER), TIMER_NEVER);
}

#define TEST(name) cmocka_unit_test_setup(name, world_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sstatus_sums_up_and_has_no_other_width),
		TEST(bits_that_hstateen0_hides_cannot_be_set),
		TEST(vl_and_vtype_fit_each_other),
		TEST(set_takes_effect_wherever_the_vcpu_runs_next),
		TEST(privilege_is_where_an_entry_looks_for_it),
		TEST(hsm_state_counts_the_vcpus_that_are_not_stopped),
		TEST(software_interrupt_on_its_way_is_pending),
		TEST(interrupt_file_comes_to_memory),
		TEST(threshold_is_as_wide_as_the_widest_file),
		TEST(offset_is_that_of_all_vcpus),
		TEST(emulated_timers_follow_the_offset),
		TEST(times_of_guest_and_host_are_those_of_one_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
