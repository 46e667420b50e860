/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The properties of VM descriptions: their kinds, ranges and names. Owns constant tables only.
 * No lock.
 */
#include "vmdesc_property.h"

#include <inttypes.h>
#include <libfdt.h>
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

static bool parse_u32(const struct property_context *context, const struct property *property,
		      const void *value, int length, void *field)
{
	uint64_t number;

	if (length != 4) {
		property_error(context, property, "%d bytes, but it is a number of 4 bytes",
			       length);
		return false;
	}
	number = cells_value(value, length);
	if (!check_range(context, property, number))
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

	if (length != 4 && length != 8) {
		property_error(context, property, "%d bytes, but it is a number of 4 or 8 bytes",
			       length);
		return false;
	}
	number = cells_value(value, length);
	if (!check_range(context, property, number))
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
	char names[100] = "";
	size_t used = 0;

	if (!check_string(context, property, value, length))
		return false;
	for (const struct property_choice *choice = property->choices; choice->name; choice++) {
		if (!strcmp(choice->name, value)) {
			*(uint32_t *)field = choice->value;
			return true;
		}
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s'%s'",
					 used ? ", " : "", choice->name);
		if (used >= sizeof(names))
			used = sizeof(names) - 1;
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

static const struct property_type type_u32 = { parse_u32, print_u32 };
static const struct property_type type_size = { parse_u64, print_size };
static const struct property_type type_address = { parse_u64, print_address };
static const struct property_type type_bool = { parse_bool, print_bool };
static const struct property_type type_choice = { parse_choice, print_choice };
static const struct property_type type_string = { parse_string, print_string };
static const struct property_type type_name = { parse_name, print_name };
static const struct property_type type_file = { parse_file, print_file };
static const struct property_type type_harts = { parse_harts, print_harts };

/* With the levels of the G-stage. */
static const struct property_choice mmu_types[] = {
	{ "riscv,sv39", 3 }, { "riscv,sv48", 4 }, { "riscv,sv57", 5 }, { "auto", 0 }, { NULL, 0 },
};

static const struct property_choice file_policies[] = {
	{ "auto", VM_FILES_AUTO },
	{ "software", VM_FILES_SOFTWARE },
	{ "hardware", VM_FILES_HARDWARE },
	{ NULL, 0 },
};

static const struct property_choice shortage_actions[] = {
	{ "pause", VM_SHORTAGE_PAUSE },
	{ "wait", VM_SHORTAGE_WAIT },
	{ NULL, 0 },
};

static const struct property_choice actions[] = {
	{ "reset", VM_ACTION_RESET },
	{ "stop", VM_ACTION_STOP },
	{ NULL, 0 },
};

/* A number of @field's width. */
#define NUMBER(type_, field, low, high) .type = &(type_), FIELD(field), .min = (low), .max = (high)
#define CHOICE(field, names) .type = &type_choice, FIELD(field), .choices = (names)
#define OTHER(type_, field) .type = &(type_), FIELD(field)
#define FIELD(field) .offset = offsetof(struct GROUP, field)
#define GROUP vm_config
#define PAGES .step = PAGE_SIZE
#define LEAVES .step = MIB(2)
#define IDENTITIES .step = 64, .below = 1
#define REQUIRED .required = true

/* clang-format off */
static const struct property vm_properties[] = {
	{ "memory-size", NUMBER(type_size, memory_size, PAGE_SIZE, BIT(59)), PAGES, REQUIRED },
	{ "memory-base", NUMBER(type_address, memory_base, VM_DEVICES_END, BIT(59)), LEAVES },
	{ "cpus", NUMBER(type_u32, vcpus, 1, MAX_VCPUS) },
	{ "cpu-affinity", OTHER(type_harts, affinity) },
	{ "priority", NUMBER(type_u32, priority, 0, VM_PRIORITY_MAX) },
	{ "time-slice-us", NUMBER(type_u32, time_slice_us, 1000, 1000000) },
	{ "mmu-type", CHOICE(gstage_levels, mmu_types) },
	{ "interrupt-files", CHOICE(interrupt_files, file_policies) },
	{ "interrupt-identities", NUMBER(type_u32, interrupt_identities, 63, 2047), IDENTITIES },
	{ "autostart", OTHER(type_bool, autostart) },
	{ "on-no-vsfile", CHOICE(on_no_vsfile, shortage_actions) },
	{ "on-reboot", CHOICE(on_reboot, actions) },
	{ "on-failure", CHOICE(on_failure, actions) },
};

static const struct property kernel_properties[] = {
	{ "file", OTHER(type_file, kernel), REQUIRED },
	{ "bootargs", OTHER(type_string, bootargs) },
};

static const struct property ramdisk_properties[] = {
	{ "file", OTHER(type_file, ramdisk), REQUIRED },
};

static const struct property device_tree_properties[] = {
	{ "file", OTHER(type_file, device_tree), REQUIRED },
};

#undef GROUP
#define GROUP vm_range_config
static const struct property range_properties[] = {
	{ "base", NUMBER(type_address, base, VM_DEVICES_END, BIT(59)), PAGES, REQUIRED },
	{ "size", NUMBER(type_size, size, PAGE_SIZE, BIT(59)), PAGES, REQUIRED },
	{ "read-only", OTHER(type_bool, read_only) },
	{ "file", OTHER(type_file, file) },
	{ "shared", OTHER(type_name, shared) },
};

#define PROPERTIES(table) .properties = (table), .count = ARRAY_SIZE(table)

static const struct property_group range_group = { .node = "", PROPERTIES(range_properties) };
static const struct vm_range_config range_defaults;

static const struct property_list ranges = {
	.offset = offsetof(struct vm_config, ranges),
	.size = sizeof(struct vm_range_config),
	.count_offset = offsetof(struct vm_config, range_count),
	.max = VM_RANGES_MAX,
	.defaults = &range_defaults,
	.element = &range_group,
};

_Static_assert(offsetof(struct vm_range_config, name) == 0, "elements_begin_with_their_name");

const struct property_group vm_property_groups[VM_PROPERTY_GROUPS] = {
	{ "", PROPERTIES(vm_properties), REQUIRED },
	{ "kernel", PROPERTIES(kernel_properties), REQUIRED },
	{ "ramdisk", PROPERTIES(ramdisk_properties) },
	{ "device-tree", PROPERTIES(device_tree_properties) },
	{ "ranges", .list = &ranges },
};
/* clang-format on */

void vmdesc_defaults(struct vm_config *config)
{
	*config = (struct vm_config){
		.memory_base = VM_DEVICES_END,
		.vcpus = 1,
		.priority = 4,
		.time_slice_us = 10000,
		.interrupt_files = VM_FILES_AUTO,
		.interrupt_identities = 255,
		.autostart = 1,
		.on_reboot = VM_ACTION_RESET,
		.on_failure = VM_ACTION_STOP,
		.bootargs = "",
	};
}

/* Who gets the lines of vmdesc_print(). */
struct printer {
	void (*line)(void *opaque, const char *name, const char *value, bool is_default);
	void *opaque;
};

/* The properties of @group in @values, which is @defaults where nothing was said. */
static void group_print(const struct printer *printer, const struct property_group *group,
			const char *path, const void *values, const void *defaults)
{
	char name[80], buffer[VM_VALUE_MAX], default_buffer[VM_VALUE_MAX];

	for (unsigned int i = 0; i < group->count; i++) {
		const struct property *property = &group->properties[i];
		const char *value = property->type->print(
			property, (const char *)values + property->offset, buffer, sizeof(buffer));
		const char *default_value =
			property->type->print(property, (const char *)defaults + property->offset,
					      default_buffer, sizeof(default_buffer));

		snprintf(name, sizeof(name), "%s%s%s", path, path[0] ? "/" : "", property->name);
		printer->line(printer->opaque, name, value, !strcmp(value, default_value));
	}
}

static void list_print(const struct printer *printer, const struct property_group *group,
		       const struct vm_config *config)
{
	const struct property_list *list = group->list;
	const char *element = (const char *)config + list->offset;
	uint32_t count = *(const uint32_t *)((const char *)config + list->count_offset);
	char path[64];

	for (uint32_t i = 0; i < count; i++, element += list->size) {
		snprintf(path, sizeof(path), "%s/%s", group->node,
			 *(const char *const *)(const void *)element);
		group_print(printer, list->element, path, element, list->defaults);
	}
}

void vmdesc_print(const struct vm_config *config,
		  void (*line)(void *opaque, const char *name, const char *value, bool is_default),
		  void *opaque)
{
	const struct printer printer = { line, opaque };
	struct vm_config defaults;

	vmdesc_defaults(&defaults);
	for (unsigned int i = 0; i < VM_PROPERTY_GROUPS; i++) {
		const struct property_group *group = &vm_property_groups[i];

		group_print(&printer, group, group->node, config, &defaults);
		if (group->list)
			list_print(&printer, group, config);
	}
}
