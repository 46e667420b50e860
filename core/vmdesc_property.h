/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The properties that a VM description may have, as tables: a property is one line. Private to
 * the parser of VM descriptions. No lock: the tables are constant.
 */
#ifndef CORE_VMDESC_PROPERTY_H
#define CORE_VMDESC_PROPERTY_H

#include <core/vmdesc.h>

/** What a property is parsed with. */
struct property_context {
	const struct bundle *bundle;
	struct report *report;
	const char *path; /* of the node, for messages: "description.dtb: /vms/debian" */
};

struct property;

/** How the properties of one kind are read and shown. */
struct property_type {
	/**
	 * Checks @length bytes at @value and stores them in @field. Returns false, with @field
	 * as it was, after property_error().
	 */
	bool (*parse)(const struct property_context *context, const struct property *property,
		      const void *value, int length, void *field);
	/** The text of @field, in @buffer or in what the field refers to. */
	const char *(*print)(const struct property *property, const void *field, char *buffer,
			     size_t size);
};

struct property_choice {
	const char *name;
	uint32_t value;
};

struct property {
	const char *name;
	const struct property_type *type;
	size_t offset; /* of the field in the struct that its group fills */
	uint64_t min, max; /* of numbers, both included */
	uint64_t step; /* numbers are a multiple of this, less @below; 0: any number */
	uint64_t below;
	const struct property_choice *choices; /* up to one without a name */
	bool required;
};

/** An array in struct vm_config, with an element for each child of a node. */
struct property_list {
	size_t offset; /* of the array */
	size_t size; /* of an element; it begins with the child's name, a const char pointer */
	size_t count_offset; /* of the number of elements, uint32_t */
	uint32_t max;
	const void *defaults; /* an element */
	const struct property_group *element; /* the properties of each child */
};

/** The properties of one node: the VM's own (""), one of its children, or one of a list. */
struct property_group {
	const char *node;
	const struct property *properties;
	unsigned int count;
	bool required;
	const struct property_list *list; /* of the node's children, or NULL */
};

#define VM_PROPERTY_GROUPS 5

extern const struct property_group vm_property_groups[VM_PROPERTY_GROUPS];

/** Tells that @property is wrong, with the node's path. */
void property_error(const struct property_context *context, const struct property *property,
		    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** Whether the @length bytes at @value are one string with its NUL. */
bool property_is_string(const void *value, int length);

/** What names of VMs, ranges and regions are made of. */
#define NAME_CHARACTERS "A-Z a-z 0-9 . _ -"

/** Whether @name is 1 to VM_NAME_MAX of NAME_CHARACTERS. */
bool name_is_valid(const char *name);

/** Sorts the ranges of @config, and tells what is wrong with them and no property says alone. */
void vmdesc_ranges_check(const struct property_context *context, struct vm_config *config);

#endif
