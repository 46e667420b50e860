/* SPDX-License-Identifier: BSD-2-Clause */
/* VMs that move to other harts, if those have what their vCPUs were given. One thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vm_world.h"

#include <arch/csr.h>
#include <errno.h>
#include <stdio.h>

/* A VM for hart 0 alone; hart 1, whose id is 10, has the same. */
static struct vm *create_on_hart_0(void)
{
	struct arch_hart *arch = &harts[0]->arch;
	struct vm *vm;

	arch->features |= BIT(FEATURE_VECTOR) | BIT(FEATURE_SSTC);
	arch->henvcfg = HENVCFG_STCE | HENVCFG_PBMTE | HENVCFG_CBZE | HENVCFG_CBIE | HENVCFG_CBCFE;
	arch->hstateen0 = UINT64_MAX;
	arch->limits[LIMIT_SATP] = UINT64_C(0xffff00000ffffff);
	arch->limits[LIMIT_SATP_MODES] = 0x701;
	arch->vlenb = 16;
	arch->cbom_block = arch->cboz_block = arch->cbop_block = 64;
	arch->mmu_type = "riscv,sv48";
	isa_add(&arch->isa, ISA_ZBB);
	isa_add(&arch->isa, ISA_SVVPTC);
	isa_add(&arch->isa, ISA_SVPBMT);
	isa_add(&arch->isa, ISA_ZICBOM);
	isa_add(&arch->isa, ISA_ZICBOZ);
	isa_add(&arch->isa, ISA_ZICBOP);
	isa_add(&arch->isa, ISA_ZICSR);
	isa_add(&arch->isa, ISA_ZVL32B);
	isa_add(&arch->isa, ISA_ZVE32X);
	world.config.affinity_count = 1;
	world.config.affinity[0] = (struct hart_range){ 0, 0 };
	vm = world_create();
	harts[1]->arch = *arch;
	harts[1]->state = HART_ONLINE;
	world.said[0] = '\0';
	return vm;
}

/* Config, VM and vCPUs agree. */
static void must_have_harts(const struct vm *vm, uint64_t harts_bits)
{
	assert_int_equal(vm->affinity.bits[0], harts_bits);
	for (unsigned int i = 0; i < WORLD_HARTS; i++)
		assert_int_equal(vm_config_allows_hart(&vm->config, harts[i]->id),
				 harts_bits >> i & 1);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		assert_int_equal(vm->vcpus[i]->sched.affinity.bits[0], harts_bits);
}

static void affinity_changes_and_stays_over_a_reset(void **state)
{
	const struct hart_range both[] = { { 0, 0 }, { 10, 10 } };
	struct vm *vm = create_on_hart_0();

	must_have_harts(vm, 1);
	assert_int_equal(vm_set_affinity(vm, both, 2), 0);
	must_have_harts(vm, 3);
	assert_int_equal(vm_set_affinity(vm, &both[1], 1), 0);
	must_have_harts(vm, 2);
	vm_start(vm);
	assert_int_equal(vm_set_affinity(vm, &both[0], 1), 0);
	must_have_harts(vm, 1);
	assert_int_equal(vm_set_affinity(vm, both, 0), 0);
	must_have_harts(vm, 3);
	harts[1]->state = HART_OFFLINE;
	assert_int_equal(vm_set_affinity(vm, both, 2), 0);
	assert_int_equal(vm_reset(vm), 0);
	must_have_harts(vm, 3);
	assert_int_equal(vm->gstage.levels, 3);
}

static void must_be_roomy(const struct vm *vm, bool roomy)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		assert_int_equal(vm->vcpus[i]->sched.roomy, roomy);
}

static void vm_has_room_when_there_is_a_hart_for_each_vcpu(void **state)
{
	const struct hart_range both[] = { { 0, 0 }, { 10, 10 } };
	struct vm *vm = create_on_hart_0(), *other;

	world.wfi_native = true;
	vm_roomy_update();
	must_be_roomy(vm, false);
	assert_int_equal(vm_set_affinity(vm, both, 2), 0);
	must_be_roomy(vm, true);
	world.config.vcpus = 1;
	snprintf(world.config.name, sizeof(world.config.name), "other");
	other = vm_create(&world.config);
	assert_non_null(other);
	must_be_roomy(vm, false);
	must_be_roomy(other, false);
	/* Nobody is there to answer for it. */
	harts[1]->state = HART_OFFLINE;
	vm_destroy(other);
	must_be_roomy(vm, false);
	harts[1]->state = HART_ONLINE;
	vm_roomy_update();
	must_be_roomy(vm, true);
	world.wfi_native = false;
	vm_roomy_update();
	must_be_roomy(vm, false);
	harts[1]->state = HART_OFFLINE;
}

static void change_of_affinity_waits_until_vcpus_have_moved(void **state)
{
	const struct hart_range second = { 10, 10 };
	struct vm *vm = create_on_hart_0();

	vm_start(vm);
	vm->vcpus[0]->sched.on = harts[0];
	assert_int_equal(vm_set_affinity(vm, &second, 1), 0);
	assert_null(vm->vcpus[0]->sched.on);
	assert_int_equal(world.slept, 3);
}

static void must_refuse(struct vm *vm, struct hart_range range, int error, const char *text)
{
	const struct hart_range ranges[] = { { 0, 0 }, range };

	world.said[0] = '\0';
	assert_int_equal(vm_set_affinity(vm, ranges, 2), error);
	assert_string_equal(world.said, text);
	must_have_harts(vm, 1);
}

static void hart_that_is_not_there_is_refused(void **state)
{
	const struct hart_range second = { 10, 10 };
	struct vm *vm = create_on_hart_0();

	must_refuse(vm, (struct hart_range){ 1, UINT32_MAX }, -ENOENT,
		    "guest: cpu-affinity: hart 1 is not there");
	must_refuse(vm, (struct hart_range){ 10, 11 }, -ENOENT,
		    "guest: cpu-affinity: hart 11 is not there");
	harts[1]->state = HART_ABSENT;
	must_refuse(vm, second, -ENOENT, "guest: cpu-affinity: hart 10 never came");
	harts[1]->state = HART_OFFLINE;
	world.said[0] = '\0';
	assert_int_equal(vm_set_affinity(vm, &second, 1), -ENOTSUP);
	assert_string_equal(world.said, "guest: cpu-affinity: none of these harts is on-line");
	must_have_harts(vm, 1);
}

static void hart_that_lacks_what_vcpus_were_given_is_refused(void **state)
{
	struct arch_hart *arch = &harts[1]->arch;
	struct vm *vm = create_on_hart_0();
	struct arch_hart same = *arch;

#define MUST_REFUSE(change, text)                                                        \
	do {                                                                             \
		change;                                                                  \
		must_refuse(vm, (struct hart_range){ 10, 10 }, -ENOTSUP,                 \
			    "guest: cpu-affinity: hart 10 has " text);                   \
		assert_int_equal(vm_set_affinity(vm, vm->config.affinity, 0), -ENOTSUP); \
		must_have_harts(vm, 1);                                                  \
		*arch = same;                                                            \
	} while (0)

	MUST_REFUSE(arch->gstage_modes = BIT(4) | BIT(5), "no Sv39x4");
	MUST_REFUSE(arch->features &= ~BIT(FEATURE_SSTC), "no sstc");
	MUST_REFUSE(arch->features &= ~BIT(FEATURE_SSAIA), "no ssaia");
	MUST_REFUSE(arch->features &= ~BIT(FEATURE_VECTOR), "no vector");
	MUST_REFUSE(isa_remove(&arch->isa, ISA_ZBB), "no zbb");
	MUST_REFUSE(isa_remove(&arch->isa, ISA_SVVPTC), "no svvptc");
	MUST_REFUSE(arch->henvcfg &= ~HENVCFG_PBMTE, "no bits 0x4000000000000000 of henvcfg");
	MUST_REFUSE(arch->hstateen0 &= ~HSTATEEN0_ENVCFG,
		    "no bits 0x4000000000000000 of hstateen0");
	MUST_REFUSE(arch->limits[LIMIT_SATP_MODES] = 0x301, "no bits 0x400 of the modes of satp");
	MUST_REFUSE(arch->limits[LIMIT_SATP] &= ~BIT(59), "no bits 0x800000000000000 of satp");
	MUST_REFUSE(arch->vlenb = 32, "vector registers of 32 bytes, its vCPUs were given 16");
	MUST_REFUSE(arch->cbom_block = 0, "cbom blocks of 0 bytes, its vCPUs were given 64");
	MUST_REFUSE(arch->cboz_block = 32, "cboz blocks of 32 bytes, its vCPUs were given 64");
	MUST_REFUSE(arch->cbop_block = 128, "cbop blocks of 128 bytes, its vCPUs were given 64");
	MUST_REFUSE(arch->mmu_type = "riscv,sv39", "no riscv,sv48");
#undef MUST_REFUSE
}

/* What its vCPUs do not have they do not miss. */
static void hart_that_has_more_is_taken(void **state)
{
	const struct hart_range both[] = { { 0, 0 }, { 10, 10 } };
	struct vm *vm = create_on_hart_0();
	struct arch_hart *arch = &harts[1]->arch;

	vm->arch.features &= ~(BIT(FEATURE_VECTOR) | BIT(FEATURE_SSTC));
	vm->arch.henvcfg = 0;
	vm->arch.cbom_block = 0;
	arch->vlenb = 32;
	arch->cbom_block = 32;
	arch->mmu_type = "riscv,sv57";
	arch->gstage_modes = BIT(3);
	isa_add(&arch->isa, ISA_H);
	assert_int_equal(vm_set_affinity(vm, both, 2), 0);
	must_have_harts(vm, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(affinity_changes_and_stays_over_a_reset),
		TEST(vm_has_room_when_there_is_a_hart_for_each_vcpu),
		TEST(change_of_affinity_waits_until_vcpus_have_moved),
		TEST(hart_that_is_not_there_is_refused),
		TEST(hart_that_lacks_what_vcpus_were_given_is_refused),
		TEST(hart_that_has_more_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
