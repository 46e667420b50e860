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

#include <arch/exit.h>
#include <arch/exit_csr.h>
#include <arch/pmu.h>
#include <arch/sbi.h>
#include <core/check.h>
#include <stdlib.h>

struct fake_exit fake;
bool (*fake_exit_light)(struct vcpu *vcpu);

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

/* All but the registers of @known are ELSEWHERE meanwhile, and stay that. */
static bool with_registers(uint64_t known, bool (*exit)(struct vcpu *vcpu, uint64_t known))
{
	struct fake_exit before = fake;
	bool done;

	for (unsigned int i = 0; i < 32; i++)
		if (!(known >> i & 1))
			fake.vcpu.arch.regs[i] = ELSEWHERE;
	done = exit(&fake.vcpu, known);
	for (unsigned int i = 0; i < 32; i++) {
		if (known >> i & 1)
			continue;
		assert_int_equal(fake.vcpu.arch.regs[i], ELSEWHERE);
		fake.vcpu.arch.regs[i] = before.vcpu.arch.regs[i];
	}
	if (!done) {
		assert_memory_equal(&fake.vcpu, &before.vcpu, sizeof(fake.vcpu));
		assert_memory_equal(fake.csrs, before.csrs, sizeof(fake.csrs));
		assert_int_equal(fake.injected, before.injected);
	}
	return done;
}

static bool ask_light(struct vcpu *vcpu, uint64_t known)
{
	uint64_t exits = vcpu->exits;
	bool done = fake_exit_light(vcpu);

	assert_int_equal(vcpu->exits, exits + done);
	return done;
}

void fake_exit_trap(bool (*exit)(struct vcpu *vcpu, uint64_t known))
{
	uint64_t known = 0, exits;

	for (unsigned int i = 0; i < 32; i++)
		if (is_clobbered_by_c(i))
			known |= BIT(i);
	if (fake_exit_light && with_registers(REGS_LIGHT, ask_light))
		return;
	exits = fake.vcpu.exits;
	if (!with_registers(known, exit))
		assert_true(exit(&fake.vcpu, REGS_ALL));
	assert_int_equal(fake.vcpu.exits, exits); /* exit_trap() counts */
}

unsigned long fake_csr_read(unsigned int csr)
{
	/* Harts without AIA do not have it: that would be a trap of our own. */
	assert_true(csr != CSR_VSISELECT || fake.vcpu.file);
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

bool pmu_csr_read(const struct vcpu *vcpu, unsigned int csr, bool user, uint64_t *value)
{
	*value = fake.counter;
	return fake.has_counter && !user;
}

uint64_t seed_read(void)
{
	fake.seeds++;
	return 0x80001234;
}

void vcpu_leave(struct vcpu *vcpu, enum sched_leave how)
{
	fake.left = how;
}

void panic(const char *fmt, ...)
{
	abort();
}
