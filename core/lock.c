/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ticket spinlocks. In debug builds each hart remembers the ranks that it holds, and taking a
 * lock of a rank that is not higher than all of them is a broken invariant.
 */
#include <arch/irqflags.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/lock.h>

void spin_check_take(const struct spinlock *lock)
{
	struct hart *hart = hart_self();

	CHECK(arch_irqs_off());
	CHECK(lock->rank > 0 && lock->rank < LOCK_RANKS);
	CHECK((hart->lock_ranks >> lock->rank) == 0);
	hart->lock_ranks |= 1U << lock->rank;
}

void spin_check_give(const struct spinlock *lock)
{
	hart_self()->lock_ranks &= ~(1U << lock->rank);
}

unsigned long spin_lock(struct spinlock *lock) NO_THREAD_SAFETY
{
	unsigned long flags = arch_irq_save();

	spin_lock_here(lock);
	return flags;
}

void spin_unlock(struct spinlock *lock, unsigned long flags) NO_THREAD_SAFETY
{
	spin_unlock_here(lock);
	arch_irq_restore(flags);
}
