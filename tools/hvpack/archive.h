/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes "newc" cpio archives in memory. The same files give the same bytes, and the data of
 * each begins on a page, so that it can be used in place. No threads, no locks.
 */
#ifndef HVPACK_ARCHIVE_H
#define HVPACK_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

struct archive {
	uint8_t *data; /* page-aligned, until the next change */
	size_t size;
	size_t capacity;
	unsigned int entries;
};

/** Appends the regular file @name. Ends the program when memory is out. */
void archive_add(struct archive *archive, const char *name, const void *data, size_t size);

/** Appends the trailer. */
void archive_finish(struct archive *archive);

/** Frees the archive. */
void archive_free(struct archive *archive);

#endif
