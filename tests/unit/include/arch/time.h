/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands before the real <arch/time.h> in unit tests: the clock is what the test says, see
 * fake_hart.h.
 */
#ifndef FAKE_ARCH_TIME_H
#define FAKE_ARCH_TIME_H

#include <core/types.h>

extern uint64_t fake_now;

static inline uint64_t arch_time(void)
{
	return __atomic_load_n(&fake_now, __ATOMIC_SEQ_CST);
}

uint64_t time_now(void);

/* False unless a test says so: hooks for waiting take interrupts themselves. */
extern bool fake_timer_pending;

static inline bool arch_timer_pending(void)
{
	return fake_timer_pending;
}

void arch_timer_interrupted(void);
void arch_timer_set(uint64_t deadline);

#endif
