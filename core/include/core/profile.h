/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Profiles: what exits of vCPUs cost, and who has the harts. While nothing is profiled, exits run
 * no instruction of this; a hart that runs what is profiled has another trap entry in stvec.
 * Records belong to the hart that runs the vCPU, with interrupts off; others only read them.
 * Switched on and off with the control lock held.
 */
#ifndef CORE_PROFILE_H
#define CORE_PROFILE_H

#include <core/types.h>

struct vcpu;
struct vm;
struct hart;

/** Where the time of a vCPU or of a hart went while it was profiled, in ticks. */
struct profile_time {
	uint64_t guest;
	uint64_t
		exits; /* from leaving a guest to entering it, or until the hart takes up another */
	uint64_t count; /* of exits */
};

/** Of a hart. Assembly knows the offsets of the first part: the exit that is going on. */
struct hart_profile {
	uint64_t cause, htval, stval; /* the CSRs */
	uint64_t extension, function; /* a7 and a6 */
	uint64_t time, instret; /* when it began; time is 0 when none goes on */
	bool instret_there; /* the hart can read instret */

	bool armed; /* something is profiled: each vCPU that comes is looked at */
	bool on; /* stvec is the entry that profiles */
	uint64_t left; /* when the guest was entered last */
	struct profile_time sum;
};

/** Why a guest was left, in one number: 0 is none. arch_exit_reason() and arch_exit_name(). */
#define EXIT_REASON_NONE 0
#define EXIT_REASON_OTHER 1 /* what found no room */

/** All exits for one reason. Instructions are 0 where the hart cannot count them. */
struct exit_stat {
	uint64_t reason;
	uint64_t count;
	uint64_t least, most, sum; /* instructions */
	uint64_t ticks;
};

#define EXIT_STATS_BITS 6
#define EXIT_STATS (1u << EXIT_STATS_BITS)

/** Of a vCPU. A guest can make up reasons: those that find no place soon are added up. */
struct exit_table {
	uint32_t clear; /* to be emptied before anything is added; atomic */
	struct profile_time time;
	struct exit_stat other;
	struct exit_stat stats[EXIT_STATS];
};

/** Adds an exit, but not its time. The hart that runs the vCPU only. */
void exit_table_add(struct exit_table *table, uint64_t reason, uint64_t instructions,
		    uint64_t ticks);

/** Adds time, in ticks: in the guest, and in exits. The hart that runs the vCPU only. */
void exit_table_add_time(struct exit_table *table, uint64_t guest, uint64_t exits);

/**
 * Copies the rows that hold something to @rows, EXIT_STATS + 1 at most, by falling sum of ticks and
 * then of instructions. Returns how many. Any context: a row may be half an exit ahead.
 */
unsigned int exit_table_read(const struct exit_table *table, struct exit_stat *rows);

/** Where the time went, and how many exits there were. Any context. */
struct profile_time exit_table_time(const struct exit_table *table);

/** Begins to profile the exits of @vm. 0, -EBUSY (it is), -ENOMEM. Control lock. */
int vm_profile_start(struct vm *vm);
/** Ends that; what was counted stays. 0 or -EBUSY. Control lock. */
int vm_profile_stop(struct vm *vm);
/** Forgets what was counted, rows and times. Control lock. */
void vm_profile_clear(struct vm *vm);
/**
 * Adds the time up to now of what runs at the moment, which otherwise is added when it leaves its
 * guest. Control lock, no spinlock.
 */
void profile_settle(void);

/** A look at all harts and vCPUs, taken twice: what lies between is a profile of the machine. */
struct hart_sample {
	uint64_t now, idle;
	struct profile_time sum;
};

/** Parts of a hart's time in permille, which are 1000 together, and how many exits it had. */
struct hart_shares {
	unsigned int guest, hypervisor, idle;
	uint64_t exits;
};

/** What @hart did from @before to @after. */
struct hart_shares hart_shares_of(const struct hart_sample *before,
				  const struct hart_sample *after);

/** @part of @whole, in permille of it; whatever they are, 0 to 1000. */
unsigned int permille(uint64_t part, uint64_t whole);

/** Begins or ends to profile all that runs, for machine_profile_sample(). Control lock. */
void machine_profile_start(void);
void machine_profile_stop(void);

/** Fills @samples[hart->index] for all harts that are on-line. Control lock, no spinlock. */
void machine_profile_sample(struct hart_sample *samples);

/** This hart comes on-line: its trap entry is the plain one. */
void profile_hart_arrive(void);

/** For vcpu_run() of a hart that is armed: @vcpu is about to enter its guest. Interrupts off. */
void profile_enter(struct vcpu *vcpu);

/** For the trap entry that profiles: an exit ends, at @instret. Interrupts off. */
void profile_exit(uint64_t instret);

/* What the architecture does. */

/** Finds out whether this hart can count instructions. Not in an exit. */
void arch_profile_probe(struct hart *hart);

/** Makes this hart's trap entry the one that profiles, or the plain one. Interrupts off. */
void arch_profile_vector(bool on);

/** The reason of the exit in the hart's record, which @vcpu took. */
uint64_t arch_exit_reason(const struct vcpu *vcpu, const struct hart_profile *record);

/** Writes what @reason means to a vCPU of @vm. */
void arch_exit_name(const struct vm *vm, uint64_t reason, char *text, size_t size);

#endif
