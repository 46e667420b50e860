/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Light functions: what trap_entry can call with few of the guest's registers saved. Their files
 * (light-y in objects.mk) are compiled without t0 to t6, a6 and a7, which stay the guest's, and
 * the functions lie together, so that tools/image-check can see that they call no others.
 * Interrupts are off, tp is the hart, sp the hart's stack. They wait for no lock.
 *
 * A function whose name ends in _light is one, which tools/image-check sees, too.
 */
#ifndef CORE_LIGHT_H
#define CORE_LIGHT_H

#include <core/lock.h>

/** A light function that is not inlined into another one. */
#define LIGHT __attribute__((section(".text.light")))

/** Takes @lock unless somebody has it, or waits for it. */
static inline bool light_lock(struct spinlock *lock) TRY_ACQUIRES(*lock) NO_THREAD_SAFETY
{
	uint64_t ticket = __atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE);

	return __atomic_compare_exchange_n(&lock->next, &ticket, ticket + 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void light_unlock(struct spinlock *lock) RELEASES(*lock) NO_THREAD_SAFETY
{
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
}

#endif
