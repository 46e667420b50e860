/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Supervisor software events of all harts: handlers begin and end as they should, in S- and
 * U-mode; priorities, one-shot, masks; harts that sleep, are suspended, stop and start; storms of
 * events of which none is lost; hostile arguments; double traps. Arguments: storm=<n> (300) events
 * of each hart; double=0: no double traps, double=1..3: ends by one that nobody takes.
 */
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"
#include "sse_parts.h"

#include <stddef.h>

const char payload_name[] = "sse";

_Static_assert(offsetof(struct sse_handler, stack) == SSE_HANDLER_STACK, "assembly");
_Static_assert(offsetof(struct sse_handler, function) == SSE_HANDLER_FUNCTION, "assembly");

bool bare;
unsigned long self, peer;

struct sse_handler local_handlers[MAX_HARTS], global_handlers[MAX_HARTS];
char event_stacks[2 * MAX_HARTS][EVENT_STACK] __attribute__((aligned(16)));

void event_count(struct sse_handler *handler, unsigned long hart)
{
	(void)hart;
	handler->count++;
}

unsigned long event_get(unsigned long event, unsigned long id)
{
	unsigned long value = -1ul;

	CHECK_EQ(sse_read(event, id, 1, &value), 0, "error of read_attrs");
	return value;
}

unsigned long event_status(unsigned long event)
{
	return event_get(event, SSE_STATUS) & 7;
}

long event_set(unsigned long event, unsigned long id, unsigned long value)
{
	return sse_write(event, id, 1, &value);
}

struct sse_handler *event_begin(unsigned long event,
				void (*function)(struct sse_handler *, unsigned long),
				unsigned long priority)
{
	unsigned long id = this_hart()->id;
	struct sse_handler *handler = event == SSE_GLOBAL ? &global_handlers[id]
							  : &local_handlers[id];

	*handler = (struct sse_handler){ .function = function };
	handler->stack = (unsigned long)event_stacks[2 * id + (event == SSE_GLOBAL) + 1];
	CHECK_EQ(sse_register(event, handler), 0, "error of register");
	CHECK_EQ(event_set(event, SSE_PRIORITY, priority), 0, "error of a priority");
	CHECK_EQ(event_set(event, SSE_CONFIG, 0), 0, "error of a configuration");
	if (event == SSE_GLOBAL)
		CHECK_EQ(event_set(event, SSE_PREFERRED_HART, id), 0, "error of a preference");
	CHECK_EQ(sse_enable(event), 0, "error of enable");
	return handler;
}

void event_end(unsigned long event)
{
	CHECK_EQ(sse_disable(event), 0, "error of disable");
	CHECK_EQ(sse_unregister(event), 0, "error of unregister");
}

static void test_errors(void)
{
	unsigned long value[2] = { 0 };

	test_begin("errors");
	CHECK_EQ(sse_mask(), SBI_ERR_ALREADY_STOPPED, "mask of a hart that was not unmasked");
	CHECK_EQ(sse_enable(SSE_LOCAL), SBI_ERR_INVALID_STATE, "enable of what is unused");
	CHECK_EQ(sse_inject(2, 0), SBI_ERR_INVALID_PARAM, "inject of a reserved event");
	CHECK_EQ(sse_inject(0, 0), SBI_ERR_NOT_SUPPORTED, "inject of a RAS event");
	if (!bare) /* OpenSBI cuts ids off. */
		CHECK_EQ(sse_inject(SSE_LOCAL, 1ul << 32), SBI_ERR_INVALID_PARAM, "hart 2^32");
	CHECK_EQ(sse_call(2, SSE_LOCAL, 1), SBI_ERR_INVALID_PARAM, "odd entry");
	CHECK_EQ(sse_call(10, SSE_LOCAL, 0), SBI_ERR_NOT_SUPPORTED, "function 10");
	CHECK_EQ(sse_read(SSE_LOCAL, 10, 1, value), SBI_ERR_BAD_RANGE, "attribute 10");
	CHECK_EQ(sse_read(SSE_LOCAL, 0, 0, value), SBI_ERR_INVALID_PARAM, "no attributes");
	CHECK_EQ(sse_read(SSE_LOCAL, 0, 1, (void *)((char *)value + 1)), SBI_ERR_INVALID_ADDRESS,
		 "odd memory");
	CHECK_EQ(sse_write(SSE_LOCAL, 0, 1, value), SBI_ERR_DENIED, "write of STATUS");
	if (!bare) {
		CHECK_EQ(sse_read(SSE_LOCAL, 0, 1, (void *)0x10000000), SBI_ERR_INVALID_ADDRESS,
			 "memory that is a device");
		CHECK_EQ(sse_read(SSE_LOCAL, 0, 2, (void *)-8ul), SBI_ERR_INVALID_ADDRESS,
			 "memory that wraps around");
	}
	CHECK_EQ(sse_call(6, 0, 0), 0, "complete of nothing");
	CHECK_EQ(sse_unmask(), 0, "unmask");
	CHECK_EQ(sse_unmask(), SBI_ERR_ALREADY_STARTED, "unmask once more");
	test_end();
}

struct event_seen event_seen;

void event_look(struct sse_handler *handler, unsigned long hart)
{
	event_seen.sstatus = csr_read(CSR_SSTATUS);
	event_seen.sepc = csr_read(CSR_SEPC);
	sse_read(handler->event, SSE_STATUS, 1, &event_seen.status);
	handler->count += hart == this_hart()->id;
}

/* An event that this hart injects comes before the call returns, and all registers are kept. */
static void inject_with(unsigned long event)
{
	struct sse_handler *handler = event_begin(event, event_look, 0);
	unsigned long registers[32], before = csr_read(CSR_SSTATUS);

	for (unsigned long round = 0; round < 20; round++) {
		for (unsigned long i = 1; i < 32; i++)
			registers[i] = i * 0x0101010101010101ul + round;
		registers[10] = event;
		registers[11] = self;
		registers[16] = 7;
		registers[17] = SBI_SSE;
		csr_write(CSR_SEPC, 0x1230 + round * 4);
		sse_call_filled(registers);
		CHECK_EQ(csr_read(CSR_SEPC), 0x1230 + round * 4, "sepc");
		CHECK_EQ(csr_read(CSR_SSTATUS), before, "sstatus");
		CHECK_EQ(handler->count, round + 1, "handlers");
		for (unsigned long i = 1; i < 32; i++)
			if (i != 2 && i != 4 && i != 10 && i != 11 && i != 16 && i != 17)
				CHECK(registers[i] == i * 0x0101010101010101ul + round,
				      "x%lu is %#lx", i, registers[i]);
		CHECK_EQ(registers[10], 0, "error of inject");
		CHECK_EQ(registers[16], 7, "a6");
		CHECK_EQ(registers[17], SBI_SSE, "a7");
	}
	CHECK_EQ(event_seen.status & 7, SSE_RUNNING, "status in the handler");
	CHECK(event_seen.sstatus & SSTATUS_SPP, "SPP is clear in the handler");
	CHECK(!(event_seen.sstatus & SSTATUS_SIE), "SIE is set in the handler");
	CHECK_EQ(event_get(event, SSE_INTERRUPTED_A6), 7, "INTERRUPTED_A6");
	CHECK_EQ(event_get(event, SSE_INTERRUPTED_A7), SBI_SSE, "INTERRUPTED_A7");
	CHECK_EQ(event_get(event, SSE_INTERRUPTED_SEPC), 0x1230 + 19 * 4, "INTERRUPTED_SEPC");
	event_end(event);
}

static void test_self(void)
{
	test_begin("events of this hart");
	inject_with(SSE_LOCAL);
	inject_with(SSE_GLOBAL);
	irq_enable();
	inject_with(SSE_LOCAL);
	irq_disable();
	test_end();
}

static void skip_one(struct sse_handler *handler, unsigned long hart)
{
	unsigned long state[4] = { 0x4320, 0, 0x66, 0x77 };

	event_count(handler, hart);
	if (sse_write(handler->event, SSE_INTERRUPTED_SEPC, 4, state))
		handler->count += 1000;
}

static void test_changed(void)
{
	unsigned long registers[32] = { 0 };
	struct sse_handler *handler;

	test_begin("handlers that change what they interrupt");
	handler = event_begin(SSE_LOCAL, skip_one, 0);
	registers[10] = SSE_LOCAL;
	registers[11] = self;
	registers[16] = 7;
	registers[17] = SBI_SSE;
	sse_call_filled(registers);
	CHECK_EQ(handler->count, 1, "handlers");
	CHECK_EQ(registers[16], 0x66, "a6");
	CHECK_EQ(registers[17], 0x77, "a7");
	CHECK_EQ(csr_read(CSR_SEPC), 0x4320, "sepc");
	event_end(SSE_LOCAL);
	test_end();
}

static volatile unsigned int words[2];

static void look_and_stop(struct sse_handler *handler, unsigned long hart)
{
	event_look(handler, hart);
	words[0] = 1;
}

static void inject_to_user(void *argument)
{
	(void)argument;
	wait_for(words[1], 10);
	sse_inject(SSE_LOCAL, self);
}

static void test_user(void)
{
	struct frame frame = { .pc = (unsigned long)sse_spin };

	if (!test_begin_if("event in U-mode", hart_count > 1, "one hart only"))
		return;
	event_begin(SSE_LOCAL, look_and_stop, 0);
	words[0] = words[1] = 0;
	frame.x[10] = (unsigned long)words;
	CHECK_EQ(hart_start(peer, inject_to_user, NULL), 0, "error of start");
	sandbox_run(&frame);
	CHECK_EQ(frame.cause, CAUSE_ECALL_U, "cause of the end");
	CHECK(!(event_seen.sstatus & SSTATUS_SPP), "SPP is set in the handler");
	CHECK(event_seen.sepc >= (unsigned long)sse_spin &&
		      event_seen.sepc < (unsigned long)sse_spin_end,
	      "sepc is %#lx", event_seen.sepc);
	CHECK(hart_join(peer, 5), "the hart does not end");
	event_end(SSE_LOCAL);
	test_end();
}

static unsigned long order[8];
static unsigned int orders;

static void inject_other(struct sse_handler *handler, unsigned long hart)
{
	unsigned long other = handler->event == SSE_LOCAL ? SSE_GLOBAL : SSE_LOCAL;

	order[orders++ & 7] = handler->event;
	if (orders == 1)
		sse_inject(other, hart);
	order[orders++ & 7] = handler->event + 1;
}

static void priorities(unsigned long event, unsigned long of_local, unsigned long of_global)
{
	unsigned long other = event == SSE_LOCAL ? SSE_GLOBAL : SSE_LOCAL;
	bool local_first = of_local <= of_global;
	bool nested = event == SSE_LOCAL ? !local_first : local_first;

	event_begin(SSE_LOCAL, inject_other, of_local);
	event_begin(SSE_GLOBAL, inject_other, of_global);
	orders = 0;
	sse_inject(event, self);
	CHECK_EQ(orders, 4, "entries and ends of handlers");
	CHECK_EQ(order[0], event, "first");
	CHECK_EQ(order[1], nested ? other : event + 1, "second");
	CHECK_EQ(order[2], nested ? other + 1 : other, "third");
	CHECK_EQ(order[3], nested ? event + 1 : other + 1, "last");
	event_end(SSE_LOCAL);
	event_end(SSE_GLOBAL);
}

static void test_priorities(void)
{
	test_begin("priorities and nesting");
	for (unsigned long i = 0; i < 9; i++) {
		priorities(SSE_LOCAL, i / 3, i % 3);
		priorities(SSE_GLOBAL, i / 3, i % 3);
	}
	test_end();
}

static void test_masks(void)
{
	struct sse_handler *handler;

	test_begin("masks and one-shot events");
	handler = event_begin(SSE_LOCAL, event_count, 0);
	CHECK_EQ(sse_mask(), 0, "error of mask");
	for (int i = 0; i < 3; i++)
		CHECK_EQ(sse_inject(SSE_LOCAL, self), 0, "error of inject");
	CHECK_EQ(handler->count, 0, "handlers while masked");
	CHECK_EQ(event_status(SSE_LOCAL), SSE_ENABLED | SSE_PENDING, "status while masked");
	CHECK_EQ(sse_unmask(), 0, "error of unmask");
	CHECK_EQ(handler->count, 1, "handlers");
	CHECK_EQ(sse_disable(SSE_LOCAL), 0, "error of disable");
	CHECK_EQ(event_set(SSE_LOCAL, SSE_CONFIG, 1), 0, "error of one-shot");
	CHECK_EQ(sse_enable(SSE_LOCAL), 0, "error of enable");
	sse_inject(SSE_LOCAL, self);
	CHECK_EQ(handler->count, 2, "handlers");
	CHECK_EQ(event_status(SSE_LOCAL), SSE_REGISTERED, "status after the end");
	if (!bare) {
		sse_inject(SSE_LOCAL, self);
		CHECK_EQ(handler->count, 2, "handlers while disabled");
		CHECK_EQ(sse_enable(SSE_LOCAL), 0, "error of enable");
		CHECK_EQ(handler->count, 3, "handlers");
	}
	CHECK_EQ(sse_unregister(SSE_LOCAL), 0, "error of unregister");
	test_end();
}

void payload_main(void)
{
	bare = sbi_is_bare();
	self = this_hart()->id;
	peer = hart_peer();
	if (!sbi_probe(SBI_SSE)) {
		test_begin_if("SSE", false, "there is none");
		return;
	}
	test_errors();
	test_self();
	test_changed();
	test_user();
	test_priorities();
	test_masks();
	test_others();
	test_restart();
	test_suspend();
	test_storm();
	test_hostile();
	test_double_traps();
	if (args_number("double", 4) - 1 < 3)
		double_trap_die(args_number("double", 4));
}
