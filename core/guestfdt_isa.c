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

unsigned int isa_sort(const char *const *extensions, unsigned int count, const char **sorted)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < MIN(count, ISA_SORT_MAX); i++) {
		unsigned int at = used;
		int order = 1;

		/* From the end: the list is nearly in order already. */
		while (at && (order = extension_compare(extensions[i], sorted[at - 1])) < 0)
			at--;
		if (at && order == 0)
			continue;
		memmove(&sorted[at + 1], &sorted[at], (used - at) * sizeof(sorted[0]));
		sorted[at] = extensions[i];
		used++;
	}
	return used;
}

int isa_string(char *buffer, size_t size, const char *const *extensions, unsigned int count)
{
	const char *sorted[ISA_SORT_MAX];
	size_t used = strlen("rv64");

	if (size <= used)
		return -ENOSPC;
	memcpy(buffer, "rv64", used);
	count = isa_sort(extensions, count, sorted);
	for (unsigned int i = 0; i < count; i++) {
		size_t length = strlen(sorted[i]), underscore = length > 1;

		if (size - used <= underscore + length)
			return -ENOSPC;
		if (underscore)
			buffer[used++] = '_';
		memcpy(buffer + used, sorted[i], length);
		used += length;
	}
	buffer[used] = '\0';
	return (int)used;
}
