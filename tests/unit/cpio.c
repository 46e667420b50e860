/* SPDX-License-Identifier: BSD-2-Clause */
/* Small archives, reports and random numbers for tests. Owns nothing; no threads, no locks. */
#include "cpio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void append(struct cpio *cpio, const void *data, size_t size, size_t align)
{
	size_t end = align_up(cpio->size + size, align);

	cpio->data = realloc(cpio->data, end);
	assert_non_null(cpio->data);
	memset(cpio->data + cpio->size, 0, end - cpio->size);
	if (size)
		memcpy(cpio->data + cpio->size, data, size);
	cpio->size = end;
}

static void append_entry(struct cpio *cpio, const char *name, size_t name_size, unsigned int mode,
			 const void *data, size_t size, bool sum)
{
	char header[111], padded[64] = "";
	unsigned int check = 0;

	for (size_t i = 0; sum && i < size; i++)
		check += ((const uint8_t *)data)[i];
	assert_true(name_size <= sizeof(padded) && strlen(name) < name_size);
	snprintf(padded, sizeof(padded), "%s", name);
	snprintf(header, sizeof(header),
		 "07070%d%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", sum ? 2 : 1, 1,
		 mode, 0, 0, 1, 0, (unsigned int)size, 0, 0, 0, 0, (unsigned int)name_size, check);
	append(cpio, header, 110, 1);
	append(cpio, padded, name_size, 4);
	append(cpio, data, size, 4);
}

void cpio_entry(struct cpio *cpio, const char *name, unsigned int mode, const void *data,
		size_t size, bool sum)
{
	append_entry(cpio, name, strlen(name) + 1, mode, data, size, sum);
}

void cpio_file(struct cpio *cpio, const char *name, const void *data, size_t size)
{
	size_t name_at = cpio->size + 110;
	size_t name_size = align_up(name_at + strlen(name) + 1, 8) - name_at;

	append_entry(cpio, name, name_size, CPIO_FILE, data, size, false);
}

void cpio_trailer(struct cpio *cpio)
{
	cpio_entry(cpio, "TRAILER!!!", 0, NULL, 0, false);
}

void cpio_free(struct cpio *cpio)
{
	free(cpio->data);
	*cpio = (struct cpio){ 0 };
}

static void emit(struct report *report, enum report_level level, const char *message)
{
	struct test_report *self = container_of(report, struct test_report, report);
	size_t used = strlen(self->text);

	for (const char *p = message; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
	snprintf(self->text + used, sizeof(self->text) - used, "%s: %s\n",
		 level == REPORT_ERROR ? "error" : "warning", message);
}

void test_report_init(struct test_report *report)
{
	*report = (struct test_report){ .report.emit = emit };
}

void assert_reported(const struct test_report *report, const char *part)
{
	if (!strstr(report->text, part))
		fail_msg("no '%s' in:\n%s", part, report->text);
}

uint32_t test_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}
