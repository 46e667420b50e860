/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device trees from the fuzzer's bytes, see tree.h: each byte opens or closes a node or adds a
 * property. No threads, no locks.
 */
#include "tree.h"

#include <libfdt.h>
#include <string.h>

#define DEPTH 6

static const char *word(struct input *input, const char *const *list)
{
	unsigned int count = 0;

	while (list[count])
		count++;
	return list[input_below(input, count)];
}

static void cells(struct input *input, void *blob, const char *name)
{
	fdt32_t value[16];
	unsigned int count = input_below(input, ARRAY_SIZE(value));

	for (unsigned int i = 0; i < count; i++)
		value[i] = cpu_to_fdt32((uint32_t)input_number(input));
	fdt_property(blob, name, value, (int)(count * sizeof(value[0])));
}

static void strings(struct input *input, const struct tree_words *words, void *blob,
		    const char *name, unsigned int count)
{
	char text[512];
	size_t length = 0;

	while (count--) {
		const char *next = word(input, words->values);

		memcpy(text + length, next, strlen(next) + 1);
		length += strlen(next) + 1;
	}
	fdt_property(blob, name, text, (int)length);
}

static void property(struct input *input, const struct tree_words *words, void *blob)
{
	const char *name = word(input, words->properties);
	unsigned int kind = input_below(input, 8);
	const uint8_t *bytes;
	fdt64_t wide;
	size_t size;

	switch (kind) {
	case 0:
		bytes = input_bytes(input, input_below(input, 40), &size);
		fdt_property(blob, name, bytes, (int)size);
		break;
	case 1:
	case 2:
	case 3:
		strings(input, words, blob, name, kind);
		break;
	case 4:
		wide = cpu_to_fdt64(input_number(input));
		fdt_property(blob, name, &wide, sizeof(wide));
		break;
	case 5:
		fdt_property_u32(blob, name, input_below(input, 16));
		break;
	default:
		cells(input, blob, name);
	}
}

size_t tree_build(struct input *input, const struct tree_words *words, void *blob, size_t room)
{
	unsigned int depth = 1;

	fdt_create(blob, (int)room);
	if (input_below(input, 2))
		fdt_add_reservemap_entry(blob, input_number(input), input_number(input));
	fdt_finish_reservemap(blob);
	fdt_begin_node(blob, "");
	while (input->left) {
		unsigned int action = input_below(input, 8);

		if (action == 0 && depth < DEPTH) {
			fdt_begin_node(blob, word(input, words->nodes));
			depth++;
		} else if (action == 1 && depth > 1) {
			fdt_end_node(blob);
			depth--;
		} else {
			property(input, words, blob);
		}
	}
	while (depth--)
		fdt_end_node(blob);
	return fdt_finish(blob) ? 0 : fdt_totalsize(blob);
}
