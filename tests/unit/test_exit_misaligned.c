/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Misaligned accesses that are done for the guest: each width and register, faults at each byte,
 * and what stays the guest's exception. Includes what handles device accesses, for the values.
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
#include <arch/pmu.h>
#include <arch/trap.h>
#include <core/device.h>

static unsigned long hlvx(uint64_t at, unsigned long *value);

#define __asm__ ok =
#define volatile(...) hlvx(at, &value)
#include "../../arch/riscv/exit_mmio.c"
#undef volatile
#undef __asm__

#define MEMORY UINT64_C(0x7000)

static uint8_t memory[64]; /* at MEMORY */
static uint64_t fault_at; /* a byte that faults, 0: none */
static uint64_t fault_cause;
static unsigned int touched; /* bytes */
static uint16_t code[2];
static bool fetch_fails;
static uint64_t fp[32];
static uint64_t now_cause;

int guest_walk(struct vcpu *vcpu, uint64_t va, unsigned int *access, gpa_t *at)
{
	*at = gpa(va);
	return 0;
}

static unsigned long hlvx(uint64_t at, unsigned long *value)
{
	if (fetch_fails) {
		fake.csrs[CSR_SEPC] = fake.csrs[CSR_SSTATUS] = fake.csrs[CSR_HSTATUS] = 0xdead;
		return 0;
	}
	*value = code[(at - 0x1000) / 2];
	return 1;
}

static bool byte_faults(uint64_t at)
{
	/* A trap would be a double trap otherwise. */
	assert_false(fake.csrs[CSR_SSTATUS] & SSTATUS_SDT);
	if (!fault_at || at != fault_at) {
		assert_in_range(at, MEMORY, MEMORY + sizeof(memory) - 1);
		touched++;
		return false;
	}
	fake.csrs[CSR_SEPC] = fake.csrs[CSR_SSTATUS] = fake.csrs[CSR_HSTATUS] = 0xdead;
	fake.csrs[CSR_SCAUSE] = fault_cause;
	fake.csrs[CSR_STVAL] = at;
	fake.csrs[CSR_HTVAL] = (at + 0x80000000) >> 2;
	fake.csrs[CSR_HTINST] = 0;
	return true;
}

bool guest_load_byte(uint64_t at, uint8_t *byte)
{
	if (byte_faults(at))
		return false;
	*byte = memory[at - MEMORY];
	return true;
}

bool guest_store_byte(uint64_t at, uint8_t byte)
{
	if (byte_faults(at))
		return false;
	memory[at - MEMORY] = byte;
	return true;
}

uint64_t fp_read(unsigned int reg)
{
	return fp[reg];
}

void fp_write(unsigned int reg, uint64_t value)
{
	fp[reg] = value;
}

struct device *vm_device(struct vm *vm, gpa_t at, unsigned int width)
{
	fail();
	return NULL;
}

void pmu_count(struct vcpu *vcpu, enum pmu_firmware_event event, unsigned int count)
{
	fail();
}

void pmu_exception(struct vcpu *vcpu, uint64_t cause)
{
	fail();
}

static int setup(void **state)
{
	fake_exit_reset();
	fake.vcpu.arch.features = BIT(FEATURE_FP);
	fault_at = 0;
	fetch_fails = false;
	for (unsigned int i = 0; i < 32; i++)
		fp[i] = i * UINT64_C(0x1111111111111111);
	return 0;
}

static bool handler(struct vcpu *vcpu, uint64_t known)
{
	bool done = exit_misaligned(vcpu, now_cause, known);

	/* That is all that it may have changed before it is called again. */
	if (!done)
		fake.csrs[CSR_SSTATUS] |= SSTATUS_SDT;
	return done;
}

/* The exception of @insn at @at. */
static void misaligned(uint64_t cause, uint64_t at, uint32_t insn)
{
	fake.injected = 0;
	touched = 0;
	now_cause = cause;
	code[0] = (uint16_t)insn;
	code[1] = (uint16_t)(insn >> 16);
	fake.csrs[CSR_SEPC] = 0x1000;
	fake.csrs[CSR_SSTATUS] = SSTATUS_SPP | SSTATUS_SDT;
	fake.csrs[CSR_HSTATUS] = HSTATUS_SPV | HSTATUS_SPVP;
	fake.csrs[CSR_STVAL] = at;
	for (unsigned int i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(0x80 + 3 * i);
	fake_exit_trap(handler);
	assert_int_equal(fake.vcpu.arch.regs[0], 0);
}

static void assert_done(unsigned int length, unsigned int width)
{
	assert_int_equal(fake.injected, 0);
	assert_int_equal(fake.csrs[CSR_SEPC], 0x1000 + length);
	assert_int_equal(touched, width);
}

/* @at is what the guest finds in stval. */
static void assert_injected(uint64_t cause, uint64_t at)
{
	assert_int_equal(fake.injected, 1);
	assert_int_equal(fake.cause, cause);
	assert_int_equal(fake.stval, at);
	assert_int_equal(fake.csrs[CSR_SEPC], 0x1000);
	assert_int_equal(fake.csrs[CSR_SSTATUS] & ~SSTATUS_SDT, SSTATUS_SPP);
	assert_int_equal(fake.csrs[CSR_HSTATUS], HSTATUS_SPV | HSTATUS_SPVP);
}

static uint64_t bytes(unsigned int offset, unsigned int width)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < width; i++)
		value |= (uint64_t)(uint8_t)(0x80 + 3 * (offset + i)) << 8 * i;
	return value;
}

static void loads_of_all_widths_and_registers_are_done(void **state)
{
	for (unsigned int funct3 = 1; funct3 < 7; funct3++)
		for (unsigned int rd = 0; rd < 32; rd++)
			for (unsigned int offset = 1; offset < 16; offset += 2) {
				unsigned int width = 1U << (funct3 & 3);
				uint64_t raw = bytes(offset, width);
				unsigned int unused = 64 - 8 * width;
				uint64_t wanted = raw;

				if (funct3 == 4 || (funct3 & 3) == 0)
					continue;
				if (funct3 < 4)
					wanted = (uint64_t)((int64_t)(raw << unused) >> unused);
				misaligned(CAUSE_LOAD_MISALIGNED, MEMORY + offset,
					   funct3 << 12 | 10 << 15 | rd << 7 | 0x03);
				assert_done(4, width);
				assert_int_equal(fake.vcpu.arch.regs[rd], rd ? wanted : 0);
			}
}

static void stores_of_all_widths_and_registers_are_done(void **state)
{
	for (unsigned int funct3 = 1; funct3 < 4; funct3++)
		for (unsigned int rs2 = 0; rs2 < 32; rs2++) {
			unsigned int width = 1U << funct3;
			uint64_t value;

			fake.vcpu.arch.regs[rs2] = rs2 ? 0xfedcba9876543210 + rs2 : 0;
			value = fake.vcpu.arch.regs[rs2];
			misaligned(CAUSE_STORE_MISALIGNED, MEMORY + 3,
				   rs2 << 20 | funct3 << 12 | 0x23);
			assert_done(4, width);
			assert_memory_equal(&memory[3], &value, width);
			assert_int_equal(memory[2], 0x86);
			assert_int_equal(memory[3 + width], (uint8_t)(0x80 + 3 * (3 + width)));
		}
}

static void compressed_and_fp_accesses_are_done(void **state)
{
	misaligned(CAUSE_LOAD_MISALIGNED, MEMORY + 1, 0x414c); /* c.lw a1, 4(a0) */
	assert_done(2, 4);
	assert_int_equal(fake.vcpu.arch.regs[11], (uint64_t)(int32_t)bytes(1, 4));
	misaligned(CAUSE_LOAD_MISALIGNED, MEMORY + 1, 3 << 12 | 9 << 7 | 0x07); /* fld */
	assert_done(4, 8);
	assert_int_equal(fp[9], bytes(1, 8));
	assert_int_equal(fake.csrs[CSR_VSSTATUS] & SSTATUS_FS, SSTATUS_FS);
	misaligned(CAUSE_LOAD_MISALIGNED, MEMORY + 1, 2 << 12 | 9 << 7 | 0x07); /* flw */
	assert_int_equal(fp[9], bytes(1, 4) | UINT64_C(0xffffffff00000000));
	misaligned(CAUSE_STORE_MISALIGNED, MEMORY + 1, 9 << 20 | 3 << 12 | 0x27);
	assert_done(4, 8);
	assert_memory_equal(&memory[1], &fp[9], 8);
	fake.vcpu.arch.features = 0;
	misaligned(CAUSE_STORE_MISALIGNED, MEMORY + 1, 9 << 20 | 3 << 12 | 0x27);
	assert_injected(CAUSE_STORE_MISALIGNED, MEMORY + 1);
}

static void others_stay_exceptions_of_the_guest(void **state)
{
	static const uint32_t insns[] = {
		0x00b5252f, /* amoadd.w a0, a1, (a0) */
		0x1005252f, /* lr.w a0, (a0) */
		0x18b5252f, /* sc.w a0, a1, (a0) */
		0x02056007, /* vle32.v v0, (a0) */
		0x0045200f, /* cbo.zero (a0) */
		0x00000013, /* nop: it was replaced */
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++) {
		misaligned(CAUSE_LOAD_MISALIGNED, MEMORY + 1, insns[i]);
		assert_injected(CAUSE_LOAD_MISALIGNED, MEMORY + 1);
		misaligned(CAUSE_STORE_MISALIGNED, MEMORY + 1, insns[i]);
		assert_injected(CAUSE_STORE_MISALIGNED, MEMORY + 1);
		assert_int_equal(touched, 0);
	}
	/* A load where a store was, and the other way round. */
	misaligned(CAUSE_STORE_MISALIGNED, MEMORY + 1, 3 << 12 | 11 << 7 | 0x03);
	assert_injected(CAUSE_STORE_MISALIGNED, MEMORY + 1);
	misaligned(CAUSE_LOAD_MISALIGNED, MEMORY + 1, 3 << 12 | 0x23);
	assert_injected(CAUSE_LOAD_MISALIGNED, MEMORY + 1);
	/* stval that says nothing. */
	misaligned(CAUSE_LOAD_MISALIGNED, 0, 3 << 12 | 11 << 7 | 0x03);
	assert_injected(CAUSE_LOAD_MISALIGNED, 0);
	misaligned(CAUSE_LOAD_MISALIGNED, MEMORY + 4, 2 << 12 | 11 << 7 | 0x03);
	assert_injected(CAUSE_LOAD_MISALIGNED, MEMORY + 4);
}

static void code_that_went_away_is_executed_again(void **state)
{
	fetch_fails = true;
	misaligned(CAUSE_LOAD_MISALIGNED, MEMORY + 1, 3 << 12 | 11 << 7 | 0x03);
	assert_int_equal(fake.injected, 0);
	assert_int_equal(touched, 0);
	assert_int_equal(fake.csrs[CSR_SEPC], 0x1000);
	assert_int_equal(fake.csrs[CSR_SSTATUS], SSTATUS_SPP);
	assert_int_equal(fake.csrs[CSR_HSTATUS], HSTATUS_SPV | HSTATUS_SPVP);
}

static void fault_of_a_byte_is_the_guests_at_that_byte(void **state)
{
	static const uint64_t loads[] = { CAUSE_LOAD_PAGE, CAUSE_LOAD_ACCESS };
	static const uint64_t stores[] = { CAUSE_STORE_PAGE, CAUSE_STORE_ACCESS };
	uint64_t a1 = fake.vcpu.arch.regs[11];

	for (unsigned int byte = 0; byte < 8; byte++)
		for (unsigned int i = 0; i < 2; i++) {
			fault_at = MEMORY + 1 + byte;
			fault_cause = loads[i];
			misaligned(CAUSE_LOAD_MISALIGNED, MEMORY + 1, 3 << 12 | 11 << 7 | 0x03);
			assert_injected(loads[i], fault_at);
			assert_int_equal(fake.vcpu.arch.regs[11], a1);
			fault_cause = stores[i];
			misaligned(CAUSE_STORE_MISALIGNED, MEMORY + 1, 11 << 20 | 3 << 12 | 0x23);
			assert_injected(stores[i], fault_at);
			assert_int_equal(touched, byte);
		}
}

/* Tried again: nothing has happened to the guest. */
static void assert_retried_or_injected(bool retried, unsigned int cause)
{
	if (!retried) {
		assert_injected(cause, fault_at);
		return;
	}
	assert_int_equal(fake.injected, 0);
	assert_int_equal(fake.csrs[CSR_SEPC], 0x1000);
	assert_int_equal(fake.csrs[CSR_HSTATUS], HSTATUS_SPV | HSTATUS_SPVP);
}

static void guest_page_fault_is_an_access_fault_unless_memory_allows(void **state)
{
	for (unsigned int allows = 0; allows < 2; allows++) {
		fake.retry_works = allows;
		fault_at = MEMORY + 5;
		fault_cause = CAUSE_STORE_GUEST;
		misaligned(CAUSE_STORE_MISALIGNED, MEMORY + 1, 11 << 20 | 3 << 12 | 0x23);
		assert_int_equal(fake.retried, GSTAGE_WRITE);
		assert_retried_or_injected(allows, CAUSE_STORE_ACCESS);
		fault_cause = CAUSE_LOAD_GUEST;
		misaligned(CAUSE_LOAD_MISALIGNED, MEMORY + 1, 3 << 12 | 11 << 7 | 0x03);
		assert_int_equal(fake.retried, GSTAGE_READ);
		assert_retried_or_injected(allows, CAUSE_LOAD_ACCESS);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loads_of_all_widths_and_registers_are_done),
		TEST(stores_of_all_widths_and_registers_are_done),
		TEST(compressed_and_fp_accesses_are_done),
		TEST(others_stay_exceptions_of_the_guest),
		TEST(code_that_went_away_is_executed_again),
		TEST(fault_of_a_byte_is_the_guests_at_that_byte),
		TEST(guest_page_fault_is_an_access_fault_unless_memory_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
