/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage page tables: guest-physical to host-physical, in Sv39x4, Sv48x4 or Sv57x4
 * (privileged specification, "Two-Stage Address Translation"). The number of levels is the only
 * state; mode, width and root size derive from it. gstage->lock guards the tables.
 */
#ifndef ARCH_GSTAGE_H
#define ARCH_GSTAGE_H

#include <core/hart.h>
#include <core/lock.h>
#include <core/types.h>

enum gstage_access {
	GSTAGE_READ = 1 << 0,
	GSTAGE_WRITE = 1 << 1,
	GSTAGE_EXECUTE = 1 << 2,
};

struct gstage {
	struct spinlock lock;
	hpa_t root; /* 16 KiB */
	uint16_t vmid;
	uint16_t owner; /* of the pages that it may map (core/page.h) */
	uint8_t levels; /* 3, 4 or 5 */
	bool shared_vmid; /* no VMID of its own: fence whenever it is loaded */
	uint64_t table_pages; /* statistics, the root counted as 4 */
	struct hartset harts; /* that have walked it: they may hold translations */
};

/** Bits of a guest-physical address with @levels levels: 41, 50, 59. */
static inline unsigned int gstage_gpa_bits(unsigned int levels)
{
	return 12 + 9 * levels + 2;
}

/** The levels of the smallest mode that reaches @highest (a gpa), 3 to 5; 0 when none does. */
unsigned int gstage_levels_for(gpa_t highest);

/**
 * An empty table for the memory of @owner (core/page.h). 0, -ENOMEM, or -EINVAL for a number of
 * levels that does not exist.
 */
int gstage_init(struct gstage *gstage, unsigned int levels, uint16_t owner);

/** Frees all tables and the VMID. No hart uses the table any more. */
void gstage_destroy(struct gstage *gstage);

/**
 * Maps @size bytes at @to -> @at with the largest leaves that alignment allows. Everything is
 * 4 KiB aligned. All or nothing: -ENOMEM, -EEXIST (something is mapped there), -ERANGE (above
 * the mode's limit) or -EPERM (pages that are neither the owner's nor shared nor a device's) change
 * nothing. Looked at are the first and the last page, in debug builds all.
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

/** Drops this hart's translation of the page @at. */
void gstage_fence_page(const struct gstage *gstage, gpa_t at);

/** The value of hgatp for this table. */
uint64_t gstage_hgatp(const struct gstage *gstage);

#endif
