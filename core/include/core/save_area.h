/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where saved VMs are kept: host memory of the size that the option save.size says, one image of a
 * name at most, one behind the other. Guarded by the control lock (vm_control_lock()); pointers
 * into it are good until the next save_area_keep() or save_area_drop().
 */
#ifndef CORE_SAVE_AREA_H
#define CORE_SAVE_AREA_H

#include <core/types.h>
#include <core/vmdesc.h>

#define SAVE_AREA_SLOTS 16 /* one of them for what is being made */

struct save_slot {
	char name[VM_NAME_MAX + 1];
	size_t at, size;
};

/** Takes the memory. Boot hart, when options and pages are there. */
void save_area_init(void);

/** The room behind all images, at a multiple of 4 KiB: its beginning and *@room. */
void *save_area_room(size_t *room);

/**
 * Keeps what was written to the beginning of that room, @size bytes, as the image of @name; that
 * of before is dropped. 0, or -ENOSPC: there are too many.
 */
int save_area_keep(const char *name, size_t size);

/** The image of @name. 0 or -ENOENT. */
int save_area_find(const char *name, const void **data, size_t *size);

/** Forgets the image of @name; those behind it are moved. 0 or -ENOENT. Takes long. */
int save_area_drop(const char *name);

/** Image @index in order of their addresses, or NULL. */
const struct save_slot *save_area_slot(unsigned int index);

/** Bytes of the whole area, 0: there is none. */
size_t save_area_size(void);

#endif
