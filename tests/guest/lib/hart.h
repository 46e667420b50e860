/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harts of the machine and what this library keeps for each of them. `tp` points at the
 * struct of the running hart. Each hart writes its own struct only, except that whoever starts a
 * hart fills it in while that hart is stopped.
 */
#pragma once

#define MAX_HARTS 64
#define STACK_SIZE 16384
#define TRAP_STACK_SIZE 16384

/* Offsets in struct hart that assembly uses. */
#define HART_STACK_TOP 72
#define HART_TRAP_SP 80
#define HART_SPILL 88
#define HART_START_A0 96
#define HART_START_SATP 104
#define HART_START_SSTATUS 112
#define HART_SIZE 512

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

#include "trap.h"

struct hart {
	unsigned long tls[8];  /* picolibc's errno lives at tp */
	unsigned long id;
	unsigned long stack_top;
	unsigned long trap_sp;  /* where the next trap puts its frame */
	unsigned long spill;  /* sp of the interrupted code, during trap entry only */
	unsigned long start_a0; /* as found by hart_entry */
	unsigned long start_satp;
	unsigned long start_sstatus;
	void (*function)(void *argument);
	void *argument;
	volatile bool done;
	struct trap *expected;  /* see trap.h */
	bool (*on_interrupt)(struct frame *frame);
	bool (*on_exception)(struct frame *frame);
	volatile unsigned long interrupts; /* number of interrupts taken */
	volatile unsigned long last_cause; /* of the last interrupt */
	struct context resume;
} __attribute__((aligned(HART_SIZE)));

_Static_assert(sizeof(struct hart) == HART_SIZE, "assembly knows the size of struct hart");

extern struct hart harts[MAX_HARTS];

/* The ids of all harts that HSM knows, in ascending order, and their number. */
extern unsigned long hart_ids[MAX_HARTS];
extern unsigned int hart_count;

/* The hart that was entered first, and its `time` at its first instruction. */
extern unsigned long boot_hart;
extern unsigned long boot_time;

/* Ticks of the `time` CSR in a second, from the device tree. */
extern unsigned long ticks_per_second;

static inline struct hart *this_hart(void)
{
	struct hart *hart;

	__asm__("mv %0, tp" : "=r"(hart));
	return hart;
}

/* Finds all harts and prepares the struct of the boot hart. */
void harts_init(unsigned long boot_id);

/*
 * Starts a stopped hart, which runs function(argument) with interrupts off and then stops itself.
 * Returns the error of sbi_hart_start, or 0.
 */
long hart_start(unsigned long id, void (*function)(void *argument), void *argument);

/* Another hart than this one, the last of them; itself when it is the only one. */
unsigned long hart_peer(void);

/* Waits for the function of a started hart to return and for the hart to be STOPPED.
 * False when `seconds` were not enough; see wait_for(). */
bool hart_join(unsigned long id, unsigned int seconds);

/*
 * Runs function(argument) on the first `count` harts of hart_ids, this one included, and waits
 * for all. False when one could not be started or did not end within `seconds`; see wait_for().
 */
bool harts_run(unsigned int count, void (*function)(void *argument), void *argument,
	       unsigned int seconds);

/*
 * Suspends the boot hart, alone by HSM or the whole system by SUSP, with hart_entry as the address
 * to resume at, which records what it finds in the struct of the hart. HART_RESUMED if it came
 * back that way, or what the call returned. The other harts' stacks do not live through it.
 */
#define HART_RESUMED 1
long hart_suspend(unsigned long extension, unsigned long type);

/* Gives time to others while waiting: sleeps for 50 us at least. Loses a timer set before. */
void relax(void);

/*
 * How long to wait for what takes some seconds at most on a quiet machine, in ticks: on a loaded
 * one a hart may stand still for as long as it takes others to do much else.
 */
#define WAIT_TICKS(seconds) ((seconds) * 12ul * ticks_per_second)

#define wait_by(pause, condition, seconds)                                 \
	({                                                                 \
		unsigned long wait_end = time_now() + WAIT_TICKS(seconds); \
		bool wait_ok;                                              \
		while (!(wait_ok = (condition)) && time_now() < wait_end)  \
			pause;                                             \
		wait_ok || (condition);                                    \
	})

/* Waits in relax() until the condition holds; false when WAIT_TICKS(seconds) were not enough. */
#define wait_for(condition, seconds) wait_by(relax(), condition, seconds)

/* The same without sleeping and without a timer. */
#define spin_for(condition, seconds) wait_by((void)0, condition, seconds)

/* Spins for that many microseconds without touching any timer. */
void delay_us(unsigned long us);

/* First instruction of a started hart: a0 = hart id, a1 = its struct hart. In start.S. */
void hart_entry(void);

/* The function of a hart that was suspended: begins with a landing pad. In start.S. */
void hart_resumed(void *argument);

/* A barrier for `count` harts that may be used any number of times. Zero-initialised. */
struct barrier {
	unsigned int arrived;
	unsigned int round;
};

void barrier_wait(struct barrier *barrier, unsigned int count);

/* A spin lock. Zero means free. */
void lock(int *word);
void unlock(int *word);

#endif
