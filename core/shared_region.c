/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of shared regions and their memory, guarded by the control lock (vm_control_lock()).
 */
#include <arch/mmu.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/page.h>
#include <core/shared_region.h>
#include <stdio.h>
#include <string.h>

static struct list regions = { &regions, &regions };

struct shared_region *shared_region_find(const char *name)
{
	list_for_each(item, &regions) {
		struct shared_region *region = container_of(item, struct shared_region, link);

		if (!strcmp(region->name, name))
			return region;
	}
	return NULL;
}

static void region_free(struct shared_region *region)
{
	for (unsigned int i = 0; i < region->piece_count; i++)
		piece_give(&region->pieces[i]);
	alloc_free(region);
}

/* Takes all of its memory, or a part of it and returns false. */
static bool pieces_take(struct shared_region *region, gpa_t at)
{
	unsigned int largest = PIECE_ANY;
	uint64_t left = region->size;

	/* Said at once: what is taken first would be cleared for nothing. */
	if (left >> PAGE_SHIFT > page_free_count())
		return false;
	while (left) {
		struct piece *piece = &region->pieces[region->piece_count];

		if (region->piece_count == REGION_MAX_PIECES ||
		    !piece_take(at, left, PAGE_OWNER_SHARED, &largest, piece))
			return false;
		region->piece_count++;
		memset(hpa_to_hva(piece->hpa), 0, piece->size);
		at.v += piece->size;
		left -= piece->size;
	}
	return true;
}

static struct shared_region *region_create(const char *name, gpa_t at, uint64_t size)
{
	struct shared_region *region = alloc_zero(sizeof(*region));

	if (!region)
		return NULL;
	snprintf(region->name, sizeof(region->name), "%s", name);
	region->size = size;
	if (!pieces_take(region, at)) {
		region_free(region);
		return NULL;
	}
	list_insert(&regions, &region->link);
	return region;
}

struct shared_region *shared_region_get(const char *name, gpa_t at, uint64_t size)
{
	struct shared_region *region = shared_region_find(name);

	if (!region)
		region = region_create(name, at, size);
	if (region)
		region->users++;
	return region;
}

void shared_region_put(struct shared_region *region)
{
	CHECK(region->users);
	if (--region->users)
		return;
	list_remove(&region->link);
	region_free(region);
}
