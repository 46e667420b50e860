/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Setting the timer of a vCPU, the short way: inline, as it is a light function's whole work. Only
 * the hart that runs the vCPU does this; no lock.
 */
#ifndef ARCH_SET_TIMER_H
#define ARCH_SET_TIMER_H

#include <arch/csr.h>
#include <core/vcpu_timer.h>

/** arch_vcpu_set_timer(), light. False: it is not one for that, and nothing has been done. */
static ALWAYS_INLINE bool arch_vcpu_set_timer_light(struct vcpu *vcpu, uint64_t deadline)
{
	if (likely(arch_vcpu_has(&vcpu->arch, FEATURE_SSTC))) {
		csr_write(CSR_VSTIMECMP, deadline);
		return true;
	}
	if (!vcpu_timer_move(vcpu, deadline))
		return false;
	csr_clear(CSR_HVIP, HVIP_VSTIP);
	return true;
}

#endif
