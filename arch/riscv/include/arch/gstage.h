/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage page tables: guest-physical to host-physical, in Sv39x4, Sv48x4 or Sv57x4
 * (privileged specification, "Two-Stage Address Translation"). The number of levels is the only
 * state; mode, width and root size derive from it. gstage->lock guards the tables.
 */
#ifndef ARCH_GSTAGE_H
#define ARCH_GSTAGE_H

#include <arch/csr.h>
#include <arch/vmid.h>
#include <core/hart.h>
#include <core/lock.h>
#include <core/types.h>

enum gstage_access {
	GSTAGE_READ = 1 << 0,
	GSTAGE_WRITE = 1 << 1,
	GSTAGE_EXECUTE = 1 << 2,
	GSTAGE_IO = 1 << 3, /* a device: strongly ordered, not cacheable (Svpbmt) */
};

struct gstage {
	struct spinlock lock;
	hpa_t root; /* 16 KiB */
	uint16_t owner; /* of the pages that it may map (core/page.h) */
	uint8_t levels; /* 3, 4 or 5 */
	bool napot; /* leaves of 64 KiB may be used: all its harts have Svnapot */
	bool pbmt; /* memory types may be used: all its harts have Svpbmt on */
	bool dirty_by_hardware; /* D of leaves is set by hardware, where there is Svadu */
	bool tracked; /* what the hypervisor writes is logged, too; atomic */
	uint64_t table_pages; /* statistics, the root counted as 4 */
	struct hartset harts; /* that have walked it since they were fenced last */
	struct vmid vmids[MAX_HARTS]; /* by hart, each its own */
};

/** Bits of a guest-physical address with @levels levels: 41, 50, 59. */
static inline unsigned int gstage_gpa_bits(unsigned int levels)
{
	return 12 + 9 * levels + 2;
}

/** The levels of the smallest mode that reaches @highest (a gpa), 3 to 5; 0 when none does. */
unsigned int gstage_levels_for(gpa_t highest);

/**
 * An empty table for the memory of @owner (core/page.h). The mode is set once: -EBUSY when there is
 * a table. 0, -ENOMEM, or -EINVAL for a number of levels that does not exist.
 */
int gstage_init(struct gstage *gstage, unsigned int levels, uint16_t owner);

/** Frees all tables. No hart uses the table any more. */
void gstage_destroy(struct gstage *gstage);

/**
 * Maps @size bytes at @to -> @at with the largest leaves that alignment allows. Everything is
 * 4 KiB aligned. All or nothing: -ENOMEM, -EEXIST (something is mapped there, or was prepared with
 * gstage_leaf_prepare()), -ERANGE (above the mode's limit) or -EPERM (pages that are neither the
 * owner's nor shared nor a device's) change nothing. Looked at are the first and the last page, in
 * debug builds all. No spinlock may be held.
 */
int gstage_map(struct gstage *gstage, gpa_t at, hpa_t to, uint64_t size, unsigned int access);

/**
 * Unmaps a range, whatever it maps. Larger leaves are split at its ends, and tables that become
 * empty freed. 0, -ENOMEM (a split needs a table) or -ERANGE, which change nothing. No spinlock may
 * be held: other harts are fenced.
 */
int gstage_unmap(struct gstage *gstage, gpa_t at, uint64_t size);

/** Changes to @access (not 0) what a range maps, as gstage_unmap() otherwise. */
int gstage_protect(struct gstage *gstage, gpa_t at, uint64_t size, unsigned int access);

/**
 * Maps the page @at, which is mapped, to @to instead, as it was otherwise. No hart uses the old
 * translation afterwards. 0, -ENOENT, -ENOMEM, or -EPERM: @to is somebody else's. No spinlock may
 * be held.
 */
int gstage_remap(struct gstage *gstage, gpa_t at, hpa_t to);

/**
 * Begins to log which pages of a range are written. Larger leaves are split at the first write to
 * them; when memory for that is out, all of such a leaf counts as written. What was read-only
 * stays it. 0, -ENOMEM or -ERANGE, which change nothing. No spinlock may be held.
 */
int gstage_track(struct gstage *gstage, gpa_t at, uint64_t size);

/** Ends that, and merges leaves again. No spinlock may be held. */
void gstage_untrack(struct gstage *gstage, gpa_t at, uint64_t size);

/**
 * Reads and clears the log of a range. Adds to @bitmap, one bit a page from @at on, those that
 * were written since it was read last; returns how many. What is written before this returns is in
 * it or will be in the next. When a larger leaf can only be split with memory that is out, its
 * pages stay in the log. No spinlock may be held.
 */
uint64_t gstage_collect(struct gstage *gstage, gpa_t at, uint64_t size, uint64_t *bitmap);

/**
 * A guest's access at @at faulted. Returns true when the table allows it, perhaps only now that
 * a write was logged: the guest tries again. Any context.
 */
bool gstage_retry(struct gstage *gstage, gpa_t at, unsigned int access);

/** Logs that the hypervisor itself wrote a range, after it did. Any context. */
void gstage_written(struct gstage *gstage, gpa_t at, uint64_t size);

/**
 * Makes larger leaves of those in a range that 512 of them, all of a table, give one. No spinlock
 * may be held.
 */
void gstage_merge(struct gstage *gstage, gpa_t at, uint64_t size);

/** Drops all translations of a range, on each hart that has walked the table. No spinlock held. */
void gstage_fence(struct gstage *gstage, gpa_t at, uint64_t size);

/** Walks the table. 0 with *@to for the byte at @at, or -ENOENT. */
int gstage_walk(struct gstage *gstage, gpa_t at, hpa_t *to, unsigned int *access);

/** Makes the tables down to the 4 KiB leaf at @at, so that gstage_leaf_set() never fails. */
int gstage_leaf_prepare(struct gstage *gstage, gpa_t at);

/**
 * Maps the page @at, whose tables are there, to @to, or unmaps it with @access 0. @to is a page
 * that gstage_map() would map. Nothing is fenced. Any context.
 */
void gstage_leaf_set(struct gstage *gstage, gpa_t at, hpa_t to, unsigned int access);

/** Drops this hart's translations of a range, or its VMID when it does not run the VM. */
void gstage_fence_here(struct gstage *gstage, gpa_t at, uint64_t size);

/**
 * This hart, @hart, is about to run the VM with @henvcfg, or does: fences the VMID if translations
 * that were found with the PMM of before mean something else, whoever of the VM ran then.
 */
void gstage_fence_pmm(struct gstage *gstage, const struct hart *hart, uint64_t henvcfg);

/**
 * Whether guest-physical addresses mean something else with @henvcfg's PMM than with that of
 * @other: all translations are to be fenced then. With vsatp Bare the masked bits are part of them
 * (privileged specification, "Pointer Masking and Two-Stage Address Translation").
 */
static inline bool gstage_pmm_matters(const struct gstage *gstage, uint64_t henvcfg, uint64_t other)
{
	/* 2: PMLEN 7, which leaves 57 bits; 3: PMLEN 16, which leaves 48. */
	static const uint8_t left[] = { 64, 64, 57, 48 };
	uint64_t one = henvcfg >> HENVCFG_PMM_SHIFT & 3, two = other >> HENVCFG_PMM_SHIFT & 3;

	return one != two && MIN(left[one], left[two]) < gstage_gpa_bits(gstage->levels);
}

/** The value of hgatp for this table with VMID number @vmid. */
static inline uint64_t gstage_hgatp(const struct gstage *gstage, uint32_t vmid)
{
	/* MODE is 8 for Sv39x4, 9 for Sv48x4, 10 for Sv57x4; the root is 16 KiB aligned. */
	uint64_t mode = gstage->levels + 5u;

	return mode << HGATP_MODE_SHIFT | (uint64_t)vmid << HGATP_VMID_SHIFT |
	       gstage->root.v >> PAGE_SHIFT;
}

#endif
