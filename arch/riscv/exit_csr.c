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

static bool is_stopei(uint32_t insn)
{
	return (insn & 0xfff0007f) == ((uint32_t)CSR_STOPEI << 20 | OPCODE_SYSTEM) &&
	       insn >> 12 & 3;
}

/* A CSR instruction: 31:20 csr, 19:15 rs1 or immediate, 14:12 funct3, 11:7 rd. */
struct csr_access {
	unsigned int csr;
	unsigned int rd;
	enum csr_op op;
	uint64_t operand;
	uint64_t regs; /* that it names, one bit each */
};

static bool csr_decode(const struct vcpu *vcpu, uint32_t insn, struct csr_access *access)
{
	unsigned int funct3 = insn >> 12 & 7;
	unsigned int rs1 = insn >> 15 & 31;

	if ((insn & 0x7f) != OPCODE_SYSTEM || !(funct3 & 3))
		return false;
	access->csr = insn >> 20;
	access->rd = insn >> 7 & 31;
	access->regs = BIT(access->rd) | (funct3 & 4 ? 0 : BIT(rs1));
	access->operand = funct3 & 4 ? rs1 : arch_vcpu_reg(&vcpu->arch, rs1);
	access->op = (funct3 & 3) == 1 ? CSR_WRITE : (funct3 & 3) == 2 ? CSR_SET : CSR_CLEAR;
	if (access->op != CSR_WRITE && rs1 == 0)
		access->op = CSR_READ;
	return true;
}

/*
 * stopei: any write claims what it shows at that moment, whatever is written (AIA 1.0, 3.10). A
 * guest does this for each interrupt.
 */
static bool stopei_access(struct vcpu *vcpu, uint32_t insn, uint64_t known)
{
	unsigned int rd = insn >> 7 & 31;
	bool only_reads = (insn >> 12 & 3) != 1 && !(insn >> 15 & 31);
	uint32_t top;

	if (!(known >> rd & 1))
		return false;
	vcpu->intfile.counts.exits++;
	csr_write(CSR_SEPC, csr_read(CSR_SEPC) + 4);
	top = only_reads ? swfile_top(vcpu->file) : swfile_claim(vcpu->file);
	arch_vcpu_set_reg(&vcpu->arch, rd, top);
	if (top && !only_reads)
		arch_vcpu_extirq_changed(vcpu);
	return true;
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

enum emulated { EMULATED, NOT_EMULATED, REGS_UNKNOWN };

static enum emulated csr_emulate(struct vcpu *vcpu, uint32_t insn, uint64_t known)
{
	struct csr_access access;
	uint64_t old = 0;

	/* VU-mode has no business with any of them. */
	if (!(csr_read(CSR_SSTATUS) & SSTATUS_SPP) || !vcpu->file ||
	    !csr_decode(vcpu, insn, &access))
		return NOT_EMULATED;
	if (access.regs & ~known)
		return REGS_UNKNOWN;
	vcpu->intfile.counts.exits++;
	if (access.csr != CSR_SIREG || !sireg_access(vcpu, &access, &old))
		return NOT_EMULATED;
	arch_vcpu_set_reg(&vcpu->arch, access.rd, old);
	return EMULATED;
}

static enum emulated emulate(struct vcpu *vcpu, uint32_t insn, uint64_t known)
{
	if (insn == INSN_WFI && csr_read(CSR_SSTATUS) & SSTATUS_SPP) {
		if (!arch_vcpu_interrupt_pending(vcpu))
			vcpu_leave(vcpu, LEAVE_BLOCK);
		return EMULATED;
	}
	return insn == INSN_WRS_NTO ? EMULATED : csr_emulate(vcpu, insn, known);
}

static bool is_emulated_stopei(const struct vcpu *vcpu, uint32_t insn)
{
	return is_stopei(insn) && vcpu->file && csr_read(CSR_SSTATUS) & SSTATUS_SPP;
}

static NOINLINE bool other(struct vcpu *vcpu, uint32_t insn, uint64_t known)
{
	/* stval may be zero (privileged specification, 'stval'). */
	if (!insn && !guest_fetch(&insn))
		return true;
	if (is_emulated_stopei(vcpu, insn))
		return stopei_access(vcpu, insn, known);
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

bool exit_instruction(struct vcpu *vcpu, uint64_t known)
{
	uint32_t insn = (uint32_t)csr_read(CSR_STVAL);

	if (likely(is_emulated_stopei(vcpu, insn)))
		return stopei_access(vcpu, insn, known);
	return other(vcpu, insn, known);
}
