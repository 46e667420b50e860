/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hart state management: start, stop, status and suspend of all harts, the state that a hart is
 * started with, every error, and a race of starts against stops. Argument: storm=<n> (1000).
 */
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "hsm";

#define SSIP (1ul << IRQ_SSI)
#define STIP (1ul << IRQ_STI)

static bool bare;
static unsigned long self, peer;
static volatile bool running, leave;
static volatile unsigned long visits;

static void visit(void *argument)
{
	visits += (unsigned long)argument;
}

/* Stays until told to leave. */
static void stay(void *argument)
{
	(void)argument;
	running = true;
	while (!leave)
		relax();
}

static long suspend(unsigned long type, unsigned long address, unsigned long opaque)
{
	return sbi_call(SBI_HSM, 3, type, address, opaque).error;
}

/* What a start gives while the hart is in any other state than STOPPED. */
static bool refusal(long error)
{
	/* While it is on its way to stopped nothing fits better than FAILED (SBI 3.0, HSM). */
	return error == SBI_ERR_ALREADY_AVAILABLE ||
	       error == (bare ? SBI_ERR_INVALID_PARAM : SBI_ERR_FAILED);
}

static void test_errors(void)
{
	static const unsigned long bad_types[] = { 1, 0x0fffffff, 0x80000001, 0x8fffffff };
	unsigned long unknown = hart_ids[hart_count - 1] + 1;
	unsigned long entry = (unsigned long)hart_entry;

	test_begin("errors");
	CHECK_EQ(sbi_hart_status(self), HSM_STARTED, "state of this hart");
	CHECK_EQ(sbi_hart_status(unknown), SBI_ERR_INVALID_PARAM, "state of an unknown hart");
	CHECK_EQ(sbi_hart_status(-1ul), SBI_ERR_INVALID_PARAM, "state of hart -1");
	if (!bare) /* OpenSBI cuts ids off. */
		CHECK_EQ(sbi_hart_status(1ul << 32), SBI_ERR_INVALID_PARAM, "state of hart 2^32");
	CHECK_EQ(sbi_hart_start(self, entry, 0), SBI_ERR_ALREADY_AVAILABLE, "start of this hart");
	CHECK_EQ(sbi_hart_start(unknown, entry, 0), SBI_ERR_INVALID_PARAM, "start of an unknown");
	CHECK_EQ(sbi_hart_start(-1ul, entry, 0), SBI_ERR_INVALID_PARAM, "start of hart -1");
	for (unsigned int i = 0; i < sizeof(bad_types) / sizeof(bad_types[0]); i++)
		CHECK_EQ(suspend(bad_types[i], entry, 0), SBI_ERR_INVALID_PARAM,
			 "suspend of a reserved type");
	CHECK(suspend(0x10000000, 0, 0) < 0, "suspend of a platform type works");
	CHECK(suspend(0x90000000, 0, 0) < 0, "suspend of a platform type works");
	if (!bare) {
		CHECK_EQ(suspend(HSM_SUSPEND_NON_RETENTIVE, 0x10000000, 0), SBI_ERR_INVALID_ADDRESS,
			 "suspend with a device as resume address");
		CHECK_EQ(suspend(HSM_SUSPEND_NON_RETENTIVE, -1ul, 0), SBI_ERR_INVALID_ADDRESS,
			 "suspend with resume address -1");
	}
	test_end();
	test_begin("start at a bad address");
	if (hart_count < 2 || bare) {
		test_skip(bare ? "OpenSBI takes any" : "one hart only");
	} else {
		CHECK_EQ(sbi_hart_start(peer, 0x10000000, 0), SBI_ERR_INVALID_ADDRESS, "a device");
		CHECK_EQ(sbi_hart_start(peer, 0x08000000, 0), SBI_ERR_INVALID_ADDRESS, "nothing");
		CHECK_EQ(sbi_hart_start(peer, -1ul, 0), SBI_ERR_INVALID_ADDRESS, "-1");
		CHECK_EQ(sbi_hart_start(peer, 1ul << 60, 0), SBI_ERR_INVALID_ADDRESS, "2^60");
		CHECK_EQ(sbi_hart_status(peer), HSM_STOPPED, "state after refused starts");
	}
	test_end();
}

static void test_start(void)
{
	test_begin("start and stop of each hart");
	for (int round = 0; round < 10; round++) {
		for (unsigned int i = 0; i < hart_count; i++) {
			struct hart *hart = &harts[hart_ids[i]];
			unsigned long before = visits;

			if (hart->id == self || hart_ids[i] == self)
				continue;
			CHECK_EQ(sbi_hart_status(hart_ids[i]), HSM_STOPPED, "state before");
			CHECK_EQ(hart_start(hart_ids[i], visit, (void *)3), 0, "error of start");
			CHECK(hart_join(hart_ids[i], 5), "hart %lu does not end", hart_ids[i]);
			CHECK_EQ(visits, before + 3, "what the hart did");
			CHECK_EQ(hart->start_a0, hart_ids[i], "a0");
			CHECK_EQ(hart->start_satp, 0, "satp");
			CHECK(!(hart->start_sstatus & SSTATUS_SIE), "SIE is set");
		}
	}
	test_end();
	test_begin("state of a running hart");
	if (hart_count < 2) {
		test_skip("one hart only");
	} else {
		running = leave = false;
		CHECK_EQ(hart_start(peer, stay, NULL), 0, "error of start");
		CHECK(wait_for(running, 5), "the hart does not run");
		CHECK_EQ(sbi_hart_status(peer), HSM_STARTED, "state");
		CHECK_EQ(sbi_hart_start(peer, (unsigned long)hart_entry, 0),
			 SBI_ERR_ALREADY_AVAILABLE, "second start");
		leave = true;
		CHECK(hart_join(peer, 5), "the hart does not end");
	}
	test_end();
}

static void test_all_at_once(void)
{
	bool ok = true;

	test_begin("all harts at once");
	for (int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < hart_count; i++)
			if (hart_ids[i] != self)
				ok &= hart_start(hart_ids[i], visit, (void *)0) == 0;
		for (unsigned int i = 0; i < hart_count; i++)
			if (hart_ids[i] != self)
				ok &= hart_join(hart_ids[i], 10);
	}
	CHECK(ok, "a hart did not start or end");
	test_end();
}

static void stop_now(void *argument)
{
	(void)argument;
	sbi_call(SBI_HSM, 1, 0, 0, 0);
	panic("hart_stop returned");
}

/* One hart stops itself over and over while this one starts it as soon as it may. */
static void test_storm(void)
{
	unsigned long rounds = args_number("storm", 1000), refused = 0;

	if (!test_begin_if("storm of starts and stops", hart_count > 1, "one hart only"))
		return;
	visits = 0;
	for (unsigned long round = 0; round < rounds; round++) {
		unsigned long end = time_now() + WAIT_TICKS(5);
		struct hart *hart = &harts[peer];
		long error;

		if (round == 0)
			CHECK_EQ(hart_start(peer, stop_now, NULL), 0, "first start");
		hart->function = stop_now;
		while ((error = sbi_hart_start(peer, (unsigned long)hart_entry,
					       (unsigned long)hart)) != 0) {
			refused++;
			if (!CHECK(refusal(error), "start gives %ld", error) ||
			    !CHECK(time_now() < end, "the hart does not stop"))
				break;
			if (refused % 8 == 0)
				relax();
		}
		if (error)
			break;
	}
	CHECK(wait_for(sbi_hart_status(peer) == HSM_STOPPED, 5), "the hart does not stop");
	print("  %lu starts, %lu refused", rounds, refused);
	test_end();
}

/* Watches the states of all harts while they change: only defined ones may show. */
static void test_status_race(void)
{
	if (!test_begin_if("states during starts and stops", hart_count > 1, "one hart only"))
		return;
	for (int round = 0; round < 50; round++) {
		unsigned long end = time_now() + WAIT_TICKS(5);
		bool seen_end = false;
		long state;

		hart_start(peer, visit, NULL);
		while (!seen_end && time_now() < end) {
			state = sbi_hart_status(peer);
			CHECK(state >= HSM_STARTED && state <= HSM_STOP_PENDING, "state %ld",
			      state);
			seen_end = state == HSM_STOPPED;
			relax();
		}
		CHECK(seen_end, "the hart does not stop");
		hart_join(peer, 5);
	}
	test_end();
}

static void test_retentive(void)
{
	unsigned long us = ticks_per_second / 1000000;

	test_begin("retentive suspend");
	csr_write(CSR_SIE, STIP);
	for (int i = 0; i < 10; i++) {
		sbi_set_timer(time_now() + 3000 * us);
		CHECK_EQ(suspend(HSM_SUSPEND_RETENTIVE, 0, 0), 0, "error of suspend");
		/* It may end early, like WFI. */
		CHECK(wait_by(wfi(), csr_read(CSR_SIP) & STIP, 5), "no timer interrupt is pending");
	}
	/* With an interrupt pending it returns at once. */
	CHECK_EQ(suspend(HSM_SUSPEND_RETENTIVE, 0, 0), 0, "error of suspend");
	sbi_set_timer(-1ul);
	csr_write(CSR_SIE, 0);
	test_end();
}

static void suspend_until_timer(void)
{
	unsigned long us = ticks_per_second / 1000000;
	struct hart *hart = this_hart();

	csr_write(CSR_SIE, STIP);
	sbi_set_timer(time_now() + 2000 * us);
	CHECK_EQ(hart_suspend(SBI_HSM, HSM_SUSPEND_NON_RETENTIVE), HART_RESUMED,
		 "what suspend returned");
	sbi_set_timer(-1ul);
	csr_write(CSR_SIE, 0);
	CHECK_EQ(hart->start_a0, hart->id, "a0 after resume");
	CHECK_EQ(hart->start_satp, 0, "satp after resume");
	CHECK(!(hart->start_sstatus & SSTATUS_SIE), "SIE is set after resume");
}

static void test_non_retentive(void)
{
	test_begin("non-retentive suspend");
	for (int i = 0; i < 5; i++)
		suspend_until_timer();
	test_end();
}

static void sleeper(void *argument)
{
	(void)argument;
	this_hart()->on_interrupt = NULL;
	csr_write(CSR_SIE, SSIP);
	running = true;
	while (!(csr_read(CSR_SIP) & SSIP))
		suspend(HSM_SUSPEND_RETENTIVE, 0, 0);
	csr_clear(CSR_SIP, SSIP);
}

static void test_remote_suspend(void)
{
	if (!test_begin_if("state of a suspended hart", hart_count > 1, "one hart only"))
		return;
	for (int i = 0; i < 10; i++) {
		running = false;
		CHECK_EQ(hart_start(peer, sleeper, NULL), 0, "error of start");
		CHECK(wait_for(running, 5), "the hart does not run");
		CHECK(wait_for(sbi_hart_status(peer) == HSM_SUSPENDED, 5), "state is %ld",
		      sbi_hart_status(peer));
		CHECK(refusal(sbi_hart_start(peer, (unsigned long)hart_entry, 0)),
		      "a suspended hart can be started");
		CHECK_EQ(sbi_send_ipi(1, peer), 0, "error of send_ipi");
		CHECK(hart_join(peer, 5), "an IPI does not end the suspension");
	}
	test_end();
}

void payload_main(void)
{
	bare = sbi_is_bare();
	self = this_hart()->id;
	peer = hart_peer();
	print("  %u harts, this is hart %lu", hart_count, self);
	test_errors();
	test_start();
	test_all_at_once();
	test_storm();
	test_status_race();
	test_retentive();
	test_non_retentive();
	test_remote_suspend();
}
