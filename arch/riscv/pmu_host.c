/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hardware counters of this hart, through the SBI of the firmware (SBI 3.0, "Performance
 * Monitoring Unit Extension"). All of it belongs to the hart; no lock. The firmware gets no
 * address.
 */
#include <arch/firmware.h>
#include <arch/pmu.h>
#include <core/hart.h>
#include <core/options.h>

#define FID_NUM_COUNTERS 0
#define FID_GET_INFO 1
#define FID_CONFIG_MATCHING 2
#define FID_START 3
#define FID_STOP 4

/* counter_info: type 63, width - 1 17:12, csr 11:0 */
#define INFO_FIRMWARE BIT(63)

/* Numbers of the firmware's counters beyond these are not used: a mask has 64 bits. */
#define NUMBERS 64

/** One bit for each of the firmware's numbers of @set. */
static uint64_t numbers_of(const struct hart_counters *counters, uint32_t set)
{
	uint64_t numbers = 0;

	for (; set; set &= set - 1)
		numbers |= BIT(counters->number[__builtin_ctz(set)]);
	return numbers;
}

/** The counter of @set with this number, or -1. */
static int counter_of(const struct hart_counters *counters, uint32_t set, unsigned long number)
{
	for (; set; set &= set - 1)
		if (counters->number[__builtin_ctz(set)] == number)
			return __builtin_ctz(set);
	return -1;
}

static struct sbi_result configure(uint64_t numbers, unsigned int flags, uint32_t event,
				   uint64_t data)
{
	return firmware_call5(SBI_EXT_PMU, FID_CONFIG_MATCHING, 0, numbers, flags, event, data);
}

/** A counter that the firmware has under @number, unless it is none for guests. */
static void counter_add(struct hart_counters *counters, unsigned int number, uint32_t readable)
{
	struct sbi_result info = firmware_call(SBI_EXT_PMU, FID_GET_INFO, number, 0, 0, 0);
	unsigned long counter = (info.value & 0xfff) - CSR_CYCLE;

	if (info.error || info.value & INFO_FIRMWARE || counter >= 32 ||
	    !(readable & PMU_PROGRAMMABLE & BIT(counter)))
		return;
	counters->present |= (uint32_t)BIT(counter);
	counters->width[counter] = (uint8_t)((info.value >> 12 & 0x3f) + 1);
	counters->number[counter] = (uint8_t)number;
}

void pmu_host_probe(struct hart *hart, uint32_t readable)
{
	struct hart_counters *counters = &hart->arch.counters;
	unsigned long count;

	*counters = (struct hart_counters){ .present = readable & (uint32_t)PMU_FIXED };
	counters->width[PMU_CYCLE] = counters->width[PMU_INSTRET] = 64;
	if (option_hides("pmu", hart->id) || !firmware_has(SBI_EXT_PMU))
		return;
	count = firmware_call(SBI_EXT_PMU, FID_NUM_COUNTERS, 0, 0, 0, 0).value;
	for (unsigned int i = 0; i < MIN(count, NUMBERS); i++)
		counter_add(counters, i, readable);
	/* Some firmware counts these two by cycle and instret only, whatever it is offered. */
	for (uint32_t event = PMU_EVENT_CYCLES; event <= PMU_EVENT_INSTRUCTIONS; event++) {
		int counter = pmu_host_configure(counters->present, 0, event, 0);

		if (counter < 0)
			continue;
		counters->flexible |= (uint32_t)BIT(event);
		pmu_host_release((uint32_t)BIT(counter));
	}
}

int pmu_host_configure(uint32_t set, unsigned int flags, uint32_t event, uint64_t data)
{
	const struct hart_counters *counters = &hart_self()->arch.counters;
	unsigned int inhibit = PMU_MINH | PMU_SINH | PMU_UINH;
	uint64_t numbers;
	struct sbi_result result;
	int counter;

	set &= counters->present & (uint32_t)PMU_PROGRAMMABLE;
	numbers = numbers_of(counters, set);
	if (!numbers)
		return -1;
	inhibit |= flags & PMU_SINH ? PMU_VSINH : 0;
	inhibit |= flags & PMU_UINH ? PMU_VUINH : 0;
	result = configure(numbers, inhibit, event, data);
	if (result.error)
		return -1;
	counter = counter_of(counters, set, result.value);
	/* It took one that it was not offered, cycle or instret: that counts for all again. */
	if (counter < 0)
		configure(numbers, 0, event, data);
	return counter;
}

bool pmu_host_start(unsigned int counter, uint64_t value)
{
	const struct hart_counters *counters = &hart_self()->arch.counters;

	return !firmware_call(SBI_EXT_PMU, FID_START, counters->number[counter], 1,
			      PMU_START_SET_VALUE, value)
			.error;
}

void pmu_host_release(uint32_t set)
{
	const struct hart_counters *counters = &hart_self()->arch.counters;

	firmware_call(SBI_EXT_PMU, FID_STOP, 0, numbers_of(counters, set), PMU_STOP_RESET, 0);
}

/* The number of a CSR is part of the instruction. */
#define READ_1(n) \
	case n:   \
		return csr_read(CSR_CYCLE + n);
#define READ_4(a, b, c, d) READ_1(a) READ_1(b) READ_1(c) READ_1(d)

uint64_t pmu_host_read(unsigned int counter)
{
	switch (counter) {
		READ_4(0, 2, 3, 4)
		READ_4(5, 6, 7, 8)
		READ_4(9, 10, 11, 12)
		READ_4(13, 14, 15, 16)
		READ_4(17, 18, 19, 20)
		READ_4(21, 22, 23, 24)
		READ_4(25, 26, 27, 28)
		READ_1(29)
		READ_1(30)
		READ_1(31)
	}
	return 0;
}

uint32_t pmu_host_overflows(void)
{
	/* In this order: what comes between the two raises the interrupt again. */
	csr_clear(CSR_SIP, BIT(IRQ_LCOFI));
	return (uint32_t)csr_read(CSR_SCOUNTOVF);
}
