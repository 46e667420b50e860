/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI SRST (SBI 3.0, "System Reset Extension"): the guest ends or reboots its machine. The VM
 * manager does it; the caller only stops. No lock.
 */
#include <arch/sbi.h>

#include "extensions.h"

#define FID_SYSTEM_RESET 0

enum { RESET_SHUTDOWN, RESET_COLD_REBOOT, RESET_WARM_REBOOT, RESET_TYPES };
enum { REASON_NONE, REASON_SYSTEM_FAILURE, REASONS };

/**
 * Both kinds of reboot keep RAM, but where the images are loaded again, the clock and the console:
 * what a warm one has to keep, and a cold one may.
 */
static void machine_reset(struct vm *vm, uint32_t type, uint32_t reason)
{
	static const char *const reboots[][REASONS] = {
		[RESET_COLD_REBOOT] = { "guest rebooted", "guest rebooted after a failure" },
		[RESET_WARM_REBOOT] = { "guest rebooted (warm)",
					"guest rebooted (warm) after a failure" },
	};
	bool failure = reason == REASON_SYSTEM_FAILURE;

	if (type != RESET_SHUTDOWN)
		vm_request(vm, VM_REQUEST_REBOOT, reboots[index_mask(type, RESET_TYPES)][failure]);
	else if (failure)
		vm_request(vm, VM_REQUEST_FAIL, "guest reported a system failure");
	else
		vm_request(vm, VM_REQUEST_SHUTDOWN, "guest shut down");
}

static struct sbi_result srst_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	uint32_t type = (uint32_t)args[0];
	uint32_t reason = (uint32_t)args[1];

	if (function != FID_SYSTEM_RESET)
		return sbi_error(SBI_NOT_SUPPORTED);
	/*
	 * All others are reserved, or a platform's own, of which a VM has none: the section wants
	 * this error for both.
	 */
	if (type >= RESET_TYPES || reason >= REASONS)
		return sbi_error(SBI_INVALID_PARAM);
	machine_reset(vcpu->vm, type, reason);
	vcpu_leave(vcpu, LEAVE_PARK);
	return sbi_value(0);
}

const struct sbi_extension sbi_srst = {
	.id = SBI_EXT_SRST,
	.name = "srst",
	.call = srst_call,
};
