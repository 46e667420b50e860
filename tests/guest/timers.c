/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer, through SBI set_timer and (with Sstc) through stimecmp, on every hart: fires, not
 * early, re-arms, is cancelled, fires at once for a time that has passed, wakes WFI.
 */
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "timers";

#define STIP (1ul << IRQ_STI)

static bool by_csr;
static unsigned long fired_at[MAX_HARTS];
static unsigned long errors[MAX_HARTS];

static void timer_set(unsigned long deadline)
{
	if (by_csr)
		csr_write(CSR_STIMECMP, deadline);
	else
		sbi_set_timer(deadline);
}

static bool timer_pending(void)
{
	return csr_read(CSR_SIP) & STIP;
}

/* The interrupt may become pending a little after its time. */
static bool becomes_pending(void)
{
	return spin_for(timer_pending(), 5);
}

/*
 * A deadline that is moved @ticks on, again and again, before the first of them is due: when QEMU's
 * timer is due just then it forgets that it was moved. Returns the last one.
 */
static unsigned long timer_move(unsigned long ticks, unsigned long moves)
{
	unsigned long first, deadline;

	do {
		first = deadline = time_now() + ticks_per_second / 50;
		timer_set(deadline);
		for (unsigned long n = 0; n < moves; n++)
			timer_set(deadline += ticks);
	} while (time_now() >= first);
	return deadline;
}

static bool on_timer(struct frame *frame)
{
	struct hart *hart = this_hart();

	(void)frame;
	if (hart->last_cause != IRQ_STI)
		return false;
	fired_at[hart->id] = time_now();
	timer_set(-1ul);
	return true;
}

/* Sleeps until the timer interrupt came; false when it did not. */
static bool timer_wait(void)
{
	unsigned long *at = &fired_at[this_hart()->id];
	unsigned long end = time_now() + WAIT_TICKS(5);

	while (!*(volatile unsigned long *)at && time_now() < end) {
		wfi();
		irq_enable();
		irq_disable();
	}
	return *at != 0;
}

static void timer_expect(unsigned long deadline, const char *what)
{
	unsigned long *at = &fired_at[this_hart()->id];

	*at = 0;
	csr_set(CSR_SIE, STIP);
	timer_set(deadline);
	if (CHECK(timer_wait(), "%s: did not fire", what))
		CHECK(*at >= deadline, "%s: %lu ticks early", what, deadline - *at);
	csr_clear(CSR_SIE, STIP);
}

static void test_fires(void)
{
	unsigned long us = ticks_per_second / 1000000;

	test_begin(by_csr ? "stimecmp fires in time" : "set_timer fires in time");
	for (unsigned long delay = 1; delay <= 100000; delay *= 10)
		timer_expect(time_now() + delay * us, "a deadline to come");
	timer_expect(time_now(), "a deadline of now");
	timer_expect(time_now() - 1000, "a deadline that has passed");
	timer_expect(0, "a deadline of 0");
	test_end();
}

static void test_pending(void)
{
	unsigned long deadline, us = ticks_per_second / 1000000;

	test_begin(by_csr ? "stimecmp and sip" : "set_timer and sip");
	csr_clear(CSR_SIE, STIP);
	timer_set(-1ul);
	CHECK(!timer_pending(), "STIP set though the deadline is -1");
	timer_set(time_now() + 300 * us);
	CHECK(becomes_pending(), "STIP clear after the deadline");
	csr_clear(CSR_SIP, STIP);
	CHECK(timer_pending(), "STIP is writable");
	timer_set(time_now() + ticks_per_second * 3600);
	CHECK(!timer_pending(), "STIP set after moving the deadline");
	timer_set(0);
	CHECK(becomes_pending(), "STIP clear for a deadline of 0");
	timer_set(-1ul);
	CHECK(!timer_pending(), "STIP set after cancelling");
	do {
		deadline = time_now() + 20000 * us;
		timer_set(deadline);
		timer_set(-1ul);
	} while (time_now() >= deadline);
	delay_us(25000);
	CHECK(!timer_pending(), "a cancelled timer fired");
	timer_set(time_now() + ticks_per_second * 3600);
	timer_set(time_now() + 200 * us);
	CHECK(becomes_pending(), "a deadline moved forward did not fire");
	timer_set(-1ul);
	test_end();
}

/* Guests mostly move a deadline away before it comes. */
static void test_moved_away(void)
{
	unsigned long deadline, us = ticks_per_second / 1000000;

	test_begin(by_csr ? "stimecmp moved away" : "set_timer moved away");
	csr_clear(CSR_SIE, STIP);
	for (unsigned long i = 0; i < 20; i++) {
		deadline = timer_move(50 * us, i);
		CHECK(becomes_pending(), "moved %lu times: did not fire", i);
		CHECK(time_now() >= deadline, "moved %lu times: %lu ticks early", i,
		      deadline - time_now());
		timer_set(-1ul);
		CHECK(!timer_pending(), "moved %lu times: pending after it", i);
	}
	/* When the first of several came already, and none is wanted any more. */
	timer_move(ticks_per_second * 3600, 1);
	delay_us(25000);
	CHECK(!timer_pending(), "the deadline that was moved away fired");
	timer_set(-1ul);
	CHECK(!timer_pending(), "pending after cancelling");
	test_end();
}

/* WFI ends when the timer is pending and enabled in sie, also with sstatus.SIE clear. */
static void test_wfi(void)
{
	unsigned long deadline, us = ticks_per_second / 1000000;

	test_begin(by_csr ? "stimecmp wakes wfi" : "set_timer wakes wfi");
	irq_disable();
	csr_set(CSR_SIE, STIP);
	for (int i = 0; i < 5; i++) {
		deadline = i & 1 ? timer_move(4000 * us, 1) : time_now() + 5000 * us;
		timer_set(deadline);
		CHECK(wait_by(wfi(), timer_pending(), 5), "no interrupt pending after wfi");
		CHECK(time_now() >= deadline, "woken early");
	}
	wfi();
	timer_set(-1ul);
	csr_clear(CSR_SIE, STIP);
	test_end();
}

static void test_rearm(void)
{
	unsigned long us = ticks_per_second / 1000000;
	unsigned long next = time_now();

	test_begin(by_csr ? "stimecmp 200 times" : "set_timer 200 times");
	for (int i = 0; i < 200; i++) {
		next += 1000 * us;
		timer_expect(next, "one of 200");
	}
	test_end();
}

static void hart_timer(void *argument)
{
	unsigned long id = this_hart()->id, us = ticks_per_second / 1000000;

	(void)argument;
	this_hart()->on_interrupt = on_timer;
	errors[id] = 0;
	csr_write(CSR_SIE, STIP);
	for (unsigned long i = 0; i < 50; i++) {
		unsigned long deadline;

		fired_at[id] = 0;
		deadline = i % 3 ? time_now() + (500 + 100 * id) * us : timer_move(400 * us, 1);
		timer_set(deadline);
		if (!timer_wait() || fired_at[id] < deadline)
			errors[id]++;
	}
	csr_write(CSR_SIE, 0);
}

static void test_all_harts(void)
{
	test_begin(by_csr ? "stimecmp on all harts" : "set_timer on all harts");
	CHECK(harts_run(hart_count, hart_timer, NULL, 30), "a hart did not run");
	for (unsigned int i = 0; i < hart_count; i++)
		CHECK(!errors[hart_ids[i]], "hart %lu: %lu wrong of 50", hart_ids[i],
		      errors[hart_ids[i]]);
	test_end();
}

static void test_time(void)
{
	unsigned long last = time_now(), now;

	test_begin("time goes on");
	for (int i = 0; i < 100000; i++) {
		now = time_now();
		CHECK(now >= last, "time went back by %lu", last - now);
		last = now;
	}
	test_end();
}

static void tests(void)
{
	this_hart()->on_interrupt = on_timer;
	test_fires();
	test_pending();
	test_moved_away();
	test_wfi();
	test_rearm();
	test_all_harts();
}

void payload_main(void)
{
	test_time();
	tests();
	by_csr = true;
	if (fdt_has_extension("sstc")) {
		tests();
	} else {
		test_begin_if("stimecmp", false, "no sstc in the device tree");
	}
}
