/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a VM description as a device tree, by the tables of vmdesc_property.c: all properties, so
 * that nothing depends on the defaults of who reads it. Owns no state, so no lock is needed.
 */
#include "vmdesc_property.h"

#include <errno.h>
#include <libfdt.h>
#include <string.h>

/* The tree being written; the first error of libfdt ends it. */
struct writer {
	void *fdt;
	int error;
};

static void node_begin(struct writer *w, const char *name)
{
	if (!w->error)
		w->error = fdt_begin_node(w->fdt, name);
}

static void node_end(struct writer *w)
{
	if (!w->error)
		w->error = fdt_end_node(w->fdt);
}

/* A list of the words that are in the set; none: no property. */
static int set_write(const struct property *property, const uint64_t *set, void *fdt)
{
	char words[VM_VALUE_MAX];
	size_t used = 0;

	for (const struct property_choice *word = property->choices; word->name; word++) {
		size_t size = strlen(word->name) + 1;

		if (word->value == SET_FIXED || !(set[word->value / 64] >> word->value % 64 & 1))
			continue;
		if (size > sizeof(words) - used)
			return -FDT_ERR_NOSPACE;
		memcpy(words + used, word->name, size);
		used += size;
	}
	return used ? fdt_property(fdt, property->name, words, (int)used) : 0;
}

static int value_write(const struct property *property, const void *field, void *fdt)
{
	char buffer[VM_VALUE_MAX];
	const char *text = NULL;

	switch (property->type->form) {
	case FORM_U32:
		return fdt_property_u32(fdt, property->name, *(const uint32_t *)field);
	case FORM_U64:
		return fdt_property_u64(fdt, property->name, *(const uint64_t *)field);
	case FORM_SET:
		return set_write(property, field, fdt);
	case FORM_STRING:
		text = *(const char *const *)field;
		break;
	case FORM_HARTS:
	case FORM_PRINTED:
		text = property->type->print(property, field, buffer, sizeof(buffer));
		if (property->type->form == FORM_HARTS && strcmp(text, "all") == 0)
			text = NULL;
		break;
	}
	return text ? fdt_property_string(fdt, property->name, text) : 0;
}

static void properties_write(struct writer *w, const struct property_group *group,
			     const void *values)
{
	for (unsigned int i = 0; i < group->count && !w->error; i++) {
		const struct property *property = &group->properties[i];

		w->error = value_write(property, (const char *)values + property->offset, w->fdt);
	}
}

static void list_write(struct writer *w, const struct property_list *list,
		       const struct vm_config *config)
{
	const char *element = (const char *)config + list->offset;
	uint32_t count =
		*(const uint32_t *)(const void *)((const char *)config + list->count_offset);

	for (uint32_t i = 0; i < count; i++, element += list->size) {
		node_begin(w, *(const char *const *)(const void *)element);
		properties_write(w, list->element, element);
		node_end(w);
	}
}

static void vm_write(struct writer *w, const struct vm_config *config)
{
	node_begin(w, config->name);
	if (!w->error)
		w->error = fdt_property_string(w->fdt, "compatible", "hartvisor,vm");
	/* The VM's own properties come first: libfdt wants them before nodes. */
	for (unsigned int i = 0; i < VM_PROPERTY_GROUPS; i++) {
		const struct property_group *group = &vm_property_groups[i];

		/* A saved VM begins as itself, and not as the one that it began as. */
		if (strcmp(group->node, "restore") == 0)
			continue;
		if (group->node[0])
			node_begin(w, group->node);
		properties_write(w, group, config);
		if (group->list)
			list_write(w, group->list, config);
		if (group->node[0])
			node_end(w);
	}
	node_end(w);
}

int vmdesc_write(const struct vm_config *config, void *buffer, size_t size)
{
	struct writer w = { .fdt = buffer };

	w.error = fdt_create(buffer, (int)size);
	if (!w.error)
		w.error = fdt_finish_reservemap(buffer);
	node_begin(&w, "");
	node_begin(&w, "vms");
	vm_write(&w, config);
	node_end(&w);
	node_end(&w);
	if (!w.error)
		w.error = fdt_finish(buffer);
	return w.error ? -ENOSPC : (int)fdt_totalsize(buffer);
}
