/* SPDX-License-Identifier: BSD-2-Clause */
/* MSIs of a vCPU to itself: stores to its interrupt file that a light function does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_exit.h"

#include <arch/exit_csr.h>
#include <arch/exit_mmio.h>
#include <arch/insn.h>
#include <arch/trap.h>
#include <emulators/swfile.h>

#define PAGE UINT64_C(0x28003000)
#define WALK_WRITE 0x3020 /* htinst: a write of the walk for VS-stage translation */

static struct swfile file;

static int setup(void **state)
{
	fake_exit_reset();
	fake.csrs[CSR_HSTATUS] = HSTATUS_SPV;
	fake.vcpu.arch.features = BIT(FEATURE_HTINST) | BIT(FEATURE_HTVAL);
	swfile_init(&file, 255);
	file.delivery = 1;
	file.enabled[0] = BIT(5);
	file.enabled[3] = BIT(63);
	fake.vcpu.file = &file;
	fake.vcpu.msi_page = gpa(PAGE);
	return 0;
}

static uint32_t store(unsigned int funct3, unsigned int rs2)
{
	return rs2 << 20 | funct3 << 12 | 0x23;
}

/* Whether a store of @value by x@rs2 is done by the light function. */
static bool msi(uint64_t at, unsigned int funct3, unsigned int rs2, uint64_t value, uint32_t clear)
{
	struct vcpu before;

	fake.vcpu.arch.regs[rs2] = rs2 ? value : 0;
	fake.csrs[CSR_SEPC] = 0x1000;
	fake.csrs[CSR_STVAL] = 0x7000000000 | (at & 0xfff);
	fake.csrs[CSR_HTVAL] = at >> 2;
	fake.csrs[CSR_HTINST] = store(funct3, rs2) & ~clear;
	before = fake.vcpu;
	if (exit_store_light(&fake.vcpu)) {
		assert_int_equal(fake.csrs[CSR_SEPC], 0x1000 + (clear & 2 ? 2 : 4));
		assert_int_equal(fake.vcpu.exits, before.exits + 1);
		assert_int_equal(fake.vcpu.intfile.counts.exits, before.intfile.counts.exits + 1);
		assert_memory_equal(fake.vcpu.arch.regs, before.arch.regs,
				    sizeof(before.arch.regs));
		return true;
	}
	assert_memory_equal(&fake.vcpu, &before, sizeof(before));
	assert_int_equal(fake.csrs[CSR_SEPC], 0x1000);
	return false;
}

static void own_msi_is_pending_and_interrupts(void **state)
{
	for (unsigned int compressed = 0; compressed < 4; compressed += 2) {
		setup(state);
		assert_true(msi(PAGE, 2, 11, 4, compressed)); /* it is not enabled */
		assert_false(fake.vcpu.arch.extirq);
		assert_true(msi(PAGE, 2, 11, BIT(40) | 5, compressed));
		assert_int_equal(file.pending[0], BIT(4) | BIT(5));
		assert_true(fake.vcpu.arch.extirq);
		assert_int_equal(fake.csrs[CSR_HVIP], HVIP_VSEIP);
		assert_int_equal(fake.csrs[CSR_HVICTL], HVICTL_EXTIRQ);
		assert_true(msi(PAGE, 2, 15, 255, compressed));
		assert_int_equal(file.pending[3], BIT(63));
		assert_int_equal(file.words, 1 | 1 << 3);
	}
}

static void own_msi_below_threshold_or_without_delivery_is_only_pending(void **state)
{
	file.threshold = 5;
	assert_true(msi(PAGE, 2, 11, 5, 0));
	assert_false(fake.vcpu.arch.extirq);
	file.threshold = 6;
	file.delivery = 0;
	assert_true(msi(PAGE, 2, 11, 5, 0));
	assert_false(fake.vcpu.arch.extirq);
	file.delivery = 1;
	assert_true(msi(PAGE, 2, 11, 5, 0));
	assert_true(fake.vcpu.arch.extirq);
}

static void own_msi_of_an_identity_that_is_not_does_nothing(void **state)
{
	static const uint64_t values[] = { 0, 256, 2047, 2048, BIT(31), UINT32_MAX, BIT(32) };

	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++)
		assert_true(msi(PAGE, 2, 11, values[i], 0));
	for (unsigned int word = 0; word < SWFILE_WORDS; word++)
		assert_int_equal(file.pending[word], 0);
	assert_int_equal(file.words, 0);
	assert_false(fake.vcpu.arch.extirq);
}

static void other_stores_to_files_are_not_light(void **state)
{
	static const uint64_t places[] = { PAGE + 1,	  PAGE + 2,	 PAGE + 4, PAGE + 0xffc,
					   PAGE - 0x1000, PAGE + 0x1000, 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		assert_false(msi(places[i], 2, 11, 5, 0));
	for (unsigned int funct3 = 0; funct3 < 8; funct3++)
		if (funct3 != 2)
			assert_false(msi(PAGE, funct3, 11, 5, 0));
	/* Those are in the hart. */
	for (unsigned int reg = 0; reg < 32; reg++)
		assert_int_equal(msi(PAGE, 2, reg, 256, 0), reg >= 10 && reg <= 15);
	assert_false(msi(PAGE, 2, 11, 5, 1)); /* pseudoinstructions and the like */
	assert_false(msi(PAGE, 2, 11, 5, 3));
	assert_false(msi(PAGE, 2, 11, 5, UINT32_MAX));
	fake.csrs[CSR_HTINST] = WALK_WRITE;
	assert_false(exit_store_light(&fake.vcpu));
	fake.csrs[CSR_HTINST] = BIT(32) | store(2, 11);
	assert_false(exit_store_light(&fake.vcpu));
	fake.csrs[CSR_HTINST] = store(2, 11) | 1 << 15; /* misaligned */
	assert_false(exit_store_light(&fake.vcpu));
	assert_int_equal(file.words, 0);
}

/* A guest can store to all addresses, also to the one that says that there is no page. */
static void store_where_no_page_is_is_not_light(void **state)
{
	static const uint64_t values[] = { 0, 5, 64, 255, UINT64_MAX };

	fake.vcpu.msi_page = NO_MSI_PAGE;
	for (unsigned int has_file = 0; has_file < 2; has_file++) {
		fake.vcpu.file = has_file ? &file : NULL;
		for (unsigned int i = 0; i < ARRAY_SIZE(values); i++)
			for (unsigned int funct3 = 0; funct3 < 4; funct3++) {
				assert_false(msi(NO_MSI_PAGE.v, funct3, 11, values[i], 0));
				assert_false(msi(NO_MSI_PAGE.v, funct3, 11, values[i], 2));
			}
	}
	assert_int_equal(file.words, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(own_msi_is_pending_and_interrupts),
		TEST(own_msi_below_threshold_or_without_delivery_is_only_pending),
		TEST(own_msi_of_an_identity_that_is_not_does_nothing),
		TEST(other_stores_to_files_are_not_light),
		TEST(store_where_no_page_is_is_not_light),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
