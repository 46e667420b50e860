/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of properties that VM descriptions have: how each is read, checked and shown. Lists of
 * words are in vmdesc_set.c. Owns nothing. No lock.
 */
#include "vmdesc_property.h"

#include <core/text.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void property_error(const struct property_context *context, const struct property *property,
		    const char *fmt, ...)
{
	char detail[REPORT_MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(detail, sizeof(detail), fmt, args);
	va_end(args);
	report_error(context->report, "%s: %s: %s", context->path, property->name, detail);
}

bool property_is_string(const void *value, int length)
{
	return length > 0 && strnlen(value, (size_t)length) == (size_t)length - 1;
}

static bool check_string(const struct property_context *context, const struct property *property,
			 const void *value, int length)
{
	if (property_is_string(value, length))
		return true;
	property_error(context, property, "not one string");
	return false;
}

bool name_is_valid(const char *name)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789._-");

	return length && length <= VM_NAME_MAX && !name[length];
}

bool vm_name_is_valid(const char *name)
{
	return name_is_valid(name);
}

static bool check_range(const struct property_context *context, const struct property *property,
			uint64_t number)
{
	if (number < property->min || number > property->max) {
		property_error(context, property,
			       "%" PRIu64 " (0x%" PRIx64 ") is not within %" PRIu64 " to %" PRIu64,
			       number, number, property->min, property->max);
		return false;
	}
	if (property->step && (number + property->below) % property->step) {
		property_error(context, property,
			       "%" PRIu64 " (0x%" PRIx64 ") is not a multiple of %" PRIu64 "%s",
			       number, number, property->step, property->below ? " less 1" : "");
		return false;
	}
	return true;
}

static uint64_t cells_value(const void *value, int length)
{
	const uint8_t *bytes = value;
	uint64_t number = 0;

	for (int i = 0; i < length; i++)
		number = number << 8 | bytes[i];
	return number;
}

/* @wide: it may also have 8 bytes. */
static bool parse_number(const struct property_context *context, const struct property *property,
			 const void *value, int length, bool wide, uint64_t *number)
{
	if (length != 4 && !(wide && length == 8)) {
		property_error(context, property, "%d bytes, but it is a number of %s bytes",
			       length, wide ? "4 or 8" : "4");
		return false;
	}
	*number = cells_value(value, length);
	return check_range(context, property, *number);
}

static bool parse_u32(const struct property_context *context, const struct property *property,
		      const void *value, int length, void *field)
{
	uint64_t number;

	if (!parse_number(context, property, value, length, false, &number))
		return false;
	*(uint32_t *)field = (uint32_t)number;
	return true;
}

static const char *print_u32(const struct property *property, const void *field, char *buffer,
			     size_t size)
{
	(void)property;
	snprintf(buffer, size, "%" PRIu32, *(const uint32_t *)field);
	return buffer;
}

static bool parse_u64(const struct property_context *context, const struct property *property,
		      const void *value, int length, void *field)
{
	uint64_t number;

	if (!parse_number(context, property, value, length, true, &number))
		return false;
	*(uint64_t *)field = number;
	return true;
}

static const char *print_address(const struct property *property, const void *field, char *buffer,
				 size_t size)
{
	(void)property;
	snprintf(buffer, size, "0x%" PRIx64, *(const uint64_t *)field);
	return buffer;
}

static const char *print_size(const struct property *property, const void *field, char *buffer,
			      size_t size)
{
	uint64_t bytes = *(const uint64_t *)field;

	(void)property;
	if (is_aligned(bytes, MIB(1)))
		snprintf(buffer, size, "%" PRIu64 " MiB", bytes / MIB(1));
	else
		snprintf(buffer, size, "%" PRIu64 " KiB", bytes / KIB(1));
	return buffer;
}

/* A flag: "name;" and "name = <1>;" set it, "name = <0>;" clears it. */
static bool parse_bool(const struct property_context *context, const struct property *property,
		       const void *value, int length, void *field)
{
	uint64_t number = length ? cells_value(value, length) : 1;

	if ((length != 0 && length != 4) || number > 1) {
		property_error(context, property, "neither empty nor <0> nor <1>");
		return false;
	}
	*(uint32_t *)field = (uint32_t)number;
	return true;
}

static const char *print_bool(const struct property *property, const void *field, char *buffer,
			      size_t size)
{
	(void)property;
	(void)buffer;
	(void)size;
	return *(const uint32_t *)field ? "yes" : "no";
}

static bool parse_choice(const struct property_context *context, const struct property *property,
			 const void *value, int length, void *field)
{
	char names[100];
	struct text text = text_in(names, sizeof(names));

	if (!check_string(context, property, value, length))
		return false;
	for (const struct property_choice *choice = property->choices; choice->name; choice++) {
		if (!strcmp(choice->name, value)) {
			*(uint32_t *)field = choice->value;
			return true;
		}
		text_add(&text, "%s'%s'", text.length ? ", " : "", choice->name);
	}
	property_error(context, property, "'%.40s' is none of %s", (const char *)value, names);
	return false;
}

static const char *print_choice(const struct property *property, const void *field, char *buffer,
				size_t size)
{
	(void)buffer;
	(void)size;
	for (const struct property_choice *choice = property->choices; choice->name; choice++) {
		if (choice->value == *(const uint32_t *)field)
			return choice->name;
	}
	return "?";
}

static bool parse_string(const struct property_context *context, const struct property *property,
			 const void *value, int length, void *field)
{
	if (!check_string(context, property, value, length))
		return false;
	*(const char **)field = value;
	return true;
}

static const char *print_string(const struct property *property, const void *field, char *buffer,
				size_t size)
{
	(void)property;
	(void)buffer;
	(void)size;
	return *(const char *const *)field;
}

static bool parse_name(const struct property_context *context, const struct property *property,
		       const void *value, int length, void *field)
{
	if (!check_string(context, property, value, length))
		return false;
	if (!name_is_valid(value)) {
		property_error(context, property, "'%.60s' is not 1 to %d of " NAME_CHARACTERS,
			       (const char *)value, VM_NAME_MAX);
		return false;
	}
	*(const char **)field = value;
	return true;
}

static const char *print_name(const struct property *property, const void *field, char *buffer,
			      size_t size)
{
	const char *name = *(const char *const *)field;

	(void)property;
	(void)buffer;
	(void)size;
	return name ? name : "none";
}

static bool parse_file(const struct property_context *context, const struct property *property,
		       const void *value, int length, void *field)
{
	struct vm_file file = { .name = value };

	if (!check_string(context, property, value, length))
		return false;
	if (context->saved &&
	    (bundle_find(context->bundle, file.name, &file.data, &file.size) || !file.size))
		return true;
	if (bundle_find(context->bundle, file.name, &file.data, &file.size)) {
		property_error(context, property, "'%.100s' is not in the bundle", file.name);
		return false;
	}
	if (!file.size) {
		property_error(context, property, "'%.100s' is empty", file.name);
		return false;
	}
	*(struct vm_file *)field = file;
	return true;
}

static const char *print_file(const struct property *property, const void *field, char *buffer,
			      size_t size)
{
	const struct vm_file *file = field;

	(void)property;
	if (!file->name)
		return "none";
	snprintf(buffer, size, "%.400s (%" PRIu64 " bytes)", file->name, (uint64_t)file->size);
	return buffer;
}

static bool parse_harts(const struct property_context *context, const struct property *property,
			const void *value, int length, void *field)
{
	struct vm_config *config = container_of(field, struct vm_config, affinity);
	struct hart_range ranges[VM_AFFINITY_MAX];
	const char *problem;
	int count;

	if (!check_string(context, property, value, length))
		return false;
	count = hart_ranges_parse(value, ranges, VM_AFFINITY_MAX, &problem);
	if (count < 0) {
		property_error(context, property, "'%.60s': %s", (const char *)value, problem);
		return false;
	}
	memcpy(config->affinity, ranges, (size_t)count * sizeof(ranges[0]));
	config->affinity_count = (uint32_t)count;
	return true;
}

static const char *print_harts(const struct property *property, const void *field, char *buffer,
			       size_t size)
{
	const struct vm_config *config = container_of(field, const struct vm_config, affinity);

	(void)property;
	if (!config->affinity_count)
		return "all";
	return hart_ranges_print(config->affinity, config->affinity_count, buffer, size);
}

_Static_assert(offsetof(struct vm_file, name) == 0, "files_begin_with_their_name");

const struct property_type type_u32 = { parse_u32, print_u32, FORM_U32 };
const struct property_type type_size = { parse_u64, print_size, FORM_U64 };
const struct property_type type_address = { parse_u64, print_address, FORM_U64 };
const struct property_type type_bool = { parse_bool, print_bool, FORM_U32 };
const struct property_type type_choice = { parse_choice, print_choice, FORM_PRINTED };
const struct property_type type_string = { parse_string, print_string, FORM_STRING };
const struct property_type type_name = { parse_name, print_name, FORM_STRING };
const struct property_type type_file = { parse_file, print_file, FORM_STRING };
const struct property_type type_harts = { parse_harts, print_harts, FORM_HARTS };
