/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads "newc" cpio archives in place. Owns nothing: the archive belongs to the caller and is
 * never written, so no lock is needed. Whatever the bytes are, nothing outside of them is read.
 */
#include <core/bundle.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/*
 * An entry: a header of ASCII characters, the name with its NUL, padding to a multiple of 4
 * from the beginning of the archive, the data, padding to a multiple of 4.
 */
struct cpio_header {
	char magic[6];
	char ino[8];
	char mode[8];
	char uid[8];
	char gid[8];
	char nlink[8];
	char mtime[8];
	char filesize[8];
	char devmajor[8];
	char devminor[8];
	char rdevmajor[8];
	char rdevminor[8];
	char namesize[8];
	char check[8];
};

_Static_assert(sizeof(struct cpio_header) == 110, "cpio_header_is_110_bytes");

#define CPIO_ALIGN 4
#define CPIO_TRAILER "TRAILER!!!"
#define NAME_SIZE_MAX KIB(8) /* with the padding that aligns data to a page */
#define MODE_TYPE 0170000u
#define MODE_REGULAR 0100000u

/** An entry as it is in the archive. */
struct entry {
	const char *name;
	const uint8_t *data;
	uint32_t size;
	uint32_t mode;
	uint32_t check;
	bool has_check;
	size_t end; /* offset of the next entry */
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool hex_field(const char digits[8], uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 8; i++) {
		int digit = hex_digit(digits[i]);

		if (digit < 0)
			return false;
		*value = *value << 4 | (uint32_t)digit;
	}
	return true;
}

static const char *header_problem(const uint8_t *data, size_t left)
{
	const struct cpio_header *header = (const void *)data;
	const char *fields = header->ino;
	uint32_t unused;

	if (left >= 2 && data[0] == 0x1f && data[1] == 0x8b)
		return "is compressed with gzip; a bundle is a plain cpio archive";
	if (left < sizeof(header->magic) || memcmp(header->magic, "07070", 5) ||
	    (header->magic[5] != '1' && header->magic[5] != '2'))
		return "no newc header (magic 070701 or 070702)";
	if (left < sizeof(*header))
		return "the header is cut short";
	for (; fields < (const char *)(header + 1); fields += 8) {
		if (!hex_field(fields, &unused))
			return "the header has digits that are not hexadecimal";
	}
	return NULL;
}

/* Reads the entry at offset @at, at most @size. Returns NULL, or what is wrong with it. */
static const char *entry_read(const uint8_t *archive, size_t size, size_t at, struct entry *entry)
{
	const struct cpio_header *header = (const void *)(archive + at);
	uint64_t data_at, data_end;
	uint32_t name_size;
	const char *problem;

	problem = header_problem(archive + at, size - at);
	if (problem)
		return problem;
	hex_field(header->mode, &entry->mode);
	hex_field(header->filesize, &entry->size);
	hex_field(header->namesize, &name_size);
	hex_field(header->check, &entry->check);
	entry->has_check = header->magic[5] == '2';
	entry->name = (const char *)(header + 1);
	if (name_size < 1 || name_size > NAME_SIZE_MAX)
		return "the length of the name cannot be";
	if (name_size > size - at - sizeof(*header))
		return "the name is cut short";
	if (entry->name[name_size - 1] != '\0')
		return "the name does not end with a NUL";
	/* No wrapping: sizes have 32 bits and the archive is in memory. */
	data_at = align_up((uint64_t)at + sizeof(*header) + name_size, CPIO_ALIGN);
	data_end = data_at + entry->size;
	if (data_end > size)
		return "the data is cut short";
	entry->data = archive + data_at;
	entry->end = (size_t)MIN(align_up(data_end, CPIO_ALIGN), (uint64_t)size);
	return NULL;
}

const char *bundle_name(const char *name)
{
	for (;;) {
		if (name[0] == '/')
			name++;
		else if (name[0] == '.' && name[1] == '/')
			name += 2;
		else
			return name;
	}
}

static bool checksum_right(const struct entry *entry)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < entry->size; i++)
		sum += entry->data[i];
	return sum == entry->check;
}

static bool entry_is_regular(const struct entry *entry)
{
	return (entry->mode & MODE_TYPE) == MODE_REGULAR;
}

static const char *entry_problem(const struct bundle *bundle, const struct entry *entry)
{
	const void *data;
	size_t size;

	if (bundle->entries >= BUNDLE_MAX_ENTRIES)
		return "too many entries";
	if (!entry_is_regular(entry))
		return NULL;
	if (entry->has_check && !checksum_right(entry))
		return "the checksum is wrong";
	if (!bundle_find(bundle, entry->name, &data, &size))
		return "a second file of that name";
	return NULL;
}

int bundle_open(const void *data, size_t size, struct bundle *bundle, struct report *report)
{
	struct entry entry;
	const char *problem;

	*bundle = (struct bundle){ .data = data };
	while (bundle->size < size) {
		problem = entry_read(data, size, bundle->size, &entry);
		if (problem) {
			report_error(report, "bundle: offset 0x%" PRIx64 ": %s",
				     (uint64_t)bundle->size, problem);
			return -EINVAL;
		}
		if (!strcmp(entry.name, CPIO_TRAILER)) {
			bundle->size = entry.end;
			return 0;
		}
		problem = entry_problem(bundle, &entry);
		if (problem) {
			report_error(report, "bundle: offset 0x%" PRIx64 ": '%.80s': %s",
				     (uint64_t)bundle->size, entry.name, problem);
			return -EINVAL;
		}
		bundle->size = entry.end;
		bundle->entries++;
	}
	report_error(report, "bundle: %s after 0x%" PRIx64 " bytes and %u entries",
		     size ? "no trailer" : "empty", (uint64_t)size, bundle->entries);
	return -EINVAL;
}

int bundle_next(const struct bundle *bundle, size_t *cursor, struct bundle_file *file)
{
	struct entry entry;

	if (*cursor >= bundle->size || entry_read(bundle->data, bundle->size, *cursor, &entry) ||
	    !strcmp(entry.name, CPIO_TRAILER))
		return -ENOENT;
	*cursor = entry.end;
	file->name = bundle_name(entry.name);
	file->data = entry.data;
	file->size = entry.size;
	file->regular = entry_is_regular(&entry);
	return 0;
}

int bundle_find(const struct bundle *bundle, const char *name, const void **data, size_t *size)
{
	struct bundle_file file;
	size_t cursor = 0;

	name = bundle_name(name);
	while (!bundle_next(bundle, &cursor, &file)) {
		if (file.regular && !strcmp(file.name, name)) {
			*data = file.data;
			*size = file.size;
			return 0;
		}
	}
	return -ENOENT;
}
