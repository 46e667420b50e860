/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI RFNC (SBI 3.0, "RFENCE Extension"). The caller fences its own range; another vCPU is told
 * to fence its whole VMID before it enters the guest the next time, and is thrown out of the
 * guest so that this is now. No lock: pending bits are atomic.
 */
#include <arch/pmu.h>
#include <arch/sbi.h>
#include <core/light.h>

#include "extensions.h"

#define FID_FENCE_I 0
#define FID_SFENCE_VMA 1
#define FID_SFENCE_VMA_ASID 2
/* 3 to 6 are HFENCEs, for harts with the hypervisor extension: not those of a guest. */

#define ASID_MAX UINT64_C(0xffff)

struct fence {
	uint32_t pending; /* what others do: a bit of enum vcpu_pending */
	enum pmu_firmware_event sent;
	bool by_asid;
	uint64_t start; /* page-aligned */
	uint64_t size; /* whole pages; UINT64_MAX: the whole address space */
	uint64_t asid;
};

/**
 * The pages that hold [@start, @start + @size). What is long, wraps around or stands for
 * everything becomes the whole address space: the work of a fence is bounded.
 */
static inline void fence_range(struct fence *fence, uint64_t start, uint64_t size)
{
	uint64_t first = align_down(start, PAGE_SIZE);
	uint64_t last = align_down(start + MAX(size, 1) - 1, PAGE_SIZE);

	fence->start = first;
	fence->size = last - first + PAGE_SIZE;
	if ((!start && !size) || size > SBI_FENCE_RANGE || last < first ||
	    fence->size > SBI_FENCE_RANGE) {
		fence->start = 0;
		fence->size = UINT64_MAX;
	}
}

/** Checks the call. Returns 0 with *@fence filled, or the SBI error. */
static ALWAYS_INLINE long fence_decode(const struct vcpu *vcpu, unsigned long function,
				       const uint64_t *args, struct fence *fence)
{
	switch (function) {
	case FID_FENCE_I:
		*fence = (struct fence){ .pending = PENDING_FENCE_I, .sent = PMU_FW_FENCE_I_SENT };
		return SBI_SUCCESS;
	case FID_SFENCE_VMA:
		*fence = (struct fence){ .pending = PENDING_SFENCE,
					 .sent = PMU_FW_SFENCE_VMA_SENT };
		break;
	case FID_SFENCE_VMA_ASID:
		if (args[4] > ASID_MAX)
			return SBI_INVALID_PARAM;
		*fence = (struct fence){ .pending = PENDING_SFENCE_ASID,
					 .sent = PMU_FW_SFENCE_VMA_ASID_SENT,
					 .by_asid = true,
					 .asid = arch_vm_asid(&vcpu->vm->arch, args[4]) };
		break;
	default:
		return SBI_NOT_SUPPORTED;
	}
	fence_range(fence, args[2], args[3]);
	return SBI_SUCCESS;
}

static inline void fence_self(const struct fence *fence)
{
	if (fence->pending == PENDING_FENCE_I)
		arch_vcpu_fence_i();
	else if (fence->by_asid)
		arch_vcpu_sfence_asid(fence->start, fence->size, fence->asid);
	else
		arch_vcpu_sfence(fence->start, fence->size);
}

/**
 * Fences vCPUs other than the caller. A vCPU that sleeps is not woken: it has not entered the
 * guest when it finds the bit. vcpu_flush_running() orders the bits before its look at who runs.
 */
static void fence_others(struct vm *vm, uint64_t vcpus, uint32_t pending)
{
	for (uint64_t left = vcpus; left; left &= left - 1)
		__atomic_fetch_or(&vm->vcpus[__builtin_ctzll(left)]->pending, pending,
				  __ATOMIC_SEQ_CST);
	if (vcpus)
		vcpu_flush_running(vm, &vcpus);
}

/** For the caller alone. */
LIGHT static struct sbi_result rfence_light(struct vcpu *vcpu, unsigned long function,
					    const uint64_t *args)
{
	struct fence fence;
	long error;

	if (!sbi_hart_mask_is_self(vcpu, args[0], args[1]))
		return sbi_heavy();
	error = fence_decode(vcpu, function, args, &fence);
	if (unlikely(error))
		return sbi_error(error);
	fence_self(&fence);
	return sbi_value(0);
}

static struct sbi_result rfence_call(struct vcpu *vcpu, unsigned long function,
				     const uint64_t *args)
{
	uint64_t self = BIT(vcpu->index);
	struct fence fence;
	uint64_t vcpus;
	long error;

	error = fence_decode(vcpu, function, args, &fence);
	if (!error)
		error = sbi_hart_mask(vcpu->vm, args[0], args[1], &vcpus);
	if (unlikely(error))
		return sbi_error(error);
	if (vcpus & self)
		fence_self(&fence);
	vcpus &= ~self;
	pmu_firmware_event(vcpu, fence.sent, (unsigned int)__builtin_popcountll(vcpus));
	fence_others(vcpu->vm, vcpus, fence.pending);
	return sbi_value(0);
}

const struct sbi_extension sbi_rfence = {
	.id = SBI_EXT_RFENCE,
	.name = "rfence",
	.light = rfence_light,
	.call = rfence_call,
};
