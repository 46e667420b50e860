/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Service threads: work that takes long (building a VM, clearing memory, the shell) runs in one,
 * with a stack of its own and interrupts on, and shares the harts with the vCPUs.
 */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <core/sched.h>
#include <core/timer.h>

struct thread {
	struct sched_entity sched;
	uintptr_t sp; /* saved stack pointer while it does not run; assembly knows the offset */
	void (*entry)(void *opaque);
	void *opaque;
	const char *name;
	struct timer timer; /* for thread_sleep() */
	uint32_t event; /* a wake-up that was not consumed yet; atomic */
};

/** The first function of a new thread, called by the architecture with interrupts off. */
void thread_main(struct thread *thread);

/** Starts a thread. Returns NULL when memory is out. */
struct thread *thread_create(const char *name, void (*entry)(void *opaque), void *opaque);

/** The same, of the lowest priority: vCPUs preempt it at once, and it is not first when woken. */
struct thread *thread_create_background(const char *name, void (*entry)(void *opaque),
					void *opaque);

/** The thread that runs on this hart, or NULL. */
struct thread *thread_self(void);

/** Lets others run if the scheduler wants that; from the interrupt of a thread, interrupts off. */
void thread_preempt(void);

/** Lets others run. Thread context, no spinlock held. */
void thread_yield(void);

/** Sleeps until thread_wake() or @deadline (ticks; TIMER_NEVER). Thread context, no spinlock. */
void thread_wait(uint64_t deadline);

/** Makes a thread's current or next thread_wait() return. Any context, any hart. */
void thread_wake(struct thread *thread);

/** Whether a wake-up came before the thread was BLOCKED. For the scheduler. */
bool thread_must_wake(const struct thread *thread);

/** Sleeps for @us microseconds, whatever wakes it meanwhile. */
void thread_sleep(uint64_t us);

#endif
