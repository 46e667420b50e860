/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last bytes that a console wrote. Positions count all bytes ever written. Guarded by the
 * lock of the console that it is part of.
 */
#ifndef CORE_RING_H
#define CORE_RING_H

#include <core/types.h>
#include <string.h>

struct ring {
	uint8_t *bytes;
	size_t size; /* a power of two */
	uint64_t written; /* bytes ever */
};

static inline void ring_append(struct ring *ring, const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		size_t at = ring->written & (ring->size - 1);
		size_t part = MIN(count, ring->size - at);

		memcpy(ring->bytes + at, bytes, part);
		ring->written += part;
		bytes += part;
		count -= part;
	}
}

/** The oldest byte that it still has. */
static inline uint64_t ring_begin(const struct ring *ring)
{
	return ring->written > ring->size ? ring->written - ring->size : 0;
}

/** The oldest byte, or the first whole line's when it has lost the beginning. */
static inline uint64_t ring_begin_line(const struct ring *ring)
{
	uint64_t begin = ring_begin(ring);

	for (uint64_t at = begin; begin && at < ring->written; at++)
		if (ring->bytes[at & (ring->size - 1)] == '\n')
			return at + 1;
	return begin;
}

/**
 * At most @count bytes from *@position on, which are in one piece; *@position moves to the oldest
 * byte if it has been lost. Returns how many, and where they are in *@piece.
 */
static inline size_t ring_piece(const struct ring *ring, uint64_t *position, size_t count,
				const uint8_t **piece)
{
	size_t at;

	*position = MAX(*position, ring_begin(ring));
	at = *position & (ring->size - 1);
	*piece = ring->bytes + at;
	if (*position >= ring->written)
		return 0;
	return MIN(MIN((uint64_t)count, ring->written - *position), ring->size - at);
}

#endif
