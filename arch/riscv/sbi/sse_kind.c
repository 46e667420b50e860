/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Supervisor software events: which kinds a vCPU has, and where their state is. No lock.
 */
#include <arch/csr.h>
#include <arch/sbi.h>
#include <arch/sse.h>

bool sse_exists(const struct vcpu *vcpu, enum sse_kind kind)
{
	switch (kind) {
	case SSE_DOUBLE_TRAP:
		return vcpu->vm->arch.features & BIT(FEATURE_DOUBLE_TRAP);
	case SSE_PMU_OVERFLOW:
		return vcpu->vm->arch.features >> FEATURE_SSCOFPMF & 1;
	default:
		return true;
	}
}

struct sse_event *sse_event(struct vcpu *vcpu, enum sse_kind kind)
{
	return kind < SSE_LOCAL_KINDS ? &vcpu->arch.sse.events[kind]
				      : &vcpu->vm->arch.sse.events[kind - SSE_LOCAL_KINDS];
}
