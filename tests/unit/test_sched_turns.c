/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose turn it is on a hart: priorities, slices, and the time that each had and waited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "sched_world.h"

#include <core/timer.h>

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
	sched_unpark(c);
	go(0);
	/* It has looked at the queue when it looks at its slice. */
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

static void entity_with_room_waits_in_the_guest_while_it_is_alone(void **state)
{
	sched_set_roomy(a, true);
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
	assert_true(world.is_native[0]);
	assert_true(sched_is_native(&fake_harts[0]));
	/* Another comes: what runs goes on, but leaves when it waits the next time. */
	fake_kicks[0] = 0;
	fake_harts[0].resched = 0;
	sched_unpark(b);
	assert_int_equal(fake_kicks[0], 1);
	fake_hart_self = &fake_harts[0];
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_false(world.is_native[0]);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), b);
	assert_false(world.is_native[1]);
	assert_false(sched_is_native(&fake_harts[0]));
	sched_wake(a);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), a);
	assert_true(world.is_native[0]);
	/* What is saved is as others expect it. */
	assert_null(leave(0, LEAVE_BLOCK));
	assert_false(world.is_native[0]);
}

static void lower_priority_is_heard_by_what_waits_in_the_guest(void **state)
{
	set_priority(b, 0);
	sched_set_roomy(a, true);
	sched_unpark(a);
	go(0);
	fake_kicks[0] = 0;
	fake_harts[0].resched = 0;
	sched_unpark(b);
	assert_int_equal(fake_kicks[0], 1);
	assert_int_equal(fake_harts[0].resched, 1);
	fake_hart_self = &fake_harts[0];
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_false(world.is_native[0]);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), b);
}

/* It has a slice, as another waited that then went away; who comes now is less important. */
static void slice_is_no_reason_to_wait_in_the_guest(void **state)
{
	set_priority(c, 0);
	sched_set_roomy(a, true);
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
	sched_unpark(b);
	fake_hart_self = &fake_harts[0];
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_int_not_equal(a->slice_end, TIMER_NEVER);
	sched_hold(b);
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_true(world.is_native[0]);
	sched_unpark(c);
	assert_int_equal(fake_harts[0].resched, 1);
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_false(world.is_native[0]);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), c);
}

static void who_comes_first_is_not_waited_for_in_the_guest(void **state)
{
	sched_set_roomy(a, true);
	sched_unpark(a);
	sched_unpark(b);
	assert_ptr_equal(go(0), a);
	assert_false(world.is_native[0]);
}

static void room_that_comes_and_goes_is_seen_at_once(void **state)
{
	sched_unpark(a);
	go(0);
	assert_false(world.is_native[0]);
	fake_kicks[0] = 0;
	sched_set_roomy(a, true);
	assert_int_equal(fake_kicks[0], 1);
	fake_hart_self = &fake_harts[0];
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_true(world.is_native[0]);
	sched_set_roomy(a, true);
	assert_int_equal(fake_kicks[0], 1);
	sched_set_roomy(a, false);
	assert_int_equal(fake_kicks[0], 2);
	assert_false(sched_should_leave(&fake_harts[0]));
	assert_false(world.is_native[0]);
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

/* What runs here wakes it itself: it need not leave its exit for that. */
static void equal_one_that_wakes_here_begins_the_slice_at_once(void **state)
{
	sched_unpark(a);
	go(0);
	fake_now = 5000;
	fake_kicks[0] = 0;
	fake_harts[0].resched = 0;
	fake_hart_self = &fake_harts[0];
	sched_unpark(b);
	assert_int_equal(fake_kicks[0], 0);
	assert_int_equal(fake_harts[0].resched, 0);
	assert_int_equal(a->slice_end, 5000 + SLICE);
	assert_int_equal(fake_timer[0], 5000 + SLICE);
	fake_now = 5100;
	sched_unpark(c);
	assert_int_equal(fake_harts[0].resched, 0);
	assert_int_equal(a->slice_end, 5000 + SLICE);
	/* What is more important is still told, and what is less important is not. */
	set_priority(&vcpus[3].sched, 3);
	sched_unpark(&vcpus[3].sched);
	assert_int_equal(fake_harts[0].resched, 0);
	set_priority(&vcpus[4].sched, 5);
	sched_unpark(&vcpus[4].sched);
	assert_int_equal(fake_harts[0].resched, 1);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), &vcpus[4].sched);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), b);
}

static void preparing_a_vcpu_takes_nothing_of_its_slice(void **state)
{
	sched_unpark(a);
	sched_unpark(b);
	world.prepare_ticks = 3 * SLICE;
	assert_ptr_equal(go(0), a);
	assert_int_equal(fake_now, 3 * SLICE);
	assert_int_equal(a->slice_end, 4 * SLICE);
	assert_int_equal(fake_timer[0], 4 * SLICE);
	assert_false(sched_should_leave(&fake_harts[0]));
	fake_now = 4 * SLICE;
	assert_true(sched_should_leave(&fake_harts[0]));
}

/* The timer interrupt of a hart, which the test plays for a moment. */
static void interrupt(unsigned int index)
{
	fake_hart_self = &fake_harts[index];
	timer_interrupt(&fake_harts[index]);
}

static void interrupt_of_a_slice_that_another_had_ends_nothing(void **state)
{
	sched_unpark(a);
	sched_unpark(b);
	sched_unpark(c);
	go(0);
	fake_now = SLICE / 2;
	assert_ptr_equal(leave(0, LEAVE_BLOCK), b);
	assert_int_equal(b->slice_end, SLICE / 2 + SLICE);
	assert_int_equal(fake_timer[0], SLICE);
	fake_now = SLICE;
	fake_harts[0].resched = 0;
	interrupt(0);
	assert_int_equal(fake_harts[0].resched, 0);
	assert_int_equal(fake_timer[0], SLICE / 2 + SLICE);
	fake_now = SLICE / 2 + SLICE;
	interrupt(0);
	assert_int_equal(fake_harts[0].resched, 1);
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
		interrupt(0);
		assert_true(sched_should_leave(&fake_harts[0]));
		assert_ptr_equal(go(0), next[(turn + 1) % 3]);
	}
	assert_int_equal(a->runtime, 2 * SLICE - fake_now);
	assert_int_equal(b->runtime, 2 * SLICE);
	assert_int_equal(c->runtime, 2 * SLICE);
}

static void time_that_others_had_the_hart_is_counted(void **state)
{
	fake_now = 1000;
	sched_unpark(a);
	sched_unpark(b);
	fake_now = 1010; /* until the hart has noticed */
	assert_ptr_equal(go(0), a);
	assert_int_equal(a->waited, 10);
	fake_now += SLICE;
	assert_true(sched_should_leave(&fake_harts[0]));
	assert_ptr_equal(go(0), b);
	assert_int_equal(b->waited, 10 + SLICE);
	/* a waits since its turn ended, and b sleeps until somebody wakes it. */
	fake_now += 300;
	assert_ptr_equal(leave(0, LEAVE_BLOCK), a);
	assert_int_equal(a->waited, 10 + 300);
	fake_now += 500;
	sched_wake(b);
	fake_now += 7;
	assert_ptr_equal(leave(0, LEAVE_BLOCK), b);
	assert_int_equal(b->waited, 10 + SLICE + 7);
	assert_int_equal(a->waited, 10 + 300);
}

static void time_on_hold_is_not_waiting(void **state)
{
	sched_unpark(a);
	sched_unpark(b);
	assert_ptr_equal(go(0), a);
	sched_hold(b);
	fake_now += 5000;
	sched_release(b);
	sched_unpark(b);
	fake_now += 3;
	assert_ptr_equal(leave(0, LEAVE_BLOCK), b);
	assert_int_equal(b->waited, 3);
	/* Nor is what moves it to another queue a new beginning, or the end of its waiting. */
	sched_wake(a);
	fake_now += 20;
	assert_int_equal(sched_set_affinity(a, &a->affinity), 0);
	fake_now += 5;
	assert_ptr_equal(leave(0, LEAVE_BLOCK), a);
	assert_int_equal(a->waited, 25);
}

static void save_knows_why_a_vcpu_leaves(void **state)
{
	sched_unpark(a);
	go(0);
	leave(0, LEAVE_BLOCK);
	assert_int_equal(world.saved_leave, LEAVE_BLOCK);
	sched_wake(a);
	go(0);
	sched_hold(a);
	sched_release(a);
	go(0);
	assert_int_equal(world.saved_leave, LEAVE_PREEMPTED);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(highest_priority_runs_first_then_who_waits_longest),
		ONE(higher_priority_preempts_at_once),
		ONE(wake_while_a_hart_decides_is_not_lost),
		ONE(lower_priority_disturbs_nobody),
		ONE(entity_with_room_waits_in_the_guest_while_it_is_alone),
		ONE(lower_priority_is_heard_by_what_waits_in_the_guest),
		ONE(slice_is_no_reason_to_wait_in_the_guest),
		ONE(who_comes_first_is_not_waited_for_in_the_guest),
		ONE(room_that_comes_and_goes_is_seen_at_once),
		ONE(alone_it_has_no_slice),
		ONE(slice_begins_when_another_of_its_priority_comes),
		ONE(equal_one_that_wakes_here_begins_the_slice_at_once),
		ONE(preparing_a_vcpu_takes_nothing_of_its_slice),
		ONE(interrupt_of_a_slice_that_another_had_ends_nothing),
		ONE(equal_ones_take_turns),
		ONE(time_that_others_had_the_hart_is_counted),
		ONE(time_on_hold_is_not_waiting),
		ONE(save_knows_why_a_vcpu_leaves),
		ONE(used_up_slice_counts_only_when_others_wait),
		ONE(time_idle_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
