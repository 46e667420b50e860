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
static void ipi_send_all(struct vcpu *vcpu, uint64_t vcpus)
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
	/* That is how Linux names it; call() knows all ways. */
	if (function != FID_SEND_IPI || args[1] != vcpu->index || args[0] != 1)
		return sbi_heavy();
	arch_vcpu_raise_ssip(vcpu);
	return sbi_value(0);
}

/** To those that a hart mask names. */
static NOINLINE struct sbi_result ipi_send_mask(struct vcpu *vcpu, uint64_t mask, uint64_t base)
{
	uint64_t vcpus;
	long error = sbi_hart_mask(vcpu->vm, mask, base, &vcpus);

	if (!error)
		ipi_send_all(vcpu, vcpus);
	return sbi_error(error);
}

static struct sbi_result ipi_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	const struct vm *vm = vcpu->vm;
	uint64_t mask = args[0], base = args[1];

	if (unlikely(function != FID_SEND_IPI))
		return sbi_error(SBI_NOT_SUPPORTED);
	/* Nearly always one other, and that is how Linux names it. */
	if (unlikely(mask != 1 || base >= vm->vcpu_count || base == vcpu->index ||
		     vcpu->arch.pmu_events))
		return ipi_send_mask(vcpu, mask, base);
	ipi_send(vm->vcpus[base % MAX_VCPUS]); /* whatever is speculated */
	return sbi_value(0);
}

const struct sbi_extension sbi_ipi = {
	.id = SBI_EXT_IPI,
	.name = "ipi",
	.light = ipi_light,
	.call = ipi_call,
};
