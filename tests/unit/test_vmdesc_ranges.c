/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the node ranges of VM descriptions. */
#include <core/vmdesc.h>

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vmtree.h"

static void ranges_are_read_and_sorted(void **state)
{
	struct vmtree *tree = *state;
	const struct vm_range_config *ranges = tree->config.ranges;

	vmtree_set(tree, "/vm/ranges", NULL, NULL, 0);
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.range_count, 0);
	assert_int_equal(vm_config_memory_end(&tree->config), 0x80000000 + VMTREE_MEMORY);
	vmtree_set_u64(tree, "/vm", "memory-base", 0x100000000);
	vmtree_range(tree, "rom", VMTREE_HIGH, KIB(8));
	vmtree_set_u32(tree, "/vm/ranges/rom", "read-only", 1);
	vmtree_set_string(tree, "/vm/ranges/rom", "file", "ramdisk");
	vmtree_range(tree, "low", 0x80000000, KIB(4));
	vmtree_range(tree, "mail", 0x100000000 + VMTREE_MEMORY, MIB(2));
	vmtree_set_string(tree, "/vm/ranges/mail", "shared", "box.1");
	vmtree_set_u32(tree, "/vm/ranges/mail", "phandle", 7);
	vmtree_set_u32(tree, "/vm/ranges", "#address-cells", 2);
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.range_count, 3);
	assert_string_equal(ranges[0].name, "low");
	assert_int_equal(ranges[0].base, 0x80000000);
	assert_int_equal(ranges[0].size, KIB(4));
	assert_int_equal(ranges[0].read_only, 0);
	assert_null(ranges[0].file.name);
	assert_null(ranges[0].shared);
	assert_string_equal(ranges[1].name, "mail");
	assert_string_equal(ranges[1].shared, "box.1");
	assert_string_equal(ranges[2].name, "rom");
	assert_int_equal(ranges[2].base, VMTREE_HIGH);
	assert_int_equal(ranges[2].read_only, 1);
	assert_int_equal(ranges[2].file.size, sizeof(tree->ramdisk));
	assert_memory_equal(ranges[2].file.data, tree->ramdisk, sizeof(tree->ramdisk));
	assert_int_equal(vm_config_memory_end(&tree->config), VMTREE_HIGH + KIB(8));
}

static void ranges_have_whole_pages_within_reach(void **state)
{
	static const char range[] = "/vm/ranges/r";
	static const struct vmtree_step steps[] = {
		{ range, "base", U64(0x7ffff000),
		  "2147479552 (0x7ffff000) is not within 2147483648 to 576460752303423488" },
		{ range, "base", U64(VMTREE_HIGH + 1),
		  "1099511627777 (0x10000000001) is not a multiple of 4096" },
		{ range, "base", U64(UINT64_MAX & ~0xfffULL), "" },
		{ range, "base", GONE, "missing" },
		{ range, "base", U64(VMTREE_HIGH), NULL },
		{ range, "size", U64(KIB(4) + 1), "4097 (0x1001) is not a multiple of 4096" },
		{ range, "size", U64(0), "0 (0x0) is not within" },
		{ range, "size", U64(UINT64_MAX & ~0xfffULL), "" },
		{ range, "size", GONE, "missing" },
	};

	vmtree_range(*state, "r", VMTREE_HIGH, KIB(4));
	vmtree_steps(*state, steps, ARRAY_SIZE(steps));
}

static void ranges_fit_into_the_address_width_of_the_mode(void **state)
{
	struct vmtree *tree = *state;
	char message[120];

	for (size_t i = 0; i < VMTREE_MODES; i++) {
		uint64_t end = BIT(vmtree_modes[i].bits);

		vmtree_set_string(tree, "/vm", "mmu-type", vmtree_modes[i].type);
		vmtree_range(tree, "top", end - KIB(4), KIB(4));
		assert_vm_accepted(tree);
		assert_int_equal(vm_config_memory_end(&tree->config), end);
		vmtree_range(tree, "top", end - KIB(4), KIB(8));
		snprintf(message, sizeof(message),
			 "/vm/ranges/top: base + size (0x%lx) is beyond the %u bits of %s "
			 "(mmu-type)",
			 (unsigned long)end + KIB(4), vmtree_modes[i].bits, vmtree_modes[i].name);
		assert_vm_refused(tree, message);
		vmtree_range(tree, "top", end, KIB(4));
		assert_vm_refused(tree, message);
	}
}

static void ranges_overlap_nothing(void **state)
{
	struct vmtree *tree = *state;
	const uint64_t ram = 0x80000000;

	vmtree_range(tree, "a", ram + VMTREE_MEMORY - KIB(4), KIB(8));
	assert_vm_refused(tree, "/vm/ranges/a: 0x83fff000 + 0x2000 overlaps memory-base: "
				"0x80000000 + 0x4000000");
	vmtree_range(tree, "a", ram, KIB(4));
	assert_vm_refused(tree, "overlaps memory-base");
	vmtree_set_u64(tree, "/vm", "memory-base", 0x100000000);
	vmtree_range(tree, "a", ram, 0x100000000);
	assert_vm_refused(tree, "overlaps memory-base");
	vmtree_range(tree, "a", 0x100000000 - KIB(4), KIB(4));
	vmtree_range(tree, "b", 0x100000000 + VMTREE_MEMORY, KIB(4));
	vmtree_range(tree, "c", 0x100000000 + VMTREE_MEMORY + KIB(4), KIB(8));
	assert_vm_accepted(tree);
	vmtree_range(tree, "b", 0x100000000 + VMTREE_MEMORY, KIB(8));
	assert_vm_refused(tree, "/vm/ranges/c: 0x104001000 + 0x2000 overlaps ranges/b: "
				"0x104000000 + 0x2000");
	/* One that holds two others: both are told. */
	vmtree_range(tree, "b", 0x200000000, MIB(1));
	vmtree_range(tree, "c", 0x200000000 + KIB(64), KIB(4));
	vmtree_range(tree, "d", 0x200000000 + KIB(128), KIB(4));
	assert_vm_refused(tree, "ranges/c: 0x200010000 + 0x1000 overlaps ranges/b");
	assert_reported(&tree->report, "ranges/d: 0x200020000 + 0x1000 overlaps ranges/b");
	assert_int_equal(tree->report.report.errors, 2);
}

static void ranges_are_sixteen_at_most(void **state)
{
	struct vmtree *tree = *state;
	char name[8];

	for (unsigned int i = 0; i < VM_RANGES_MAX; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		vmtree_range(tree, name, VMTREE_HIGH - i * MIB(1), KIB(4));
	}
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.range_count, VM_RANGES_MAX);
	for (unsigned int i = 1; i < VM_RANGES_MAX; i++)
		assert_true(tree->config.ranges[i - 1].base < tree->config.ranges[i].base);
	vmtree_range(tree, "onemore", VMTREE_HIGH + MIB(1), KIB(4));
	assert_vm_refused(tree, ": only 16 nodes may be here");
	assert_int_equal(tree->report.report.errors, 1);
}

static void names_of_ranges_and_regions_are_plain(void **state)
{
	static const char *const bad[] = {
		"", "a b", "a/b", "\033[2J", "r@1", "ranges,1", "abcdefghijklmnopqrstuvwxyz012345"
	};
	struct vmtree *tree = *state;

	vmtree_range(tree, "r", VMTREE_HIGH, KIB(4));
	vmtree_set_string(tree, "/vm/ranges/r", "shared", "abcdefghijklmnopqrstuvwxyz01234");
	assert_vm_accepted(tree);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		vmtree_set_string(tree, "/vm/ranges/r", "shared", bad[i]);
		assert_vm_refused(tree, "is not 1 to 31 of A-Z a-z 0-9 . _ -");
	}
	vmtree_set(tree, "/vm/ranges/r", "shared", "abc", 3);
	assert_vm_refused(tree, "/vm/ranges/r: shared: not one string");
	vmtree_remove(tree, "/vm/ranges/r", "shared");
	vmtree_range(tree, "r@1", VMTREE_HIGH + MIB(1), KIB(4));
	assert_vm_refused(tree, "/vm/ranges/r@1: the node's name is not 1 to 31 of A-Z");
	vmtree_remove(tree, "/vm/ranges/r@1", NULL);
	vmtree_range(tree, "abcdefghijklmnopqrstuvwxyz012345", VMTREE_HIGH + MIB(1), KIB(4));
	assert_vm_refused(tree, "the node's name is not 1 to 31");
}

/* dtc would not make it, but a device tree can have it. */
static void two_ranges_of_one_name_are_refused(void **state)
{
	struct vmtree *tree = *state;
	int node;

	vmtree_range(tree, "aa", VMTREE_HIGH, KIB(4));
	vmtree_range(tree, "bb", VMTREE_HIGH + MIB(1), KIB(4));
	node = fdt_path_offset(tree->blob, "/vm/ranges/bb");
	memcpy((char *)(uintptr_t)fdt_get_name(tree->blob, node, NULL), "aa", 2);
	assert_vm_refused(tree, "/vm/ranges/aa: there are two of that name");
}

static void files_of_ranges_fit_and_are_not_shared(void **state)
{
	static const char range[] = "/vm/ranges/r";
	static const struct vmtree_step steps[] = {
		{ range, "file", TEXT("image"), NULL },
		{ range, "file", TEXT("ramdisk"), "'ramdisk' has 5000 bytes, but size is 4096" },
		{ range, "file", TEXT("other"), "'other' is not in the bundle" },
		{ range, "file", TEXT("image"), NULL },
		{ range, "shared", TEXT("box"), "'box' cannot have a file ('image'), too" },
		{ range, "file", GONE, NULL },
		{ range, "read-only", EMPTY, NULL },
		{ range, "read-only", U32(2), "neither empty nor <0> nor <1>" },
	};

	vmtree_range(*state, "r", VMTREE_HIGH, KIB(4));
	vmtree_steps(*state, steps, ARRAY_SIZE(steps));
}

static void what_is_unknown_in_ranges_is_a_warning_with_its_path(void **state)
{
	struct vmtree *tree = *state;

	vmtree_range(tree, "r", VMTREE_HIGH, KIB(4));
	vmtree_set_u32(tree, "/vm/ranges/r", "readonly", 1);
	vmtree_set_u32(tree, "/vm/ranges", "base", 1);
	vmtree_set(tree, "/vm/ranges/r/inner", NULL, NULL, 0);
	vmtree_set(tree, "/vm/kernel/inner", NULL, NULL, 0);
	assert_int_equal(vmtree_parse(tree, "/vm"), 0);
	assert_int_equal(tree->report.report.warnings, 4);
	assert_reported(&tree->report, "/vm/ranges/r: readonly: ignored: unknown property");
	assert_reported(&tree->report, "/vm/ranges: base: ignored: unknown property");
	assert_reported(&tree->report, "/vm/ranges/r/inner: ignored: unknown node");
	assert_reported(&tree->report, "/vm/kernel/inner: ignored: unknown node");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VMTREE_TEST(ranges_are_read_and_sorted),
		VMTREE_TEST(ranges_have_whole_pages_within_reach),
		VMTREE_TEST(ranges_fit_into_the_address_width_of_the_mode),
		VMTREE_TEST(ranges_overlap_nothing),
		VMTREE_TEST(ranges_are_sixteen_at_most),
		VMTREE_TEST(names_of_ranges_and_regions_are_plain),
		VMTREE_TEST(two_ranges_of_one_name_are_refused),
		VMTREE_TEST(files_of_ranges_fit_and_are_not_shared),
		VMTREE_TEST(what_is_unknown_in_ranges_is_a_warning_with_its_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
