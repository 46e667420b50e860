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
	size_t offset; /* of the field in struct vm_config */
	uint64_t min, max; /* of numbers, both included */
	uint64_t step; /* numbers are a multiple of this, less @below; 0: any number */
	uint64_t below;
	const struct property_choice *choices; /* up to one without a name */
	bool required;
};

/** The properties of one node: the VM's own ("") or one of its children. */
struct property_group {
	const char *node;
	const struct property *properties;
	unsigned int count;
	bool required;
};

#define VM_PROPERTY_GROUPS 4

extern const struct property_group vm_property_groups[VM_PROPERTY_GROUPS];

/** Tells that @property is wrong, with the node's path. */
void property_error(const struct property_context *context, const struct property *property,
		    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** Whether the @length bytes at @value are one string with its NUL. */
bool property_is_string(const void *value, int length);

#endif
