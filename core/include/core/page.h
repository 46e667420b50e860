/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page allocator: a buddy system over all banks of RAM, in blocks of 4 KiB to 1 GiB, each
 * naturally aligned. Guarded by its own lock; any context.
 */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include <core/types.h>

#define PAGE_MAX_ORDER 18 /* 1 GiB */

/** Gives a range of RAM to the allocator. While booting only. Page-aligned. */
void page_add(hpa_t base, uint64_t size);

/**
 * 2^@order contiguous pages, naturally aligned, contents undefined.
 * Returns false when there is no such block.
 */
bool page_alloc(unsigned int order, hpa_t *page);

/** Gives back a block of 2^@order pages that page_alloc() gave, or an aligned part of one. */
void page_free(hpa_t page, unsigned int order);

/** One cleared page by its hva, and back. NULL when memory is out. */
void *page_alloc_zero(void);
void page_free_hva(void *page);

/** Pages under management, and free at the moment. */
uint64_t page_total(void);
uint64_t page_free_count(void);

#endif
