/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fakes of fake_exit.h. One thread, no lock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_exit.h"

#include <arch/sbi.h>
#include <core/check.h>
#include <stdlib.h>

struct fake_exit fake;

void fake_exit_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.vm.vcpus[0] = &fake.vcpu;
	fake.vm.vcpu_count = 1;
	fake.vcpu.vm = &fake.vm;
	fake.left = -1;
	fake.fetch_works = true;
	fake.csrs[CSR_SSTATUS] = SSTATUS_SPP;
	fake.csrs[CSR_SEPC] = 0x1000;
	for (unsigned int i = 1; i < 32; i++)
		fake.vcpu.arch.regs[i] = i * UINT64_C(0x8101010101010101);
}

/* ra, sp, tp, t0 to t6, a0 to a7, and x0. The others are s0 to s11 and gp. */
static bool is_clobbered_by_c(unsigned int reg)
{
	return reg < 3 || (reg >= 4 && reg < 8) || (reg >= 10 && reg < 18) || reg >= 28;
}

#define ELSEWHERE UINT64_C(0xe15eebad)

void fake_exit_trap(bool (*exit)(struct vcpu *vcpu, uint64_t known))
{
	struct fake_exit before = fake;
	uint64_t known = 0;
	bool done;

	for (unsigned int i = 0; i < 32; i++) {
		if (is_clobbered_by_c(i))
			known |= BIT(i);
		else
			fake.vcpu.arch.regs[i] = ELSEWHERE;
	}
	done = exit(&fake.vcpu, known);
	for (unsigned int i = 0; i < 32; i++) {
		if (is_clobbered_by_c(i))
			continue;
		assert_int_equal(fake.vcpu.arch.regs[i], ELSEWHERE);
		fake.vcpu.arch.regs[i] = before.vcpu.arch.regs[i];
	}
	if (done)
		return;
	assert_memory_equal(&fake.vcpu, &before.vcpu, sizeof(fake.vcpu));
	assert_memory_equal(fake.csrs, before.csrs, sizeof(fake.csrs));
	assert_int_equal(fake.injected, before.injected);
	assert_true(exit(&fake.vcpu, REGS_ALL));
}

unsigned long fake_csr_read(unsigned int csr)
{
	return fake.csrs[csr];
}

void fake_csr_write(unsigned int csr, unsigned long value)
{
	fake.csrs[csr] = value;
}

bool gstage_retry(struct gstage *gstage, gpa_t at, unsigned int access)
{
	fake.retried = access;
	return fake.retry_works;
}

void arch_vcpu_inject(struct vcpu *vcpu, uint64_t cause, uint64_t stval)
{
	fake.injected++;
	fake.cause = cause;
	fake.stval = stval;
}

void arch_vcpu_extirq_changed(struct vcpu *vcpu)
{
	fake.extirq_changes++;
}

bool arch_vcpu_interrupt_pending(struct vcpu *vcpu)
{
	return fake.interrupt_pending;
}

void vcpu_leave(struct vcpu *vcpu, enum sched_leave how)
{
	fake.left = how;
}

void panic(const char *fmt, ...)
{
	abort();
}
