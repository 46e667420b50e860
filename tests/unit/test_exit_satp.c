/* SPDX-License-Identifier: BSD-2-Clause */
/* Exits on harts whose satp has more than the VM was given: satp itself, and its fences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "csr_exit.h"
#include "fake_exit.h"

#include <arch/exit_csr.h>
#include <arch/fence.h>

static int setup(void **state)
{
	csr_exit_reset();
	return 0;
}

#define MODES (BIT(0) | BIT(8))
#define FIELDS UINT64_C(0x000fffffffffffff) /* 8 bits of ASID */
#define SV39 (UINT64_C(8) << 60)
#define SV57 (UINT64_C(10) << 60)

static void satp_given(uint64_t old)
{
	fake.vm.arch.limits[LIMIT_SATP_MODES] = MODES;
	fake.vm.arch.limits[LIMIT_SATP] = FIELDS;
	fake.csrs[CSR_VSATP] = old;
}

static void satp_is_read_and_written_in_every_form(void **state)
{
	const uint64_t before = SV39 | UINT64_C(0x5500000080200);

	for (unsigned int funct3 = 1; funct3 < 8; funct3++) {
		for (unsigned int rs1 = 0; funct3 != 4 && rs1 < 32; rs1 += 5) {
			bool writes = (funct3 & 3) == RW || rs1;
			uint64_t operand, wanted;

			fake_exit_reset();
			satp_given(before);
			fake.vcpu.arch.regs[5] = 0x10000;
			fake.vcpu.arch.regs[10] = SV39 | UINT64_C(0xabcd000000081000);
			operand = funct3 & 4 ? rs1 : fake.vcpu.arch.regs[rs1];
			wanted = csr_after(funct3, before, operand);
			if (!writes || !(MODES >> (wanted >> 60) & 1))
				wanted = before;
			assert_true(csr_exit(csr_insn(CSR_SATP, funct3, 9, rs1)));
			assert_int_equal(fake.vcpu.arch.regs[9], before);
			assert_int_equal(fake.csrs[CSR_VSATP],
					 wanted & (FIELDS | UINT64_C(0xf) << 60));
		}
	}
	assert_int_equal(fences.count, 0);
}

static void mode_that_not_all_harts_have_changes_nothing(void **state)
{
	for (uint64_t mode = 0; mode < 16; mode++) {
		satp_given(SV39 | 0x80200);
		fake.vcpu.arch.regs[5] = mode << 60 | 0x99999;
		assert_true(csr_exit(csr_insn(CSR_SATP, RW, 0, 5)));
		assert_int_equal(fake.csrs[CSR_VSATP],
				 MODES >> mode & 1 ? mode << 60 | 0x99999 : SV39 | 0x80200);
	}
}

static void bits_that_not_all_harts_have_stay_zero(void **state)
{
	satp_given(0);
	fake.vcpu.arch.regs[5] = SV39 | (BIT(60) - 1);
	assert_true(csr_exit(csr_insn(CSR_SATP, RW, 0, 5)));
	assert_int_equal(fake.csrs[CSR_VSATP], SV39 | FIELDS);
}

static void fences_are_done_as_they_are_written(void **state)
{
	static const struct {
		unsigned int rs1, rs2;
		enum fake_fence what;
	} forms[] = {
		{ 0, 0, FAKE_FENCE_VS_ALL },	    { 10, 0, FAKE_FENCE_VS_PAGE },
		{ 0, 11, FAKE_FENCE_VS_ASID },	    { 10, 11, FAKE_FENCE_VS_PAGE_ASID },
		{ 8, 0, FAKE_FENCE_VS_PAGE },	    { 0, 27, FAKE_FENCE_VS_ASID },
		{ 8, 11, FAKE_FENCE_VS_PAGE_ASID }, { 10, 9, FAKE_FENCE_VS_PAGE_ASID },
	};

	isa_add(&fake.vm.arch.offered, ISA_SVINVAL);
	satp_given(SV39);
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(forms); i++) {
		unsigned int rs1 = forms[i / 2].rs1, rs2 = forms[i / 2].rs2;
		uint32_t insn = i % 2 ? 0x16000073 : 0x12000073;

		fake.vcpu.arch.regs[rs2] |= rs2 ? 0xffff : 0;
		fences.count = 0;
		assert_true(csr_exit(insn | rs1 << 15 | rs2 << 20));
		assert_int_equal(fences.count, 1);
		assert_int_equal(fences.what, forms[i / 2].what);
		assert_int_equal(fences.at, rs1 ? fake.vcpu.arch.regs[rs1] : 0);
		assert_int_equal(fences.asid, rs2 ? 0xff : 0);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(satp_is_read_and_written_in_every_form),
		TEST(mode_that_not_all_harts_have_changes_nothing),
		TEST(bits_that_not_all_harts_have_stay_zero),
		TEST(fences_are_done_as_they_are_written),
	};

	return csr_exit_run(tests);
}
