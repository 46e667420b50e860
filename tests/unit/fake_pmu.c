/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fakes of fake_pmu.h. One thread, no lock.
 */
#include "fake_pmu.h"

#include "fake_dbtr.h"

#include <arch/pmu.h>
#include <arch/sbi.h>
#include <core/log.h>
#include <core/options.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct fake_pmu fake_pmu;
struct hart fake_hart;
_Thread_local struct hart *fake_hart_self = &fake_hart;

static uint64_t *value_of(unsigned int counter)
{
	static uint64_t value;

	value = fake_csr_read(CSR_CYCLE + counter);
	return &value;
}

static void value_set(unsigned int counter, uint64_t value)
{
	fake_csr_write(CSR_CYCLE + counter, value & GENMASK(FAKE_PMU_WIDTH - 1, 0));
}

void fake_pmu_reset(void)
{
	memset(&fake_pmu, 0, sizeof(fake_pmu));
	memset(&fake_hart, 0, sizeof(fake_hart));
	fake_hart_self = &fake_hart;
	pmu_host_probe(&fake_hart, UINT32_MAX & ~2u);
	assert_int_equal(fake_hart.arch.counters.present, FAKE_PMU_COUNTERS | 5);
	memset(fake_pmu.counters, 0, sizeof(fake_pmu.counters));
}

void fake_pmu_run(uint64_t count)
{
	fake_csr_write(CSR_CYCLE, fake_csr_read(CSR_CYCLE) + count);
	fake_csr_write(CSR_INSTRET, fake_csr_read(CSR_INSTRET) + count);
	for (unsigned int i = 3; i < 32; i++)
		if (fake_pmu.counters[i].started)
			value_set(i, *value_of(i) + count);
}

void fake_pmu_overflow(unsigned int counter)
{
	assert_true(fake_pmu.counters[counter].started);
	value_set(counter, 0);
	fake_csr_write(CSR_SCOUNTOVF, fake_csr_read(CSR_SCOUNTOVF) | BIT(counter));
	fake_csr_write(CSR_SIP, fake_csr_read(CSR_SIP) | BIT(IRQ_LCOFI));
}

static bool is_programmable(unsigned long number)
{
	return number >= FAKE_PMU_NUMBER(0) && number < FAKE_PMU_NUMBER(32) &&
	       FAKE_PMU_COUNTERS >> (number - FAKE_PMU_NUMBER(0)) & 1;
}

static struct sbi_result info(unsigned long number)
{
	if (number == 0 || number == 2)
		return sbi_value(CSR_CYCLE + number + (63 << 12));
	if (number >= 60)
		return sbi_value(BIT(63) | 63 << 12);
	if (!is_programmable(number))
		return sbi_error(SBI_INVALID_PARAM);
	return sbi_value(CSR_CYCLE + number - FAKE_PMU_NUMBER(0) + ((FAKE_PMU_WIDTH - 1) << 12));
}

static bool can_count(unsigned int counter, uint64_t event)
{
	if (fake_pmu.refuses || event == FAKE_PMU_NO_EVENT || event >> 16 > 3)
		return false;
	if (fake_pmu.fixed_only && event <= 2)
		return false;
	return event != FAKE_PMU_RARE_EVENT || counter == 3;
}

static struct sbi_result config(uint64_t base, uint64_t mask, unsigned long flags, uint64_t event,
				uint64_t data)
{
	for (unsigned int i = 31; i >= 3; i--) {
		unsigned int number = FAKE_PMU_NUMBER(i);

		if (number < base || !(mask >> (number - base) & 1))
			continue;
		assert_true(is_programmable(number));
		if (fake_pmu.counters[i].configured || !can_count(i, event))
			continue;
		fake_pmu.counters[i].configured = true;
		fake_pmu.counters[i].event = event;
		fake_pmu.counters[i].data = data;
		fake_pmu.counters[i].flags = flags;
		return sbi_value(number);
	}
	if (event < 1 || event > 2 || fake_pmu.refuses)
		return sbi_error(SBI_NOT_SUPPORTED);
	fake_pmu.fixed_touched++;
	fake_pmu.fixed_flags = flags;
	return sbi_value(event == 1 ? 0 : 2);
}

static struct sbi_result start(uint64_t base, uint64_t mask, unsigned long flags, uint64_t value)
{
	unsigned int counter = (unsigned int)(base - FAKE_PMU_NUMBER(0));

	assert_int_equal(mask, 1);
	assert_int_equal(flags, PMU_START_SET_VALUE);
	assert_true(is_programmable(base));
	assert_true(fake_pmu.counters[counter].configured);
	assert_false(fake_pmu.counters[counter].started);
	if (fake_pmu.start_fails)
		return sbi_error(SBI_FAILED);
	/* OpenSBI: the overflow bit is cleared only while the interrupt is not pending. */
	if (!(fake_csr_read(CSR_SIP) & BIT(IRQ_LCOFI)))
		fake_csr_write(CSR_SCOUNTOVF, fake_csr_read(CSR_SCOUNTOVF) & ~BIT(counter));
	fake_pmu.counters[counter].started = true;
	value_set(counter, value);
	return sbi_value(0);
}

static struct sbi_result stop(uint64_t base, uint64_t mask, unsigned long flags)
{
	assert_int_equal(base, 0);
	assert_int_equal(flags, PMU_STOP_RESET);
	for (unsigned int i = 3; i < 32; i++) {
		if (!(mask >> FAKE_PMU_NUMBER(i) & 1))
			continue;
		assert_true(fake_pmu.counters[i].configured);
		memset(&fake_pmu.counters[i], 0, sizeof(fake_pmu.counters[i]));
		fake_csr_write(CSR_SCOUNTOVF, fake_csr_read(CSR_SCOUNTOVF) & ~BIT(i));
		mask &= ~BIT(FAKE_PMU_NUMBER(i));
	}
	assert_int_equal(mask, 0);
	return sbi_value(0);
}

struct sbi_result firmware_call5(unsigned long extension, unsigned long function, unsigned long a0,
				 unsigned long a1, unsigned long a2, unsigned long a3,
				 unsigned long a4)
{
	if (extension == SBI_EXT_DBTR)
		return fake_dbtr_call(function, a0, a1);
	assert_int_equal(extension, SBI_EXT_PMU);
	assert_false(fake_pmu.absent);
	switch (function) {
	case 0:
		return sbi_value(64);
	case 1:
		return info(a0);
	case 2:
		return config(a0, a1, a2, a3, a4);
	case 3:
		return start(a0, a1, a2, a3);
	case 4:
		return stop(a0, a1, a2);
	}
	fail_msg("function %lu", function);
	return sbi_error(SBI_NOT_SUPPORTED);
}

bool firmware_has(unsigned long extension)
{
	return extension == SBI_EXT_PMU && !fake_pmu.absent;
}

bool option_hides(const char *feature, uint64_t hart_id)
{
	return false;
}

bool log_limit_pass(struct log_limit *limit)
{
	return true;
}

void log_warn(const char *fmt, ...)
{
	fake_pmu.messages++;
}
