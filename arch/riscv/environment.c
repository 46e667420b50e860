/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a vCPU's execution environment changes while it runs: henvcfg, ssp which depends on it,
 * and what hedeleg gives to the guest. Of the vCPU that runs on this hart the CSRs are written at
 * once; all others get them when they are loaded. Owned as the vCPU's other state.
 */
#include <arch/csr.h>
#include <arch/fence.h>
#include <arch/gstage.h>
#include <core/hart.h>
#include <core/vm.h>

/* Whether it runs here. Otherwise it has to be loaded completely before it does. */
static bool runs_here(struct vcpu *vcpu)
{
	if (hart_self()->running == vcpu)
		return true;
	vcpu->arch.hart = NULL;
	return false;
}

/* While SSE is clear, ssp stays as it was for the guest, but nobody switches it. */
static void ssp_switch(struct arch_vcpu *arch, uint64_t henvcfg)
{
	if (!((henvcfg ^ arch->henvcfg) & HENVCFG_SSE))
		return;
	if (henvcfg & HENVCFG_SSE)
		csr_write(CSR_SSP, arch->ssp);
	else
		arch->ssp = csr_read(CSR_SSP);
}

/* What the hart has cached of @vcpu was found with another henvcfg. */
static void henvcfg_fence(struct vcpu *vcpu, const struct hart *hart, uint64_t before)
{
	uint64_t henvcfg = vcpu->arch.henvcfg;

	gstage_fence_pmm(&vcpu->vm->gstage, hart, henvcfg);
	/* 'Memory-Management Fences' for ADUE; SSE gives leaves with W and no R another meaning. */
	if ((henvcfg ^ before) & (HENVCFG_ADUE | HENVCFG_SSE))
		hfence_vvma_all();
}

void arch_vcpu_set_henvcfg(struct vcpu *vcpu, uint64_t field, uint64_t bits)
{
	struct arch_vcpu *arch = &vcpu->arch;
	uint64_t before = arch->henvcfg, after = (before & ~field) | bits;
	struct hart *hart = hart_self();

	if (!runs_here(vcpu)) {
		arch->henvcfg = after;
		return;
	}
	ssp_switch(arch, after);
	arch->henvcfg = after;
	csr_write(CSR_HENVCFG, after);
	hart->arch.henvcfg_loaded = after;
	/* With DTE clear SDT reads 0: it begins so. */
	if ((after & ~before) & HENVCFG_DTE)
		csr_clear(CSR_VSSTATUS, SSTATUS_SDT);
	henvcfg_fence(vcpu, hart, before);
}

void arch_vcpu_set_kept(struct vcpu *vcpu, uint64_t kept)
{
	struct arch_hart *hart = &hart_self()->arch;

	vcpu->arch.kept = kept;
	if (!runs_here(vcpu))
		return;
	hart->kept_loaded = kept;
	csr_write(CSR_HEDELEG, hart->hedeleg & ~kept);
}
