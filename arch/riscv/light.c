/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Light functions (<core/light.h>) of the architecture: what a vCPU asks for that only concerns
 * the hart that it runs on. No lock.
 */
#include <arch/csr.h>
#include <arch/extirq.h>
#include <arch/fence.h>
#include <arch/sbi.h>
#include <core/hart.h>
#include <core/light.h>
#include <core/vm.h>

LIGHT void arch_vcpu_raise_ssip(struct vcpu *vcpu)
{
	(void)vcpu;
	csr_set(CSR_HVIP, HVIP_VSSIP);
}

LIGHT void arch_vcpu_fence_i(void)
{
	__asm__ volatile("fence.i" ::: "memory");
}

/** How many pages a range has; 0 for everything, which is of no whole pages. */
static inline uint64_t fence_pages(uint64_t size)
{
	return size == UINT64_MAX ? 0 : size >> PAGE_SHIFT;
}

LIGHT void arch_vcpu_sfence(uint64_t start, uint64_t size)
{
	uint64_t pages = fence_pages(size);

	if (!pages) {
		hfence_vvma_all();
	} else if (pages > 1 && arch_hart_has(&hart_self()->arch, FEATURE_SVINVAL)) {
		sfence_w_inval();
		for (uint64_t i = 0; i < pages; i++)
			hinval_vvma(start + i * PAGE_SIZE);
		sfence_inval_ir();
	} else {
		for (uint64_t i = 0; i < pages; i++)
			hfence_vvma(start + i * PAGE_SIZE);
	}
}

LIGHT void arch_vcpu_sfence_asid(uint64_t start, uint64_t size, uint64_t asid)
{
	uint64_t pages = fence_pages(size);

	if (!pages) {
		hfence_vvma_asid_all(asid);
	} else if (pages > 1 && arch_hart_has(&hart_self()->arch, FEATURE_SVINVAL)) {
		sfence_w_inval();
		for (uint64_t i = 0; i < pages; i++)
			hinval_vvma_asid(start + i * PAGE_SIZE, asid);
		sfence_inval_ir();
	} else {
		for (uint64_t i = 0; i < pages; i++)
			hfence_vvma_asid(start + i * PAGE_SIZE, asid);
	}
}

LIGHT bool arch_vcpu_interrupt_pending(struct vcpu *vcpu)
{
	(void)vcpu;
	return vcpu_interrupt_pending();
}

LIGHT void arch_vcpu_extirq_changed(struct vcpu *vcpu)
{
	if (likely(vcpu->file)) /* a VS-file has its own way to VSEIP, by hstatus.VGEIN */
		extirq_set(vcpu, !vcpu->intfile.hart && swfile_line(vcpu->file), true);
	else
		extirq_set(vcpu, __atomic_load_n(&vcpu->extirq, __ATOMIC_SEQ_CST) != 0,
			   vcpu->arch.features >> FEATURE_SSAIA & 1);
}

LIGHT void arch_vcpu_extirq_raise(struct vcpu *vcpu)
{
	extirq_set(vcpu, true, true);
}
