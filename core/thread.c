/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Service threads. They live for ever; what they share is guarded by whoever shares it.
 */
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <arch/thread.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/thread.h>
#include <core/timer.h>

#define THREAD_SLICE_US 2000

static void thread_timer_expired(struct timer *timer)
{
	thread_wake(container_of(timer, struct thread, timer));
}

static struct thread *create(const char *name, void (*entry)(void *opaque), void *opaque,
			     unsigned int priority)
{
	struct thread *thread = alloc_zero(sizeof(*thread));
	uintptr_t stack = thread ? mmu_stack_create() : 0;

	if (!stack) {
		alloc_free(thread);
		return NULL;
	}
	sched_entity_init(&thread->sched, SCHED_THREAD, priority,
			  (uint32_t)us_to_ticks(THREAD_SLICE_US));
	timer_init(&thread->timer, thread_timer_expired);
	thread->name = name;
	thread->entry = entry;
	thread->opaque = opaque;
	arch_thread_init(thread, stack);
	CHECK(sched_unpark(&thread->sched));
	return thread;
}

struct thread *thread_create(const char *name, void (*entry)(void *opaque), void *opaque)
{
	return create(name, entry, opaque, PRIORITY_DEFAULT);
}

struct thread *thread_create_background(const char *name, void (*entry)(void *opaque), void *opaque)
{
	return create(name, entry, opaque, 0);
}

void thread_main(struct thread *thread)
{
	arch_irq_enable();
	thread->entry(thread->opaque);
	arch_irq_disable();
	thread->sched.leave = LEAVE_PARK;
	arch_thread_switch_out(thread);
}

struct thread *thread_self(void)
{
	unsigned long flags = arch_irq_save();
	struct thread *thread = hart_self()->thread;

	arch_irq_restore(flags);
	return thread;
}

void thread_preempt(void)
{
	struct hart *hart = hart_self();

	if (sched_should_leave(hart))
		arch_thread_switch_out(hart->thread);
}

void thread_yield(void)
{
	unsigned long flags = arch_irq_save();

	arch_thread_switch_out(hart_self()->thread);
	arch_irq_restore(flags);
}

bool thread_must_wake(const struct thread *thread)
{
	return __atomic_load_n(&thread->event, __ATOMIC_SEQ_CST) != 0;
}

void thread_wait(uint64_t deadline)
{
	unsigned long flags = arch_irq_save();
	struct thread *self = hart_self()->thread;

	if (!thread_must_wake(self)) {
		timer_arm(&self->timer, deadline);
		self->sched.leave = LEAVE_BLOCK;
		arch_thread_switch_out(self);
		timer_cancel(&self->timer);
	}
	__atomic_store_n(&self->event, 0, __ATOMIC_SEQ_CST);
	arch_irq_restore(flags);
}

void thread_wake(struct thread *thread)
{
	__atomic_store_n(&thread->event, 1, __ATOMIC_SEQ_CST);
	sched_wake(&thread->sched);
}

void thread_sleep(uint64_t us)
{
	uint64_t end = time_now() + us_to_ticks(us);

	while (time_now() < end)
		thread_wait(end);
}
