/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fakes of fake_exit.h. One thread, no lock.
 */
#include "fake_exit.h"

#include <arch/sbi.h>
#include <core/check.h>
#include <stdlib.h>
#include <string.h>

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

unsigned long fake_csr_read(unsigned int csr)
{
	return fake.csrs[csr];
}

void fake_csr_write(unsigned int csr, unsigned long value)
{
	fake.csrs[csr] = value;
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
