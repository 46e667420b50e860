/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who owns each page: a table of 16 bits a page in each bank, and a list of regions for what is in
 * no bank. Who has a page writes its entry, see page_bank.h; the regions do not change after boot.
 */
#include "page_bank.h"

#include <arch/mmu.h>
#include <core/check.h>
#include <string.h>

#define MAX_REGIONS 128

/* The owners of four pages, the one of the lowest address in the lowest bits. */
typedef uint64_t __attribute__((may_alias)) word_t;

static struct page_region regions[MAX_REGIONS];
static unsigned int region_count;

static uint64_t four_times(uint16_t owner)
{
	return owner * UINT64_C(0x0001000100010001);
}

/*
 * Others look at the table meanwhile: one access each. As volatile, because GCC makes an AMO of a
 * relaxed atomic store.
 */
static uint16_t entry_get(const uint16_t *entry)
{
	return *(const volatile uint16_t *)entry;
}

static void entry_set(uint16_t *entry, uint16_t owner, uint16_t keep)
{
	*(volatile uint16_t *)entry = (entry_get(entry) & keep) | owner;
}

static uint64_t word_get(const uint16_t *entry)
{
	return *(const volatile word_t *)entry;
}

static void word_set(uint16_t *entry, uint64_t value)
{
	*(volatile word_t *)entry = value;
}

static bool begins_word(const uint16_t *entry)
{
	return is_aligned((uintptr_t)entry, sizeof(word_t));
}

/* ---- the table of a bank ---- */

static uint64_t owners_count(const struct bank *bank)
{
	return align_up((bank_end(bank) - bank->owners_base.v) >> PAGE_SHIFT, OWNERS_IN_WORD);
}

uint64_t owners_size(const struct bank *bank)
{
	return owners_count(bank) * sizeof(*bank->owners);
}

void owners_init(struct bank *bank)
{
	uint64_t pages = (bank_end(bank) - bank->start.v) >> PAGE_SHIFT;
	uint64_t last = owners_count(bank) - OWNERS_IN_WORD;

	/* The first and the last word may have entries of no page. */
	word_set(&bank->owners[0], four_times(PAGE_OWNER_DEVICE));
	word_set(&bank->owners[last], four_times(PAGE_OWNER_DEVICE));
	owners_set(bank, bank->start, pages, PAGE_OWNER_FREE, 0);
}

/* Fills all whole words before @end; returns the first entry behind them. */
static uint16_t *words_fill(uint16_t *entry, const uint16_t *end, uint64_t owners)
{
	for (; end - entry >= 4 * OWNERS_IN_WORD; entry += 4 * OWNERS_IN_WORD) {
		word_set(entry, owners);
		word_set(entry + OWNERS_IN_WORD, owners);
		word_set(entry + 2 * OWNERS_IN_WORD, owners);
		word_set(entry + 3 * OWNERS_IN_WORD, owners);
	}
	for (; end - entry >= OWNERS_IN_WORD; entry += OWNERS_IN_WORD)
		word_set(entry, owners);
	return entry;
}

void owners_set(struct bank *bank, hpa_t page, uint64_t count, uint16_t owner, uint16_t keep)
{
	uint16_t *entry = owner_entry(bank, page), *end = entry + count;
	uint64_t owners = four_times(owner), kept = four_times(keep);
	hpa_t until = hpa(page.v + (count << PAGE_SHIFT));

	/* Reading alone is quicker than writing back what was read. */
	if (keep == PAGE_OWNER_DIRTY && count >= OWNERS_IN_WORD &&
	    owners_next_dirty(bank, page, until).v == until.v)
		keep = 0;
	while (entry < end && !begins_word(entry))
		entry_set(entry++, owner, keep);
	if (keep)
		for (; end - entry >= OWNERS_IN_WORD; entry += OWNERS_IN_WORD)
			word_set(entry, (word_get(entry) & kept) | owners);
	else
		entry = words_fill(entry, end, owners);
	while (entry < end)
		entry_set(entry++, owner, keep);
}

/* Passes over whole words before @last without a dirty page. */
static const uint16_t *words_cleared(const uint16_t *entry, const uint16_t *last)
{
	uint64_t dirty = four_times(PAGE_OWNER_DIRTY);

	for (; last - entry >= 4 * OWNERS_IN_WORD; entry += 4 * OWNERS_IN_WORD)
		if ((word_get(entry) | word_get(entry + OWNERS_IN_WORD) |
		     word_get(entry + 2 * OWNERS_IN_WORD) | word_get(entry + 3 * OWNERS_IN_WORD)) &
		    dirty)
			break;
	while (last - entry >= OWNERS_IN_WORD && !(word_get(entry) & dirty))
		entry += OWNERS_IN_WORD;
	return entry;
}

hpa_t owners_next_dirty(const struct bank *bank, hpa_t page, hpa_t end)
{
	const uint16_t *entry = owner_entry(bank, page), *last = owner_entry(bank, end);

	for (;; entry++) {
		if (begins_word(entry))
			entry = words_cleared(entry, last);
		if (entry >= last || entry_get(entry) & PAGE_OWNER_DIRTY)
			break;
	}
	return entry < last ? hpa(end.v - ((uint64_t)(last - entry) << PAGE_SHIFT)) : end;
}

/* ---- regions ---- */

void page_region_add(uint64_t start, uint64_t end, uint16_t owner, const char *what)
{
	/* What does not fit counts as what it lies in: RAM at least, which comes first. */
	if (start >= end || region_count == MAX_REGIONS)
		return;
	regions[region_count++] = (struct page_region){
		.start = align_down(start, PAGE_SIZE),
		.end = end > UINT64_MAX - PAGE_SIZE ? end : align_up(end, PAGE_SIZE),
		.owner = owner,
		.what = what,
	};
}

const struct page_region *page_region(unsigned int index)
{
	return index < region_count ? &regions[index] : NULL;
}

const struct page_region *page_region_of(hpa_t at)
{
	for (unsigned int i = region_count; i-- > 0;)
		if (at.v >= regions[i].start && at.v < regions[i].end)
			return &regions[i];
	return NULL;
}

/* ---- who owns what ---- */

void page_own(hpa_t page, uint64_t size, uint16_t owner)
{
	struct bank *bank = bank_of(page);
	hpa_t end = hpa(page.v + size);

	CHECK(bank && size <= bank_end(bank) - page.v && is_aligned(page.v | size, PAGE_SIZE));
	for (hpa_t at = owners_next_dirty(bank, page, end); at.v < end.v;
	     at = owners_next_dirty(bank, hpa(at.v + PAGE_SIZE), end))
		memset(hpa_to_hva(at), 0, PAGE_SIZE);
	owners_set(bank, page, size >> PAGE_SHIFT, owner, 0);
}

uint16_t page_owner(hpa_t at)
{
	const struct bank *bank = bank_of(at);
	const struct page_region *region;
	uint16_t owner;

	if (bank) {
		owner = entry_get(owner_entry(bank, at));
		/* Of a page in use it does not matter whether it was cleared before. */
		return owner == PAGE_OWNER_DIRTY ? owner : owner & (uint16_t)~PAGE_OWNER_DIRTY;
	}
	region = page_region_of(at);
	return region ? region->owner : PAGE_OWNER_DEVICE;
}

hpa_t page_owner_next(hpa_t at)
{
	hpa_t next = hpa(UINT64_MAX);

	if (bank_of(at))
		return hpa(align_down(at.v, PAGE_SIZE) + PAGE_SIZE);
	for (unsigned int i = 0; i < page_bank_count; i++)
		if (page_banks[i].start.v > at.v)
			next.v = MIN(next.v, page_banks[i].start.v);
	for (unsigned int i = 0; i < region_count; i++) {
		if (regions[i].start > at.v)
			next.v = MIN(next.v, regions[i].start);
		if (regions[i].end > at.v)
			next.v = MIN(next.v, regions[i].end);
	}
	return next;
}

static uint64_t count_in(const struct bank *bank, uint16_t owner)
{
	bool is_free = owner == PAGE_OWNER_FREE || owner == PAGE_OWNER_DIRTY;
	uint16_t mask = is_free ? 0xffff : (uint16_t)~PAGE_OWNER_DIRTY;
	uint64_t entries = owners_count(bank), sum = 0;

	for (uint64_t i = 0; i < entries; i += OWNERS_IN_WORD) {
		uint64_t differ = (word_get(&bank->owners[i]) & four_times(mask)) ^
				  four_times(owner);

		if (!differ)
			sum += OWNERS_IN_WORD;
		else
			for (unsigned int k = 0; k < OWNERS_IN_WORD; k++)
				sum += !(differ >> 16 * k & 0xffff);
	}
	return sum;
}

uint64_t page_count(uint16_t owner)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < page_bank_count; i++)
		sum += count_in(&page_banks[i], owner);
	return sum;
}
