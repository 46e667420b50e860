/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps of a payload: each saves all registers in a frame on the hart's trap stack, so that the
 * interrupted code may use every register, `sp` and `tp` included. State is per hart (hart.h).
 */
#pragma once

/* Offsets in struct frame that assembly uses. Register n lies at 8 * n. */
#define FRAME_PC 256
#define FRAME_STATUS 264
#define FRAME_CAUSE 272
#define FRAME_TVAL 280
#define FRAME_SIZE 288

#define TRAP_NESTING_ROOM 4096

#ifndef __ASSEMBLER__

#include <stdbool.h>

struct frame {
	unsigned long x[32]; /* x[0] is not used */
	unsigned long pc;
	unsigned long status;
	unsigned long cause;
	unsigned long tval;
};

_Static_assert(sizeof(struct frame) == FRAME_SIZE, "assembly knows the size of struct frame");

/* What a C function may rely on after a call: ra, sp, gp, tp, s0 to s11. */
struct context {
	unsigned long ra, sp, gp, tp, s[12];
};

/* Exceptions that the code between trap_expect() and trap_end() ran into. */
struct trap {
	unsigned int count; /* how many; the fields below are those of the last one */
	unsigned long cause;
	unsigned long tval;
	unsigned long pc;
};

/*
 * From here to trap_end() every exception of this hart is recorded in *trap and the instruction
 * that caused it skipped (a fault of an instruction fetch returns to `ra` instead, as if the call
 * had returned).
 */
void trap_expect(struct trap *trap);
void trap_end(void);

/* Runs statements with trap_expect() around them and gives the record. */
#define trap_try(...)                            \
	({                                       \
		struct trap trap_record = { 0 }; \
		trap_expect(&trap_record);       \
		__VA_ARGS__;                     \
		trap_end();                      \
		trap_record;                     \
	})

/* Like setjmp: returns 0 when called, and `value` when frame_resume() makes a trap return here. */
unsigned long context_save(struct context *context) __attribute__((returns_twice));

/* Makes the trap of this frame return to where `context` was saved, in S-mode. */
void frame_resume(struct frame *frame, const struct context *context, unsigned long value);

/* Loads all registers, pc and sstatus from the frame and goes on there (SRET). */
void frame_enter(const struct frame *frame) __attribute__((noreturn));

/*
 * Runs from frame->pc with all registers of the frame, in U-mode or (if frame->status has SPP) in
 * S-mode, until the first exception, and stores registers, pc, cause and tval of that. Interrupts
 * are as SPIE of frame->status says; their handler may also end the run (sandbox_stop).
 */
void sandbox_run(struct frame *frame);

/* From an interrupt handler: ends the sandbox_run() that was interrupted, if there is one. */
bool sandbox_stop(struct frame *frame);

/* The vector in vector.S, and the C function that it calls. */
void trap_vector(void);
void trap_handle(struct frame *frame);

#endif
