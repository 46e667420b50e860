/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an SBI call reads from virtual memory of its guest, and what becomes of it when that faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_exit.h"

#include <arch/insn.h>
#include <arch/pmu.h>
#include <arch/sbi.h>

#define ECALL 0x1000

static uint64_t faults_at; /* the byte that cannot be read; 0: none */
static uint64_t fault_cause;
static bool allowed; /* what exit_memory_allows() says */

bool guest_load_byte(uint64_t at, uint8_t *byte)
{
	*byte = (uint8_t)(at * 7);
	if (at != faults_at)
		return true;
	fake.csrs[CSR_SCAUSE] = fault_cause;
	fake.csrs[CSR_STVAL] = at;
	/* As the trap does that was expected. */
	fake.csrs[CSR_SEPC] = 0xdead;
	fake.csrs[CSR_SSTATUS] = 0xdead;
	fake.csrs[CSR_HSTATUS] = 0xdead;
	return false;
}

bool exit_memory_allows(struct vcpu *vcpu, unsigned int access)
{
	assert_int_equal(access, GSTAGE_READ);
	return allowed;
}

void exit_access_fault(struct vcpu *vcpu, uint64_t cause, uint64_t stval)
{
	assert_int_equal(cause, CAUSE_LOAD_GUEST);
	arch_vcpu_inject(vcpu, CAUSE_LOAD_ACCESS, stval);
}

/* Of misaligned accesses. */

bool guest_fetch(uint32_t *insn)
{
	fail();
	return false;
}

bool guest_store_byte(uint64_t at, uint8_t byte)
{
	fail();
	return false;
}

uint64_t exit_store_value(const struct vcpu *vcpu, const struct mem_access *access)
{
	fail();
	return 0;
}

void exit_load_done(struct vcpu *vcpu, const struct mem_access *access, uint64_t raw)
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
	fake.csrs[CSR_SEPC] = ECALL + 4;
	fake.csrs[CSR_SSTATUS] = 0x123;
	fake.csrs[CSR_HSTATUS] = HSTATUS_SPV;
	faults_at = 0;
	allowed = false;
	return 0;
}

static void eight_bytes_are_read_wherever_they_are(void **state)
{
	for (uint64_t at = 0xffffffc000002000; at < 0xffffffc000002008; at++) {
		uint64_t value = 0, expected = 0;

		for (unsigned int i = 0; i < 8; i++)
			expected |= (uint64_t)(uint8_t)((at + i) * 7) << 8 * i;
		assert_true(arch_vcpu_read_virtual(&fake.vcpu, at, &value));
		assert_int_equal(value, expected);
	}
	assert_int_equal(fake.csrs[CSR_SEPC], ECALL + 4);
	assert_int_equal(fake.injected, 0);
}

/* Reads 8 bytes of which the last faults. */
static void faults(uint64_t cause, unsigned int injected, uint64_t seen)
{
	uint64_t value = 77;

	setup(NULL);
	allowed = !injected;
	faults_at = 0x2007;
	fault_cause = cause;
	assert_false(arch_vcpu_read_virtual(&fake.vcpu, 0x2000, &value));
	assert_int_equal(value, 77);
	assert_int_equal(fake.csrs[CSR_SEPC], ECALL);
	assert_int_equal(fake.csrs[CSR_SSTATUS], 0x123);
	assert_int_equal(fake.csrs[CSR_HSTATUS], HSTATUS_SPV);
	assert_int_equal(fake.injected, injected);
	if (!injected)
		return;
	assert_int_equal(fake.cause, seen);
	assert_int_equal(fake.stval, 0x2007);
}

static void a_fault_is_the_guests_at_its_ecall(void **state)
{
	faults(CAUSE_LOAD_PAGE, 1, CAUSE_LOAD_PAGE);
	faults(CAUSE_LOAD_ACCESS, 1, CAUSE_LOAD_ACCESS);
	faults(CAUSE_LOAD_GUEST, 1, CAUSE_LOAD_ACCESS);
}

static void what_can_be_read_by_now_is_tried_again(void **state)
{
	faults(CAUSE_LOAD_GUEST, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(eight_bytes_are_read_wherever_they_are, setup),
		cmocka_unit_test_setup(a_fault_is_the_guests_at_its_ecall, setup),
		cmocka_unit_test_setup(what_can_be_read_by_now_is_tried_again, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
