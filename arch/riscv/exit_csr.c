/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual-instruction exceptions: WFI, and the interrupt-file CSRs of a vCPU without a VS-file
 * (with hstatus.VGEIN = 0 the hart traps them; AIA 1.0, 6.3). Anything else the guest does not
 * have, so it gets the illegal-instruction exception that it would get without us.
 */
#include <arch/exit.h>
#include <arch/sbi.h>
#include <arch/trap.h>
#include <core/vm.h>
#include <emulators/swfile.h>

#define INSN_WFI 0x10500073
#define INSN_WRS_NTO 0x00d00073
#define OPCODE_SYSTEM 0x73

static void illegal(struct vcpu *vcpu, uint32_t insn)
{
	arch_vcpu_inject(vcpu, CAUSE_ILLEGAL, insn);
}

/* A CSR instruction: 31:20 csr, 19:15 rs1 or immediate, 14:12 funct3, 11:7 rd. */
struct csr_access {
	unsigned int csr;
	unsigned int rd;
	enum csr_op op;
	uint64_t operand;
};

static bool csr_decode(const struct vcpu *vcpu, uint32_t insn, struct csr_access *access)
{
	unsigned int funct3 = insn >> 12 & 7;
	unsigned int rs1 = insn >> 15 & 31;

	if ((insn & 0x7f) != OPCODE_SYSTEM || !(funct3 & 3))
		return false;
	access->csr = insn >> 20;
	access->rd = insn >> 7 & 31;
	access->operand = funct3 & 4 ? rs1 : arch_vcpu_reg(&vcpu->arch, rs1);
	access->op = (funct3 & 3) == 1 ? CSR_WRITE : (funct3 & 3) == 2 ? CSR_SET : CSR_CLEAR;
	if (access->op != CSR_WRITE && rs1 == 0)
		access->op = CSR_READ;
	return true;
}

/* stopei: any write claims what it shows at that moment (AIA 1.0, 3.10). */
static uint64_t stopei_access(struct vcpu *vcpu, enum csr_op op)
{
	uint32_t old;

	if (op == CSR_READ)
		return swfile_top(vcpu->file);
	old = swfile_claim(vcpu->file);
	arch_vcpu_extirq_changed(vcpu);
	return old;
}

static bool sireg_access(struct vcpu *vcpu, const struct csr_access *access, uint64_t *old)
{
	uint64_t select = csr_read(CSR_VSISELECT);

	/* Priorities of major interrupts: read-only zero, nothing can be set (AIA 1.0, 6.4). */
	if (select >= 0x30 && select <= 0x3f) {
		*old = 0;
		return !(select & 1);
	}
	if (select < 0x70 || select > 0xff ||
	    swfile_rmw(vcpu->file, (unsigned int)select, access->op, access->operand, old))
		return false;
	if (access->op != CSR_READ)
		arch_vcpu_extirq_changed(vcpu);
	return true;
}

static bool csr_emulate(struct vcpu *vcpu, uint32_t insn)
{
	struct csr_access access;
	uint64_t old = 0;

	/* VU-mode has no business with any of them. */
	if (!(csr_read(CSR_SSTATUS) & SSTATUS_SPP) || !vcpu->file ||
	    !csr_decode(vcpu, insn, &access))
		return false;
	vcpu->intfile.counts.exits++;
	if (access.csr == CSR_STOPEI)
		old = stopei_access(vcpu, access.op);
	else if (access.csr != CSR_SIREG || !sireg_access(vcpu, &access, &old))
		return false;
	arch_vcpu_set_reg(&vcpu->arch, access.rd, old);
	return true;
}

static void wait_for_interrupt(struct vcpu *vcpu)
{
	if (!arch_vcpu_interrupt_pending(vcpu))
		vcpu_leave(vcpu, LEAVE_BLOCK);
}

void exit_instruction(struct vcpu *vcpu)
{
	uint32_t insn = (uint32_t)csr_read(CSR_STVAL);

	/* stval may be zero (privileged specification, 'stval'). */
	if (!insn && !guest_fetch(&insn))
		return;
	if (insn == INSN_WFI && csr_read(CSR_SSTATUS) & SSTATUS_SPP)
		wait_for_interrupt(vcpu);
	else if (insn != INSN_WRS_NTO && !csr_emulate(vcpu, insn)) {
		illegal(vcpu, insn);
		return;
	}
	csr_write(CSR_SEPC, csr_read(CSR_SEPC) + 4);
}
