/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest accesses to devices: what the device sees, what the guest's registers hold afterwards,
 * and who gets a fault. Includes the source, whose one HLVX instruction reads fake memory here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_exit.h"

#include <arch/fp.h>
#include <arch/insn.h>
#include <arch/trap.h>
#include <core/device.h>

static unsigned long hlvx(uint64_t at, unsigned long *value);

/* fetch_half()'s `__asm__ volatile(...)`: its result goes to where the operands say. */
#define __asm__ ok =
#define volatile(...) hlvx(at, &value)
#include "../../arch/riscv/exit_mmio.c"
#undef volatile
#undef __asm__

#define DEVICE UINT64_C(0x10000000)
#define SIZE 0x100
#define PATTERN UINT64_C(0xfedcba9876543210)

static struct device device;
static char seen[64]; /* what the device was asked */
static uint64_t value_read;
static uint64_t fp[32];
static uint16_t code[2]; /* at 0x1000 */
static unsigned int halves; /* of code that can be fetched */

static unsigned long hlvx(uint64_t at, unsigned long *value)
{
	unsigned int index = (unsigned int)(at - 0x1000) / 2;

	fake.fetches++;
	if (index >= halves) {
		/* As the trap does that was expected. */
		fake.csrs[CSR_SEPC] = 0xdead;
		fake.csrs[CSR_SSTATUS] = 0xdead;
		fake.csrs[CSR_HSTATUS] = 0xdead;
		return 0;
	}
	*value = code[index];
	return 1;
}

uint64_t fp_read(unsigned int reg)
{
	return fp[reg];
}

void fp_write(unsigned int reg, uint64_t value)
{
	fp[reg] = value;
}

static uint64_t device_read(struct device *device, uint64_t offset, unsigned int width)
{
	snprintf(seen, sizeof(seen), "read %#lx %u", (unsigned long)offset, width);
	return width == 8 ? value_read : value_read & (BIT(8 * width) - 1);
}

static void device_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	snprintf(seen, sizeof(seen), "write %#lx %u %#lx", (unsigned long)offset, width,
		 (unsigned long)value);
}

static bool light_works;

static int64_t device_read_light(struct device *device, uint64_t offset, unsigned int width)
{
	return light_works && width < 8 ? (int64_t)device_read(device, offset, width) : -1;
}

static bool device_write_light(struct device *device, uint64_t offset, unsigned int width,
			       uint64_t value)
{
	if (light_works)
		device_write(device, offset, width, value);
	return light_works;
}

static const struct device_ops heavy_ops = { .read = device_read, .write = device_write };
static const struct device_ops light_ops = {
	.read = device_read,
	.write = device_write,
	DEVICE_LIGHT(device),
};
static const struct device_ops *ops = &heavy_ops;
static bool remembered; /* it was accessed before */

struct device *vm_device(struct vm *vm, gpa_t at, unsigned int width)
{
	uint64_t offset = at.v - device.base.v;

	return offset < device.size && device.size - offset >= width ? &device : NULL;
}

static gpa_t walked; /* where guest_walk() gets, and what it says */
static int walk_error;

int guest_walk(struct vcpu *vcpu, uint64_t va, unsigned int *access, gpa_t *at)
{
	*at = walked;
	return walk_error;
}

static int setup(void **state)
{
	walk_error = 0;
	walked = gpa(DEVICE + 4);
	fake_exit_reset();
	fake.csrs[CSR_HSTATUS] = HSTATUS_SPV;
	fake.vcpu.arch.features = BIT(FEATURE_HTINST) | BIT(FEATURE_HTVAL) | BIT(FEATURE_FP);
	device = (struct device){ .ops = ops, .vm = &fake.vm, .base = gpa(DEVICE), .size = SIZE };
	fake.vcpu.msi_page = NO_MSI_PAGE;
	*vcpu_device_slot(&fake.vcpu, gpa(DEVICE)) = remembered ? &device : NULL;
	seen[0] = '\0';
	value_read = PATTERN;
	for (unsigned int i = 0; i < 32; i++)
		fp[i] = i * UINT64_C(0x1111111111111111);
	halves = 2;
	return 0;
}

/* The fault of an access to guest-physical @at that hardware describes with @htinst. */
static void fault(uint64_t cause, uint64_t at, uint64_t htinst)
{
	fake.injected = 0;
	seen[0] = '\0';
	fake.csrs[CSR_SEPC] = 0x1000;
	fake.csrs[CSR_STVAL] = 0x7000000000 | (at & 0xfff);
	fake.csrs[CSR_HTVAL] = at >> 2;
	fake.csrs[CSR_HTINST] = htinst;
	if (!arch_vcpu_tells_accesses(&fake.vcpu.arch))
		assert_null(*vcpu_device_slot(&fake.vcpu, gpa(DEVICE)));
	if (ops == &light_ops)
		fake_exit_light = cause == CAUSE_LOAD_GUEST ? exit_load_light : exit_store_light;
	fake_exit_trap(cause == CAUSE_LOAD_GUEST ? exit_load : exit_store);
	assert_int_equal(fake.vcpu.arch.regs[0], 0);
}

static void assert_done(unsigned int length)
{
	assert_int_equal(fake.injected, 0);
	assert_int_equal(fake.csrs[CSR_SEPC], 0x1000 + length);
}

static void assert_faulted(uint64_t cause)
{
	assert_int_equal(fake.injected, 1);
	assert_int_equal(fake.cause, cause);
	assert_int_equal(fake.stval, fake.csrs[CSR_STVAL]);
	assert_int_equal(fake.csrs[CSR_SEPC], 0x1000);
	assert_string_equal(seen, "");
}

static uint32_t load(unsigned int funct3, unsigned int rd)
{
	return funct3 << 12 | rd << 7 | 0x03;
}

static uint32_t store(unsigned int funct3, unsigned int rs2)
{
	return rs2 << 20 | funct3 << 12 | 0x23;
}

static void code_is(uint32_t insn)
{
	code[0] = (uint16_t)insn;
	code[1] = (uint16_t)(insn >> 16);
}

/* ---- what is done ---- */

static void loads_of_all_widths_extend_as_they_should(void **state)
{
	static const struct {
		unsigned int funct3, width;
		uint64_t value;
	} loads[] = {
		{ 0, 1, 0x10 }, { 1, 2, 0x3210 }, { 2, 4, 0x76543210 }, { 3, 8, PATTERN },
		{ 4, 1, 0x10 }, { 5, 2, 0x3210 }, { 6, 4, 0x76543210 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(loads); i++)
		for (unsigned int rd = 1; rd < 32; rd++) {
			uint64_t top = BIT(8 * loads[i].width - 1);
			char expected[64];

			snprintf(expected, sizeof(expected), "read 0x8 %u", loads[i].width);
			value_read = PATTERN;
			fault(CAUSE_LOAD_GUEST, DEVICE + 8, load(loads[i].funct3, rd));
			assert_done(4);
			assert_string_equal(seen, expected);
			/* Its top bit is clear, but for the double word. */
			assert_int_equal(fake.vcpu.arch.regs[rd], loads[i].value);
			value_read = UINT64_MAX;
			fault(CAUSE_LOAD_GUEST, DEVICE + 8, load(loads[i].funct3, rd));
			assert_int_equal(fake.vcpu.arch.regs[rd],
					 loads[i].funct3 < 4 ? UINT64_MAX : 2 * top - 1);
		}
}

static void load_into_x0_reads_the_device(void **state)
{
	fault(CAUSE_LOAD_GUEST, DEVICE, load(2, 0));
	assert_done(4);
	assert_string_equal(seen, "read 0 4");
}

static void stores_pass_as_many_bytes_as_they_have(void **state)
{
	static const char *const expected[] = {
		"write 0x10 1 0x10",
		"write 0x10 2 0x3210",
		"write 0x10 4 0x76543210",
		"write 0x10 8 0xfedcba9876543210",
	};

	fake.vcpu.arch.regs[17] = PATTERN;
	for (unsigned int funct3 = 0; funct3 < 4; funct3++) {
		fault(CAUSE_STORE_GUEST, DEVICE + 0x10, store(funct3, 17));
		assert_done(4);
		assert_string_equal(seen, expected[funct3]);
	}
	fault(CAUSE_STORE_GUEST, DEVICE + 0x10, store(3, 0));
	assert_string_equal(seen, "write 0x10 8 0");
}

static void address_has_the_low_bits_of_the_virtual_one(void **state)
{
	for (unsigned int offset = 0; offset < 8; offset++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "read %#x 1", offset);
		fault(CAUSE_LOAD_GUEST, DEVICE + offset, load(4, 1));
		assert_string_equal(seen, expected);
	}
}

static void fp_registers_are_loaded_boxed_and_become_dirty(void **state)
{
	static const struct {
		unsigned int funct3;
		uint64_t value;
	} loads[] = {
		{ 1, UINT64_C(0xffffffffffff3210) },
		{ 2, UINT64_C(0xffffffff76543210) },
		{ 3, PATTERN },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(loads); i++) {
		uint64_t x9 = fake.vcpu.arch.regs[9];

		fake.csrs[CSR_VSSTATUS] = 1UL << SSTATUS_FS_SHIFT | SSTATUS_SIE;
		fault(CAUSE_LOAD_GUEST, DEVICE, loads[i].funct3 << 12 | 9 << 7 | 0x07);
		assert_done(4);
		assert_int_equal(fp[9], loads[i].value);
		assert_int_equal(fake.vcpu.arch.regs[9], x9);
		assert_int_equal(fake.csrs[CSR_VSSTATUS], SSTATUS_FS | SSTATUS_SIE);
	}
}

static void fp_registers_are_stored_and_stay_clean(void **state)
{
	fp[0] = PATTERN;
	fault(CAUSE_STORE_GUEST, DEVICE, 3 << 12 | 0x27);
	assert_string_equal(seen, "write 0 8 0xfedcba9876543210");
	fault(CAUSE_STORE_GUEST, DEVICE, 2 << 12 | 0x27);
	assert_string_equal(seen, "write 0 4 0x76543210");
	assert_int_equal(fake.csrs[CSR_VSSTATUS], 0);
}

static void guest_without_fp_cannot_use_it_here(void **state)
{
	fake.vcpu.arch.features &= ~BIT(FEATURE_FP);
	fault(CAUSE_LOAD_GUEST, DEVICE, 3 << 12 | 9 << 7 | 0x07);
	assert_faulted(CAUSE_LOAD_ACCESS);
	fault(CAUSE_STORE_GUEST, DEVICE, 3 << 12 | 0x27);
	assert_faulted(CAUSE_STORE_ACCESS);
}

/* ---- where the instruction comes from ---- */

static void htinst_of_a_compressed_access_moves_on_by_two(void **state)
{
	/* Bit 1 is clear. */
	fault(CAUSE_LOAD_GUEST, DEVICE, load(2, 8) & ~2U);
	assert_done(2);
	assert_int_equal(fake.fetches, 0);
}

static void without_htinst_the_instruction_is_fetched(void **state)
{
	code_is(0x00c52583); /* lw a1, 12(a0) */
	fault(CAUSE_LOAD_GUEST, DEVICE + 12, 0);
	assert_done(4);
	assert_int_equal(fake.fetches, 2);
	assert_string_equal(seen, "read 0xc 4");
	assert_int_equal(fake.vcpu.arch.regs[11], 0x76543210);
}

static void htinst_that_is_not_believed_is_ignored(void **state)
{
	fake.vcpu.arch.features &= ~BIT(FEATURE_HTINST);
	*vcpu_device_slot(&fake.vcpu, gpa(DEVICE)) = NULL;
	code_is(0x00c52583);
	fault(CAUSE_LOAD_GUEST, DEVICE, load(3, 7));
	assert_done(4);
	assert_string_equal(seen, "read 0 4");
}

static void address_that_is_not_told_is_looked_up(void **state)
{
	for (unsigned int believed = 0; believed < 2; believed++) {
		fake.vcpu.arch.features &= ~(uint64_t)BIT(FEATURE_HTVAL);
		*vcpu_device_slot(&fake.vcpu, gpa(DEVICE)) = NULL;
		fake.vcpu.arch.features |= (uint64_t)believed << FEATURE_HTVAL;
		/* Nothing is kept for the short way. */
		for (unsigned int i = 0; i < 2; i++) {
			fault(CAUSE_LOAD_GUEST, believed ? 0 : DEVICE + 8, load(2, 7));
			assert_done(4);
			assert_string_equal(seen, "read 0x4 4");
		}
	}
}

static void fault_of_a_walk_that_is_found_by_walking_is_no_access(void **state)
{
	walk_error = -EFAULT;
	fault(CAUSE_STORE_GUEST, 0, 0);
	assert_faulted(CAUSE_STORE_ACCESS);
	walk_error = -ENOENT;
	fault(CAUSE_STORE_GUEST, 0, 0);
	assert_done(0);
	assert_string_equal(seen, "");
}

static void compressed_instruction_is_fetched_alone(void **state)
{
	halves = 1; /* it is the last of its page */
	code_is(0x414c); /* c.lw a1, 4(a0) */
	fault(CAUSE_LOAD_GUEST, DEVICE + 4, 0);
	assert_done(2);
	assert_int_equal(fake.fetches, 1);
	assert_int_equal(fake.vcpu.arch.regs[11], 0x76543210);
}

static void code_that_went_away_is_executed_again(void **state)
{
	code_is(0x00c52583);
	for (halves = 0; halves < 2; halves++) {
		fake.csrs[CSR_SSTATUS] = SSTATUS_SPP | SSTATUS_SPIE;
		fake.csrs[CSR_HSTATUS] = HSTATUS_SPV | HSTATUS_SPVP;
		fault(CAUSE_LOAD_GUEST, DEVICE, 0);
		assert_int_equal(fake.injected, 0);
		assert_string_equal(seen, "");
		assert_int_equal(fake.csrs[CSR_SEPC], 0x1000);
		assert_int_equal(fake.csrs[CSR_SSTATUS], SSTATUS_SPP | SSTATUS_SPIE);
		assert_int_equal(fake.csrs[CSR_HSTATUS], HSTATUS_SPV | HSTATUS_SPVP);
	}
}

static void code_that_was_replaced_does_not_act(void **state)
{
	/* A load faulted, and a store is found; and the other way round. */
	code_is(0x00b52623); /* sw a1, 12(a0) */
	fault(CAUSE_LOAD_GUEST, DEVICE, 0);
	assert_faulted(CAUSE_LOAD_ACCESS);
	code_is(0x00c52583);
	fault(CAUSE_STORE_GUEST, DEVICE, 0);
	assert_faulted(CAUSE_STORE_ACCESS);
	code_is(0x00000013); /* nop */
	fault(CAUSE_LOAD_GUEST, DEVICE, 0);
	assert_faulted(CAUSE_LOAD_ACCESS);
}

/* ---- what faults ---- */

static void nothing_there_is_an_access_fault(void **state)
{
	walked = gpa(0);
	fault(CAUSE_LOAD_GUEST, DEVICE - 1, load(0, 1));
	assert_faulted(CAUSE_LOAD_ACCESS);
	fault(CAUSE_STORE_GUEST, DEVICE + SIZE, store(0, 1));
	assert_faulted(CAUSE_STORE_ACCESS);
	fault(CAUSE_LOAD_GUEST, 0, load(0, 1));
	assert_faulted(CAUSE_LOAD_ACCESS);
	fault(CAUSE_STORE_GUEST, BIT(41) - 1, store(0, 1));
	assert_faulted(CAUSE_STORE_ACCESS);
	assert_int_equal(fake.vm.bad_accesses, 4);
	assert_int_equal(fake.fetches, 0);
}

static void access_over_the_end_of_a_window_is_a_fault(void **state)
{
	for (unsigned int funct3 = 0; funct3 < 4; funct3++)
		for (unsigned int room = 1; room <= 8; room++) {
			fault(CAUSE_LOAD_GUEST, DEVICE + SIZE - room, load(funct3, 1));
			if (1U << funct3 <= room)
				assert_done(4);
			else
				assert_faulted(CAUSE_LOAD_ACCESS);
		}
}

static void atomics_and_the_like_fault_on_a_device(void **state)
{
	static const uint32_t insns[] = {
		0x00b5252f, /* amoadd.w a0, a1, (a0) */
		0x1005252f, /* lr.w a0, (a0) */
		0x18b5252f, /* sc.w a0, a1, (a0) */
		0x02056007, /* vle32.v v0, (a0) */
		0x02056027, /* vse32.v v0, (a0) */
		0x0045200f, /* cbo.zero (a0) */
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++) {
		code_is(insns[i]);
		fault(CAUSE_STORE_GUEST, DEVICE, 0);
		assert_faulted(CAUSE_STORE_ACCESS);
		fault(CAUSE_LOAD_GUEST, DEVICE, 0);
		assert_faulted(CAUSE_LOAD_ACCESS);
	}
}

static void page_table_in_a_device_is_an_access_fault(void **state)
{
	fault(CAUSE_LOAD_GUEST, DEVICE, HTINST_WALK_READ);
	assert_faulted(CAUSE_LOAD_ACCESS);
	fault(CAUSE_STORE_GUEST, DEVICE, HTINST_WALK_READ);
	assert_faulted(CAUSE_STORE_ACCESS);
	fault(CAUSE_LOAD_GUEST, DEVICE, HTINST_WALK_WRITE);
	assert_faulted(CAUSE_LOAD_ACCESS);
	assert_int_equal(fake.fetches, 0);
}

static void fetch_where_no_memory_is_faults(void **state)
{
	fake.csrs[CSR_STVAL] = 0x4000;
	exit_fetch(&fake.vcpu);
	assert_int_equal(fake.cause, CAUSE_FETCH_ACCESS);
	assert_int_equal(fake.stval, 0x4000);
	assert_int_equal(fake.vm.bad_accesses, 1);
}

static int run(const char *name, const struct device_ops *with, bool works, bool before)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(loads_of_all_widths_extend_as_they_should, setup),
		cmocka_unit_test_setup(load_into_x0_reads_the_device, setup),
		cmocka_unit_test_setup(stores_pass_as_many_bytes_as_they_have, setup),
		cmocka_unit_test_setup(address_has_the_low_bits_of_the_virtual_one, setup),
		cmocka_unit_test_setup(fp_registers_are_loaded_boxed_and_become_dirty, setup),
		cmocka_unit_test_setup(fp_registers_are_stored_and_stay_clean, setup),
		cmocka_unit_test_setup(guest_without_fp_cannot_use_it_here, setup),
		cmocka_unit_test_setup(htinst_of_a_compressed_access_moves_on_by_two, setup),
		cmocka_unit_test_setup(without_htinst_the_instruction_is_fetched, setup),
		cmocka_unit_test_setup(htinst_that_is_not_believed_is_ignored, setup),
		cmocka_unit_test_setup(address_that_is_not_told_is_looked_up, setup),
		cmocka_unit_test_setup(fault_of_a_walk_that_is_found_by_walking_is_no_access,
				       setup),
		cmocka_unit_test_setup(compressed_instruction_is_fetched_alone, setup),
		cmocka_unit_test_setup(code_that_went_away_is_executed_again, setup),
		cmocka_unit_test_setup(code_that_was_replaced_does_not_act, setup),
		cmocka_unit_test_setup(nothing_there_is_an_access_fault, setup),
		cmocka_unit_test_setup(access_over_the_end_of_a_window_is_a_fault, setup),
		cmocka_unit_test_setup(atomics_and_the_like_fault_on_a_device, setup),
		cmocka_unit_test_setup(page_table_in_a_device_is_an_access_fault, setup),
		cmocka_unit_test_setup(fetch_where_no_memory_is_faults, setup),
	};

	ops = with;
	light_works = works;
	remembered = before;
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	int failed = run("heavy", &heavy_ops, false, false);

	failed += run("remembered", &heavy_ops, false, true);
	failed += run("light", &light_ops, true, true);
	return failed + run("light declines", &light_ops, false, true);
}
