/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of host memory for guests. Owns no state, so no lock is needed.
 */
#include <core/page.h>
#include <core/piece.h>

static unsigned int order_of(uint64_t size)
{
	unsigned int order = 63 - PAGE_SHIFT - (unsigned int)__builtin_clzll(size);

	return MIN(order, PAGE_MAX_ORDER);
}

/* Of @left bytes from @at on those before the first whole large leaf. */
static uint64_t before_large_leaf(gpa_t at, uint64_t left)
{
	for (uint64_t leaf = GIB(1); leaf > PAGE_SIZE; leaf >>= 9) {
		uint64_t head = align_up(at.v, leaf) - at.v;

		if (head && left > head && left - head >= leaf)
			left = head;
	}
	return left;
}

bool piece_take(gpa_t at, uint64_t left, uint16_t owner, unsigned int *largest, struct piece *piece)
{
	unsigned int order = MIN(*largest, order_of(before_large_leaf(at, left)));

	while (!page_alloc(order, &piece->hpa)) {
		if (!order)
			return false;
		*largest = --order;
	}
	piece->size = PAGE_SIZE << order;
	page_own(piece->hpa, piece->size, owner);
	return true;
}

void piece_give(const struct piece *piece)
{
	page_free(piece->hpa, order_of(piece->size));
}
