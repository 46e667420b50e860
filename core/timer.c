/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Software timers, a queue for each hart in order of deadline. A timer is in at most one queue;
 * which one is its `hart` field, changed under that queue's lock (rank LOCK_TIMER).
 */
#include <arch/irqflags.h>
#include <arch/time.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/timer.h>
#include <errno.h>

/* The hart of a timer that timer_adopt() has in its hands. */
#define IN_TRANSIT ((struct hart *)UINTPTR_MAX)

uint64_t timebase = 10000000;

int timer_hart_init(struct hart *hart)
{
	hart->timers = alloc_zero(sizeof(*hart->timers));
	if (!hart->timers)
		return -ENOMEM;
	spin_init(&hart->timers->lock, LOCK_TIMER);
	list_init(&hart->timers->timers);
	hart->timers->first = hart->timers->slice_end = hart->timers->set = TIMER_NEVER;
	return 0;
}

void timer_init(struct timer *timer, void (*expired)(struct timer *timer))
{
	list_init(&timer->link);
	timer->deadline = TIMER_NEVER;
	timer->expired = expired;
	timer->hart = NULL;
}

static struct timer *timer_first(struct timer_queue *queue)
{
	return list_empty(&queue->timers) ? NULL
					  : container_of(queue->timers.next, struct timer, link);
}

/* After a change of the list, the lock held. */
static void first_changed(struct timer_queue *queue)
{
	const struct timer *first = timer_first(queue);

	atomic_store_relaxed(&queue->first, first ? first->deadline : TIMER_NEVER);
}

static uint64_t next_deadline(const struct timer_queue *queue)
{
	/* Others take timers out only: at worst this is too early. */
	return MIN(__atomic_load_n(&queue->first, __ATOMIC_RELAXED), queue->slice_end);
}

void timer_queue_program(struct timer_queue *queue)
{
	queue->set = next_deadline(queue);
	arch_timer_set(queue->set);
}

void timer_take_out(struct timer *timer, struct hart *hart)
{
	while (hart) {
		unsigned long flags;
		bool ours;

		if (hart == IN_TRANSIT) {
			arch_relax();
			hart = __atomic_load_n(&timer->hart, __ATOMIC_ACQUIRE);
			continue;
		}
		flags = spin_lock(&hart->timers->lock);
		ours = timer->hart == hart;

		if (ours) {
			list_remove(&timer->link);
			first_changed(hart->timers);
			atomic_store_release(&timer->hart, NULL);
		}
		spin_unlock(&hart->timers->lock, flags);
		hart = ours ? NULL : __atomic_load_n(&timer->hart, __ATOMIC_ACQUIRE);
	}
}

/* Puts @timer, which is in no queue, into this hart's. Interrupts off. */
static void insert(struct timer *timer)
{
	struct timer_queue *queue = hart_self()->timers;
	struct list *at;

	spin_lock_here(&queue->lock);
	for (at = queue->timers.next; at != &queue->timers; at = at->next)
		if (container_of(at, struct timer, link)->deadline > timer->deadline)
			break;
	list_insert(at, &timer->link);
	atomic_store_release(&timer->hart, hart_self());
	first_changed(queue);
	if (queue->timers.next == &timer->link)
		timer_queue_program(queue);
	spin_unlock_here(&queue->lock);
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
	unsigned long irq = arch_irq_save();

	timer_cancel(timer);
	if (deadline != TIMER_NEVER) {
		timer->deadline = deadline;
		insert(timer);
	}
	arch_irq_restore(irq);
}

void timer_adopt(struct hart *from)
{
	unsigned long irq = arch_irq_save();
	struct timer *timer;

	do {
		unsigned long flags = spin_lock(&from->timers->lock);

		timer = timer_first(from->timers);
		if (timer) {
			list_remove(&timer->link);
			first_changed(from->timers);
			atomic_store_release(&timer->hart, IN_TRANSIT);
		}
		spin_unlock(&from->timers->lock, flags);
		if (timer)
			insert(timer);
	} while (timer);
	arch_irq_restore(irq);
}

void timer_program(struct hart *hart, uint64_t slice_end)
{
	hart->timers->slice_end = slice_end;
	timer_queue_program(hart->timers);
}

/* The first timer, out of the queue, if it is due at @now; or NULL. */
static struct timer *due_take(struct timer_queue *queue, uint64_t now)
{
	struct timer *timer;

	/* Others take timers out only: there is none that is due and not seen. */
	if (__atomic_load_n(&queue->first, __ATOMIC_RELAXED) > now)
		return NULL;
	spin_lock_here(&queue->lock);
	timer = timer_first(queue);
	if (timer && timer->deadline <= now) {
		list_remove(&timer->link);
		first_changed(queue);
		atomic_store_release(&timer->hart, NULL);
	} else {
		timer = NULL;
	}
	spin_unlock_here(&queue->lock);
	return timer;
}

void timer_interrupt(struct hart *hart)
{
	struct timer_queue *queue = hart->timers;
	uint64_t now = time_now();
	struct timer *timer;

	arch_timer_interrupted();
	while ((timer = due_take(queue, now)))
		timer->expired(timer);
	if (queue->slice_end <= now) {
		queue->slice_end = TIMER_NEVER;
		atomic_store_relaxed(&hart->resched, 1);
	}
	timer_queue_program(queue);
}
