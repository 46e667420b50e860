/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts that are started while booting: those that come, those that the firmware refuses, those
 * that it says it has started and that never come, or come too late, or are of no use. The
 * firmware is acted out, and so are the harts, by jumps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <arch/boot.h>
#include <core/hart_power.h>
#include <core/intfile.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/timer.h>
#include <core/vm.h>
#include <drivers/irqchip.h>

#define SECOND 10000000 /* ticks */

unsigned int hart_count;
struct hart *harts[MAX_HARTS];
struct hart *boot_hart;
uint64_t timebase = SECOND;

static char logged[1024];
static long answer; /* of the firmware, to a start */
static uint64_t comes_at; /* when the hart begins to run; UINT64_MAX: never */
static const char *unusable; /* what the hart finds out about itself */
static struct hart *started;
static bool ran, stopped;
static jmp_buf hart_is_done;

/* ---- the firmware and the hart ---- */

long arch_hart_start(struct hart *hart)
{
	started = hart;
	return answer;
}

long arch_hart_stop(void)
{
	stopped = true;
	longjmp(hart_is_done, 1);
}

bool arch_hart_stopped(const struct hart *hart)
{
	return true;
}

const char *arch_hart_init(struct hart *hart)
{
	assert_ptr_equal(hart, started);
	return unusable;
}

_Noreturn void hart_loop(void)
{
	ran = true;
	longjmp(hart_is_done, 1);
}

/* The started hart's first steps, on the test's thread. */
static void hart_runs(void)
{
	struct hart *waits = fake_hart_self;

	fake_hart_self = started;
	if (!setjmp(hart_is_done))
		init_secondary(started->id);
	fake_hart_self = waits;
}

static void time_passes(void)
{
	fake_now += SECOND / 1000;
	if (started && fake_now >= comes_at) {
		comes_at = UINT64_MAX;
		hart_runs();
	}
}

/* ---- what else is called ---- */

static void line_add(const char *fmt, va_list args)
{
	size_t length = strlen(logged);

	vsnprintf(logged + length, sizeof(logged) - length, fmt, args);
}

#define LOGGER(name)                    \
	void name(const char *fmt, ...) \
	{                               \
		va_list args;           \
                                        \
		va_start(args, fmt);    \
		line_add(fmt, args);    \
		va_end(args);           \
	}

LOGGER(log_warn)
LOGGER(log_info)
LOGGER(log_error)

void thread_sleep(uint64_t us)
{
	time_passes();
}

void thread_yield(void)
{
}

void irqchip_hart_init(void)
{
}

void timer_program(struct hart *hart, uint64_t slice_end)
{
}

void timer_adopt(struct hart *from)
{
}

void profile_hart_arrive(void)
{
}

void hart_serve(void)
{
}

void hart_kick(struct hart *hart)
{
}

void sched_drain(struct hart *hart)
{
}

void arch_hart_release(struct hart *hart)
{
}

void intfile_hart_leave(struct hart *hart)
{
}

void intfile_hart_join(struct hart *hart)
{
}

void vm_roomy_update(void)
{
}

struct vm *vm_next(struct vm *vm)
{
	return NULL;
}

/* ---- tests ---- */

static int setup(void **state)
{
	fake_hart_reset();
	fake_relax_hook = time_passes;
	hart_count = 3;
	for (unsigned int i = 0; i < hart_count; i++)
		harts[i] = &fake_harts[i];
	boot_hart = harts[0];
	harts[1]->state = harts[2]->state = HART_ABSENT;
	logged[0] = '\0';
	started = NULL;
	unusable = NULL;
	answer = 0;
	comes_at = UINT64_MAX;
	ran = stopped = false;
	return 0;
}

static void one_that_comes_is_online(void **state)
{
	comes_at = SECOND;
	assert_true(hart_start(harts[1]));
	assert_int_equal(harts[1]->state, HART_ONLINE);
	assert_null(harts[1]->absent_reason);
	assert_true(ran);
	assert_string_equal(logged, "");
}

static void one_that_never_comes_is_left_out_in_time(void **state)
{
	assert_false(hart_start(harts[1]));
	assert_in_range(fake_now, 10 * SECOND, 10 * SECOND + SECOND / 10);
	assert_int_equal(harts[1]->state, HART_ABSENT);
	assert_string_equal(harts[1]->absent_reason, "it did not come within ten seconds");
	assert_string_equal(logged,
			    "hart 10: left out: it did not come within ten seconds (error 0)");
	/* The boot goes on with the next. */
	comes_at = fake_now + SECOND;
	assert_true(hart_start(harts[2]));
	assert_int_equal(harts[1]->state, HART_ABSENT);
}

static void one_that_comes_too_late_stays_out(void **state)
{
	assert_false(hart_start(harts[1]));
	hart_runs();
	assert_true(stopped);
	assert_false(ran);
	assert_int_equal(harts[1]->state, HART_ABSENT);
}

static void one_that_the_firmware_refuses_costs_no_time(void **state)
{
	answer = -3;
	assert_false(hart_start(harts[1]));
	assert_true(fake_now < SECOND / 10);
	assert_int_equal(harts[1]->state, HART_ABSENT);
	assert_string_equal(logged, "hart 10: left out: the firmware does not start it (error -3)");
}

static void one_of_no_use_says_why(void **state)
{
	comes_at = SECOND;
	unusable = "it has no hypervisor extension (H)";
	assert_false(hart_start(harts[1]));
	assert_true(fake_now < SECOND + SECOND / 10);
	assert_true(stopped);
	assert_string_equal(logged,
			    "hart 10: left out: it has no hypervisor extension (H) (error 0)");
}

static void one_that_is_off_and_does_not_come_back_stays_off(void **state)
{
	harts[1]->state = HART_OFFLINE;
	assert_int_equal(hart_power_on(harts[1]), -5);
	assert_int_equal(harts[1]->state, HART_OFFLINE);
	comes_at = fake_now + SECOND;
	assert_int_equal(hart_power_on(harts[1]), 0);
	assert_int_equal(harts[1]->state, HART_ONLINE);
	assert_null(harts[1]->absent_reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_that_comes_is_online, setup),
		cmocka_unit_test_setup(one_that_never_comes_is_left_out_in_time, setup),
		cmocka_unit_test_setup(one_that_comes_too_late_stays_out, setup),
		cmocka_unit_test_setup(one_that_the_firmware_refuses_costs_no_time, setup),
		cmocka_unit_test_setup(one_of_no_use_says_why, setup),
		cmocka_unit_test_setup(one_that_is_off_and_does_not_come_back_stays_off, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
