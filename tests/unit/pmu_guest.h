/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest of fake_sbi.h that calls SBI PMU, on the hart and the counters of fake_pmu.h: two vCPUs,
 * with Sscofpmf. One thread.
 */
#ifndef PMU_GUEST_H
#define PMU_GUEST_H

#include "fake_pmu.h"
#include "fake_sbi.h"

#include <arch/pmu.h>

/** Functions, by their numbers. */
enum { NUM, INFO, CONFIG, START, STOP, READ, READ_HI, SET_SHMEM, EVENT_INFO };

#define HARDWARE (FAKE_PMU_COUNTERS | 5u) /* the counters of the hart */
#define FW(code) (0xf0000u | (code)) /* an event of the firmware */
#define SHMEM FAKE_RAM_BASE

/** Of vCPU 0. */
extern struct pmu *guest_pmu;

/** vCPU 0 is on the hart. Returns 0. */
int guest_setup(void **state);

#define TEST(name) cmocka_unit_test_setup(name, guest_setup)

/** A call by a vCPU, or by vCPU 0, without an error; returns the value. */
uint64_t guest_call_of(unsigned int vcpu, unsigned int function, uint64_t a0, uint64_t a1,
		       uint64_t a2, uint64_t a3, uint64_t a4);
uint64_t guest_call(unsigned int function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
		    uint64_t a4);

/** A call by vCPU 0 that gives @error_. */
#define FAILS(error_, function, a0, a1, a2, a3, a4) \
	assert_int_equal(fake_call(0, SBI_EXT_PMU, function, a0, a1, a2, a3, a4).error, error_)

/** Configures one counter out of @set for @event; returns its number. */
uint64_t guest_config(uint64_t set, uint64_t flags, uint64_t event);

/** Starts a counter at @value. */
void guest_start(unsigned int counter, uint64_t value);

/** What vCPU 0 reads from cycle + @counter: by itself if it may, by a trap otherwise. */
uint64_t guest_csr(unsigned int counter);

/** A vCPU comes to the hart, and leaves it with nothing of its own left there. */
void guest_load(unsigned int vcpu);
void guest_save(unsigned int vcpu);

#endif
