/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spinlocks with ranks. A hart may only take a lock of a higher rank than those that it holds;
 * debug builds check that. Nobody sleeps, waits for another hart or enters a guest with a
 * spinlock held. The order, outermost first, is the order of enum lock_rank.
 */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <arch/irqflags.h>
#include <core/atomic.h>
#include <core/types.h>

enum lock_rank {
	LOCK_VM_LIST = 1, /* the list of VMs */
	LOCK_VM, /* a VM's life cycle state */
	LOCK_DEVICE, /* a device that a guest sees */
	LOCK_IRQCHIP, /* the guest's APLIC or PLIC */
	LOCK_INTFILE, /* where a vCPU's interrupt file is */
	LOCK_HART_FILES, /* a hart's guest interrupt files */
	LOCK_CONSOLE, /* the console multiplexer */
	LOCK_TIMER, /* a hart's software timers */
	LOCK_SSE, /* software events of a VM and its vCPUs */
	LOCK_SCHED, /* a hart's run queue */
	LOCK_GSTAGE, /* a VM's G-stage table */
	LOCK_HEAP, /* small objects */
	LOCK_PAGES, /* the page allocator */
	LOCK_HOST_DEVICE, /* host interrupt controllers */
	LOCK_HOST_PLIC, /* which sources of the host's PLIC are enabled */
	LOCK_FINDINGS, /* what was found out about the machine */
	LOCK_LOG, /* the log's ring */
	LOCK_PORT, /* the host port that log and consoles write to */
	LOCK_RANKS
};

/* clang checks these annotations with -Wthread-safety. */
#ifdef __clang__
#define CAPABILITY(name) __attribute__((capability(name)))
#define ACQUIRES(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define TRY_ACQUIRES(...) __attribute__((try_acquire_capability(true, __VA_ARGS__)))
#define RELEASES(...) __attribute__((release_capability(__VA_ARGS__)))
#define REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define NO_THREAD_SAFETY __attribute__((no_thread_safety_analysis))
#else
#define CAPABILITY(name)
#define ACQUIRES(...)
#define TRY_ACQUIRES(...)
#define RELEASES(...)
#define REQUIRES(...)
#define NO_THREAD_SAFETY
#endif

struct CAPABILITY("spinlock") spinlock {
	uint64_t next; /* ticket lock: the next ticket to hand out */
	uint64_t owner; /* the ticket that holds the lock */
	uint32_t rank; /* enum lock_rank */
};

#define SPINLOCK_INIT(r) { .next = 0, .owner = 0, .rank = (r) }

static inline void spin_init(struct spinlock *lock, enum lock_rank rank)
{
	*lock = (struct spinlock)SPINLOCK_INIT(rank);
}

/** Takes @lock with the hart's interrupts off; returns the state for spin_unlock(). */
unsigned long spin_lock(struct spinlock *lock) ACQUIRES(*lock);

/** Releases @lock and puts the hart's interrupts back to @flags. */
void spin_unlock(struct spinlock *lock, unsigned long flags) RELEASES(*lock);

/* What the next two need in debug builds. */
void spin_check_take(const struct spinlock *lock);
void spin_check_give(const struct spinlock *lock);

/* Here, as a call would cost all functions that take a lock their own registers. */
static inline void spin_wait_here(const struct spinlock *lock, uint64_t ticket)
{
	do {
		arch_relax();
	} while (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != ticket);
}

/** The same two for who has the hart's interrupts off anyway: on the paths of many exits. */
static inline void spin_lock_here(struct spinlock *lock) ACQUIRES(*lock) NO_THREAD_SAFETY
{
	uint64_t ticket;

#ifdef DEBUG
	spin_check_take(lock);
#endif
	ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	if (unlikely(__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != ticket))
		spin_wait_here(lock, ticket);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/** Takes @lock if it is free, for who panics: with the hart's interrupts off, whatever it holds. */
static inline bool spin_try_here(struct spinlock *lock) TRY_ACQUIRES(*lock) NO_THREAD_SAFETY
{
	uint64_t owner = __atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE);

	return __atomic_compare_exchange_n(&lock->next, &owner, owner + 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void spin_unlock_here(struct spinlock *lock) RELEASES(*lock) NO_THREAD_SAFETY
{
	atomic_store_release(&lock->owner, lock->owner + 1);
#ifdef DEBUG
	spin_check_give(lock);
#endif
}

#endif
