/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What virtual-instruction exits have in common: CSR instructions, decoded, and the exits that
 * light functions do (<core/light.h>). Everything is of the loaded vCPU; no lock.
 */
#ifndef ARCH_EXIT_CSR_H
#define ARCH_EXIT_CSR_H

#include <core/vm.h>
#include <emulators/swfile.h>

/* What trap_entry saves for light functions: x0 to x2, x4, x10 to x15. */
#define REGS_LIGHT UINT64_C(0xfc17)

#define INSN_WFI 0x10500073
#define OPCODE_SYSTEM 0x73

/* A CSR instruction: 31:20 csr, 19:15 rs1 or immediate, 14:12 funct3, 11:7 rd. */
static inline unsigned int insn_rd(uint64_t insn)
{
	return insn >> 7 & 31;
}

static inline unsigned int insn_rs1(uint64_t insn)
{
	return insn >> 15 & 31;
}

static inline bool insn_is_immediate(uint64_t insn)
{
	return insn & BIT(14);
}

/* By funct3. CSR_READ: it is no CSR instruction; those that only read set or clear nothing. */
static inline enum csr_op insn_csr_op(uint64_t insn)
{
	return (enum csr_op)(insn >> 12 & 3);
}

struct csr_access {
	unsigned int csr;
	unsigned int rd;
	enum csr_op op;
	uint64_t operand;
	uint64_t regs; /* that it names, one bit each */
};

/** False: @insn is no CSR instruction. A register that it names need not be in memory. */
static inline bool csr_decode(const struct vcpu *vcpu, uint32_t insn, struct csr_access *access)
{
	unsigned int rs1 = insn_rs1(insn);

	access->op = insn_csr_op(insn);
	if ((insn & 0x7f) != OPCODE_SYSTEM || access->op == CSR_READ)
		return false;
	access->csr = insn >> 20;
	access->rd = insn_rd(insn);
	access->regs = BIT(access->rd) | (insn_is_immediate(insn) ? 0 : BIT(rs1));
	access->operand = insn_is_immediate(insn) ? rs1 : arch_vcpu_reg(&vcpu->arch, rs1);
	if (access->op != CSR_WRITE && rs1 == 0)
		access->op = CSR_READ;
	return true;
}

/** What trap_entry does after exit_instruction_light(). It knows the numbers. */
enum exit_next { EXIT_SLEEPS = -1, EXIT_NOT_DONE, EXIT_DONE };

/**
 * Does @insn and counts the exit if it is an access to seed, or to the vCPU's own SW-file by stopei
 * or sireg. EXIT_NOT_DONE: it is not, the vCPU may not do that, or it names a register that is not
 * @known; nothing has been done. Light.
 */
enum exit_next exit_csr_light(struct vcpu *vcpu, uint64_t insn, uint64_t known);

/** The same of the instruction in stval, and WFI; counts the exit. */
enum exit_next exit_instruction_light(struct vcpu *vcpu);

#endif
