/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Switching service threads.
 */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include <core/thread.h>

/** Prepares @stack_top so that the first resume begins in thread_main(@thread). */
void arch_thread_init(struct thread *thread, uintptr_t stack_top);

/** Saves the running thread and goes to hart_loop(); returns when it runs again. Interrupts off. */
void arch_thread_switch_out(struct thread *thread);

/** Goes on where the thread was switched out. Interrupts off. */
_Noreturn void arch_thread_resume(struct thread *thread);

/** Calls @function at the top of the hart's own stack. */
_Noreturn void arch_stack_reset(void (*function)(void));

#endif
