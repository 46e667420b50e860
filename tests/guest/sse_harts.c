/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Software events of other harts: of those that run, wait, are suspended, stop and start; storms of
 * events of which none is lost; hostile arguments.
 */
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"
#include "sse_parts.h"

#include <stddef.h>

static volatile bool ready, leave;

/* Takes local events, one way or another, until told to leave. */
static void receiver(void *how)
{
	unsigned long type = (unsigned long)how;
	long error;

	error = sse_unmask();
	CHECK(!error || bare, "a hart that was started is not masked"); /* OpenSBI keeps that. */
	event_begin(SSE_LOCAL, event_count, 0);
	ready = true;
	csr_write(CSR_SIE, type == 2 ? 0 : STIP);
	while (!leave)
		if (type == 1)
			wfi();
		else if (type == 2)
			sbi_call(SBI_HSM, 3, HSM_SUSPEND_RETENTIVE, 0, 0);
}

void test_others(void)
{
	static const char *const how[] = { "runs", "waits for interrupts", "is suspended" };

	if (!test_begin_if("events to another hart", hart_count > 1, "one hart only"))
		return;
	for (unsigned long type = 0; type < 3; type++) {
		struct sse_handler *handler = &local_handlers[peer];

		ready = leave = false;
		CHECK_EQ(hart_start(peer, receiver, (void *)type), 0, "error of start");
		CHECK(wait_for(ready, 5), "the hart does not run");
		for (unsigned long i = 0; i < 10; i++) {
			/* OpenSBI wakes nobody up. */
			if (bare && type)
				break;
			if (type == 2)
				wait_for(sbi_hart_status(peer) == HSM_SUSPENDED, 5);
			CHECK_EQ(sse_inject(SSE_LOCAL, peer), 0, "error of inject");
			CHECK(wait_for(handler->count == i + 1, 5), "no event for a hart that %s",
			      how[type]);
		}
		/* It may look at `leave` just before it sleeps. */
		leave = true;
		wait_for((sse_inject(SSE_LOCAL, peer), sbi_hart_status(peer) == HSM_STOPPED), 5);
		CHECK(hart_join(peer, 5), "the hart that %s does not end", how[type]);
	}
	test_end();
}

static void started(void *argument)
{
	volatile unsigned long *seen = argument;

	seen[0] = (unsigned long)sse_mask();
	seen[1] = event_status(SSE_LOCAL);
	seen[2] = event_get(SSE_LOCAL, SSE_PRIORITY);
}

static void enable_and_stop(void *argument)
{
	(void)argument;
	event_begin(SSE_LOCAL, event_count, 5);
	CHECK_EQ(sse_unmask(), 0, "error of unmask");
}

void test_restart(void)
{
	unsigned long seen[3] = { 0 };

	if (!test_begin_if("events after a stop and a start", hart_count > 1 && !bare,
			   bare ? "OpenSBI keeps events" : "one hart only"))
		return;
	CHECK_EQ(hart_start(peer, enable_and_stop, NULL), 0, "error of start");
	CHECK(hart_join(peer, 5), "the hart does not end");
	CHECK_EQ(sse_inject(SSE_LOCAL, peer), 0, "error of inject to a stopped hart");
	CHECK_EQ(hart_start(peer, started, seen), 0, "error of start");
	CHECK(hart_join(peer, 5), "the hart does not end");
	CHECK_EQ(seen[0], SBI_ERR_ALREADY_STOPPED, "error of mask");
	CHECK_EQ(seen[1], SSE_UNUSED, "status");
	CHECK_EQ(seen[2], 0, "priority");
	test_end();
}

static void inject_to_suspended(void *argument)
{
	(void)argument;
	wait_for(sbi_hart_status(self) == HSM_SUSPENDED, 10);
	sse_inject(SSE_LOCAL, self);
}

/* An event ends a suspend: its handler interrupts the first instruction of the resume. */
void test_suspend(void)
{
	if (!test_begin_if("event that ends a non-retentive suspend", hart_count > 1 && !bare,
			   bare ? "OpenSBI wakes nobody up" : "one hart only"))
		return;
	for (unsigned long i = 0; i < 5; i++) {
		struct sse_handler *handler = event_begin(SSE_LOCAL, event_look, 0);

		CHECK_EQ(hart_start(peer, inject_to_suspended, NULL), 0, "error of start");
		CHECK_EQ(hart_suspend(SBI_HSM, HSM_SUSPEND_NON_RETENTIVE), HART_RESUMED,
			 "what suspend returned");
		CHECK_EQ(handler->count, 1, "handlers");
		CHECK_EQ(event_seen.sepc, (unsigned long)hart_entry, "sepc in the handler");
		CHECK_EQ(this_hart()->start_a0, self, "a0 of the resume");
		CHECK(hart_join(peer, 5), "the hart does not end");
		event_end(SSE_LOCAL);
	}
	test_end();
}

/* ---- storms ---- */

/* How often an event was injected before its handler of that hart looked last; and all of them. */
static unsigned long injected[MAX_HARTS], taken[MAX_HARTS], global_injected, global_taken;
static unsigned long handlers_run;
static struct barrier barrier;

static void take(struct sse_handler *handler, unsigned long hart)
{
	__atomic_fetch_add(&handlers_run, 1, __ATOMIC_RELAXED);
	if (handler->event == SSE_LOCAL)
		taken[hart] = __atomic_load_n(&injected[hart], __ATOMIC_SEQ_CST);
	else
		__atomic_store_n(&global_taken, __atomic_load_n(&global_injected, __ATOMIC_SEQ_CST),
				 __ATOMIC_SEQ_CST);
}

static void storm(void *argument)
{
	unsigned long id = this_hart()->id, random = id + 1;
	unsigned long events = (unsigned long)argument;

	if (id != self)
		sse_unmask();
	event_begin(SSE_LOCAL, take, id % 3);
	barrier_wait(&barrier, hart_count);
	for (unsigned long i = 0; i < events; i++) {
		unsigned long to = hart_ids[(random >> 33) % hart_count];

		random = random * 6364136223846793005ul + 1442695040888963407ul;
		if (random >> 62 == 0) {
			__atomic_fetch_add(&global_injected, 1, __ATOMIC_SEQ_CST);
			sse_inject(SSE_GLOBAL, 0);
		} else {
			__atomic_fetch_add(&injected[to], 1, __ATOMIC_SEQ_CST);
			sse_inject(SSE_LOCAL, to);
		}
		if (random >> 59 == 31 && id != self) {
			sse_mask();
			sse_unmask();
		}
	}
	barrier_wait(&barrier, hart_count);
	wait_for(taken[id] == injected[id], 10);
	wait_for(__atomic_load_n(&global_taken, __ATOMIC_SEQ_CST) == global_injected, 10);
	barrier_wait(&barrier, hart_count);
}

void test_storm(void)
{
	unsigned long events = args_number("storm", 300), all = 0;

	test_begin("storm of events");
	handlers_run = global_injected = global_taken = 0;
	event_begin(SSE_GLOBAL, take, 1);
	CHECK(harts_run(hart_count, storm, (void *)events, 60), "a hart does not end");
	for (unsigned int i = 0; i < hart_count; i++) {
		unsigned long id = hart_ids[i];

		all += injected[id];
		if (!bare)
			CHECK_EQ(taken[id], injected[id], "events that a hart has seen");
	}
	if (!bare) /* OpenSBI refuses some when many come at once. */
		CHECK_EQ(global_taken, global_injected, "global events that were seen");
	CHECK_EQ(all + global_injected, events * hart_count, "events");
	CHECK(handlers_run <= events * hart_count, "more handlers than events");
	print("  %lu events, %lu handlers", events * hart_count, handlers_run);
	event_end(SSE_LOCAL);
	event_end(SSE_GLOBAL);
	test_end();
}

static unsigned long hostile_number(unsigned long *random)
{
	static const unsigned long numbers[] = { 0,	     1,		 2,	   9,	     10,
						 SSE_LOCAL,  SSE_GLOBAL, 0x10000,  0x100000, -1ul,
						 0x80200000, 0x80000000, 1ul << 32 };

	*random = *random * 6364136223846793005ul + 1442695040888963407ul;
	if (*random >> 62 == 0)
		return *random >> (*random >> 40 & 63);
	return numbers[(*random >> 33) % (sizeof(numbers) / sizeof(numbers[0]))];
}

/* Calls with anything but what could run a handler that there is not. */
static void hostile(void *argument)
{
	unsigned long random = this_hart()->id + 77;

	(void)argument;
	for (unsigned int i = 0; i < 2000; i++) {
		unsigned long function = hostile_number(&random) % 12;
		unsigned long a[5];

		for (unsigned int j = 0; j < 5; j++)
			a[j] = hostile_number(&random);
		if (function == 0 && a[4] == 0)
			a[3] = (unsigned long)&event_stacks[2 * this_hart()->id] + (a[3] & 7);
		if (function == 4 || function == 8)
			continue;
		sbi_call6(SBI_SSE, function, a[0], a[1], a[2], a[3], a[4], 0);
	}
	sse_mask();
}

void test_hostile(void)
{
	struct sse_handler *handler;

	if (!test_begin_if("hostile arguments", !bare, "OpenSBI takes addresses as they are"))
		return;
	CHECK(harts_run(hart_count, hostile, NULL, 60), "a hart does not end");
	sse_unmask();
	for (unsigned long event = SSE_LOCAL; event <= SSE_GLOBAL;
	     event += SSE_GLOBAL - SSE_LOCAL) {
		sse_disable(event);
		sse_unregister(event);
		handler = event_begin(event, event_count, 0);
		sse_inject(event, self);
		CHECK(handler->count >= 1, "an event does not work any more");
		event_end(event);
	}
	test_end();
}
