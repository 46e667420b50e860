/* SPDX-License-Identifier: BSD-2-Clause */
/* A bundle with one VM for tests. Owns nothing; no threads, no locks. */
#include "vmtree.h"

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct vmtree_mode vmtree_modes[VMTREE_MODES] = {
	{ "riscv,sv39", 41, "Sv39x4" },
	{ "riscv,sv48", 50, "Sv48x4" },
	{ "riscv,sv57", 59, "Sv57x4" },
	{ "auto", 59, "Sv57x4" },
};

static void put_le64(uint8_t *bytes, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

void vmtree_image_header(struct vmtree *tree, uint64_t text_offset, uint64_t image_size,
			 uint64_t flags)
{
	put_le64(tree->image + 8, text_offset);
	put_le64(tree->image + 16, image_size);
	put_le64(tree->image + 24, flags);
	memcpy(tree->image + 56, "RSC\x05", 4);
}

void vmtree_init(struct vmtree *tree)
{
	memset(tree, 0, sizeof(*tree));
	memset(tree->image, 0x13, sizeof(tree->image));
	memset(tree->ramdisk, 'r', sizeof(tree->ramdisk));
	vmtree_image_header(tree, MIB(2), VMTREE_IMAGE_SIZE, 0);
	assert_int_equal(fdt_create_empty_tree(tree->blob, sizeof(tree->blob)), 0);
	vmtree_set_string(tree, "/vm", "compatible", "hartvisor,vm");
	vmtree_set_u64(tree, "/vm", "memory-size", VMTREE_MEMORY);
	vmtree_set_string(tree, "/vm/kernel", "file", "image");
}

void vmtree_free(struct vmtree *tree)
{
	cpio_free(&tree->cpio);
}

int vmtree_setup(void **state)
{
	*state = malloc(sizeof(struct vmtree));
	vmtree_init(*state);
	return 0;
}

int vmtree_teardown(void **state)
{
	vmtree_free(*state);
	free(*state);
	return 0;
}

static int node_make(void *fdt, const char *path)
{
	int parent = fdt_path_offset(fdt, path);
	const char *slash = strrchr(path, '/');
	char parent_path[64];

	if (parent >= 0 || !slash[1])
		return parent;
	memcpy(parent_path, path, (size_t)(slash - path));
	parent_path[slash - path] = '\0';
	parent = slash == path ? 0 : node_make(fdt, parent_path);
	return fdt_add_subnode(fdt, parent, slash + 1);
}

void vmtree_set(struct vmtree *tree, const char *path, const char *name, const void *value,
		size_t size)
{
	int node = node_make(tree->blob, path);

	assert_true(node >= 0);
	if (name)
		assert_int_equal(fdt_setprop(tree->blob, node, name, value, (int)size), 0);
}

void vmtree_set_u32(struct vmtree *tree, const char *path, const char *name, uint32_t value)
{
	fdt32_t cell = cpu_to_fdt32(value);

	vmtree_set(tree, path, name, &cell, sizeof(cell));
}

void vmtree_set_u64(struct vmtree *tree, const char *path, const char *name, uint64_t value)
{
	fdt64_t cells = cpu_to_fdt64(value);

	vmtree_set(tree, path, name, &cells, sizeof(cells));
}

void vmtree_set_string(struct vmtree *tree, const char *path, const char *name, const char *value)
{
	vmtree_set(tree, path, name, value, strlen(value) + 1);
}

void vmtree_remove(struct vmtree *tree, const char *path, const char *name)
{
	int node = fdt_path_offset(tree->blob, path);

	if (name)
		assert_int_equal(fdt_delprop(tree->blob, node, name), 0);
	else
		assert_int_equal(fdt_del_node(tree->blob, node), 0);
}

void vmtree_range(struct vmtree *tree, const char *name, uint64_t base, uint64_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/vm/ranges/%s", name);
	vmtree_set_u64(tree, path, "base", base);
	vmtree_set_u64(tree, path, "size", size);
}

void vmtree_pack(struct vmtree *tree)
{
	cpio_free(&tree->cpio);
	cpio_file(&tree->cpio, BUNDLE_DESCRIPTION, tree->blob, fdt_totalsize(tree->blob));
	cpio_file(&tree->cpio, "image", tree->image, sizeof(tree->image));
	cpio_file(&tree->cpio, "ramdisk", tree->ramdisk, sizeof(tree->ramdisk));
	cpio_file(&tree->cpio, "empty", NULL, 0);
	if (tree->guest_dtb)
		cpio_file(&tree->cpio, "guest.dtb", tree->guest_dtb, tree->guest_dtb_size);
	cpio_trailer(&tree->cpio);
	test_report_init(&tree->report);
	assert_int_equal(
		bundle_open(tree->cpio.data, tree->cpio.size, &tree->bundle, &tree->report.report),
		0);
	tree->fdt = vmdesc_open(&tree->bundle, NULL, 0, &tree->report.report);
	if (!tree->fdt)
		fail_msg("%s", tree->report.text);
}

int vmtree_parse(struct vmtree *tree, const char *path)
{
	int node, result;

	vmtree_pack(tree);
	node = fdt_path_offset(tree->fdt, path);
	assert_true(node >= 0);
	result = vmdesc_parse(tree->fdt, node, &tree->bundle, &tree->config, &tree->report.report);
	assert_int_equal(result != 0, tree->report.report.errors != 0);
	return result;
}

void assert_vm_refused(struct vmtree *tree, const char *message)
{
	if (!vmtree_parse(tree, "/vm"))
		fail_msg("accepted, although: %s", message);
	assert_reported(&tree->report, message);
}

void assert_vm_accepted(struct vmtree *tree)
{
	if (vmtree_parse(tree, "/vm") || tree->report.report.warnings)
		fail_msg("%s", tree->report.text);
}

static void step_take(struct vmtree *tree, const struct vmtree_step *step)
{
	const struct vmtree_value *value = &step->value;

	switch (value->kind) {
	case VMTREE_BYTES:
		vmtree_set(tree, step->path, step->name, value->bytes, value->number);
		break;
	case VMTREE_U32:
		vmtree_set_u32(tree, step->path, step->name, (uint32_t)value->number);
		break;
	case VMTREE_U64:
		vmtree_set_u64(tree, step->path, step->name, value->number);
		break;
	case VMTREE_GONE:
		vmtree_remove(tree, step->path, step->name);
		break;
	}
}

void vmtree_steps(struct vmtree *tree, const struct vmtree_step *steps, size_t count)
{
	for (const struct vmtree_step *step = steps; step < steps + count; step++) {
		char at[80], message[256];
		bool accepted;

		snprintf(at, sizeof(at), "%s: %s%s", step->path, step->name ? step->name : "",
			 step->name ? ": " : "");
		snprintf(message, sizeof(message), "error: description.dtb: %s%s", at,
			 step->refusal ? step->refusal : "");
		step_take(tree, step);
		accepted = !vmtree_parse(tree, "/vm");
		if (accepted != !step->refusal || (accepted && tree->report.report.warnings))
			fail_msg("step %zu, %sshould be %s, but: %s", step - steps, at,
				 step->refusal ? step->refusal : "accepted", tree->report.text);
		if (step->refusal)
			assert_reported(&tree->report, message);
	}
}

void vmtree_show(void *opaque, const char *name, const char *value, bool is_default)
{
	struct vm_shown *shown = opaque;
	size_t used = strlen(shown->text);

	shown->lines++;
	shown->defaults += is_default;
	snprintf(shown->text + used, sizeof(shown->text) - used, "%s=%s\n", name, value);
}
