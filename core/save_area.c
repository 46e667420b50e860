/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory for saved VMs, guarded by the control lock. The images lie one behind the other, each
 * at a multiple of 4 KiB; there are no gaps.
 */
#include <core/save_area.h>

#include <arch/mmu.h>
#include <core/log.h>
#include <core/number.h>
#include <core/options.h>
#include <core/page.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint8_t *area;
static size_t area_size;
static struct save_slot slots[SAVE_AREA_SLOTS];
static unsigned int slot_count;

/* One block has it; what is behind its end goes back. */
static bool pages_take(uint64_t pages, hpa_t *first)
{
	unsigned int order = 0;

	while (BIT(order) < pages)
		order++;
	if (order > PAGE_MAX_ORDER || !page_alloc(order, first))
		return false;
	for (uint64_t at = pages; at < BIT(order);) {
		unsigned int part = (unsigned int)__builtin_ctzll(at);

		page_free(hpa(first->v + (at << PAGE_SHIFT)), part);
		at += BIT(part);
	}
	return true;
}

void save_area_init(void)
{
	const char *text = option_get("save.size");
	uint64_t size;
	hpa_t first;

	if (!text || !size_parse(text, &size) || !size)
		return;
	size = align_up(size, PAGE_SIZE);
	if (!pages_take(size >> PAGE_SHIFT, &first)) {
		log_error("save.size=%s: there is no free block of that size", text);
		return;
	}
	area = hpa_to_hva(first);
	area_size = size;
	log_info("saved VMs: %" PRIu64 " MiB", size >> 20);
}

static size_t area_used(void)
{
	const struct save_slot *last = slot_count ? &slots[slot_count - 1] : NULL;

	return last ? align_up(last->at + last->size, PAGE_SIZE) : 0;
}

void *save_area_room(size_t *room)
{
	*room = area_size - area_used();
	return area + area_used();
}

static struct save_slot *slot_find(const char *name)
{
	for (unsigned int i = 0; i < slot_count; i++)
		if (strcmp(slots[i].name, name) == 0)
			return &slots[i];
	return NULL;
}

static void slot_remove(struct save_slot *slot)
{
	size_t moved = align_up(slot->size, PAGE_SIZE);

	memmove(area + slot->at, area + slot->at + moved, area_used() - slot->at - moved);
	slot_count--;
	for (; slot != &slots[slot_count]; slot++) {
		*slot = slot[1];
		slot->at -= moved;
	}
}

int save_area_keep(const char *name, size_t size)
{
	struct save_slot *before = slot_find(name);
	struct save_slot added = { .at = area_used(), .size = size };

	if (slot_count == SAVE_AREA_SLOTS - 1 && !before)
		return -ENOSPC;
	snprintf(added.name, sizeof(added.name), "%s", name);
	/* First, so that it moves with the others. */
	slots[slot_count++] = added;
	if (before)
		slot_remove(before);
	return 0;
}

int save_area_find(const char *name, const void **data, size_t *size)
{
	const struct save_slot *slot = slot_find(name);

	if (!slot)
		return -ENOENT;
	*data = area + slot->at;
	*size = slot->size;
	return 0;
}

int save_area_drop(const char *name)
{
	struct save_slot *slot = slot_find(name);

	if (!slot)
		return -ENOENT;
	slot_remove(slot);
	return 0;
}

const struct save_slot *save_area_slot(unsigned int index)
{
	return index < slot_count ? &slots[index] : NULL;
}

size_t save_area_size(void)
{
	return area_size;
}
