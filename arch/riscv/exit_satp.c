/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * satp, SFENCE.VMA and SINVAL.VMA of a guest on a hart that has more modes of satp, or more bits
 * of ASIDs, than other harts of the VM: there they trap (hstatus.VTVM, see satp_guard() in vcpu.c)
 * and are acted out as on a hart that has what the VM was given. They belong to the loaded vCPU.
 */
#include <arch/exit.h>
#include <arch/fence.h>
#include <arch/trap.h>
#include <core/vm.h>

#define INSN_SFENCE_VMA 0x12000073
#define INSN_SINVAL_VMA 0x16000073
#define INSN_FENCE_MASK 0xfe007fff /* all but rs1 and rs2 */

bool exit_is_fence(const struct vcpu *vcpu, uint32_t insn)
{
	uint32_t fence = insn & INSN_FENCE_MASK;

	return fence == INSN_SFENCE_VMA ||
	       (fence == INSN_SINVAL_VMA && isa_has(&vcpu->vm->arch.offered, ISA_SVINVAL));
}

/*
 * Done at once, SINVAL.VMA too: that is more than it asks for between SFENCE.W.INVAL and
 * SFENCE.INVAL.IR, which do not trap. The fields are those of HFENCE.VVMA.
 */
bool exit_fence(struct vcpu *vcpu, uint32_t insn, uint64_t known)
{
	unsigned int rs1 = insn >> 15 & 31, rs2 = insn >> 20 & 31;
	uint64_t at, asid;

	if ((BIT(rs1) | BIT(rs2)) & ~known)
		return false;
	at = arch_vcpu_reg(&vcpu->arch, rs1);
	asid = arch_vm_asid(&vcpu->vm->arch, arch_vcpu_reg(&vcpu->arch, rs2));
	if (rs1 && rs2)
		hfence_vvma_asid(at, asid);
	else if (rs1)
		hfence_vvma(at);
	else if (rs2)
		hfence_vvma_asid_all(asid);
	else
		hfence_vvma_all();
	return true;
}

uint64_t exit_satp(struct vcpu *vcpu, enum csr_op op, uint64_t operand)
{
	const uint64_t *limits = vcpu->vm->arch.limits;
	uint64_t old = csr_read(CSR_VSATP), value = operand;

	if (op == CSR_READ)
		return old;
	if (op == CSR_SET)
		value = old | operand;
	else if (op == CSR_CLEAR)
		value = old & ~operand;
	/* A write of an unsupported mode has no effect (privileged specification, 'satp'). */
	if (limits[LIMIT_SATP_MODES] >> (value >> SATP_MODE_SHIFT) & 1)
		csr_write(CSR_VSATP, value & (~SATP_ASID_PPN | limits[LIMIT_SATP]));
	return old;
}
