/* SPDX-License-Identifier: BSD-2-Clause */
/* Which hart runs what: idle ones, affinity, harts that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "sched_world.h"

#include <core/hart_files.h>
#include <errno.h>

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

/* ---- guest interrupt files ---- */

/* It has run on hart 1, which is idle, as are the others; none of them has a free file. */
static void ran_on_hart_1(struct sched_entity *entity)
{
	all_harts_idle();
	entity->uses_files = true;
	only_on(entity, 1);
	sched_unpark(entity);
	assert_ptr_equal(go(1), entity);
	leave(1, LEAVE_BLOCK);
	memset(&entity->affinity, 0xff, sizeof(entity->affinity));
}

static void vcpu_with_a_file_goes_back_to_it(void **state)
{
	ran_on_hart_1(a);
	a->has_file = true;
	hartset_add(&hart_files_free_set, 0);
	hartset_add(&hart_files_free_set, 2);
	sched_wake(a);
	assert_int_equal(sched_waiting(&fake_harts[1]), 1);
}

static void vcpu_goes_back_where_a_file_is_free(void **state)
{
	ran_on_hart_1(a);
	for (unsigned int i = 0; i < 3; i++)
		hartset_add(&hart_files_free_set, i);
	sched_wake(a);
	assert_int_equal(sched_waiting(&fake_harts[1]), 1);
}

static void vcpu_without_a_file_goes_to_an_idle_hart_with_a_free_one(void **state)
{
	ran_on_hart_1(a);
	hartset_add(&hart_files_free_set, 2);
	sched_wake(a);
	assert_int_equal(sched_waiting(&fake_harts[2]), 1);
}

static void free_files_outside_its_affinity_mean_nothing(void **state)
{
	ran_on_hart_1(a);
	hartset_remove(&a->affinity, 2);
	hartset_add(&hart_files_free_set, 2);
	sched_wake(a);
	assert_int_equal(sched_waiting(&fake_harts[1]), 1);
}

static void without_a_free_file_anywhere_it_stays_warm(void **state)
{
	ran_on_hart_1(a);
	sched_wake(a);
	assert_int_equal(sched_waiting(&fake_harts[1]), 1);
}

static void vcpu_that_uses_no_files_looks_at_none(void **state)
{
	ran_on_hart_1(a);
	a->uses_files = false;
	hartset_add(&hart_files_free_set, 2);
	sched_wake(a);
	assert_int_equal(sched_waiting(&fake_harts[1]), 1);
}

/* Its file is where another runs: of idle harts one with a free file is better than one without. */
static void vcpu_whose_hart_is_busy_prefers_a_free_file(void **state)
{
	ran_on_hart_1(a);
	a->has_file = true;
	only_on(b, 1);
	sched_unpark(b);
	assert_ptr_equal(go(1), b);
	hartset_add(&hart_files_free_set, 2);
	sched_wake(a);
	assert_int_equal(sched_waiting(&fake_harts[2]), 1);
}

/* All harts are busy: it waits where it can have a file, unless more wait there. */
static void vcpu_waits_where_a_file_is_free(void **state)
{
	ran_on_hart_1(a);
	for (unsigned int i = 0; i < 3; i++) {
		only_on(&vcpus[1 + i].sched, i);
		sched_unpark(&vcpus[1 + i].sched);
		assert_ptr_equal(go(i), &vcpus[1 + i].sched);
	}
	hartset_add(&hart_files_free_set, 2);
	sched_wake(a);
	assert_int_equal(sched_waiting(&fake_harts[2]), 1);
	sched_hold(a);
	sched_release(a);
	only_on(&vcpus[4].sched, 2);
	sched_unpark(&vcpus[4].sched);
	sched_unpark(a);
	assert_int_equal(sched_waiting(&fake_harts[1]), 1);
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

/* Hart 1 has something more important to run than all others, and nothing waits there. */
static void hart_1_runs_something_important(void)
{
	all_harts_idle();
	fake_harts[2].state = HART_OFFLINE;
	c->priority = PRIORITY_DEFAULT + 2;
	only_on(c, 1);
	sched_unpark(c);
	assert_ptr_equal(go(1), c);
}

static void preempted_entity_takes_turns_rather_than_wait_behind(void **state)
{
	hart_1_runs_something_important();
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
	sched_unpark(b);
	assert_int_equal(sched_waiting(&fake_harts[0]), 1);
	assert_ptr_equal(leave(0, LEAVE_PREEMPTED), b);
	assert_int_equal(sched_waiting(&fake_harts[0]), 1);
	assert_int_equal(sched_waiting(&fake_harts[1]), 0);
	assert_ptr_equal(leave(0, LEAVE_PREEMPTED), a);
}

static void woken_entity_takes_turns_rather_than_wait_behind(void **state)
{
	all_harts_idle();
	only_on(a, 1);
	sched_unpark(a);
	assert_ptr_equal(go(1), a);
	assert_null(leave(1, LEAVE_BLOCK));
	memset(&a->affinity, 0xff, sizeof(a->affinity));
	hart_1_runs_something_important();
	sched_unpark(b);
	assert_ptr_equal(go(0), b);
	sched_wake(a);
	assert_int_equal(sched_waiting(&fake_harts[0]), 1);
	assert_int_equal(sched_waiting(&fake_harts[1]), 0);
}

static void it_waits_behind_where_there_is_nothing_else(void **state)
{
	hart_1_runs_something_important();
	only_on(a, 1);
	sched_unpark(a);
	assert_int_equal(sched_waiting(&fake_harts[1]), 1);
	assert_ptr_equal(leave(1, LEAVE_BLOCK), a);
}

/* Two harts run something important, and b waits at hart 0: behind that, and alone. */
static void two_harts_run_something_important(unsigned int waiting)
{
	struct sched_entity *other = &vcpus[3].sched;

	hart_1_runs_something_important();
	set_priority(a, PRIORITY_DEFAULT + 2);
	only_on(a, 0);
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
	only_on(other, 1);
	sched_unpark(other);
	set_priority(b, waiting);
	sched_unpark(b);
	assert_int_equal(sched_waiting(&fake_harts[0]), 1);
}

static void hart_that_turns_to_less_looks_for_more(void **state)
{
	two_harts_run_something_important(PRIORITY_DEFAULT + 1);
	assert_ptr_equal(leave(1, LEAVE_BLOCK), b);
	assert_int_equal(sched_waiting(&fake_harts[0]), 0);
	assert_int_equal(sched_waiting(&fake_harts[1]), 1);
	assert_ptr_equal(leave(1, LEAVE_BLOCK), &vcpus[3].sched);
	assert_null(leave(1, LEAVE_BLOCK));
}

static void hart_that_turns_to_less_leaves_what_is_no_more(void **state)
{
	two_harts_run_something_important(PRIORITY_DEFAULT);
	assert_ptr_equal(leave(1, LEAVE_BLOCK), &vcpus[3].sched);
	assert_int_equal(sched_waiting(&fake_harts[0]), 1);
	/* Which idles takes all. */
	assert_ptr_equal(leave(1, LEAVE_BLOCK), b);
}

static void hart_that_turns_to_less_takes_only_what_it_may(void **state)
{
	two_harts_run_something_important(PRIORITY_DEFAULT + 1);
	only_on(b, 0);
	assert_ptr_equal(leave(1, LEAVE_BLOCK), &vcpus[3].sched);
	assert_int_equal(sched_waiting(&fake_harts[0]), 1);
	assert_ptr_equal(leave(0, LEAVE_BLOCK), b);
}

static void preempted_entity_goes_to_an_idle_hart_rather_than_wait(void **state)
{
	all_harts_idle();
	sched_unpark(a);
	assert_ptr_equal(go(0), a);
	sched_unpark(b);
	assert_ptr_equal(go(1), b);
	only_on(c, 0);
	sched_unpark(c);
	assert_false(sched_should_leave(&fake_harts[0]));
	memset(fake_kicks, 0, sizeof(fake_kicks));
	fake_now = SLICE;
	assert_true(sched_should_leave(&fake_harts[0]));
	assert_ptr_equal(go(0), c);
	assert_int_equal(fake_kicks[2], 1);
	assert_ptr_equal(go(2), a);
}

/* An idle hart that has been told of something less important is still free for it. */
static void idle_hart_runs_nothing_of_importance(void **state)
{
	all_harts_idle();
	set_priority(a, 6);
	only_on(a, 1);
	sched_unpark(a);
	assert_ptr_equal(go(1), a);
	assert_null(leave(1, LEAVE_BLOCK));
	set_priority(b, 1);
	only_on(b, 1);
	sched_unpark(b);
	/* It has not begun yet when c comes. */
	set_priority(c, 4);
	only_on(c, 1);
	hartset_add(&c->affinity, 0);
	set_priority(&vcpus[3].sched, 6);
	only_on(&vcpus[3].sched, 0);
	sched_unpark(&vcpus[3].sched);
	assert_ptr_equal(go(0), &vcpus[3].sched);
	c->last = &fake_harts[0];
	sched_unpark(c);
	assert_ptr_equal(go(1), c);
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

	assert_null(go(1));
	fake_harts[1].state = fake_harts[2].state = HART_OFFLINE;
	sched_unpark(a);
	sched_unpark(b);
	sched_unpark(c);
	assert_ptr_equal(go(0), a);
	fake_harts[1].state = HART_ONLINE;
	hart->state = HART_LEAVING;
	assert_true(sched_should_leave(hart));
	memset(fake_kicks, 0, sizeof(fake_kicks));
	world.trace[0] = '\0';
	assert_null(leave(0, LEAVE_PREEMPTED));
	assert_string_equal(world.trace, "save 0, leave 0");
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
	assert_null(go(1));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREE(woken_entity_goes_where_it_ran_when_that_is_idle),
		THREE(woken_entity_goes_to_an_idle_hart_rather_than_wait),
		THREE(vcpu_with_a_file_goes_back_to_it),
		THREE(vcpu_goes_back_where_a_file_is_free),
		THREE(vcpu_without_a_file_goes_to_an_idle_hart_with_a_free_one),
		THREE(free_files_outside_its_affinity_mean_nothing),
		THREE(without_a_free_file_anywhere_it_stays_warm),
		THREE(vcpu_that_uses_no_files_looks_at_none),
		THREE(vcpu_whose_hart_is_busy_prefers_a_free_file),
		THREE(vcpu_waits_where_a_file_is_free),
		THREE(new_entities_spread_over_idle_harts),
		THREE(without_an_idle_hart_it_waits_where_fewest_wait),
		THREE(hart_that_is_not_online_gets_nothing),
		THREE(affinity_is_kept),
		THREE(hart_without_work_takes_it_from_another),
		THREE(preempted_entity_waits_where_fewer_wait),
		THREE(preempted_entity_takes_turns_rather_than_wait_behind),
		THREE(woken_entity_takes_turns_rather_than_wait_behind),
		THREE(it_waits_behind_where_there_is_nothing_else),
		THREE(hart_that_turns_to_less_looks_for_more),
		THREE(hart_that_turns_to_less_leaves_what_is_no_more),
		THREE(hart_that_turns_to_less_takes_only_what_it_may),
		THREE(preempted_entity_goes_to_an_idle_hart_rather_than_wait),
		THREE(idle_hart_runs_nothing_of_importance),
		THREE(affinity_that_names_no_hart_is_refused),
		THREE(new_affinity_moves_what_runs),
		THREE(new_affinity_moves_what_waits),
		THREE(hart_that_leaves_sends_its_work_away),
		THREE(hart_that_is_to_stay_after_all_keeps_its_work),
		THREE(hart_that_came_back_takes_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
