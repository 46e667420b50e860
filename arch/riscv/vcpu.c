/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs: their life, their interrupts, timers and fences, and exceptions that are raised in them.
 * All of it belongs to the hart that has the vCPU loaded; vcpu_switch.c loads it.
 */
#include <arch/csr.h>
#include <arch/fence.h>
#include <arch/gstage.h>
#include <arch/isa.h>
#include <arch/pmu.h>
#include <arch/sbi.h>
#include <arch/set_timer.h>
#include <arch/sse.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/timer.h>
#include <core/vcpu_timer.h>
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
	arch->hstateen0 = vm->hstateen0;
	arch->hvip_bits = VS_INTERRUPTS | vm->hvien;
	if (has(vcpu, FEATURE_VECTOR)) {
		arch->vector = alloc_zero(32UL * vm->vlenb);
		if (!arch->vector)
			return -ENOMEM;
	}
	if (sbi_vcpu_init(vcpu)) {
		arch_vcpu_destroy(vcpu);
		return -ENOMEM;
	}
	return 0;
}

void arch_vcpu_destroy(struct vcpu *vcpu)
{
	sbi_vcpu_destroy(vcpu);
	alloc_free(vcpu->arch.vector);
}

void arch_vcpu_reset(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1)
{
	struct arch_vcpu *arch = &vcpu->arch;

	arch->henvcfg = vcpu->vm->arch.henvcfg;
	arch->kept = vcpu->vm->arch.kept;
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
	/* Its interrupt file stays selected if it has one. */
	arch->hstatus = HSTATUS_VSXL_64 | HSTATUS_SPV | HSTATUS_SPVP | HSTATUS_VTW |
			(arch->hstatus & HSTATUS_VGEIN);
	arch->vsstatus = SSTATUS_UXL_64;
	arch->vsie = arch->vstvec = arch->vsscratch = arch->vsepc = 0;
	arch->vscause = arch->vstval = arch->vsatp = arch->vsiselect = 0;
	arch->vstimecmp = TIMER_NEVER;
	arch->hvip = 0;
	arch->senvcfg = arch->scounteren = arch->sstateen0 = arch->ssp = 0;
	arch->extirq = false;
	memset(arch->fp, 0, sizeof(arch->fp));
	arch->fcsr = arch->vstart = arch->vl = arch->vcsr = 0;
	arch->fp_owner = arch->vector_owner = NULL;
	arch->vtype = BIT(63); /* vill */
	if (arch->vector)
		memset(arch->vector, 0, 32UL * vcpu->vm->arch.vlenb);
	sbi_vcpu_reset(vcpu);
}

void arch_vcpu_restart(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1)
{
	vcpu->arch.regs[REG_A0] = a0;
	vcpu->arch.regs[REG_A1] = a1;
	csr_write(CSR_SEPC, pc);
	csr_write(CSR_VSATP, 0);
	csr_clear(CSR_VSSTATUS, SSTATUS_SIE | SSTATUS_SDT);
	csr_clear(CSR_SSTATUS, SSTATUS_SPELP);
	csr_set(CSR_SSTATUS, SSTATUS_SPP);
	csr_set(CSR_HSTATUS, HSTATUS_SPVP);
}

uint64_t arch_vcpu_wakeup(struct vcpu *vcpu)
{
	if (!arch_vcpu_takes_timer(&vcpu->arch))
		return TIMER_NEVER;
	return vm_time_to_host(vcpu->vm, vcpu->arch.vstimecmp);
}

/* Several of a kind that came before the vCPU looked are one, as interrupts are. */
static NOINLINE void received_count(struct vcpu *vcpu, uint32_t bits)
{
	static const struct {
		uint32_t bit;
		enum pmu_firmware_event event;
	} received[] = {
		{ PENDING_SSIP, PMU_FW_IPI_RECEIVED },
		{ PENDING_FENCE_I, PMU_FW_FENCE_I_RECEIVED },
		{ PENDING_SFENCE, PMU_FW_SFENCE_VMA_RECEIVED },
		{ PENDING_SFENCE_ASID, PMU_FW_SFENCE_VMA_ASID_RECEIVED },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(received); i++)
		if (bits & received[i].bit)
			pmu_count(vcpu, received[i].event, 1);
}

/* All but what nearly all of it is. */
static NOINLINE void sync_rest(struct vcpu *vcpu, uint32_t bits)
{
	if (bits & PENDING_FILE)
		intfile_retry(vcpu);
	if (bits & (PENDING_FILE | PENDING_EXTIRQ))
		arch_vcpu_extirq_changed(vcpu);
	if (likely(!(bits & ~(PENDING_FILE | PENDING_EXTIRQ))))
		return;
	if (bits & PENDING_TIMER && vcpu_timer_due(vcpu))
		csr_set(CSR_HVIP, HVIP_VSTIP);
	if (bits & (PENDING_SFENCE | PENDING_SFENCE_ASID))
		arch_vcpu_sfence(0, UINT64_MAX);
	if (bits & PENDING_FENCE_I)
		arch_vcpu_fence_i();
	if (unlikely(vcpu->arch.pmu_events))
		received_count(vcpu, bits);
	if (bits & PENDING_SSE)
		sse_deliver(vcpu);
}

void arch_vcpu_sync(struct vcpu *vcpu, uint32_t bits)
{
	if (bits & PENDING_SSIP)
		csr_set(CSR_HVIP, HVIP_VSSIP);
	if (bits & ~PENDING_SSIP || unlikely(vcpu->arch.pmu_events))
		sync_rest(vcpu, bits);
}

bool arch_vcpu_clear_ssip(struct vcpu *vcpu)
{
	uint32_t sent = __atomic_fetch_and(&vcpu->pending, ~PENDING_SSIP, __ATOMIC_SEQ_CST);
	bool pending = csr_read(CSR_HVIP) & HVIP_VSSIP;

	csr_clear(CSR_HVIP, HVIP_VSSIP);
	return pending || sent & PENDING_SSIP;
}

void arch_vcpu_set_timer(struct vcpu *vcpu, uint64_t deadline)
{
	if (arch_vcpu_set_timer_light(vcpu, deadline))
		return;
	csr_clear(CSR_HVIP, HVIP_VSTIP);
	vcpu_timer_set(vcpu, deadline);
}

void arch_vcpu_inject(struct vcpu *vcpu, uint64_t cause, uint64_t stval)
{
	uint64_t vsstatus = csr_read(CSR_VSSTATUS);
	uint64_t sstatus = csr_read(CSR_SSTATUS);

	if (unlikely(vcpu->arch.pmu_events))
		pmu_exception(vcpu, cause);
	if (unlikely(vsstatus & SSTATUS_SDT)) {
		arch_vcpu_double_trap(vcpu, cause);
		return;
	}
	if (vcpu->arch.henvcfg & HENVCFG_DTE)
		vsstatus |= SSTATUS_SDT;
	/* What it was about to jump to is only looked at after its handler's SRET. */
	vsstatus &= ~(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SPELP);
	vsstatus |= sstatus & (SSTATUS_SPP | SSTATUS_SPELP);
	csr_clear(CSR_SSTATUS, SSTATUS_SPELP);
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
