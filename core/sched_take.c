/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hart takes out of run queues: its own, and those of harts that are busy. */
#include "sched_parts.h"

#include <core/check.h>

struct hart *sched_next_hart(const struct hartset *set, const struct hartset *allowed,
			     unsigned int from)
{
	while (from < hart_count) {
		unsigned int word = from / 64;
		uint64_t left = sched_word(set, word) & UINT64_MAX << from % 64;

		if (allowed)
			left &= sched_word(allowed, word);
		if (left)
			return harts[word * 64 + bit_lowest(left)];
		from = (word + 1) * 64;
	}
	return NULL;
}

struct sched_entity *sched_dequeue(struct run_queue *queue)
{
	return sched_dequeue_here(queue);
}

static struct sched_entity *first_for(struct list *list, const struct hart *hart)
{
	list_for_each(item, list)
		if (sched_may_run_on(SCHED_ENTITY(item), hart))
			return SCHED_ENTITY(item);
	return NULL;
}

/* The first entity in the queue of another that may run on @hart, of priority @least or more. */
static NOINLINE struct sched_entity *dequeue_for(struct run_queue *queue, const struct hart *hart,
						 unsigned int least)
{
	struct sched_entity *found = NULL;

	spin_lock_here(&queue->lock);
	for (unsigned int i = PRIORITIES; i-- > least && !found;)
		found = first_for(&queue->waiting[i], hart);
	if (found)
		sched_unlink(queue, found, found->priority);
	spin_unlock_here(&queue->lock);
	return found;
}

static struct sched_entity *steal_from(struct hart *other, const struct hart *hart)
{
	if (!sched_count(other)) {
		hartset_remove(&sched_busy, other->index);
		sched_fence();
		if (!sched_count(other))
			return NULL;
		/* Who queued it meanwhile may have found the bit still there; who idles, not. */
		hartset_add(&sched_busy, other->index);
		sched_tell_all_idle();
	}
	return other != hart && hart_online(other) ? dequeue_for(other->queue, hart, 0) : NULL;
}

struct sched_entity *sched_steal(const struct hart *hart)
{
	struct sched_entity *entity = NULL;
	struct hart *other = sched_next_hart(&sched_busy, NULL, hart->index + 1);

	/* Those behind this hart first, then those before it: thieves spread. */
	for (; other && !entity; other = sched_next_hart(&sched_busy, NULL, other->index + 1))
		entity = steal_from(other, hart);
	if (entity)
		return entity;
	other = sched_next_hart(&sched_busy, NULL, 0);
	for (; other && !entity && other->index <= hart->index;
	     other = sched_next_hart(&sched_busy, NULL, other->index + 1))
		entity = steal_from(other, hart);
	return entity;
}

void sched_fetch_above(struct hart *here, uint32_t priority)
{
	struct sched_entity *entity = NULL;

	sched_for_each(hart, &sched_busy, NULL)
	{
		if (!entity && hart != here && hart_online(hart) &&
		    sched_waits_above(hart->queue, priority))
			entity = dequeue_for(hart->queue, here, priority + 1);
	}
	if (entity && !sched_queue_at(here, entity))
		sched_make_runnable(entity);
}
