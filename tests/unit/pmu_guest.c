/* SPDX-License-Identifier: BSD-2-Clause */
#include "pmu_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct pmu *guest_pmu;

uint64_t guest_call_of(unsigned int vcpu, unsigned int function, uint64_t a0, uint64_t a1,
		       uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct sbi_result r = fake_call(vcpu, SBI_EXT_PMU, function, a0, a1, a2, a3, a4);

	assert_int_equal(r.error, 0);
	return r.value;
}

uint64_t guest_call(unsigned int function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
		    uint64_t a4)
{
	return guest_call_of(0, function, a0, a1, a2, a3, a4);
}

uint64_t guest_config(uint64_t set, uint64_t flags, uint64_t event)
{
	return guest_call(CONFIG, 0, set, flags, event, 0);
}

void guest_start(unsigned int counter, uint64_t value)
{
	guest_call(START, counter, 1, PMU_START_SET_VALUE, value, 0);
}

uint64_t guest_csr(unsigned int counter)
{
	uint64_t value = 0;

	if (fake.csrs[CSR_HCOUNTEREN] >> counter & 1)
		return fake.csrs[CSR_CYCLE + counter];
	assert_true(pmu_csr_read(&fake.vcpus[0], CSR_CYCLE + counter, false, &value));
	return value;
}

void guest_load(unsigned int vcpu)
{
	fake_hart.running = &fake.vcpus[vcpu];
	if (fake.vcpus[vcpu].arch.sbi_switch)
		sbi_vcpu_load(&fake.vcpus[vcpu]);
}

void guest_save(unsigned int vcpu)
{
	if (fake.vcpus[vcpu].arch.sbi_switch)
		sbi_vcpu_save(&fake.vcpus[vcpu]);
	fake_hart.running = NULL;
	/* Nothing of it is left in the hart. */
	assert_int_equal(fake.csrs[CSR_HCOUNTEREN], 7);
	assert_int_equal(fake.csrs[CSR_SIE], 0);
	for (unsigned int i = 0; i < 32; i++)
		assert_false(fake_pmu.counters[i].configured);
}

int guest_setup(void **state)
{
	fake_sbi_setup(2);
	fake.vm.arch.features = fake.vcpus[0].arch.features = BIT(FEATURE_SSCOFPMF);
	fake.csrs[CSR_HCOUNTEREN] = 7;
	guest_pmu = fake.vcpus[0].arch.pmu;
	guest_load(0);
	return 0;
}
