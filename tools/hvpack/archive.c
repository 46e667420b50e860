/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes "newc" cpio archives in memory. An archive belongs to its caller; no threads, no locks.
 */
#include "archive.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/types.h>

#define HEADER_SIZE 110
#define CPIO_ALIGN 4
#define MODE_FILE 0100644u

/* Makes room for @more bytes; the new ones are zero. */
static void archive_reserve(struct archive *archive, size_t more)
{
	size_t capacity = align_up((archive->size + more) * 2, PAGE_SIZE);
	uint8_t *data;

	if (archive->size + more <= archive->capacity)
		return;
	data = aligned_alloc(PAGE_SIZE, capacity);
	if (!data)
		err(1, "%zu bytes", capacity);
	memset(data, 0, capacity);
	if (archive->data)
		memcpy(data, archive->data, archive->size);
	free(archive->data);
	archive->data = data;
	archive->capacity = capacity;
}

/* Appends an entry; its data begins at a multiple of @align, for which its name gets more NULs. */
static void entry_add(struct archive *archive, const char *name, uint32_t mode, const void *data,
		      size_t size, size_t align)
{
	size_t name_at = archive->size + HEADER_SIZE;
	size_t data_at = align_up(name_at + strlen(name) + 1, align);
	size_t name_size = align == CPIO_ALIGN ? strlen(name) + 1 : data_at - name_at;
	size_t end = align_up(data_at + size, CPIO_ALIGN);
	char header[HEADER_SIZE + 1];

	if (size > UINT32_MAX)
		errx(1, "%s: %zu bytes are more than a cpio archive can hold", name, size);
	snprintf(header, sizeof(header),
		 "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", archive->entries,
		 mode, 0, 0, 1, 0, (unsigned int)size, 0, 0, 0, 0, (unsigned int)name_size, 0);
	archive_reserve(archive, end - archive->size);
	memcpy(archive->data + archive->size, header, HEADER_SIZE);
	memcpy(archive->data + name_at, name, strlen(name));
	if (size)
		memcpy(archive->data + data_at, data, size);
	archive->size = end;
}

void archive_add(struct archive *archive, const char *name, const void *data, size_t size)
{
	archive->entries++;
	entry_add(archive, name, MODE_FILE, data, size, PAGE_SIZE);
}

void archive_finish(struct archive *archive)
{
	entry_add(archive, "TRAILER!!!", 0, NULL, 0, CPIO_ALIGN);
}

void archive_free(struct archive *archive)
{
	free(archive->data);
	*archive = (struct archive){ 0 };
}
