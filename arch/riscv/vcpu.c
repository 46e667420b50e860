/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch: what of a vCPU lives in the hart's CSRs, and when it is written there. All
 * of it belongs to the hart that has the vCPU loaded.
 */
#include <arch/csr.h>
#include <arch/fence.h>
#include <arch/fp.h>
#include <arch/gstage.h>
#include <arch/isa.h>
#include <arch/sbi.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/timer.h>
#include <core/vm.h>
#include <emulators/swfile.h>
#include <errno.h>
#include <string.h>

#define VS_INTERRUPTS (HVIP_VSSIP | HVIP_VSTIP | HVIP_VSEIP)

static bool has(const struct vcpu *vcpu, enum hart_feature feature)
{
	return vcpu->arch.features >> feature & 1;
}

int arch_vcpu_init(struct vcpu *vcpu)
{
	struct arch_vcpu *arch = &vcpu->arch;
	const struct arch_vm *vm = &vcpu->vm->arch;

	arch->features = vm->features;
	arch->henvcfg = vm->henvcfg;
	arch->hstateen0 = vm->hstateen0;
	if (has(vcpu, FEATURE_VECTOR)) {
		arch->vector = alloc_zero(32UL * vm->vlenb);
		if (!arch->vector)
			return -ENOMEM;
	}
	return 0;
}

void arch_vcpu_destroy(struct vcpu *vcpu)
{
	alloc_free(vcpu->arch.vector);
}

void arch_vcpu_reset(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1)
{
	struct arch_vcpu *arch = &vcpu->arch;

	memset(arch->regs, 0, sizeof(arch->regs));
	arch->regs[REG_A0] = a0;
	arch->regs[REG_A1] = a1;
	arch->hart = NULL;
	arch->sepc = pc;
	arch->sstatus = SSTATUS_UXL_64 | SSTATUS_SPP | SSTATUS_SPIE;
	if (has(vcpu, FEATURE_FP))
		arch->sstatus |= EXT_CLEAN << SSTATUS_FS_SHIFT;
	if (has(vcpu, FEATURE_VECTOR))
		arch->sstatus |= EXT_CLEAN << SSTATUS_VS_SHIFT;
	arch->hstatus = HSTATUS_VSXL_64 | HSTATUS_SPV | HSTATUS_SPVP | HSTATUS_VTW;
	arch->vsstatus = SSTATUS_UXL_64;
	arch->vsie = arch->vstvec = arch->vsscratch = arch->vsepc = 0;
	arch->vscause = arch->vstval = arch->vsatp = arch->vsiselect = 0;
	arch->vstimecmp = TIMER_NEVER;
	arch->hvip = 0;
	arch->senvcfg = arch->scounteren = arch->sstateen0 = 0;
	arch->extirq = false;
	memset(arch->fp, 0, sizeof(arch->fp));
	arch->fcsr = arch->vstart = arch->vl = arch->vcsr = 0;
	arch->vtype = BIT(63); /* vill */
	if (arch->vector)
		memset(arch->vector, 0, 32UL * vcpu->vm->arch.vlenb);
}

void arch_vcpu_restart(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1)
{
	vcpu->arch.regs[REG_A0] = a0;
	vcpu->arch.regs[REG_A1] = a1;
	csr_write(CSR_SEPC, pc);
	csr_write(CSR_VSATP, 0);
	csr_clear(CSR_VSSTATUS, SSTATUS_SIE);
	csr_set(CSR_SSTATUS, SSTATUS_SPP);
	csr_set(CSR_HSTATUS, HSTATUS_SPVP);
}

void arch_vcpu_save(struct vcpu *vcpu)
{
	struct arch_vcpu *arch = &vcpu->arch;

	arch->sepc = csr_read(CSR_SEPC);
	arch->sstatus = csr_read(CSR_SSTATUS);
	arch->hstatus = csr_read(CSR_HSTATUS);
	arch->vsstatus = csr_read(CSR_VSSTATUS);
	arch->vsie = csr_read(CSR_VSIE);
	arch->vstvec = csr_read(CSR_VSTVEC);
	arch->vsscratch = csr_read(CSR_VSSCRATCH);
	arch->vsepc = csr_read(CSR_VSEPC);
	arch->vscause = csr_read(CSR_VSCAUSE);
	arch->vstval = csr_read(CSR_VSTVAL);
	arch->vsatp = csr_read(CSR_VSATP);
	arch->scounteren = csr_read(CSR_SCOUNTEREN);
	arch->hvip = csr_read(CSR_HVIP) & VS_INTERRUPTS;
	if (has(vcpu, FEATURE_SSTC))
		arch->vstimecmp = csr_read(CSR_VSTIMECMP);
	if (has(vcpu, FEATURE_SSAIA))
		arch->vsiselect = csr_read(CSR_VSISELECT);
	if (has(vcpu, FEATURE_SENVCFG))
		arch->senvcfg = csr_read(CSR_SENVCFG);
	if (has(vcpu, FEATURE_SSTATEEN0))
		arch->sstateen0 = csr_read(CSR_SSTATEEN0);
	if ((arch->sstatus & SSTATUS_FS) == SSTATUS_FS) {
		fp_save(vcpu);
		arch->sstatus ^= (EXT_DIRTY ^ EXT_CLEAN) << SSTATUS_FS_SHIFT;
		csr_write(CSR_SSTATUS, arch->sstatus & ~SSTATUS_SIE);
	}
	if ((arch->sstatus & SSTATUS_VS) == SSTATUS_VS) {
		vector_save(vcpu);
		arch->sstatus ^= (EXT_DIRTY ^ EXT_CLEAN) << SSTATUS_VS_SHIFT;
		csr_write(CSR_SSTATUS, arch->sstatus & ~SSTATUS_SIE);
	}
}

/* Loads FP and vector registers unless this hart still holds them; both are Clean afterwards. */
static void extensions_load(struct vcpu *vcpu, struct arch_hart *hart, bool here)
{
	csr_write(CSR_SSTATUS, vcpu->arch.sstatus & ~SSTATUS_SIE);
	if (has(vcpu, FEATURE_FP) && !(here && hart->fp_owner == vcpu)) {
		fp_load(vcpu);
		hart->fp_owner = vcpu;
	}
	if (has(vcpu, FEATURE_VECTOR) && !(here && hart->vector_owner == vcpu)) {
		vector_load(vcpu);
		hart->vector_owner = vcpu;
	}
}

/*
 * Says that this hart walks the VM's G-stage table from now on. Returns the vCPU of the VM that it
 * had before, index + 1, or 0.
 */
static unsigned int walk_announce(struct vcpu *vcpu, struct hart *hart)
{
	uint16_t *last = &vcpu->vm->last_vcpu[hart->index];
	unsigned int before = *last;

	*last = (uint16_t)(vcpu->index + 1);
	if (!hartset_has(&vcpu->vm->gstage.harts, hart->index))
		hartset_add(&vcpu->vm->gstage.harts, hart->index);
	/* Who changes the table after this fences this hart; who did so before is seen by it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return before;
}

/*
 * Translations of the vCPU's VMID that this hart may still hold: of a sibling, whose ASIDs mean
 * something else, or its own from before it ran elsewhere. vsatp is still 0.
 */
static void stale_translations_fence(void)
{
	hfence_vvma_all();
	__asm__ volatile("fence.i" ::: "memory");
}

/* Everything that only another vCPU's run, or a run elsewhere, can have changed. */
static void csrs_load(struct vcpu *vcpu, struct hart *hart, bool here)
{
	struct arch_vcpu *arch = &vcpu->arch;
	struct gstage *gstage = &vcpu->vm->gstage;
	struct vmid *vmid = &gstage->vmids[hart->index];
	bool own = walk_announce(vcpu, hart) == vcpu->index + 1 && here;
	uint64_t hgatp;

	/* Privileged specification, 'Memory-Management Fences': vsatp = 0, hgatp, then vsatp. */
	csr_write(CSR_VSATP, 0);
	if (unlikely(!vmid_is_lent(hart, vmid))) {
		vmid_lend(hart, vmid);
		own = false;
	}
	hgatp = gstage_hgatp(gstage, vmid->number);
	if (hart->arch.hgatp != hgatp) {
		csr_write(CSR_HGATP, hgatp);
		hart->arch.hgatp = hgatp;
	}
	if (arch_hart_has(&hart->arch, FEATURE_HENVCFG) &&
	    hart->arch.henvcfg_loaded != arch->henvcfg) {
		csr_write(CSR_HENVCFG, arch->henvcfg);
		if (gstage_pmm_matters(gstage, arch->henvcfg, hart->arch.henvcfg_loaded))
			hfence_gvma_vmid(vmid->number);
		hart->arch.henvcfg_loaded = arch->henvcfg;
	}
	if (arch_hart_has(&hart->arch, FEATURE_HSTATEEN0))
		csr_write(CSR_HSTATEEN0, arch->hstateen0);
	if (!own)
		stale_translations_fence();
	csr_write(CSR_VSATP, arch->vsatp);
	csr_write(CSR_VSSTATUS, arch->vsstatus);
	csr_write(CSR_VSTVEC, arch->vstvec);
	csr_write(CSR_VSSCRATCH, arch->vsscratch);
	csr_write(CSR_VSEPC, arch->vsepc);
	csr_write(CSR_VSCAUSE, arch->vscause);
	csr_write(CSR_VSTVAL, arch->vstval);
	csr_write(CSR_SCOUNTEREN, arch->scounteren);
	csr_write(CSR_HVIP, arch->hvip);
	/* By what the hart has: nothing of another VM stays, whatever this one was given. */
	if (arch_hart_has(&hart->arch, FEATURE_SSTC))
		csr_write(CSR_VSTIMECMP, arch->vstimecmp);
	if (arch_hart_has(&hart->arch, FEATURE_SSAIA)) {
		csr_write(CSR_VSISELECT, arch->vsiselect);
		csr_write(CSR_HVICTL, arch->extirq ? HVICTL_EXTIRQ : 0);
	}
	if (arch_hart_has(&hart->arch, FEATURE_SENVCFG))
		csr_write(CSR_SENVCFG, arch->senvcfg);
	if (arch_hart_has(&hart->arch, FEATURE_SSTATEEN0))
		csr_write(CSR_SSTATEEN0, arch->sstateen0);
}

void arch_vcpu_load(struct vcpu *vcpu)
{
	struct hart *hart = hart_self();
	struct arch_vcpu *arch = &vcpu->arch;
	bool here = arch->hart == hart;

	if (hart->loaded != vcpu || !here) {
		csrs_load(vcpu, hart, here);
		hart->loaded = vcpu;
		arch->hart = hart;
	}
	extensions_load(vcpu, &hart->arch, here);
	csr_write(CSR_VSIE, arch->vsie);
	csr_write(CSR_SEPC, arch->sepc);
	csr_write(CSR_HSTATUS, arch->hstatus);
	csr_write(CSR_SSTATUS, arch->sstatus & ~SSTATUS_SIE);
}

void arch_vm_forget(void *opaque)
{
	const struct vm *vm = opaque;
	struct hart *hart = hart_self();

	if (hart->arch.fp_owner && hart->arch.fp_owner->vm == vm)
		hart->arch.fp_owner = NULL;
	if (hart->arch.vector_owner && hart->arch.vector_owner->vm == vm)
		hart->arch.vector_owner = NULL;
	if (hart->loaded && hart->loaded->vm == vm) {
		csr_write(CSR_VSIE, 0);
		csr_write(CSR_VSATP, 0);
		csr_write(CSR_HGATP, 0);
		hart->arch.hgatp = 0;
		hart->loaded = NULL;
	}
	hfence_gvma_all();
}

void arch_vcpu_quiesce(struct hart *hart)
{
	if (hart->loaded)
		csr_write(CSR_VSIE, 0);
}

bool arch_vcpu_interrupt_pending(struct vcpu *vcpu)
{
	(void)vcpu;
	return csr_read(CSR_VSIP) & csr_read(CSR_VSIE);
}

uint64_t arch_vcpu_wakeup(struct vcpu *vcpu)
{
	return vcpu->arch.vsie >> IRQ_STI & 1 ? vcpu->arch.vstimecmp : TIMER_NEVER;
}

/* VSEIP. With Ssaia a guest that reads stopi sees 9 through hvictl, as no VS-file is there. */
static inline void extirq_set(struct vcpu *vcpu, bool level, bool ssaia)
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

void arch_vcpu_extirq_changed(struct vcpu *vcpu)
{
	if (likely(vcpu->file)) /* a VS-file has its own way to VSEIP, by hstatus.VGEIN */
		extirq_set(vcpu, !vcpu->intfile.hart && swfile_line(vcpu->file), true);
	else
		extirq_set(vcpu, __atomic_load_n(&vcpu->extirq, __ATOMIC_SEQ_CST) != 0,
			   has(vcpu, FEATURE_SSAIA));
}

void arch_vcpu_extirq_raise(struct vcpu *vcpu)
{
	extirq_set(vcpu, true, true);
}

void arch_vcpu_sync(struct vcpu *vcpu, uint32_t bits)
{
	if (bits & PENDING_FILE)
		intfile_retry(vcpu);
	if (bits & (PENDING_FILE | PENDING_EXTIRQ))
		arch_vcpu_extirq_changed(vcpu);
	if (likely(!(bits & ~(PENDING_FILE | PENDING_EXTIRQ))))
		return;
	if (bits & PENDING_SSIP)
		csr_set(CSR_HVIP, HVIP_VSSIP);
	/* An expiry under way on another hart may be of a deadline that was replaced. */
	if (bits & PENDING_TIMER && time_now() >= vcpu->timer_deadline)
		csr_set(CSR_HVIP, HVIP_VSTIP);
	if (bits & PENDING_SFENCE)
		arch_vcpu_sfence(0, UINT64_MAX);
	if (bits & PENDING_FENCE_I)
		arch_vcpu_fence_i();
}

void arch_vcpu_raise_ssip(struct vcpu *vcpu)
{
	(void)vcpu;
	csr_set(CSR_HVIP, HVIP_VSSIP);
}

void arch_vcpu_set_timer(struct vcpu *vcpu, uint64_t deadline)
{
	if (has(vcpu, FEATURE_SSTC)) {
		csr_write(CSR_VSTIMECMP, deadline);
		return;
	}
	csr_clear(CSR_HVIP, HVIP_VSTIP);
	__atomic_fetch_and(&vcpu->pending, ~PENDING_TIMER, __ATOMIC_SEQ_CST);
	vcpu->timer_deadline = deadline;
	timer_arm(&vcpu->timer, deadline);
}

void arch_vcpu_fence_i(void)
{
	__asm__ volatile("fence.i" ::: "memory");
}

#define FENCE_PAGES 64 /* beyond that everything is cheaper */

/* How many pages a range touches; 0 for everything. */
static uint64_t fence_pages(uint64_t start, uint64_t size)
{
	uint64_t pages;

	if ((!start && !size) || size > FENCE_PAGES * PAGE_SIZE)
		return 0;
	pages = (size + (start & (PAGE_SIZE - 1)) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	return MAX(pages, 1UL);
}

void arch_vcpu_sfence(uint64_t start, uint64_t size)
{
	uint64_t pages = fence_pages(start, size);

	if (!pages) {
		hfence_vvma_all();
	} else if (arch_hart_has(&hart_self()->arch, FEATURE_SVINVAL)) {
		sfence_w_inval();
		for (uint64_t i = 0; i < pages; i++)
			hinval_vvma(start + i * PAGE_SIZE);
		sfence_inval_ir();
	} else {
		for (uint64_t i = 0; i < pages; i++)
			hfence_vvma(start + i * PAGE_SIZE);
	}
}

void arch_vcpu_sfence_asid(uint64_t start, uint64_t size, uint64_t asid)
{
	uint64_t pages = fence_pages(start, size);

	if (!pages) {
		hfence_vvma_asid_all(asid);
	} else if (arch_hart_has(&hart_self()->arch, FEATURE_SVINVAL)) {
		sfence_w_inval();
		for (uint64_t i = 0; i < pages; i++)
			hinval_vvma_asid(start + i * PAGE_SIZE, asid);
		sfence_inval_ir();
	} else {
		for (uint64_t i = 0; i < pages; i++)
			hfence_vvma_asid(start + i * PAGE_SIZE, asid);
	}
}

void arch_vcpu_inject(struct vcpu *vcpu, uint64_t cause, uint64_t stval)
{
	uint64_t vsstatus = csr_read(CSR_VSSTATUS);
	uint64_t sstatus = csr_read(CSR_SSTATUS);

	(void)vcpu;
	vsstatus &= ~(SSTATUS_SPP | SSTATUS_SPIE);
	vsstatus |= sstatus & SSTATUS_SPP;
	vsstatus |= vsstatus & SSTATUS_SIE ? SSTATUS_SPIE : 0;
	vsstatus &= ~SSTATUS_SIE;
	csr_write(CSR_VSSTATUS, vsstatus);
	csr_write(CSR_VSCAUSE, cause);
	csr_write(CSR_VSEPC, csr_read(CSR_SEPC));
	csr_write(CSR_VSTVAL, stval);
	csr_write(CSR_SEPC, csr_read(CSR_VSTVEC) & ~3UL);
	csr_set(CSR_SSTATUS, SSTATUS_SPP);
	csr_set(CSR_HSTATUS, HSTATUS_SPVP);
}
