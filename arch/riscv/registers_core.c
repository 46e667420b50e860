/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of vCPUs: general ones, privilege, and what HSM keeps. The vCPU is in no hart, so
 * that its state is in memory; the control lock is held.
 */
#include <arch/csr.h>
#include <core/vm.h>
#include <errno.h>

#include "register_groups.h"

/* ---- general registers ---- */

static uint64_t pc_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->arch.sepc;
}

static int pc_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	(void)index;
	if (value & 1)
		return -EINVAL;
	vcpu->arch.sepc = value;
	return 0;
}

static uint64_t x_get(const struct vcpu *vcpu, unsigned int index)
{
	return vcpu->arch.regs[index];
}

static int x_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	vcpu->arch.regs[index] = value;
	return 0;
}

static uint64_t privilege_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return (vcpu->arch.sstatus & SSTATUS_SPP) != 0;
}

static int privilege_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	struct arch_vcpu *arch = &vcpu->arch;

	(void)index;
	if (value > 1)
		return -EINVAL;
	arch->sstatus = (arch->sstatus & ~SSTATUS_SPP) | (value ? SSTATUS_SPP : 0);
	arch->hstatus = (arch->hstatus & ~HSTATUS_SPVP) | (value ? HSTATUS_SPVP : 0);
	return 0;
}

/* ---- Zicfilp: what sstatus.SPELP of the exit holds for the guest ---- */

static bool elp_exists(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return arch_vcpu_has(&vcpu->arch, FEATURE_LANDING_PAD);
}

static uint64_t elp_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return (vcpu->arch.sstatus & SSTATUS_SPELP) != 0;
}

static int elp_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	struct arch_vcpu *arch = &vcpu->arch;

	(void)index;
	if (value > 1)
		return -EINVAL;
	arch->sstatus = (arch->sstatus & ~SSTATUS_SPELP) | (value ? SSTATUS_SPELP : 0);
	return 0;
}

/* ---- HSM ---- */

static uint64_t hsm_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return __atomic_load_n(&vcpu->hsm, __ATOMIC_SEQ_CST);
}

/* The states that a vCPU can be in while it is held: the others are on the way to one of them. */
static int hsm_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	uint32_t before = __atomic_load_n(&vcpu->hsm, __ATOMIC_SEQ_CST);

	(void)index;
	if (value != HSM_STARTED && value != HSM_STOPPED && value != HSM_START_PENDING &&
	    value != HSM_SUSPENDED)
		return -EINVAL;
	__atomic_store_n(&vcpu->hsm, (uint32_t)value, __ATOMIC_SEQ_CST);
	if (before == HSM_STOPPED && value != HSM_STOPPED)
		__atomic_fetch_add(&vcpu->vm->active, 1, __ATOMIC_SEQ_CST);
	else if (before != HSM_STOPPED && value == HSM_STOPPED)
		__atomic_fetch_sub(&vcpu->vm->active, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static uint64_t resume_get(const struct vcpu *vcpu, unsigned int index)
{
	if (index == REGISTER_HSM_RESUME_ADDRESS)
		return vcpu->start_pc;
	return index == REGISTER_HSM_RESUME_OPAQUE ? vcpu->start_opaque : vcpu->suspend_resets;
}

static int resume_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	switch (index) {
	case REGISTER_HSM_RESUME_ADDRESS:
		vcpu->start_pc = value;
		return 0;
	case REGISTER_HSM_RESUME_OPAQUE:
		vcpu->start_opaque = value;
		return 0;
	default:
		if (value > 1)
			return -EINVAL;
		vcpu->suspend_resets = value;
		return 0;
	}
}

static const struct register_row core_rows[] = {
	{ .first = REGISTER(REGISTER_CORE, 0),
	  .count = 1,
	  .name = "pc",
	  .get = pc_get,
	  .set = pc_set },
	{ .first = REGISTER(REGISTER_CORE, 1),
	  .count = 31,
	  .base = 1,
	  .name = "x",
	  .get = x_get,
	  .set = x_set },
	{ .first = REGISTER(REGISTER_CORE, 32),
	  .count = 1,
	  .name = "privilege",
	  .get = privilege_get,
	  .set = privilege_set },
	{ .first = REGISTER(REGISTER_CORE, 33),
	  .count = 1,
	  .name = "hsm",
	  .get = hsm_get,
	  .set = hsm_set },
	{ .first = REGISTER(REGISTER_CORE, 34),
	  .count = 1,
	  .name = "landing-pad-expected",
	  .exists = elp_exists,
	  .get = elp_get,
	  .set = elp_set },
};

#define RESUME(index, text)                                        \
	{                                                          \
		.first = REGISTER_OF_SBI(REGISTER_SBI_HSM, index), \
		.count = 1,                                        \
		.base = (index),                                   \
		.name = (text),                                    \
		.get = resume_get,                                 \
		.set = resume_set,                                 \
	}

static const struct register_row hsm_rows[] = {
	RESUME(REGISTER_HSM_RESUME_ADDRESS, "hsm.resume-address"),
	RESUME(REGISTER_HSM_RESUME_OPAQUE, "hsm.resume-opaque"),
	RESUME(REGISTER_HSM_RESUME_RESETS, "hsm.resume-resets"),
};

const struct register_group registers_core = { core_rows, ARRAY_SIZE(core_rows) };
const struct register_group registers_hsm = { hsm_rows, ARRAY_SIZE(hsm_rows) };
