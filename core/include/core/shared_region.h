/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions of memory that several VMs see, by name. The first VM that asks for one makes it, the
 * last one that lets go of it ends it. All of it wants the control lock (vm_control_lock()).
 */
#ifndef CORE_SHARED_REGION_H
#define CORE_SHARED_REGION_H

#include <core/list.h>
#include <core/piece.h>
#include <core/vmdesc.h>

#define REGION_MAX_PIECES 64

struct shared_region {
	struct list link;
	char name[VM_NAME_MAX + 1];
	uint64_t size; /* bytes, a multiple of 4 KiB */
	unsigned int users; /* ranges of VMs that show it */
	struct piece pieces[REGION_MAX_PIECES]; /* in the order of the region */
	unsigned int piece_count;
};

/** The region of that name, or NULL. */
struct shared_region *shared_region_find(const char *name);

/**
 * One more user of the region @name (at most VM_NAME_MAX), which is made, cleared, with @size when
 * there is none: pages, not 0. Its pieces suit a range that begins at @at.
 * Returns NULL when memory is out or in too many pieces. With another size than @size it is one
 * that is there already.
 */
struct shared_region *shared_region_get(const char *name, gpa_t at, uint64_t size);

/** One user less. The last one clears its memory and gives it back. */
void shared_region_put(struct shared_region *region);

#endif
