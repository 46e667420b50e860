/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what is to be packed: files, and descriptions in source form. No threads, no locks. */
#ifndef HVPACK_INPUT_H
#define HVPACK_INPUT_H

#include <stddef.h>

/**
 * Reads a whole file. Returns memory at a multiple of 8 that the caller frees and fills @size;
 * NULL with errno set when the file cannot be read.
 */
void *file_read(const char *path, size_t *size);

/** Writes a whole file: to a temporary one that is then renamed. Returns 0, or -1 with errno. */
int file_write(const char *path, const void *data, size_t size);

/**
 * Reads a description: a device tree as it is, or its source through dtc (whose messages go to
 * stderr). Ends the program after telling why when that cannot be done.
 */
void *description_read(const char *path, size_t *size);

#endif
