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
	unsigned long end = time_now() + ticks_per_second;

	while (!timer_pending() && time_now() < end)
		;
	return timer_pending();
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

/* Sleeps until the timer interrupt came, or `limit` ticks are over. */
static bool timer_wait(unsigned long limit)
{
	unsigned long *at = &fired_at[this_hart()->id];
	unsigned long end = time_now() + limit;

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
	if (CHECK(timer_wait(5 * ticks_per_second), "%s: did not fire", what))
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
	unsigned long us = ticks_per_second / 1000000;

	test_begin(by_csr ? "stimecmp and sip" : "set_timer and sip");
	csr_clear(CSR_SIE, STIP);
	timer_set(-1ul);
	CHECK(!timer_pending(), "STIP set though the deadline is -1");
	timer_set(time_now() + 300 * us);
	CHECK(becomes_pending(), "STIP clear after the deadline");
	csr_clear(CSR_SIP, STIP);
	CHECK(timer_pending(), "STIP is writable");
	timer_set(time_now() + ticks_per_second);
	CHECK(!timer_pending(), "STIP set after moving the deadline");
	timer_set(0);
	CHECK(becomes_pending(), "STIP clear for a deadline of 0");
	timer_set(-1ul);
	CHECK(!timer_pending(), "STIP set after cancelling");
	timer_set(time_now() + 500 * us);
	timer_set(-1ul);
	delay_us(2000);
	CHECK(!timer_pending(), "a cancelled timer fired");
	timer_set(time_now() + ticks_per_second * 3600);
	timer_set(time_now() + 200 * us);
	CHECK(becomes_pending(), "a deadline moved forward did not fire");
	timer_set(-1ul);
	test_end();
}

/* WFI ends when the timer is pending and enabled in sie, also with sstatus.SIE clear. */
static void test_wfi(void)
{
	unsigned long start, us = ticks_per_second / 1000000;

	test_begin(by_csr ? "stimecmp wakes wfi" : "set_timer wakes wfi");
	irq_disable();
	csr_set(CSR_SIE, STIP);
	for (int i = 0; i < 5; i++) {
		start = time_now();
		timer_set(start + 5000 * us);
		while (!timer_pending() && time_now() < start + 5 * ticks_per_second)
			wfi();
		CHECK(timer_pending(), "no interrupt pending after wfi");
		CHECK(time_now() >= start + 5000 * us, "woken early");
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
		unsigned long deadline = time_now() + (500 + 100 * id) * us;

		fired_at[id] = 0;
		timer_set(deadline);
		if (!timer_wait(5 * ticks_per_second) || fired_at[id] < deadline)
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
		test_begin("stimecmp");
		test_skip("no sstc in the device tree");
		test_end();
	}
}
