/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small objects: a page is split into slots of one power-of-two size, with the size in a header
 * at its start; free slots of each size form a list. Larger objects are blocks of the page
 * allocator with their order in a side table of headers. Guarded by one lock of rank LOCK_HEAP.
 */
#include <arch/mmu.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/list.h>
#include <core/lock.h>
#include <core/page.h>
#include <string.h>

#define SMALLEST_SHIFT 5 /* 32 bytes */
#define LARGEST_SHIFT 10 /* 1 KiB: three fit beside the header */
#define SIZES (LARGEST_SHIFT - SMALLEST_SHIFT + 1)

#define SLOT_MAGIC 0x534c4f54u

struct slot {
	struct slot *next;
};

/* At the start of each page of slots. */
struct slot_page {
	struct list link; /* in partial[], while it has a free slot */
	struct slot *free;
	uint32_t magic;
	uint16_t shift;
	uint16_t used;
};

/* A large block, found by its address. */
struct large {
	struct large *next;
	void *memory;
	unsigned int order;
};

static struct spinlock heap_lock = SPINLOCK_INIT(LOCK_HEAP);
static struct list partial[SIZES]; /* pages with free slots; next is NULL before first use */
static struct large *large_blocks;

/* Splits a fresh page into slots. The lock is held. */
static struct slot_page *slots_grow(unsigned int shift)
{
	struct slot_page *page = page_alloc_zero();
	uint64_t size = 1ULL << shift;

	if (!page)
		return NULL;
	page->magic = SLOT_MAGIC;
	page->shift = (uint16_t)shift;
	for (uint64_t at = align_up(sizeof(*page), size); at + size <= PAGE_SIZE; at += size) {
		struct slot *slot = (struct slot *)((char *)page + at);

		slot->next = page->free;
		page->free = slot;
	}
	list_insert(&partial[shift - SMALLEST_SHIFT], &page->link);
	return page;
}

static void *small_alloc(unsigned int shift)
{
	struct list *pages = &partial[shift - SMALLEST_SHIFT];
	unsigned long flags = spin_lock(&heap_lock);
	struct slot_page *page;
	struct slot *slot = NULL;

	if (!pages->next)
		list_init(pages);
	page = list_empty(pages) ? slots_grow(shift)
				 : container_of(pages->next, struct slot_page, link);
	if (page) {
		slot = page->free;
		page->free = slot->next;
		page->used++;
		if (!page->free)
			list_remove(&page->link);
	}
	spin_unlock(&heap_lock, flags);
	return slot ? memset(slot, 0, 1ULL << shift) : NULL;
}

static void small_free(struct slot_page *page, struct slot *slot)
{
	unsigned long flags = spin_lock(&heap_lock);
	bool last;

	CHECK(page->magic == SLOT_MAGIC && page->used > 0);
	if (!page->free)
		list_insert(&partial[page->shift - SMALLEST_SHIFT], &page->link);
	slot->next = page->free;
	page->free = slot;
	last = --page->used == 0;
	if (last) {
		list_remove(&page->link);
		page->magic = 0;
	}
	spin_unlock(&heap_lock, flags);
	if (last)
		page_free_hva(page);
}

static void *large_alloc(size_t size)
{
	struct large *large = small_alloc(SMALLEST_SHIFT);
	unsigned int order = 0;
	unsigned long flags;
	hpa_t block;

	if (!large)
		return NULL;
	while (order < PAGE_MAX_ORDER && PAGE_SIZE << order < size)
		order++;
	if (PAGE_SIZE << order < size || !page_alloc(order, &block)) {
		alloc_free(large);
		return NULL;
	}
	large->memory = hpa_to_hva(block);
	large->order = order;
	flags = spin_lock(&heap_lock);
	large->next = large_blocks;
	large_blocks = large;
	spin_unlock(&heap_lock, flags);
	return memset(large->memory, 0, PAGE_SIZE << order);
}

void *alloc_zero(size_t size)
{
	unsigned int shift = SMALLEST_SHIFT;

	while (shift <= LARGEST_SHIFT && 1ULL << shift < size)
		shift++;
	return shift <= LARGEST_SHIFT ? small_alloc(shift) : large_alloc(size);
}

static void large_free(void *memory)
{
	unsigned long flags = spin_lock(&heap_lock);
	struct large **link = &large_blocks;
	struct large *large;

	while (*link && (*link)->memory != memory)
		link = &(*link)->next;
	large = *link;
	CHECK(large);
	*link = large->next;
	spin_unlock(&heap_lock, flags);
	page_free(hva_to_hpa(memory), large->order);
	alloc_free(large);
}

void alloc_free(void *memory)
{
	struct slot_page *page = (struct slot_page *)align_down((uintptr_t)memory, PAGE_SIZE);

	if (!memory)
		return;
	if ((void *)page == memory)
		large_free(memory);
	else
		small_free(page, memory);
}
