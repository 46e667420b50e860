/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What surrounds the SBI extensions in their unit test: a VM with some vCPUs and a little RAM,
 * and an architecture that writes down what it is asked to do. One VM, one thread.
 */
#ifndef FAKE_SBI_H
#define FAKE_SBI_H

#include <arch/sbi.h>

#define FAKE_RAM_BASE UINT64_C(0x80000000)
#define FAKE_RAM_SIZE KIB(16)
#define FAKE_ROM_BASE UINT64_C(0x90000000)
#define FAKE_ROM_SIZE KIB(4)

/** What BASE says of the machine. */
#define FAKE_MVENDORID 0x1234
#define FAKE_MARCHID UINT64_C(0x8000000000000042)
#define FAKE_MIMPID 7

struct fake_sbi {
	struct vm vm;
	struct vcpu vcpus[MAX_VCPUS];
	/** In two halves that are apart in memory: the second is ram + FAKE_RAM_SIZE. */
	uint8_t ram[2 * FAKE_RAM_SIZE];
	uint8_t rom[FAKE_ROM_SIZE]; /* a range that the guest may not write */
	char trace[512]; /* what was asked for since the last fake_trace(), "; " between */
	char console[8192]; /* what was written */
	size_t console_length;
	unsigned int console_calls;
	const char *typed;
	bool no_light_timer; /* arch_vcpu_set_timer_light() does nothing */
	bool interrupt_pending; /* what arch_vcpu_interrupt_pending() says */
	bool ssip; /* of whoever calls */
	const uint64_t *mask; /* what a guest's pointer to a hart mask finds; NULL: it faults */
	int start_error; /* what vcpu_start() returns */
	char reason[96]; /* of the last vm_request() */
	unsigned long csrs[4096]; /* of the hart that runs the vCPU of the test */
};

extern struct fake_sbi fake;

/** A VM of @vcpus started vCPUs that has every extension. */
void fake_sbi_setup(unsigned int vcpus);

/** What was asked for since the last time. */
const char *fake_trace(void);

/** The byte of guest memory at @at. */
uint8_t *fake_ram(uint64_t at);

/** A call by vCPU @index. Checks that only a0 and a1 change. */
struct sbi_result fake_call(unsigned int index, uint64_t extension, uint64_t function, uint64_t a0,
			    uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);

/** The same, as the set-up of a test: four vCPUs. Returns 0. */
int fake_sbi_four_vcpus(void **state);

#define ALL UINT64_MAX /* hart_mask_base: every hart; size: the whole address space */
#define RAM_END (FAKE_RAM_BASE + FAKE_RAM_SIZE)
#define ENTRY (FAKE_RAM_BASE + 0x100)

/* A call by vCPU 0 that returns @error, and @value if there is none, having done @did. */
#define CALL(extension, function, a0, a1, a2, a3, a4, want_error, want_value, did)                 \
	do {                                                                                       \
		struct sbi_result r_ = fake_call(0, SBI_EXT_##extension, function, a0, a1, a2, a3, \
						 a4);                                              \
		assert_int_equal(r_.error, want_error);                                            \
		assert_int_equal(r_.value, want_value);                                            \
		assert_string_equal(fake_trace(), did);                                            \
	} while (0)

#endif
