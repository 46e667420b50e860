/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands before the real <arch/hart.h> in unit tests: the same types, but this hart is whichever
 * the test says. No lock: a test has one thread or says otherwise.
 */
#ifndef FAKE_ARCH_HART_H
#define FAKE_ARCH_HART_H

#define arch_hart_self arch_hart_self_of_riscv
#include_next <arch/hart.h>
#undef arch_hart_self

/** This hart, for each thread; may be NULL. Defined by fake_host.c or fake_hart.c. */
extern _Thread_local struct hart *fake_hart_self;

static inline struct hart *arch_hart_self(void)
{
	return fake_hart_self;
}

#endif
