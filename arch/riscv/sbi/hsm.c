/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI HSM (SBI 3.0, "Hart State Management Extension"). vcpu->hsm is atomic: vcpu_start() and
 * the scheduler move it between started and stopped, the vCPU itself to and from suspended. That
 * happens at once, so that nobody sees SUSPEND_PENDING or RESUME_PENDING.
 */
#include <arch/sbi.h>
#include <arch/sse.h>
#include <core/light.h>
#include <errno.h>

#include "extensions.h"

#define FID_START 0
#define FID_STOP 1
#define FID_STATUS 2
#define FID_SUSPEND 3

#define SUSPEND_RETENTIVE UINT32_C(0)
#define SUSPEND_NON_RETENTIVE UINT32_C(0x80000000)

/** The vCPU with hart id @id, or NULL. */
static inline struct vcpu *vcpu_by_id(const struct vm *vm, uint64_t id)
{
	return id < vm->vcpu_count ? vm->vcpus[index_mask(id, vm->vcpu_count)] : NULL;
}

static inline uint32_t hsm_get(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->hsm, __ATOMIC_ACQUIRE);
}

static void hsm_set(struct vcpu *vcpu, enum hsm_state state)
{
	__atomic_store_n(&vcpu->hsm, state, __ATOMIC_RELEASE);
}

bool sbi_entry_valid(const struct vm *vm, uint64_t at)
{
	return !sbi_shared_memory(vm, at, 0, 2, 2, GSTAGE_EXECUTE);
}

static struct sbi_result hsm_start(struct vcpu *caller, uint64_t id, uint64_t at, uint64_t opaque)
{
	struct vcpu *vcpu = vcpu_by_id(caller->vm, id);
	int error;

	if (!vcpu)
		return sbi_error(SBI_INVALID_PARAM);
	if (!sbi_entry_valid(caller->vm, at))
		return sbi_error(SBI_INVALID_ADDRESS);
	error = vcpu_start(vcpu, at, opaque);
	if (!error)
		return sbi_value(0);
	/* A vCPU on its way to stopped is none that is started; it can be once it is there. */
	return sbi_error(error == -EBUSY ? SBI_FAILED : SBI_ALREADY_AVAILABLE);
}

static struct sbi_result hsm_stop(struct vcpu *vcpu)
{
	hsm_set(vcpu, HSM_STOP_PENDING);
	sse_stop(vcpu);
	vcpu_leave(vcpu, LEAVE_PARK);
	return sbi_value(0);
}

LIGHT static struct sbi_result hsm_light(struct vcpu *caller, unsigned long function,
					 const uint64_t *args)
{
	const struct vcpu *vcpu;

	if (function != FID_STATUS)
		return sbi_heavy();
	vcpu = vcpu_by_id(caller->vm, args[0]);
	return vcpu ? sbi_value(hsm_get(vcpu)) : sbi_error(SBI_INVALID_PARAM);
}

static struct sbi_result hsm_suspend(struct vcpu *vcpu, uint32_t type, uint64_t at, uint64_t opaque)
{
	if (type != SUSPEND_RETENTIVE && type != SUSPEND_NON_RETENTIVE)
		return sbi_error(SBI_INVALID_PARAM);
	if (type == SUSPEND_NON_RETENTIVE && !sbi_entry_valid(vcpu->vm, at))
		return sbi_error(SBI_INVALID_ADDRESS);
	vcpu->suspend_resets = type == SUSPEND_NON_RETENTIVE;
	vcpu->suspends_vm = false;
	return sbi_hsm_suspend(vcpu, at, opaque);
}

struct sbi_result sbi_hsm_suspend(struct vcpu *vcpu, uint64_t at, uint64_t opaque)
{
	vcpu->start_pc = at;
	vcpu->start_opaque = opaque;
	hsm_set(vcpu, HSM_SUSPENDED);
	sbi_hsm_resume(vcpu);
	if (vcpu->suspend_resets)
		return (struct sbi_result){ .error = vcpu->index, .value = opaque };
	return sbi_value(0);
}

bool sbi_hsm_resume(struct vcpu *vcpu)
{
	bool event = sse_ready(vcpu);

	if (!event && !arch_vcpu_interrupt_pending(vcpu)) {
		vcpu_leave(vcpu, LEAVE_BLOCK);
		return false;
	}
	if (vcpu->suspend_resets)
		arch_vcpu_restart(vcpu, vcpu->start_pc, vcpu->index, vcpu->start_opaque);
	hsm_set(vcpu, HSM_STARTED);
	/* It interrupts what the resume begins with. */
	if (event)
		vcpu_notify(vcpu, PENDING_SSE);
	return true;
}

static struct sbi_result hsm_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	switch (function) {
	case FID_START:
		return hsm_start(vcpu, args[0], args[1], args[2]);
	case FID_STOP:
		return hsm_stop(vcpu);
	case FID_SUSPEND:
		return hsm_suspend(vcpu, (uint32_t)args[0], args[1], args[2]);
	}
	return sbi_error(SBI_NOT_SUPPORTED);
}

const struct sbi_extension sbi_hsm = {
	.id = SBI_EXT_HSM,
	.name = "hsm",
	.light = hsm_light,
	.call = hsm_call,
};
