/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler, on harts that are threads which run by turns: the test lets a hart go on until
 * it runs something or has nothing to run. One thread at a time, so nothing is guarded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <arch/thread.h>
#include <assert.h>
#include <core/hart_power.h>
#include <core/page.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/timer.h>
#include <core/vm.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#define HARTS 3
#define VCPUS 6
#define SLICE 1000

/* A hart stands still where the real one would enter a guest or wait for an interrupt. */
static struct turn {
	pthread_t thread;
	sem_t go;
	bool started;
	struct sched_entity *runs; /* NULL: idle */
} turns[HARTS];
static sem_t stopped;
static bool quitting;

static struct vcpu vcpus[VCPUS];
static struct thread service;
static char trace[256]; /* what was asked of vCPUs */
static bool must_wake;
static void (*on_block)(void);

static void trace_add(const char *what, const struct vcpu *vcpu)
{
	size_t used = strlen(trace);

	snprintf(trace + used, sizeof(trace) - used, "%s%s %u", used ? ", " : "", what,
		 vcpu->index);
}

/* ---- harts ---- */

static void stand_still(struct sched_entity *runs)
{
	struct turn *turn = &turns[fake_hart_self->index];

	assert(fake_hart_self->lock_ranks == 0 && !fake_irq_on);
	turn->runs = runs;
	sem_post(&stopped);
	sem_wait(&turn->go);
	if (quitting)
		pthread_exit(NULL);
}

static void *hart_main(void *opaque)
{
	fake_hart_self = opaque;
	hart_loop();
}

/* Lets a hart run until it stands still again; returns what it runs. */
static struct sched_entity *go(unsigned int index)
{
	struct turn *turn = &turns[index];

	if (turn->started) {
		sem_post(&turn->go);
	} else {
		turn->started = true;
		sem_init(&turn->go, 0, 0);
		assert_int_equal(pthread_create(&turn->thread, NULL, hart_main, &fake_harts[index]),
				 0);
	}
	sem_wait(&stopped);
	return turn->runs;
}

/* What runs on a hart says why it leaves, and the hart goes on. */
static struct sched_entity *leave(unsigned int index, enum sched_leave how)
{
	turns[index].runs->leave = how;
	return go(index);
}

static void hart_waits(void)
{
	stand_still(NULL);
}

void vcpu_prepare(struct vcpu *vcpu)
{
	(void)vcpu;
}

void vcpu_run(struct vcpu *vcpu)
{
	assert(vcpu == fake_hart_self->running);
	stand_still(&vcpu->sched);
}

void arch_thread_resume(struct thread *thread)
{
	assert(thread == fake_hart_self->thread);
	stand_still(&thread->sched);
	hart_loop();
}

/* ---- what the scheduler asks of others ---- */

void vcpu_block(struct vcpu *vcpu)
{
	assert(vcpu->sched.on);
	trace_add("block", vcpu);
	if (on_block)
		on_block();
}

bool vcpu_must_wake(const struct vcpu *vcpu)
{
	return must_wake;
}

void vcpu_parked(struct vcpu *vcpu)
{
	trace_add("parked", vcpu);
}

void arch_vcpu_save(struct vcpu *vcpu)
{
	assert(vcpu->sched.on == fake_hart_self);
	trace_add("save", vcpu);
}

void arch_vcpu_quiesce(struct hart *hart)
{
	assert(hart == fake_hart_self);
}

void hart_leave(void)
{
	sched_drain(fake_hart_self);
	trace_add("leave", &vcpus[fake_hart_self->index]);
}

bool thread_must_wake(const struct thread *thread)
{
	return must_wake;
}

/* ---- tests begin with this many harts, the test being none of them ---- */

static struct sched_entity *const a = &vcpus[0].sched;
static struct sched_entity *const b = &vcpus[1].sched;
static struct sched_entity *const c = &vcpus[2].sched;

static void setup_harts(unsigned int count)
{
	static bool added;

	fake_hart_reset();
	if (!added)
		page_add(hpa(FAKE_ARENA_BASE), MIB(2));
	added = true;
	memset(turns, 0, sizeof(turns));
	sem_init(&stopped, 0, 0);
	quitting = false;
	hart_count = count;
	for (unsigned int i = 0; i < count; i++) {
		harts[i] = &fake_harts[i];
		assert_int_equal(sched_hart_init(harts[i]), 0);
		assert_int_equal(timer_hart_init(harts[i]), 0);
	}
	fake_hart_self = &fake_harts[FAKE_HARTS - 1];
	fake_wait_hook = hart_waits;
	memset(vcpus, 0, sizeof(vcpus));
	for (unsigned int i = 0; i < VCPUS; i++) {
		vcpus[i].index = i;
		sched_entity_init(&vcpus[i].sched, SCHED_VCPU, PRIORITY_DEFAULT, SLICE);
	}
	memset(&service, 0, sizeof(service));
	sched_entity_init(&service.sched, SCHED_THREAD, PRIORITY_DEFAULT, SLICE);
	trace[0] = '\0';
	must_wake = false;
	on_block = NULL;
}

static int setup_one(void **state)
{
	setup_harts(1);
	return 0;
}

static int setup_three(void **state)
{
	setup_harts(3);
	return 0;
}

static int teardown(void **state)
{
	quitting = true;
	for (unsigned int i = 0; i < hart_count; i++)
		if (turns[i].started) {
			sem_post(&turns[i].go);
			pthread_join(turns[i].thread, NULL);
		}
	hart_count = 0;
	return 0;
}

static void only_on(struct sched_entity *entity, unsigned int index)
{
	memset(&entity->affinity, 0, sizeof(entity->affinity));
	hartset_add(&entity->affinity, index);
}

static void set_priority(struct sched_entity *entity, unsigned int priority)
{
	entity->priority = (uint8_t)priority;
}

/* ---- states ---- */

static void new_entity_is_parked_and_runs_nowhere(void **state)
{
	assert_int_equal(a->state, SCHED_PARKED);
	assert_null(go(0));
	assert_null(a->on);
	assert_null(sched_current(&fake_harts[0]));
}

static void unparked_entity_runs(void **state)
{
	assert_true(sched_unpark(a));
	assert_int_equal(a->state, SCHED_RUNNABLE);
	assert_int_equal(sched_waiting(&fake_harts[0]), 1);
	assert_ptr_equal(go(0), a);
	assert_int_equal(a->state, SCHED_RUNNING);
	assert_ptr_equal(a->on, &fake_harts[0]);
	assert_ptr_equal(a->last, &fake_harts[0]);
	assert_ptr_equal(sched_current(&fake_harts[0]), a);
	assert_int_equal(sched_waiting(&fake_harts[0]), 0);
}

static void only_parked_is_unparked_and_only_blocked_is_woken(void **state)
{
	assert_false(sched_wake(a));
	assert_true(sched_unpark(a));
	assert_false(sched_unpark(a));
	assert_false(sched_wake(a));
	assert_int_equal(sched_waiting(&fake_harts[0]), 1);
	go(0);
	assert_false(sched_unpark(a));
	assert_false(sched_wake(a));
	assert_null(leave(0, LEAVE_BLOCK));
	assert_false(sched_unpark(a));
	assert_true(sched_wake(a));
	assert_false(sched_wake(a));
	assert_ptr_equal(go(0), a);
}

static void blocked_entity_gave_up_its_hart(void **state)
{
	sched_unpark(a);
	go(0);
	assert_null(leave(0, LEAVE_BLOCK));
	assert_int_equal(a->state, SCHED_BLOCKED);
	assert_null(a->on);
	assert_null(fake_harts[0].running);
	assert_string_equal(trace, "save 0, block 0");
}

static void wake_that_came_before_blocking_is_not_lost(void **state)
{
	sched_unpark(a);
	go(0);
	must_wake = true;
	assert_ptr_equal(leave(0, LEAVE_BLOCK), a);
	assert_int_equal(a->state, SCHED_RUNNING);
}

static void wake_a(void)
{
	must_wake = !sched_wake(a);
}

static void wake_while_it_blocks_is_not_lost(void **state)
{
	on_block = wake_a;
	sched_unpark(a);
	go(0);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), a);
	assert_true(must_wake);
}

static void parked_at_its_own_wish_it_is_told(void **state)
{
	sched_unpark(a);
	go(0);
	assert_null(leave(0, LEAVE_PARK));
	assert_int_equal(a->state, SCHED_PARKED);
	assert_null(a->on);
	assert_string_equal(trace, "save 0, parked 0");
	assert_false(sched_wake(a));
	assert_true(sched_unpark(a));
	assert_ptr_equal(go(0), a);
}

static void reason_to_leave_counts_once(void **state)
{
	sched_unpark(a);
	go(0);
	leave(0, LEAVE_BLOCK);
	sched_wake(a);
	go(0);
	/* Leaves without a reason of its own: preempted. */
	assert_ptr_equal(go(0), a);
	assert_int_equal(a->state, SCHED_RUNNING);
}

static void thread_runs_as_a_vcpu_does(void **state)
{
	assert_true(sched_unpark(&service.sched));
	assert_ptr_equal(go(0), &service.sched);
	assert_ptr_equal(fake_harts[0].thread, &service);
	assert_null(fake_harts[0].running);
	assert_null(leave(0, LEAVE_BLOCK));
	assert_null(fake_harts[0].thread);
	must_wake = true;
	assert_true(sched_wake(&service.sched));
	go(0);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), &service.sched);
	assert_string_equal(trace, "");
}

static void thread_below_the_default_is_not_first_when_woken(void **state)
{
	sched_entity_init(&service.sched, SCHED_THREAD, PRIORITY_DEFAULT - 1, SLICE);
	sched_unpark(&service.sched);
	go(0);
	leave(0, LEAVE_BLOCK);
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
	sched_wake(&service.sched);
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_ptr_equal(leave(0, LEAVE_BLOCK), &service.sched);
	/* And leaves as soon as a vCPU wants to run. */
	sched_wake(a);
	assert_true(sched_should_leave(&fake_harts[0]));
	assert_ptr_equal(leave(0, LEAVE_PREEMPTED), a);
}

/* ---- hold ---- */

static void held_parked_entity_is_not_unparked(void **state)
{
	sched_hold(a);
	assert_true(sched_held(a));
	assert_false(sched_unpark(a));
	sched_release(a);
	assert_int_equal(a->state, SCHED_PARKED);
	assert_true(sched_unpark(a));
}

static void holds_are_counted(void **state)
{
	sched_hold(a);
	sched_hold(a);
	sched_release(a);
	assert_false(sched_unpark(a));
	sched_release(a);
	assert_true(sched_unpark(a));
	expect_assert_failure(sched_release(b));
}

static void hold_parks_a_blocked_entity_at_once(void **state)
{
	sched_unpark(a);
	go(0);
	leave(0, LEAVE_BLOCK);
	sched_hold(a);
	assert_true(sched_held(a));
	assert_false(sched_wake(a));
	sched_release(a);
	assert_int_equal(a->state, SCHED_PARKED);
}

static void hold_makes_a_running_entity_leave(void **state)
{
	sched_unpark(a);
	go(0);
	fake_kicks[0] = 0;
	sched_hold(a);
	assert_false(sched_held(a));
	assert_int_equal(fake_kicks[0], 1);
	assert_int_equal(fake_harts[0].resched, 1);
	assert_true(sched_should_leave(&fake_harts[0]));
	assert_null(go(0));
	assert_true(sched_held(a));
	assert_string_equal(trace, "save 0");
}

static void hold_of_an_entity_that_parks_lets_it_know(void **state)
{
	sched_unpark(a);
	go(0);
	sched_hold(a);
	assert_null(leave(0, LEAVE_PARK));
	assert_true(sched_held(a));
	assert_string_equal(trace, "save 0, parked 0");
}

static void hold_of_an_entity_that_blocks_parks_it(void **state)
{
	sched_unpark(a);
	go(0);
	sched_hold(a);
	assert_null(leave(0, LEAVE_BLOCK));
	assert_true(sched_held(a));
	sched_release(a);
	assert_true(sched_unpark(a));
}

static void hold_a(void)
{
	sched_hold(a);
}

static void hold_while_it_blocks_parks_it(void **state)
{
	sched_unpark(a);
	go(0);
	on_block = hold_a;
	assert_null(leave(0, LEAVE_BLOCK));
	assert_true(sched_held(a));
}

static void held_entity_of_a_queue_is_parked_by_the_next_choice(void **state)
{
	sched_unpark(a);
	sched_hold(a);
	assert_null(go(0));
	assert_true(sched_held(a));
	assert_int_equal(sched_waiting(&fake_harts[0]), 0);
}

static void hold_does_not_wait_for_what_never_leaves(void **state)
{
	set_priority(a, 5);
	set_priority(b, 3);
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
	sched_unpark(b);
	sched_hold(b);
	/* a goes on for ever: nobody else can park b. */
	if (sched_should_leave(&fake_harts[0]))
		go(0);
	assert_true(sched_held(b));
	assert_int_equal(sched_waiting(&fake_harts[0]), 0);
}

/* The hart that ran it last is still writing its registers out. */
static void hold_and_put_away_a(void)
{
	sched_hold(a);
	a->on = NULL;
}

static void hold_between_choice_and_running_is_seen(void **state)
{
	sched_unpark(a);
	a->on = &fake_harts[1];
	fake_relax_hook = hold_and_put_away_a;
	assert_null(go(0));
	fake_relax_hook = NULL;
	assert_true(sched_held(a));
	sched_release(a);
	assert_true(sched_unpark(a));
	assert_ptr_equal(go(0), a);
}

static void released_entity_of_a_queue_goes_on(void **state)
{
	sched_unpark(a);
	sched_hold(a);
	sched_release(a);
	/* Parked in between or not: somebody who resumes it unparks it. */
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
}

/* ---- priorities and slices ---- */

static void highest_priority_runs_first_then_who_waits_longest(void **state)
{
	set_priority(b, 6);
	set_priority(&vcpus[3].sched, 0);
	sched_unpark(&vcpus[3].sched);
	sched_unpark(a);
	sched_unpark(b);
	sched_unpark(c);
	assert_ptr_equal(go(0), b);
	assert_ptr_equal(leave(0, LEAVE_PARK), a);
	assert_ptr_equal(leave(0, LEAVE_PARK), c);
	assert_ptr_equal(leave(0, LEAVE_PARK), &vcpus[3].sched);
	assert_null(leave(0, LEAVE_PARK));
}

static void higher_priority_preempts_at_once(void **state)
{
	set_priority(b, 5);
	sched_unpark(a);
	go(0);
	fake_kicks[0] = 0;
	sched_unpark(b);
	assert_int_equal(fake_kicks[0], 1);
	assert_int_equal(fake_harts[0].resched, 1);
	assert_true(sched_should_leave(&fake_harts[0]));
	assert_int_equal(fake_harts[0].resched, 0);
	assert_ptr_equal(go(0), b);
	assert_int_equal(a->state, SCHED_RUNNABLE);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), a);
}

static void unpark_b(void)
{
	fake_time_hook = NULL;
	sched_unpark(b);
}

static void wake_while_a_hart_decides_is_not_lost(void **state)
{
	bool leaves;

	set_priority(b, 5);
	sched_unpark(a);
	go(0);
	fake_time_hook = unpark_b;
	leaves = sched_should_leave(&fake_harts[0]);
	assert_null(fake_time_hook);
	assert_true(leaves || fake_harts[0].resched);
}

static void lower_priority_disturbs_nobody(void **state)
{
	set_priority(b, 3);
	sched_unpark(a);
	go(0);
	fake_kicks[0] = 0;
	fake_harts[0].resched = 0;
	sched_unpark(b);
	assert_int_equal(fake_kicks[0], 0);
	assert_int_equal(fake_harts[0].resched, 0);
	fake_now = 100 * SLICE;
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_int_equal(a->slice_end, TIMER_NEVER);
}

static void alone_it_has_no_slice(void **state)
{
	sched_unpark(a);
	go(0);
	assert_int_equal(a->slice_end, TIMER_NEVER);
	assert_int_equal(fake_timer[0], TIMER_NEVER);
	fake_now = 1000000;
	assert_false(sched_should_leave(&fake_harts[0]));
}

static void slice_begins_when_another_of_its_priority_comes(void **state)
{
	sched_unpark(a);
	go(0);
	fake_now = 5000;
	fake_kicks[0] = 0;
	sched_unpark(b);
	assert_int_equal(fake_kicks[0], 1);
	fake_hart_self = &fake_harts[0];
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_int_equal(a->slice_end, 5000 + SLICE);
	assert_int_equal(fake_timer[0], 5000 + SLICE);
	fake_now = 5000 + SLICE - 1;
	assert_false(sched_should_leave(&fake_harts[0]));
	/* It does not begin anew with each that comes. */
	sched_unpark(c);
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_int_equal(a->slice_end, 5000 + SLICE);
	fake_now = 5000 + SLICE;
	assert_true(sched_should_leave(&fake_harts[0]));
}

static void equal_ones_take_turns(void **state)
{
	sched_unpark(a);
	sched_unpark(b);
	sched_unpark(c);
	assert_ptr_equal(go(0), a);
	for (unsigned int turn = 0; turn < 6; turn++) {
		static struct sched_entity *const next[] = { a, b, c };

		assert_int_equal(next[turn % 3]->slice_end, fake_now + SLICE);
		assert_int_equal(fake_timer[0], fake_now + SLICE);
		fake_now += SLICE;
		assert_true(sched_should_leave(&fake_harts[0]));
		assert_ptr_equal(go(0), next[(turn + 1) % 3]);
	}
	assert_int_equal(a->runtime, 2 * SLICE - fake_now);
	assert_int_equal(b->runtime, 2 * SLICE);
	assert_int_equal(c->runtime, 2 * SLICE);
}

static void used_up_slice_counts_only_when_others_wait(void **state)
{
	sched_unpark(a);
	sched_unpark(b);
	go(0);
	/* b goes away before a's slice ends. */
	sched_hold(b);
	fake_now = SLICE;
	if (sched_should_leave(&fake_harts[0]))
		assert_ptr_equal(go(0), a);
	assert_false(sched_should_leave(&fake_harts[0]));
}

static void time_idle_is_counted(void **state)
{
	fake_now = 100;
	assert_null(go(0));
	fake_now = 350;
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
	assert_int_equal(fake_harts[0].idle_ticks, 250);
	assert_int_equal(fake_timer[0], TIMER_NEVER);
}

/* ---- several harts ---- */

static void all_harts_idle(void)
{
	for (unsigned int i = 0; i < hart_count; i++)
		assert_null(go(i));
	memset(fake_kicks, 0, sizeof(fake_kicks));
}

static void woken_entity_goes_where_it_ran_when_that_is_idle(void **state)
{
	all_harts_idle();
	only_on(a, 2);
	sched_unpark(a);
	assert_ptr_equal(go(2), a);
	leave(2, LEAVE_BLOCK);
	memset(&a->affinity, 0xff, sizeof(a->affinity));
	sched_wake(a);
	assert_int_equal(fake_kicks[2], 2);
	assert_int_equal(fake_kicks[0], 0);
	assert_ptr_equal(go(2), a);
	assert_int_equal(a->migrations, 0);
}

static void woken_entity_goes_to_an_idle_hart_rather_than_wait(void **state)
{
	all_harts_idle();
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
	leave(0, LEAVE_BLOCK);
	only_on(b, 0);
	sched_unpark(b);
	assert_ptr_equal(go(0), b);
	memset(fake_kicks, 0, sizeof(fake_kicks));
	sched_wake(a);
	assert_int_equal(fake_kicks[0], 0);
	assert_int_equal(fake_kicks[1] + fake_kicks[2], 1);
	assert_ptr_equal(go(fake_kicks[1] ? 1 : 2), a);
	assert_int_equal(a->migrations, 1);
}

static void new_entities_spread_over_idle_harts(void **state)
{
	all_harts_idle();
	for (unsigned int i = 0; i < 3; i++)
		sched_unpark(&vcpus[i].sched);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(sched_waiting(&fake_harts[i]), 1);
		assert_int_equal(fake_kicks[i], 1);
		assert_non_null(go(i));
	}
}

static void without_an_idle_hart_it_waits_where_fewest_wait(void **state)
{
	/* Nobody is idle: none has begun. */
	for (unsigned int i = 0; i < 6; i++)
		sched_unpark(&vcpus[i].sched);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(sched_waiting(&fake_harts[i]), 2);
}

static void hart_that_is_not_online_gets_nothing(void **state)
{
	fake_harts[0].state = HART_ABSENT;
	fake_harts[2].state = HART_STARTING;
	for (unsigned int i = 0; i < 4; i++)
		sched_unpark(&vcpus[i].sched);
	assert_int_equal(sched_waiting(&fake_harts[1]), 4);
}

static void affinity_is_kept(void **state)
{
	all_harts_idle();
	only_on(a, 1);
	only_on(b, 1);
	sched_unpark(a);
	sched_unpark(b);
	assert_int_equal(sched_waiting(&fake_harts[1]), 2);
	assert_ptr_equal(go(1), a);
	/* The others have nothing to do, and may not help. */
	fake_harts[0].resched = fake_harts[2].resched = 1;
	assert_null(go(0));
	assert_null(go(2));
	assert_int_equal(sched_waiting(&fake_harts[1]), 1);
}

static void hart_without_work_takes_it_from_another(void **state)
{
	sched_unpark(a);
	sched_unpark(b);
	sched_unpark(c);
	sched_unpark(&vcpus[3].sched);
	/* Hart 0 has two; 1 and 2 one each. */
	assert_ptr_equal(go(1), b);
	assert_ptr_equal(leave(1, LEAVE_PARK), c);
	assert_ptr_equal(leave(1, LEAVE_PARK), a);
	assert_ptr_equal(leave(1, LEAVE_PARK), &vcpus[3].sched);
	assert_null(leave(1, LEAVE_PARK));
	assert_null(go(0));
}

static void preempted_entity_waits_where_fewer_wait(void **state)
{
	only_on(a, 0);
	only_on(b, 0);
	sched_unpark(a);
	sched_unpark(b);
	sched_unpark(c);
	sched_unpark(&vcpus[3].sched);
	assert_ptr_equal(go(1), c);
	assert_ptr_equal(go(2), &vcpus[3].sched);
	assert_ptr_equal(go(0), a);
	memset(&a->affinity, 0xff, sizeof(a->affinity));
	fake_now = SLICE;
	assert_true(sched_should_leave(&fake_harts[0]));
	assert_ptr_equal(go(0), b);
	assert_int_equal(sched_waiting(&fake_harts[0]), 0);
	assert_int_equal(sched_waiting(&fake_harts[1]) + sched_waiting(&fake_harts[2]), 1);
}

static void affinity_that_names_no_hart_is_refused(void **state)
{
	struct hartset none = { .bits = { 0 } };

	fake_harts[1].state = HART_ABSENT;
	assert_int_equal(sched_set_affinity(a, &none), -EINVAL);
	hartset_add(&none, 1);
	hartset_add(&none, 50);
	assert_int_equal(sched_set_affinity(a, &none), -EINVAL);
	assert_true(hartset_has(&a->affinity, 0));
}

static void new_affinity_moves_what_runs(void **state)
{
	struct hartset second = { .bits = { BIT(1) } };

	all_harts_idle();
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
	memset(fake_kicks, 0, sizeof(fake_kicks));
	assert_int_equal(sched_set_affinity(a, &second), 0);
	assert_int_equal(fake_kicks[0], 1);
	assert_false(sched_settled(a));
	assert_true(sched_should_leave(&fake_harts[0]));
	assert_null(go(0));
	assert_true(sched_settled(a));
	assert_int_equal(fake_kicks[1], 1);
	assert_ptr_equal(go(1), a);
	assert_true(sched_settled(a));
	assert_int_equal(a->migrations, 1);
}

static void new_affinity_moves_what_waits(void **state)
{
	struct hartset second = { .bits = { BIT(1) } };

	all_harts_idle();
	only_on(a, 0);
	only_on(b, 0);
	sched_unpark(a);
	sched_unpark(b);
	assert_ptr_equal(go(0), a);
	memset(fake_kicks, 0, sizeof(fake_kicks));
	assert_int_equal(sched_set_affinity(b, &second), 0);
	/* Hart 1 sleeps: somebody has to tell it. */
	assert_int_equal(fake_kicks[1], 1);
	assert_ptr_equal(go(1), b);
	assert_int_equal(sched_waiting(&fake_harts[0]), 0);
}

static void hart_that_leaves_sends_its_work_away(void **state)
{
	struct hart *hart = &fake_harts[0];

	fake_harts[1].state = fake_harts[2].state = HART_OFFLINE;
	sched_unpark(a);
	sched_unpark(b);
	sched_unpark(c);
	assert_ptr_equal(go(0), a);
	fake_harts[1].state = HART_ONLINE;
	hart->state = HART_LEAVING;
	assert_true(sched_should_leave(hart));
	memset(fake_kicks, 0, sizeof(fake_kicks));
	trace[0] = '\0';
	assert_null(leave(0, LEAVE_PREEMPTED));
	assert_string_equal(trace, "save 0, leave 0");
	assert_int_equal(sched_waiting(hart), 0);
	assert_int_equal(sched_waiting(&fake_harts[1]), 3);
	assert_true(fake_kicks[1] > 0);
	/* Nothing comes here any more, woken or taken. */
	assert_ptr_equal(go(1), a);
	assert_ptr_equal(leave(1, LEAVE_BLOCK), b);
	sched_wake(a);
	assert_int_equal(sched_waiting(hart), 0);
	assert_null(go(0));
}

static void come_back(unsigned int index)
{
	fake_harts[0].state = HART_ONLINE;
}

/* Who wanted it to leave gives up while it sends its work away. */
static void hart_that_is_to_stay_after_all_keeps_its_work(void **state)
{
	only_on(a, 0);
	hartset_add(&a->affinity, 1);
	only_on(b, 0);
	hartset_add(&b->affinity, 1);
	fake_harts[1].state = fake_harts[2].state = HART_OFFLINE;
	sched_unpark(a);
	sched_unpark(b);
	fake_harts[1].state = HART_ONLINE;
	fake_harts[0].state = HART_LEAVING;
	fake_hart_self = &fake_harts[0];
	fake_kick_hook = come_back;
	sched_drain(&fake_harts[0]);
	assert_int_equal(sched_waiting(&fake_harts[0]), 1);
	assert_int_equal(sched_waiting(&fake_harts[1]), 1);
	fake_harts[0].state = HART_ONLINE;
	sched_drain(&fake_harts[0]);
	fake_hart_self = &fake_harts[FAKE_HARTS - 1];
	fake_kick_hook = NULL;
}

static void hart_that_came_back_takes_work(void **state)
{
	fake_harts[1].state = HART_LEAVING;
	fake_harts[2].state = HART_OFFLINE;
	assert_null(go(1));
	sched_unpark(a);
	sched_unpark(b);
	assert_ptr_equal(go(0), a);
	assert_null(go(1));
	fake_harts[1].state = HART_ONLINE;
	fake_harts[1].resched = 1;
	assert_ptr_equal(go(1), b);
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, setup_one, teardown)
#define THREE(name) cmocka_unit_test_setup_teardown(name, setup_three, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(new_entity_is_parked_and_runs_nowhere),
		ONE(unparked_entity_runs),
		ONE(only_parked_is_unparked_and_only_blocked_is_woken),
		ONE(blocked_entity_gave_up_its_hart),
		ONE(wake_that_came_before_blocking_is_not_lost),
		ONE(wake_while_it_blocks_is_not_lost),
		ONE(parked_at_its_own_wish_it_is_told),
		ONE(reason_to_leave_counts_once),
		ONE(thread_runs_as_a_vcpu_does),
		ONE(thread_below_the_default_is_not_first_when_woken),
		ONE(held_parked_entity_is_not_unparked),
		ONE(holds_are_counted),
		ONE(hold_parks_a_blocked_entity_at_once),
		ONE(hold_makes_a_running_entity_leave),
		ONE(hold_of_an_entity_that_parks_lets_it_know),
		ONE(hold_of_an_entity_that_blocks_parks_it),
		ONE(hold_while_it_blocks_parks_it),
		ONE(held_entity_of_a_queue_is_parked_by_the_next_choice),
		ONE(hold_does_not_wait_for_what_never_leaves),
		ONE(hold_between_choice_and_running_is_seen),
		ONE(released_entity_of_a_queue_goes_on),
		ONE(highest_priority_runs_first_then_who_waits_longest),
		ONE(higher_priority_preempts_at_once),
		ONE(wake_while_a_hart_decides_is_not_lost),
		ONE(lower_priority_disturbs_nobody),
		ONE(alone_it_has_no_slice),
		ONE(slice_begins_when_another_of_its_priority_comes),
		ONE(equal_ones_take_turns),
		ONE(used_up_slice_counts_only_when_others_wait),
		ONE(time_idle_is_counted),
		THREE(woken_entity_goes_where_it_ran_when_that_is_idle),
		THREE(woken_entity_goes_to_an_idle_hart_rather_than_wait),
		THREE(new_entities_spread_over_idle_harts),
		THREE(without_an_idle_hart_it_waits_where_fewest_wait),
		THREE(hart_that_is_not_online_gets_nothing),
		THREE(affinity_is_kept),
		THREE(hart_without_work_takes_it_from_another),
		THREE(preempted_entity_waits_where_fewer_wait),
		THREE(affinity_that_names_no_hart_is_refused),
		THREE(new_affinity_moves_what_runs),
		THREE(new_affinity_moves_what_waits),
		THREE(hart_that_leaves_sends_its_work_away),
		THREE(hart_that_is_to_stay_after_all_keeps_its_work),
		THREE(hart_that_came_back_takes_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
