/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC with several harts: racing claims have one winner, and of interrupts of the UART and of
 * the RTC to all harts none is lost and none comes twice. Counters are atomic.
 */
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/plic.h"
#include "lib/sbi.h"
#include "lib/test.h"
#include "plic_parts.h"

#include <stddef.h>

#define SEIP (1ul << IRQ_SEI)
#define SSIP (1ul << IRQ_SSI)
#define STIP (1ul << IRQ_STI)

static struct barrier barrier;

/* This hart has the UART's interrupt. OpenSBI closes the context of a hart that it starts. */
static void context_open(void)
{
	plic_write(PLIC_THRESHOLD(PLIC_S(this_hart()->id)), 0);
	plic_enable(PLIC_S(this_hart()->id), uart_source, true);
}

/* ---- claims of all harts at once ---- */

static unsigned long wins, doubles;
static unsigned int in_service;

static void race(void *argument)
{
	unsigned long rounds = *(const unsigned long *)argument;
	unsigned int context = PLIC_S(this_hart()->id);

	context_open();
	barrier_wait(&barrier, hart_count);
	while (__atomic_load_n(&wins, __ATOMIC_RELAXED) < rounds) {
		if (plic_read(PLIC_CLAIM(context)) != uart_source)
			continue;
		if (__atomic_add_fetch(&in_service, 1, __ATOMIC_SEQ_CST) != 1)
			__atomic_add_fetch(&doubles, 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&wins, 1, __ATOMIC_SEQ_CST);
		if (bare)
			uart_raise();
		__atomic_sub_fetch(&in_service, 1, __ATOMIC_SEQ_CST);
		plic_write(PLIC_CLAIM(context), uart_source);
	}
}

void test_racing_claims(void)
{
	unsigned long rounds = args_number("races", 1000);

	test_begin("racing claims");
	devices_open();
	plic_write(PLIC_PRIORITY(uart_source), 1);
	uart_raise();
	CHECK(harts_run(hart_count, race, &rounds, 60), "a hart did not start or stop");
	CHECK_EQ(doubles, 0, "claims by two harts");
	CHECK(wins >= rounds, "%lu claims", wins);
	all_quiet();
	test_end();
}

/* ---- interrupts to all harts: none is lost, none comes twice ---- */

static unsigned long served[2]; /* by device: UART, RTC */
static unsigned long completed, empty, stray;
static unsigned long producer; /* the hart that raises */
static bool stop;

static void serve(unsigned int device, void (*lower)(void))
{
	lower();
	/* Whoever raises may do so again at once: before the completion. */
	__atomic_add_fetch(&served[device], 1, __ATOMIC_SEQ_CST);
}

static bool on_interrupt(struct frame *frame)
{
	unsigned int context = PLIC_S(this_hart()->id);
	uint32_t source;

	(void)frame;
	if (this_hart()->last_cause == IRQ_SSI) {
		csr_clear(CSR_SIP, SSIP);
		return true;
	}
	if (this_hart()->last_cause == IRQ_STI) {
		sbi_set_timer(-1ul);
		return true;
	}
	if (this_hart()->last_cause != IRQ_SEI)
		return false;
	source = plic_read(PLIC_CLAIM(context));
	if (source == uart_source)
		serve(0, uart_lower);
	else if (source == rtc_source)
		serve(1, rtc_lower);
	else
		__atomic_add_fetch(source ? &stray : &empty, 1, __ATOMIC_SEQ_CST);
	if (source) {
		plic_write(PLIC_CLAIM(context), source);
		__atomic_add_fetch(&completed, 1, __ATOMIC_SEQ_CST);
		if (this_hart()->id != producer)
			sbi_send_ipi(1, producer);
	}
	return true;
}

static void take(void *argument)
{
	(void)argument;
	this_hart()->on_interrupt = on_interrupt;
	context_open();
	barrier_wait(&barrier, hart_count);
	csr_write(CSR_SIE, SEIP | SSIP);
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		wfi();
		irq_enable();
		irq_disable();
	}
}

/* Sleeps until then: whoever counts tells. */
static bool reaches(const unsigned long *counter, unsigned long count)
{
	unsigned long end = time_now() + WAIT_TICKS(20);

	irq_disable();
	while (__atomic_load_n(counter, __ATOMIC_SEQ_CST) != count && time_now() < end) {
		sbi_set_timer(end);
		wfi();
		irq_enable();
		irq_disable();
	}
	irq_enable();
	return __atomic_load_n(counter, __ATOMIC_SEQ_CST) == count;
}

/* From now on the next hart takes the RTC's interrupts. Only who enables it may complete it. */
static void rtc_wander(unsigned long step)
{
	for (unsigned int i = 0; i < hart_count; i++)
		plic_enable(PLIC_S(hart_ids[i]), rtc_source, i == step % hart_count);
}

static void raise_all(unsigned long count)
{
	void (*const raise[])(void) = { uart_raise, rtc_raise };
	unsigned long raised[2] = { 0, 0 };

	irq_enable();
	for (unsigned long i = 0; i < count; i++) {
		unsigned int device = i & 1;

		if (!CHECK(reaches(&served[device], raised[device]), "interrupt %lu is lost", i))
			break;
		if (i % 64 == 0) {
			CHECK(reaches(&completed, i), "interrupt %lu has no end", i);
			rtc_wander(i / 64);
		}
		raised[device]++;
		raise[device]();
	}
	CHECK(reaches(&completed, raised[0] + raised[1]), "the last interrupt is lost");
	delay_us(10000);
	irq_disable();
	CHECK_EQ(served[0] + served[1], raised[0] + raised[1], "interrupts");
	CHECK_EQ(stray, 0, "claims of other sources");
}

void test_none_lost(void)
{
	unsigned long count = args_number("count", 2000);
	unsigned long self = this_hart()->id;
	bool ok = true;

	test_begin("none lost");
	devices_open();
	plic_write(PLIC_PRIORITY(uart_source), 3);
	plic_write(PLIC_PRIORITY(rtc_source), 4);
	context_open();
	this_hart()->on_interrupt = on_interrupt;
	producer = self;
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != self)
			ok &= hart_start(hart_ids[i], take, NULL) == 0;
	barrier_wait(&barrier, hart_count);
	csr_write(CSR_SIE, SEIP | SSIP | STIP);
	raise_all(count);
	sbi_set_timer(-1ul);
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	sbi_send_ipi(0, -1ul);
	csr_clear(CSR_SIP, SSIP);
	csr_write(CSR_SIE, 0);
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != self)
			ok &= hart_join(hart_ids[i], 10);
	CHECK(ok, "a hart did not start or stop");
	all_quiet();
	print("plic: %lu interrupts of the uart, %lu of the rtc, %lu empty claims", served[0],
	      served[1], empty);
	test_end();
}
