/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Software timers: their order, and what the hart's timer interrupt is set to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <core/page.h>
#include <core/timer.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#define TIMERS 40

static struct timer timers[TIMERS];
static unsigned int fired[4096]; /* which ones expired, in order */
static unsigned int fired_count;
static void (*on_expiry)(struct timer *timer);

static void expired(struct timer *timer)
{
	assert_null(timer->hart);
	assert_int_equal(fake_hart_self->lock_ranks, 0);
	assert_in_range(fired_count, 0, ARRAY_SIZE(fired) - 1);
	fired[fired_count++] = (unsigned int)(timer - timers);
	if (on_expiry)
		on_expiry(timer);
}

static int setup(void **state)
{
	fake_hart_reset();
	fake_arena_add(MIB(1));
	for (unsigned int i = 0; i < FAKE_HARTS; i++)
		assert_int_equal(timer_hart_init(&fake_harts[i]), 0);
	for (unsigned int i = 0; i < TIMERS; i++)
		timer_init(&timers[i], expired);
	fired_count = 0;
	on_expiry = NULL;
	return 0;
}

static void interrupt_at(uint64_t now)
{
	fake_now = now;
	timer_interrupt(fake_hart_self);
}

static void hart_without_timers_is_never_interrupted(void **state)
{
	timer_program(&fake_harts[0], TIMER_NEVER);
	assert_int_equal(fake_timer[0], TIMER_NEVER);
	interrupt_at(UINT64_MAX - 1);
	assert_int_equal(fired_count, 0);
	assert_int_equal(fake_harts[0].resched, 0);
}

static void interrupt_without_a_reason_sets_the_hardware_again(void **state)
{
	timer_program(&fake_harts[0], TIMER_NEVER);
	assert_int_equal(fake_timer_sets[0], 0);
	interrupt_at(1000);
	assert_int_equal(fake_timer_sets[0], 1);
	assert_int_equal(fake_timer[0], TIMER_NEVER);
	timer_arm(&timers[0], 5000);
	assert_int_equal(fake_timer_sets[0], 2);
	interrupt_at(2000);
	assert_int_equal(fake_timer_sets[0], 3);
	assert_int_equal(fake_timer[0], 5000);
}

static void earliest_deadline_is_what_the_interrupt_is_set_to(void **state)
{
	timer_arm(&timers[0], 500);
	assert_int_equal(fake_timer[0], 500);
	timer_arm(&timers[1], 700);
	assert_int_equal(fake_timer[0], 500);
	timer_arm(&timers[2], 300);
	assert_int_equal(fake_timer[0], 300);
}

static void timers_expire_in_order_of_deadline(void **state)
{
	static const unsigned int order[] = { 2, 0, 1 };

	timer_arm(&timers[0], 20);
	timer_arm(&timers[1], 30);
	timer_arm(&timers[2], 10);
	interrupt_at(30);
	assert_int_equal(fired_count, 3);
	assert_memory_equal(fired, order, sizeof(order));
	assert_int_equal(fake_timer[0], TIMER_NEVER);
}

static void equal_deadlines_expire_in_order_of_arming(void **state)
{
	for (unsigned int i = 0; i < 5; i++)
		timer_arm(&timers[4 - i], 10);
	interrupt_at(10);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(fired[i], 4 - i);
}

static void timer_is_due_at_its_deadline_and_not_before(void **state)
{
	timer_arm(&timers[0], 100);
	interrupt_at(99);
	assert_int_equal(fired_count, 0);
	assert_int_equal(fake_timer[0], 100);
	interrupt_at(100);
	assert_int_equal(fired_count, 1);
	interrupt_at(200);
	assert_int_equal(fired_count, 1);
}

static void deadline_in_the_past_expires_with_the_next_interrupt(void **state)
{
	fake_now = 1000;
	timer_arm(&timers[0], 10);
	assert_int_equal(fake_timer[0], 10);
	assert_int_equal(fired_count, 0);
	interrupt_at(1000);
	assert_int_equal(fired_count, 1);
}

static void cancelled_timer_does_not_expire(void **state)
{
	timer_arm(&timers[0], 10);
	timer_arm(&timers[1], 20);
	timer_arm(&timers[2], 30);
	timer_cancel(&timers[1]);
	timer_cancel(&timers[1]);
	timer_cancel(&timers[5]);
	interrupt_at(50);
	assert_int_equal(fired_count, 2);
	assert_int_equal(fired[0], 0);
	assert_int_equal(fired[1], 2);
}

static void interrupt_of_a_cancelled_timer_sets_the_next(void **state)
{
	timer_arm(&timers[0], 10);
	timer_arm(&timers[1], 80);
	timer_cancel(&timers[0]);
	interrupt_at(10);
	assert_int_equal(fired_count, 0);
	assert_int_equal(fake_timer[0], 80);
}

static void armed_again_only_the_last_deadline_counts(void **state)
{
	timer_arm(&timers[0], 10);
	timer_arm(&timers[0], 50);
	interrupt_at(10);
	assert_int_equal(fired_count, 0);
	assert_int_equal(fake_timer[0], 50);
	timer_arm(&timers[0], 20);
	assert_int_equal(fake_timer[0], 20);
	interrupt_at(60);
	assert_int_equal(fired_count, 1);
}

static void arming_for_never_cancels(void **state)
{
	timer_arm(&timers[0], 10);
	timer_arm(&timers[0], TIMER_NEVER);
	assert_null(timers[0].hart);
	interrupt_at(UINT64_MAX - 1);
	assert_int_equal(fired_count, 0);
}

static void rearm_in_30(struct timer *timer)
{
	timer_arm(timer, fake_now + 30);
}

static void callback_may_arm_its_timer_again(void **state)
{
	on_expiry = rearm_in_30;
	timer_arm(&timers[0], 10);
	interrupt_at(15);
	assert_int_equal(fired_count, 1);
	assert_int_equal(fake_timer[0], 45);
	interrupt_at(45);
	assert_int_equal(fired_count, 2);
	assert_int_equal(fake_timer[0], 75);
}

static void cancel_next(struct timer *timer)
{
	timer_cancel(timer + 1);
}

static void callback_may_cancel_another_that_is_due(void **state)
{
	on_expiry = cancel_next;
	timer_arm(&timers[0], 10);
	timer_arm(&timers[1], 10);
	timer_arm(&timers[2], 10);
	interrupt_at(10);
	assert_int_equal(fired_count, 2);
	assert_int_equal(fired[1], 2);
}

static void arm_next_at_once(struct timer *timer)
{
	if (timer < &timers[9])
		timer_arm(timer + 1, fake_now);
}

static void callback_may_arm_another_that_is_due_at_once(void **state)
{
	on_expiry = arm_next_at_once;
	timer_arm(&timers[0], 10);
	interrupt_at(10);
	assert_int_equal(fired_count, 10);
}

static void end_of_slice_asks_for_the_scheduler_once(void **state)
{
	timer_arm(&timers[0], 90);
	timer_program(&fake_harts[0], 40);
	assert_int_equal(fake_timer[0], 40);
	interrupt_at(39);
	assert_int_equal(fake_harts[0].resched, 0);
	assert_int_equal(fake_timer[0], 40);
	interrupt_at(40);
	assert_int_equal(fake_harts[0].resched, 1);
	assert_int_equal(fake_timer[0], 90);
	fake_harts[0].resched = 0;
	interrupt_at(90);
	assert_int_equal(fake_harts[0].resched, 0);
	assert_int_equal(fired_count, 1);
}

static void timer_that_comes_first_keeps_the_slice(void **state)
{
	timer_program(&fake_harts[0], 40);
	timer_arm(&timers[0], 20);
	assert_int_equal(fake_timer[0], 20);
	interrupt_at(20);
	assert_int_equal(fired_count, 1);
	assert_int_equal(fake_timer[0], 40);
}

static void each_hart_has_its_own_queue(void **state)
{
	timer_arm(&timers[0], 10);
	fake_hart_self = &fake_harts[1];
	timer_arm(&timers[1], 20);
	assert_int_equal(fake_timer[0], 10);
	assert_int_equal(fake_timer[1], 20);
	interrupt_at(30);
	assert_int_equal(fired_count, 1);
	assert_int_equal(fired[0], 1);
	fake_hart_self = &fake_harts[0];
	interrupt_at(30);
	assert_int_equal(fired_count, 2);
}

static void timer_moves_to_the_hart_that_arms_it(void **state)
{
	timer_arm(&timers[0], 10);
	assert_ptr_equal(timers[0].hart, &fake_harts[0]);
	fake_hart_self = &fake_harts[1];
	timer_arm(&timers[0], 20);
	assert_ptr_equal(timers[0].hart, &fake_harts[1]);
	fake_hart_self = &fake_harts[0];
	interrupt_at(30);
	assert_int_equal(fired_count, 0);
	assert_int_equal(fake_timer[0], TIMER_NEVER);
	fake_hart_self = &fake_harts[1];
	interrupt_at(30);
	assert_int_equal(fired_count, 1);
}

static void any_hart_may_cancel(void **state)
{
	timer_arm(&timers[0], 10);
	fake_hart_self = &fake_harts[3];
	timer_cancel(&timers[0]);
	assert_null(timers[0].hart);
	fake_hart_self = &fake_harts[0];
	interrupt_at(30);
	assert_int_equal(fired_count, 0);
}

/* Against a model that keeps deadlines in an array and looks at all of them. */
static void random_use_agrees_with_a_model(void **state)
{
	uint64_t deadlines[TIMERS];
	uint64_t random = 3, now = 0;

	memset(deadlines, 0xff, sizeof(deadlines));
	for (unsigned int step = 0; step < 20000; step++) {
		uint64_t r = fake_hart_random(&random);
		unsigned int i = (unsigned int)(r >> 8) % TIMERS;

		if (r % 8 < 4) {
			deadlines[i] = now + (r >> 32) % 1000;
			timer_arm(&timers[i], deadlines[i]);
		} else if (r % 8 < 6) {
			deadlines[i] = TIMER_NEVER;
			timer_cancel(&timers[i]);
		} else {
			uint64_t last = 0, next = TIMER_NEVER;

			now += (r >> 32) % 200;
			fired_count = 0;
			interrupt_at(now);
			for (unsigned int f = 0; f < fired_count; f++) {
				assert_in_range(deadlines[fired[f]], last, now);
				last = deadlines[fired[f]];
				deadlines[fired[f]] = TIMER_NEVER;
			}
			for (i = 0; i < TIMERS; i++)
				next = MIN(next, deadlines[i]);
			assert_true(next > now);
			assert_int_equal(fake_timer[0], next);
		}
	}
}

static void adopted_timers_keep_their_deadlines(void **state)
{
	for (unsigned int i = 0; i < 4; i++) {
		fake_hart_self = &fake_harts[i % 2];
		timer_arm(&timers[i], 1000 - 100 * i);
	}
	fake_hart_self = &fake_harts[0];
	timer_adopt(&fake_harts[1]);
	assert_int_equal(fake_timer[0], 700);
	timer_cancel(&timers[1]);
	interrupt_at(1000);
	assert_int_equal(fired_count, 3);
	assert_int_equal(fired[0], 3);
	assert_int_equal(fired[1], 2);
	assert_int_equal(fired[2], 0);
	timer_adopt(&fake_harts[1]);
	fake_hart_self = &fake_harts[1];
	interrupt_at(2000);
	assert_int_equal(fired_count, 3);
}

/*
 * Timer 1 is on its way from hart 1 to hart 0, whose queue another hart has locked: it is in no
 * queue. A third one cancels it just then.
 */
static struct {
	pthread_t test, locks, cancels;
	sem_t locked, unlock;
	bool once;
} transit;

static void *lock_hart_0(void *unused)
{
	struct spinlock *lock = &fake_harts[0].timers->lock;
	unsigned long flags;

	fake_hart_self = &fake_harts[4];
	flags = spin_lock(lock);
	sem_post(&transit.locked);
	sem_wait(&transit.unlock);
	spin_unlock(lock, flags);
	return NULL;
}

static void *cancel_in_transit(void *unused)
{
	fake_hart_self = &fake_harts[2];
	timer_cancel(&timers[1]);
	sem_post(&transit.unlock);
	return NULL;
}

static void while_one_waits(void)
{
	if (pthread_equal(pthread_self(), transit.test) && !transit.once) {
		transit.once = true;
		assert_non_null(timers[1].hart);
		pthread_create(&transit.cancels, NULL, cancel_in_transit, NULL);
	} else if (pthread_equal(pthread_self(), transit.cancels)) {
		sem_post(&transit.unlock);
	}
	sched_yield();
}

static void slice_leaves_an_interrupt_that_is_too_early(void **state)
{
	timer_slice(&fake_harts[0], 500);
	assert_int_equal(fake_timer[0], 500);
	timer_slice(&fake_harts[0], TIMER_NEVER);
	assert_int_equal(fake_timer[0], 500);
	timer_slice(&fake_harts[0], 700);
	assert_int_equal(fake_timer[0], 500);
	interrupt_at(500);
	assert_int_equal(fake_harts[0].resched, 0);
	assert_int_equal(fake_timer[0], 700);
	timer_slice(&fake_harts[0], 600);
	assert_int_equal(fake_timer[0], 600);
	timer_program(&fake_harts[0], TIMER_NEVER);
	assert_int_equal(fake_timer[0], TIMER_NEVER);
}

static void slice_after_a_timer_keeps_the_timer(void **state)
{
	timer_arm(&timers[0], 300);
	timer_slice(&fake_harts[0], 500);
	assert_int_equal(fake_timer[0], 300);
	timer_cancel(&timers[0]);
	interrupt_at(300);
	assert_int_equal(fired_count, 0);
	assert_int_equal(fake_timer[0], 500);
}

static void timer_in_transit_is_cancelled(void **state)
{
	transit.test = pthread_self();
	transit.once = false;
	sem_init(&transit.locked, 0, 0);
	sem_init(&transit.unlock, 0, 0);
	fake_hart_self = &fake_harts[1];
	timer_arm(&timers[1], 500);
	fake_relax_hook = while_one_waits;
	pthread_create(&transit.locks, NULL, lock_hart_0, NULL);
	sem_wait(&transit.locked);
	fake_hart_self = &fake_harts[0];
	timer_adopt(&fake_harts[1]);
	pthread_join(transit.locks, NULL);
	pthread_join(transit.cancels, NULL);
	assert_null(timers[1].hart);
	interrupt_at(2000);
	assert_int_equal(fired_count, 0);
}

static void microseconds_and_ticks(void **state)
{
	timebase = 10000000;
	assert_int_equal(us_to_ticks(5), 50);
	assert_int_equal(ticks_to_us(59), 5);
	/* A machine that runs for 500 years. */
	assert_int_equal(ticks_to_us(UINT64_C(157680000000000000)), UINT64_C(15768000000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(hart_without_timers_is_never_interrupted, setup),
		cmocka_unit_test_setup(interrupt_without_a_reason_sets_the_hardware_again, setup),
		cmocka_unit_test_setup(earliest_deadline_is_what_the_interrupt_is_set_to, setup),
		cmocka_unit_test_setup(timers_expire_in_order_of_deadline, setup),
		cmocka_unit_test_setup(equal_deadlines_expire_in_order_of_arming, setup),
		cmocka_unit_test_setup(timer_is_due_at_its_deadline_and_not_before, setup),
		cmocka_unit_test_setup(deadline_in_the_past_expires_with_the_next_interrupt, setup),
		cmocka_unit_test_setup(cancelled_timer_does_not_expire, setup),
		cmocka_unit_test_setup(interrupt_of_a_cancelled_timer_sets_the_next, setup),
		cmocka_unit_test_setup(armed_again_only_the_last_deadline_counts, setup),
		cmocka_unit_test_setup(arming_for_never_cancels, setup),
		cmocka_unit_test_setup(callback_may_arm_its_timer_again, setup),
		cmocka_unit_test_setup(callback_may_cancel_another_that_is_due, setup),
		cmocka_unit_test_setup(callback_may_arm_another_that_is_due_at_once, setup),
		cmocka_unit_test_setup(slice_leaves_an_interrupt_that_is_too_early, setup),
		cmocka_unit_test_setup(slice_after_a_timer_keeps_the_timer, setup),
		cmocka_unit_test_setup(end_of_slice_asks_for_the_scheduler_once, setup),
		cmocka_unit_test_setup(timer_that_comes_first_keeps_the_slice, setup),
		cmocka_unit_test_setup(each_hart_has_its_own_queue, setup),
		cmocka_unit_test_setup(timer_moves_to_the_hart_that_arms_it, setup),
		cmocka_unit_test_setup(any_hart_may_cancel, setup),
		cmocka_unit_test_setup(random_use_agrees_with_a_model, setup),
		cmocka_unit_test_setup(adopted_timers_keep_their_deadlines, setup),
		cmocka_unit_test_setup(timer_in_transit_is_cancelled, setup),
		cmocka_unit_test_setup(microseconds_and_ticks, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
