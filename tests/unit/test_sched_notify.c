/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sched_notify(): nearly always what is told comes to share the hart of the vCPU that tells it.
 * Each test is a reason against that, but for the first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "sched_world.h"

#include <arch/irqflags.h>
#include <core/hart_files.h>

static struct sched_entity *const on_hart_1 = &vcpus[3].sched;
static struct sched_entity *const on_hart_2 = &vcpus[4].sched;

static void run_on(unsigned int index, struct sched_entity *entity)
{
	only_on(entity, index);
	sched_unpark(entity);
	assert_ptr_equal(go(index), entity);
}

/* All harts are busy: hart 0 with b, and a slept there before. It may run anywhere. */
static void all_are_busy(void)
{
	run_on(0, a);
	assert_null(leave(0, LEAVE_BLOCK));
	run_on(0, b);
	run_on(1, on_hart_1);
	run_on(2, on_hart_2);
	memset(&a->affinity, 0xff, sizeof(a->affinity));
	memset(fake_kicks, 0, sizeof(fake_kicks));
	for (unsigned int i = 0; i < 3; i++)
		fake_harts[i].resched = 0;
	fake_now = 5000;
}

/* What b does in an exit on hart 0. */
static void tell_a(void)
{
	struct hart *test = fake_hart_self;

	fake_hart_self = &fake_harts[0];
	sched_notify(a);
	fake_hart_self = test;
}

static void assert_a_waits_at(unsigned int index)
{
	assert_int_equal(a->state, SCHED_RUNNABLE);
	assert_ptr_equal(a->queued, &fake_harts[index]);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(sched_waiting(&fake_harts[i]), i == index);
}

static void it_shares_the_hart_with_who_told_it(void **state)
{
	all_are_busy();
	tell_a();
	assert_a_waits_at(0);
	assert_int_equal(a->runnable_since, 5000);
	assert_int_equal(b->slice_end, 5000 + SLICE);
	assert_int_equal(fake_timer[0], 5000 + SLICE);
	assert_int_equal(fake_harts[0].resched, 0);
	assert_int_equal(fake_kicks[0] + fake_kicks[1] + fake_kicks[2], 0);
	/* Told again it is where it was. */
	tell_a();
	assert_a_waits_at(0);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), a);
	assert_int_equal(sched_waiting(&fake_harts[0]), 0);
}

static void what_waits_here_may_be_taken_by_a_hart_that_goes_idle(void **state)
{
	all_are_busy();
	tell_a();
	assert_ptr_equal(leave(1, LEAVE_BLOCK), a);
}

static void an_idle_hart_is_better(void **state)
{
	all_are_busy();
	assert_null(leave(1, LEAVE_BLOCK));
	tell_a();
	assert_a_waits_at(1);
	assert_int_equal(fake_kicks[1], 1);
	assert_int_equal(b->slice_end, UINT64_MAX);
}

static void an_idle_hart_where_it_may_not_run_is_not(void **state)
{
	all_are_busy();
	only_on(a, 0);
	assert_null(leave(1, LEAVE_BLOCK));
	tell_a();
	assert_a_waits_at(0);
}

static void a_hart_that_runs_something_less_important_is_better(void **state)
{
	set_priority(on_hart_2, PRIORITY_DEFAULT - 1);
	all_are_busy();
	tell_a();
	assert_a_waits_at(2);
	assert_int_equal(fake_harts[2].resched, 1);
}

static void it_does_not_wait_behind_something_more_important(void **state)
{
	all_are_busy();
	set_priority(c, PRIORITY_DEFAULT + 1);
	only_on(c, 0);
	sched_unpark(c);
	tell_a();
	assert_int_equal(sched_waiting(&fake_harts[0]), 1);
	assert_ptr_equal(a->queued, &fake_harts[1]);
}

static void it_may_not_run_there_any_more(void **state)
{
	all_are_busy();
	only_on(a, 1);
	tell_a();
	assert_a_waits_at(1);
}

static void it_is_more_important(void **state)
{
	all_are_busy();
	set_priority(a, PRIORITY_DEFAULT + 1);
	tell_a();
	assert_a_waits_at(0);
	assert_int_equal(fake_harts[0].resched, 1);
	assert_ptr_equal(go(0), a);
}

static void it_is_less_important(void **state)
{
	set_priority(a, PRIORITY_DEFAULT - 1);
	all_are_busy();
	tell_a();
	assert_int_equal(a->state, SCHED_RUNNABLE);
	assert_int_equal(b->slice_end, UINT64_MAX);
	assert_int_equal(fake_harts[0].resched, 0);
}

static void who_waits_in_the_guest_is_told(void **state)
{
	b->roomy = true;
	all_are_busy();
	assert_true(sched_is_native(&fake_harts[0]));
	tell_a();
	assert_a_waits_at(0);
	assert_int_equal(fake_harts[0].resched, 1);
}

static void a_free_file_is_elsewhere(void **state)
{
	all_are_busy();
	a->uses_files = true;
	hartset_add(&hart_files_free_set, 2);
	tell_a();
	assert_a_waits_at(2);
}

/* sched_hold() came after the look at its state, and found it in no queue. */
static void it_is_held(void **state)
{
	all_are_busy();
	a->hold = 1;
	tell_a();
	assert_int_equal(a->state, SCHED_PARKED);
	assert_null(a->queued);
	assert_int_equal(sched_waiting(&fake_harts[0]), 0);
}

static void it_is_parked(void **state)
{
	all_are_busy();
	sched_hold(a);
	tell_a();
	assert_true(sched_held(a));
	assert_int_equal(sched_waiting(&fake_harts[0]), 0);
}

static void it_runs_elsewhere(void **state)
{
	all_are_busy();
	only_on(a, 1);
	tell_a();
	assert_ptr_equal(leave(1, LEAVE_PREEMPTED), a);
	memset(fake_kicks, 0, sizeof(fake_kicks));
	tell_a();
	assert_int_equal(fake_kicks[1], 1);
	assert_int_equal(a->state, SCHED_RUNNING);
}

/* A thread on hart 0 may be on another one when it has looked which it is. */
static void with_interrupts_on_nothing_of_the_hart_is_believed(void **state)
{
	all_are_busy();
	fake_irq_on = true;
	tell_a();
	assert_true(fake_irq_on);
	fake_irq_on = false;
	assert_a_waits_at(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREE(it_shares_the_hart_with_who_told_it),
		THREE(what_waits_here_may_be_taken_by_a_hart_that_goes_idle),
		THREE(an_idle_hart_is_better),
		THREE(an_idle_hart_where_it_may_not_run_is_not),
		THREE(a_hart_that_runs_something_less_important_is_better),
		THREE(it_does_not_wait_behind_something_more_important),
		THREE(it_may_not_run_there_any_more),
		THREE(it_is_more_important),
		THREE(it_is_less_important),
		THREE(who_waits_in_the_guest_is_told),
		THREE(a_free_file_is_elsewhere),
		THREE(it_is_held),
		THREE(it_is_parked),
		THREE(it_runs_elsewhere),
		THREE(with_interrupts_on_nothing_of_the_hart_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
