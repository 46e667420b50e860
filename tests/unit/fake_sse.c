/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The helpers of fake_sse.h. One thread, no lock.
 */
#include "fake_sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

int fake_sse_setup(void **state)
{
	fake_sbi_setup(4);
	fake_sse_double_trap(true);
	fake.vm.arch.features |= BIT(FEATURE_SSCOFPMF);
	return 0;
}

void fake_sse_double_trap(bool there)
{
	fake.vm.arch.features &= ~BIT(FEATURE_DOUBLE_TRAP);
	fake.vm.arch.features |= there ? BIT(FEATURE_DOUBLE_TRAP) : 0;
	for (unsigned int i = 0; i < fake.vm.vcpu_count; i++)
		fake.vcpus[i].arch.henvcfg = there ? HENVCFG_DTE : 0;
}

long sse(unsigned int index, uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
	 uint64_t a4)
{
	long error = fake_call(index, SBI_EXT_SSE, function, a0, a1, a2, a3, a4).error;

	fake_trace();
	return error;
}

void fake_sse_put(const uint64_t *values, unsigned int count)
{
	memcpy(fake.ram, values, count * sizeof(*values));
}

void fake_sse_get(uint64_t *values, unsigned int count)
{
	memcpy(values, fake.ram, count * sizeof(*values));
}

uint64_t attribute(unsigned int index, uint32_t event, unsigned int id)
{
	uint64_t value;

	assert_int_equal(sse(index, FID_READ, event, id, 1, FAKE_RAM_BASE, 0), 0);
	fake_sse_get(&value, 1);
	return value;
}

uint64_t status(unsigned int index, uint32_t event)
{
	uint64_t value = attribute(index, event, SSE_STATUS);

	assert_true(value & SSE_STATUS_INJECT);
	return value & ~(uint64_t)SSE_STATUS_INJECT;
}

long set(unsigned int index, uint32_t event, unsigned int id, uint64_t value)
{
	fake_sse_put(&value, 1);
	return sse(index, FID_WRITE, event, id, 1, FAKE_RAM_BASE, 0);
}

void bring(unsigned int index, uint32_t event, enum sse_state to)
{
	if (to >= SSE_REGISTERED)
		assert_int_equal(sse(index, FID_REGISTER, event, ENTRY, event, 0, 0), 0);
	if (to >= SSE_ENABLED)
		assert_int_equal(sse(index, FID_ENABLE, event, 0, 0, 0, 0), 0);
	if (to < SSE_RUNNING)
		return;
	if (!fake.vcpus[index].arch.sse.unmasked)
		assert_int_equal(sse(index, FID_UNMASK, 0, 0, 0, 0, 0), 0);
	assert_int_equal(sse(index, FID_INJECT, event, index, 0, 0, 0), 0);
	settle();
	assert_int_equal(status(index, event), SSE_RUNNING);
}

void complete(unsigned int index)
{
	/* What a0 and a1 were is what the handler gives back. */
	assert_int_equal(sse(index, FID_COMPLETE, 0x1234, 0x5678, 0, 0, 0), 0x1234);
	assert_int_equal(fake.vcpus[index].arch.regs[REG_A1], 0x5678);
}

void settle(void)
{
	for (unsigned int i = 0; i < fake.vm.vcpu_count; i++) {
		struct vcpu *vcpu = &fake.vcpus[i];

		if (!(vcpu->pending & PENDING_SSE))
			continue;
		vcpu->pending = 0;
		sse_deliver(vcpu);
	}
}
