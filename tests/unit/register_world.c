/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "register_world.h"

#include <arch/csr.h>
#include <arch/sbi.h>
#include <arch/vsfile.h>
#include <core/vcpu_timer.h>
#include <errno.h>
#include <stdlib.h>

extern const struct sbi_extension sbi_fwft;

struct world world;
struct hart *harts[MAX_HARTS] = { &fake_harts[0], &fake_harts[1] };
unsigned int hart_count = 2;
uint64_t timebase = 10000000;

/* Harts with Sv39 and Sv57, 5 bits of ASID and 40 of PPN, no pointer masking of 16 bits. */
static const uint64_t limits[LIMIT_COUNT] = {
	[LIMIT_SSTATUS] = 0x800000078c6732, /* and what is no field */
	[LIMIT_STVEC_MODES] = 0x3,
	[LIMIT_SCOUNTEREN] = 0xffff0007,
	[LIMIT_SENVCFG] = 0x3000000f1,
	[LIMIT_CBIES] = 0xb,
	[LIMIT_PMMS] = 0x5,
	[LIMIT_SSTATEEN0] = 0x5,
	[LIMIT_SCAUSE] = 0x800000000000003f,
	[LIMIT_SISELECT] = 0x1ff,
	[LIMIT_SATP] = 0x001f0ffffffffff,
	[LIMIT_SATP_MODES] = BIT(0) | BIT(8) | BIT(10),
	[LIMIT_VTYPES] = 0x0f8fcfef, /* of SEW 8 to 64: LMUL 1 to 8, and as small as SEW / 64 */
};

void world_reset(uint64_t features, unsigned int identities)
{
	fake_hart_reset();
	memset(&world, 0, sizeof(world));
	world.vm.held = true;
	world.vm.vcpu_count = WORLD_VCPUS;
	world.vm.vsfiles = identities != 0;
	world.vm.active = 1;
	world.vm.sbi_enabled = features ? UINT64_MAX : 0;
	world.vm.arch.features = features;
	world.vm.arch.triggers = features & BIT(FEATURE_SDTRIG) ? 2 : 0;
	world.vm.arch.vlenb = WORLD_VLENB;
	world.vm.arch.hstateen0 = BIT(63) | 0x4;
	memcpy(world.vm.arch.limits, limits, sizeof(limits));
	memset(&world.vm.affinity, 0xff, sizeof(world.vm.affinity));
	for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
		struct vcpu *vcpu = &world.vcpus[i];

		world.vm.vcpus[i] = vcpu;
		vcpu->vm = &world.vm;
		vcpu->index = i;
		vcpu->hsm = i == 0 ? HSM_STARTED : HSM_STOPPED;
		vcpu->timer_deadline = TIMER_NEVER;
		vcpu->arch.features = features;
		vcpu->arch.hstateen0 = world.vm.arch.hstateen0;
		vcpu->arch.hart = &fake_harts[1];
		vcpu->arch.sstatus = SSTATUS_SPP;
		vcpu->arch.hstatus = HSTATUS_SPVP | HSTATUS_SPV;
		vcpu->arch.vsstatus = SSTATUS_UXL_64;
		vcpu->arch.vtype = BIT(63);
		if (sbi_fwft.vcpu_init(vcpu))
			abort();
		if (features & BIT(FEATURE_VECTOR))
			vcpu->arch.vector = world.vectors[i];
		if (features)
			vcpu->arch.pmu = &world.pmus[i];
		if (identities) {
			vcpu->file = &world.files[i];
			swfile_init(vcpu->file, identities);
		}
	}
}

int world_setup(void **state)
{
	world_reset(ALL_FEATURES, 255);
	return 0;
}

uint64_t world_get(struct vcpu *vcpu, uint32_t number)
{
	uint64_t value = 0xdead;

	assert_int_equal(vcpu_register_get(vcpu, number, &value, sizeof(value)), 0);
	return value;
}

int world_set(struct vcpu *vcpu, uint32_t number, uint64_t value)
{
	return vcpu_register_set(vcpu, number, &value, sizeof(value));
}

/* ---- below the registers ---- */

/* All addresses are memory. */
int sbi_sta_move(struct vcpu *vcpu, uint64_t memory)
{
	if (memory != UINT64_MAX && memory % 64)
		return -EINVAL;
	vcpu->arch.sta_memory = memory;
	return 0;
}

uint64_t sbi_sta_stolen(const struct vcpu *vcpu)
{
	return vcpu->arch.sta_before;
}

void sbi_sta_stolen_set(struct vcpu *vcpu, uint64_t ns)
{
	vcpu->arch.sta_before = ns;
}

const struct sbi_extension *sbi_find(const struct vm *vm, unsigned long id)
{
	static const struct sbi_extension there;

	if (id == SBI_EXT_FWFT && world.without_fwft)
		return NULL;
	return vm->sbi_enabled ? &there : NULL;
}

/* Memory of the guest: the first MiB. */
long sbi_shared_memory(const struct vm *vm, uint64_t low, uint64_t high, uint64_t size,
		       uint64_t alignment, unsigned int access)
{
	assert_int_equal(size, 2 * 32);
	assert_int_equal(alignment, 8);
	return low % alignment || high || low >= MIB(1) - size ? SBI_INVALID_ADDRESS : SBI_SUCCESS;
}

void dbtr_changed(struct vcpu *vcpu)
{
	(void)vcpu;
}

void pmu_changed(struct vcpu *vcpu)
{
	(void)vcpu;
	world.pmu_changes++;
}

void vcpu_timer_set(struct vcpu *vcpu, uint64_t deadline)
{
	vcpu->timer_deadline = deadline;
	world.armed[vcpu->index] = vm_time_to_host(vcpu->vm, deadline);
}

void intfile_evict(struct vcpu *vcpu)
{
	vcpu->intfile.hart = NULL;
	world.evictions++;
}

unsigned int arch_vsfile_identities(const struct hart *hart)
{
	return hart == &fake_harts[1] ? world.vsfile_identities : 0;
}

void arch_vcpu_set_henvcfg(struct vcpu *vcpu, uint64_t field, uint64_t bits)
{
	vcpu->arch.henvcfg = (vcpu->arch.henvcfg & ~field) | bits;
}

void arch_vcpu_set_kept(struct vcpu *vcpu, uint64_t kept)
{
	vcpu->arch.kept = kept;
}
