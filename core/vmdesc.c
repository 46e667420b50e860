/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds VM descriptions in a device tree and turns them into struct vm_config. What properties
 * there are is said by the tables of vmdesc_property.c. Owns no state, so no lock is needed.
 */
#include <core/vmdesc.h>

#include <core/save.h>

#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "vmdesc_property.h"

#define VM_COMPATIBLE "hartvisor,vm"
#define VMS_NODE "vms"
#define PATH_MAX_LENGTH 120

/* Properties that any node may have. */
static const char *const common_properties[] = {
	"compatible", "status", "phandle", "linux,phandle", "#address-cells", "#size-cells",
};

/* Children of the root that are no VMs and not meant to be. */
static const char *const other_nodes[] = {
	VMS_NODE, "aliases", "chosen", "__symbols__", "__fixups__", "__local_fixups__",
};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

unsigned int vm_gpa_bits(uint32_t levels)
{
	switch (levels) {
	case 3:
		return 41;
	case 4:
		return 50;
	default:
		return 59;
	}
}

const char *vm_gpa_mode(uint32_t levels)
{
	static const char *const names[] = { [3] = "Sv39x4", [4] = "Sv48x4", [5] = "Sv57x4" };

	return names[levels >= 3 && levels <= 5 ? levels : 5];
}

const char *fdt_blob_problem(const void *blob, size_t size)
{
	int error;

	if (!is_aligned((uintptr_t)blob, 8))
		return "is not at a multiple of 8 bytes";
	if (size < sizeof(struct fdt_header))
		return "is cut short";
	if (fdt_magic(blob) != FDT_MAGIC)
		return "is not a device tree";
	/* Before 16 a name may be one that cannot be read, and libfdt 1.6 reads it. */
	if (fdt_version(blob) < 16)
		return "has a version that is too old";
	/* libfdt reads words of the structure block, and double words of the reservations. */
	if (!is_aligned(fdt_off_dt_struct(blob), 4) || !is_aligned(fdt_off_mem_rsvmap(blob), 8))
		return "has a block that is not aligned";
	error = fdt_check_full(blob, size);
	return error ? fdt_strerror(error) : NULL;
}

const void *vmdesc_open(const struct bundle *bundle, void *scratch, size_t scratch_size,
			struct report *report)
{
	const char *problem;
	const void *blob;
	size_t size;

	if (bundle_find(bundle, BUNDLE_DESCRIPTION, &blob, &size)) {
		report_error(report, "bundle: there is no file " BUNDLE_DESCRIPTION);
		return NULL;
	}
	if (size > DESCRIPTION_SIZE_MAX) {
		report_error(report, BUNDLE_DESCRIPTION ": %" PRIu64 " bytes, more than %" PRIu64,
			     (uint64_t)size, (uint64_t)DESCRIPTION_SIZE_MAX);
		return NULL;
	}
	if (!is_aligned((uintptr_t)blob, 8) && scratch && size <= scratch_size) {
		memcpy(scratch, blob, size);
		blob = scratch;
	}
	problem = fdt_blob_problem(blob, size);
	if (problem) {
		report_error(report, BUNDLE_DESCRIPTION ": %s", problem);
		return NULL;
	}
	return blob;
}

/* A property that is one string, or NULL. */
static const char *node_string(const void *fdt, int node, const char *name)
{
	int length;
	const char *value = fdt_getprop(fdt, node, name, &length);

	return value && property_is_string(value, length) ? value : NULL;
}

static const char *node_name(const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);

	return name ? name : "?";
}

static bool node_is_vm(const void *fdt, int node)
{
	const char *status = node_string(fdt, node, "status");

	return !fdt_node_check_compatible(fdt, node, VM_COMPATIBLE) &&
	       !(status && !strcmp(status, "disabled"));
}

static bool node_is_vms(const void *fdt, int node)
{
	return !strcmp(node_name(fdt, node), VMS_NODE);
}

/* A walk over the nodes at which a VM may be: children of the root or of /vms. */
struct walk {
	const void *fdt;
	int node;
	int depth;
	bool in_vms;
};

/* The next node in the order of the tree. A negative number after the last. */
static int walk_next(struct walk *walk)
{
	do {
		walk->node = fdt_next_node(walk->fdt, walk->node, &walk->depth);
		if (walk->node < 0 || walk->depth <= 0)
			return -ENOENT;
		if (walk->depth == 1)
			walk->in_vms = node_is_vms(walk->fdt, walk->node);
	} while (walk->depth > 2 || (walk->depth == 2 && !walk->in_vms));
	return walk->node;
}

int vmdesc_next(const void *fdt, int node)
{
	struct walk walk = { .fdt = fdt };

	/* To find out where a node is takes a walk over all before it. */
	if (node > 0) {
		walk.node = node;
		walk.depth = fdt_node_depth(fdt, node);
		walk.in_vms = walk.depth == 2 || node_is_vms(fdt, node);
	}
	do {
		node = walk_next(&walk);
	} while (node >= 0 && !node_is_vm(fdt, node));
	return node;
}

/* Of a node, which takes a walk over all before it. */
static void node_path(const void *fdt, int node, char *full, size_t size)
{
	if (fdt_get_path(fdt, node, full, (int)size))
		snprintf(full, size, "(node at 0x%x)", (unsigned int)node);
}

/* "description.dtb: /vms/debian/kernel", with @child "kernel" or "". */
static void path_join(const char *full, const char *child, char *path, size_t size)
{
	snprintf(path, size, BUNDLE_DESCRIPTION ": %s%s%s", full, child[0] ? "/" : "", child);
}

static void path_write(const void *fdt, int node, char *path, size_t size)
{
	char full[PATH_MAX_LENGTH];

	node_path(fdt, node, full, sizeof(full));
	path_join(full, "", path, size);
}

int vmdesc_check(const void *fdt, struct report *report)
{
	char path[PATH_MAX_LENGTH + 40];
	struct walk walk = { .fdt = fdt };
	const char *compatible;
	int error = 0;

	for (int node = walk_next(&walk); node >= 0; node = walk_next(&walk)) {
		if (!fdt_node_check_compatible(fdt, node, VM_COMPATIBLE) ||
		    is_one_of(node_name(fdt, node), other_nodes, ARRAY_SIZE(other_nodes)))
			continue;
		path_write(fdt, node, path, sizeof(path));
		compatible = node_string(fdt, node, "compatible");
		if (!fdt_getprop(fdt, node, "compatible", NULL)) {
			report_warning(report, "%s: ignored: compatible is not '" VM_COMPATIBLE "'",
				       path);
			continue;
		}
		report_error(report, "%s: compatible: '%.60s' is not '" VM_COMPATIBLE "'", path,
			     compatible ? compatible : "?");
		error = -EINVAL;
	}
	return error;
}

static const struct property *property_find(const struct property_group *group, const char *name)
{
	for (unsigned int i = 0; i < group->count; i++) {
		if (!strcmp(group->properties[i].name, name))
			return &group->properties[i];
	}
	return NULL;
}

/* Of a VM's node the children are groups; other nodes have none, unless they are a list. */
static bool child_is_known(const struct property_group *group, const char *name)
{
	bool known = group->list;

	for (unsigned int i = 1; i < VM_PROPERTY_GROUPS && group == vm_property_groups; i++)
		known |= !strcmp(name, vm_property_groups[i].node);
	return known;
}

static void children_check(const void *fdt, int node, const struct property_group *group,
			   const struct property_context *context)
{
	int child;

	fdt_for_each_subnode(child, fdt, node) {
		if (!child_is_known(group, node_name(fdt, child)))
			report_warning(context->report, "%s/%.60s: ignored: unknown node",
				       context->path, node_name(fdt, child));
	}
}

/*
 * Parses the properties that @node has into the struct at @values, and misses those that it has to
 * have.
 */
static void group_parse(const void *fdt, int node, const struct property_group *group,
			const struct property_context *context, void *values)
{
	const struct property *property;
	const char *name;
	const void *value;
	int offset, length;

	fdt_for_each_property_offset(offset, fdt, node) {
		value = fdt_getprop_by_offset(fdt, offset, &name, &length);
		if (!value || is_one_of(name, common_properties, ARRAY_SIZE(common_properties)))
			continue;
		property = property_find(group, name);
		if (property)
			property->type->parse(context, property, value, length,
					      (char *)values + property->offset);
		else
			report_warning(context->report, "%s: %.60s: ignored: unknown property",
				       context->path, name);
	}
	children_check(fdt, node, group, context);
	for (unsigned int i = 0; i < group->count; i++) {
		property = &group->properties[i];
		if (property->required &&
		    !(context->saved && property->type->form == FORM_STRING) &&
		    !fdt_getprop(fdt, node, property->name, NULL))
			property_error(context, property, "missing");
	}
}

static int group_node(const void *fdt, int node, const char *name)
{
	return name[0] ? fdt_subnode_offset(fdt, node, name) : node;
}

static void name_parse(const void *fdt, int node, const struct property_context *context,
		       struct vm_config *config)
{
	const char *name = node_name(fdt, node);
	struct walk walk = { .fdt = fdt };
	char other[PATH_MAX_LENGTH + 40];

	if (!name_is_valid(name)) {
		report_error(context->report,
			     "%s: the node's name is the VM's: 1 to %d of " NAME_CHARACTERS,
			     context->path, VM_NAME_MAX);
		return;
	}
	snprintf(config->name, sizeof(config->name), "%s", name);
	for (int i = walk_next(&walk); i >= 0 && i != node; i = walk_next(&walk)) {
		if (strcmp(node_name(fdt, i), name) || !node_is_vm(fdt, i))
			continue;
		path_write(fdt, i, other, sizeof(other));
		report_error(context->report, "%s: there is a VM of that name already: %s",
			     context->path, other);
		return;
	}
}

/* A report that puts the path of a node before each message. */
struct path_report {
	struct report report;
	struct report *to;
	const char *path;
};

static void path_report_emit(struct report *report, enum report_level level, const char *message)
{
	struct path_report *self = container_of(report, struct path_report, report);

	if (level == REPORT_ERROR)
		report_error(self->to, "%s: %s", self->path, message);
	else
		report_warning(self->to, "%s: %s", self->path, message);
}

static void layout_check(const struct property_context *context, const struct vm_config *config)
{
	struct path_report prefixed = {
		.report.emit = path_report_emit,
		.to = context->report,
		.path = context->path,
	};
	struct vm_layout layout;

	vm_layout_compute(config, &layout, &prefixed.report);
}

/* A report that says in which file. */
static void restore_check(const struct property_context *context, const struct vm_config *config)
{
	char path[PATH_MAX_LENGTH + 200];
	struct path_report prefixed = {
		.report.emit = path_report_emit,
		.to = context->report,
		.path = path,
	};
	const struct vm_file *file = &config->restore;
	struct save_image image;

	snprintf(path, sizeof(path), "%s/restore: file: '%.80s'", context->path, file->name);
	if (save_open(file->data, file->size, &image, &prefixed.report) == 0 &&
	    save_memory_check(&image, &prefixed.report, NULL, NULL) == 0)
		save_config_check(&image, config, &prefixed.report);
}

/* What no property says alone. */
static void config_check(const struct property_context *context, struct vm_config *config)
{
	unsigned int bits = vm_gpa_bits(config->gstage_levels);
	uint64_t end = config->memory_base + config->memory_size;
	const char *problem;

	if (end > BIT(bits))
		report_error(context->report,
			     "%s: memory-base + memory-size (0x%" PRIx64
			     ") is beyond the %u bits of %s (mmu-type)",
			     context->path, end, bits, vm_gpa_mode(config->gstage_levels));
	if (config->device_tree.data) {
		problem = fdt_blob_problem(config->device_tree.data, config->device_tree.size);
		if (problem)
			report_error(context->report, "%s/device-tree: file: '%.80s' %s",
				     context->path, config->device_tree.name, problem);
	}
	if (config->irqchip == VM_IRQCHIP_PLIC && config->interrupt_files == VM_FILES_HARDWARE)
		report_error(
			context->report,
			"%s: interrupt-files: 'hardware', but with irqchip 'plic' there are no "
			"interrupt files",
			context->path);
	vmdesc_ranges_check(context, config);
}

/* Parses the children of @node, each into an element. */
static void list_parse(const void *fdt, int node, const struct property_list *list,
		       const struct property_context *context, struct vm_config *config)
{
	char path[PATH_MAX_LENGTH + 60];
	const struct property_context inner = { context->bundle, context->report, path,
						context->saved };
	uint32_t *count = (uint32_t *)(void *)((char *)config + list->count_offset);
	int child;

	fdt_for_each_subnode(child, fdt, node) {
		char *element = (char *)config + list->offset + *count * list->size;
		const char *name = node_name(fdt, child);

		path_write(fdt, child, path, sizeof(path));
		if (*count == list->max) {
			report_error(context->report, "%s: only %u nodes may be here", path,
				     list->max);
			return;
		}
		if (!name_is_valid(name)) {
			report_error(context->report,
				     "%s: the node's name is not 1 to %d of " NAME_CHARACTERS, path,
				     VM_NAME_MAX);
			continue;
		}
		memcpy(element, list->defaults, list->size);
		memcpy(element, &name, sizeof(name));
		group_parse(fdt, child, list->element, &inner, element);
		++*count;
	}
}

static int parse(const void *fdt, int node, const struct bundle *bundle, struct vm_config *config,
		 struct report *report, bool saved)
{
	char full[PATH_MAX_LENGTH], path[PATH_MAX_LENGTH + 60];
	struct property_context context = { bundle, report, path, saved };
	unsigned int errors = report->errors;

	vmdesc_defaults(config);
	node_path(fdt, node, full, sizeof(full));
	path_join(full, "", path, sizeof(path));
	name_parse(fdt, node, &context, config);
	for (unsigned int i = 0; i < VM_PROPERTY_GROUPS; i++) {
		const struct property_group *group = &vm_property_groups[i];
		int at = group_node(fdt, node, group->node);

		path_join(full, group->node, path, sizeof(path));
		if (at >= 0)
			group_parse(fdt, at, group, &context, config);
		if (at >= 0 && group->list)
			list_parse(fdt, at, group->list, &context, config);
	}
	path_join(full, "kernel", path, sizeof(path));
	if (!saved && group_node(fdt, node, "kernel") < 0 && group_node(fdt, node, "restore") < 0)
		report_error(report, "%s: missing", path);
	path_join(full, "", path, sizeof(path));
	config_check(&context, config);
	if (report->errors == errors)
		layout_check(&context, config);
	if (report->errors == errors && config->restore.name && !saved)
		restore_check(&context, config);
	return report->errors == errors ? 0 : -EINVAL;
}

int vmdesc_parse(const void *fdt, int node, const struct bundle *bundle, struct vm_config *config,
		 struct report *report)
{
	return parse(fdt, node, bundle, config, report, false);
}

int vmdesc_parse_saved(const void *blob, size_t size, const struct bundle *bundle,
		       struct vm_config *config, struct report *report)
{
	static const struct bundle empty;
	const char *problem = fdt_blob_problem(blob, size);
	int node;

	if (problem) {
		report_error(report, "saved VM: its description %s", problem);
		return -EINVAL;
	}
	node = vmdesc_next(blob, -1);
	if (node < 0) {
		report_error(report, "saved VM: its description has no VM");
		return -EINVAL;
	}
	if (parse(blob, node, bundle ? bundle : &empty, config, report, true))
		return -EINVAL;
	config->restore = (struct vm_file){ 0 };
	return 0;
}

/* Tells @each the file that @node names, if it is one of @group. */
static void group_file(const void *fdt, int node, const struct property_group *group,
		       void (*each)(void *opaque, const char *name), void *opaque)
{
	const char *name = property_find(group, "file") ? node_string(fdt, node, "file") : NULL;

	if (name)
		each(opaque, name);
}

void vmdesc_files(const void *fdt, int node, void (*each)(void *opaque, const char *name),
		  void *opaque)
{
	for (unsigned int i = 0; i < VM_PROPERTY_GROUPS; i++) {
		const struct property_group *group = &vm_property_groups[i];
		int at = group_node(fdt, node, group->node), child;

		if (at < 0)
			continue;
		group_file(fdt, at, group, each, opaque);
		if (!group->list)
			continue;
		fdt_for_each_subnode(child, fdt, at)
			group_file(fdt, child, group->list->element, each, opaque);
	}
}
