/* SPDX-License-Identifier: BSD-2-Clause */
/* Double traps (Ssdbltrp) as software events, and their end when nobody takes them. */
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"
#include "sse_parts.h"

#define FWFT_DOUBLE_TRAP 3

static struct sse_handler double_trap;
static char double_stack[EVENT_STACK] __attribute__((aligned(16)));

/*
 * A breakpoint, and a load that nothing answers. Each is four bytes long. Exceptions that come by
 * the firmware, such as illegal instructions, are never double traps: OpenSBI does not look at SDT.
 */
static inline void trap_break(void)
{
	__asm__ volatile(".option push\n\t.option norvc\n\tebreak\n\t.option pop" ::: "memory");
}

static inline void trap_access(void)
{
	register unsigned long at __asm__("t0") = 0x40000000;

	__asm__ volatile(".option push\n\t.option norvc\n\tld zero, 0(%0)\n\t.option pop"
			 :
			 : "r"(at)
			 : "memory");
}

static void skip(struct sse_handler *handler, unsigned long hart)
{
	event_look(handler, hart);
	csr_write(CSR_SEPC, event_seen.sepc + 4);
}

static void trap_in_handler(struct sse_handler *handler, unsigned long hart)
{
	trap_break();
	event_count(handler, hart);
}

static bool double_traps_begin(void)
{
	if (sbi_call(SBI_FWFT, 0, FWFT_DOUBLE_TRAP, 1, 0).error)
		return false;
	double_trap = (struct sse_handler){ .function = event_count };
	double_trap.stack = (unsigned long)double_stack + EVENT_STACK;
	CHECK_EQ(sse_register(SSE_DOUBLE_TRAP, &double_trap), 0, "error of register");
	/* One may have been injected before. */
	CHECK_EQ(sse_enable(SSE_DOUBLE_TRAP), 0, "error of enable");
	double_trap.function = skip;
	double_trap.count = 0;
	return true;
}

void test_double_traps(void)
{
	struct sse_handler *handler;

	test_begin("double traps");
	if (!args_number("double", 4) || !double_traps_begin()) {
		test_skip("there are none");
		test_end();
		return;
	}
	for (unsigned long i = 0; i < 5; i++) {
		csr_set(CSR_SSTATUS, SSTATUS_SDT);
		trap_break();
		CHECK(csr_read(CSR_SSTATUS) & SSTATUS_SDT, "SDT is clear");
		CHECK_EQ(double_trap.count, 2 * i + 1, "handlers of a breakpoint");
		if (bare)
			trap_break();
		else
			trap_access();
		csr_clear(CSR_SSTATUS, SSTATUS_SDT);
		CHECK_EQ(double_trap.count, 2 * i + 2, "handlers of an access fault");
		CHECK_EQ(event_get(SSE_DOUBLE_TRAP, SSE_INTERRUPTED_FLAGS) & 0x20, 0x20, "flags");
	}
	handler = event_begin(SSE_LOCAL, trap_in_handler, 1);
	sse_inject(SSE_LOCAL, self);
	CHECK_EQ(handler->count, 1, "handlers that trap");
	CHECK_EQ(double_trap.count, 11, "handlers of a breakpoint in a handler");
	CHECK(!(csr_read(CSR_SSTATUS) & SSTATUS_SDT), "SDT is set");
	event_end(SSE_LOCAL);
	event_end(SSE_DOUBLE_TRAP);
	CHECK_EQ(sbi_call(SBI_FWFT, 0, FWFT_DOUBLE_TRAP, 0, 0).error, 0, "error of FWFT");
	test_end();
}

static void trap_again(struct sse_handler *handler, unsigned long hart)
{
	(void)handler;
	(void)hart;
	trap_break();
}

void double_trap_die(unsigned long how)
{
	double_traps_begin();
	if (how == 1)
		sse_disable(SSE_DOUBLE_TRAP);
	else if (how == 2)
		sse_mask();
	else
		double_trap.function = trap_again;
	csr_set(CSR_SSTATUS, SSTATUS_SDT);
	trap_break();
	panic("went on after a double trap");
}
