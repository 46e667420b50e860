/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was typed to a console and nobody has taken yet, first in, first out. Guarded by the lock
 * of the console that it is part of.
 */
#ifndef CORE_TYPED_H
#define CORE_TYPED_H

#include <core/types.h>

#define TYPED_SIZE 2048u

struct typed {
	uint8_t bytes[TYPED_SIZE];
	uint64_t in, out; /* bytes ever */
};

static inline bool typed_empty(const struct typed *typed)
{
	return typed->in == typed->out;
}

/** False when there is no room for @byte. */
static inline bool typed_put(struct typed *typed, uint8_t byte)
{
	if (typed->in - typed->out == TYPED_SIZE)
		return false;
	typed->bytes[typed->in++ % TYPED_SIZE] = byte;
	return true;
}

/** Copies up to @room bytes, which stay until typed->out moves on. Returns how many. */
static inline size_t typed_peek(const struct typed *typed, uint8_t *bytes, size_t room)
{
	size_t count = MIN(room, typed->in - typed->out);

	for (size_t i = 0; i < count; i++)
		bytes[i] = typed->bytes[(typed->out + i) % TYPED_SIZE];
	return count;
}

#endif
