/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI sPI (SBI 3.0, "IPI Extension"): supervisor software interrupts. No lock: the receivers'
 * pending bits are atomic.
 */
#include <arch/pmu.h>
#include <arch/sbi.h>
#include <core/light.h>
#include <emulators/bits.h>

#include "extensions.h"

#define FID_SEND_IPI 0

/** Sends to a vCPU other than the caller. One that is stopped would only find it when started. */
static inline void ipi_send(struct vcpu *vcpu)
{
	if (__atomic_load_n(&vcpu->hsm, __ATOMIC_RELAXED) != HSM_STOPPED)
		vcpu_notify(vcpu, PENDING_SSIP);
}

/** To any number of vCPUs. */
static NOINLINE void ipi_send_all(struct vcpu *vcpu, uint64_t vcpus)
{
	uint64_t self = BIT(vcpu->index);

	if (vcpus & self)
		arch_vcpu_raise_ssip(vcpu);
	vcpus &= ~self;
	pmu_firmware_event(vcpu, PMU_FW_IPI_SENT, (unsigned int)__builtin_popcountll(vcpus));
	for (; vcpus; vcpus &= vcpus - 1)
		ipi_send(vcpu->vm->vcpus[bit_lowest(vcpus)]);
}

/** To the caller alone. */
LIGHT static struct sbi_result ipi_light(struct vcpu *vcpu, unsigned long function,
					 const uint64_t *args)
{
	if (function != FID_SEND_IPI || !sbi_hart_mask_is_self(vcpu, args[0], args[1]))
		return sbi_heavy();
	arch_vcpu_raise_ssip(vcpu);
	return sbi_value(0);
}

static struct sbi_result ipi_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	uint64_t vcpus;
	long error;

	if (unlikely(function != FID_SEND_IPI))
		return sbi_error(SBI_NOT_SUPPORTED);
	error = sbi_hart_mask(vcpu->vm, args[0], args[1], &vcpus);
	if (unlikely(error))
		return sbi_error(error);
	/* Nearly always to one other. */
	if (likely(vcpus && !(vcpus & (vcpus - 1)) && !vcpu->arch.pmu_events &&
		   !(vcpus >> vcpu->index & 1)))
		ipi_send(vcpu->vm->vcpus[bit_lowest(vcpus)]);
	else
		ipi_send_all(vcpu, vcpus);
	return sbi_value(0);
}

const struct sbi_extension sbi_ipi = {
	.id = SBI_EXT_IPI,
	.name = "ipi",
	.light = ipi_light,
	.call = ipi_call,
};
