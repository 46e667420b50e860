/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of extensions in an ISA string. Owns no state, no lock.
 */
#include "guestfdt_isa.h"

#include <core/guestfdt.h>

#include <errno.h>
#include <string.h>

/* Unprivileged specification, "ISA Extension Naming Conventions", subset naming table. */
static const char letter_order[] = "iemafdqlcbkjtpvnh";

static unsigned int letter_rank(char letter)
{
	const char *at = letter ? strchr(letter_order, letter) : NULL;

	return at ? (unsigned int)(at - letter_order) : 32u + (unsigned char)letter;
}

/* Single letters, then Z* by the category that the second letter names, then S*, then X*. */
static unsigned int extension_rank(const char *name)
{
	if (!name[1])
		return letter_rank(name[0]);
	switch (name[0]) {
	case 'z':
		return 0x1000 + letter_rank(name[1]);
	case 's':
		return 0x2000;
	default:
		return 0x3000;
	}
}

static int extension_compare(const char *a, const char *b)
{
	unsigned int rank_a = extension_rank(a), rank_b = extension_rank(b);

	if (rank_a != rank_b)
		return rank_a < rank_b ? -1 : 1;
	return strcmp(a, b);
}

const char *isa_next(const char *const *extensions, unsigned int count, const char *last)
{
	const char *next = NULL;

	for (unsigned int i = 0; i < count; i++) {
		if (last && extension_compare(extensions[i], last) <= 0)
			continue;
		if (!next || extension_compare(extensions[i], next) < 0)
			next = extensions[i];
	}
	return next;
}

int isa_string(char *buffer, size_t size, const char *const *extensions, unsigned int count)
{
	size_t used = strlen("rv64");
	const char *name = NULL;

	if (size <= used)
		return -ENOSPC;
	memcpy(buffer, "rv64", used);
	while ((name = isa_next(extensions, count, name))) {
		size_t length = strlen(name), underscore = length > 1;

		if (size - used <= underscore + length)
			return -ENOSPC;
		if (underscore)
			buffer[used++] = '_';
		memcpy(buffer + used, name, length);
		used += length;
	}
	buffer[used] = '\0';
	return (int)used;
}
