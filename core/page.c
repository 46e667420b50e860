/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buddy system. A free block holds its own list links; for each order a bitmap over all of
 * RAM says which blocks are free, so that nothing but bits and owners describes memory in use.
 * Guarded by one lock of rank LOCK_PAGES.
 */
#include "page_bank.h"

#include <arch/mmu.h>
#include <core/check.h>
#include <core/list.h>
#include <string.h>

struct spinlock page_lock = SPINLOCK_INIT(LOCK_PAGES);
struct bank page_banks[PAGE_MAX_BANKS];
unsigned int page_bank_count;
struct page_dirty page_dirty = { UINT64_MAX, 0 };

static struct list free_lists[PAGE_MAX_ORDER + 1];
static uint64_t pages_total;
static uint64_t pages_free;

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

/* Puts a block that nobody has any more back; with @dirty it is to be cleared. */
static void give_back(struct bank *bank, hpa_t page, unsigned int order, bool dirty)
{
	unsigned long flags = spin_lock(&page_lock);

	for (unsigned int o = order; o <= PAGE_MAX_ORDER; o++)
		CHECK(!block_is_free(bank, block_number(bank, page, o), o));
	block_free(bank, page, order);
	pages_free += 1ULL << order;
	if (dirty) {
		page_dirty.low = MIN(page_dirty.low, page.v);
		page_dirty.high = MAX(page_dirty.high, page.v + (PAGE_SIZE << order));
	}
	spin_unlock(&page_lock, flags);
}

/* Words of all bitmaps of a bank. */
static uint64_t bitmap_words(uint64_t pages)
{
	uint64_t words = 0;

	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++)
		words += (((pages - 1) >> order) + 64) / 64;
	return words;
}

/* Sets the bank's tables up in its first pages. Returns their bytes, 0 when they are too many. */
static uint64_t tables_init(struct bank *bank)
{
	uint64_t *map = hpa_to_hva(bank->start);
	uint64_t bitmaps = bitmap_words(bank->pages) * 8;
	uint64_t bytes = align_up(bitmaps + owners_size(bank), PAGE_SIZE);

	if (bytes + PAGE_SIZE > bank_end(bank) - bank->start.v)
		return 0;
	memset(map, 0, bitmaps);
	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++) {
		bank->free_map[order] = map;
		map += (((bank->pages - 1) >> order) + 64) / 64;
	}
	bank->owners = (uint16_t *)map;
	owners_init(bank);
	owners_set(bank, bank->start, bytes >> PAGE_SHIFT, PAGE_OWNER_HYPERVISOR, 0);
	return bytes;
}

bool page_add(hpa_t base, uint64_t size)
{
	struct bank *bank = &page_banks[page_bank_count];
	hpa_t end = hpa(base.v + size);
	uint64_t bytes;

	CHECK(is_aligned(base.v | size, PAGE_SIZE));
	if (page_bank_count == 0)
		for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++)
			list_init(&free_lists[order]);
	if (page_bank_count == PAGE_MAX_BANKS)
		return false;
	bank->start = base;
	bank->base = hpa(align_down(base.v, PAGE_SIZE << PAGE_MAX_ORDER));
	bank->pages = (end.v - bank->base.v) >> PAGE_SHIFT;
	bank->owners_base = hpa(align_down(base.v, OWNERS_IN_WORD * PAGE_SIZE));
	bytes = tables_init(bank);
	if (!bytes)
		return true;
	page_bank_count++;
	base.v += bytes;
	pages_total += size >> PAGE_SHIFT;
	while (base.v < end.v) {
		unsigned int order = (unsigned int)__builtin_ctzll(base.v) - PAGE_SHIFT;

		order = MIN(order, PAGE_MAX_ORDER);
		while (base.v + (PAGE_SIZE << order) > end.v)
			order--;
		give_back(bank, base, order, false);
		base.v += PAGE_SIZE << order;
	}
	return true;
}

bool page_alloc(unsigned int order, hpa_t *page)
{
	unsigned long flags;
	unsigned int from = order;
	struct bank *bank;

	if (order > PAGE_MAX_ORDER || !page_bank_count)
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
	owners_set(bank, *page, 1ULL << order, PAGE_OWNER_HYPERVISOR, PAGE_OWNER_DIRTY);
	return true;
}

static void free_as(hpa_t page, unsigned int order, uint16_t owner)
{
	struct bank *bank = bank_of(page);

	CHECK(bank && order <= PAGE_MAX_ORDER && is_aligned(page.v, PAGE_SIZE << order));
	owners_set(bank, page, 1ULL << order, owner, 0);
	give_back(bank, page, order, owner == PAGE_OWNER_DIRTY);
}

void page_free(hpa_t page, unsigned int order)
{
	free_as(page, order, PAGE_OWNER_DIRTY);
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
	/* At once: a page is soon cleared, and one alone is not worth to wake the cleaner. */
	memset(page, 0, PAGE_SIZE);
	free_as(hva_to_hpa(page), 0, PAGE_OWNER_FREE);
}

uint64_t page_total(void)
{
	return pages_total;
}

uint64_t page_free_count(void)
{
	return __atomic_load_n(&pages_free, __ATOMIC_RELAXED);
}
