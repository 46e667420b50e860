/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI PMU as a guest calls it (SBI 3.0, "Performance Monitoring Unit Extension"). Owns no state.
 */
#pragma once

#include <stdint.h>

#include "csr.h"
#include "sbi.h"

#define PMU_NUM_COUNTERS 0
#define PMU_GET_INFO 1
#define PMU_CONFIG 2
#define PMU_START 3
#define PMU_STOP 4
#define PMU_FW_READ 5
#define PMU_FW_READ_HI 6
#define PMU_SET_SHMEM 7
#define PMU_EVENT_INFO 8

#define EVENT_CYCLES 1
#define EVENT_INSTRUCTIONS 2
#define EVENT_DTLB_READ_MISS 0x10019
#define EVENT_FIRMWARE(code) (0xf0000ul | (code))

#define CONFIG_SKIP_MATCH 0x01
#define CONFIG_CLEAR 0x02
#define CONFIG_AUTO_START 0x04
#define CONFIG_UINH 0x20
#define CONFIG_SINH 0x40
#define START_SET_VALUE 1
#define START_SNAPSHOT 2
#define STOP_RESET 1
#define STOP_SNAPSHOT 2

/* Ours: hardware counters by the number of their CSR, then firmware counters. */
#define COUNTERS 64
#define FIRMWARE_FIRST 32

static inline struct sbiret pmu(unsigned long function, unsigned long a0, unsigned long a1,
				unsigned long a2, unsigned long a3, unsigned long a4)
{
	return sbi_call6(SBI_PMU, function, a0, a1, a2, a3, a4, 0);
}

/* The counter that was configured, or a negative error. */
static inline long pmu_config(unsigned long base, unsigned long mask, unsigned long flags,
			      unsigned long event)
{
	struct sbiret ret = pmu(PMU_CONFIG, base, mask, flags, event, 0);

	return ret.error ? ret.error : ret.value;
}

static inline long pmu_start(unsigned long counter, unsigned long value)
{
	return pmu(PMU_START, counter, 1, START_SET_VALUE, value, 0).error;
}

static inline long pmu_stop(unsigned long counter, unsigned long flags)
{
	return pmu(PMU_STOP, counter, 1, flags, 0, 0).error;
}

static inline unsigned long pmu_fw_read(unsigned long counter)
{
	return (unsigned long)pmu(PMU_FW_READ, counter, 0, 0, 0, 0).value;
}

/* cycle, instret, hpmcounter3 to 18: enough for the machines that there are. */
static inline unsigned long pmu_read(unsigned long counter)
{
#define PMU_CASE(n) \
	case n:     \
		return csr_read(CSR_CYCLE + n);
	switch (counter) {
		PMU_CASE(0)
		PMU_CASE(2)
		PMU_CASE(3)
		PMU_CASE(4)
		PMU_CASE(5)
		PMU_CASE(6)
		PMU_CASE(7)
		PMU_CASE(8)
		PMU_CASE(9)
		PMU_CASE(10)
		PMU_CASE(11)
		PMU_CASE(12)
		PMU_CASE(13)
		PMU_CASE(14)
		PMU_CASE(15)
		PMU_CASE(16)
		PMU_CASE(17)
		PMU_CASE(18)
	}
	return 0;
}

/* 2n instructions and one more, and nothing else. */
static inline void pmu_work(unsigned long n)
{
	__asm__ volatile("1: addi %0, %0, -1\n\tbnez %0, 1b" : "+r"(n));
}
