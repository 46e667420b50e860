/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of usable RAM, see ram.h. What the device tree says may overlap, wrap and lie: all of
 * it is reduced to ranges that do not. Boot hart only, so no lock.
 */
#include <arch/ram.h>

#include <core/hostdt.h>
#include <core/log.h>
#include <core/page.h>
#include <inttypes.h>
#include <string.h>

struct ram_range ram[RAM_MAX_RANGES];
unsigned int ram_count;

static void ram_remove(unsigned int i)
{
	ram_count--;
	memmove(&ram[i], &ram[i + 1], (ram_count - i) * sizeof(ram[0]));
}

static void ram_insert(uint64_t start, uint64_t end)
{
	unsigned int i;

	if (start >= end)
		return;
	/* Banks may overlap or touch: they become one. */
	for (i = 0; i < ram_count;)
		if (ram[i].start <= end && ram[i].end >= start) {
			start = MIN(start, ram[i].start);
			end = MAX(end, ram[i].end);
			ram_remove(i);
		} else {
			i++;
		}
	if (ram_count == RAM_MAX_RANGES) {
		log_warn("memory: %" PRIx64 "-%" PRIx64 " left out: more than %d ranges", start,
			 end - 1, RAM_MAX_RANGES);
		return;
	}
	for (i = ram_count++; i && ram[i - 1].start > start; i--)
		ram[i] = ram[i - 1];
	ram[i] = (struct ram_range){ start, end };
}

static void ram_exclude(uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	start = align_down(start, PAGE_SIZE);
	end = end > UINT64_MAX - PAGE_SIZE ? end : align_up(end, PAGE_SIZE);
	for (unsigned int i = 0; i < ram_count; i++) {
		struct ram_range r = ram[i];

		if (r.end <= start || r.start >= end)
			continue;
		ram_remove(i);
		ram_insert(r.start, MIN(r.end, start));
		ram_insert(MAX(r.start, end), r.end);
		i = (unsigned int)-1; /* the indexes have moved: look at all again */
	}
}

void ram_reserve(uint64_t start, uint64_t end, uint16_t owner, const char *what)
{
	ram_exclude(start, end);
	page_region_add(start, end, owner, what);
}

static uint64_t ram_above(uint64_t limit)
{
	uint64_t size = 0;

	for (unsigned int i = 0; i < ram_count; i++)
		if (ram[i].end > limit)
			size += ram[i].end - MAX(ram[i].start, limit);
	return size;
}

uint64_t ram_find(uint64_t room)
{
	uint64_t lowest = UINT64_MAX, limit, size;
	hpa_t base;

	ram_count = 0;
	for (unsigned int i = 0; hostdt_memory_beyond(i, &base, &size) == 0; i++)
		log_warn("memory: bank at %" PRIx64 " left out: no such addresses", base.v);
	for (unsigned int i = 0; hostdt_memory(i, &base, &size) == 0; i++) {
		ram_insert(align_up(base.v, PAGE_SIZE), align_down(base.v + size, PAGE_SIZE));
		page_region_add(base.v, base.v + size, PAGE_OWNER_UNUSED, NULL);
		lowest = MIN(lowest, align_down(base.v, GIB(1)));
	}
	limit = lowest == UINT64_MAX ? lowest : lowest + room;
	if (ram_count && ram[ram_count - 1].end > limit) {
		log_warn("memory: RAM above %" PRIx64 " is beyond the hypervisor's map: %" PRIu64
			 " MiB are not used",
			 limit, ram_above(limit) >> 20);
		ram_exclude(limit, UINT64_MAX);
	}
	for (unsigned int i = 0; hostdt_reserved(i, &base, &size) == 0; i++)
		if (size)
			ram_reserve(base.v, MIN(base.v + size - 1, UINT64_MAX - 1) + 1,
				    PAGE_OWNER_FIRMWARE, "reserved");
	return lowest;
}
