/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hart does between guests: it puts away what ran, picks what runs next, and idles when
 * there is nothing. entity->on is cleared by the hart that ran it when its registers are in memory,
 * so that another hart that picks it up waits for that. All of it with interrupts off.
 */
#include "sched_parts.h"

#include <arch/irqflags.h>
#include <arch/thread.h>
#include <arch/time.h>
#include <core/check.h>
#include <core/hart_power.h>
#include <core/timer.h>

static inline struct vcpu *vcpu_of(struct sched_entity *entity)
{
	return container_of(entity, struct vcpu, sched);
}

static inline struct thread *thread_of(struct sched_entity *entity)
{
	return container_of(entity, struct thread, sched);
}

static inline bool is_thread(const struct sched_entity *entity)
{
	return entity->kind != SCHED_VCPU;
}

static inline struct sched_entity *current_of(const struct hart *hart)
{
	if (likely(hart->running != NULL))
		return &hart->running->sched;
	return hart->thread ? &hart->thread->sched : NULL;
}

struct sched_entity *sched_current(const struct hart *hart)
{
	return current_of(hart);
}

/* In this order: who queues something after the look at the queue sets it again. */
static inline void resched_clear(struct hart *hart)
{
	atomic_store_relaxed(&hart->resched, 0);
	sched_fence();
}

/* ---- slices ---- */

/* A thread that was woken is above all for one slice, so that an operator is always heard. */
static bool is_boosted(const struct sched_entity *entity)
{
	return is_thread(entity) && entity->priority > PRIORITY_DEFAULT;
}

static void boost_end(struct hart *hart, struct sched_entity *entity)
{
	entity->slice_end = TIMER_NEVER;
	if (is_boosted(entity)) {
		entity->priority = PRIORITY_DEFAULT;
		sched_priority_set(hart, PRIORITY_DEFAULT);
		sched_fence();
		sched_fetch_above(hart, PRIORITY_DEFAULT);
	}
}

/* ---- waiting in the guest ---- */

static bool is_roomy(const struct sched_entity *entity)
{
	return unlikely(__atomic_load_n(&entity->roomy, __ATOMIC_RELAXED));
}

bool sched_is_native(const struct hart *hart)
{
	return unlikely(__atomic_load_n(&hart->queue->native, __ATOMIC_RELAXED));
}

/*
 * A vCPU that is alone on its hart, and will be, waits for interrupts in the guest: its WFI does
 * not trap. Whoever queues something here tells the hart then, whatever its priority, which ends
 * the guest's wait: it goes on, its next WFI traps, and the other one runs.
 */
static NOINLINE void native_set(struct hart *hart, struct sched_entity *entity)
{
	struct run_queue *queue = hart->queue;
	bool native = is_roomy(entity) && !sched_count(hart);

	if (native == queue->native)
		return;
	atomic_store_relaxed(&queue->native, native);
	sched_fence();
	if (native && sched_count(hart)) {
		atomic_store_relaxed(&queue->native, false);
		return;
	}
	arch_vcpu_set_native(vcpu_of(entity), native);
}

/* It leaves the hart. */
static NOINLINE void native_end(struct hart *hart, struct vcpu *vcpu)
{
	atomic_store_relaxed(&hart->queue->native, false);
	arch_vcpu_set_native(vcpu, false);
}

bool sched_should_leave(struct hart *hart)
{
	struct sched_entity *entity = current_of(hart);
	uint64_t now;

	resched_clear(hart);
	/* What it was told of may be gone again, and have kept others from coming here. */
	if (unlikely(!hartset_empty(&sched_busy)))
		sched_fetch_above(hart, entity->priority);
	if (sched_waits_above(hart->queue, entity->priority) || sched_is_held(entity) ||
	    !sched_may_run_on(entity, hart))
		return true;
	if (is_roomy(entity) || sched_is_native(hart))
		native_set(hart, entity);
	if (entity->slice_end != TIMER_NEVER) {
		now = time_now();
		if (now < entity->slice_end)
			return false;
		boost_end(hart, entity);
		return sched_waits_above(hart->queue, entity->priority) ||
		       sched_waits_at(hart->queue, entity->priority);
	}
	if (sched_waits_at(hart->queue, entity->priority))
		sched_slice_begin(hart, entity, time_now());
	return false;
}

/* ---- leaving ---- */

/*
 * Its registers are in memory: from now on another hart may run it, once it is RUNNABLE. Who sees
 * that first waits for the other, see take(). Both stores come after the fence of the first.
 */
static void let_go(struct sched_entity *entity, enum sched_state state)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	atomic_store_relaxed(&entity->on, NULL);
	atomic_store_relaxed(&entity->state, state);
	sched_fence();
}

static ALWAYS_INLINE bool must_wake(struct sched_entity *entity, enum sched_kind kind)
{
	return kind == SCHED_VCPU ? vcpu_must_wake(vcpu_of(entity))
				  : thread_must_wake(thread_of(entity));
}

static ALWAYS_INLINE void block(struct sched_entity *entity, enum sched_kind kind)
{
	if (kind == SCHED_VCPU)
		vcpu_block(vcpu_of(entity));
	let_go(entity, SCHED_BLOCKED);
	if (unlikely(sched_is_held(entity)))
		sched_state_change(entity, SCHED_BLOCKED, SCHED_PARKED);
	else if (unlikely(must_wake(entity, kind)))
		sched_wake(entity);
}

/* Its registers go to memory, and it goes where its reason for leaving says. */
static ALWAYS_INLINE void put_away(struct hart *hart, struct sched_entity *entity,
				   enum sched_kind kind)
{
	enum sched_leave how = entity->leave;
	uint64_t now = time_now();

	atomic_store_relaxed(&entity->runnable_since, now);
	entity->runtime += now;
	if (kind == SCHED_VCPU) {
		arch_vcpu_save(vcpu_of(entity));
		if (unlikely(hart->queue->native))
			native_end(hart, vcpu_of(entity));
		hart->running = NULL;
	} else {
		hart->thread = NULL;
	}
	entity->leave = LEAVE_PREEMPTED; /* unless it says otherwise the next time */
	if (likely(how == LEAVE_BLOCK)) {
		block(entity, kind);
	} else if (how == LEAVE_PARK || sched_is_held(entity)) {
		let_go(entity, SCHED_PARKED);
		if (kind == SCHED_VCPU && how == LEAVE_PARK)
			vcpu_parked(vcpu_of(entity));
	} else {
		let_go(entity, SCHED_RUNNABLE);
		sched_requeue(entity, hart);
	}
}

static NOINLINE void thread_put_away(struct hart *hart)
{
	if (hart->thread)
		put_away(hart, &hart->thread->sched, SCHED_THREAD);
}

/* ---- coming ---- */

/* What this hart runs next: from its own queue, otherwise from another's. */
static struct sched_entity *pick(struct hart *hart)
{
	struct sched_entity *entity = NULL;

	if (sched_count(hart))
		entity = sched_dequeue(hart->queue);
	return entity || hartset_empty(&sched_busy) ? entity : sched_steal(hart);
}

/*
 * The hart turns to something less or more important. False if what waits is more important than
 * this: what came meanwhile was judged by what ran before.
 */
static NOINLINE bool turn_to(struct hart *hart, uint32_t priority)
{
	bool changed = sched_priority_set(hart, priority);

	sched_fence();
	/* A hart that idled has 0 already. */
	if ((changed || !priority) && !hartset_empty(&sched_busy))
		sched_fetch_above(hart, priority);
	return !sched_waits_above(hart->queue, priority);
}

/*
 * Takes an entity that was dequeued for this hart. False when it may not run here after all, as
 * something has changed since then.
 */
static bool take(struct hart *hart, struct sched_entity *entity)
{
	const struct run_queue *queue = hart->queue;
	uint64_t priority = entity->priority;
	bool first = true;

	while (unlikely(__atomic_load_n(&entity->on, __ATOMIC_ACQUIRE) != NULL)) {
		hart_serve();
		arch_relax();
	}
	atomic_store_relaxed(&entity->on, hart);
	if (unlikely(queue->priority != priority || !priority))
		first = turn_to(hart, (uint32_t)priority);
	sched_fence();
	if (unlikely(sched_is_held(entity))) {
		/* sched_hold() saw no hart to kick. */
		let_go(entity, SCHED_PARKED);
		return false;
	}
	if (unlikely(!first || !sched_is_allowed(entity, hart))) {
		atomic_store_release(&entity->on, NULL);
		sched_make_runnable(entity);
		return false;
	}
	if (entity->last != hart) {
		entity->migrations += entity->last != NULL;
		atomic_store_relaxed(&entity->last, hart);
	}
	/* Who sees it RUNNING sees where. */
	atomic_store_release(&entity->state, SCHED_RUNNING);
	return true;
}

/* It has the hart from now on: its share of time. */
static ALWAYS_INLINE void turn_begin(struct hart *hart, struct sched_entity *entity, bool slice)
{
	uint64_t now = time_now();

	entity->runtime -= now;
	entity->waited += now - MIN(now, entity->runnable_since);
	if (sched_count(hart)) {
		sched_waits(hart);
		slice |= sched_waits_at(hart->queue, entity->priority);
	}
	entity->slice_end = slice ? now + entity->slice : TIMER_NEVER;
	timer_slice(hart, entity->slice_end);
}

static NOINLINE void thread_run(struct hart *hart, struct thread *thread)
{
	turn_begin(hart, &thread->sched, is_boosted(&thread->sched));
	hart->thread = thread;
	arch_thread_resume(thread);
}

/*
 * Runs an entity that this hart has dequeued. Returns only if it cannot run here after all, or has
 * to leave at once.
 */
static inline void run(struct hart *hart, struct sched_entity *entity)
{
	struct vcpu *vcpu = vcpu_of(entity);

	if (!take(hart, entity))
		return;
	if (unlikely(is_thread(entity))) {
		thread_run(hart, thread_of(entity));
		return;
	}
	hart->running = vcpu;
	vcpu_prepare(vcpu);
	/* Only now: preparing it may have taken longer than a slice is. */
	turn_begin(hart, entity, false);
	if (is_roomy(entity))
		native_set(hart, entity);
	vcpu_run(vcpu);
	/* No tail call: as it seldom returns, registers need seldom be restored. */
	__asm__ volatile("");
}

void sched_drain(struct hart *hart)
{
	struct sched_entity *entity;

	sched_priority_set(hart, PRIORITY_AWAY);
	do {
		entity = sched_dequeue(hart->queue);
		if (entity)
			sched_make_runnable(entity);
		/* Whoever wanted the hart to leave may think better of it. */
	} while (entity && !hart_online(hart));
}

/* ---- idling ---- */

/* While the hart idles, when that began is taken off. */
static void idle_ticks_add(struct hart *hart, uint64_t ticks)
{
	atomic_store_relaxed(&hart->idle_ticks, hart->idle_ticks + ticks);
}

uint64_t sched_idle_ticks(const struct hart *hart)
{
	uint64_t ticks = __atomic_load_n(&hart->idle_ticks, __ATOMIC_RELAXED);

	return (int64_t)ticks < 0 ? ticks + time_now() : ticks;
}

/* Idles until there may be something to run. Returns it if that was found at once. */
static NOINLINE struct sched_entity *idle(struct hart *hart)
{
	struct sched_entity *next;

	idle_ticks_add(hart, -time_now());
	timer_program(hart, TIMER_NEVER);
	arch_vcpu_quiesce(hart);
	sched_priority_set(hart, 0);
	sched_idle_set(hart, true);
	/* Once more: who looked for a hart before this did not find this one. */
	next = pick(hart);
	while (!next && !sched_count(hart) && !__atomic_load_n(&hart->resched, __ATOMIC_RELAXED)) {
		arch_wait();
		/* That is what ends it nearly always, and needs no trap. */
		if (arch_timer_pending())
			timer_interrupt(hart);
		/* Takes what is pending; trap_entry finds neither guest nor thread. */
		arch_irq_enable();
		arch_irq_disable();
	}
	sched_idle_set(hart, false);
	idle_ticks_add(hart, time_now());
	/* Given while it took something else: who gave it thought that this hart was free. */
	if (next && sched_count(hart)) {
		sched_waits(hart);
		sched_tell_all_idle();
	}
	return next;
}

/* What this hart is to run. */
static NOINLINE struct sched_entity *next_anywhere(struct hart *hart)
{
	struct sched_entity *entity;

	do {
		resched_clear(hart);
		if (__atomic_load_n(&hart->inbox_pending, __ATOMIC_RELAXED))
			hart_serve();
		if (!hart_online(hart))
			hart_leave();
		entity = pick(hart);
		if (!entity)
			entity = idle(hart);
	} while (!entity);
	return entity;
}

/* The same, if it waits here and nobody wants anything of this hart. */
static inline struct sched_entity *next(struct hart *hart)
{
	struct sched_entity *entity = NULL;

	resched_clear(hart);
	if (likely(!__atomic_load_n(&hart->inbox_pending, __ATOMIC_RELAXED) &&
		   sched_is_online(hart) && sched_count(hart)))
		entity = sched_dequeue_here(hart->queue);
	return likely(entity) ? entity : next_anywhere(hart);
}

/*
 * From what ran, if anything did, to what runs next. One function without a loop: what it keeps in
 * registers it saves once.
 */
static NOINLINE void hart_switch(void)
{
	struct hart *hart = hart_self();

	/* Nobody who called hart_loop() is ever returned to: nothing of them is on the stack. */
	DCHECK(!hart->stack_top ||
	       hart->stack_top - (uintptr_t)__builtin_frame_address(0) < KIB(1));
	if (likely(hart->running))
		put_away(hart, &hart->running->sched, SCHED_VCPU);
	else
		thread_put_away(hart);
	run(hart, next(hart));
}

_Noreturn void hart_loop(void)
{
	for (;;)
		hart_switch();
}
