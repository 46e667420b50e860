/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware with debug triggers, as a hart's DBTR in unit tests: strict about the guest's modes
 * and about what it is asked, with bits that it does not keep. One thread.
 */
#ifndef FAKE_DBTR_H
#define FAKE_DBTR_H

#include <arch/sbi.h>

#define FAKE_TRIGGERS 4

struct fake_dbtr {
	bool used[FAKE_TRIGGERS];
	uint64_t tdata1[FAKE_TRIGGERS], tdata2[FAKE_TRIGGERS];
	uint64_t lost; /* bits of tdata1 that it does not keep */
	unsigned int refuse; /* this many calls to install fail */
	unsigned int calls;
};

extern struct fake_dbtr fake_dbtr;

/** No triggers are used; @triggers are there, on the hart of fake_pmu.h. */
void fake_dbtr_reset(unsigned int triggers);

/** A call of the hypervisor's. */
struct sbi_result fake_dbtr_call(unsigned long function, unsigned long a0, unsigned long a1);

/** How many are installed. */
unsigned int fake_dbtr_used(void);

#endif
