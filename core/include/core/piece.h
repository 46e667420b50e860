/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of host memory for guests: blocks of pages, so large that they can be mapped with large
 * leaves. Nobody ever sees in one what was in it before. No lock but the page allocator's.
 */
#ifndef CORE_PIECE_H
#define CORE_PIECE_H

#include <core/types.h>

/** Physically contiguous memory: a power of two of pages, naturally aligned. */
struct piece {
	hpa_t hpa;
	uint64_t size;
};

/** No limit yet, for piece_take(). */
#define PIECE_ANY UINT32_MAX

/**
 * Takes the first piece for @left bytes of guest memory (pages, not 0) from @at on: one that is no
 * larger, and does not go beyond where larger leaves can begin. It is @owner's (core/page.h), and
 * nothing is in it of whoever had it before. Thread context, no spinlock held.
 * *@largest is the order of the largest that there can be; it is lowered when there is none.
 * Returns false when memory is out.
 */
bool piece_take(gpa_t at, uint64_t left, uint16_t owner, unsigned int *largest,
		struct piece *piece);

/** Gives a piece back. It is cleared later. */
void piece_give(const struct piece *piece);

#endif
