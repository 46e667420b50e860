/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler with harts that run at once, each a thread, that come and go, and guests that look
 * at nothing but interrupts: no wake-up, hold or request is lost, and nothing runs twice. What is
 * shared is atomic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <arch/boot.h>
#include <arch/thread.h>
#include <core/hart_files.h>
#include <core/hart_power.h>
#include <core/intfile.h>
#include <core/log.h>
#include <core/page.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/timer.h>
#include <core/vm.h>
#include <drivers/irqchip.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#define HARTS 3
#define GUESTS 8
#define SPINNERS 4 /* the first ones never wait; the others run above them and do */
#define SLICE 20
#define PATIENCE_S 20

static struct vcpu vcpus[GUESTS];
static struct guest {
	int on; /* the hart that runs it, or -1 */
	bool native; /* it waits in the guest */
	uint64_t runs;
	uint64_t waits; /* there */
} guests[GUESTS];
static sem_t interrupts[HARTS]; /* wake a hart from WFI */
static uint32_t ipis[HARTS]; /* pending */
static pthread_t threads[HARTS];
static bool quitting;
static bool asking; /* guests make their harts ask others */
static bool telling; /* guests send each other IPIs */

static bool load_bool(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void kicked(unsigned int index)
{
	__atomic_store_n(&ipis[index], 1, __ATOMIC_SEQ_CST);
	sem_post(&interrupts[index]);
}

/* Takes the interrupts of this hart; true when there was one. */
static bool interrupts_take(struct hart *hart)
{
	bool any = false;

	if (__atomic_exchange_n(&ipis[hart->index], 0, __ATOMIC_SEQ_CST)) {
		hart_serve();
		any = true;
	}
	if (fake_timer[hart->index] <= time_now()) {
		timer_interrupt(hart);
		any = true;
	}
	return any;
}

/* ---- what the scheduler sees ---- */

static void hart_waits(void)
{
	struct timespec end;

	if (load_bool(&quitting))
		pthread_exit(NULL);
	/* The timer of a hart that idles is off; the limit is for a test that failed. */
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 2 * PATIENCE_S;
	sem_timedwait(&interrupts[fake_hart_self->index], &end);
	if (load_bool(&quitting))
		pthread_exit(NULL);
	interrupts_take(fake_hart_self);
}

static uint32_t answers[HARTS]; /* to requests of each hart */

static void answer(void *opaque)
{
	/* The request is over when its sender takes the address back. */
	uint32_t *count = __atomic_load_n((uint32_t **)opaque, __ATOMIC_SEQ_CST);

	if (!count)
		abort();
	__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
}

static void ask_all(struct hart *hart)
{
	struct hartset all = { .bits = { BIT(HARTS) - 1 } };
	uint32_t *count = &answers[hart->index];

	hart_call(&all, answer, &count);
	__atomic_store_n(&count, NULL, __ATOMIC_SEQ_CST);
}

void vcpu_prepare(struct vcpu *vcpu)
{
	(void)vcpu;
}

/* WFI in the guest: only an interrupt of the hart, or of its own, ends it. */
static void guest_waits(struct hart *hart, struct vcpu *vcpu)
{
	struct guest *guest = &guests[vcpu->index];
	struct timespec end;

	if (load_bool(&quitting))
		pthread_exit(NULL);
	__atomic_fetch_add(&guest->waits, 1, __ATOMIC_SEQ_CST);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 2 * PATIENCE_S;
	sem_timedwait(&interrupts[hart->index], &end);
	/* What it was told is work for it as if it had come here anew. */
	if (__atomic_exchange_n(&vcpu->pending, 0, __ATOMIC_SEQ_CST))
		__atomic_fetch_add(&guest->runs, 1, __ATOMIC_SEQ_CST);
}

/* What vcpu_notify() does. */
static void notify(struct vcpu *vcpu)
{
	__atomic_fetch_or(&vcpu->pending, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (fake_hart_self->running != vcpu)
		sched_notify(&vcpu->sched);
}

void vcpu_run(struct vcpu *vcpu)
{
	struct guest *guest = &guests[vcpu->index];
	struct hart *hart = fake_hart_self;
	int nowhere = -1;
	bool waited = false;
	unsigned int work = (unsigned int)rand() % 50;

	if (!__atomic_compare_exchange_n(&guest->on, &nowhere, (int)hart->index, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		abort();
	__atomic_store_n(&vcpu->pending, 0, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&guest->runs, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		if (interrupts_take(hart) && __atomic_load_n(&hart->resched, __ATOMIC_SEQ_CST) &&
		    sched_should_leave(hart))
			return;
		if (load_bool(&guest->native)) {
			guest_waits(hart, vcpu);
			waited = true;
			continue;
		}
		/* Its WFI traps now. */
		if (waited)
			break;
		if (vcpu->index >= SPINNERS && work-- == 0)
			break;
		if (asking && (unsigned int)rand() % 16 == 0)
			ask_all(hart);
		/* An IPI to another. */
		if (telling && (unsigned int)rand() % 4 == 0)
			notify(&vcpus[(unsigned int)rand() % GUESTS]);
		sched_yield();
	}
	vcpu->sched.leave = (unsigned int)rand() % 16 ? LEAVE_BLOCK : LEAVE_PARK;
}

void arch_vcpu_save(struct vcpu *vcpu)
{
	if (__atomic_exchange_n(&guests[vcpu->index].on, -1, __ATOMIC_SEQ_CST) !=
	    (int)fake_hart_self->index)
		abort();
}

void vcpu_block(struct vcpu *vcpu)
{
}

void vcpu_parked(struct vcpu *vcpu)
{
}

void arch_vcpu_quiesce(struct hart *hart)
{
}

void arch_vcpu_set_native(struct vcpu *vcpu, bool native)
{
	__atomic_store_n(&guests[vcpu->index].native, native, __ATOMIC_SEQ_CST);
}

void vm_roomy_update(void)
{
}

bool thread_must_wake(const struct thread *thread)
{
	return false;
}

void arch_thread_resume(struct thread *thread)
{
	abort();
}

/* ---- the test's side ---- */

static void *hart_main(void *opaque)
{
	fake_hart_self = opaque;
	hart_loop();
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void pass_time(void)
{
	uint64_t now = __atomic_add_fetch(&fake_now, 5, __ATOMIC_SEQ_CST);

	for (unsigned int i = 0; i < HARTS; i++)
		if (__atomic_load_n(&fake_timer[i], __ATOMIC_SEQ_CST) <= now)
			sem_post(&interrupts[i]);
	sched_yield();
}

/* ---- harts that come and go ---- */

static uint32_t parked_harts; /* one bit a hart: the firmware has it */
static bool stop_fails;

const char *arch_hart_init(struct hart *hart)
{
	return hart == fake_hart_self ? NULL : "not itself";
}

void arch_hart_release(struct hart *hart)
{
	assert_ptr_equal(hart, fake_hart_self);
}

long arch_hart_stop(void)
{
	if (__atomic_exchange_n(&stop_fails, false, __ATOMIC_SEQ_CST))
		return -3;
	__atomic_fetch_or(&parked_harts, BIT(fake_hart_self->index), __ATOMIC_SEQ_CST);
	pthread_exit(NULL);
}

bool arch_hart_stopped(const struct hart *hart)
{
	return __atomic_load_n(&parked_harts, __ATOMIC_SEQ_CST) >> hart->index & 1;
}

static void *hart_comes(void *opaque)
{
	fake_hart_self = opaque;
	init_secondary(fake_hart_self->id);
}

long arch_hart_start(struct hart *hart)
{
	pthread_join(threads[hart->index], NULL);
	__atomic_fetch_and(&parked_harts, ~BIT(hart->index), __ATOMIC_SEQ_CST);
	return pthread_create(&threads[hart->index], NULL, hart_comes, hart) ? -1 : 0;
}

void irqchip_hart_init(void)
{
}

struct hartset hart_files_free_set;

void intfile_hart_leave(struct hart *hart)
{
}

void intfile_hart_join(struct hart *hart)
{
}

struct vm *vm_next(struct vm *vm)
{
	return NULL;
}

void thread_sleep(uint64_t us)
{
	pass_time();
}

void thread_yield(void)
{
	abort(); /* whoever asks here is none of the harts that go */
}

#define SILENT(name)                    \
	void name(const char *fmt, ...) \
	{                               \
	}

SILENT(log_info)
SILENT(log_warn)
SILENT(log_error)

static bool is_held_now(struct vcpu *vcpu, uint64_t unused)
{
	return sched_held(&vcpu->sched);
}

static bool has_run_since(struct vcpu *vcpu, uint64_t runs)
{
	return __atomic_load_n(&guests[vcpu->index].runs, __ATOMIC_SEQ_CST) != runs;
}

static void wait_until(bool (*done)(struct vcpu *vcpu, uint64_t value), struct vcpu *vcpu,
		       uint64_t value)
{
	double end = seconds() + PATIENCE_S;

	while (!done(vcpu, value)) {
		if (seconds() > end)
			fail_msg("vCPU %u: state %u, hold %u, on %d", vcpu->index,
				 vcpu->sched.state, vcpu->sched.hold, guests[vcpu->index].on);
		pass_time();
	}
}

static bool is_settled(struct vcpu *vcpu, uint64_t unused)
{
	return sched_settled(&vcpu->sched);
}

static bool runs_where_it_may(struct vcpu *vcpu, uint64_t unused)
{
	int on = __atomic_load_n(&guests[vcpu->index].on, __ATOMIC_SEQ_CST);

	return on < 0 || hartset_has(&vcpu->sched.affinity, (unsigned int)on);
}

/* Told something, and unparked if it parked itself, a guest above the spinners runs. */
static void must_run(struct vcpu *vcpu)
{
	uint64_t runs = __atomic_load_n(&guests[vcpu->index].runs, __ATOMIC_SEQ_CST);
	double end = seconds() + PATIENCE_S;

	notify(vcpu);
	while (!has_run_since(vcpu, runs)) {
		sched_unpark(&vcpu->sched);
		if (seconds() > end)
			wait_until(has_run_since, vcpu, runs);
		pass_time();
	}
}

static void must_be_held(struct vcpu *vcpu)
{
	sched_hold(&vcpu->sched);
	wait_until(is_held_now, vcpu, 0);
	assert_int_equal(guests[vcpu->index].on, -1);
	sched_release(&vcpu->sched);
	sched_unpark(&vcpu->sched);
}

static int setup(void **state)
{
	fake_hart_reset();
	fake_arena_add(MIB(1));
	fake_wait_hook = hart_waits;
	fake_kick_hook = kicked;
	hart_count = HARTS;
	boot_hart = harts[0];
	srand(1);
	quitting = asking = telling = stop_fails = false;
	parked_harts = 0;
	for (unsigned int i = 0; i < HARTS; i++) {
		harts[i] = &fake_harts[i];
		assert_int_equal(sched_hart_init(harts[i]), 0);
		assert_int_equal(timer_hart_init(harts[i]), 0);
		sem_init(&interrupts[i], 0, 0);
		ipis[i] = 0;
	}
	fake_hart_self = &fake_harts[FAKE_HARTS - 1];
	memset(vcpus, 0, sizeof(vcpus));
	memset(guests, 0, sizeof(guests));
	for (unsigned int i = 0; i < GUESTS; i++) {
		vcpus[i].index = i;
		guests[i].on = -1;
		sched_entity_init(&vcpus[i].sched, SCHED_VCPU, i < SPINNERS ? 2 + i % 2 : 4 + i % 2,
				  SLICE);
	}
	for (unsigned int i = 0; i < HARTS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hart_main, harts[i]), 0);
	return 0;
}

static int teardown(void **state)
{
	for (unsigned int i = 0; i < GUESTS; i++) {
		sched_hold(&vcpus[i].sched);
		wait_until(is_held_now, &vcpus[i], 0);
	}
	__atomic_store_n(&quitting, true, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < HARTS; i++) {
		kicked(i);
		pthread_join(threads[i], NULL);
		assert_int_equal(sched_waiting(harts[i]), 0);
		assert_int_equal(harts[i]->lock_ranks, 0);
	}
	hart_count = 0;
	return 0;
}

static void no_wake_up_is_lost(void **state)
{
	for (unsigned int i = 0; i < GUESTS; i++)
		sched_unpark(&vcpus[i].sched);
	for (unsigned int step = 0; step < 6000; step++)
		must_run(&vcpus[SPINNERS + (unsigned int)rand() % (GUESTS - SPINNERS)]);
}

/* They wake each other, on the hart of whoever does it and on others. */
static void no_wake_up_among_guests_is_lost(void **state)
{
	telling = true;
	no_wake_up_is_lost(state);
}

static void no_wake_up_of_an_idle_hart_is_lost(void **state)
{
	for (unsigned int i = SPINNERS; i < GUESTS; i++)
		sched_unpark(&vcpus[i].sched);
	for (unsigned int step = 0; step < 6000; step++)
		must_run(&vcpus[SPINNERS + (unsigned int)rand() % (GUESTS - SPINNERS)]);
}

/* All believe to be alone; more of them than harts, of different priorities. */
static void nothing_is_lost_while_guests_wait_themselves(void **state)
{
	uint64_t waits = 0;

	for (unsigned int i = 0; i < GUESTS; i++) {
		sched_set_roomy(&vcpus[i].sched, true);
		sched_unpark(&vcpus[i].sched);
	}
	for (unsigned int step = 0; step < 3000; step++) {
		struct vcpu *vcpu = &vcpus[(unsigned int)rand() % GUESTS];

		if (rand() % 8 == 0)
			must_be_held(vcpu);
		else if (rand() % 8 == 0 && vcpu->index >= SPINNERS)
			sched_set_roomy(&vcpu->sched, rand() % 2);
		else if (vcpu->index >= SPINNERS)
			must_run(vcpu);
	}
	for (unsigned int i = 0; i < GUESTS; i++)
		waits += guests[i].waits;
	assert_true(waits > 0);
}

static void no_hold_is_lost(void **state)
{
	telling = true;
	for (unsigned int i = 0; i < GUESTS; i++)
		sched_unpark(&vcpus[i].sched);
	for (unsigned int step = 0; step < 6000; step++) {
		notify(&vcpus[(unsigned int)rand() % GUESTS]);
		must_be_held(&vcpus[(unsigned int)rand() % GUESTS]);
	}
}

static void no_guest_is_lost_when_affinities_change(void **state)
{
	telling = true;
	for (unsigned int i = 0; i < GUESTS; i++)
		sched_unpark(&vcpus[i].sched);
	for (unsigned int step = 0; step < 6000; step++) {
		struct vcpu *vcpu = &vcpus[(unsigned int)rand() % GUESTS];
		struct hartset set = { .bits = { 1 + (unsigned int)rand() % (BIT(HARTS) - 1) } };

		notify(&vcpus[(unsigned int)rand() % GUESTS]);
		assert_int_equal(sched_set_affinity(&vcpu->sched, &set), 0);
		wait_until(is_settled, vcpu, 0);
		assert_true(runs_where_it_may(vcpu, 0));
		if (vcpu->index >= SPINNERS)
			must_run(vcpu);
		else
			must_be_held(vcpu);
	}
}

/* Hart 0 stays. */
static void nothing_is_lost_when_harts_come_and_go(void **state)
{
	asking = telling = true;
	for (unsigned int i = 0; i < GUESTS; i++)
		sched_unpark(&vcpus[i].sched);
	assert_int_equal(hart_power_off(harts[0]), -EBUSY);
	for (unsigned int step = 0; step < 2000; step++) {
		struct hart *hart = harts[1 + (unsigned int)rand() % (HARTS - 1)];
		struct vcpu *vcpu = &vcpus[(unsigned int)rand() % GUESTS];

		notify(&vcpus[(unsigned int)rand() % GUESTS]);
		if (hart_online(hart)) {
			bool fails = (unsigned int)rand() % 8 == 0;

			__atomic_store_n(&stop_fails, fails, __ATOMIC_SEQ_CST);
			assert_int_equal(hart_power_off(hart), fails ? -EIO : 0);
			assert_int_equal(hart_power_on(hart), fails ? -EINVAL : 0);
			assert_true(hart_online(hart));
			if (!fails)
				assert_int_equal(hart_power_off(hart), 0);
		} else {
			assert_int_equal(hart_power_off(hart), -EINVAL);
			assert_int_equal(hart_power_on(hart), 0);
		}
		if (vcpu->index >= SPINNERS)
			must_run(vcpu);
		else
			must_be_held(vcpu);
		assert_true(guests[vcpu->index].on != (int)hart->index || hart_online(hart));
	}
	for (unsigned int i = 1; i < HARTS; i++)
		if (!hart_online(harts[i]))
			assert_int_equal(hart_power_on(harts[i]), 0);
	assert_true(answers[0] && answers[1] && answers[2]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_wake_up_is_lost),
		TEST(no_wake_up_among_guests_is_lost),
		TEST(no_wake_up_of_an_idle_hart_is_lost),
		TEST(nothing_is_lost_while_guests_wait_themselves),
		TEST(no_hold_is_lost),
		TEST(no_guest_is_lost_when_affinities_change),
		TEST(nothing_is_lost_when_harts_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
