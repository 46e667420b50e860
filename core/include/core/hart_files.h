/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest interrupt files (VS-files) of each hart, as a resource: lines 1 to `count`, of which
 * 1 to `limit` may be used, who owns which, and how many are promised to VMs that insist on them.
 * hart->files->lock (rank LOCK_HART_FILES) guards all of it. Nothing here touches the hardware.
 */
#ifndef CORE_HART_FILES_H
#define CORE_HART_FILES_H

#include <core/hart.h>
#include <core/lock.h>
#include <core/types.h>

#define HART_LINES 64 /* line 0 is the hart's own file */

struct vcpu;

struct hart_file_counts {
	uint64_t hits; /* vCPUs loaded that had their file here */
	uint64_t found; /* vCPUs loaded that got one */
	uint64_t software; /* vCPUs loaded with their SW-file for want of a line */
	uint64_t promotions; /* SW-file to VS-file */
	uint64_t steals; /* lines taken from vCPUs that did not run */
	uint64_t handovers; /* files that came from other harts */
	uint64_t wakes; /* by SGEI */
};

struct hart_files {
	struct spinlock lock;
	unsigned int count; /* what the hart has */
	unsigned int limit; /* lines above it are given out no more */
	unsigned int limit_online; /* what it will be when the hart is on-line again */
	unsigned int reserved; /* for VMs with interrupt-files = "hardware" */
	uint64_t used; /* one bit a line */
	struct vcpu *owners[HART_LINES];
	uint64_t stolen_at; /* ticks; when a line changed hands last */
	uint32_t wanted; /* a vCPU runs here on its SW-file for want of a line; atomic */
	struct hart_file_counts counts;
};

/**
 * Notes how many files @hart has, and applies the option hgei.limit. While it comes up, by itself;
 * may be repeated: owners stay. 0 or -ENOMEM.
 */
int hart_files_init(struct hart *hart, unsigned int count);

/** Takes a free line of @hart for @owner. Returns it, or 0 when none is free. Any context. */
unsigned int hart_files_take(struct hart *hart, struct vcpu *owner);

/** Gives a line back, or passes it on to @heir (not NULL: a line within the limit). Any context. */
void hart_files_give(struct hart *hart, unsigned int line, struct vcpu *heir);

/** Lines 1 to @limit, one bit each. */
static inline uint64_t hart_lines_within(unsigned int limit)
{
	return limit >= 63 ? ~UINT64_C(1) : (BIT(limit + 1) - 1) & ~UINT64_C(1);
}

/** Lets @hart give out lines up to @limit only; owners of others keep them. Any context. */
void hart_files_set_limit(struct hart *hart, unsigned int limit);

/** Harts of which a line is free: a moment's truth. */
extern struct hartset hart_files_free_set;

/** Whether a line of @hart is free at this moment. Any context, without the lock. */
static inline bool hart_files_free(const struct hart *hart)
{
	return hartset_has(&hart_files_free_set, hart->index);
}

/**
 * Finds a line whose owner can do without it: the one that ran least recently of those for which
 * @spare(owner) says yes; @spare is called with the lock held and takes what it needs to keep the
 * owner from going away. Returns the line with *@owner, or 0.
 */
unsigned int hart_files_victim(struct hart *hart, bool (*spare)(struct vcpu *owner),
			       uint64_t (*last_run)(const struct vcpu *owner), struct vcpu **owner);

/** An owner of a line above the limit, or NULL. Any context. */
struct vcpu *hart_files_excess(struct hart *hart);

/** Calls @visit(owner) for the owners of @lines (one bit each), the lock held. */
void hart_files_owners(struct hart *hart, uint64_t lines, void (*visit)(struct vcpu *owner));

/** Promises @count more lines of @hart (fewer if negative). Thread context, control lock. */
void hart_files_reserve(struct hart *hart, int count);

/** Adds to one of @hart's counts. */
#define hart_files_count(hart, what) \
	__atomic_fetch_add(&(hart)->files->counts.what, 1, __ATOMIC_RELAXED)

#endif
