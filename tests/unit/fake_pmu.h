/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PMU that a host's firmware offers (SBI 3.0), with counters that the test moves on. Its
 * CSRs are those of fake_sbi.h: cycle and hpmcounter<n>. One hart, one thread.
 */
#ifndef FAKE_PMU_H
#define FAKE_PMU_H

#include <core/hart.h>

/** The firmware's number of hpmcounter<n> is not n. */
#define FAKE_PMU_NUMBER(n) ((n) + 7)
/** It has hpmcounter3 to 6, of 48 bits. */
#define FAKE_PMU_COUNTERS 0x78u
#define FAKE_PMU_WIDTH 48
/** That it cannot count, and that only hpmcounter3 can. */
#define FAKE_PMU_NO_EVENT 9
#define FAKE_PMU_RARE_EVENT 0x10019

struct fake_pmu {
	struct {
		uint64_t event, data;
		unsigned long flags;
		bool configured, started;
	} counters[32];
	bool absent; /* no PMU at all */
	bool fixed_only; /* counts these by cycle and instret, as without Sscofpmf */
	bool refuses; /* any configuration */
	bool start_fails;
	unsigned int fixed_touched; /* configurations that took cycle or instret */
	unsigned long fixed_flags; /* of the last one */
	unsigned int messages;
};

extern struct fake_pmu fake_pmu;
extern struct hart fake_hart;

/** All counters free and 0; the hart knows them. */
void fake_pmu_reset(void);

/** What is counted moves on by @count: cycle, instret, and what is started. */
void fake_pmu_run(uint64_t count);

/** A started counter runs over. */
void fake_pmu_overflow(unsigned int counter);

#endif
