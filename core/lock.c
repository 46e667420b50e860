/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ticket spinlocks. In debug builds each hart remembers the ranks that it holds, and taking a
 * lock of a rank that is not higher than all of them is a broken invariant.
 */
#include <arch/irqflags.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/lock.h>

static void rank_push(const struct spinlock *lock)
{
#ifdef DEBUG
	struct hart *hart = hart_self();

	CHECK(lock->rank > 0 && lock->rank < LOCK_RANKS);
	CHECK((hart->lock_ranks >> lock->rank) == 0);
	hart->lock_ranks |= 1U << lock->rank;
#else
	(void)lock;
#endif
}

static void rank_pop(const struct spinlock *lock)
{
#ifdef DEBUG
	hart_self()->lock_ranks &= ~(1U << lock->rank);
#else
	(void)lock;
#endif
}

unsigned long spin_lock(struct spinlock *lock) NO_THREAD_SAFETY
{
	unsigned long flags = arch_irq_save();
	uint32_t ticket;

	rank_push(lock);
	ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket)
		arch_relax();
	return flags;
}

void spin_unlock(struct spinlock *lock, unsigned long flags) NO_THREAD_SAFETY
{
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
	rank_pop(lock);
	arch_irq_restore(flags);
}
