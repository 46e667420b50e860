/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated timer of a vCPU (<core/vcpu_timer.h>) on the real queues: it comes in time and never
 * early, wherever it is armed, and moving it away costs nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <core/page.h>
#include <core/vcpu_timer.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#define PATIENCE_S 60

static struct vm vm;
static struct vcpu vcpu;
static bool stip; /* what the guest sees; its hart's */
static unsigned int notified;
static uint64_t wakeup; /* of a vCPU with Sstc */
static unsigned int woken;
static void (*on_notify)(void); /* the timer is out of its queue, and its vCPU not told yet */

void vcpu_notify(struct vcpu *told, uint32_t bits)
{
	assert_ptr_equal(told, &vcpu);
	assert_int_equal(bits, PENDING_TIMER);
	if (on_notify)
		on_notify();
	__atomic_fetch_add(&notified, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&vcpu.pending, bits, __ATOMIC_SEQ_CST);
}

bool sched_wake(struct sched_entity *entity)
{
	assert_ptr_equal(entity, &vcpu.sched);
	woken++;
	return true;
}

uint64_t arch_vcpu_wakeup(struct vcpu *asked)
{
	assert_ptr_equal(asked, &vcpu);
	return wakeup;
}

static int setup(void **state)
{
	fake_hart_reset();
	fake_arena_add(MIB(1));
	for (unsigned int i = 0; i < FAKE_HARTS; i++)
		assert_int_equal(timer_hart_init(&fake_harts[i]), 0);
	memset(&vm, 0, sizeof(vm));
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.vm = &vm;
	vcpu_timer_init(&vcpu);
	fake_now = 1000;
	vm.time_offset = -UINT64_C(1000); /* its time is 0 */
	stip = false;
	notified = woken = 0;
	wakeup = TIMER_NEVER;
	on_notify = NULL;
	return 0;
}

/* As arch_vcpu_set_timer(). Returns whether the light way was enough. */
static bool set(uint64_t deadline)
{
	bool moved = vcpu_timer_move(&vcpu, deadline);

	stip = false;
	if (!moved)
		vcpu_timer_set(&vcpu, deadline);
	return moved;
}

/* As arch_vcpu_sync(). */
static void serve(void)
{
	if (__atomic_exchange_n(&vcpu.pending, 0, __ATOMIC_SEQ_CST) && vcpu_timer_due(&vcpu))
		stip = true;
}

static bool interrupt_due(unsigned int hart)
{
	return __atomic_load_n(&fake_timer[hart], __ATOMIC_SEQ_CST) <= arch_time();
}

/* The guest's time is @at: the interrupts that are due come, on all harts. */
static void at(uint64_t at)
{
	struct hart *self = fake_hart_self;

	fake_now = 1000 + at;
	for (unsigned int i = 0; i < FAKE_HARTS; i++) {
		fake_hart_self = &fake_harts[i];
		for (unsigned int times = 0; interrupt_due(i); times++) {
			assert_in_range(times, 0, 3);
			timer_interrupt(fake_hart_self);
		}
	}
	fake_hart_self = self;
	serve();
}

static void comes_in_time_and_once(void **state)
{
	assert_false(set(500));
	assert_int_equal(fake_timer[0], 1500);
	at(499);
	assert_false(stip);
	at(500);
	assert_true(stip);
	at(10000);
	assert_int_equal(notified, 1);
	assert_false(set(0));
	assert_int_equal(vcpu.timer_deadline, 0);
	at(10000);
	assert_true(stip);
}

static void deadline_that_moves_away_arms_nothing(void **state)
{
	uint64_t armed = fake_timer[0];

	assert_true(set(TIMER_NEVER));
	assert_int_equal(fake_timer[0], armed);
	set(500);
	assert_true(set(500));
	assert_true(set(700));
	assert_true(set(900));
	assert_int_equal(vcpu.timer_deadline, 900);
	assert_int_equal(fake_timer[0], 1500);
	/* What comes too early is armed again, once. */
	at(500);
	assert_false(stip);
	assert_int_equal(fake_timer[0], 1900);
	at(899);
	assert_false(stip);
	at(900);
	assert_true(stip);
	assert_int_equal(notified, 2);
}

static void earlier_deadline_is_armed(void **state)
{
	set(900);
	assert_false(set(899));
	assert_int_equal(fake_timer[0], 1899);
	at(899);
	assert_true(stip);
	at(900);
	assert_int_equal(notified, 1);
}

static void deadline_that_was_taken_back_never_comes(void **state)
{
	set(500);
	assert_true(set(TIMER_NEVER));
	at(500);
	at(5000);
	assert_false(stip);
	assert_int_equal(fake_timer[0], TIMER_NEVER);
	assert_null(vcpu.timer.hart);
}

static void deadline_after_the_end_of_time_is_none(void **state)
{
	assert_true(set(TIMER_NEVER - 1));
	assert_int_equal(vcpu.timer_deadline, TIMER_NEVER - 1);
	assert_null(vcpu.timer.hart);
	set(500);
	assert_true(set(TIMER_NEVER - 1));
	at(500);
	assert_false(stip);
	assert_null(vcpu.timer.hart);
}

static void sleeper_is_woken_in_time_and_not_before(void **state)
{
	set(500);
	set(900);
	vcpu_timer_sleep(&vcpu);
	assert_int_equal(fake_timer[0], 1900);
	at(899);
	assert_int_equal(notified, 0);
	at(900);
	assert_true(stip);
	set(2000);
	set(TIMER_NEVER);
	vcpu_timer_sleep(&vcpu);
	assert_null(vcpu.timer.hart);
	at(3000);
	assert_int_equal(notified, 1);
	/* Nothing to do for what is exact already. */
	set(4000);
	fake_timer[0] = 7;
	vcpu_timer_sleep(&vcpu);
	assert_int_equal(fake_timer[0], 7);
}

static void timer_of_another_hart_serves_as_well(void **state)
{
	set(500);
	fake_hart_self = &fake_harts[1];
	assert_true(set(700));
	at(500);
	/* Where it runs now. */
	assert_int_equal(fake_timer[0], TIMER_NEVER);
	assert_int_equal(fake_timer[1], 1700);
	assert_false(stip);
	at(700);
	assert_true(stip);
}

static void move_while_it_expires(void)
{
	on_notify = NULL;
	assert_false(vcpu_timer_move(&vcpu, 800));
	vcpu_timer_set(&vcpu, 800);
}

static void expiry_under_way_loses_nothing(void **state)
{
	set(500);
	on_notify = move_while_it_expires;
	at(500);
	assert_null(on_notify);
	assert_false(stip);
	at(799);
	assert_false(stip);
	at(800);
	assert_true(stip);
}

static void stop_takes_all_back(void **state)
{
	set(500);
	vcpu_timer_stop(&vcpu);
	assert_int_equal(vcpu.timer_deadline, TIMER_NEVER);
	at(500);
	assert_int_equal(notified, 0);
}

static void with_sstc_only_sleepers_have_one(void **state)
{
	vcpu.arch.features = BIT(FEATURE_SSTC);
	vcpu_timer_sleep(&vcpu);
	assert_null(vcpu.timer.hart);
	wakeup = 1300;
	vcpu_timer_sleep(&vcpu);
	at(299);
	assert_int_equal(woken, 0);
	at(300);
	assert_int_equal(woken, 1);
	assert_int_equal(notified, 0);
}

/* Whatever is asked for, and wherever it runs: STIP is what the deadline says. */
static void random_deadlines_come_in_time(void **state)
{
	uint64_t seed = 1, now = 0;

	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t random = fake_hart_random(&seed);

		switch (random % 8) {
		case 0:
			set(TIMER_NEVER);
			break;
		case 1:
			set(now - MIN(now, random >> 8 & 15));
			break;
		case 2:
			vcpu_timer_sleep(&vcpu);
			break;
		case 3:
			fake_hart_self = &fake_harts[random >> 8 & 1];
			break;
		case 4:
		case 5:
			set(now + (random >> 8 & 63));
			break;
		default:
			now += random >> 8 & 15;
			break;
		}
		at(now);
		assert_int_equal(stip, now >= vcpu.timer_deadline);
	}
}

/* ---- two harts at once ---- */

static unsigned int runs_on;
static bool over;

static void guest_acts(unsigned int self, uint64_t *seed, unsigned int *left)
{
	uint64_t random = fake_hart_random(seed);
	uint64_t now = vm_time(&vm);

	serve();
	if (*left) {
		--*left;
		set(random & 1 ? TIMER_NEVER : now + (random >> 8 & 31));
		if (!*left)
			set(now + 20);
	} else if (stip) {
		__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
		return;
	}
	if (random >> 16 & 1)
		__atomic_store_n(&runs_on, !self, __ATOMIC_SEQ_CST);
}

static unsigned int left_to_do;

static void *hart_main(void *argument)
{
	unsigned int self = (unsigned int)(uintptr_t)argument;
	uint64_t seed = self + fake_now;

	fake_hart_self = &fake_harts[self];
	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
		__atomic_fetch_add(&fake_now, 1, __ATOMIC_SEQ_CST);
		if (interrupt_due(self))
			timer_interrupt(&fake_harts[self]);
		if (__atomic_load_n(&runs_on, __ATOMIC_SEQ_CST) == self)
			guest_acts(self, &seed, &left_to_do);
		else
			sched_yield();
	}
	return NULL;
}

static void deadline_is_never_lost_between_harts(void **state)
{
	for (unsigned int round = 0; round < 300; round++) {
		const struct timespec moment = { .tv_nsec = 100000 };
		time_t end = time(NULL) + PATIENCE_S;
		pthread_t threads[2];

		over = false;
		left_to_do = round % 64 + 1;
		for (uintptr_t i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, hart_main, (void *)i),
					 0);
		while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
			assert_true(time(NULL) < end);
			nanosleep(&moment, NULL);
		}
		for (unsigned int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		assert_true(vm_time(&vm) >= vcpu.timer_deadline);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(comes_in_time_and_once),
		TEST(deadline_that_moves_away_arms_nothing),
		TEST(earlier_deadline_is_armed),
		TEST(deadline_that_was_taken_back_never_comes),
		TEST(deadline_after_the_end_of_time_is_none),
		TEST(sleeper_is_woken_in_time_and_not_before),
		TEST(timer_of_another_hart_serves_as_well),
		TEST(expiry_under_way_loses_nothing),
		TEST(stop_takes_all_back),
		TEST(with_sstc_only_sleepers_have_one),
		TEST(random_deadlines_come_in_time),
		TEST(deadline_is_never_lost_between_harts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
