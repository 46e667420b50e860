/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The banks of RAM, for the files of the page allocator. page_lock guards the bitmaps, the lists
 * and the owners of free pages. The owners of a page in use are written by who has it: that is why
 * setting them takes no lock, and why a page that is on its way belongs to no free block.
 */
#ifndef PAGE_BANK_H
#define PAGE_BANK_H

#include <core/lock.h>
#include <core/page.h>

#define OWNERS_IN_WORD 4

/* A bank of RAM with its tables, placed in the bank's own first pages. */
struct bank {
	hpa_t start; /* first page under management */
	hpa_t base; /* start aligned down to the largest block: block 0 of every order */
	uint64_t pages; /* from base to the end */
	uint64_t *free_map[PAGE_MAX_ORDER + 1]; /* which blocks are free, a bit each */
	hpa_t owners_base; /* start aligned down to the pages of a word */
	uint16_t *owners; /* of each page from there; read and written by words, too */
};

/* What may hold pages that are free and not cleared. */
struct page_dirty {
	uint64_t low, high;
};

extern struct spinlock page_lock;
extern struct bank page_banks[PAGE_MAX_BANKS];
extern unsigned int page_bank_count;
extern struct page_dirty page_dirty; /* guarded by page_lock */

static inline uint64_t bank_end(const struct bank *bank)
{
	return bank->base.v + (bank->pages << PAGE_SHIFT);
}

static inline struct bank *bank_of(hpa_t page)
{
	for (unsigned int i = 0; i < page_bank_count; i++)
		if (page.v >= page_banks[i].start.v && page.v < bank_end(&page_banks[i]))
			return &page_banks[i];
	return NULL;
}

static inline uint64_t block_number(const struct bank *bank, hpa_t page, unsigned int order)
{
	return (page.v - bank->base.v) >> (PAGE_SHIFT + order);
}

static inline bool block_is_free(const struct bank *bank, uint64_t block, unsigned int order)
{
	return bank->free_map[order][block / 64] >> (block % 64) & 1;
}

static inline uint16_t *owner_entry(const struct bank *bank, hpa_t page)
{
	return &bank->owners[(page.v - bank->owners_base.v) >> PAGE_SHIFT];
}

/** Bytes of the table of owners of @bank, a multiple of 8. */
uint64_t owners_size(const struct bank *bank);

/** Makes the table at bank->owners: all pages are free and cleared. */
void owners_init(struct bank *bank);

/** Gives @count pages from @page on an owner; of what was there the bits @keep stay. */
void owners_set(struct bank *bank, hpa_t page, uint64_t count, uint16_t owner, uint16_t keep);

/** The first page from @page on that is not cleared, or @end, which lies in or behind the bank. */
hpa_t owners_next_dirty(const struct bank *bank, hpa_t page, hpa_t end);

#endif
