/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of SBI PMU: what becomes of the hart's counters, and CSRs that a guest reads. */

#include "pmu_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_hardware_counter_is_in_the_hart_only_while_started(void **state)
{
	unsigned int n = (unsigned int)guest_config(HARDWARE, PMU_SINH, PMU_EVENT_CYCLES);

	assert_true(PMU_PROGRAMMABLE >> n & 1);
	assert_false(fake_pmu.counters[n].configured);
	assert_int_equal(fake.csrs[CSR_HCOUNTEREN], 7);
	assert_int_equal(guest_csr(n), 0);
	guest_start(n, 1000);
	/* The guest's S-mode is VS-mode; neither we nor the firmware are ever counted. */
	assert_int_equal(fake_pmu.counters[n].flags, PMU_MINH | PMU_SINH | PMU_UINH | PMU_VSINH);
	assert_int_equal(fake.csrs[CSR_HCOUNTEREN], 7 | BIT(n));
	assert_int_equal(fake.csrs[CSR_SIE], BIT(IRQ_LCOFI));
	fake_pmu_run(50);
	assert_int_equal(guest_csr(n), 1050);
	guest_save(0);
	fake_pmu_run(500);
	guest_load(0);
	fake_pmu_run(5);
	assert_int_equal(guest_csr(n), 1055);
	guest_call(STOP, n, 1, 0, 0, 0);
	assert_false(fake_pmu.counters[n].configured);
	assert_int_equal(fake.csrs[CSR_SIE], 0);
	fake_pmu_run(5);
	assert_int_equal(guest_csr(n), 1055);
	assert_int_equal(fake.vcpus[0].arch.sbi_switch, 0);
}

static void flags_are_translated_for_the_host(void **state)
{
	const unsigned int ours = PMU_MINH | PMU_SINH | PMU_UINH;
	static const unsigned int flags[][2] = {
		{ 0, 0 },
		{ PMU_SINH, PMU_VSINH },
		{ PMU_UINH, PMU_VUINH },
		{ PMU_SINH | PMU_UINH | PMU_MINH, PMU_VSINH | PMU_VUINH },
		{ PMU_VSINH | PMU_VUINH, 0 }, /* a guest has no such modes */
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		unsigned int n = (unsigned int)guest_config(BIT(3), flags[i][0] | PMU_AUTO_START,
							    0x10000);

		assert_int_equal(fake_pmu.counters[n].flags, ours | flags[i][1]);
		assert_int_equal(fake_pmu.counters[n].event, 0x10000);
		guest_call(STOP, n, 1, PMU_STOP_RESET, 0, 0);
	}
	guest_call(CONFIG, 3, 1, PMU_AUTO_START, 0x30000, 0xabcdef);
	assert_int_equal(fake_pmu.counters[3].data, 0xabcdef);
	guest_save(0);
	guest_load(0);
	assert_int_equal(fake_pmu.counters[3].data, 0xabcdef);
}

static void two_vcpus_have_counts_of_their_own(void **state)
{
	guest_config(BIT(3), PMU_AUTO_START, 0x10019);
	guest_config(BIT(0), PMU_AUTO_START, PMU_EVENT_CYCLES);
	fake_pmu_run(10);
	guest_save(0);
	guest_load(1);
	guest_call_of(1, CONFIG, 3, 1, PMU_AUTO_START, 0x10019, 0);
	fake_pmu_run(1000);
	assert_int_equal(fake.csrs[CSR_CYCLE + 3], 1000);
	guest_save(1);
	guest_load(0);
	fake_pmu_run(1);
	assert_int_equal(guest_csr(3), 11);
	assert_int_equal(guest_csr(0), 11);
	guest_save(0);
	guest_load(1);
	assert_int_equal(fake.csrs[CSR_CYCLE + 3], 1000);
	guest_save(1);
}

static void cycle_and_instret_are_the_harts_until_they_have_an_event(void **state)
{
	fake_pmu_run(100);
	assert_int_equal(guest_csr(2), 100);
	assert_int_equal(guest_config(BIT(2), PMU_CLEAR_VALUE, PMU_EVENT_INSTRUCTIONS), 2);
	assert_int_equal(fake.csrs[CSR_HCOUNTEREN], 3);
	assert_int_equal(guest_csr(2), 0);
	guest_start(2, 7);
	fake_pmu_run(10);
	assert_int_equal(guest_csr(2), 17);
	assert_int_equal(guest_csr(0), 110);
	guest_save(0);
	fake_pmu_run(1000);
	guest_load(0);
	assert_int_equal(guest_csr(2), 17);
	guest_call(STOP, 2, 1, 0, 0, 0);
	fake_pmu_run(1);
	assert_int_equal(guest_csr(2), 17);
	FAILS(SBI_ALREADY_STOPPED, STOP, 2, 1, PMU_STOP_RESET, 0, 0);
	assert_int_equal(guest_csr(2), fake.csrs[CSR_INSTRET]);
}

static void hosts_without_filters_count_cycles_by_cycle(void **state)
{
	fake_pmu.fixed_only = true;
	pmu_host_probe(&fake_hart, UINT32_MAX & ~2u);
	memset(fake_pmu.counters, 0, sizeof(fake_pmu.counters));
	fake_pmu.fixed_touched = 0;
	assert_int_equal(guest_config(HARDWARE, 0, PMU_EVENT_CYCLES), 0);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 0, HARDWARE, 0, PMU_EVENT_CYCLES, 0);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 3, 1, 0, PMU_EVENT_INSTRUCTIONS, 0);
	assert_int_equal(fake_pmu.fixed_touched, 0);
}

static void a_fixed_counter_that_the_host_took_counts_for_all_again(void **state)
{
	/* All of its counters are taken by someone else. */
	for (unsigned int i = 3; i < 7; i++)
		fake_pmu.counters[i].configured = true;
	assert_int_equal(guest_config(HARDWARE, PMU_SINH, PMU_EVENT_CYCLES), 0);
	assert_int_equal(fake_pmu.fixed_touched, 2);
	assert_int_equal(fake_pmu.fixed_flags, 0);
}

static void a_host_without_pmu_has_cycle_and_instret(void **state)
{
	fake_pmu.absent = true;
	pmu_host_probe(&fake_hart, 5);
	assert_int_equal(fake_hart.arch.counters.present, 5);
	assert_int_equal(guest_config(5, 0, PMU_EVENT_INSTRUCTIONS), 2);
	assert_int_equal(guest_config(HARDWARE, PMU_AUTO_START, PMU_EVENT_CYCLES), 0);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 0, HARDWARE, 0, 3, 0);
	pmu_host_probe(&fake_hart, 0);
	assert_int_equal(fake_hart.arch.counters.present, 0);
}

static void a_counter_that_a_hart_cannot_count_stops_with_its_value(void **state)
{
	guest_config(BIT(3), PMU_AUTO_START, 0x10019);
	guest_config(BIT(32), PMU_AUTO_START, FW(5));
	fake_pmu_run(42);
	guest_save(0);
	fake_pmu.refuses = true;
	guest_load(0);
	assert_int_equal(fake_pmu.messages, 1);
	assert_int_equal(guest_pmu->started, BIT(32));
	assert_int_equal(guest_csr(3), 42);
	fake_pmu.refuses = false;
	fake_pmu.start_fails = true;
	FAILS(SBI_INVALID_PARAM, START, 3, 1, 0, 0, 0);
	assert_false(fake_pmu.counters[3].configured);
	guest_call(STOP, 32, 1, 0, 0, 0);
	FAILS(SBI_NOT_SUPPORTED, CONFIG, 3, 1, PMU_AUTO_START, 0x10019, 0);
	assert_int_equal(guest_pmu->counters[3].event, PMU_EVENT_NONE);
	guest_save(0);
}

static void a_reset_leaves_nothing(void **state)
{
	guest_config(BIT(3), PMU_AUTO_START, 0x10019);
	guest_config(BIT(32), PMU_AUTO_START, FW(5));
	guest_call(SET_SHMEM, SHMEM, 0, 0, 0, 0);
	guest_config(BIT(0), 0, PMU_EVENT_CYCLES);
	guest_start(0, 5);
	fake_pmu_overflow(3);
	pmu_interrupt();
	guest_save(0);
	sbi_vcpu_reset(&fake.vcpus[0]);
	assert_int_equal(fake.vcpus[0].arch.pmu_events, 0);
	assert_int_equal(guest_pmu->started | guest_pmu->running | guest_pmu->overflowed, 0);
	for (unsigned int i = 0; i < 64; i++) {
		assert_int_equal(guest_pmu->counters[i].event, 0);
		assert_int_equal(guest_pmu->counters[i].value, 0);
	}
	assert_int_equal(pmu_present(guest_pmu), HARDWARE | GENMASK(63, 32));
	guest_load(0);
	FAILS(SBI_NO_SHMEM, STOP, 32, 1, PMU_STOP_SNAPSHOT, 0, 0);
	guest_save(0);
}

static void traps_read_what_there_is(void **state)
{
	struct vcpu *vcpu = &fake.vcpus[0];
	uint64_t value;

	guest_config(BIT(3), 0, 0x10019);
	guest_pmu->counters[3].value = 99;
	for (unsigned int i = 0; i < 32; i++) {
		bool there = HARDWARE >> i & 1;

		assert_int_equal(pmu_csr_read(vcpu, CSR_CYCLE + i, false, &value), there);
		fake.csrs[CSR_SCOUNTEREN] = ~(uint32_t)BIT(i);
		assert_false(pmu_csr_read(vcpu, CSR_CYCLE + i, true, &value));
		fake.csrs[CSR_SCOUNTEREN] = BIT(i);
		assert_int_equal(pmu_csr_read(vcpu, CSR_CYCLE + i, true, &value), there);
	}
	assert_true(pmu_csr_read(vcpu, CSR_CYCLE + 3, false, &value));
	assert_int_equal(value, 99);
	assert_false(pmu_csr_read(vcpu, CSR_SCOUNTOVF, true, &value));
	for (unsigned int i = 0; i < 4096; i++)
		assert_int_equal(pmu_is_csr(i), (i >= 0xc00 && i < 0xc20) || i == 0xda0);
	sbi_vcpu_destroy(vcpu);
	assert_false(pmu_csr_read(vcpu, CSR_CYCLE, false, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hardware_counter_is_in_the_hart_only_while_started),
		TEST(flags_are_translated_for_the_host),
		TEST(two_vcpus_have_counts_of_their_own),
		TEST(cycle_and_instret_are_the_harts_until_they_have_an_event),
		TEST(hosts_without_filters_count_cycles_by_cycle),
		TEST(a_fixed_counter_that_the_host_took_counts_for_all_again),
		TEST(a_host_without_pmu_has_cycle_and_instret),
		TEST(a_counter_that_a_hart_cannot_count_stops_with_its_value),
		TEST(a_reset_leaves_nothing),
		TEST(traps_read_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
