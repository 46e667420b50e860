/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler. Each hart has a queue with a lock of rank LOCK_SCHED. An entity's state is
 * changed by compare-and-swap; entity->on is cleared, last of all, by the hart that ran it, so
 * that another hart that picks it up waits until its registers are in memory.
 */
#include <arch/irqflags.h>
#include <arch/thread.h>
#include <arch/time.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/hart_files.h>
#include <core/hart_power.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/timer.h>
#include <core/vm.h>
#include <errno.h>

struct run_queue {
	struct spinlock lock;
	struct list waiting[PRIORITIES];
	uint32_t count; /* of all lists; written under the lock, read anywhere */
	uint32_t idle; /* the hart has nothing to run; atomic */
	uint32_t priority; /* of what runs; atomic */
};

/* EXIT_STATISTICS: the time that counts as the hypervisor's; idling and threads do not. */
static uint64_t count_now(void)
{
#ifdef EXIT_STATISTICS
	return arch_instret();
#else
	return 0;
#endif
}

#define ENTITY(item) container_of(item, struct sched_entity, link)

int sched_hart_init(struct hart *hart)
{
	hart->queue = alloc_zero(sizeof(*hart->queue));
	if (!hart->queue)
		return -ENOMEM;
	spin_init(&hart->queue->lock, LOCK_SCHED);
	for (unsigned int i = 0; i < PRIORITIES; i++)
		list_init(&hart->queue->waiting[i]);
	return 0;
}

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

unsigned int sched_waiting(const struct hart *hart)
{
	return __atomic_load_n(&hart->queue->count, __ATOMIC_RELAXED);
}

static bool state_change(struct sched_entity *entity, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&entity->state, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static bool is_held(const struct sched_entity *entity)
{
	return __atomic_load_n(&entity->hold, __ATOMIC_SEQ_CST) != 0;
}

static bool may_run_on(const struct sched_entity *entity, const struct hart *hart)
{
	return hart_online(hart) && hartset_has(&entity->affinity, hart->index);
}

static bool hart_is_idle(const struct hart *hart)
{
	return __atomic_load_n(&hart->queue->idle, __ATOMIC_SEQ_CST) && !sched_waiting(hart);
}

/* The highest priority that waits in a queue, or -1. The lock need not be held. */
static int best_waiting(const struct run_queue *queue)
{
	/* After whatever the caller announced: who queues something either sees that or is seen. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (int p = PRIORITIES - 1; p >= 0; p--)
		if (__atomic_load_n(&queue->waiting[p].next, __ATOMIC_RELAXED) !=
		    &queue->waiting[p])
			return p;
	return -1;
}

static uint32_t running_priority(const struct hart *hart)
{
	return __atomic_load_n(&hart->queue->priority, __ATOMIC_SEQ_CST);
}

static bool lacks_file(const struct sched_entity *entity, const struct hart *hart)
{
	return entity->wants_file && !hart_files_free(hart);
}

/*
 * Where an entity that became RUNNABLE should go: warm and idle, idle with a free file, idle,
 * where the least important thing runs that is less important, warm, least loaded.
 */
static struct hart *choose_hart(const struct sched_entity *entity)
{
	struct hart *last = entity->last;
	struct hart *best = NULL, *lower = NULL, *idle = NULL;
	uint32_t lowest = entity->priority;

	if (last && !may_run_on(entity, last))
		last = NULL;
	if (last && hart_is_idle(last))
		return last;
	for (unsigned int i = 0; i < hart_count; i++) {
		struct hart *hart = harts[i];

		if (!may_run_on(entity, hart))
			continue;
		if (hart_is_idle(hart)) {
			if (!lacks_file(entity, hart))
				return hart;
			idle = hart;
		}
		if (!best || sched_waiting(hart) < sched_waiting(best))
			best = hart;
		if (running_priority(hart) < lowest &&
		    best_waiting(hart->queue) < entity->priority) {
			lowest = running_priority(hart);
			lower = hart;
		}
	}
	if (idle)
		return idle;
	if (lower)
		return lower;
	return last ? last : best;
}

/* Takes an entity out of its queue, the queue's lock held. */
static void unlink_locked(struct run_queue *queue, struct sched_entity *entity)
{
	list_remove(&entity->link);
	__atomic_store_n(&entity->queued, NULL, __ATOMIC_SEQ_CST);
	__atomic_store_n(&queue->count, queue->count - 1, __ATOMIC_SEQ_CST);
}

/* Takes an entity out of whatever queue it waits in. False when it waits in none. */
static bool withdraw(struct sched_entity *entity)
{
	struct hart *hart;

	while ((hart = __atomic_load_n(&entity->queued, __ATOMIC_SEQ_CST))) {
		unsigned long flags = spin_lock(&hart->queue->lock);
		bool ours = entity->queued == hart;

		if (ours)
			unlink_locked(hart->queue, entity);
		spin_unlock(&hart->queue->lock, flags);
		if (ours)
			return true;
	}
	return false;
}

/* Puts a RUNNABLE entity into a hart's queue and tells the hart if that matters to it. */
static void enqueue(struct hart *hart, struct sched_entity *entity)
{
	struct run_queue *queue = hart->queue;
	unsigned long flags = spin_lock(&queue->lock);

	list_insert(&queue->waiting[entity->priority], &entity->link);
	__atomic_store_n(&entity->queued, hart, __ATOMIC_SEQ_CST);
	__atomic_store_n(&queue->count, queue->count + 1, __ATOMIC_SEQ_CST);
	/* Only now: either this sees the hold, or sched_hold() finds the entity in the queue. */
	if (is_held(entity)) {
		unlink_locked(queue, entity);
		state_change(entity, SCHED_RUNNABLE, SCHED_PARKED);
		spin_unlock(&queue->lock, flags);
		return;
	}
	spin_unlock(&queue->lock, flags);
	if (!__atomic_load_n(&queue->idle, __ATOMIC_SEQ_CST) &&
	    running_priority(hart) > entity->priority)
		return;
	__atomic_store_n(&hart->resched, 1, __ATOMIC_SEQ_CST);
	/* A thread looks at its next interrupt only. */
	if (hart != hart_self() || hart->thread)
		hart_kick(hart);
}

static void make_runnable(struct sched_entity *entity)
{
	struct hart *hart;

	/* Its affinity may have changed since the choice: sched_set_affinity() saw no queue. */
	do {
		hart = choose_hart(entity);
		CHECK(hart);
		enqueue(hart, entity);
	} while (!may_run_on(entity, hart) && withdraw(entity));
}

bool sched_wake(struct sched_entity *entity)
{
	unsigned long flags = arch_irq_save();
	bool ours = state_change(entity, SCHED_BLOCKED, SCHED_RUNNABLE);

	/* One below the default works in the background. */
	if (ours && entity->kind == SCHED_THREAD && entity->priority >= PRIORITY_DEFAULT)
		entity->priority = PRIORITIES - 1;
	if (ours)
		make_runnable(entity);
	arch_irq_restore(flags);
	return ours;
}

bool sched_unpark(struct sched_entity *entity)
{
	unsigned long flags = arch_irq_save();
	bool ours = !is_held(entity) && state_change(entity, SCHED_PARKED, SCHED_RUNNABLE);

	/* A hold that came in between saw it PARKED and takes it for settled. */
	if (ours && is_held(entity)) {
		state_change(entity, SCHED_RUNNABLE, SCHED_PARKED);
		ours = false;
	}
	if (ours)
		make_runnable(entity);
	arch_irq_restore(flags);
	return ours;
}

void sched_hold(struct sched_entity *entity)
{
	struct hart *on;

	__atomic_fetch_add(&entity->hold, 1, __ATOMIC_SEQ_CST);
	state_change(entity, SCHED_BLOCKED, SCHED_PARKED);
	if (withdraw(entity))
		state_change(entity, SCHED_RUNNABLE, SCHED_PARKED);
	on = __atomic_load_n(&entity->on, __ATOMIC_SEQ_CST);
	if (on) {
		__atomic_store_n(&on->resched, 1, __ATOMIC_SEQ_CST);
		hart_kick(on);
	}
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
	struct hart *on;

	for (unsigned int i = 0; i < hart_count; i++)
		possible |= hart_online(harts[i]) && hartset_has(affinity, i);
	if (!possible)
		return -EINVAL;
	/* The new ones first: at no moment does it fit nowhere. */
	for (unsigned int i = 0; i < ARRAY_SIZE(affinity->bits); i++)
		__atomic_fetch_or(&entity->affinity.bits[i], affinity->bits[i], __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < ARRAY_SIZE(affinity->bits); i++)
		__atomic_store_n(&entity->affinity.bits[i], affinity->bits[i], __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	flags = arch_irq_save();
	if (withdraw(entity))
		make_runnable(entity);
	arch_irq_restore(flags);
	on = __atomic_load_n(&entity->on, __ATOMIC_SEQ_CST);
	if (on) {
		__atomic_store_n(&on->resched, 1, __ATOMIC_SEQ_CST);
		hart_kick(on);
	}
	return 0;
}

bool sched_settled(const struct sched_entity *entity)
{
	const struct hart *on = __atomic_load_n(&entity->on, __ATOMIC_SEQ_CST);

	return !on || hartset_has(&entity->affinity, on->index);
}

struct sched_entity *sched_current(const struct hart *hart)
{
	if (hart->running)
		return &hart->running->sched;
	return hart->thread ? &hart->thread->sched : NULL;
}

/* A thread that was woken is above all for one slice, so that an operator is always heard. */
static bool is_boosted(const struct sched_entity *entity)
{
	return entity->kind == SCHED_THREAD && entity->priority > PRIORITY_DEFAULT;
}

static void boost_end(struct hart *hart, struct sched_entity *entity)
{
	entity->slice_end = TIMER_NEVER;
	if (is_boosted(entity)) {
		entity->priority = PRIORITY_DEFAULT;
		__atomic_store_n(&hart->queue->priority, PRIORITY_DEFAULT, __ATOMIC_SEQ_CST);
	}
}

bool sched_should_leave(struct hart *hart)
{
	struct sched_entity *entity = sched_current(hart);
	int waiting;
	uint64_t now = time_now();

	/* In this order: who queues something after the look sets it again. */
	__atomic_store_n(&hart->resched, 0, __ATOMIC_SEQ_CST);
	waiting = best_waiting(hart->queue);
	if (is_held(entity) || !may_run_on(entity, hart) || waiting > entity->priority)
		return true;
	if (now >= entity->slice_end) {
		boost_end(hart, entity);
		return waiting >= entity->priority;
	}
	if (waiting == entity->priority && entity->slice_end == TIMER_NEVER) {
		entity->slice_end = now + entity->slice;
		timer_program(hart, entity->slice_end);
	}
	return false;
}

/* Takes the first entity of a queue that may run on @hart. */
static struct sched_entity *dequeue(struct run_queue *queue, const struct hart *hart)
{
	struct sched_entity *found = NULL;
	unsigned long flags = spin_lock(&queue->lock);

	for (int p = PRIORITIES - 1; p >= 0 && !found; p--)
		list_for_each(item, &queue->waiting[p])
			if (may_run_on(ENTITY(item), hart)) {
				found = ENTITY(item);
				break;
			}
	if (found)
		unlink_locked(queue, found);
	spin_unlock(&queue->lock, flags);
	return found;
}

/* What this hart runs next: from its own queue, otherwise from another's. */
static struct sched_entity *pick(struct hart *hart)
{
	struct sched_entity *entity = NULL;

	if (sched_waiting(hart))
		entity = dequeue(hart->queue, hart);
	for (unsigned int i = 1; i < hart_count && !entity; i++) {
		struct hart *other = harts[(hart->index + i) % hart_count];

		if (hart_online(other) && sched_waiting(other))
			entity = dequeue(other->queue, hart);
	}
	return entity;
}

/* Where a preempted entity waits for its next turn: here, unless fewer wait elsewhere. */
static struct hart *next_turn(const struct sched_entity *entity, struct hart *hart)
{
	struct hart *best = may_run_on(entity, hart) ? hart : choose_hart(entity);

	CHECK(best);
	for (unsigned int i = 0; i < hart_count; i++)
		if (may_run_on(entity, harts[i]) && sched_waiting(harts[i]) < sched_waiting(best))
			best = harts[i];
	return best;
}

/* The hart's registers are free: what ran there goes where its reason for leaving says. */
static void put_away(struct hart *hart)
{
	struct sched_entity *entity = sched_current(hart);
	enum sched_leave how;

	if (!entity)
		return;
	how = entity->leave;
	entity->leave = LEAVE_PREEMPTED;
	entity->runtime += time_now();
	if (hart->running)
		arch_vcpu_save(hart->running);
	else
		hart->count_begin = count_now();
	hart->running = NULL;
	hart->thread = NULL;
	if (how == LEAVE_PREEMPTED && !is_held(entity)) {
		__atomic_store_n(&entity->on, NULL, __ATOMIC_SEQ_CST);
		__atomic_store_n(&entity->state, SCHED_RUNNABLE, __ATOMIC_SEQ_CST);
		hart = next_turn(entity, hart);
		enqueue(hart, entity);
		if (!may_run_on(entity, hart) && withdraw(entity))
			make_runnable(entity);
		return;
	}
	if (how == LEAVE_BLOCK && !is_held(entity)) {
		if (entity->kind == SCHED_VCPU)
			vcpu_block(container_of(entity, struct vcpu, sched));
		__atomic_store_n(&entity->on, NULL, __ATOMIC_SEQ_CST);
		__atomic_store_n(&entity->state, SCHED_BLOCKED, __ATOMIC_SEQ_CST);
		if (is_held(entity))
			state_change(entity, SCHED_BLOCKED, SCHED_PARKED);
		else if (entity->kind == SCHED_VCPU
				 ? vcpu_must_wake(container_of(entity, struct vcpu, sched))
				 : thread_must_wake(container_of(entity, struct thread, sched)))
			sched_wake(entity);
		return;
	}
	__atomic_store_n(&entity->on, NULL, __ATOMIC_SEQ_CST);
	__atomic_store_n(&entity->state, SCHED_PARKED, __ATOMIC_SEQ_CST);
	if (entity->kind == SCHED_VCPU && how == LEAVE_PARK)
		vcpu_parked(container_of(entity, struct vcpu, sched));
}

/* Runs an entity that this hart has dequeued. Returns only if it cannot run here after all. */
static void run(struct hart *hart, struct sched_entity *entity)
{
	uint64_t now;

	while (__atomic_load_n(&entity->on, __ATOMIC_ACQUIRE)) {
		hart_serve();
		arch_relax();
	}
	__atomic_store_n(&entity->on, hart, __ATOMIC_SEQ_CST);
	if (is_held(entity)) {
		/* Since it was dequeued: sched_hold() saw no hart to kick. */
		__atomic_store_n(&entity->on, NULL, __ATOMIC_SEQ_CST);
		__atomic_store_n(&entity->state, SCHED_PARKED, __ATOMIC_SEQ_CST);
		return;
	}
	__atomic_store_n(&hart->queue->priority, entity->priority, __ATOMIC_SEQ_CST);
	if (!may_run_on(entity, hart) || best_waiting(hart->queue) > entity->priority) {
		/* Since it was picked, and judged by what ran before: that one goes first. */
		__atomic_store_n(&entity->on, NULL, __ATOMIC_SEQ_CST);
		make_runnable(entity);
		return;
	}
	if (entity->last != hart) {
		entity->migrations += entity->last != NULL;
		__atomic_store_n(&entity->last, hart, __ATOMIC_RELAXED);
	}
	/* In this order: who sees it RUNNING sees where. */
	__atomic_store_n(&entity->state, SCHED_RUNNING, __ATOMIC_SEQ_CST);
	if (entity->kind == SCHED_VCPU) {
		hart->running = container_of(entity, struct vcpu, sched);
		vcpu_prepare(hart->running);
	}
	now = time_now();
	entity->runtime -= now;
	entity->slice_end = best_waiting(hart->queue) == entity->priority || is_boosted(entity)
				    ? now + entity->slice
				    : TIMER_NEVER;
	timer_program(hart, entity->slice_end);
	if (entity->kind == SCHED_THREAD) {
		hart->thread = container_of(entity, struct thread, sched);
		arch_thread_resume(hart->thread);
	}
	vcpu_run(hart->running);
	put_away(hart);
}

void sched_drain(struct hart *hart)
{
	struct run_queue *queue = hart->queue;
	struct sched_entity *entity;

	do {
		unsigned long flags = spin_lock(&queue->lock);
		int p = best_waiting(queue);

		entity = p < 0 ? NULL : ENTITY(queue->waiting[p].next);
		if (entity)
			unlink_locked(queue, entity);
		spin_unlock(&queue->lock, flags);
		if (entity)
			make_runnable(entity);
		/* Whoever wanted the hart to leave may think better of it. */
	} while (entity && !hart_online(hart));
}

static void wait_uncounted(struct hart *hart)
{
	uint64_t begin = count_now();

	arch_wait();
	hart->count_begin += count_now() - begin;
}

/* Idles until there may be something to run. Returns it if that was found at once. */
static struct sched_entity *idle(struct hart *hart)
{
	struct run_queue *queue = hart->queue;
	uint64_t start = time_now();
	struct sched_entity *next;

	timer_program(hart, TIMER_NEVER);
	arch_vcpu_quiesce(hart);
	__atomic_store_n(&queue->idle, 1, __ATOMIC_SEQ_CST);
	/* Once more: who looked for a hart before this did not find this one. */
	next = pick(hart);
	while (!next && !sched_waiting(hart) &&
	       !__atomic_load_n(&hart->resched, __ATOMIC_SEQ_CST)) {
		wait_uncounted(hart);
		/* Takes what is pending; trap_entry finds neither guest nor thread. */
		arch_irq_enable();
		arch_irq_disable();
	}
	__atomic_store_n(&queue->idle, 0, __ATOMIC_SEQ_CST);
	hart->idle_ticks += time_now() - start;
	return next;
}

_Noreturn void hart_loop(void)
{
	struct hart *hart = hart_self();

	/* Nobody who called it is ever returned to: nothing of them is on the stack. */
	DCHECK(!hart->stack_top ||
	       hart->stack_top - (uintptr_t)__builtin_frame_address(0) < KIB(1));
	put_away(hart);
	for (;;) {
		struct sched_entity *next;

		/* Nothing runs: whoever queues something here tells this hart. */
		__atomic_store_n(&hart->queue->priority, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&hart->resched, 0, __ATOMIC_SEQ_CST);
		hart_serve();
		if (unlikely(!hart_online(hart)))
			hart_leave();
		next = pick(hart);
		if (!next)
			next = idle(hart);
		if (next)
			run(hart, next);
	}
}
