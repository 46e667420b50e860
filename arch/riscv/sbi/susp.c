/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI SUSP (SBI 3.0, "System Suspend Extension"): suspend to RAM. All other vCPUs are stopped, so
 * it is a suspend of the caller without retention: an interrupt that is pending and enabled wakes
 * it, and its devices need nothing. No lock: nobody but the caller could start another vCPU.
 */
#include <arch/sbi.h>

#include "extensions.h"

#define FID_SYSTEM_SUSPEND 0

#define SUSPEND_TO_RAM UINT32_C(0)

static bool others_are_stopped(const struct vcpu *caller)
{
	const struct vm *vm = caller->vm;

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i] != caller &&
		    __atomic_load_n(&vm->vcpus[i]->hsm, __ATOMIC_ACQUIRE) != HSM_STOPPED)
			return false;
	return true;
}

static struct sbi_result susp_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	if (function != FID_SYSTEM_SUSPEND)
		return sbi_error(SBI_NOT_SUPPORTED);
	/*
	 * All other types are reserved, or a platform's own, of which a VM has none: the section
	 * wants this error for both.
	 */
	if ((uint32_t)args[0] != SUSPEND_TO_RAM)
		return sbi_error(SBI_INVALID_PARAM);
	if (!sbi_entry_valid(vcpu->vm, args[1]))
		return sbi_error(SBI_INVALID_ADDRESS);
	if (!others_are_stopped(vcpu))
		return sbi_error(SBI_DENIED);
	vcpu->suspend_resets = true;
	vcpu->suspends_vm = true;
	return sbi_hsm_suspend(vcpu, args[1], args[2]);
}

const struct sbi_extension sbi_susp = {
	.id = SBI_EXT_SUSP,
	.name = "susp",
	.call = susp_call,
};
