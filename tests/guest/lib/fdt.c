/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk over the structure block, with the path of the current node kept in a buffer. The tree
 * is trusted to be well formed: the loader of this payload made it.
 */
#include "fdt.h"

#include <stddef.h>
#include <string.h>

#define FDT_MAGIC 0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE 2
#define FDT_PROP 3
#define FDT_NOP 4

#define PATH_MAX 256

static const char *blob;

struct walk {
	const char *at;
	char path[PATH_MAX]; /* of the current node; "" for the root */
	const char *name; /* of the current property */
	const char *value;
	uint32_t length;
};

static uint32_t be32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint64_t be64(const void *p)
{
	return (uint64_t)be32(p) << 32 | be32((const char *)p + 4);
}

void fdt_init(const void *tree)
{
	blob = tree && be32(tree) == FDT_MAGIC ? tree : NULL;
}

uint64_t fdt_address(void)
{
	return (uint64_t)(uintptr_t)blob;
}

uint32_t fdt_size(void)
{
	return blob ? be32(blob + 4) : 0;
}

static void path_enter(char *path, const char *name)
{
	size_t length = strlen(path);

	if (*name && length + strlen(name) + 2 < PATH_MAX) {
		path[length] = '/';
		strcpy(path + length + 1, name);
	}
}

static void path_leave(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

static void walk_begin(struct walk *walk)
{
	walk->at = blob ? blob + be32(blob + 8) : NULL;
	walk->path[0] = '\0';
}

/* Goes to the next property of any node; false at the end of the tree. */
static bool walk_next(struct walk *walk)
{
	while (walk->at) {
		uint32_t token = be32(walk->at);

		walk->at += 4;
		switch (token) {
		case FDT_BEGIN_NODE:
			path_enter(walk->path, walk->at);
			walk->at += (strlen(walk->at) + 4) & ~3ul;
			break;
		case FDT_END_NODE:
			path_leave(walk->path);
			break;
		case FDT_PROP:
			walk->length = be32(walk->at);
			walk->name = blob + be32(blob + 12) + be32(walk->at + 4);
			walk->value = walk->at + 8;
			walk->at += 8 + ((walk->length + 3) & ~3u);
			return true;
		case FDT_NOP:
			break;
		default:
			walk->at = NULL;
		}
	}
	return false;
}

/* Compares paths; where `wanted` has no "@unit", the unit of `path` does not matter. */
static bool path_equal(const char *path, const char *wanted)
{
	for (;;) {
		if (*path == *wanted) {
			if (!*path)
				return true;
			path++;
			wanted++;
		} else if (*path == '@' && (*wanted == '/' || !*wanted)) {
			while (*path && *path != '/')
				path++;
		} else {
			return false;
		}
	}
}

const void *fdt_property(const char *path, const char *name, uint32_t *length)
{
	struct walk walk;

	for (walk_begin(&walk); walk_next(&walk);) {
		if (strcmp(walk.name, name) || !path_equal(walk.path, path))
			continue;
		if (length)
			*length = walk.length;
		return walk.value;
	}
	return NULL;
}

uint64_t fdt_number(const char *path, const char *name, uint64_t fallback)
{
	uint32_t length;
	const void *value = fdt_property(path, name, &length);

	if (!value || (length != 4 && length != 8))
		return fallback;
	return length == 4 ? be32(value) : be64(value);
}

static bool list_has(const char *list, uint32_t length, const char *word)
{
	for (uint32_t at = 0; at < length; at += (uint32_t)strlen(list + at) + 1)
		if (!strcmp(list + at, word))
			return true;
	return false;
}

static struct fdt_device device_at(const char *path)
{
	static char kept[PATH_MAX];
	struct fdt_device device = { 0 };
	const char *status = fdt_property(path, "status", NULL);
	uint32_t length = 0;
	const char *reg = fdt_property(path, "reg", &length);

	if (status && !strcmp(status, "disabled"))
		return device;
	if (reg && length >= 16) {
		device.address = be64(reg);
		device.size = be64(reg + 8);
	}
	strcpy(kept, path);
	device.path = kept;
	return device;
}

struct fdt_device fdt_nth(const char *property, const char *value, unsigned int n)
{
	struct walk walk;

	for (walk_begin(&walk); walk_next(&walk);) {
		struct fdt_device device;

		if (strcmp(walk.name, property) || !list_has(walk.value, walk.length, value))
			continue;
		device = device_at(walk.path);
		if (device.address && n-- == 0)
			return device;
	}
	return (struct fdt_device){ 0 };
}

struct fdt_device fdt_device(const char *compatible)
{
	return fdt_nth("compatible", compatible, 0);
}

struct fdt_device fdt_memory(void)
{
	return fdt_nth("device_type", "memory", 0);
}

bool fdt_claims(uint64_t address, uint64_t size)
{
	struct walk walk;

	for (walk_begin(&walk); walk_next(&walk);) {
		if (strcmp(walk.name, "reg"))
			continue;
		for (uint32_t at = 0; at + 16 <= walk.length; at += 16) {
			uint64_t start = be64(walk.value + at), length = be64(walk.value + at + 8);

			if (address - start < length || start - address < size)
				return true;
		}
	}
	return false;
}

static bool isa_has(const char *isa, const char *extension)
{
	const char *word = strchr(isa, '_');

	if (strlen(extension) == 1) {
		const char *letter = strchr(isa + 4, *extension);

		return letter && (!word || letter < word);
	}
	for (; word; word = strchr(word + 1, '_')) {
		size_t length = strlen(extension);

		if (!strncmp(word + 1, extension, length) &&
		    (word[length + 1] == '_' || !word[length + 1]))
			return true;
	}
	return false;
}

bool fdt_has_extension(const char *extension)
{
	struct walk walk;

	for (walk_begin(&walk); walk_next(&walk);) {
		if (!strcmp(walk.name, "riscv,isa-extensions") &&
		    list_has(walk.value, walk.length, extension))
			return true;
		if (!strcmp(walk.name, "riscv,isa") && isa_has(walk.value, extension))
			return true;
	}
	return false;
}
