/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual-instruction exceptions: WFI, the interrupt-file CSRs of a vCPU without a VS-file (with
 * hstatus.VGEIN = 0 the hart traps them; AIA 1.0, 6.3), seed, sstateen1 to 3, satp and fences,
 * and counters that no counter of the hart stands for (<arch/pmu.h>). Anything else the
 * guest does not have, so it gets the illegal-instruction exception that it would get without us.
 */
#include <arch/exit.h>
#include <arch/exit_csr.h>
#include <arch/extirq.h>
#include <arch/pmu.h>
#include <arch/sbi.h>
#include <arch/trap.h>
#include <core/vm.h>

#define INSN_WRS_NTO 0x00d00073

/* Does what the guest wants with a CSR that it has. False: it does not have it in this way. */
static bool csr_perform(struct vcpu *vcpu, const struct csr_access *access, uint64_t *old)
{
	bool user = !(csr_read(CSR_SSTATUS) & SSTATUS_SPP);

	if (pmu_is_csr(access->csr))
		return access->op == CSR_READ && pmu_csr_read(vcpu, access->csr, user, old);
	/* VU-mode has no business with any other. */
	if (user)
		return false;
	switch (access->csr) {
	case CSR_SATP:
		*old = exit_satp(vcpu, access->op, access->operand);
		return true;
	case CSR_SSTATEEN1:
	case CSR_SSTATEEN2:
	case CSR_SSTATEEN3:
		return arch_vcpu_has(&vcpu->arch, FEATURE_SSSTATEEN);
	}
	return false;
}

enum emulated { EMULATED, NOT_EMULATED, REGS_UNKNOWN };

static enum emulated csr_emulate(struct vcpu *vcpu, uint32_t insn, uint64_t known)
{
	struct csr_access access;
	uint64_t old = 0;

	if (!csr_decode(vcpu, insn, &access))
		return NOT_EMULATED;
	if (access.regs & ~known)
		return REGS_UNKNOWN;
	if (!csr_perform(vcpu, &access, &old))
		return NOT_EMULATED;
	arch_vcpu_set_reg(&vcpu->arch, access.rd, old);
	return EMULATED;
}

static enum emulated emulate(struct vcpu *vcpu, uint32_t insn, uint64_t known)
{
	if (insn == INSN_WFI && csr_read(CSR_SSTATUS) & SSTATUS_SPP) {
		if (!vcpu_interrupt_pending())
			vcpu_leave(vcpu, LEAVE_BLOCK);
		return EMULATED;
	}
	if (exit_is_fence(vcpu, insn) && csr_read(CSR_SSTATUS) & SSTATUS_SPP)
		return exit_fence(vcpu, insn, known) ? EMULATED : REGS_UNKNOWN;
	if (insn == INSN_WRS_NTO && isa_has(&vcpu->vm->arch.offered, ISA_ZAWRS))
		return EMULATED;
	return csr_emulate(vcpu, insn, known);
}

bool exit_instruction(struct vcpu *vcpu, uint64_t known)
{
	uint32_t insn = (uint32_t)csr_read(CSR_STVAL);

	/* stval may be zero (privileged specification, 'stval'). */
	if (!insn && !guest_fetch(&insn))
		return true;
	if (exit_csr_light(vcpu, insn, known) == EXIT_DONE) {
		vcpu->exits--; /* exit_trap() has counted it, too */
		return true;
	}
	switch (emulate(vcpu, insn, known)) {
	case EMULATED:
		csr_write(CSR_SEPC, csr_read(CSR_SEPC) + 4);
		break;
	case NOT_EMULATED:
		arch_vcpu_inject(vcpu, CAUSE_ILLEGAL, insn);
		break;
	case REGS_UNKNOWN:
		return false;
	}
	return true;
}
