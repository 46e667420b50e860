/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of the loaded vCPU: whether any is pending, and VSEIP while it has no VS-file.
 * Interrupts of the hart are off; no lock.
 */
#ifndef ARCH_EXTIRQ_H
#define ARCH_EXTIRQ_H

#include <arch/csr.h>
#include <core/vm.h>
#include <emulators/swfile.h>

/** Whether an interrupt is pending and enabled: WFI would not wait. */
static inline bool vcpu_interrupt_pending(void)
{
	return csr_read(CSR_VSIP) & csr_read(CSR_VSIE);
}

/** Sets VSEIP to @level. With Ssaia a guest that reads stopi sees 9 through hvictl. */
static ALWAYS_INLINE void extirq_set(struct vcpu *vcpu, bool level, bool ssaia)
{
	if (level == vcpu->arch.extirq)
		return;
	vcpu->arch.extirq = level;
	if (level) {
		csr_set(CSR_HVIP, HVIP_VSEIP);
		if (ssaia)
			csr_write(CSR_HVICTL, HVICTL_EXTIRQ);
	} else {
		csr_clear(CSR_HVIP, HVIP_VSEIP);
		if (ssaia)
			csr_write(CSR_HVICTL, 0);
	}
}

/** The SW-file, which is where the vCPU's interrupt state is, changed by its own doing. */
static inline void extirq_of_swfile(struct vcpu *vcpu)
{
	extirq_set(vcpu, swfile_line(vcpu->file), true);
}

#endif
