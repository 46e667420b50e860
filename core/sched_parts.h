/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the scheduler share: a hart's run queue, and the sets of harts by which one is
 * found without a look at all of them. queue->lock (rank LOCK_SCHED) guards the lists; what else is
 * read without it is atomic.
 *
 * Whoever makes something known and then looks whether another has done so (who queues and who goes
 * idle, who holds and who runs) has one full fence between the two: at least one sees the other.
 */
#ifndef CORE_SCHED_PARTS_H
#define CORE_SCHED_PARTS_H

#include <core/atomic.h>
#include <core/bits.h>
#include <core/thread.h>
#include <core/timer.h>
#include <core/vm.h>

/* Of a hart that never came or goes: nothing is more important than that. */
#define PRIORITY_AWAY PRIORITIES

#define SCHED_ENTITY(item) container_of(item, struct sched_entity, link)

struct run_queue {
	struct list waiting[PRIORITIES];
	struct spinlock lock;
	uint32_t count; /* of all lists; written under the lock, read anywhere */
	uint64_t levels; /* BIT(priority) of the lists that are not empty; likewise */
	uint64_t idle; /* the hart has nothing to run; atomic */
	uint64_t priority; /* of what runs or ran last, 0 when idle, or PRIORITY_AWAY; atomic */
	uint32_t native; /* what runs may wait in the guest: always tell; atomic */
};

static inline void sched_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* After sched_fence(). */
static inline bool sched_is_held(const struct sched_entity *entity)
{
	return __atomic_load_n(&entity->hold, __ATOMIC_RELAXED) != 0;
}

/* Whether something waits that is more important than @priority. After sched_fence(). */
static inline bool sched_waits_above(const struct run_queue *queue, unsigned int priority)
{
	return __atomic_load_n(&queue->levels, __ATOMIC_RELAXED) >> priority >> 1;
}

/* Likewise, something as important. */
static inline bool sched_waits_at(const struct run_queue *queue, unsigned int priority)
{
	return __atomic_load_n(&queue->levels, __ATOMIC_RELAXED) >> priority & 1;
}

static inline uint32_t sched_count(const struct hart *hart)
{
	return __atomic_load_n(&hart->queue->count, __ATOMIC_RELAXED);
}

static inline bool sched_state_change(struct sched_entity *entity, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&entity->state, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static inline uint64_t sched_word(const struct hartset *set, unsigned int word)
{
	return __atomic_load_n(&set->bits[word], __ATOMIC_RELAXED);
}

/** The first hart of @set and of @allowed (NULL: any) from @from on; NULL when there is none. */
struct hart *sched_next_hart(const struct hartset *set, const struct hartset *allowed,
			     unsigned int from);

#define sched_for_each(hart, set, allowed)                               \
	for (struct hart *hart = sched_next_hart(set, allowed, 0); hart; \
	     hart = sched_next_hart(set, allowed, hart->index + 1))

/** Takes an entity out of the queue, with its lock. */
static inline void sched_unlink(struct run_queue *queue, struct sched_entity *entity,
				uint64_t priority)
{
	if (likely(list_unlink(&entity->link)))
		atomic_store_relaxed(&queue->levels, queue->levels ^ BIT(priority));
	atomic_store_relaxed(&entity->queued, NULL);
	atomic_store_relaxed(&queue->count, queue->count - 1);
}

/* A hint, or after sched_fence(). */
static inline bool sched_is_online(const struct hart *hart)
{
	return __atomic_load_n(&hart->state, __ATOMIC_RELAXED) == HART_ONLINE;
}

/* Likewise. If the hart is on-line. */
static inline bool sched_is_allowed(const struct sched_entity *entity, const struct hart *hart)
{
	return hartset_has_hart(&entity->affinity, hart);
}

/* Likewise. */
static inline bool sched_may_run_on(const struct sched_entity *entity, const struct hart *hart)
{
	return sched_is_online(hart) && sched_is_allowed(entity, hart);
}

/**
 * What runs on @hart, this hart, shares it by turns from @now on with what waits there and is as
 * important: starts its time slice, unless it has one.
 */
static inline void sched_slice_begin(struct hart *hart, struct sched_entity *entity, uint64_t now)
{
	if (entity->slice_end != TIMER_NEVER)
		return;
	entity->slice_end = now + entity->slice;
	timer_slice(hart, entity->slice_end);
}

/* ---- places: sched_place.c. Interrupts off. ---- */

/** Finds a hart for an entity that became RUNNABLE, and queues it there. */
void sched_make_runnable(struct sched_entity *entity);

/** Puts a RUNNABLE entity into the queue of @hart. False: it was taken out, choose another one. */
bool sched_queue_at(struct hart *hart, struct sched_entity *entity);

/** Takes an entity out of whatever queue it waits in. False when it waits in none. */
bool sched_withdraw(struct sched_entity *entity);

/** A preempted entity goes to an idle hart, or waits on @hart unless fewer wait elsewhere. */
void sched_requeue(struct sched_entity *entity, struct hart *hart);

/** This hart, @hart, goes idle, or is no longer. */
void sched_idle_set(struct hart *hart, bool idle);

/** What runs on this hart, @hart, has another priority than what ran before. */
void sched_priority_changed(struct hart *hart, uint32_t priority);

/** Likewise, if it has: true then. */
static inline bool sched_priority_set(struct hart *hart, uint32_t priority)
{
	if (likely(hart->queue->priority == priority))
		return false;
	sched_priority_changed(hart, priority);
	return true;
}

/** Tells all harts that idle to look for something to run. For what is seldom. */
void sched_tell_all_idle(void);

/** Harts that are busy, and something waits in their queues: a hint for sched_steal(). */
extern struct hartset sched_busy;

/**
 * Something waits in the queue of @hart, which is busy: who is idle may have it. Who looks for a
 * better hart after that sees those that found nothing here before.
 */
static inline void sched_waits(const struct hart *hart)
{
	if (unlikely(!hartset_has_hart(&sched_busy, hart)))
		hartset_add(&sched_busy, hart->index);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* ---- what a hart takes: sched_take.c. Interrupts off. ---- */

/**
 * Takes the first one of the most important that wait in a queue, or NULL. It may be that it may
 * not run on the queue's hart any more.
 */
static ALWAYS_INLINE struct sched_entity *sched_dequeue_here(struct run_queue *queue)
{
	struct sched_entity *found = NULL;
	uint64_t levels, priority;

	spin_lock_here(&queue->lock);
	levels = queue->levels;
	if (likely(levels)) {
		/* Nearly always what comes is as important as what went. */
		priority = queue->priority;
		if (unlikely(levels >> priority != 1))
			for (priority = PRIORITIES - 1; !(levels >> priority); priority--)
				;
		found = SCHED_ENTITY(queue->waiting[priority].next);
		sched_unlink(queue, found, priority);
	}
	spin_unlock_here(&queue->lock);
	return found;
}

/** The same, as a call. */
struct sched_entity *sched_dequeue(struct run_queue *queue);

/** Takes something that may run on @hart from the queue of another hart that is busy, or NULL. */
struct sched_entity *sched_steal(const struct hart *hart);

/**
 * After sched_priority_set() and sched_fence(): what runs on this hart, @here, has @priority now.
 * Something more important may wait behind what other harts run: one that may run here comes into
 * the queue of this hart.
 */
void sched_fetch_above(struct hart *here, uint32_t priority);

#endif
