/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes small "newc" archives for tests, written from the format's description and not with the
 * packer's code; and a report that remembers its last messages. No threads, no locks.
 */
#ifndef TESTS_UNIT_CPIO_H
#define TESTS_UNIT_CPIO_H

#include <core/report.h>
#include <core/types.h>

#define CPIO_DIRECTORY 0040755u
#define CPIO_FILE 0100644u

struct cpio {
	uint8_t *data; /* from malloc(), exactly @size bytes, so that ASan guards its end */
	size_t size;
};

/** Appends an entry. @sum: with a checksum (magic 070702). */
void cpio_entry(struct cpio *cpio, const char *name, unsigned int mode, const void *data,
		size_t size, bool sum);

/** Appends a regular file whose data begins at a multiple of 8 (its name has NULs behind). */
void cpio_file(struct cpio *cpio, const char *name, const void *data, size_t size);

void cpio_trailer(struct cpio *cpio);
void cpio_free(struct cpio *cpio);

struct test_report {
	struct report report;
	char text[8192]; /* all messages, each with "error: " or "warning: " and a newline */
};

void test_report_init(struct test_report *report);

/** Fails the test unless @part is in the messages, which are then shown. */
void assert_reported(const struct test_report *report, const char *part);

/** A pseudorandom number from @state, the same ones on every machine. */
uint32_t test_random(uint32_t *state);

#endif
