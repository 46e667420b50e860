/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "csr_exit.h"

#include "fake_exit.h"

#include <arch/exit_csr.h>
#include <arch/sbi.h>

void (*fake_fence_hook)(enum fake_fence what, uint64_t at, uint64_t vmid);

struct csr_fences fences;

static void fence_note(enum fake_fence what, uint64_t at, uint64_t asid)
{
	fences.count++;
	fences.what = what;
	fences.at = at;
	fences.asid = asid;
}

void csr_exit_reset(void)
{
	fake_exit_reset();
	fake_fence_hook = fence_note;
	memset(&fences, 0, sizeof(fences));
}

bool csr_exit_light(struct vcpu *vcpu)
{
	enum exit_next next = exit_instruction_light(vcpu);

	if (next == EXIT_SLEEPS)
		vcpu_leave(vcpu, vcpu->sched.leave);
	return next != EXIT_NOT_DONE;
}

bool guest_fetch(uint32_t *insn)
{
	fake.fetches++;
	*insn = fake.insn;
	return fake.fetch_works;
}

uint32_t csr_insn(unsigned int csr, unsigned int funct3, unsigned int rd, unsigned int rs1)
{
	return csr << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | SYSTEM;
}

bool csr_exit(uint32_t insn)
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

uint64_t csr_after(unsigned int funct3, uint64_t old, uint64_t operand)
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
