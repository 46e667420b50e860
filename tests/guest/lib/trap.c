/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides what becomes of a trap: a sandbox ends, an expected exception is recorded and skipped,
 * a handler of the payload is called, and everything else fails the payload. State is per hart.
 */
#include "trap.h"
#include "csr.h"
#include "hart.h"
#include "test.h"

#include <stddef.h>

/* hart->resume is in use while a sandbox runs on that hart. */
static bool sandbox_active[MAX_HARTS];
static struct frame *sandbox_frame[MAX_HARTS];

void trap_expect(struct trap *trap)
{
	*trap = (struct trap){ 0 };
	this_hart()->expected = trap;
	__asm__ volatile("" : : : "memory");
}

void trap_end(void)
{
	__asm__ volatile("" : : : "memory");
	this_hart()->expected = NULL;
}

void frame_resume(struct frame *frame, const struct context *context, unsigned long value)
{
	frame->pc = context->ra;
	frame->x[1] = context->ra;
	frame->x[2] = context->sp;
	frame->x[3] = context->gp;
	frame->x[4] = context->tp;
	frame->x[8] = context->s[0];
	frame->x[9] = context->s[1];
	for (int i = 2; i < 12; i++)
		frame->x[16 + i] = context->s[i];
	frame->x[10] = value;
	/* It goes on elsewhere, where no landing pad is. */
	frame->status = (frame->status | SSTATUS_SPP) &
			~(unsigned long)(SSTATUS_SPIE | SSTATUS_SPELP);
}

void sandbox_run(struct frame *frame)
{
	struct hart *hart = this_hart();

	if (context_save(&hart->resume) == 0) {
		irq_disable();
		sandbox_frame[hart->id] = frame;
		sandbox_active[hart->id] = true;
		frame_enter(frame);
	}
}

bool sandbox_stop(struct frame *frame)
{
	struct hart *hart = this_hart();

	if (!sandbox_active[hart->id])
		return false;
	sandbox_active[hart->id] = false;
	*sandbox_frame[hart->id] = *frame;
	frame_resume(frame, &hart->resume, 1);
	return true;
}

static void exception_skip(struct frame *frame)
{
	if (frame->cause == CAUSE_FETCH_ACCESS || frame->cause == CAUSE_FETCH_PAGE ||
	    frame->cause == CAUSE_FETCH_MISALIGNED)
		frame->pc = frame->x[1];
	else
		frame->pc += (*(uint16_t *)frame->pc & 3) == 3 ? 4 : 2;
}

void trap_handle(struct frame *frame)
{
	struct hart *hart = this_hart();

	if ((long)frame->cause < 0) {
		hart->interrupts++;
		hart->last_cause = frame->cause & ~(1ul << 63);
		if (hart->on_interrupt && hart->on_interrupt(frame))
			return;
		panic("unexpected interrupt %lu at %#lx", hart->last_cause, frame->pc);
	}
	if (hart->expected) {
		hart->expected->count++;
		hart->expected->cause = frame->cause;
		hart->expected->tval = frame->tval;
		hart->expected->pc = frame->pc;
		exception_skip(frame);
		return;
	}
	if (hart->on_exception && hart->on_exception(frame))
		return;
	if (sandbox_stop(frame))
		return;
	panic("unexpected exception %lu at %#lx, stval %#lx, ra %#lx", frame->cause, frame->pc,
	      frame->tval, frame->x[1]);
}
