/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the boot loader has put the bundle. There are several ways to say it; this is the one place
 * that knows them. Nothing is kept, so no lock.
 */
#ifndef CORE_BUNDLE_PLACE_H
#define CORE_BUNDLE_PLACE_H

#include <core/report.h>
#include <core/types.h>

/**
 * What a bundle attached to the image is known by: a table behind the image's header, which is 0 in
 * an image without one (`tools/mkboot attached` fills it in). Both in bytes.
 */
struct bundle_attached {
	uint64_t offset; /* from the beginning of the image */
	uint64_t size;
};

/**
 * Looks at, in this order, /chosen/hartvisor,bundle (as a `reg` of the root's children),
 * /chosen/linux,initrd-start and -end (the end excluded), and @attached to the image at @image of
 * @image_size bytes. One that makes no sense, wraps, overlaps the image, or does not lie in RAM
 * (reserved RAM counts, but not what has `no-map`) is told to @report and passed over.
 * Returns 0 with [*@start, *@end) not empty, or -ENOENT. After hostdt_init().
 */
int bundle_locate(uint64_t image, uint64_t image_size, const struct bundle_attached *attached,
		  struct report *report, uint64_t *start, uint64_t *end);

#endif
