/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine below core in its unit tests: some harts, each acted by whichever thread says so,
 * a clock that the test sets, an arena of host-physical memory, and allocations that fail when
 * the test wants it. Spinlocks are the real ones. Owned by the test's main thread.
 */
#ifndef FAKE_HART_H
#define FAKE_HART_H

#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <arch/time.h>
#include <core/hart.h>
#include <core/page.h>

#define FAKE_HARTS 8

extern struct hart fake_harts[FAKE_HARTS];
/** What a hart's timer was set to last; UINT64_MAX: off. */
extern uint64_t fake_timer[FAKE_HARTS];
/** How often that reached the hardware: another deadline, or the same after an interrupt. */
extern uint32_t fake_timer_sets[FAKE_HARTS];
/** How often a hart was sent an IPI; atomic. */
extern uint32_t fake_kicks[FAKE_HARTS];

/** Called by arch_wait(), by arch_relax() and by time_now(); may be NULL. */
extern void (*fake_wait_hook)(void);
extern void (*fake_relax_hook)(void);
extern void (*fake_time_hook)(void);
/** Called after an IPI was sent to hart @index; may be NULL. */
extern void (*fake_kick_hook)(unsigned int index);

/**
 * All harts are online, with an id of 10 times their index; the calling thread is hart 0 with
 * interrupts off; the time is 0. The arena exists and keeps its contents.
 */
void fake_hart_reset(void);

/** The first call gives the arena's first @size bytes to the page allocator. */
static inline void fake_arena_add(uint64_t size)
{
	static bool added;

	if (!added)
		page_add(hpa(FAKE_ARENA_BASE), size);
	added = true;
}

/** Fills a range of the arena with what no test expects there. */
void fake_arena_soil(uint64_t start, uint64_t size);

/** Whether a range of the arena is zero. */
bool fake_arena_is_clear(uint64_t start, uint64_t size);

/**
 * The allocation after the next @count ones finds no memory, once; -1: none. For tests that are
 * linked with FAKE_FAILING: of page_alloc(), page_alloc_zero() and alloc_zero().
 */
void fake_allocations_fail_after(long count);

/** Called before each of these allocations; may be NULL. */
extern void (*fake_allocation_hook)(void);

/** Whether that one has failed since. */
bool fake_allocation_failed(void);

/** A sequence of numbers that is the same in every run (splitmix64). */
uint64_t fake_hart_random(uint64_t *state);

#endif
