/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: runs vCPUs and service threads on harts, by priority, and in turns of a time
 * slice within a priority. Each hart has a queue with its own lock; what runs or is blocked is
 * in no queue.
 *
 *             sched_wake              picked
 *   BLOCKED ------------> RUNNABLE ----------> RUNNING
 *      ^                     ^   slice used up    |
 *      |                     +--------------------+
 *      +------------------------------------------+   waits (WFI, sleep)
 *   PARKED: not to run at all (not started, stopped, paused); left by sched_unpark() only.
 *
 * The state is changed by compare-and-swap; whoever moves an entity to RUNNABLE queues it.
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <core/hart.h>
#include <core/list.h>
#include <core/types.h>

#define PRIORITIES 8 /* 0 lowest to 7 highest */
#define PRIORITY_DEFAULT 4

enum sched_state { SCHED_PARKED, SCHED_BLOCKED, SCHED_RUNNABLE, SCHED_RUNNING };

enum sched_kind { SCHED_VCPU, SCHED_THREAD };

/** Why an entity leaves its hart. */
enum sched_leave { LEAVE_PREEMPTED, LEAVE_BLOCK, LEAVE_PARK };

struct sched_entity {
	struct list link; /* in a queue; guarded by that queue's lock */
	enum sched_kind kind;
	uint32_t state; /* enum sched_state; atomic */
	uint32_t hold; /* reasons not to run (paused, being destroyed); atomic */
	uint32_t leave; /* enum sched_leave, set by what runs before it leaves */
	struct hart *on; /* the hart that still holds its registers, or NULL; atomic */
	struct hart *queued; /* in whose queue it waits, or NULL; guarded by that queue's lock */
	struct hart *last; /* where it ran last; may be NULL */
	uint8_t priority;
	uint32_t roomy; /* nobody else needs its hart: sched_set_roomy(); atomic */
	bool uses_files; /* guest interrupt files: harts with a free one come first */
	bool has_file; /* it has one, of the hart where it ran last; atomic */
	uint32_t slice; /* ticks of time */
	uint64_t slice_end; /* in ticks, while running */
	uint64_t runtime; /* ticks that it ran; statistics */
	uint64_t runnable_since; /* ticks; or when it left its hart; atomic */
	uint64_t waited; /* ticks that it was RUNNABLE and did not run: another had the hart */
	uint64_t migrations; /* times it ran on another hart than before */
	struct hartset affinity;
};

/** Makes the queue of a hart. Boot hart, before that hart runs. Returns 0 or -ENOMEM. */
int sched_hart_init(struct hart *hart);

/** A new entity, PARKED, allowed on all harts. @slice in ticks. */
void sched_entity_init(struct sched_entity *entity, enum sched_kind kind, unsigned int priority,
		       uint32_t slice);

/** Makes a BLOCKED entity RUNNABLE and finds it a hart. False when it was not BLOCKED. Any hart. */
bool sched_wake(struct sched_entity *entity);

/**
 * The same for who has told the entity something, with a fence behind that: if it is not BLOCKED,
 * another hart that has its registers is interrupted. Any hart.
 */
void sched_notify(struct sched_entity *entity);

/** Makes a PARKED entity RUNNABLE unless it is held. False when it was not PARKED. Any hart. */
bool sched_unpark(struct sched_entity *entity);

/**
 * Forbids an entity to run. Returns at once; sched_held() tells when it has left its hart.
 * Each sched_hold() needs its sched_release(); the release does not make it run (sched_unpark()).
 */
void sched_hold(struct sched_entity *entity);
void sched_release(struct sched_entity *entity);

/** Whether a held entity is PARKED and no hart has its registers any more. */
bool sched_held(const struct sched_entity *entity);

/** Changes where it may run, moves it if need be. Returns 0 or -EINVAL (no online hart). */
int sched_set_affinity(struct sched_entity *entity, const struct hartset *affinity);

/**
 * Whether there is a hart for each vCPU that may run where this one may. Then it may wait for
 * interrupts in the guest, as long as nothing else wants its hart (arch_vcpu_set_native()).
 */
void sched_set_roomy(struct sched_entity *entity, bool roomy);

/** Whether what runs on @hart waits for interrupts in the guest. Any hart; a moment's truth. */
bool sched_is_native(const struct hart *hart);

/** Whether no hart that the entity may not run on has its registers (any more). */
bool sched_settled(const struct sched_entity *entity);

/**
 * Somebody asked this hart to look at its queue: whether what runs should leave the hart.
 * Starts its time slice when others wait from now on. Interrupts off.
 */
bool sched_should_leave(struct hart *hart);

/**
 * The hart's main loop, on its own stack with interrupts off: puts away what ran, picks what
 * runs next, idles when there is nothing. Never returns.
 */
_Noreturn void hart_loop(void);

/** Sends all that waits at @hart, which takes no more work, to other harts. Interrupts off. */
void sched_drain(struct hart *hart);

/** What runs on @hart, or NULL. That hart only. */
struct sched_entity *sched_current(const struct hart *hart);

/** Ticks that a hart had nothing to run, up to now. Any context. */
uint64_t sched_idle_ticks(const struct hart *hart);

/** How many entities wait in a hart's queue. */
unsigned int sched_waiting(const struct hart *hart);

#endif
