/* SPDX-License-Identifier: BSD-2-Clause */
/* The states of what the scheduler runs, and holds, which park it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "sched_world.h"

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
	assert_string_equal(world.trace, "save 0, block 0");
}

static void wake_that_came_before_blocking_is_not_lost(void **state)
{
	sched_unpark(a);
	go(0);
	vcpus[0].pending = 1;
	assert_ptr_equal(leave(0, LEAVE_BLOCK), a);
	assert_int_equal(a->state, SCHED_RUNNING);
}

static void wake_a(void)
{
	vcpus[0].pending = !sched_wake(a);
}

static void wake_while_it_blocks_is_not_lost(void **state)
{
	world.on_block = wake_a;
	sched_unpark(a);
	go(0);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), a);
	assert_true(vcpus[0].pending);
}

static bool irqs_were_on;

static void wake_a_at_its_time(struct timer *timer)
{
	irqs_were_on |= fake_irq_on;
	fake_timer_pending = false;
	assert_true(sched_wake(a));
}

static void timer_that_ends_the_wait_of_a_hart_needs_no_trap(void **state)
{
	struct hart *test = fake_hart_self;
	struct timer timer;

	sched_unpark(a);
	go(0);
	assert_null(leave(0, LEAVE_BLOCK));
	irqs_were_on = false;
	timer_init(&timer, wake_a_at_its_time);
	fake_hart_self = &fake_harts[0];
	timer_arm(&timer, 700);
	fake_hart_self = test;
	fake_now = 700;
	fake_timer_pending = true;
	assert_ptr_equal(go(0), a);
	assert_false(irqs_were_on);
}

static void parked_at_its_own_wish_it_is_told(void **state)
{
	sched_unpark(a);
	go(0);
	assert_null(leave(0, LEAVE_PARK));
	assert_int_equal(a->state, SCHED_PARKED);
	assert_null(a->on);
	assert_string_equal(world.trace, "save 0, parked 0");
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
	world.must_wake = true;
	assert_true(sched_wake(&service.sched));
	go(0);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), &service.sched);
	assert_string_equal(world.trace, "");
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
	assert_string_equal(world.trace, "save 0");
}

static void hold_of_an_entity_that_parks_lets_it_know(void **state)
{
	sched_unpark(a);
	go(0);
	sched_hold(a);
	assert_null(leave(0, LEAVE_PARK));
	assert_true(sched_held(a));
	assert_string_equal(world.trace, "save 0, parked 0");
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
	world.on_block = hold_a;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(new_entity_is_parked_and_runs_nowhere),
		ONE(unparked_entity_runs),
		ONE(only_parked_is_unparked_and_only_blocked_is_woken),
		ONE(blocked_entity_gave_up_its_hart),
		ONE(wake_that_came_before_blocking_is_not_lost),
		ONE(wake_while_it_blocks_is_not_lost),
		ONE(timer_that_ends_the_wait_of_a_hart_needs_no_trap),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
