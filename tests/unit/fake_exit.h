/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What surrounds the handlers of exits in their unit tests: CSRs that are an array, a vCPU that
 * is loaded, guest code of one instruction, and a record of what was injected. One thread.
 */
#ifndef FAKE_EXIT_H
#define FAKE_EXIT_H

#include <arch/csr.h>
#include <arch/exit.h>
#include <core/vm.h>

struct fake_exit {
	unsigned long csrs[4096];
	struct vm vm;
	struct vcpu vcpu;
	bool fetch_works;
	uint32_t insn; /* what guest_fetch() finds */
	unsigned int fetches;

	bool retry_works; /* what gstage_retry() answers */
	unsigned int retried; /* the access it was asked about */
	unsigned int injected; /* exceptions */
	uint64_t cause, stval; /* of the last one */
	bool has_counter; /* in VS-mode, any */
	uint64_t counter;
	unsigned int seeds; /* how often the host was asked for one */
	int left; /* enum sched_leave, or -1 */
};

extern struct fake_exit fake;

/**
 * NULL, or the light function that trap_entry asks before, with fewer registers in memory: what it
 * does not do has to leave everything as it was.
 */
extern bool (*fake_exit_light)(struct vcpu *vcpu);

/** A guest in VS-mode at 0x1000 whose registers x1 to x31 differ from each other. */
void fake_exit_reset(void);

/**
 * Handles an exit as trap_entry does: with the registers in memory that C may clobber, and if that
 * is not enough with all of them. Without them nothing else must have been looked at or changed.
 */
void fake_exit_trap(bool (*exit)(struct vcpu *vcpu, uint64_t known));

#endif
