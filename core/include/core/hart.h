/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The physical harts: one struct each, reached through tp, which records what this hart has.
 * A hart is known inside the hypervisor by its index (0 to hart_count - 1, dense, ascending with
 * the ids); its id is the firmware's number, may be sparse, and is what people type and read.
 * Fields belong to their hart unless they say otherwise.
 */
#ifndef CORE_HART_H
#define CORE_HART_H

#include <arch/hart.h>
#include <core/lock.h>
#include <core/profile.h>
#include <core/types.h>

/** A set of harts, by index. */
struct hartset {
	uint64_t bits[(MAX_HARTS + 63) / 64];
};

static inline bool hartset_has(const struct hartset *set, unsigned int index)
{
	return __atomic_load_n(&set->bits[index / 64], __ATOMIC_RELAXED) >> (index % 64) & 1;
}

static inline void hartset_add(struct hartset *set, unsigned int index)
{
	__atomic_fetch_or(&set->bits[index / 64], BIT(index % 64), __ATOMIC_ACQ_REL);
}

static inline void hartset_remove(struct hartset *set, unsigned int index)
{
	__atomic_fetch_and(&set->bits[index / 64], ~BIT(index % 64), __ATOMIC_ACQ_REL);
}

/* Ordered by nothing. */
static inline void hartset_flip(struct hartset *set, unsigned int index)
{
	__atomic_fetch_xor(&set->bits[index / 64], BIT(index % 64), __ATOMIC_RELAXED);
}

static inline bool hartset_empty(const struct hartset *set)
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(set->bits); i++)
		any |= __atomic_load_n(&set->bits[i], __ATOMIC_RELAXED);
	return !any;
}

struct vcpu;
struct thread;
struct run_queue;
struct timer_queue;
struct hart_files;

/** A function that other harts are asked to run, see hart_call(). */
struct hart_request {
	void (*function)(void *opaque);
	void *opaque;
	uint32_t waiting; /* harts that have not answered yet; atomic */
};

enum hart_state {
	HART_ABSENT, /* left out, or never came */
	HART_STARTING,
	HART_ONLINE,
	HART_LEAVING, /* takes no more work, but answers */
	HART_OFFLINE, /* stopped; what it has is known */
};

struct hart {
	/* Assembly knows the offsets of these three, and of resched and profile. */
	uintptr_t stack_top; /* of the hart's own stack */
	struct vcpu *loaded; /* whose VS state is in this hart's CSRs and registers; may be NULL */
	struct thread *thread; /* the service thread that runs on this hart, or NULL */

	unsigned int index; /* hart_set_index() */
	uint32_t state; /* enum hart_state; atomic */
	uint64_t set_word, set_bit; /* its word of a struct hartset, in bytes, and its bit there */
	uint64_t id;
	struct vcpu *running; /* the vCPU that this hart executes at the moment, or NULL */
	struct run_queue *queue;
	struct timer_queue *timers;
	struct hart_files *files; /* its guest interrupt files */
	struct hart_request *inbox[MAX_HARTS]; /* by sender; atomic */
	uint32_t inbox_pending; /* something in the inbox; atomic */
	uint32_t resched; /* look at the run queue before going on; atomic */
	uint32_t lock_ranks; /* ranks of the spinlocks held, one bit each */
	struct hart_profile profile;
	uint64_t idle_ticks; /* see sched_idle_ticks() */
	const char *absent_reason; /* why a hart was left out, or did not come back */
	long stop_error; /* what the firmware said when it was to stop the hart; atomic */
	struct arch_hart arch;
};

/** By index, 0 to hart_count - 1. Never change after boot. */
extern struct hart *harts[MAX_HARTS];
extern unsigned int hart_count;

/** The hart that booted: devices interrupt it. Does not change after boot. */
extern struct hart *boot_hart;

/** This hart. */
static inline struct hart *hart_self(void)
{
	return arch_hart_self();
}

/** It is harts[@index] from now on. Boot hart, before others run. */
static inline void hart_set_index(struct hart *hart, unsigned int index)
{
	hart->index = index;
	hart->set_word = index / 64 * sizeof(uint64_t);
	hart->set_bit = BIT(index % 64);
}

/** hartset_has() of that hart's index, for the paths of many exits. */
static inline bool hartset_has_hart(const struct hartset *set, const struct hart *hart)
{
	const uint64_t *word = (const void *)((const char *)set + hart->set_word);

	return __atomic_load_n(word, __ATOMIC_RELAXED) & hart->set_bit;
}

/** The hart with that id, or NULL. */
struct hart *hart_by_id(uint64_t id);

/** Whether the hart takes part. */
static inline bool hart_online(const struct hart *hart)
{
	return __atomic_load_n(&hart->state, __ATOMIC_ACQUIRE) == HART_ONLINE;
}

/** Whether the hart answers requests. */
static inline bool hart_answers(const struct hart *hart)
{
	uint32_t state = __atomic_load_n(&hart->state, __ATOMIC_SEQ_CST);

	return state == HART_ONLINE || state == HART_LEAVING;
}

/** Whether what the hart has is known: it takes part, or did and may do so again. */
static inline bool hart_known(const struct hart *hart)
{
	return __atomic_load_n(&hart->state, __ATOMIC_ACQUIRE) >= HART_ONLINE;
}

/** A word for what the hart does. */
const char *hart_state_name(const struct hart *hart);

/**
 * Runs @function(@opaque) on each hart of @set, on this hart at once, and waits until all have
 * done so, answering others' requests meanwhile. Gives up with a panic after some seconds: a
 * hart that does not answer is broken. The function runs with interrupts off and must not wait.
 * No spinlock may be held.
 */
void hart_call(const struct hartset *set, void (*function)(void *opaque), void *opaque);

/** Answers what other harts asked of this one. Interrupts off. */
void hart_serve(void);

/**
 * Tells a hart to look at its inbox, its run queue and its vCPU's pending work; the IPI makes it
 * leave the guest. Any context.
 */
void hart_kick(struct hart *hart);

/** An IPI arrived on this hart (called by the interrupt controller's driver). */
void hart_ipi(void);

#endif
