/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structure of the host's device tree: the check of the blob, and walks over nodes and
 * properties. The blob is checked once, so that walks need not check again (libfdt does so at
 * each step, which would take most of the time to boot). hostdt_init() runs on the boot hart;
 * nothing changes afterwards, so no lock.
 */
#include "hostdt_tree.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

const void *host_fdt;

/* Offsets in the blob, and sizes. Devicetree specification 0.4, 5: flattened format. */
static struct {
	uint32_t reservations, reservation_count;
	uint32_t nodes, nodes_size; /* the structure block */
	uint32_t strings, strings_size;
} blob;

/** The cells from @at of the structure block on, as they are in it. */
static inline const uint32_t *cells_at(uint32_t at)
{
	return (const uint32_t *)((const char *)host_fdt + blob.nodes + at);
}

/* Tokens are compared as they are: swapping the bytes of each takes most of the time. */
#define RAW(tag) ((uint32_t)(tag) << 24)
_Static_assert(FDT_END < 256 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tokens_are_one_byte");

static const char *node_bytes(uint32_t at)
{
	return (const char *)host_fdt + blob.nodes + at;
}

/** The token after that at @at, which is not the last. */
static inline uint32_t token_next(uint32_t at)
{
	const uint32_t *cells = cells_at(at);

	switch (cells[0]) {
	case RAW(FDT_PROP):
		return (uint32_t)align_up(at + 12 + be32(cells[1]), 4);
	case RAW(FDT_BEGIN_NODE):
		return (uint32_t)align_up(at + 4 + strlen(node_bytes(at + 4)) + 1, 4);
	default:
		return at + 4;
	}
}

/** The size of the token at @at when all of it is within the blob, otherwise 0. */
static uint64_t token_size(uint32_t at)
{
	uint32_t room = blob.nodes_size - at;
	const uint32_t *cells = cells_at(at);

	if (room < 4)
		return 0;
	switch (cells[0]) {
	case RAW(FDT_BEGIN_NODE):
		return memchr(node_bytes(at + 4), 0, room - 4) ? token_next(at) - at : 0;
	case RAW(FDT_PROP):
		if (room < 12 || be32(cells[2]) >= blob.strings_size)
			return 0;
		return align_up(12 + (uint64_t)be32(cells[1]), 4);
	case RAW(FDT_END_NODE):
	case RAW(FDT_NOP):
	case RAW(FDT_END):
		return 4;
	default:
		return 0;
	}
}

/** Checks the structure block: one tree that begins at 0, and nothing that reaches out of it. */
static bool nodes_check(void)
{
	unsigned int depth = 0; /* nodes that are open */
	uint64_t size;

	for (uint32_t at = 0;; at += (uint32_t)size) {
		uint32_t tag;

		size = token_size(at);
		if (!size || size > blob.nodes_size - at)
			return false;
		tag = *cells_at(at);
		if (!depth && at) /* the root is closed */
			return tag == RAW(FDT_END);
		if (!at && tag != RAW(FDT_BEGIN_NODE))
			return false;
		if (tag == RAW(FDT_END) ||
		    (tag == RAW(FDT_BEGIN_NODE) && ++depth > NODE_DEPTH_MAX + 1))
			return false;
		if (tag == RAW(FDT_END_NODE))
			depth--;
	}
}

/** Counts the entries of the memory reservation block. Returns false when it does not end. */
static bool reservations_check(uint32_t total)
{
	const uint64_t *entry = (const uint64_t *)((const char *)host_fdt + blob.reservations);

	if (blob.reservations % 8 || blob.reservations > total)
		return false;
	for (uint32_t i = 0; i < (total - blob.reservations) / 16; i++) {
		if (!entry[i * 2] && !entry[i * 2 + 1]) {
			blob.reservation_count = i;
			return true;
		}
	}
	return false;
}

static bool blob_check(size_t room)
{
	const struct fdt_header *header = host_fdt;
	uint32_t total;

	if ((uintptr_t)host_fdt % 8 || room < sizeof(*header) || be32(header->magic) != FDT_MAGIC ||
	    be32(header->version) < 17 || be32(header->last_comp_version) > 17)
		return false;
	total = be32(header->totalsize);
	blob.reservations = be32(header->off_mem_rsvmap);
	blob.nodes = be32(header->off_dt_struct);
	blob.nodes_size = be32(header->size_dt_struct);
	blob.strings = be32(header->off_dt_strings);
	blob.strings_size = be32(header->size_dt_strings);
	if (total > room || total > INT32_MAX || blob.nodes % 4 || blob.nodes > total ||
	    blob.nodes_size > total - blob.nodes || blob.strings > total ||
	    blob.strings_size > total - blob.strings)
		return false;
	/* With a NUL at its end, every offset into the block is that of a string. */
	if (blob.strings_size && ((const char *)host_fdt)[blob.strings + blob.strings_size - 1])
		return false;
	return reservations_check(total) && nodes_check();
}

int hostdt_next(int node, int *depth)
{
	uint32_t at = (uint32_t)node;

	if (node < 0) {
		*depth = 0;
		return 0;
	}
	for (;;) {
		at = token_next(at);
		switch (*cells_at(at)) {
		case RAW(FDT_BEGIN_NODE):
			++*depth;
			return (int)at;
		case RAW(FDT_END_NODE):
			--*depth;
			break;
		case RAW(FDT_END):
			return -1;
		}
	}
}

int hostdt_child(int node, int *depth)
{
	do
		node = hostdt_next(node, depth);
	while (node >= 0 && *depth > 1);
	return *depth == 1 ? node : -1;
}

/** The nodes from the root to @node, at most NODE_DEPTH_MAX + 1. How deep it is, or -1. */
static int chain_find(int node, int *chain)
{
	int depth;

	for (int at = hostdt_next(-1, &depth); at >= 0 && at <= node;
	     at = hostdt_next(at, &depth)) {
		chain[depth] = at;
		if (at == node)
			return depth;
	}
	return -1;
}

int hostdt_parent(int node)
{
	int chain[NODE_DEPTH_MAX + 1];
	int depth = chain_find(node, chain);

	return depth > 0 ? chain[depth - 1] : -1;
}

/** Nearly all names differ in their first letter. */
static inline bool is_named(const char *name, const char *wanted)
{
	return *name == *wanted && !strcmp(name, wanted);
}

const void *hostdt_property(int node, const char *name, uint32_t *length)
{
	const char *strings = (const char *)host_fdt + blob.strings;

	if (node < 0)
		return NULL;
	for (uint32_t at = token_next((uint32_t)node);; at = token_next(at)) {
		const uint32_t *cells = cells_at(at);

		if (*cells == RAW(FDT_PROP)) {
			if (is_named(strings + be32(cells[2]), name)) {
				*length = be32(cells[1]);
				return node_bytes(at + 12);
			}
		} else if (*cells != RAW(FDT_NOP)) {
			return NULL;
		}
	}
}

const char *hostdt_string(int node, const char *name, unsigned int index)
{
	uint32_t length;
	const char *text = hostdt_property(node, name, &length);

	while (text && length) {
		const char *end = memchr(text, 0, length);

		if (!end)
			return NULL;
		if (!index--)
			return text;
		length -= (uint32_t)(end + 1 - text);
		text = end + 1;
	}
	return NULL;
}

bool hostdt_string_is(int node, const char *name, const char *value)
{
	const char *text = hostdt_string(node, name, 0);

	return text && !strcmp(text, value);
}

bool hostdt_enabled(int node)
{
	uint32_t length;

	return !hostdt_property(node, "status", &length) ||
	       hostdt_string_is(node, "status", "okay") || hostdt_string_is(node, "status", "ok");
}

bool hostdt_compatible(int node, const char *compatible)
{
	const char *text;

	for (unsigned int i = 0; (text = hostdt_string(node, "compatible", i)); i++)
		if (!strcmp(text, compatible))
			return true;
	return false;
}

/** The child of @node with that name; without the "@…" of it when @name has none. */
static int child_named(int node, const char *name, size_t length)
{
	bool whole = memchr(name, '@', length);
	int depth = 0;

	for (node = hostdt_child(node, &depth); node >= 0; node = hostdt_child(node, &depth)) {
		const char *other = node_bytes((uint32_t)node + 4);

		if (!strncmp(other, name, length) &&
		    (!other[length] || (other[length] == '@' && !whole)))
			return node;
	}
	return -1;
}

int hostdt_path(const char *path)
{
	int node = 0;

	while (node >= 0) {
		size_t part;

		path += strspn(path, "/");
		part = strcspn(path, "/:");
		if (!part)
			return node;
		node = child_named(node, path, part);
		path += part;
	}
	return -1;
}

/** False when there is no such node, or no @room for its path: @path may be changed then. */
static bool path_write(int node, char *path, size_t room)
{
	int chain[NODE_DEPTH_MAX + 1];
	int depth = chain_find(node, chain);
	size_t used = 0;

	for (int i = MIN(depth, 1); i >= 0 && i <= depth; i++) {
		const char *name = node_bytes((uint32_t)chain[i] + 4); /* "" is the root's */
		size_t length = strlen(name);

		if (used + length + 2 > room)
			return false;
		path[used] = '/';
		memcpy(path + used + 1, name, length + 1);
		used += 1 + length;
	}
	return depth >= 0;
}

void hostdt_path_of(int node, char *path, size_t room)
{
	if (node < 0)
		snprintf(path, room, "no node");
	else if (!path_write(node, path, room))
		snprintf(path, room, "node at %d", node);
}

uint32_t hostdt_u32(int node, const char *name, uint32_t fallback)
{
	uint32_t length;
	const uint32_t *cell = hostdt_property(node, name, &length);

	return cell && length == 4 ? be32(*cell) : fallback;
}

int hostdt_by_phandle(uint32_t phandle)
{
	int depth, node = -1;

	do
		node = hostdt_next(node, &depth);
	while (node >= 0 && hostdt_u32(node, "phandle", 0) != phandle);
	return node;
}

int hostdt_reservation(unsigned int index, hpa_t *base, uint64_t *size)
{
	const uint32_t *entry = (const uint32_t *)((const char *)host_fdt + blob.reservations);

	if (index >= blob.reservation_count)
		return -ENOENT;
	entry += (size_t)index * 4;
	*base = hpa((uint64_t)be32(entry[0]) << 32 | be32(entry[1]));
	*size = (uint64_t)be32(entry[2]) << 32 | be32(entry[3]);
	return 0;
}

unsigned int hostdt_reservation_count(void)
{
	return blob.reservation_count;
}

int hostdt_init(const void *fdt, size_t room)
{
	host_fdt = fdt;
	if (!blob_check(room)) {
		host_fdt = NULL;
		return -EINVAL;
	}
	hostdt_harts_find();
	hostdt_memory_find();
	return 0;
}
