/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI sPI (SBI 3.0, "IPI Extension"): supervisor software interrupts. No lock: the receivers'
 * pending bits are atomic.
 */
#include <arch/sbi.h>

#include "extensions.h"

#define FID_SEND_IPI 0

/** Sends to vCPUs other than the caller. One that is stopped would only find it when started. */
static void ipi_send(struct vm *vm, uint64_t vcpus)
{
	for (; vcpus; vcpus &= vcpus - 1) {
		struct vcpu *vcpu = vm->vcpus[__builtin_ctzll(vcpus)];

		if (__atomic_load_n(&vcpu->hsm, __ATOMIC_ACQUIRE) != HSM_STOPPED)
			vcpu_notify(vcpu, PENDING_SSIP);
	}
}

static struct sbi_result ipi_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	uint64_t self = BIT(vcpu->index);
	uint64_t vcpus;
	long error;

	if (unlikely(function != FID_SEND_IPI))
		return sbi_error(SBI_NOT_SUPPORTED);
	error = sbi_hart_mask(vcpu->vm, args[0], args[1], &vcpus);
	if (unlikely(error))
		return sbi_error(error);
	if (vcpus & self)
		arch_vcpu_raise_ssip(vcpu);
	ipi_send(vcpu->vm, vcpus & ~self);
	return sbi_value(0);
}

const struct sbi_extension sbi_ipi = {
	.id = SBI_EXT_IPI,
	.name = "ipi",
	.call = ipi_call,
};
