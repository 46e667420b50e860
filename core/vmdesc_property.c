/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The properties of VM descriptions: their names, kinds and limits. Owns constant tables only. No
 * lock.
 */
#include "vmdesc_property.h"

#include <arch/isa.h>
#include <arch/sbi_list.h>
#include <stdio.h>
#include <string.h>

/* With the levels of the G-stage. */
static const struct property_choice mmu_types[] = {
	{ "riscv,sv39", 3 }, { "riscv,sv48", 4 }, { "riscv,sv57", 5 }, { "auto", 0 }, { NULL, 0 },
};

static const struct property_choice irqchips[] = {
	{ "aia", VM_IRQCHIP_AIA },
	{ "plic", VM_IRQCHIP_PLIC },
	{ NULL, 0 },
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

static const struct property_choice misaligned_choices[] = {
	{ "emulate", VM_MISALIGNED_EMULATE },
	{ "redirect", VM_MISALIGNED_REDIRECT },
	{ NULL, 0 },
};

static const struct property_choice actions[] = {
	{ "reset", VM_ACTION_RESET },
	{ "stop", VM_ACTION_STOP },
	{ NULL, 0 },
};

#define SBI_FIXED(name) { #name, SET_FIXED },
#define SBI_CHOICE(name) { #name, SBI_LIST_##name },
static const struct property_choice sbi_extensions[] = {
	SBI_BASE_EXTENSION(SBI_FIXED) SBI_OPTIONAL_EXTENSIONS(SBI_CHOICE){ NULL, 0 },
};

_Static_assert(SBI_LIST_COUNT <= 64, "a_bit_for_each_extension");

#define ISA_CHOICE(name, text, rule) { text, RULE_##rule == RULE_BASE ? SET_FIXED : ISA_##name },
static const struct property_choice isa_extensions[] = { ISA_EXTENSIONS(ISA_CHOICE){ NULL, 0 } };

/* A number of @field's width. */
#define NUMBER(type_, field, low, high) .type = &(type_), FIELD(field), .min = (low), .max = (high)
#define CHOICE(field, names) .type = &type_choice, FIELD(field), .choices = (names)
#define SET(field, names) .type = &type_set, FIELD(field), .choices = (names), WORDS_OF(field)
#define WORDS_OF(field) .words = sizeof(((struct GROUP *)NULL)->field) / 8
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
	{ "irqchip", CHOICE(irqchip, irqchips) },
	{ "interrupt-files", CHOICE(interrupt_files, file_policies) },
	{ "interrupt-identities", NUMBER(type_u32, interrupt_identities, 63, 2047), IDENTITIES },
	{ "isa-disable", SET(isa_disabled, isa_extensions) },
	{ "sbi-legacy", OTHER(type_bool, sbi_legacy) },
	{ "sbi-disable", SET(sbi_disabled, sbi_extensions) },
	{ "autostart", OTHER(type_bool, autostart) },
	{ "on-no-vsfile", CHOICE(on_no_vsfile, shortage_actions) },
	{ "on-reboot", CHOICE(on_reboot, actions) },
	{ "on-failure", CHOICE(on_failure, actions) },
	{ "misaligned-accesses", CHOICE(misaligned, misaligned_choices) },
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

static const struct property restore_properties[] = {
	{ "file", OTHER(type_file, restore), REQUIRED },
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
	{ "", PROPERTIES(vm_properties) },
	{ "kernel", PROPERTIES(kernel_properties) },
	{ "ramdisk", PROPERTIES(ramdisk_properties) },
	{ "device-tree", PROPERTIES(device_tree_properties) },
	{ "restore", PROPERTIES(restore_properties) },
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
		.irqchip = VM_IRQCHIP_AIA,
		.interrupt_files = VM_FILES_AUTO,
		.interrupt_identities = 255,
		.autostart = 1,
		.on_reboot = VM_ACTION_RESET,
		.on_failure = VM_ACTION_STOP,
		.misaligned = VM_MISALIGNED_EMULATE,
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
