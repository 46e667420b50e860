/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual-instruction exits: WFI, and the CSRs of an interrupt file in all forms that the CSR
 * instructions have (unprivileged specification, "Zicsr").
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "csr_exit.h"
#include "fake_exit.h"

#include <arch/exit_csr.h>
#include <emulators/swfile.h>

static struct swfile file;

static int setup(void **state)
{
	csr_exit_reset();
	swfile_init(&file, 255);
	fake.vcpu.file = &file;
	return 0;
}

/* Identity 7 and, behind it, 100: enabled and pending. */
static void two_are_pending(void)
{
	swfile_reset(&file);
	file.enabled[0] = BIT(7);
	file.enabled[1] = BIT(100 - 64);
	swfile_inject(&file, 7);
	swfile_inject(&file, 100);
}

/* ---- registers through sireg ---- */

static void every_form_reads_and_writes_as_it_should(void **state)
{
	static const unsigned int registers[] = { 0, 1, 5, 10, 31 };
	const uint64_t before = UINT64_C(0x123456789abcde0f);
	unsigned int moved = 0;

	file.delivery = 1;
	for (unsigned int funct3 = 1; funct3 < 8; funct3++) {
		for (unsigned int i = 0; funct3 != 4 && i < 25; i++) {
			unsigned int rd = registers[i / 5], rs1 = registers[i % 5];
			uint64_t regs[32], operand;
			bool writes, line;

			fake_exit_reset();
			fake.csrs[CSR_VSISELECT] = ISELECT_EIE0 + 2;
			fake.vcpu.file = &file;
			file.enabled[1] = before;
			memcpy(regs, fake.vcpu.arch.regs, sizeof(regs));
			operand = funct3 & 4 ? rs1 : regs[rs1];
			writes = (funct3 & 3) == RW || rs1;
			/* What is pending is enabled, or what the instruction names is pending. */
			file.pending[1] = rs1 ? operand : before;
			file.words = file.pending[1] ? 2 : 0;
			line = swfile_line(&file);
			fake.vcpu.arch.extirq = line;
			assert_true(csr_exit(csr_insn(CSR_SIREG, funct3, rd, rs1)));
			if (rd)
				regs[rd] = before;
			assert_memory_equal(fake.vcpu.arch.regs, regs, sizeof(regs));
			assert_int_equal(file.enabled[1],
					 writes ? csr_after(funct3, before, operand) : before);
			assert_int_equal(fake.vcpu.arch.extirq, swfile_line(&file));
			moved += fake.vcpu.arch.extirq != line;
		}
	}
	assert_true(moved > 10);
}

/* Whatever register has the bits: they enable and disable what is pending, below 64 and above. */
static void enabling_what_is_pending_drives_the_interrupt(void **state)
{
	for (unsigned int i = 0; i < 32 * 3; i++) {
		unsigned int rs1 = i / 3, word = i % 3;
		bool names = rs1 != 0;

		fake_exit_reset();
		fake.csrs[CSR_VSISELECT] = ISELECT_EIE0 + 2 * word;
		fake.vcpu.file = &file;
		if (rs1)
			fake.vcpu.arch.regs[rs1] = BIT(9) | 1;
		swfile_reset(&file);
		file.delivery = 1;
		swfile_inject(&file, 64 * word + 9);
		assert_true(csr_exit(csr_insn(CSR_SIREG, RS, 0, rs1)));
		/* There is no identity 0. */
		assert_int_equal(file.enabled[word], names ? BIT(9) | (word ? 1 : 0) : 0);
		assert_int_equal(fake.vcpu.arch.extirq, names);
		assert_int_equal(fake.csrs[CSR_HVIP] & HVIP_VSEIP, names ? HVIP_VSEIP : 0);
		/* Another one changes nothing. */
		if (rs1)
			fake.vcpu.arch.regs[rs1] = BIT(8);
		assert_true(csr_exit(csr_insn(CSR_SIREG, RS, 0, rs1)));
		assert_true(csr_exit(csr_insn(CSR_SIREG, RC, 0, rs1)));
		assert_int_equal(fake.vcpu.arch.extirq, names);
		if (rs1)
			fake.vcpu.arch.regs[rs1] = BIT(9);
		assert_true(csr_exit(csr_insn(CSR_SIREG, RC, 0, rs1)));
		assert_int_equal(file.enabled[word], names && word ? 1 : 0);
		assert_false(fake.vcpu.arch.extirq);
		assert_int_equal(file.pending[word], BIT(9));
		assert_int_equal(fake.vcpu.intfile.counts.exits, 4);
	}
}

/* What siselect names besides eie moves the interrupt, too. */
static void delivery_threshold_and_pending_bits_drive_the_interrupt(void **state)
{
	static const struct {
		unsigned int select, operand;
	} steps[] = {
		{ ISELECT_EIE0, 0x80 },	    { ISELECT_EIP0, 0x80 },	{ ISELECT_EIDELIVERY, 1 },
		{ ISELECT_EITHRESHOLD, 7 }, { ISELECT_EITHRESHOLD, 8 }, { ISELECT_EIDELIVERY, 0 },
		{ ISELECT_EITHRESHOLD, 0 }, { ISELECT_EIDELIVERY, 1 },	{ ISELECT_EIP0, 0 },
		{ ISELECT_EIP0, 0x81 },	    { ISELECT_EIE0 + 8, 0x80 }, { ISELECT_EIP0 + 8, 0x80 },
		{ ISELECT_EIE0, 0 },	    { ISELECT_EIE0, 0x81 },
	};
	static const bool lines[] = { 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 0, 1 };

	for (unsigned int rs1 = 5; rs1 < 11; rs1++) {
		fake_exit_reset();
		fake.vcpu.file = &file;
		swfile_reset(&file);
		for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
			fake.csrs[CSR_VSISELECT] = steps[i].select;
			fake.vcpu.arch.regs[rs1] = steps[i].operand;
			assert_true(csr_exit(csr_insn(CSR_SIREG, RW, 0, rs1)));
			assert_int_equal(fake.vcpu.arch.extirq, lines[i]);
		}
		/* 255 identities are four words. */
		assert_int_equal(file.enabled[4] | file.pending[4], 0);
		assert_int_equal(file.pending[0], 0x80);
	}
}

static void select_decides_which_register(void **state)
{
	file.threshold = 33;
	file.delivery = 1;
	fake.csrs[CSR_VSISELECT] = ISELECT_EITHRESHOLD;
	assert_true(csr_exit(csr_insn(CSR_SIREG, RS, 3, 0)));
	assert_int_equal(fake.vcpu.arch.regs[3], 33);
	fake.csrs[CSR_VSISELECT] = ISELECT_EIDELIVERY;
	assert_true(csr_exit(csr_insn(CSR_SIREG, RWI, 3, 0)));
	assert_int_equal(fake.vcpu.arch.regs[3], 1);
	assert_int_equal(file.delivery, 0);
}

static void register_that_does_not_exist_is_illegal(void **state)
{
	static const uint64_t selects[] = {
		0,
		0x2f,
		0x31,
		0x3f,
		0x40,
		0x6f,
		0x81,
		0xc1,
		0xff,
		0x100,
		0x170,
		BIT(32) | ISELECT_EIDELIVERY,
		BIT(63) | 0x30,
		UINT64_MAX,
	};

	fake.vcpu.arch.extirq = true;
	for (unsigned int i = 0; i < ARRAY_SIZE(selects); i++) {
		uint64_t x3 = fake.vcpu.arch.regs[3];

		fake.csrs[CSR_VSISELECT] = selects[i];
		assert_false(csr_exit(csr_insn(CSR_SIREG, RW, 3, 1)));
		assert_int_equal(fake.vcpu.arch.regs[3], x3);
	}
	assert_true(fake.vcpu.arch.extirq);
}

static void priorities_of_major_interrupts_read_zero(void **state)
{
	for (unsigned int select = 0x30; select < 0x40; select += 2) {
		fake.csrs[CSR_VSISELECT] = select;
		fake.vcpu.arch.regs[3] = 1;
		assert_true(csr_exit(csr_insn(CSR_SIREG, RW, 3, 31)));
		assert_int_equal(fake.vcpu.arch.regs[3], 0);
	}
}

static void reserved_registers_read_zero(void **state)
{
	for (unsigned int select = 0x71; select < 0x80; select += select == 0x71 ? 2 : 1) {
		fake.csrs[CSR_VSISELECT] = select;
		assert_true(csr_exit(csr_insn(CSR_SIREG, RW, 3, 31)));
		assert_int_equal(fake.vcpu.arch.regs[3], 0);
	}
}

/* ---- stopei ---- */

static void stopei_read_claims_nothing(void **state)
{
	two_are_pending();
	fake.vcpu.arch.extirq = true;
	assert_true(csr_exit(csr_insn(CSR_STOPEI, RS, 3, 0)));
	assert_int_equal(fake.vcpu.arch.regs[3], 7 << 16 | 7);
	assert_true(csr_exit(csr_insn(CSR_STOPEI, RC, 3, 0)));
	assert_true(csr_exit(csr_insn(CSR_STOPEI, RSI, 3, 0)));
	assert_true(csr_exit(csr_insn(CSR_STOPEI, RCI, 3, 0)));
	assert_int_equal(fake.vcpu.arch.regs[3], 7 << 16 | 7);
	assert_int_equal(file.pending[0], BIT(7));
	assert_true(fake.vcpu.arch.extirq);
}

static void every_write_of_stopei_claims_whatever_it_writes(void **state)
{
	static const struct {
		unsigned int funct3, rs1;
	} forms[] = {
		{ RW, 0 },  { RW, 5 },	{ RS, 5 },  { RC, 5 },
		{ RWI, 0 }, { RWI, 9 }, { RSI, 1 }, { RCI, 31 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++)
		for (unsigned int rd = 0; rd < 2; rd++) {
			two_are_pending();
			fake.vcpu.arch.extirq = true;
			/* A register that holds 0 is written all the same. */
			fake.vcpu.arch.regs[5] = 0;
			assert_true(
				csr_exit(csr_insn(CSR_STOPEI, forms[i].funct3, rd, forms[i].rs1)));
			if (rd)
				assert_int_equal(fake.vcpu.arch.regs[rd], 7 << 16 | 7);
			assert_int_equal(file.pending[0], 0);
			assert_int_equal(swfile_top(&file), 100 << 16 | 100);
			assert_false(fake.vcpu.arch.extirq);
		}
}

static void stopei_claims_into_every_register(void **state)
{
	for (unsigned int rd = 1; rd < 32; rd++) {
		two_are_pending();
		assert_true(csr_exit(csr_insn(CSR_STOPEI, RW, rd, 0)));
		assert_int_equal(fake.vcpu.arch.regs[rd], 7 << 16 | 7);
		assert_int_equal(swfile_top(&file), 100 << 16 | 100);
	}
}

static void claims_drive_the_interrupt(void **state)
{
	for (unsigned int rd = 0; rd < 32; rd++) {
		two_are_pending();
		file.delivery = 1;
		fake.vcpu.arch.extirq = true;
		fake.csrs[CSR_HVIP] = HVIP_VSEIP | HVIP_VSSIP;
		fake.csrs[CSR_HVICTL] = HVICTL_EXTIRQ;
		assert_true(csr_exit(csr_insn(CSR_STOPEI, RW, rd, 0)));
		assert_true(fake.vcpu.arch.extirq);
		assert_int_equal(fake.csrs[CSR_HVIP], HVIP_VSEIP | HVIP_VSSIP);
		assert_int_equal(fake.csrs[CSR_HVICTL], HVICTL_EXTIRQ);
		assert_true(csr_exit(csr_insn(CSR_STOPEI, RW, rd, 0)));
		assert_false(fake.vcpu.arch.extirq);
		assert_int_equal(fake.csrs[CSR_HVIP], HVIP_VSSIP);
		assert_int_equal(fake.csrs[CSR_HVICTL], 0);
		assert_int_equal(file.words, 0);
	}
	/* One above the threshold stays pending, and shows nothing. */
	two_are_pending();
	file.delivery = 1;
	file.threshold = 100;
	fake.vcpu.arch.extirq = true;
	assert_true(csr_exit(csr_insn(CSR_STOPEI, RW, 10, 0)));
	assert_int_equal(fake.vcpu.arch.regs[10], 7 << 16 | 7);
	assert_false(fake.vcpu.arch.extirq);
	assert_true(csr_exit(csr_insn(CSR_STOPEI, RW, 10, 0)));
	assert_int_equal(fake.vcpu.arch.regs[10], 0);
	assert_int_equal(file.pending[1], BIT(100 - 64));
}

static void stopei_of_an_empty_file_is_zero(void **state)
{
	assert_true(csr_exit(csr_insn(CSR_STOPEI, RW, 3, 0)));
	assert_int_equal(fake.vcpu.arch.regs[3], 0);
}

/* ---- what is not ours ---- */

static void other_csrs_are_illegal(void **state)
{
	static const unsigned int csrs[] = {
		CSR_SSTATUS, CSR_SISELECT, CSR_STOPI, CSR_VSTOPEI, CSR_VSIREG,
		CSR_HGATP,   0x152,	   0x15b,     0,	   0xfff,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(csrs); i++)
		for (unsigned int funct3 = 0; funct3 < 8; funct3++)
			assert_false(csr_exit(csr_insn(csrs[i], funct3, 3, 4)));
}

static void other_instructions_are_illegal(void **state)
{
	static const uint32_t insns[] = {
		0x10200073, /* sret */
		0x12000173, /* sfence.vma with rd */
		0x16000073, /* sinval.vma: the guest was not told of it */
		0x18000073, /* sfence.w.inval does not trap */
		0x60000073, /* hfence.gvma and its like */
		0x30200073, /* mret */
		0x0000000f, /* fence */
		0x00000013, /* nop */
		0x0001, /* c.nop */
		0xffffffff,
		CSR_STOPEI << 20 | 3 << 7 | SYSTEM, /* funct3 0 and 4 are no CSR instructions */
		CSR_STOPEI << 20 | 4 << 12 | 3 << 7 | SYSTEM,
		CSR_STOPEI << 20 | RW << 12 | 3 << 7 | 0x13,
		CSR_SIREG << 20 | 10 << 15 | SYSTEM,
		CSR_SIREG << 20 | 10 << 15 | 4 << 12 | SYSTEM,
		CSR_SIREG << 20 | 10 << 15 | RS << 12 | 0x13,
	};

	two_are_pending();
	fake.csrs[CSR_VSISELECT] = ISELECT_EIE0;
	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++)
		assert_false(csr_exit(insns[i]));
	assert_int_equal(file.pending[0], BIT(7));
	assert_int_equal(fake.left, -1);
}

static void user_mode_has_none_of_it(void **state)
{
	two_are_pending();
	fake.csrs[CSR_SSTATUS] &= ~SSTATUS_SPP;
	fake.csrs[CSR_VSISELECT] = ISELECT_EIDELIVERY;
	assert_false(csr_exit(csr_insn(CSR_STOPEI, RW, 3, 0)));
	assert_false(csr_exit(csr_insn(CSR_SIREG, RS, 3, 0)));
	fake.csrs[CSR_VSISELECT] = ISELECT_EIE0;
	assert_false(csr_exit(csr_insn(CSR_SIREG, RS, 0, 10)));
	assert_int_equal(file.enabled[0], BIT(7));
	assert_false(csr_exit(0x10500073));
	assert_false(csr_exit(csr_insn(CSR_SATP, RW, 3, 0)));
	assert_false(csr_exit(0x12000073));
	assert_int_equal(fences.count, 0);
	assert_int_equal(file.pending[0], BIT(7));
	assert_int_equal(fake.left, -1);
}

static void guest_without_interrupt_files_has_no_such_csrs(void **state)
{
	fake.vcpu.file = NULL;
	fake.csrs[CSR_VSISELECT] = ISELECT_EIDELIVERY;
	assert_false(csr_exit(csr_insn(CSR_STOPEI, RW, 3, 0)));
	assert_false(csr_exit(csr_insn(CSR_SIREG, RS, 3, 0)));
	fake.csrs[CSR_VSISELECT] = 0x30;
	assert_false(csr_exit(csr_insn(CSR_SIREG, RS, 3, 0)));
	fake.csrs[CSR_VSISELECT] = ISELECT_EIE0;
	assert_false(csr_exit(csr_insn(CSR_SIREG, RS, 0, 10)));
}

/* ---- counters ---- */

static void counters_are_read_in_every_form_and_never_written(void **state)
{
	static const unsigned int csrs[] = { 0xc00, 0xc02, 0xc03, 0xc1f, 0xda0 };

	fake.vcpu.file = NULL;
	fake.counter = UINT64_C(0x123456789);
	for (unsigned int i = 0; i < ARRAY_SIZE(csrs); i++) {
		for (unsigned int funct3 = 1; funct3 < 8; funct3++) {
			bool reads = (funct3 & 3) > RW;

			fake.has_counter = true;
			assert_int_equal(csr_exit(csr_insn(csrs[i], funct3, 9, 0)), reads);
			if (reads)
				assert_int_equal(fake.vcpu.arch.regs[9], fake.counter);
			assert_false(csr_exit(csr_insn(csrs[i], funct3, 9, 1)));
			assert_int_equal(csr_exit(csr_insn(csrs[i], funct3, 0, 0)), reads);
			fake.has_counter = false;
			assert_false(csr_exit(csr_insn(csrs[i], funct3, 9, 0)));
		}
	}
	fake.has_counter = true;
	assert_false(csr_exit(csr_insn(0xbff, RS, 9, 0)));
	assert_false(csr_exit(csr_insn(0xc20, RS, 9, 0)));
	assert_false(csr_exit(csr_insn(0xd9f, RS, 9, 0)));
	fake.csrs[CSR_SSTATUS] &= ~SSTATUS_SPP;
	assert_false(csr_exit(csr_insn(0xc00, RS, 9, 0)));
}

/* ---- seed ---- */

static void only_instructions_that_write_read_the_seed(void **state)
{
	fake.vcpu.arch.features = BIT(FEATURE_ZKR);
	fake.vcpu.file = NULL;
	assert_false(csr_exit(csr_insn(CSR_SEED, RS, 5, 0)));
	assert_false(csr_exit(csr_insn(CSR_SEED, RC, 5, 0)));
	assert_false(csr_exit(csr_insn(CSR_SEED, RSI, 5, 0)));
	assert_false(csr_exit(csr_insn(CSR_SEED, RCI, 5, 0)));
	assert_int_equal(fake.seeds, 0);
	for (unsigned int funct3 = RW; funct3 <= RCI; funct3++) {
		if (funct3 == 4)
			continue;
		fake.vcpu.arch.regs[5] = 0;
		assert_true(csr_exit(csr_insn(CSR_SEED, funct3, 5, 7)));
		assert_int_equal(fake.vcpu.arch.regs[5], 0x80001234);
	}
	assert_int_equal(fake.seeds, 6);
	assert_true(csr_exit(csr_insn(CSR_SEED, RW, 5, 0)));
	assert_true(csr_exit(csr_insn(CSR_SEED, RWI, 9, 0)));
	assert_int_equal(fake.vcpu.arch.regs[9], 0x80001234);
	assert_true(csr_exit(csr_insn(CSR_SEED, RW, 0, 5)));
	assert_int_equal(fake.vcpu.intfile.counts.exits, 0);
}

static void seed_is_read_with_few_registers_saved(void **state)
{
	fake.vcpu.arch.features = BIT(FEATURE_ZKR);
	fake.csrs[CSR_STVAL] = csr_insn(CSR_SEED, RW, REG_A0, 0);
	assert_true(csr_exit_light(&fake.vcpu));
	assert_int_equal(fake.vcpu.arch.regs[REG_A0], 0x80001234);
	assert_int_equal(fake.csrs[CSR_SEPC], 0x1004);
	assert_int_equal(fake.vcpu.exits, 1);
	/* What is written does not matter, nor what register it is in. */
	fake.csrs[CSR_STVAL] = csr_insn(CSR_SEED, RS, REG_A0 + 5, 5);
	assert_true(csr_exit_light(&fake.vcpu));
	fake.csrs[CSR_STVAL] = csr_insn(CSR_SEED, RW, 5, 0);
	assert_false(csr_exit_light(&fake.vcpu));
	assert_int_equal(fake.seeds, 2);
}

static void seed_is_for_vs_mode_of_guests_that_have_it(void **state)
{
	assert_false(csr_exit(csr_insn(CSR_SEED, RW, 5, 0)));
	fake.vcpu.arch.features = BIT(FEATURE_ZKR);
	fake.csrs[CSR_SSTATUS] = 0;
	assert_false(csr_exit(csr_insn(CSR_SEED, RW, 5, 0)));
	assert_int_equal(fake.seeds, 0);
	fake.csrs[CSR_SSTATUS] = SSTATUS_SPP;
	assert_true(csr_exit(csr_insn(CSR_SEED, RW, 5, 0)));
	assert_int_equal(fake.seeds, 1);
}

/* ---- state enables ---- */

static void state_enables_without_bits_read_zero(void **state)
{
	for (unsigned int csr = CSR_SSTATEEN1; csr <= CSR_SSTATEEN3; csr++) {
		fake.vcpu.arch.features = 0;
		assert_false(csr_exit(csr_insn(csr, RS, 5, 0)));
		fake.vcpu.arch.features = BIT(FEATURE_SSSTATEEN);
		assert_true(csr_exit(csr_insn(csr, RW, 5, 6)));
		assert_int_equal(fake.vcpu.arch.regs[5], 0);
		fake.csrs[CSR_SSTATUS] = 0;
		assert_false(csr_exit(csr_insn(csr, RS, 5, 0)));
		fake.csrs[CSR_SSTATUS] = SSTATUS_SPP;
	}
	assert_false(csr_exit(csr_insn(CSR_SSTATEEN0, RS, 5, 0)));
}

/* ---- waiting ---- */

static void wfi_waits_unless_an_interrupt_is_pending(void **state)
{
	assert_true(csr_exit(0x10500073));
	assert_int_equal(fake.left, LEAVE_BLOCK);
	fake.left = -1;
	fake.csrs[CSR_VSIP] = fake.csrs[CSR_VSIE] = BIT(IRQ_STI);
	assert_true(csr_exit(0x10500073));
	assert_int_equal(fake.left, -1);
}

static void wrs_nto_goes_on(void **state)
{
	isa_add(&fake.vm.arch.offered, ISA_ZAWRS);
	assert_true(csr_exit(0x00d00073));
	assert_int_equal(fake.left, -1);
	isa_remove(&fake.vm.arch.offered, ISA_ZAWRS);
	assert_false(csr_exit(0x00d00073));
}

/* ---- stval need not hold the instruction ---- */

static void instruction_is_fetched_when_stval_is_zero(void **state)
{
	two_are_pending();
	fake.insn = csr_insn(CSR_STOPEI, RW, 5, 0);
	assert_true(csr_exit(0));
	assert_int_equal(fake.fetches, 1);
	assert_int_equal(fake.vcpu.arch.regs[5], 7 << 16 | 7);
	assert_true(csr_exit(csr_insn(CSR_STOPEI, RW, 5, 0)));
	assert_int_equal(fake.fetches, 1);
	/* s1: once more, with all registers. */
	two_are_pending();
	fake.insn = csr_insn(CSR_STOPEI, RW, 9, 0);
	assert_true(csr_exit(0));
	assert_int_equal(fake.fetches, 3);
	assert_int_equal(fake.vcpu.arch.regs[9], 7 << 16 | 7);
}

static void instruction_that_went_away_is_executed_again(void **state)
{
	fake.fetch_works = false;
	fake.csrs[CSR_STVAL] = 0;
	fake_exit_trap(exit_instruction);
	assert_int_equal(fake.injected, 0);
	assert_int_equal(fake.csrs[CSR_SEPC], 0x1000);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_form_reads_and_writes_as_it_should),
		TEST(enabling_what_is_pending_drives_the_interrupt),
		TEST(delivery_threshold_and_pending_bits_drive_the_interrupt),
		TEST(select_decides_which_register),
		TEST(register_that_does_not_exist_is_illegal),
		TEST(priorities_of_major_interrupts_read_zero),
		TEST(reserved_registers_read_zero),
		TEST(stopei_read_claims_nothing),
		TEST(every_write_of_stopei_claims_whatever_it_writes),
		TEST(stopei_claims_into_every_register),
		TEST(claims_drive_the_interrupt),
		TEST(stopei_of_an_empty_file_is_zero),
		TEST(other_csrs_are_illegal),
		TEST(other_instructions_are_illegal),
		TEST(user_mode_has_none_of_it),
		TEST(guest_without_interrupt_files_has_no_such_csrs),
		TEST(counters_are_read_in_every_form_and_never_written),
		TEST(only_instructions_that_write_read_the_seed),
		TEST(seed_is_read_with_few_registers_saved),
		TEST(seed_is_for_vs_mode_of_guests_that_have_it),
		TEST(state_enables_without_bits_read_zero),
		TEST(wfi_waits_unless_an_interrupt_is_pending),
		TEST(wrs_nto_goes_on),
		TEST(instruction_is_fetched_when_stval_is_zero),
		TEST(instruction_that_went_away_is_executed_again),
	};

	return csr_exit_run(tests);
}
