/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clears free pages that somebody had, so that who takes them later need not. They stay where they
 * are in the buddy system. One page at a time is looked at and cleared, with page_lock held.
 */
#include "page_bank.h"

#include <arch/mmu.h>
#include <core/list.h>
#include <core/log.h>
#include <core/thread.h>
#include <string.h>

#define SCAN MIB(4) /* of RAM, whose owners one step looks at */

static struct thread *cleaner;

/* The bank with the first page from *@at on, and that page. NULL when there is none. */
static struct bank *bank_from(hpa_t *at)
{
	struct bank *best = NULL;

	for (unsigned int i = 0; i < page_bank_count; i++) {
		struct bank *bank = &page_banks[i];

		if (bank_end(bank) > at->v && (!best || bank->start.v < best->start.v))
			best = bank;
	}
	if (best)
		at->v = MAX(at->v, best->start.v);
	return best;
}

/* Clears a page if it is part of a free block; otherwise somebody is taking it, or giving it. */
static void clear(struct bank *bank, hpa_t page)
{
	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++) {
		uint64_t block = block_number(bank, page, order);
		uint64_t links = block << order == block_number(bank, page, 0) ? sizeof(struct list)
									       : 0;

		if (!block_is_free(bank, block, order))
			continue;
		memset((char *)hpa_to_hva(page) + links, 0, PAGE_SIZE - links);
		owners_set(bank, page, 1, PAGE_OWNER_FREE, 0);
		return;
	}
}

bool page_clean_step(void)
{
	unsigned long flags = spin_lock(&page_lock);
	hpa_t at = hpa(page_dirty.low);
	struct bank *bank = bank_from(&at);
	bool more = bank && at.v < page_dirty.high;
	hpa_t end;

	if (more) {
		end = hpa(MIN(MIN(bank_end(bank), page_dirty.high), at.v + SCAN));
		at = owners_next_dirty(bank, at, end);
		if (at.v < end.v) {
			clear(bank, at);
			at.v += PAGE_SIZE;
		}
		page_dirty.low = at.v;
	} else {
		page_dirty = (struct page_dirty){ UINT64_MAX, 0 };
	}
	spin_unlock(&page_lock, flags);
	return more;
}

void page_clean_all(void)
{
	for (unsigned int i = 0; i < page_bank_count; i++) {
		struct bank *bank = &page_banks[i];

		for (hpa_t at = bank->start; at.v < bank_end(bank); at.v += PAGE_SIZE)
			if (*owner_entry(bank, at) == PAGE_OWNER_FREE)
				owners_set(bank, at, 1, PAGE_OWNER_DIRTY, 0);
		page_dirty.low = MIN(page_dirty.low, bank->start.v);
		page_dirty.high = MAX(page_dirty.high, bank_end(bank));
	}
}

static void cleaner_run(void *opaque)
{
	(void)opaque;
	for (;;) {
		while (page_clean_step())
			;
		thread_wait(TIMER_NEVER);
	}
}

void page_clean_start(void)
{
	cleaner = thread_create_background("cleaner", cleaner_run, NULL);
	if (!cleaner)
		log_error("out of memory for the cleaner: who takes memory clears it");
}

void page_clean_wake(void)
{
	if (cleaner)
		thread_wake(cleaner);
}
