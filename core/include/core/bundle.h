/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reader of a bundle: a "newc" cpio archive (magic 070701, or 070702 with checksums) in memory,
 * with the VM descriptions and the images that they name. Nothing is copied and the archive is
 * never written. Everything is checked when it is opened, so that later look-ups cannot leave
 * it. No lock: a bundle does not change.
 */
#ifndef CORE_BUNDLE_H
#define CORE_BUNDLE_H

#include <core/report.h>
#include <core/types.h>

/** The file with the VM descriptions. */
#define BUNDLE_DESCRIPTION "description.dtb"
#define DESCRIPTION_SIZE_MAX MIB(1)

/** More entries than this are refused (looking for two of one name is quadratic). */
#define BUNDLE_MAX_ENTRIES 1024

struct bundle {
	const uint8_t *data;
	size_t size; /* bytes up to the end of the trailer */
	unsigned int entries; /* without the trailer; directories count */
};

/** One entry of a bundle. Pointers live as long as the bundle's memory. */
struct bundle_file {
	const char *name; /* without a leading "/" or "./" */
	const void *data; /* at a multiple of 4 in the bundle; of 4 KiB when hvpack packed it */
	size_t size; /* bytes, may be 0 */
	bool regular; /* false: a directory, link or device node */
};

/**
 * Checks the whole archive of at most @size bytes at @data and fills @bundle. What follows the
 * trailer is not looked at.
 * Returns 0, or -EINVAL after telling @report what is wrong at which offset: a header that is
 * cut short or no header, digits that are not hexadecimal, a name without its end, data beyond
 * the end, a wrong checksum, two files of one name, too many entries, no trailer.
 */
int bundle_open(const void *data, size_t size, struct bundle *bundle, struct report *report);

/** @name without the "/" and "./" that it begins with: what names are compared by. */
const char *bundle_name(const char *name);

/**
 * Walks the entries in archive order; *@cursor is 0 at first. Returns 0 and fills @file, or
 * -ENOENT after the last one.
 */
int bundle_next(const struct bundle *bundle, size_t *cursor, struct bundle_file *file);

/**
 * Finds the regular file @name; a leading "/" or "./" does not matter on either side.
 * Returns 0, or -ENOENT when there is none.
 */
int bundle_find(const struct bundle *bundle, const char *name, const void **data, size_t *size);

#endif
