/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Software events (SBI 3.0, "Supervisor Software Events Extension"): numbers, calls and handlers.
 * A handler has a stack of its own and must not trap; each event of each hart needs one.
 */
#pragma once

#define SSE_DOUBLE_TRAP 0x1
#define SSE_PMU_OVERFLOW 0x10000
#define SSE_LOCAL 0xffff0000ul
#define SSE_GLOBAL 0xffff8000ul

#define SSE_STATUS 0
#define SSE_PRIORITY 1
#define SSE_CONFIG 2
#define SSE_PREFERRED_HART 3
#define SSE_ENTRY_PC 4
#define SSE_ENTRY_ARG 5
#define SSE_INTERRUPTED_SEPC 6
#define SSE_INTERRUPTED_FLAGS 7
#define SSE_INTERRUPTED_A6 8
#define SSE_INTERRUPTED_A7 9
#define SSE_ATTRIBUTES 10

#define SSE_UNUSED 0
#define SSE_REGISTERED 1
#define SSE_ENABLED 2
#define SSE_RUNNING 3
#define SSE_PENDING 4

/* Offsets in struct sse_handler that assembly uses. */
#define SSE_HANDLER_SP 0
#define SSE_HANDLER_STACK 8
#define SSE_HANDLER_FUNCTION 16

#ifndef __ASSEMBLER__

#include "sbi.h"

#define SBI_ERR_INVALID_STATE -10
#define SBI_ERR_BAD_RANGE -11

struct sse_handler {
	unsigned long sp; /* of what was interrupted */
	unsigned long stack; /* its top */
	void (*function)(struct sse_handler *handler, unsigned long hart);
	unsigned long event;
	volatile unsigned long count; /* for its function */
};

void sse_entry(void);
void sse_call_filled(unsigned long *registers);
void sse_spin(void);
void sse_spin_end(void);

static inline long sse_call(unsigned long function, unsigned long event, unsigned long argument)
{
	return sbi_call(SBI_SSE, function, event, argument, 0).error;
}

static inline long sse_read(unsigned long event, unsigned long first, unsigned long count,
			    unsigned long *values)
{
	return sbi_call6(SBI_SSE, 0, event, first, count, (unsigned long)values, 0, 0).error;
}

static inline long sse_write(unsigned long event, unsigned long first, unsigned long count,
			     const unsigned long *values)
{
	return sbi_call6(SBI_SSE, 1, event, first, count, (unsigned long)values, 0, 0).error;
}

static inline long sse_register(unsigned long event, struct sse_handler *handler)
{
	handler->event = event;
	return sbi_call(SBI_SSE, 2, event, (unsigned long)sse_entry, (unsigned long)handler).error;
}

static inline long sse_unregister(unsigned long event)
{
	return sse_call(3, event, 0);
}

static inline long sse_enable(unsigned long event)
{
	return sse_call(4, event, 0);
}

static inline long sse_disable(unsigned long event)
{
	return sse_call(5, event, 0);
}

static inline long sse_inject(unsigned long event, unsigned long hart)
{
	return sse_call(7, event, hart);
}

static inline long sse_unmask(void)
{
	return sse_call(8, 0, 0);
}

static inline long sse_mask(void)
{
	return sse_call(9, 0, 0);
}

#endif
