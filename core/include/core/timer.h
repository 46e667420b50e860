/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Software timers: each hart has a queue ordered by deadline, with its own lock; the hart's
 * timer interrupt is set to the earliest of that queue and of the current time slice's end.
 * Times are in ticks of the `time` CSR.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <arch/time.h>
#include <core/atomic.h>
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

/** A hart's timers. */
struct timer_queue {
	struct spinlock lock;
	struct list timers;
	uint64_t first; /* deadline of the first of them; written under the lock, atomic */
	/* Only the hart itself touches these two. */
	uint64_t slice_end; /* of what runs on it */
	uint64_t set; /* the interrupt comes then, or before; TIMER_NEVER: it does not */
};

/** Makes the queue of a hart. Returns 0 or -ENOMEM. */
int timer_hart_init(struct hart *hart);

void timer_init(struct timer *timer, void (*expired)(struct timer *timer));

/** (Re)arms @timer on this hart. Callers serialise calls for the same timer. */
void timer_arm(struct timer *timer, uint64_t deadline);

/** Moves all timers of @from, which is off-line, to this hart. No lock held. */
void timer_adopt(struct hart *from);

/** timer_cancel() of a timer that was in the queue of @hart, or on the way to another. */
void timer_take_out(struct timer *timer, struct hart *hart);

/** Whether @timer is in a queue, or on its way to one. A moment's truth, but for who arms it. */
static inline bool timer_armed(const struct timer *timer)
{
	return __atomic_load_n(&timer->hart, __ATOMIC_RELAXED) != NULL;
}

/** Takes @timer out. It may be expiring on another hart at this moment. */
static inline void timer_cancel(struct timer *timer)
{
	struct hart *hart = __atomic_load_n(&timer->hart, __ATOMIC_ACQUIRE);

	if (hart)
		timer_take_out(timer, hart);
}

/**
 * Whether @timer is armed, and for @deadline or a time before. For who arms it: it may be expiring
 * on another hart at this moment.
 */
static ALWAYS_INLINE bool timer_comes_by(const struct timer *timer, uint64_t deadline)
{
	return __atomic_load_n(&timer->hart, __ATOMIC_RELAXED) && timer->deadline <= deadline;
}

/** The hart's timer interrupt: runs what is due and sets the next one. Interrupts off. */
void timer_interrupt(struct hart *hart);

/** Sets this hart's timer interrupt anew, with @slice_end as one candidate. Interrupts off. */
void timer_program(struct hart *hart, uint64_t slice_end);

/** Sets the interrupt of this hart, whose queue it is, to what comes first. Interrupts off. */
void timer_queue_program(struct timer_queue *queue);

/**
 * The same as timer_program() for what runs now, but an interrupt that would come too early is left
 * as it is, and does nothing when it comes: slices begin and end more often than they are used up.
 */
static inline void timer_slice(struct hart *hart, uint64_t slice_end)
{
	struct timer_queue *queue = hart->timers;

	queue->slice_end = slice_end;
	/* No timer of the queue comes before what is set. */
	if (slice_end < queue->set)
		timer_queue_program(queue);
}

/** The frequency of time_now() (<arch/time.h>), from the device tree's timebase-frequency. */
extern uint64_t timebase; /* ticks a second */

static inline uint64_t us_to_ticks(uint64_t us)
{
	return us * timebase / 1000000;
}

static inline uint64_t ticks_to_us(uint64_t ticks)
{
	return ticks / timebase * 1000000 + ticks % timebase * 1000000 / timebase;
}

static inline uint64_t ticks_to_ns(uint64_t ticks)
{
	return ticks / timebase * 1000000000 + ticks % timebase * 1000000000 / timebase;
}

static inline uint64_t ns_to_ticks(uint64_t ns)
{
	return ns / 1000000000 * timebase + ns % 1000000000 * timebase / 1000000000;
}

#endif
