/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Software timers: each hart has a queue ordered by deadline, with its own lock; the hart's
 * timer interrupt is set to the earliest of that queue and of the current time slice's end.
 * Times are in ticks of the `time` CSR.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <core/hart.h>
#include <core/list.h>
#include <core/types.h>

#define TIMER_NEVER UINT64_MAX

struct timer {
	struct list link;
	uint64_t deadline;
	/** Called once with interrupts off and no lock held, on the hart that armed the timer. */
	void (*expired)(struct timer *timer);
	struct hart *hart; /* whose queue it is in, or NULL; atomic */
};

/** Makes the queue of a hart. Returns 0 or -ENOMEM. */
int timer_hart_init(struct hart *hart);

void timer_init(struct timer *timer, void (*expired)(struct timer *timer));

/** (Re)arms @timer on this hart. Callers serialise calls for the same timer. */
void timer_arm(struct timer *timer, uint64_t deadline);

/** Moves all timers of @from, which is off-line, to this hart. No lock held. */
void timer_adopt(struct hart *from);

/** Takes @timer out. It may be expiring on another hart at this moment. */
void timer_cancel(struct timer *timer);

/** The hart's timer interrupt: runs what is due and sets the next one. Interrupts off. */
void timer_interrupt(struct hart *hart);

/** Sets this hart's timer interrupt anew, with @slice_end as one candidate. */
void timer_program(struct hart *hart, uint64_t slice_end);

/** Now, in ticks; and the frequency, from the device tree's timebase-frequency. */
uint64_t time_now(void);
extern uint64_t timebase; /* ticks a second */

static inline uint64_t us_to_ticks(uint64_t us)
{
	return us * timebase / 1000000;
}

static inline uint64_t ticks_to_us(uint64_t ticks)
{
	return ticks / timebase * 1000000 + ticks % timebase * 1000000 / timebase;
}

#endif
