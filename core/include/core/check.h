/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CHECK() is for the hypervisor's own invariants: a failed one prints its place and stops the
 * machine. What a guest, a bundle, a device tree or an operator can cause never reaches it.
 */
#ifndef CORE_CHECK_H
#define CORE_CHECK_H

#include <core/types.h>

/** Prints @fmt with the hart's state and stops the machine. Takes no lock. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** Set once a hart has panicked: the others stop when they get its IPI. Atomic. */
extern uint32_t panicking;

/** Stops this hart for good. Called with interrupts off by whoever finds `panicking` set. */
_Noreturn void panic_halt(void);

/** Always evaluated and always checked, in every build. */
#define CHECK(cond)                                                                  \
	do {                                                                         \
		if (__builtin_expect(!(cond), 0))                                    \
			panic("%s:%d: CHECK(%s) failed", __FILE__, __LINE__, #cond); \
	} while (0)

/** For the exit path: checked in debug builds only, but always compiled. */
#ifdef DEBUG
#define DCHECK(cond) CHECK(cond)
#else
#define DCHECK(cond) ((void)sizeof(!(cond)))
#endif

#endif
