/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service thread's first context: as if it had called arch_thread_switch_out().
 */
#include <arch/thread.h>

#define CONTEXT_SIZE 112 /* ra and s0 to s11, see trap.S */

void arch_thread_entry(void);

void arch_thread_init(struct thread *thread, uintptr_t stack_top)
{
	uint64_t *context = (uint64_t *)(stack_top - CONTEXT_SIZE);

	context[0] = (uint64_t)arch_thread_entry;
	context[1] = (uint64_t)thread;
	thread->sp = (uintptr_t)context;
}
