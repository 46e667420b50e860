/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of bundles with VM descriptions: which nodes are VMs, their names and their files. */
#include <core/vmdesc.h>

#include <errno.h>
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vmtree.h"

static void what_is_unknown_is_a_warning_with_its_path(void **state)
{
	struct vmtree *tree = *state;

	vmtree_set_u32(tree, "/vm", "memory-sise", 1);
	vmtree_set_u32(tree, "/vm/kernel", "compression", 1);
	vmtree_set(tree, "/vm/kernal", NULL, NULL, 0);
	vmtree_set_u32(tree, "/vm", "phandle", 1);
	assert_int_equal(vmtree_parse(tree, "/vm"), 0);
	assert_int_equal(tree->report.report.warnings, 3);
	assert_reported(&tree->report,
			"warning: description.dtb: /vm: memory-sise: ignored: unknown property");
	assert_reported(&tree->report,
			"warning: description.dtb: /vm/kernel: compression: ignored");
	assert_reported(&tree->report,
			"warning: description.dtb: /vm/kernal: ignored: unknown node");
}

static void files_have_to_be_there(void **state)
{
	static const struct vmtree_step steps[] = {
		{ "/vm/ramdisk", "file", TEXT("other"), "'other' is not in the bundle" },
		{ "/vm/ramdisk", "file", TEXT("empty"), "'empty' is empty" },
	};

	vmtree_steps(*state, steps, ARRAY_SIZE(steps));
}

static void every_error_is_told(void **state)
{
	struct vmtree *tree = *state;

	vmtree_set_u32(tree, "/vm", "cpus", 0);
	vmtree_set_u32(tree, "/vm", "priority", 8);
	vmtree_set_string(tree, "/vm/kernel", "file", "other");
	assert_vm_refused(tree, "cpus");
	assert_reported(&tree->report, "priority");
	assert_reported(&tree->report, "other");
	assert_int_equal(tree->report.report.errors, 3);
}

static void names_are_short_plain_and_unique(void **state)
{
	static const char already[] = "there is a VM of that name already: description.dtb: /v";
	struct vmtree *tree = *state;
	const char *message;

	vmtree_set_string(tree, "/vm@0", "compatible", "hartvisor,vm");
	assert_int_equal(vmtree_parse(tree, "/vm@0"), -EINVAL);
	assert_reported(&tree->report, "/vm@0: the node's name is the VM's");
	vmtree_set_string(tree, "/abcdefghijklmnopqrstuvwxyz012345", "compatible", "hartvisor,vm");
	assert_int_equal(vmtree_parse(tree, "/abcdefghijklmnopqrstuvwxyz012345"), -EINVAL);
	assert_reported(&tree->report, "the node's name is the VM's");
	vmtree_set_string(tree, "/vms/vm", "compatible", "hartvisor,vm");
	vmtree_pack(tree);
	for (int node = vmdesc_next(tree->fdt, -1); node >= 0; node = vmdesc_next(tree->fdt, node))
		vmdesc_parse(tree->fdt, node, &tree->bundle, &tree->config, &tree->report.report);
	message = strstr(tree->report.text, already);
	assert_non_null(message);
	assert_null(strstr(message + 1, already)); /* the first one keeps it */
}

static unsigned int vm_count(const void *fdt)
{
	unsigned int count = 0;

	for (int node = vmdesc_next(fdt, -1); node >= 0; node = vmdesc_next(fdt, node))
		count++;
	return count;
}

static void vms_are_below_the_root_and_below_vms(void **state)
{
	struct vmtree *tree = *state;

	vmtree_set_string(tree, "/vms/one", "compatible", "hartvisor,vm");
	vmtree_set_string(tree, "/vms/two", "compatible", "hartvisor,vm");
	vmtree_set_string(tree, "/last", "compatible", "hartvisor,vm");
	vmtree_set_string(tree, "/vms/one/inner", "compatible", "hartvisor,vm");
	vmtree_set_string(tree, "/vm/inner", "compatible", "hartvisor,vm");
	vmtree_set_string(tree, "/chosen/inner", "compatible", "hartvisor,vm");
	vmtree_set_string(tree, "/off", "compatible", "hartvisor,vm");
	vmtree_set_string(tree, "/off", "status", "disabled");
	vmtree_pack(tree);
	assert_int_equal(vm_count(tree->fdt), 4);
	assert_int_equal(vmdesc_check(tree->fdt, &tree->report.report), 0);
	assert_string_equal(tree->report.text, "");
	fdt_create_empty_tree(tree->blob, sizeof(tree->blob));
	vmtree_pack(tree);
	assert_int_equal(vm_count(tree->fdt), 0);
}

static void unknown_compatibles_are_errors(void **state)
{
	struct vmtree *tree = *state;

	vmtree_set_string(tree, "/other", "compatible", "hartvisor,mv");
	vmtree_set(tree, "/vms/nothing", NULL, NULL, 0);
	vmtree_pack(tree);
	assert_int_equal(vmdesc_check(tree->fdt, &tree->report.report), -EINVAL);
	assert_reported(&tree->report, "error: description.dtb: /other: compatible: 'hartvisor,mv' "
				       "is not 'hartvisor,vm'");
	assert_reported(&tree->report, "warning: description.dtb: /vms/nothing: ignored");
	assert_int_equal(vm_count(tree->fdt), 1);
}

static void own_device_trees_are_checked(void **state)
{
	struct vmtree *tree = *state;
	uint64_t blob[64];

	assert_int_equal(fdt_create_empty_tree(blob, sizeof(blob)), 0);
	tree->guest_dtb = blob;
	tree->guest_dtb_size = sizeof(blob);
	vmtree_set_string(tree, "/vm/device-tree", "file", "guest.dtb");
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.device_tree.size, sizeof(blob));
	fdt_set_totalsize(blob, sizeof(blob) + 1);
	assert_vm_refused(tree, "/vm/device-tree: file: 'guest.dtb' ");
	blob[0] = 0;
	assert_vm_refused(tree, "/vm/device-tree: file: 'guest.dtb' is not a device tree");
}

static void a_bundle_needs_a_description(void **state)
{
	struct cpio cpio = { 0 };
	struct test_report report;
	struct bundle bundle;

	test_report_init(&report);
	cpio_file(&cpio, "description.dts", "x", 1);
	cpio_trailer(&cpio);
	assert_int_equal(bundle_open(cpio.data, cpio.size, &bundle, &report.report), 0);
	assert_null(vmdesc_open(&bundle, NULL, 0, &report.report));
	assert_reported(&report, "there is no file description.dtb");
	cpio_free(&cpio);
}

/* A plain cpio puts the description at a multiple of 4 only. */
static void a_description_that_is_not_aligned_is_copied(void **state)
{
	struct vmtree *tree = *state;
	uint64_t scratch[VMTREE_SIZE / 8];
	struct cpio cpio = { 0 };
	struct test_report report;
	struct bundle bundle;
	const void *fdt;

	cpio_entry(&cpio, "pad", CPIO_FILE, "", 0, false); /* 116 bytes */
	cpio_entry(&cpio, BUNDLE_DESCRIPTION, CPIO_FILE, tree->blob, sizeof(tree->blob), false);
	cpio_trailer(&cpio);
	test_report_init(&report);
	assert_int_equal(bundle_open(cpio.data, cpio.size, &bundle, &report.report), 0);
	assert_null(vmdesc_open(&bundle, NULL, 0, &report.report));
	assert_null(vmdesc_open(&bundle, scratch, sizeof(scratch) - 1, &report.report));
	assert_reported(&report, "description.dtb: is not at a multiple of 8");
	fdt = vmdesc_open(&bundle, scratch, sizeof(scratch), &report.report);
	assert_ptr_equal(fdt, scratch);
	assert_int_equal(vm_count(fdt), 1);
	cpio_free(&cpio);
}

static void count_name(void *opaque, const char *name)
{
	assert_true(!strcmp(name, "image") || !strcmp(name, "nowhere"));
	++*(unsigned int *)opaque;
}

static void the_files_of_a_vm_can_be_listed(void **state)
{
	struct vmtree *tree = *state;
	unsigned int count = 0;

	vmtree_set_string(tree, "/vm/ramdisk", "file", "nowhere");
	vmtree_set_u32(tree, "/vm/device-tree", "file", 0x61616161);
	vmtree_set_string(tree, "/vm/ranges", "file", "not here");
	vmtree_set_string(tree, "/vm/ranges/one", "file", "image");
	vmtree_set_string(tree, "/vm/ranges/two", "size", "image");
	vmtree_set_string(tree, "/vm/ranges/three", "file", "nowhere");
	vmtree_pack(tree);
	vmdesc_files(tree->fdt, vmdesc_next(tree->fdt, -1), count_name, &count);
	assert_int_equal(count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VMTREE_TEST(what_is_unknown_is_a_warning_with_its_path),
		VMTREE_TEST(files_have_to_be_there),
		VMTREE_TEST(every_error_is_told),
		VMTREE_TEST(names_are_short_plain_and_unique),
		VMTREE_TEST(vms_are_below_the_root_and_below_vms),
		VMTREE_TEST(unknown_compatibles_are_errors),
		VMTREE_TEST(own_device_trees_are_checked),
		VMTREE_TEST(a_bundle_needs_a_description),
		VMTREE_TEST(a_description_that_is_not_aligned_is_copied),
		VMTREE_TEST(the_files_of_a_vm_can_be_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
