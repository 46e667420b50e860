/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits that need few registers: trap_entry calls these light functions before it saves all that C
 * may clobber. No lock.
 */
#include <arch/csr.h>
#include <arch/exit.h>
#include <arch/exit_csr.h>
#include <arch/exit_mmio.h>
#include <arch/extirq.h>
#include <arch/insn.h>
#include <core/light.h>
#include <emulators/bits.h>

static inline void exit_done(struct vcpu *vcpu, unsigned int length)
{
	csr_write(CSR_SEPC, csr_read(CSR_SEPC) + length);
	vcpu->exits++;
}

static inline bool in_vs_mode(void)
{
	return csr_read(CSR_SSTATUS) & SSTATUS_SPP;
}

/* Whether the guest has that file, and is where it may use it: VU-mode has no business with it. */
static inline bool is_usable(const struct swfile *file)
{
	return file && in_vs_mode();
}

/* ---- virtual instructions ---- */

/* csrrw rd, stopei, x0, or csrrwi of 0: what interrupt handlers claim with. */
#define INSN_CLAIM ((uint64_t)CSR_STOPEI << 20 | 1 << 12 | OPCODE_SYSTEM)
#define INSN_CLAIM_FORMS (BIT(14) | GENMASK(11, 7))

/* csrs and csrc of sireg: what identities are enabled and disabled with. */
#define INSN_CHANGE ((uint64_t)CSR_SIREG << 20 | 2 << 12 | OPCODE_SYSTEM)
#define INSN_CHANGE_FORMS (GENMASK(19, 15) | BIT(12))

LIGHT static NOINLINE enum exit_next extirq_look(struct vcpu *vcpu)
{
	extirq_of_swfile(vcpu);
	return EXIT_DONE;
}

static inline void file_access_done(struct vcpu *vcpu)
{
	vcpu->intfile.counts.exits++;
	exit_done(vcpu, 4);
}

/*
 * stopei: any write claims what it shows at that moment, whatever is written (AIA 1.0, 3.10). A
 * guest does this for each interrupt.
 */
LIGHT static NOINLINE enum exit_next stopei_access(struct vcpu *vcpu, uint64_t insn)
{
	bool only_reads = insn_csr_op(insn) != CSR_WRITE && !insn_rs1(insn);
	struct swfile *file = vcpu->file;
	uint32_t top;

	if (!is_usable(file))
		return EXIT_NOT_DONE;
	top = only_reads ? swfile_top(file) : swfile_claim(file);
	arch_vcpu_set_reg(&vcpu->arch, insn_rd(insn), top);
	file_access_done(vcpu);
	return top && !only_reads ? extirq_look(vcpu) : EXIT_DONE;
}

/* sireg, other registers than eie. */
LIGHT static NOINLINE enum exit_next sireg_other(struct vcpu *vcpu, uint64_t insn, uint64_t operand)
{
	uint64_t select = csr_read(CSR_VSISELECT), *rd = &vcpu->arch.regs[insn_rd(insn)];
	struct swfile *file = vcpu->file;

	if (!in_vs_mode())
		return EXIT_NOT_DONE;
	/* Priorities of major interrupts: read-only zero, nothing can be set (AIA 1.0, 6.4). */
	if ((select & ~UINT64_C(0xe)) == 0x30)
		*rd = 0;
	else if (swfile_rmw(file, select, insn_csr_op(insn), operand, rd))
		return EXIT_NOT_DONE;
	vcpu->arch.regs[0] = 0;
	file_access_done(vcpu);
	/* None of them matters while nothing is pending. */
	return __atomic_load_n(&file->words, __ATOMIC_RELAXED) ? extirq_look(vcpu) : EXIT_DONE;
}

/* sireg, eie<@number>. */
LIGHT static NOINLINE enum exit_next sireg_eie(struct vcpu *vcpu, uint64_t insn, uint64_t operand,
					       uint64_t number)
{
	struct swfile *file = vcpu->file;
	uint64_t old, touched;

	if (unlikely(!in_vs_mode()))
		return EXIT_NOT_DONE;
	old = swfile_rmw_eie(file, number, insn >> 12 & 3, operand, &touched);
	arch_vcpu_set_reg(&vcpu->arch, insn_rd(insn), old);
	file_access_done(vcpu);
	/* Who makes something pending meanwhile tells the vCPU of it. */
	return unlikely(touched) ? extirq_look(vcpu) : EXIT_DONE;
}

/*
 * sireg, written with @operand as the CSR instruction @insn does that: setting 0 is reading. The
 * vCPU has a file: so the hart has vsiselect.
 */
static ALWAYS_INLINE enum exit_next sireg_access(struct vcpu *vcpu, uint64_t insn, uint64_t operand)
{
	uint64_t number = csr_read(CSR_VSISELECT) - SWFILE_EIE0;

	return unlikely(number & SWFILE_NO_NUMBER) ? sireg_other(vcpu, insn, operand)
						   : sireg_eie(vcpu, insn, operand, number);
}

/* seed: only what writes may read it (scalar cryptography, "Access Control"). */
LIGHT static NOINLINE enum exit_next seed_access(struct vcpu *vcpu, uint64_t insn)
{
	if (!in_vs_mode() || !arch_vcpu_has(&vcpu->arch, FEATURE_ZKR) ||
	    (insn_csr_op(insn) != CSR_WRITE && !insn_rs1(insn)))
		return EXIT_NOT_DONE;
	arch_vcpu_set_reg(&vcpu->arch, insn_rd(insn), seed_read());
	exit_done(vcpu, 4);
	return EXIT_DONE;
}

LIGHT enum exit_next exit_csr_light(struct vcpu *vcpu, uint64_t insn, uint64_t known)
{
	uint64_t rs1 = insn_rs1(insn);

	if ((insn & 0x7f) != OPCODE_SYSTEM || insn_csr_op(insn) == CSR_READ ||
	    !(known >> insn_rd(insn) & 1))
		return EXIT_NOT_DONE;
	if (insn >> 20 == CSR_STOPEI)
		return stopei_access(vcpu, insn);
	if (insn >> 20 == CSR_SEED)
		return seed_access(vcpu, insn);
	if (insn >> 20 != CSR_SIREG || !vcpu->file)
		return EXIT_NOT_DONE;
	if (insn_is_immediate(insn))
		return sireg_access(vcpu, insn, rs1);
	if (known >> rs1 & 1)
		return sireg_access(vcpu, insn, vcpu->arch.regs[rs1]);
	return EXIT_NOT_DONE;
}

/*
 * A claim of what nearly all are: the lowest of @ready, identities below 64 that are pending and
 * enabled, while there is no threshold. As swfile_claim(), but it knows when the file is empty.
 */
static inline enum exit_next claim_low(struct vcpu *vcpu, struct swfile *file, uint64_t ready,
				       uint64_t rd)
{
	uint64_t identity = bit_lowest(ready), bit = ready & -ready;
	uint64_t left = __atomic_fetch_and(&file->pending[0], ~bit, __ATOMIC_SEQ_CST) & ~bit;
	uint32_t words = 1;

	if (likely(!left)) {
		words = __atomic_fetch_and(&file->words, ~1u, __ATOMIC_SEQ_CST) & ~1u;
		if (__atomic_load_n(&file->pending[0], __ATOMIC_SEQ_CST))
			words = __atomic_fetch_or(&file->words, 1, __ATOMIC_SEQ_CST) | 1;
	}
	vcpu->arch.regs[rd] = identity << 16 | identity;
	vcpu->intfile.counts.exits++;
	if (unlikely(words))
		return extirq_look(vcpu);
	extirq_set(vcpu, false, true);
	return EXIT_DONE;
}

/* WFI, and nothing is pending. */
LIGHT static NOINLINE enum exit_next sleep_begin(struct vcpu *vcpu)
{
	exit_done(vcpu, 4);
	/* What others tell it from now on keeps it from sleeping: vcpu_must_wake(). */
	vcpu->sched.leave = LEAVE_BLOCK;
	return EXIT_SLEEPS;
}

/* INSN_CHANGE, by one of a0 to a5: others go the long way. */
LIGHT static NOINLINE enum exit_next change_access(struct vcpu *vcpu, uint64_t insn)
{
	uint64_t rs1 = insn_rs1(insn);

	if (unlikely(rs1 - REG_A0 > 5 || !vcpu->file))
		return EXIT_NOT_DONE;
	return sireg_access(vcpu, insn, vcpu->arch.regs[rs1]);
}

LIGHT enum exit_next exit_instruction_light(struct vcpu *vcpu)
{
	uint64_t insn = csr_read(CSR_STVAL), rd = insn_rd(insn), ready;
	struct swfile *file = vcpu->file;

	if (insn == INSN_WFI) {
		if (!in_vs_mode())
			return EXIT_NOT_DONE;
		if (!vcpu_interrupt_pending())
			return sleep_begin(vcpu);
		exit_done(vcpu, 4);
		return EXIT_DONE;
	}
	if (unlikely((insn & ~INSN_CLAIM_FORMS) != INSN_CLAIM))
		return (insn & ~INSN_CHANGE_FORMS) == INSN_CHANGE
			       ? change_access(vcpu, insn)
			       : exit_csr_light(vcpu, insn, REGS_LIGHT);
	if (unlikely(rd - REG_A0 > 5 || !is_usable(file)))
		return exit_csr_light(vcpu, insn, REGS_LIGHT);
	ready = swfile_ready(file, 0);
	/* Identities from 64 on, or not all that are ready count. */
	if (unlikely(ready ? file->threshold : __atomic_load_n(&file->words, __ATOMIC_ACQUIRE)))
		return exit_csr_light(vcpu, insn, REGS_LIGHT);
	exit_done(vcpu, 4);
	if (likely(ready))
		return claim_low(vcpu, file, ready, rd);
	vcpu->intfile.counts.exits++;
	vcpu->arch.regs[rd] = 0;
	return EXIT_DONE;
}

/* ---- accesses to devices ---- */

static inline uint64_t width_of(uint64_t htinst)
{
	return UINT64_C(1) << (htinst >> 12 & 3);
}

/* Bits of a register that an access does not have. */
static inline uint64_t unused_of(uint64_t htinst)
{
	return -(UINT64_C(8) << (htinst >> 12 & 3)) & 63;
}

LIGHT bool exit_load_light(struct vcpu *vcpu)
{
	uint64_t htinst = csr_read(CSR_HTINST), rd = htinst_rd(htinst);
	gpa_t at = exit_fault_address();
	struct device *device = *vcpu_device_slot(vcpu, at);
	int64_t value;

	if (!device || !device_holds(device, at, width_of(htinst)) ||
	    !htinst_is_plain_load(htinst) || !(REGS_LIGHT >> rd & 1) || !device->ops->read_light)
		return false;
	value = device->ops->read_light(device, at.v - device->base.v,
					(unsigned int)width_of(htinst));
	if (value < 0)
		return false;
	exit_done(vcpu, htinst_length(htinst));
	if (!(htinst >> 14 & 1)) /* it extends the sign */
		value = (int64_t)((uint64_t)value << unused_of(htinst)) >> unused_of(htinst);
	arch_vcpu_set_reg(&vcpu->arch, (unsigned int)rd, (uint64_t)value);
	return true;
}

LIGHT static NOINLINE bool device_store_light(struct vcpu *vcpu, uint64_t htinst, gpa_t at)
{
	struct device *device = *vcpu_device_slot(vcpu, at);
	uint64_t rs2 = htinst_rs2(htinst), unused = unused_of(htinst);

	if (!device || !device_holds(device, at, width_of(htinst)) ||
	    !htinst_is_plain_store(htinst) || !(REGS_LIGHT >> rs2 & 1) ||
	    !device->ops->write_light ||
	    !device->ops->write_light(device, at.v - device->base.v, (unsigned int)width_of(htinst),
				      vcpu->arch.regs[rs2] << unused >> unused))
		return false;
	exit_done(vcpu, htinst_length(htinst));
	return true;
}

/* sw of any register, from a compressed instruction or not. */
#define HTINST_RS2 GENMASK(24, 20)
#define HTINST_SW (2u << 12 | OPCODE_STORE)

static inline void msi_done(struct vcpu *vcpu, uint64_t htinst)
{
	vcpu->intfile.counts.exits++;
	exit_done(vcpu, htinst_length(htinst));
}

LIGHT static NOINLINE bool msi_deliver(struct vcpu *vcpu, uint64_t htinst, uint64_t identity)
{
	if (swfile_inject(vcpu->file, identity) && swfile_signals(vcpu->file, identity))
		extirq_set(vcpu, true, true);
	msi_done(vcpu, htinst);
	return true;
}

LIGHT bool exit_store_light(struct vcpu *vcpu)
{
	uint64_t htinst = csr_read(CSR_HTINST), rs2 = htinst_rs2(htinst), identity, bit;
	struct swfile *file = vcpu->file;
	gpa_t at = exit_fault_address();

	/* A guest can store to the address that stands for none, too. */
	if (at.v != vcpu->msi_page.v || unlikely(at.v == NO_MSI_PAGE.v))
		return device_store_light(vcpu, htinst, at);
	/* An MSI to itself, by one of a0 to a5. */
	if (((htinst | HTINST_UNCOMPRESSED) & ~HTINST_RS2) != HTINST_SW || rs2 - REG_A0 > 5)
		return false;
	identity = (uint32_t)vcpu->arch.regs[rs2];
	if (unlikely(identity - 1 > 62 || file->threshold))
		return msi_deliver(vcpu, htinst, identity);
	/* The same for one of the first word. */
	bit = BIT(identity);
	__atomic_fetch_or(&file->pending[0], bit, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&file->words, 1, __ATOMIC_SEQ_CST);
	if (file->delivery && file->enabled[0] & bit)
		extirq_set(vcpu, true, true);
	msi_done(vcpu, htinst);
	return true;
}
