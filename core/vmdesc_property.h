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
	bool saved; /* of a saved VM: files may be missing */
};

struct property;

/** What the properties of one kind are in a device tree, from what is in the field. */
enum property_form {
	FORM_U32,
	FORM_U64,
	FORM_PRINTED, /* a string: what print() gives */
	FORM_STRING, /* the field is, or begins with, a string; NULL: no property */
	FORM_HARTS, /* the same as FORM_PRINTED, but no property for all harts */
	FORM_SET, /* a list of strings */
};

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
	enum property_form form;
};

struct property_choice {
	const char *name;
	uint32_t value; /* of a set: the number of its bit, or SET_FIXED */
};

/** A word of a set that is known, but cannot be in one: what it names cannot be switched off. */
#define SET_FIXED UINT32_MAX
#define SET_WORDS_MAX 4

struct property {
	const char *name;
	const struct property_type *type;
	size_t offset; /* of the field in the struct that its group fills */
	uint64_t min, max; /* of numbers, both included */
	uint64_t step; /* numbers are a multiple of this, less @below; 0: any number */
	uint64_t below;
	const struct property_choice *choices; /* up to one without a name */
	uint32_t words; /* of a set: uint64_t that its bits are in, up to SET_WORDS_MAX */
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
	const struct property_list *list; /* of the node's children, or NULL */
};

/** Numbers: uint32_t, and uint64_t that is shown in MiB or as an address. A flag is a uint32_t. */
extern const struct property_type type_u32, type_size, type_address, type_bool;
/** A string: a word of `choices`, of which the field gets the value; any; 1 to VM_NAME_MAX. */
extern const struct property_type type_choice, type_string, type_name;
/** The name of a file of the bundle: struct vm_file. */
extern const struct property_type type_file;
/** Ranges of harts, to the affinity of a struct vm_config. */
extern const struct property_type type_harts;
/** A list of strings, words of `choices`: one or more uint64_t, a bit for each that is there. */
extern const struct property_type type_set;

#define VM_PROPERTY_GROUPS 6

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
