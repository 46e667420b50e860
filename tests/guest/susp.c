/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System suspend: each error, and that an interrupt which is enabled ends it at the address and
 * with the registers that the caller named. Arguments: ms=<n> is how long it sleeps each time (2),
 * rounds=<n> how often (20).
 */
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "susp";

#define SSIP (1ul << IRQ_SSI)
#define STIP (1ul << IRQ_STI)

#define TO_RAM 0ul

static unsigned long self, peer;
static volatile bool running, leave;

static __attribute__((noinline)) long suspend(unsigned long type, unsigned long address,
					      unsigned long opaque)
{
	return sbi_call(SBI_SUSP, 0, type, address, opaque).error;
}

static void test_errors(void)
{
	static const unsigned long types[] = { 1, 0x7fffffff, 0x80000000, 0xffffffff };
	static const unsigned long addresses[] = {
		0x10000000, 0x08000000, 0, -1ul, -2ul, 1ul << 60
	};
	unsigned long entry = (unsigned long)hart_entry;

	test_begin("errors");
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		CHECK_EQ(suspend(types[i], entry, 0), SBI_ERR_INVALID_PARAM, "other type");
		CHECK_EQ(suspend(types[i], 0, 0), SBI_ERR_INVALID_PARAM, "other type, bad address");
	}
	for (unsigned int i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		CHECK_EQ(suspend(TO_RAM, addresses[i], 0), SBI_ERR_INVALID_ADDRESS, "bad address");
	CHECK_EQ(suspend(TO_RAM, entry + 1, 0), SBI_ERR_INVALID_ADDRESS, "odd address");
	CHECK_EQ(sbi_call(SBI_SUSP, 1, 0, entry, 0).error, SBI_ERR_NOT_SUPPORTED, "function 1");
	CHECK_EQ(sbi_call(SBI_SUSP, -1ul, 0, entry, 0).error, SBI_ERR_NOT_SUPPORTED, "function -1");
	test_end();
}

static void stay(void *argument)
{
	(void)argument;
	running = true;
	while (!leave)
		relax();
}

static void sleeper(void *argument)
{
	(void)argument;
	csr_write(CSR_SIE, SSIP);
	running = true;
	while (!(csr_read(CSR_SIP) & SSIP))
		sbi_call(SBI_HSM, 3, HSM_SUSPEND_RETENTIVE, 0, 0);
	csr_clear(CSR_SIP, SSIP);
}

static void test_denied(void)
{
	unsigned long entry = (unsigned long)hart_entry;

	if (!test_begin_if("denied while another hart is not stopped", hart_count > 1,
			   "one hart only"))
		return;
	running = leave = false;
	CHECK_EQ(hart_start(peer, stay, NULL), 0, "error of start");
	CHECK_EQ(suspend(TO_RAM, entry, 0), SBI_ERR_DENIED, "while it may be starting");
	CHECK(wait_for(running, 5), "the hart does not run");
	CHECK_EQ(suspend(TO_RAM, entry, 0), SBI_ERR_DENIED, "while it runs");
	leave = true;
	CHECK(hart_join(peer, 5), "the hart does not end");
	running = false;
	CHECK_EQ(hart_start(peer, sleeper, NULL), 0, "error of start");
	CHECK(wait_for(sbi_hart_status(peer) == HSM_SUSPENDED, 5), "the hart does not sleep");
	CHECK_EQ(suspend(TO_RAM, entry, 0), SBI_ERR_DENIED, "while it is suspended");
	CHECK_EQ(sbi_send_ipi(1, peer), 0, "error of send_ipi");
	CHECK(hart_join(peer, 5), "the hart does not end");
	test_end();
}

/* Sleeps with the interrupts @enabled, and checks the state that it resumes with. */
static void suspend_once(unsigned long enabled)
{
	struct hart *hart = this_hart();

	csr_write(CSR_SIE, enabled);
	CHECK_EQ(hart_suspend(SBI_SUSP, TO_RAM), HART_RESUMED, "what suspend returned");
	csr_write(CSR_SIE, 0);
	CHECK_EQ(hart->start_a0, hart->id, "a0 after resume");
	CHECK_EQ(hart->start_satp, 0, "satp after resume");
	CHECK(!(hart->start_sstatus & SSTATUS_SIE), "SIE is set after resume");
}

static void test_timer(void)
{
	unsigned long ticks = args_number("ms", 2) * (ticks_per_second / 1000);
	unsigned long rounds = args_number("rounds", 20);

	test_begin("a timer ends it");
	for (unsigned long i = 0; i < rounds; i++) {
		unsigned long start = time_now();

		print("suspend %lu", i);
		sbi_set_timer(start + ticks);
		suspend_once(STIP);
		CHECK(time_now() >= start + ticks, "it ended early");
		CHECK(csr_read(CSR_SIP) & STIP, "no timer interrupt is pending");
		CHECK_EQ(sbi_hart_status(self), HSM_STARTED, "state after resume");
	}
	sbi_set_timer(-1ul);
	test_end();
}

static void test_pending(void)
{
	unsigned long ms = ticks_per_second / 1000, start;

	test_begin("what is pending ends it at once");
	csr_set(CSR_SIP, SSIP);
	suspend_once(SSIP);
	/* Pending, but not enabled: that does not. */
	start = time_now();
	sbi_set_timer(start + 5 * ms);
	suspend_once(STIP);
	CHECK(time_now() >= start + 5 * ms, "an interrupt that is not enabled ended it");
	csr_clear(CSR_SIP, SSIP);
	sbi_set_timer(-1ul);
	test_end();
}

static void count(void *argument)
{
	(*(volatile unsigned long *)argument)++;
}

static void test_after(void)
{
	unsigned long visits = 0;

	test_begin("harts start after it");
	for (unsigned int i = 0; i < hart_count; i++) {
		if (hart_ids[i] == self)
			continue;
		CHECK_EQ(sbi_hart_status(hart_ids[i]), HSM_STOPPED, "state");
		CHECK_EQ(hart_start(hart_ids[i], count, &visits), 0, "error of start");
		CHECK(hart_join(hart_ids[i], 5), "hart %lu does not end", hart_ids[i]);
	}
	CHECK_EQ(visits, hart_count - 1, "visits");
	test_end();
}

void payload_main(void)
{
	self = this_hart()->id;
	peer = hart_peer();
	if (!sbi_call(SBI_BASE, 3, SBI_SUSP, 0, 0).value) {
		test_begin("system suspend");
		CHECK_EQ(suspend(TO_RAM, (unsigned long)hart_entry, 0), SBI_ERR_NOT_SUPPORTED,
			 "error of suspend");
		test_skip("the extension is not there");
		test_end();
		return;
	}
	test_errors();
	test_denied();
	test_timer();
	test_pending();
	test_after();
}
