/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buddy system. A free block holds its own list links; for each order a bitmap over all of
 * RAM says which blocks are free, so that nothing but bits describes memory in use. Guarded by
 * one lock of rank LOCK_PAGES.
 */
#include <arch/mmu.h>
#include <core/check.h>
#include <core/list.h>
#include <core/lock.h>
#include <core/page.h>
#include <string.h>

#define MAX_BANKS 16

/* A bank of RAM with its bitmaps: one for each order, placed in the bank's own first pages. */
struct bank {
	hpa_t start; /* first page under management */
	hpa_t base; /* start aligned down to the largest block: block 0 of every order */
	uint64_t pages; /* from base to the end */
	uint64_t *free_map[PAGE_MAX_ORDER + 1];
};

static struct spinlock page_lock = SPINLOCK_INIT(LOCK_PAGES);
static struct bank banks[MAX_BANKS];
static unsigned int bank_count;
static struct list free_lists[PAGE_MAX_ORDER + 1];
static uint64_t pages_total;
static uint64_t pages_free;

static struct bank *bank_of(hpa_t page)
{
	for (unsigned int i = 0; i < bank_count; i++)
		if (page.v >= banks[i].start.v && page.v - banks[i].base.v < banks[i].pages
										     << PAGE_SHIFT)
			return &banks[i];
	return NULL;
}

static uint64_t block_number(const struct bank *bank, hpa_t page, unsigned int order)
{
	return (page.v - bank->base.v) >> (PAGE_SHIFT + order);
}

static bool block_is_free(const struct bank *bank, uint64_t block, unsigned int order)
{
	return bank->free_map[order][block / 64] >> (block % 64) & 1;
}

static void block_insert(struct bank *bank, hpa_t page, unsigned int order)
{
	uint64_t block = block_number(bank, page, order);

	bank->free_map[order][block / 64] |= BIT(block % 64);
	list_insert(&free_lists[order], hpa_to_hva(page));
}

static void block_remove(struct bank *bank, hpa_t page, unsigned int order)
{
	uint64_t block = block_number(bank, page, order);

	struct list *links = hpa_to_hva(page);

	bank->free_map[order][block / 64] &= ~BIT(block % 64);
	list_remove(links);
	/* Free memory that was cleared comes out cleared: our addresses are nobody's business. */
	*links = (struct list){ NULL, NULL };
}

/* Puts a block in and merges it with its buddy as long as that is free, too. */
static void block_free(struct bank *bank, hpa_t page, unsigned int order)
{
	while (order < PAGE_MAX_ORDER) {
		uint64_t buddy = block_number(bank, page, order) ^ 1;
		hpa_t at = hpa(bank->base.v + (buddy << (PAGE_SHIFT + order)));

		if ((buddy + 1) << order > bank->pages || !block_is_free(bank, buddy, order))
			break;
		block_remove(bank, at, order);
		page.v = MIN(page.v, at.v);
		order++;
	}
	block_insert(bank, page, order);
}

/* Words of all bitmaps of a bank. */
static uint64_t bitmap_words(uint64_t pages)
{
	uint64_t words = 0;

	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++)
		words += (((pages - 1) >> order) + 64) / 64;
	return words;
}

void page_add(hpa_t base, uint64_t size)
{
	struct bank *bank = &banks[bank_count];
	uint64_t *map = hpa_to_hva(base);
	hpa_t end = hpa(base.v + size);
	uint64_t bytes;

	CHECK(is_aligned(base.v | size, PAGE_SIZE));
	if (bank_count == 0)
		for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++)
			list_init(&free_lists[order]);
	if (bank_count == MAX_BANKS)
		return;
	bank->start = base;
	bank->base = hpa(align_down(base.v, PAGE_SIZE << PAGE_MAX_ORDER));
	bank->pages = (end.v - bank->base.v) >> PAGE_SHIFT;
	bytes = align_up(bitmap_words(bank->pages) * 8, PAGE_SIZE);
	if (bytes + PAGE_SIZE > size)
		return;
	memset(map, 0, bytes);
	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++) {
		bank->free_map[order] = map;
		map += (((bank->pages - 1) >> order) + 64) / 64;
	}
	bank_count++;
	base.v += bytes;
	pages_total += size >> PAGE_SHIFT;
	while (base.v < end.v) {
		unsigned int order = (unsigned int)__builtin_ctzll(base.v) - PAGE_SHIFT;

		order = MIN(order, PAGE_MAX_ORDER);
		while (base.v + (PAGE_SIZE << order) > end.v)
			order--;
		page_free(base, order);
		base.v += PAGE_SIZE << order;
	}
}

bool page_alloc(unsigned int order, hpa_t *page)
{
	unsigned long flags;
	unsigned int from = order;
	struct bank *bank;

	if (order > PAGE_MAX_ORDER || !bank_count)
		return false;
	flags = spin_lock(&page_lock);
	while (from <= PAGE_MAX_ORDER && list_empty(&free_lists[from]))
		from++;
	if (from > PAGE_MAX_ORDER) {
		spin_unlock(&page_lock, flags);
		return false;
	}
	*page = hva_to_hpa(free_lists[from].next);
	bank = bank_of(*page);
	block_remove(bank, *page, from);
	while (from > order) {
		from--;
		block_insert(bank, hpa(page->v + (PAGE_SIZE << from)), from);
	}
	pages_free -= 1ULL << order;
	spin_unlock(&page_lock, flags);
	return true;
}

void page_free(hpa_t page, unsigned int order)
{
	unsigned long flags = spin_lock(&page_lock);
	struct bank *bank = bank_of(page);

	CHECK(bank && order <= PAGE_MAX_ORDER && is_aligned(page.v, PAGE_SIZE << order));
	for (unsigned int o = order; o <= PAGE_MAX_ORDER; o++)
		CHECK(!block_is_free(bank, block_number(bank, page, o), o));
	block_free(bank, page, order);
	pages_free += 1ULL << order;
	spin_unlock(&page_lock, flags);
}

void *page_alloc_zero(void)
{
	hpa_t page;

	if (!page_alloc(0, &page))
		return NULL;
	return memset(hpa_to_hva(page), 0, PAGE_SIZE);
}

void page_free_hva(void *page)
{
	/* Free memory holds nothing of ours: the next owner may be a guest. */
	memset(page, 0, PAGE_SIZE);
	page_free(hva_to_hpa(page), 0);
}

uint64_t page_total(void)
{
	return pages_total;
}

uint64_t page_free_count(void)
{
	return __atomic_load_n(&pages_free, __ATOMIC_RELAXED);
}
