/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch: what of a vCPU lives in the hart's CSRs, and when it is written there. What
 * seldom differs between vCPUs is written when it does. All of it belongs to the hart.
 *
 * What arch_vcpu_save() and arch_vcpu_load() seldom do is out of line and the last that they do, so
 * that they need no frame.
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

static void fp_put_away(struct vcpu *vcpu)
{
	fp_save(vcpu);
	hart_self()->arch.fp_owner = vcpu->arch.fp_owner = vcpu;
	vcpu->arch.sstatus = (vcpu->arch.sstatus & ~SSTATUS_FS) | EXT_CLEAN << SSTATUS_FS_SHIFT;
	csr_write(CSR_SSTATUS, vcpu->arch.sstatus & ~SSTATUS_SIE);
}

static void vector_put_away(struct vcpu *vcpu)
{
	vector_save(vcpu);
	hart_self()->arch.vector_owner = vcpu->arch.vector_owner = vcpu;
	vcpu->arch.sstatus = (vcpu->arch.sstatus & ~SSTATUS_VS) | EXT_CLEAN << SSTATUS_VS_SHIFT;
	csr_write(CSR_SSTATUS, vcpu->arch.sstatus & ~SSTATUS_SIE);
}

/*
 * Whether FP and vector CSRs have changed. When a CSR instruction writes one of these three, QEMU
 * makes FS or VS dirty in vsstatus only, where the guest may take that back.
 */
static inline bool fp_csr_differs(const struct arch_vcpu *arch)
{
	return csr_read(CSR_FCSR) != arch->fcsr;
}

static inline bool vector_csrs_differ(const struct arch_vcpu *arch)
{
	return csr_read(CSR_VSTART) != arch->vstart || csr_read(CSR_VCSR) != arch->vcsr;
}

static bool is_dirty(uint64_t status, uint64_t field)
{
	return (status & field) == field;
}

/* sstatus is the vCPU's: not Off. What it says is true again afterwards. */
static void fp_bring(struct vcpu *vcpu, struct arch_hart *hart)
{
	fp_load(vcpu);
	hart->fp_owner = vcpu->arch.fp_owner;
	csr_write(CSR_SSTATUS, vcpu->arch.sstatus & ~SSTATUS_SIE);
}

static void vector_bring(struct vcpu *vcpu, struct arch_hart *hart)
{
	vector_load(vcpu);
	hart->vector_owner = vcpu->arch.vector_owner;
	csr_write(CSR_SSTATUS, vcpu->arch.sstatus & ~SSTATUS_SIE);
}

/* ---- CSRs ---- */

/* Features that save and load ask for. Where all are there, which is usual, they ask once. */
#define FEATURES_SAVED                                                                            \
	(BIT(FEATURE_SSTC) | BIT(FEATURE_SSAIA) | BIT(FEATURE_SENVCFG) | BIT(FEATURE_SSTATEEN0) | \
	 BIT(FEATURE_FP) | BIT(FEATURE_VECTOR))

#define FEATURES_LOADED \
	(BIT(FEATURE_SSTC) | BIT(FEATURE_SSAIA) | BIT(FEATURE_SENVCFG) | BIT(FEATURE_SSTATEEN0))

/* Whether there are FP or vector registers to save, unless sstatus says so. */
static ALWAYS_INLINE bool features_save(struct arch_vcpu *arch, uint64_t features)
{
	if (features & BIT(FEATURE_SSTC))
		arch->vstimecmp = csr_read(CSR_VSTIMECMP);
	if (features & BIT(FEATURE_SSAIA))
		arch->vsiselect = csr_read(CSR_VSISELECT);
	if (features & BIT(FEATURE_SENVCFG))
		arch->senvcfg = csr_read(CSR_SENVCFG);
	if (features & BIT(FEATURE_SSTATEEN0))
		arch->sstateen0 = csr_read(CSR_SSTATEEN0);
	return (features & BIT(FEATURE_FP) && fp_csr_differs(arch)) ||
	       (features & BIT(FEATURE_VECTOR) && vector_csrs_differ(arch));
}

/* FP and vector registers, if they are dirty, and what few vCPUs have. */
static NOINLINE void rest_save(struct vcpu *vcpu)
{
	struct arch_vcpu *arch = &vcpu->arch;

	if (arch->features & BIT(FEATURE_FP) &&
	    (is_dirty(arch->sstatus, SSTATUS_FS) || fp_csr_differs(arch)))
		fp_put_away(vcpu);
	if (arch->features & BIT(FEATURE_VECTOR) &&
	    (is_dirty(arch->sstatus, SSTATUS_VS) || vector_csrs_differ(arch)))
		vector_put_away(vcpu);
	if (arch->henvcfg & HENVCFG_SSE)
		arch->ssp = csr_read(CSR_SSP);
	if (arch->sbi_switch) {
		sbi_vcpu_save(vcpu);
		/* Counters that have overflowed are an interrupt. */
		arch->hvip = csr_read(CSR_HVIP) & arch->hvip_bits;
	}
}

static NOINLINE void some_features_save(struct vcpu *vcpu)
{
	features_save(&vcpu->arch, vcpu->arch.features);
	rest_save(vcpu);
}

void arch_vcpu_save(struct vcpu *vcpu)
{
	struct arch_vcpu *arch = &vcpu->arch;
	uint64_t sstatus = csr_read(CSR_SSTATUS);

	arch->sepc = csr_read(CSR_SEPC);
	arch->sstatus = sstatus;
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
	if (unlikely((arch->features & FEATURES_SAVED) != FEATURES_SAVED))
		some_features_save(vcpu);
	else if (unlikely(features_save(arch, FEATURES_SAVED) || sstatus & SSTATUS_SD ||
			  ((arch->henvcfg & HENVCFG_SSE) | arch->sbi_switch)))
		rest_save(vcpu);
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
 * Whether a vCPU that was here last follows a sibling. Then nothing of the VM changes, and the
 * henvcfg that is loaded is that of the VMID.
 */
static inline bool is_sibling_here(const struct vcpu *vcpu, struct hart *hart)
{
	return hart->arch.vm == vcpu->vm && vcpu->arch.hart == hart &&
	       vmid_is_lent(hart, hart->arch.vmid);
}

/*
 * What all vCPUs of a VM have in common, when another VM was here, the vCPU was elsewhere, or
 * something of it changed. vsatp is 0.
 */
static void vm_load(struct vcpu *vcpu, struct hart *hart)
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
static void environment_load(const struct vcpu *vcpu, struct arch_hart *hart)
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

static ALWAYS_INLINE void features_load(const struct arch_vcpu *arch, uint64_t features)
{
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
}

/*
 * What each vCPU has of its own. vsatp is 0. @features: the hart's, so that nothing of another VM
 * stays, whatever this one was given.
 */
static ALWAYS_INLINE void csrs_load(const struct arch_vcpu *arch, uint64_t features)
{
	csr_write(CSR_VSATP, arch->vsatp);
	csr_write(CSR_VSSTATUS, arch->vsstatus);
	csr_write(CSR_VSTVEC, arch->vstvec);
	csr_write(CSR_VSSCRATCH, arch->vsscratch);
	csr_write(CSR_VSEPC, arch->vsepc);
	csr_write(CSR_VSCAUSE, arch->vscause);
	csr_write(CSR_VSTVAL, arch->vstval);
	csr_write(CSR_HVIP, arch->hvip);
	csr_write(CSR_SCOUNTEREN, arch->scounteren);
	features_load(arch, features);
}

/* What is not there any more even if this vCPU ran here last. */
static ALWAYS_INLINE void exit_csrs_load(const struct arch_vcpu *arch)
{
	csr_write(CSR_VSIE, arch->vsie);
	csr_write(CSR_SEPC, arch->sepc);
	csr_write(CSR_HSTATUS, arch->hstatus);
	csr_write(CSR_SSTATUS, arch->sstatus & ~SSTATUS_SIE);
}

/* FP and vector registers, unless the hart holds them: it ran here last, or never used them. */
static NOINLINE void rest_load(struct vcpu *vcpu)
{
	struct arch_hart *hart = &hart_self()->arch;
	const struct arch_vcpu *arch = &vcpu->arch;

	if (arch->features & BIT(FEATURE_FP) && hart->fp_owner != arch->fp_owner)
		fp_bring(vcpu, hart);
	if (arch->features & BIT(FEATURE_VECTOR) && hart->vector_owner != arch->vector_owner)
		vector_bring(vcpu, hart);
	if (arch->sbi_switch)
		sbi_vcpu_load(vcpu);
}

/* Everything that only another vCPU's run, or a run elsewhere, can have changed. */
static NOINLINE void all_load(struct vcpu *vcpu)
{
	struct hart *hart = hart_self();
	struct arch_vcpu *arch = &vcpu->arch;

	if (is_sibling_here(vcpu, hart))
		stale_translations_fence();
	else
		vm_load(vcpu, hart);
	hart->arch.vmid->last = vcpu;
	environment_load(vcpu, &hart->arch);
	if (arch->henvcfg & HENVCFG_SSE)
		csr_write(CSR_SSP, arch->ssp);
	csrs_load(arch, hart->arch.features);
	hart->loaded = vcpu;
	arch->hart = hart;
	exit_csrs_load(arch);
	rest_load(vcpu);
}

void arch_vcpu_load(struct vcpu *vcpu)
{
	struct hart *hart = hart_self();
	struct arch_vcpu *arch = &vcpu->arch;

	reservation_drop(&hart->arch);
	if (hart->loaded != vcpu || arch->hart != hart) {
		/* Privileged specification, 'Memory-Management Fences': vsatp = 0, hgatp, vsatp. */
		csr_write(CSR_VSATP, 0);
		if (unlikely(!is_sibling_here(vcpu, hart) ||
			     hart->arch.henvcfg_loaded != arch->henvcfg ||
			     hart->arch.kept_loaded != arch->kept || arch->henvcfg & HENVCFG_SSE ||
			     (hart->arch.features & FEATURES_LOADED) != FEATURES_LOADED)) {
			all_load(vcpu);
			return;
		}
		stale_translations_fence();
		hart->arch.vmid->last = vcpu;
		csrs_load(arch, FEATURES_LOADED);
		hart->loaded = vcpu;
	}
	exit_csrs_load(arch);
	if (unlikely(((uintptr_t)hart->arch.fp_owner ^ (uintptr_t)arch->fp_owner) |
		     ((uintptr_t)hart->arch.vector_owner ^ (uintptr_t)arch->vector_owner) |
		     arch->sbi_switch))
		rest_load(vcpu);
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
