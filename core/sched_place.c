/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where entities wait: the harts' run queues, and which hart an entity goes to that wakes up or was
 * preempted. The sets of harts below are hints that are seldom wrong; what they say of a hart is
 * looked up there.
 */
#include "sched_parts.h"

#include <arch/irqflags.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/hart_files.h>
#include <errno.h>

/*
 * By priority, harts where what runs is of a lower one, or ended. Those of priority 0 have nothing
 * to run; they are in all of the others, too.
 */
static struct hartset below[PRIORITIES];

#define idle_harts below[0]

/* More of them find no hart: there is none. */
#define SEARCHES 1000

struct hartset sched_busy;

int sched_hart_init(struct hart *hart)
{
	hart->queue = alloc_zero(sizeof(*hart->queue));
	if (!hart->queue)
		return -ENOMEM;
	spin_init(&hart->queue->lock, LOCK_SCHED);
	hart->queue->priority = PRIORITY_AWAY;
	for (unsigned int i = 0; i < PRIORITIES; i++) {
		list_init(&hart->queue->waiting[i]);
		hartset_remove(&below[i], hart->index);
	}
	hartset_remove(&sched_busy, hart->index);
	return 0;
}

unsigned int sched_waiting(const struct hart *hart)
{
	return sched_count(hart);
}

void sched_idle_set(struct hart *hart, bool idle)
{
	if (hart->queue->idle == idle)
		return;
	atomic_store_relaxed(&hart->queue->idle, idle);
	hartset_flip(&idle_harts, hart->index);
	sched_fence();
}

/* The hart comes into the sets between the priorities, or leaves them. Only it changes its bits. */
void sched_priority_changed(struct hart *hart, uint32_t priority)
{
	struct run_queue *queue = hart->queue;
	struct hartset *first = &below[MIN(queue->priority, priority) + 1];
	struct hartset *last = &below[MIN(MAX(queue->priority, priority), PRIORITIES - 1)];
	unsigned int index = hart->index;

	atomic_store_relaxed(&queue->priority, priority);
	for (struct hartset *set = first; set <= last; set++)
		hartset_flip(set, index);
}

/* Whether a hart is in both sets. */
static inline bool any_of(const struct hartset *set, const struct hartset *allowed)
{
	uint64_t any = sched_word(set, 0) & sched_word(allowed, 0);

	for (unsigned int word = 1; word < ARRAY_SIZE(set->bits); word++)
		any |= sched_word(set, word) & sched_word(allowed, word);
	return any;
}

static bool is_idle(const struct hart *hart)
{
	return __atomic_load_n(&hart->queue->idle, __ATOMIC_RELAXED) && !sched_count(hart);
}

/* Where it ran last, where a vCPU that has a file has it. */
static inline bool lacks_file_there(const struct sched_entity *entity, const struct hart *last)
{
	return !__atomic_load_n(&entity->has_file, __ATOMIC_RELAXED) && entity->uses_files &&
	       !hart_files_free(last);
}

static inline bool lacks_file(const struct sched_entity *entity, const struct hart *hart)
{
	if (hart == entity->last)
		return lacks_file_there(entity, hart);
	return entity->uses_files && !hart_files_free(hart);
}

/* An idle hart: the last one or any, but first one with a file if that matters. */
static struct hart *idle_hart(const struct sched_entity *entity)
{
	struct hart *last = entity->last, *idle = NULL;

	if (last && sched_may_run_on(entity, last) && is_idle(last)) {
		if (!lacks_file(entity, last))
			return last;
		idle = last;
	}

	sched_for_each(hart, &idle_harts, &entity->affinity)
	{
		if (!hart_online(hart) || !is_idle(hart))
			continue;
		if (!lacks_file(entity, hart))
			return hart;
		if (!idle)
			idle = hart;
	}
	return idle;
}

/* Where the least important thing runs, if it is less important and nothing as important waits. */
static NOINLINE struct hart *lower_hart(const struct sched_entity *entity)
{
	struct hart *lower = NULL;
	uint32_t lowest = entity->priority;

	sched_for_each(hart, &below[entity->priority], &entity->affinity)
	{
		uint32_t runs = __atomic_load_n(&hart->queue->priority, __ATOMIC_RELAXED);

		if (hart_online(hart) && runs < lowest &&
		    !sched_waits_above(hart->queue, entity->priority) &&
		    !sched_waits_at(hart->queue, entity->priority)) {
			lowest = runs;
			lower = hart;
		}
	}
	return lower;
}

/* Whether it would not take turns on @hart, but wait there for something more important to end. */
static inline bool comes_behind(const struct sched_entity *entity, const struct hart *hart)
{
	const struct run_queue *queue = hart->queue;

	return __atomic_load_n(&queue->priority, __ATOMIC_RELAXED) > entity->priority ||
	       sched_waits_above(queue, entity->priority);
}

/* How long it would wait on @hart, to compare. */
static uint64_t wait_on(const struct sched_entity *entity, const struct hart *hart)
{
	return sched_count(hart) | (comes_behind(entity, hart) ? BIT(32) : 0);
}

/* The hart where it waits least; of several @best, or the first. */
static struct hart *least_loaded(const struct sched_entity *entity, struct hart *best)
{
	for (unsigned int i = 0; i < hart_count; i++)
		if (sched_may_run_on(entity, harts[i]) &&
		    (!best || wait_on(entity, harts[i]) < wait_on(entity, best)))
			best = harts[i];
	return best;
}

/*
 * It would wait on @busy, where there is no file for it: better on one with a free file, unless
 * it waits longer there.
 */
static NOINLINE struct hart *hart_with_file(const struct sched_entity *entity, struct hart *busy)
{
	uint64_t most = wait_on(entity, busy);

	sched_for_each(hart, &hart_files_free_set, &entity->affinity)
	{
		if (hart_online(hart) && wait_on(entity, hart) <= most)
			return hart;
	}
	return busy;
}

/* Where it waits: warm if it takes turns there, else where it waits least; rather with a file. */
static struct hart *busy_hart(const struct sched_entity *entity)
{
	struct hart *last = entity->last, *found;

	found = last && sched_may_run_on(entity, last) ? last : NULL;
	if (!found || comes_behind(entity, found))
		found = least_loaded(entity, found);
	if (found && lacks_file(entity, found))
		found = hart_with_file(entity, found);
	return found;
}

/*
 * Where an entity that became RUNNABLE should go: warm and idle, idle; of these first where there
 * is a file for it; where the least important thing runs that is less important; where it takes
 * turns, if there is such a hart: warm, least loaded, again rather with a file.
 */
static NOINLINE struct hart *search_hart(const struct sched_entity *entity)
{
	struct hart *found = idle_hart(entity);

	if (!found)
		found = lower_hart(entity);
	/* A look at one hart after the other may find none while its affinity is changed. */
	for (unsigned int i = 0; !found && i < SEARCHES; i++)
		found = busy_hart(entity);
	CHECK(found);
	return found;
}

/*
 * The same, if it can be told at a glance: there is a file, and it is warm and idle, or warm and no
 * other comes first.
 */
static inline struct hart *choose_hart(const struct sched_entity *entity)
{
	struct hart *last = entity->last;

	if (likely(last && sched_may_run_on(entity, last) && !lacks_file(entity, last)) &&
	    (is_idle(last) ||
	     (!any_of(&below[entity->priority], &entity->affinity) && !comes_behind(entity, last))))
		return last;
	return search_hart(entity);
}

/* ---- queues ---- */

static inline void link_locked(struct run_queue *queue, struct hart *hart,
			       struct sched_entity *entity, uint64_t priority)
{
	list_insert(&queue->waiting[priority], &entity->link);
	atomic_store_relaxed(&entity->queued, hart);
	atomic_store_relaxed(&queue->levels, queue->levels | BIT(priority));
	atomic_store_relaxed(&queue->count, queue->count + 1);
}

bool sched_withdraw(struct sched_entity *entity)
{
	struct hart *hart;

	while ((hart = __atomic_load_n(&entity->queued, __ATOMIC_ACQUIRE))) {
		bool ours;

		spin_lock_here(&hart->queue->lock);
		ours = entity->queued == hart;
		if (ours)
			sched_unlink(hart->queue, entity, entity->priority);
		spin_unlock_here(&hart->queue->lock);
		if (ours)
			return true;
	}
	return false;
}

static void tell(struct hart *hart)
{
	atomic_store_release(&hart->resched, 1);
	/* A thread looks at its next interrupt only. */
	if (hart != hart_self() || hart->thread)
		hart_kick(hart);
}

/* Tells a hart that idles, and has not been given anything yet, that something waits elsewhere. */
static NOINLINE void tell_idle(const struct sched_entity *entity)
{
	sched_for_each(hart, &idle_harts, &entity->affinity)
	{
		/* One that was told already may take something else. */
		if (!is_idle(hart) || __atomic_load_n(&hart->resched, __ATOMIC_RELAXED))
			continue;
		tell(hart);
		return;
	}
}

void sched_tell_all_idle(void)
{
	sched_for_each(hart, &idle_harts, NULL) tell(hart);
}

/*
 * Tells @hart of what was queued there, if that matters to it: false if something more important
 * runs or waits. A vCPU of the same priority that runs on this hart need not look at the queue: it
 * only shares its hart from now on.
 */
static inline bool announce(struct hart *hart, const struct run_queue *queue, uint64_t priority)
{
	uint64_t runs = __atomic_load_n(&queue->priority, __ATOMIC_RELAXED);

	if (likely(!__atomic_load_n(&queue->native, __ATOMIC_RELAXED))) {
		if (runs > priority)
			return false;
		if (runs == priority && hart == hart_self() && hart->running) {
			sched_slice_begin(hart, &hart->running->sched, time_now());
			return true;
		}
	}
	tell(hart);
	return runs <= priority && !sched_waits_above(queue, (unsigned int)priority);
}

/*
 * Puts a RUNNABLE entity into a hart's queue and tells the hart if that matters to it. If it is
 * busy, or idles but has been given another one, one that went idle since the choice may have found
 * nothing to take yet: it looks again. False if it waits behind what runs there.
 */
static inline bool enqueue(struct hart *hart, struct sched_entity *entity)
{
	struct run_queue *queue = hart->queue;
	uint64_t priority = entity->priority;
	bool idle;

	spin_lock_here(&queue->lock);
	link_locked(queue, hart, entity, priority);
	/* Either this sees a hold, or sched_hold() finds the entity in the queue. */
	sched_fence();
	if (unlikely(sched_is_held(entity))) {
		sched_unlink(queue, entity, priority);
		sched_state_change(entity, SCHED_RUNNABLE, SCHED_PARKED);
		spin_unlock_here(&queue->lock);
		return true;
	}
	idle = __atomic_load_n(&queue->idle, __ATOMIC_RELAXED) && queue->count == 1;
	spin_unlock_here(&queue->lock);
	if (idle) {
		tell(hart);
		return true;
	}
	sched_waits(hart);
	if (unlikely(any_of(&idle_harts, &entity->affinity)))
		tell_idle(entity);
	return announce(hart, queue, priority);
}

/* Whether a hart has turned to less important things since the choice: see sched_fetch_above(). */
static NOINLINE bool would_run_elsewhere(const struct sched_entity *entity)
{
	sched_fence();
	return lower_hart(entity);
}

/*
 * The same; false if another hart is to be chosen and it was taken out again. Its affinity may have
 * changed since the choice: sched_set_affinity() saw no queue then.
 */
NOINLINE bool sched_queue_at(struct hart *hart, struct sched_entity *entity)
{
	bool behind = !enqueue(hart, entity);

	if (likely(sched_may_run_on(entity, hart)) &&
	    (likely(!behind) || !would_run_elsewhere(entity)))
		return true;
	return !sched_withdraw(entity);
}

void sched_make_runnable(struct sched_entity *entity)
{
	struct hart *hart = choose_hart(entity);

	while (unlikely(!sched_queue_at(hart, entity)))
		hart = search_hart(entity);
}

bool sched_wake(struct sched_entity *entity)
{
	unsigned long flags = arch_irq_save();
	bool ours = sched_state_change(entity, SCHED_BLOCKED, SCHED_RUNNABLE);

	/* A thread comes first now; one below the default works in the background. */
	if (ours) {
		if (entity->kind != SCHED_VCPU && entity->priority >= PRIORITY_DEFAULT)
			entity->priority = PRIORITIES - 1;
		atomic_store_relaxed(&entity->runnable_since, time_now());
		sched_make_runnable(entity);
	}
	arch_irq_restore(flags);
	return ours;
}

/* Another hart is to be chosen, unless somebody has taken it out of the queue meanwhile. */
static NOINLINE void choose_again(struct sched_entity *entity)
{
	if (sched_withdraw(entity))
		sched_make_runnable(entity);
}

/*
 * The commonest case of sched_notify(): what was BLOCKED comes back to the hart where it ran last,
 * and shares it with the vCPU that runs there, in whose exit this is, so that interrupts are off.
 * It is queued first, and then it is looked whether anything is against that, which cannot be
 * missed any more then.
 */
static inline void share_hart(struct hart *hart, struct sched_entity *entity, uint64_t priority)
{
	struct run_queue *queue = hart->queue;
	const struct hartset *lower = &below[priority];
	uint64_t now = time_now();

	atomic_store_relaxed(&entity->runnable_since, now);
	spin_lock_here(&queue->lock);
	link_locked(queue, hart, entity, priority);
	spin_unlock_here(&queue->lock);
	sched_fence();
	sched_waits(hart);
	if (unlikely(sched_is_held(entity) || !sched_is_allowed(entity, hart) ||
		     sched_waits_above(queue, (unsigned int)priority) ||
		     any_of(lower, &entity->affinity)))
		choose_again(entity);
	else
		sched_slice_begin(hart, &hart->running->sched, now);
}

static NOINLINE void notify(struct sched_entity *entity)
{
	struct hart *on;

	if (__atomic_load_n(&entity->state, __ATOMIC_RELAXED) == SCHED_BLOCKED &&
	    sched_wake(entity))
		return;
	on = __atomic_load_n(&entity->on, __ATOMIC_SEQ_CST);
	if (on && on != hart_self())
		hart_kick(on);
}

void sched_notify(struct sched_entity *entity)
{
	uint32_t blocked = SCHED_BLOCKED;
	/* In this order: a thread may go on on another hart at any time. */
	bool stays = arch_irqs_off();
	struct hart *hart = hart_self();
	struct run_queue *queue = hart->queue;
	uint64_t priority = entity->priority;

	if (likely(stays && __atomic_load_n(&entity->last, __ATOMIC_RELAXED) == hart &&
		   hart->running && queue->priority == priority && !queue->native) &&
	    !lacks_file_there(entity, hart) &&
	    /* The caller's fence is before that. */
	    __atomic_compare_exchange_n(&entity->state, &blocked, SCHED_RUNNABLE, false,
					__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		share_hart(hart, entity, priority);
	else
		notify(entity);
}

void sched_requeue(struct sched_entity *entity, struct hart *hart)
{
	struct hart *best = sched_may_run_on(entity, hart) ? hart : choose_hart(entity);

	if (sched_count(best)) {
		struct hart *free = idle_hart(entity);

		best = free ? free : least_loaded(entity, best);
	}
	if (!sched_queue_at(best, entity))
		sched_make_runnable(entity);
}
