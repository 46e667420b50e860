/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images of saved VMs as lines of text. Owns no state. Only the shell's thread changes images, and
 * it is here.
 */
#include "save_send.h"

#include <core/checksum.h>
#include <core/save.h>
#include <core/thread.h>
#include <inttypes.h>
#include <string.h>

#include "command.h"

#define FOCUS_POLL_US 100000

const struct save_slot *save_slot_find(const char *name)
{
	const struct save_slot *slot;

	for (unsigned int i = 0; (slot = save_area_slot(i)); i++)
		if (strcmp(slot->name, name) == 0)
			return slot;
	return NULL;
}

/* RFC 4648. @size is a multiple of 8; what is missing of the last three bytes is "=". */
static void base64(const uint8_t *bytes, size_t size, char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		uint32_t bits = (uint32_t)bytes[i] << 16;

		bits |= i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0;
		bits |= i + 2 < size ? bytes[i + 2] : 0;
		*text++ = digits[bits >> 18];
		*text++ = digits[bits >> 12 & 63];
		*text++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
		*text++ = i + 2 < size ? digits[bits & 63] : '=';
	}
	*text = '\0';
}

/* The sum begins with that of the image, so that no frame passes for one of another image. */
static void frame_send(const uint8_t *data, uint64_t offset, size_t size)
{
	uint64_t sum = checksum_word(save_header_of(data)->sum, offset);
	char text[SAVE_FRAME / 3 * 4 + 1];

	sum = checksum_add(sum, data + offset, size);
	base64(data + offset, size, text);
	shell_printf("hvsave %" PRIx64 " %s %" PRIx64 "\n", offset, text, sum);
}

void save_send(const struct save_slot *slot, uint64_t from, uint64_t count)
{
	const struct save_header *header;
	const void *data;
	size_t size;
	uint64_t at = from - from % SAVE_FRAME, end = from + count;

	if (save_area_find(slot->name, &data, &size))
		return;
	header = save_header_of(data);
	shell_printf("hvsave begin %s %zx %" PRIx64 "\n", slot->name, size, header->sum);
	while (at < end && !shell_interrupted()) {
		if (!console_has_focus(console_shell())) {
			thread_sleep(FOCUS_POLL_US);
			continue;
		}
		frame_send(data, at, MIN((uint64_t)SAVE_FRAME, size - at));
		at = MIN(at + SAVE_FRAME, (uint64_t)size);
	}
	shell_printf("hvsave end %s %" PRIx64 "\n", slot->name, at);
}
