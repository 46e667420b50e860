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

#include "fake_exit.h"

#include <emulators/swfile.h>

#define SYSTEM 0x73
#define RW 1
#define RS 2
#define RC 3
#define RWI 5
#define RSI 6
#define RCI 7

static struct swfile file;

static int setup(void **state)
{
	fake_exit_reset();
	swfile_init(&file, 255);
	fake.vcpu.file = &file;
	return 0;
}

bool guest_fetch(uint32_t *insn)
{
	fake.fetches++;
	*insn = fake.insn;
	return fake.fetch_works;
}

static uint32_t csr_insn(unsigned int csr, unsigned int funct3, unsigned int rd, unsigned int rs1)
{
	return csr << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | SYSTEM;
}

/* An exit with @insn in stval; true when it was done and the guest goes on behind it. */
static bool does(uint32_t insn)
{
	uint64_t sepc = fake.csrs[CSR_SEPC];

	fake.injected = 0;
	fake.csrs[CSR_STVAL] = insn;
	fake_exit_trap(exit_instruction);
	assert_int_equal(fake.vcpu.arch.regs[0], 0);
	if (fake.injected) {
		assert_int_equal(fake.injected, 1);
		assert_int_equal(fake.cause, CAUSE_ILLEGAL);
		assert_int_equal(fake.stval, insn);
		assert_int_equal(fake.csrs[CSR_SEPC], sepc);
		return false;
	}
	assert_int_equal(fake.csrs[CSR_SEPC], sepc + 4);
	return true;
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

static uint64_t after(unsigned int funct3, uint64_t old, uint64_t operand)
{
	switch (funct3 & 3) {
	case RW:
		return operand;
	case RS:
		return old | operand;
	default:
		return old & ~operand;
	}
}

static void every_form_reads_and_writes_as_it_should(void **state)
{
	static const unsigned int registers[] = { 0, 1, 5, 10, 31 };
	const uint64_t before = UINT64_C(0x123456789abcde0f);

	fake.csrs[CSR_VSISELECT] = ISELECT_EIE0 + 2;
	for (unsigned int funct3 = 1; funct3 < 8; funct3++) {
		for (unsigned int i = 0; funct3 != 4 && i < 25; i++) {
			unsigned int rd = registers[i / 5], rs1 = registers[i % 5];
			uint64_t regs[32], operand;
			bool writes;

			fake_exit_reset();
			fake.csrs[CSR_VSISELECT] = ISELECT_EIE0 + 2;
			fake.vcpu.file = &file;
			file.enabled[1] = before;
			memcpy(regs, fake.vcpu.arch.regs, sizeof(regs));
			operand = funct3 & 4 ? rs1 : regs[rs1];
			writes = (funct3 & 3) == RW || rs1;
			assert_true(does(csr_insn(CSR_SIREG, funct3, rd, rs1)));
			if (rd)
				regs[rd] = before;
			assert_memory_equal(fake.vcpu.arch.regs, regs, sizeof(regs));
			assert_int_equal(file.enabled[1],
					 writes ? after(funct3, before, operand) : before);
			assert_int_equal(fake.extirq_changes, writes);
		}
	}
}

static void select_decides_which_register(void **state)
{
	file.threshold = 33;
	file.delivery = 1;
	fake.csrs[CSR_VSISELECT] = ISELECT_EITHRESHOLD;
	assert_true(does(csr_insn(CSR_SIREG, RS, 3, 0)));
	assert_int_equal(fake.vcpu.arch.regs[3], 33);
	fake.csrs[CSR_VSISELECT] = ISELECT_EIDELIVERY;
	assert_true(does(csr_insn(CSR_SIREG, RWI, 3, 0)));
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

	for (unsigned int i = 0; i < ARRAY_SIZE(selects); i++) {
		uint64_t x3 = fake.vcpu.arch.regs[3];

		fake.csrs[CSR_VSISELECT] = selects[i];
		assert_false(does(csr_insn(CSR_SIREG, RW, 3, 1)));
		assert_int_equal(fake.vcpu.arch.regs[3], x3);
	}
	assert_int_equal(fake.extirq_changes, 0);
}

static void priorities_of_major_interrupts_read_zero(void **state)
{
	for (unsigned int select = 0x30; select < 0x40; select += 2) {
		fake.csrs[CSR_VSISELECT] = select;
		fake.vcpu.arch.regs[3] = 1;
		assert_true(does(csr_insn(CSR_SIREG, RW, 3, 31)));
		assert_int_equal(fake.vcpu.arch.regs[3], 0);
	}
}

static void reserved_registers_read_zero(void **state)
{
	for (unsigned int select = 0x71; select < 0x80; select += select == 0x71 ? 2 : 1) {
		fake.csrs[CSR_VSISELECT] = select;
		assert_true(does(csr_insn(CSR_SIREG, RW, 3, 31)));
		assert_int_equal(fake.vcpu.arch.regs[3], 0);
	}
}

/* ---- stopei ---- */

static void stopei_read_claims_nothing(void **state)
{
	two_are_pending();
	assert_true(does(csr_insn(CSR_STOPEI, RS, 3, 0)));
	assert_int_equal(fake.vcpu.arch.regs[3], 7 << 16 | 7);
	assert_true(does(csr_insn(CSR_STOPEI, RC, 3, 0)));
	assert_true(does(csr_insn(CSR_STOPEI, RSI, 3, 0)));
	assert_true(does(csr_insn(CSR_STOPEI, RCI, 3, 0)));
	assert_int_equal(fake.vcpu.arch.regs[3], 7 << 16 | 7);
	assert_int_equal(file.pending[0], BIT(7));
	assert_int_equal(fake.extirq_changes, 0);
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
			fake.extirq_changes = 0;
			/* A register that holds 0 is written all the same. */
			fake.vcpu.arch.regs[5] = 0;
			assert_true(does(csr_insn(CSR_STOPEI, forms[i].funct3, rd, forms[i].rs1)));
			if (rd)
				assert_int_equal(fake.vcpu.arch.regs[rd], 7 << 16 | 7);
			assert_int_equal(file.pending[0], 0);
			assert_int_equal(swfile_top(&file), 100 << 16 | 100);
			assert_int_equal(fake.extirq_changes, 1);
		}
}

static void stopei_claims_into_every_register(void **state)
{
	for (unsigned int rd = 1; rd < 32; rd++) {
		two_are_pending();
		assert_true(does(csr_insn(CSR_STOPEI, RW, rd, 0)));
		assert_int_equal(fake.vcpu.arch.regs[rd], 7 << 16 | 7);
		assert_int_equal(swfile_top(&file), 100 << 16 | 100);
	}
}

static void stopei_of_an_empty_file_is_zero(void **state)
{
	assert_true(does(csr_insn(CSR_STOPEI, RW, 3, 0)));
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
			assert_false(does(csr_insn(csrs[i], funct3, 3, 4)));
}

static void other_instructions_are_illegal(void **state)
{
	static const uint32_t insns[] = {
		0x10200073, /* sret */
		0x12000073, /* sfence.vma */
		0x60000073, /* hfence.gvma and its like */
		0x30200073, /* mret */
		0x0000000f, /* fence */
		0x00000013, /* nop */
		0x0001, /* c.nop */
		0xffffffff,
		CSR_STOPEI << 20 | 3 << 7 | SYSTEM, /* funct3 0 and 4 are no CSR instructions */
		CSR_STOPEI << 20 | 4 << 12 | 3 << 7 | SYSTEM,
		CSR_STOPEI << 20 | RW << 12 | 3 << 7 | 0x13,
	};

	two_are_pending();
	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++)
		assert_false(does(insns[i]));
	assert_int_equal(file.pending[0], BIT(7));
	assert_int_equal(fake.left, -1);
}

static void user_mode_has_none_of_it(void **state)
{
	two_are_pending();
	fake.csrs[CSR_SSTATUS] &= ~SSTATUS_SPP;
	fake.csrs[CSR_VSISELECT] = ISELECT_EIDELIVERY;
	assert_false(does(csr_insn(CSR_STOPEI, RW, 3, 0)));
	assert_false(does(csr_insn(CSR_SIREG, RS, 3, 0)));
	assert_false(does(0x10500073));
	assert_int_equal(file.pending[0], BIT(7));
	assert_int_equal(fake.left, -1);
}

static void guest_without_interrupt_files_has_no_such_csrs(void **state)
{
	fake.vcpu.file = NULL;
	fake.csrs[CSR_VSISELECT] = ISELECT_EIDELIVERY;
	assert_false(does(csr_insn(CSR_STOPEI, RW, 3, 0)));
	assert_false(does(csr_insn(CSR_SIREG, RS, 3, 0)));
	fake.csrs[CSR_VSISELECT] = 0x30;
	assert_false(does(csr_insn(CSR_SIREG, RS, 3, 0)));
}

/* ---- waiting ---- */

static void wfi_waits_unless_an_interrupt_is_pending(void **state)
{
	assert_true(does(0x10500073));
	assert_int_equal(fake.left, LEAVE_BLOCK);
	fake.left = -1;
	fake.interrupt_pending = true;
	assert_true(does(0x10500073));
	assert_int_equal(fake.left, -1);
}

static void wrs_nto_goes_on(void **state)
{
	assert_true(does(0x00d00073));
	assert_int_equal(fake.left, -1);
}

/* ---- stval need not hold the instruction ---- */

static void instruction_is_fetched_when_stval_is_zero(void **state)
{
	two_are_pending();
	fake.insn = csr_insn(CSR_STOPEI, RW, 5, 0);
	assert_true(does(0));
	assert_int_equal(fake.fetches, 1);
	assert_int_equal(fake.vcpu.arch.regs[5], 7 << 16 | 7);
	assert_true(does(csr_insn(CSR_STOPEI, RW, 5, 0)));
	assert_int_equal(fake.fetches, 1);
	/* s1: once more, with all registers. */
	two_are_pending();
	fake.insn = csr_insn(CSR_STOPEI, RW, 9, 0);
	assert_true(does(0));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_form_reads_and_writes_as_it_should, setup),
		cmocka_unit_test_setup(select_decides_which_register, setup),
		cmocka_unit_test_setup(register_that_does_not_exist_is_illegal, setup),
		cmocka_unit_test_setup(priorities_of_major_interrupts_read_zero, setup),
		cmocka_unit_test_setup(reserved_registers_read_zero, setup),
		cmocka_unit_test_setup(stopei_read_claims_nothing, setup),
		cmocka_unit_test_setup(every_write_of_stopei_claims_whatever_it_writes, setup),
		cmocka_unit_test_setup(stopei_claims_into_every_register, setup),
		cmocka_unit_test_setup(stopei_of_an_empty_file_is_zero, setup),
		cmocka_unit_test_setup(other_csrs_are_illegal, setup),
		cmocka_unit_test_setup(other_instructions_are_illegal, setup),
		cmocka_unit_test_setup(user_mode_has_none_of_it, setup),
		cmocka_unit_test_setup(guest_without_interrupt_files_has_no_such_csrs, setup),
		cmocka_unit_test_setup(wfi_waits_unless_an_interrupt_is_pending, setup),
		cmocka_unit_test_setup(wrs_nto_goes_on, setup),
		cmocka_unit_test_setup(instruction_is_fetched_when_stval_is_zero, setup),
		cmocka_unit_test_setup(instruction_that_went_away_is_executed_again, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
