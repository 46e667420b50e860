/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps of the hypervisor itself: interrupts while a service thread runs or the hart is idle,
 * exceptions that were expected, and those that are our own faults. No lock.
 */
#include <arch/pmu.h>
#include <arch/trap.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/intfile.h>
#include <core/thread.h>
#include <core/timer.h>
#include <drivers/irqchip.h>
#include <inttypes.h>

/* An entry of .extable, see EXTABLE(). */
struct expected_trap {
	uint64_t from, to;
};

extern const struct expected_trap extable_start[], extable_end[];

void host_interrupt(uint64_t cause)
{
	switch (cause & ~CAUSE_INTERRUPT) {
	case IRQ_STI:
		timer_interrupt(hart_self());
		break;
	case IRQ_SEI:
		irqchip_external();
		break;
	case IRQ_SSI:
		csr_clear(CSR_SIP, 1UL << IRQ_SSI);
		hart_ipi();
		break;
	case IRQ_SGEI:
		intfile_interrupt();
		break;
	case IRQ_LCOFI:
		pmu_interrupt();
		break;
	default:
		panic("interrupt %" PRIu64 " was never enabled", cause & ~CAUSE_INTERRUPT);
	}
}

static bool expected(struct trap_frame *frame)
{
	for (const struct expected_trap *e = extable_start; e < extable_end; e++)
		if (e->from == frame->sepc) {
			frame->sepc = e->to;
			return true;
		}
	return false;
}

void host_trap(struct trap_frame *frame, uint64_t cause)
{
	struct hart *hart = hart_self();

	if (cause & CAUSE_INTERRUPT) {
		host_interrupt(cause);
		if (hart->thread && __atomic_load_n(&hart->resched, __ATOMIC_RELAXED))
			thread_preempt();
		return;
	}
	if (expected(frame))
		return;
	panic("exception %" PRIu64 " in the hypervisor: sepc %" PRIx64 " stval %" PRIx64
	      " ra %" PRIx64 " sp %" PRIx64 " sstatus %" PRIx64 " a0 %" PRIx64 " a1 %" PRIx64,
	      cause, frame->sepc, (uint64_t)csr_read(CSR_STVAL), frame->ra, frame->sp,
	      frame->sstatus, frame->a[0], frame->a[1]);
}

_Noreturn void host_stack_overflow(void)
{
	panic("a stack ran over: sepc %" PRIx64 " stval %" PRIx64, (uint64_t)csr_read(CSR_SEPC),
	      (uint64_t)csr_read(CSR_STVAL));
}
