/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page allocator: a buddy system over all banks of RAM, in blocks of 4 KiB to 1 GiB, each
 * naturally aligned. Each page has one owner; of RAM in no bank and of other addresses a list of
 * regions tells it. Guarded by its own lock; any context where nothing else is said.
 */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include <core/types.h>

#define PAGE_MAX_ORDER 18 /* 1 GiB */

/* Owners of a page, 16 bits. */
#define PAGE_OWNER_FREE 0 /* free and cleared */
#define PAGE_OWNER_HYPERVISOR 1
#define PAGE_OWNER_SHARED 2 /* a region that VMs share */
#define PAGE_OWNER_FIRMWARE 3 /* reserved by the firmware or the boot loader */
#define PAGE_OWNER_BUNDLE 4
#define PAGE_OWNER_UNUSED 5 /* RAM that the hypervisor leaves alone */
#define PAGE_OWNER_DEVICE 6 /* not RAM */
#define PAGE_OWNER_VM 16 /* + the VM's id */
#define PAGE_OWNER_DIRTY 0x8000 /* free, but not cleared since somebody had it */

/** The highest id of a VM that can own pages. */
#define PAGE_VM_ID_MAX (PAGE_OWNER_DIRTY - 1 - PAGE_OWNER_VM)

/** The owner that VM @id (up to PAGE_VM_ID_MAX) is. */
static inline uint16_t page_owner_vm(unsigned int id)
{
	return (uint16_t)(PAGE_OWNER_VM + id);
}

#define PAGE_MAX_BANKS 64

/**
 * Gives a range of RAM to the allocator. While booting only. Page-aligned. False when there are
 * PAGE_MAX_BANKS; a range that is too small for its own tables is of no use, and no failure.
 */
bool page_add(hpa_t base, uint64_t size);

/**
 * 2^@order contiguous pages, naturally aligned, contents undefined. They are the hypervisor's.
 * Returns false when there is no such block.
 */
bool page_alloc(unsigned int order, hpa_t *page);

/**
 * Gives back a block of 2^@order pages that page_alloc() gave, or an aligned part of one, whoever
 * owns it. It counts as not cleared.
 */
void page_free(hpa_t page, unsigned int order);

/** One cleared page by its hva, and back. NULL when memory is out. */
void *page_alloc_zero(void);
void page_free_hva(void *page);

/** Pages under management, and free at the moment. */
uint64_t page_total(void);
uint64_t page_free_count(void);

/* ---- owners ---- */

/**
 * Hands pages on that page_alloc() gave and nobody has used: those that somebody had before are
 * cleared. @size in bytes. Takes long: thread context, no spinlock.
 */
void page_own(hpa_t page, uint64_t size, uint16_t owner);

/** Who owns the page that @at lies in. Any address. */
uint16_t page_owner(hpa_t at);

/** The next page behind that of @at whose owner may be another. UINT64_MAX: there is none. */
hpa_t page_owner_next(hpa_t at);

/** How many pages under management @owner has. Reads the whole table: thread context. */
uint64_t page_count(uint16_t owner);

/** Addresses outside of the banks that are somebody's. */
struct page_region {
	uint64_t start, end;
	uint16_t owner;
	const char *what; /* in words, or NULL */
};

/**
 * Says whose [@start, @end) is, as long as it is given to no bank; of two regions that overlap the
 * later one counts. While booting only. The ends are widened to whole pages. @what is kept.
 */
void page_region_add(uint64_t start, uint64_t end, uint16_t owner, const char *what);

/** Region @index in the order in which they were added, or NULL. */
const struct page_region *page_region(unsigned int index);

/** The region that @at lies in, which is in no bank, or NULL. */
const struct page_region *page_region_of(hpa_t at);

/* ---- clearing (page_clean.c) ---- */

/** All pages that are free count as not cleared from now on. Boot hart, while booting only. */
void page_clean_all(void);

/** Starts the thread that clears free pages; wakes it, in any context without a spinlock. */
void page_clean_start(void);
void page_clean_wake(void);

/**
 * Clears at most one page of those that are free and not cleared, in bounded time. False when there
 * is none left. For the thread.
 */
bool page_clean_step(void);

#endif
