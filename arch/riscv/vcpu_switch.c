/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch: what of a vCPU lives in the hart's CSRs, and when it is written there. What
 * seldom differs between vCPUs is written when it does. All of it belongs to the hart.
 */
#include <arch/csr.h>
#include <arch/fence.h>
#include <arch/fp.h>
#include <arch/gstage.h>
#include <arch/isa.h>
#include <arch/sbi.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/vm.h>

/* ---- FP and vector registers ---- */

static bool is_dirty(uint64_t status, uint64_t field)
{
	return (status & field) == field;
}

static NOINLINE void fp_put_away(struct vcpu *vcpu)
{
	fp_save(vcpu);
	hart_self()->arch.fp_owner = vcpu->arch.fp_owner = vcpu;
	vcpu->arch.sstatus = (vcpu->arch.sstatus & ~SSTATUS_FS) | EXT_CLEAN << SSTATUS_FS_SHIFT;
	csr_write(CSR_SSTATUS, vcpu->arch.sstatus & ~SSTATUS_SIE);
}

static NOINLINE void vector_put_away(struct vcpu *vcpu)
{
	vector_save(vcpu);
	hart_self()->arch.vector_owner = vcpu->arch.vector_owner = vcpu;
	vcpu->arch.sstatus = (vcpu->arch.sstatus & ~SSTATUS_VS) | EXT_CLEAN << SSTATUS_VS_SHIFT;
	csr_write(CSR_SSTATUS, vcpu->arch.sstatus & ~SSTATUS_SIE);
}

/*
 * FP and vector registers, if they are dirty. When a CSR instruction writes fcsr, vcsr or vstart,
 * QEMU makes FS or VS dirty in vsstatus only, where the guest may take that back: they are looked
 * at.
 */
static inline void extensions_save(struct vcpu *vcpu, uint64_t features)
{
	const struct arch_vcpu *arch = &vcpu->arch;

	if (features & BIT(FEATURE_FP) &&
	    (is_dirty(arch->sstatus, SSTATUS_FS) || fp_csr_differs(vcpu)))
		fp_put_away(vcpu);
	if (features & BIT(FEATURE_VECTOR) &&
	    (is_dirty(arch->sstatus, SSTATUS_VS) || vector_csrs_differ(vcpu)))
		vector_put_away(vcpu);
}

/* sstatus is the vCPU's: not Off. What it says is true again afterwards. */
static NOINLINE void fp_bring(struct vcpu *vcpu, struct arch_hart *hart)
{
	fp_load(vcpu);
	hart->fp_owner = vcpu->arch.fp_owner;
	csr_write(CSR_SSTATUS, vcpu->arch.sstatus & ~SSTATUS_SIE);
}

static NOINLINE void vector_bring(struct vcpu *vcpu, struct arch_hart *hart)
{
	vector_load(vcpu);
	hart->vector_owner = vcpu->arch.vector_owner;
	csr_write(CSR_SSTATUS, vcpu->arch.sstatus & ~SSTATUS_SIE);
}

/* Unless this hart holds them: since the vCPU ran here last, or nobody has used them. */
static inline void extensions_load(struct vcpu *vcpu, struct arch_hart *hart)
{
	const struct arch_vcpu *arch = &vcpu->arch;
	uint64_t features = arch->features;

	if (features & BIT(FEATURE_FP) && hart->fp_owner != arch->fp_owner)
		fp_bring(vcpu, hart);
	if (features & BIT(FEATURE_VECTOR) && hart->vector_owner != arch->vector_owner)
		vector_bring(vcpu, hart);
}

/* ---- CSRs ---- */

void arch_vcpu_save(struct vcpu *vcpu)
{
	struct arch_vcpu *arch = &vcpu->arch;
	uint64_t features = arch->features;

	if (unlikely(arch->sbi_switch))
		sbi_vcpu_save(vcpu);
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
	arch->hvip = csr_read(CSR_HVIP) & arch->hvip_bits;
	arch->scounteren = csr_read(CSR_SCOUNTEREN);
	if (features & BIT(FEATURE_SSTC))
		arch->vstimecmp = csr_read(CSR_VSTIMECMP);
	if (features & BIT(FEATURE_SSAIA))
		arch->vsiselect = csr_read(CSR_VSISELECT);
	if (features & BIT(FEATURE_SENVCFG))
		arch->senvcfg = csr_read(CSR_SENVCFG);
	if (features & BIT(FEATURE_SSTATEEN0))
		arch->sstateen0 = csr_read(CSR_SSTATEEN0);
	if (unlikely(arch->henvcfg & HENVCFG_SSE))
		arch->ssp = csr_read(CSR_SSP);
	extensions_save(vcpu, features);
}

/*
 * Translations of the vCPU's VMID that this hart may still hold: of a sibling, whose ASIDs mean
 * something else, or its own from before it ran elsewhere. vsatp is still 0.
 */
static inline void stale_translations_fence(void)
{
	hfence_vvma_all();
	__asm__ volatile("fence.i" ::: "memory");
}

/*
 * A guest tries which modes satp has, once, and may be on any hart of its VM then. On a hart that
 * has more than the VM was given its accesses trap (exit_satp.c). That depends on the hart only.
 */
static void satp_guard(struct vcpu *vcpu, const struct arch_hart *hart)
{
	const uint64_t *given = vcpu->vm->arch.limits;
	bool more = hart->limits[LIMIT_SATP_MODES] & ~given[LIMIT_SATP_MODES] ||
		    hart->limits[LIMIT_SATP] & ~given[LIMIT_SATP];

	vcpu->arch.hstatus = (vcpu->arch.hstatus & ~HSTATUS_VTVM) | (more ? HSTATUS_VTVM : 0);
}

/*
 * Between its LR and its SC a vCPU may lose the hart to another one, which leaves off there, too:
 * one's SC must not succeed by the other's reservation (unprivileged specification, 'Zalrsc'). Or
 * to a thread, which may store where it has read.
 */
static inline void reservation_drop(struct arch_hart *hart)
{
	__asm__ volatile("sc.w zero, zero, %0" : "+A"(hart->never_reserved));
}

/*
 * Lends the VM a VMID of this hart, which walks its G-stage table from now on. As long as the VMID
 * is lent the hart is in the set: gstage_fence_here() takes both away.
 */
static void vmid_announce(struct gstage *gstage, struct hart *hart, struct vmid *vmid)
{
	hartset_add(&gstage->harts, hart->index);
	/* Who changes the table after this fences this hart; who did so before is seen by it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	vmid_enter(hart, gstage);
	vmid->last = NULL;
}

/*
 * What all vCPUs of a VM have in common, when another VM was here, the vCPU was elsewhere, or
 * something of it changed. vsatp is 0.
 */
static NOINLINE void vm_load(struct vcpu *vcpu, struct hart *hart)
{
	struct vm *vm = vcpu->vm;
	struct arch_hart *arch = &hart->arch;
	struct vmid *vmid = &vm->gstage.vmids[hart->index];
	bool here = vcpu->arch.hart == hart;
	uint64_t hgatp;

	if (!here) {
		satp_guard(vcpu, arch);
		/* What it may have left here is not what it left last. */
		if (arch->fp_owner == vcpu)
			arch->fp_owner = hart;
		if (arch->vector_owner == vcpu)
			arch->vector_owner = hart;
	}
	if (!vmid_is_lent(hart, vmid))
		vmid_announce(&vm->gstage, hart, vmid);
	hgatp = gstage_hgatp(&vm->gstage, vmid->number);
	if (arch->hgatp != hgatp) {
		csr_write(CSR_HGATP, hgatp);
		arch->hgatp = hgatp;
	}
	if (arch_hart_has(arch, FEATURE_HSTATEEN0))
		csr_write(CSR_HSTATEEN0, vcpu->arch.hstateen0);
	if (arch->hvien != vm->arch.hvien) {
		csr_write(CSR_HVIEN, vm->arch.hvien);
		arch->hvien = vm->arch.hvien;
	}
	if (arch->htimedelta != vm->time_offset) {
		csr_write(CSR_HTIMEDELTA, vm->time_offset);
		arch->htimedelta = vm->time_offset;
	}
	arch->vm = vm;
	arch->vmid = vmid;
	if (!here || vmid->last != vcpu)
		stale_translations_fence();
}

/* What seldom differs between vCPUs of a VM. vsatp is 0. */
static NOINLINE void environment_load(const struct vcpu *vcpu, struct arch_hart *hart)
{
	const struct arch_vcpu *arch = &vcpu->arch;

	if (hart->henvcfg_loaded != arch->henvcfg && arch_hart_has(hart, FEATURE_HENVCFG)) {
		csr_write(CSR_HENVCFG, arch->henvcfg);
		hart->henvcfg_loaded = arch->henvcfg;
	}
	if (hart->kept_loaded != arch->kept) {
		csr_write(CSR_HEDELEG, hart->hedeleg & ~arch->kept);
		hart->kept_loaded = arch->kept;
	}
	if (hart->vmid->henvcfg != arch->henvcfg)
		gstage_fence_pmm(&vcpu->vm->gstage, hart_self(), arch->henvcfg);
}

/* Everything that only another vCPU's run, or a run elsewhere, can have changed. */
static inline void csrs_load(struct vcpu *vcpu, struct hart *hart)
{
	struct arch_vcpu *arch = &vcpu->arch;
	uint64_t features, henvcfg;

	/* Privileged specification, 'Memory-Management Fences': vsatp = 0, hgatp, then vsatp. */
	csr_write(CSR_VSATP, 0);
	if (hart->arch.vm != vcpu->vm || arch->hart != hart || !vmid_is_lent(hart, hart->arch.vmid))
		vm_load(vcpu, hart);
	else /* a sibling ran here last */
		stale_translations_fence();
	hart->arch.vmid->last = vcpu;
	henvcfg = arch->henvcfg;
	if (unlikely(hart->arch.henvcfg_loaded != henvcfg || hart->arch.kept_loaded != arch->kept ||
		     hart->arch.vmid->henvcfg != henvcfg)) {
		environment_load(vcpu, &hart->arch);
		henvcfg = arch->henvcfg;
	}
	features = hart->arch.features;
	csr_write(CSR_VSATP, arch->vsatp);
	csr_write(CSR_VSSTATUS, arch->vsstatus);
	csr_write(CSR_VSTVEC, arch->vstvec);
	csr_write(CSR_VSSCRATCH, arch->vsscratch);
	csr_write(CSR_VSEPC, arch->vsepc);
	csr_write(CSR_VSCAUSE, arch->vscause);
	csr_write(CSR_VSTVAL, arch->vstval);
	csr_write(CSR_HVIP, arch->hvip);
	csr_write(CSR_SCOUNTEREN, arch->scounteren);
	/* By what the hart has: nothing of another VM stays, whatever this one was given. */
	if (features & BIT(FEATURE_SENVCFG))
		csr_write(CSR_SENVCFG, arch->senvcfg);
	if (features & BIT(FEATURE_SSTATEEN0))
		csr_write(CSR_SSTATEEN0, arch->sstateen0);
	if (features & BIT(FEATURE_SSTC))
		csr_write(CSR_VSTIMECMP, arch->vstimecmp);
	if (features & BIT(FEATURE_SSAIA)) {
		csr_write(CSR_VSISELECT, arch->vsiselect);
		csr_write(CSR_HVICTL, arch->extirq ? HVICTL_EXTIRQ : 0);
	}
	if (unlikely(henvcfg & HENVCFG_SSE))
		csr_write(CSR_SSP, arch->ssp);
}

void arch_vcpu_load(struct vcpu *vcpu)
{
	struct hart *hart = hart_self();
	struct arch_vcpu *arch = &vcpu->arch;

	reservation_drop(&hart->arch);
	if (hart->loaded != vcpu || arch->hart != hart) {
		csrs_load(vcpu, hart);
		hart->loaded = vcpu;
		arch->hart = hart;
	}
	csr_write(CSR_VSIE, arch->vsie);
	csr_write(CSR_SEPC, arch->sepc);
	csr_write(CSR_HSTATUS, arch->hstatus);
	csr_write(CSR_SSTATUS, arch->sstatus & ~SSTATUS_SIE);
	extensions_load(vcpu, &hart->arch);
	if (unlikely(arch->sbi_switch))
		sbi_vcpu_load(vcpu);
}

void arch_vcpu_set_native(struct vcpu *vcpu, bool native)
{
	uint64_t hstatus = (vcpu->arch.hstatus & ~HSTATUS_VTW) | (native ? 0 : HSTATUS_VTW);

	vcpu->arch.hstatus = hstatus;
	if (hart_self()->loaded != vcpu)
		return;
	/* Loaded for good, or not yet: then this is what the load writes, too. */
	if (native)
		csr_clear(CSR_HSTATUS, HSTATUS_VTW);
	else
		csr_set(CSR_HSTATUS, HSTATUS_VTW);
}

void arch_vm_forget(void *opaque)
{
	const struct vm *vm = opaque;
	struct hart *hart = hart_self();

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		if (hart->arch.fp_owner == vm->vcpus[i])
			hart->arch.fp_owner = hart;
		if (hart->arch.vector_owner == vm->vcpus[i])
			hart->arch.vector_owner = hart;
	}
	if (hart->arch.vm == vm)
		hart->arch.vm = NULL;
	if (hart->loaded && hart->loaded->vm == vm) {
		csr_write(CSR_VSIE, 0);
		csr_write(CSR_VSATP, 0);
		vmid_leave(hart);
		hart->loaded = NULL;
	} else {
		hfence_gvma_all();
	}
}

void arch_vcpu_quiesce(struct hart *hart)
{
	if (hart->loaded)
		csr_write(CSR_VSIE, 0);
}
