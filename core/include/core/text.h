/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings: such as are put together of parts, and words of others, as guests, bundles and device
 * trees. No lock.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <core/types.h>
#include <stdio.h>

/** A string that grows in a buffer. What finds no room is cut. */
struct text {
	char *to;
	size_t room; /* of the buffer, not 0 */
	size_t length; /* without the cut: `room` or more tells that there was one */
};

static inline struct text text_in(char *buffer, size_t room)
{
	buffer[0] = '\0';
	return (struct text){ .to = buffer, .room = room };
}

/** Adds what printf() would write. */
#define text_add(string, ...)                                                          \
	do {                                                                           \
		struct text *text_ = (string);                                         \
		if (text_->length < text_->room)                                       \
			text_->length += (size_t)snprintf(text_->to + text_->length,   \
							  text_->room - text_->length, \
							  __VA_ARGS__);                \
	} while (0)

/** Makes a string one that a terminal shows and does not obey: '?' for what is not printable. */
static inline void text_tame(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

#endif
