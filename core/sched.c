/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler's entities: their states, changed by compare-and-swap, and what others ask of them.
 * Where they wait is in sched_place.c and sched_take.c, what harts do with them in sched_loop.c.
 */
#include "sched_parts.h"

#include <arch/irqflags.h>
#include <core/check.h>
#include <core/timer.h>
#include <errno.h>

void sched_entity_init(struct sched_entity *entity, enum sched_kind kind, unsigned int priority,
		       uint32_t slice)
{
	CHECK(priority < PRIORITIES);
	list_init(&entity->link);
	entity->kind = kind;
	entity->state = SCHED_PARKED;
	entity->priority = (uint8_t)priority;
	entity->slice = slice;
	for (unsigned int i = 0; i < ARRAY_SIZE(entity->affinity.bits); i++)
		entity->affinity.bits[i] = UINT64_MAX;
}

/* What runs @entity, if any hart does, decides anew. */
static void reconsider(const struct sched_entity *entity)
{
	struct hart *on = __atomic_load_n(&entity->on, __ATOMIC_SEQ_CST);

	if (on) {
		__atomic_store_n(&on->resched, 1, __ATOMIC_SEQ_CST);
		hart_kick(on);
	}
}

bool sched_unpark(struct sched_entity *entity)
{
	unsigned long flags = arch_irq_save();
	bool ours = !sched_is_held(entity) &&
		    sched_state_change(entity, SCHED_PARKED, SCHED_RUNNABLE);

	/* A hold that came in between saw it PARKED and takes it for settled. */
	sched_fence();
	if (ours && sched_is_held(entity)) {
		sched_state_change(entity, SCHED_RUNNABLE, SCHED_PARKED);
		ours = false;
	}
	if (ours) {
		atomic_store_relaxed(&entity->runnable_since, time_now());
		sched_make_runnable(entity);
	}
	arch_irq_restore(flags);
	return ours;
}

void sched_hold(struct sched_entity *entity)
{
	unsigned long flags = arch_irq_save();

	__atomic_fetch_add(&entity->hold, 1, __ATOMIC_SEQ_CST);
	sched_state_change(entity, SCHED_BLOCKED, SCHED_PARKED);
	if (sched_withdraw(entity))
		sched_state_change(entity, SCHED_RUNNABLE, SCHED_PARKED);
	arch_irq_restore(flags);
	reconsider(entity);
}

void sched_release(struct sched_entity *entity)
{
	CHECK(__atomic_fetch_sub(&entity->hold, 1, __ATOMIC_SEQ_CST) > 0);
}

bool sched_held(const struct sched_entity *entity)
{
	return __atomic_load_n(&entity->state, __ATOMIC_SEQ_CST) == SCHED_PARKED &&
	       !__atomic_load_n(&entity->on, __ATOMIC_SEQ_CST);
}

int sched_set_affinity(struct sched_entity *entity, const struct hartset *affinity)
{
	bool possible = false;
	unsigned long flags;

	for (unsigned int i = 0; i < hart_count; i++)
		possible |= hart_online(harts[i]) && hartset_has(affinity, i);
	if (!possible)
		return -EINVAL;
	/* The new ones first: at no moment does it fit nowhere. */
	for (unsigned int i = 0; i < ARRAY_SIZE(affinity->bits); i++)
		__atomic_fetch_or(&entity->affinity.bits[i], affinity->bits[i], __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < ARRAY_SIZE(affinity->bits); i++)
		__atomic_store_n(&entity->affinity.bits[i], affinity->bits[i], __ATOMIC_SEQ_CST);
	sched_fence();
	flags = arch_irq_save();
	if (sched_withdraw(entity))
		sched_make_runnable(entity);
	arch_irq_restore(flags);
	reconsider(entity);
	return 0;
}

void sched_set_roomy(struct sched_entity *entity, bool roomy)
{
	if (__atomic_exchange_n(&entity->roomy, (uint32_t)roomy, __ATOMIC_SEQ_CST) != roomy)
		reconsider(entity);
}

bool sched_settled(const struct sched_entity *entity)
{
	const struct hart *on = __atomic_load_n(&entity->on, __ATOMIC_SEQ_CST);

	return !on || hartset_has(&entity->affinity, on->index);
}
