/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of VM descriptions: values, defaults, each refusal, and blobs that are damaged. */
#include <core/vmdesc.h>

#include <errno.h>
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmtree.h"

static int setup(void **state)
{
	struct vmtree *tree = malloc(sizeof(*tree));

	vmtree_init(tree);
	*state = tree;
	return 0;
}

static int teardown(void **state)
{
	vmtree_free(*state);
	free(*state);
	return 0;
}

static void what_is_not_said_has_a_default(void **state)
{
	struct vmtree *tree = *state;
	struct vm_config *config = &tree->config;

	assert_vm_accepted(tree);
	assert_string_equal(config->name, "vm");
	assert_int_equal(config->memory_base, 0x80000000);
	assert_int_equal(config->memory_size, VMTREE_MEMORY);
	assert_int_equal(config->vcpus, 1);
	assert_int_equal(config->affinity_count, 0);
	assert_true(vm_config_allows_hart(config, 12345));
	assert_int_equal(config->priority, 4);
	assert_int_equal(config->time_slice_us, 10000);
	assert_int_equal(config->gstage_levels, 0);
	assert_int_equal(config->interrupt_files, VM_FILES_AUTO);
	assert_int_equal(config->interrupt_identities, 255);
	assert_int_equal(config->autostart, 1);
	assert_int_equal(config->on_reboot, VM_ACTION_RESET);
	assert_int_equal(config->on_failure, VM_ACTION_STOP);
	assert_string_equal(config->bootargs, "");
	assert_null(config->ramdisk.name);
	assert_null(config->device_tree.name);
	assert_int_equal(config->kernel.size, sizeof(tree->image));
	assert_memory_equal(config->kernel.data, tree->image, sizeof(tree->image));
}

static void every_property_is_read(void **state)
{
	struct vmtree *tree = *state;
	struct vm_config *config = &tree->config;

	vmtree_set_u32(tree, "/vm", "memory-size", MIB(32));
	vmtree_set_u64(tree, "/vm", "memory-base", 0x100000000);
	vmtree_set_u32(tree, "/vm", "cpus", 3);
	vmtree_set_string(tree, "/vm", "cpu-affinity", "7,0-2");
	vmtree_set_u32(tree, "/vm", "priority", 7);
	vmtree_set_u32(tree, "/vm", "time-slice-us", 2000);
	vmtree_set_string(tree, "/vm", "mmu-type", "riscv,sv48");
	vmtree_set_string(tree, "/vm", "interrupt-files", "hardware");
	vmtree_set_u32(tree, "/vm", "interrupt-identities", 2047);
	vmtree_set_u32(tree, "/vm", "autostart", 0);
	vmtree_set_string(tree, "/vm", "on-reboot", "stop");
	vmtree_set_string(tree, "/vm", "on-failure", "reset");
	vmtree_set_string(tree, "/vm/kernel", "bootargs", "console=ttyS0 quiet");
	vmtree_set_string(tree, "/vm/ramdisk", "file", "./ramdisk");
	assert_vm_accepted(tree);
	assert_int_equal(config->memory_size, MIB(32));
	assert_int_equal(config->memory_base, 0x100000000);
	assert_int_equal(config->vcpus, 3);
	assert_int_equal(config->affinity_count, 2);
	assert_int_equal(config->affinity[0].first, 0);
	assert_int_equal(config->affinity[0].last, 2);
	assert_int_equal(config->affinity[1].first, 7);
	assert_int_equal(config->affinity[1].last, 7);
	assert_int_equal(config->priority, 7);
	assert_int_equal(config->time_slice_us, 2000);
	assert_int_equal(config->gstage_levels, 4);
	assert_int_equal(config->interrupt_files, VM_FILES_HARDWARE);
	assert_int_equal(config->interrupt_identities, 2047);
	assert_int_equal(config->autostart, 0);
	assert_int_equal(config->on_reboot, VM_ACTION_STOP);
	assert_int_equal(config->on_failure, VM_ACTION_RESET);
	assert_string_equal(config->bootargs, "console=ttyS0 quiet");
	assert_int_equal(config->ramdisk.size, sizeof(tree->ramdisk));
	assert_memory_equal(config->ramdisk.data, tree->ramdisk, sizeof(tree->ramdisk));
}

static void harts_are_ranges(void **state)
{
	static const struct {
		const char *text;
		const char *result; /* as it is printed; NULL: refused */
	} cases[] = {
		{ "0", "0" },
		{ "3,1,2-2", "1,2,3" },
		{ "5-9,0-3", "0-3,5-9" },
		{ "4294967295", "4294967295" },
		{ "0-4294967295", "0-4294967295" },
		{ "", NULL },
		{ ",", NULL },
		{ "1,", NULL },
		{ ",1", NULL },
		{ "-1", NULL },
		{ "1-", NULL },
		{ "1-2-3", NULL },
		{ "0x1", NULL },
		{ " 1", NULL },
		{ "1 2", NULL },
		{ "2-1", NULL },
		{ "4294967296", NULL },
		{ "18446744073709551616", NULL },
		{ "0-4,4", NULL },
		{ "4,0-4", NULL },
		{ "0-9,3-4", NULL },
		{ "3-4,0-9", NULL },
		{ "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
		  "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15" },
		{ "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", NULL },
	};
	struct hart_range ranges[VM_AFFINITY_MAX];
	const char *problem;
	char text[100];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int count = hart_ranges_parse(cases[i].text, ranges, VM_AFFINITY_MAX, &problem);

		if ((count > 0) != !!cases[i].result || (count > 0) != !problem)
			fail_msg("%s gives %d", cases[i].text, count);
		if (count > 0)
			assert_string_equal(
				hart_ranges_print(ranges, (unsigned int)count, text, sizeof(text)),
				cases[i].result);
	}
	assert_string_equal(hart_ranges_print(ranges, 16, text, 4), "0,1");
}

static void affinity_says_which_harts(void **state)
{
	struct vmtree *tree = *state;

	vmtree_set_string(tree, "/vm", "cpu-affinity", "1-2,4000000000");
	assert_vm_accepted(tree);
	assert_false(vm_config_allows_hart(&tree->config, 0));
	assert_true(vm_config_allows_hart(&tree->config, 1));
	assert_true(vm_config_allows_hart(&tree->config, 2));
	assert_false(vm_config_allows_hart(&tree->config, 3));
	assert_true(vm_config_allows_hart(&tree->config, 4000000000));
	vmtree_set_string(tree, "/vm", "cpu-affinity", "1,1");
	assert_vm_refused(tree, "/vm: cpu-affinity: '1,1': a hart is named twice");
}

static void autostart_is_a_flag(void **state)
{
	struct vmtree *tree = *state;

	vmtree_set(tree, "/vm", "autostart", NULL, 0);
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.autostart, 1);
	vmtree_set_u32(tree, "/vm", "autostart", 1);
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.autostart, 1);
	vmtree_set_u32(tree, "/vm", "autostart", 2);
	assert_vm_refused(tree, "/vm: autostart: neither empty nor <0> nor <1>");
	vmtree_set_u64(tree, "/vm", "autostart", 0);
	assert_vm_refused(tree, "/vm: autostart: neither empty nor <0> nor <1>");
}

static void numbers_have_ranges(void **state)
{
	static const struct {
		const char *name;
		uint32_t good[3];
		uint32_t bad[4];
	} cases[] = {
		{ "cpus", { 1, 2, MAX_VCPUS }, { 0, MAX_VCPUS + 1, 0x80000000, UINT32_MAX } },
		{ "priority", { 0, 3, 7 }, { 8, 9, 0x80000000, UINT32_MAX } },
		{ "time-slice-us", { 1000, 20000, 1000000 }, { 0, 999, 1000001, UINT32_MAX } },
		{ "interrupt-identities", { 63, 127, 2047 }, { 62, 64, 2111, UINT32_MAX } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vmtree *tree = *state;
		char message[64];

		vmtree_free(tree);
		vmtree_init(tree);
		for (size_t j = 0; j < ARRAY_SIZE(cases[i].good); j++) {
			vmtree_set_u32(tree, "/vm", cases[i].name, cases[i].good[j]);
			assert_vm_accepted(tree);
		}
		for (size_t j = 0; j < ARRAY_SIZE(cases[i].bad); j++) {
			snprintf(message, sizeof(message), "/vm: %s: %u (0x%x) is not ",
				 cases[i].name, cases[i].bad[j], cases[i].bad[j]);
			vmtree_set_u32(tree, "/vm", cases[i].name, cases[i].bad[j]);
			assert_vm_refused(tree, message);
		}
	}
}

static void numbers_have_a_length(void **state)
{
	struct vmtree *tree = *state;

	vmtree_set_u64(tree, "/vm", "cpus", 1);
	assert_vm_refused(tree, "/vm: cpus: 8 bytes, but it is a number of 4 bytes");
	vmtree_set(tree, "/vm", "memory-size", "abc", 3);
	assert_vm_refused(tree, "/vm: memory-size: 3 bytes, but it is a number of 4 or 8 bytes");
}

static void strings_have_an_end(void **state)
{
	static const char *const names[] = { "cpu-affinity", "mmu-type", "interrupt-files",
					     "on-reboot", "on-failure" };
	struct vmtree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		vmtree_set(tree, "/vm", names[i], "abc", 3);
		assert_vm_refused(tree, "not one string");
		vmtree_set(tree, "/vm", names[i], "a\0b", 4);
		assert_vm_refused(tree, "not one string");
		vmtree_set(tree, "/vm", names[i], NULL, 0);
		assert_vm_refused(tree, "not one string");
		vmtree_remove(tree, "/vm", names[i]);
	}
	vmtree_set(tree, "/vm/kernel", "file", "image", 5);
	assert_vm_refused(tree, "/vm/kernel: file: not one string");
}

static void words_are_among_those_that_exist(void **state)
{
	struct vmtree *tree = *state;

	vmtree_set_string(tree, "/vm", "interrupt-files", "Auto");
	assert_vm_refused(tree, "/vm: interrupt-files: 'Auto' is none of "
				"'auto', 'software', 'hardware'");
	vmtree_set_string(tree, "/vm", "interrupt-files", "software");
	vmtree_set_string(tree, "/vm", "mmu-type", "riscv,sv32");
	assert_vm_refused(tree, "mmu-type: 'riscv,sv32' is none of 'riscv,sv39', 'riscv,sv48', "
				"'riscv,sv57', 'auto'");
	vmtree_set_string(tree, "/vm", "mmu-type", "auto");
	assert_vm_accepted(tree);
}

static void memory_size_and_kernel_are_needed(void **state)
{
	struct vmtree *tree = *state;

	vmtree_remove(tree, "/vm", "memory-size");
	assert_vm_refused(tree, "error: description.dtb: /vm: memory-size: missing");
	vmtree_set_u64(tree, "/vm", "memory-size", VMTREE_MEMORY);
	vmtree_remove(tree, "/vm/kernel", "file");
	assert_vm_refused(tree, "error: description.dtb: /vm/kernel: file: missing");
	vmtree_remove(tree, "/vm/kernel", NULL);
	assert_vm_refused(tree, "error: description.dtb: /vm/kernel: missing");
}

static void memory_has_whole_pages_within_reach(void **state)
{
	struct vmtree *tree = *state;

	vmtree_set_u64(tree, "/vm", "memory-size", VMTREE_MEMORY + 1);
	assert_vm_refused(tree, "/vm: memory-size: 67108865 (0x4000001) is not a multiple of 4096");
	vmtree_set_u64(tree, "/vm", "memory-size", 0);
	assert_vm_refused(tree, "/vm: memory-size: 0 (0x0) is not within");
	vmtree_set_u64(tree, "/vm", "memory-size", UINT64_MAX & ~0xfffULL);
	assert_vm_refused(tree, "/vm: memory-size: ");
	vmtree_set_u64(tree, "/vm", "memory-size", VMTREE_MEMORY);
	vmtree_set_u64(tree, "/vm", "memory-base", 0x7fe00000);
	assert_vm_refused(tree, "/vm: memory-base: 2145386496 (0x7fe00000) is not within");
	vmtree_set_u64(tree, "/vm", "memory-base", 0x80001000);
	assert_vm_refused(tree, "is not a multiple of 2097152");
}

static void memory_fits_into_the_address_width_of_the_mode(void **state)
{
	static const struct {
		const char *type;
		unsigned int bits;
	} cases[] = {
		{ "riscv,sv39", 41 }, { "riscv,sv48", 50 }, { "riscv,sv57", 59 }, { "auto", 59 }
	};
	struct vmtree *tree = *state;
	char message[80];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t end = UINT64_C(1) << cases[i].bits;

		snprintf(message, sizeof(message), "is beyond the %u bits of mmu-type",
			 cases[i].bits);
		vmtree_set_string(tree, "/vm", "mmu-type", cases[i].type);
		vmtree_set_u64(tree, "/vm", "memory-base", end - VMTREE_MEMORY);
		assert_vm_accepted(tree);
		vmtree_set_u64(tree, "/vm", "memory-base", end - VMTREE_MEMORY + MIB(2));
		assert_vm_refused(tree, message);
	}
}

/* ---- ranges ---- */

#define HIGH UINT64_C(0x10000000000)

static void vmtree_range(struct vmtree *tree, const char *name, uint64_t base, uint64_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/vm/ranges/%s", name);
	vmtree_set_u64(tree, path, "base", base);
	vmtree_set_u64(tree, path, "size", size);
}

static void ranges_are_read_and_sorted(void **state)
{
	struct vmtree *tree = *state;
	const struct vm_range_config *ranges = tree->config.ranges;

	vmtree_set(tree, "/vm/ranges", NULL, NULL, 0);
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.range_count, 0);
	assert_int_equal(vm_config_memory_end(&tree->config), 0x80000000 + VMTREE_MEMORY);
	vmtree_set_u64(tree, "/vm", "memory-base", 0x100000000);
	vmtree_range(tree, "rom", HIGH, KIB(8));
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
	assert_int_equal(ranges[2].base, HIGH);
	assert_int_equal(ranges[2].read_only, 1);
	assert_int_equal(ranges[2].file.size, sizeof(tree->ramdisk));
	assert_memory_equal(ranges[2].file.data, tree->ramdisk, sizeof(tree->ramdisk));
	assert_int_equal(vm_config_memory_end(&tree->config), HIGH + KIB(8));
}

static void ranges_have_whole_pages_within_reach(void **state)
{
	struct vmtree *tree = *state;

	vmtree_range(tree, "r", 0x7ffff000, KIB(4));
	assert_vm_refused(tree, "/vm/ranges/r: base: 2147479552 (0x7ffff000) is not within "
				"2147483648 to 576460752303423488");
	vmtree_range(tree, "r", HIGH + 1, KIB(4));
	assert_vm_refused(tree, "/vm/ranges/r: base: 1099511627777 (0x10000000001) is not a "
				"multiple of 4096");
	vmtree_range(tree, "r", HIGH, KIB(4) + 1);
	assert_vm_refused(tree, "/vm/ranges/r: size: 4097 (0x1001) is not a multiple of 4096");
	vmtree_range(tree, "r", HIGH, 0);
	assert_vm_refused(tree, "/vm/ranges/r: size: 0 (0x0) is not within");
	vmtree_range(tree, "r", HIGH, UINT64_MAX & ~0xfffULL);
	assert_vm_refused(tree, "/vm/ranges/r: size: ");
	vmtree_range(tree, "r", UINT64_MAX & ~0xfffULL, KIB(4));
	assert_vm_refused(tree, "/vm/ranges/r: base: ");
	vmtree_remove(tree, "/vm/ranges/r", "base");
	assert_vm_refused(tree, "/vm/ranges/r: base: missing");
	vmtree_range(tree, "r", HIGH, KIB(4));
	vmtree_remove(tree, "/vm/ranges/r", "size");
	assert_vm_refused(tree, "/vm/ranges/r: size: missing");
}

static void ranges_fit_into_the_address_width_of_the_mode(void **state)
{
	static const struct {
		const char *type;
		unsigned int bits;
	} cases[] = {
		{ "riscv,sv39", 41 }, { "riscv,sv48", 50 }, { "riscv,sv57", 59 }, { "auto", 59 }
	};
	struct vmtree *tree = *state;
	char message[120];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t end = UINT64_C(1) << cases[i].bits;

		vmtree_set_string(tree, "/vm", "mmu-type", cases[i].type);
		vmtree_range(tree, "top", end - KIB(4), KIB(4));
		assert_vm_accepted(tree);
		assert_int_equal(vm_config_memory_end(&tree->config), end);
		vmtree_range(tree, "top", end - KIB(4), KIB(8));
		snprintf(message, sizeof(message),
			 "/vm/ranges/top: base + size (0x%lx) is beyond the %u bits of mmu-type",
			 (unsigned long)end + KIB(4), cases[i].bits);
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
		vmtree_range(tree, name, HIGH - i * MIB(1), KIB(4));
	}
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.range_count, VM_RANGES_MAX);
	for (unsigned int i = 1; i < VM_RANGES_MAX; i++)
		assert_true(tree->config.ranges[i - 1].base < tree->config.ranges[i].base);
	vmtree_range(tree, "onemore", HIGH + MIB(1), KIB(4));
	assert_vm_refused(tree, ": only 16 nodes may be here");
	assert_int_equal(tree->report.report.errors, 1);
}

static void names_of_ranges_and_regions_are_plain(void **state)
{
	static const char *const bad[] = {
		"", "a b", "a/b", "\033[2J", "r@1", "ranges,1", "abcdefghijklmnopqrstuvwxyz012345"
	};
	struct vmtree *tree = *state;

	vmtree_range(tree, "r", HIGH, KIB(4));
	vmtree_set_string(tree, "/vm/ranges/r", "shared", "abcdefghijklmnopqrstuvwxyz01234");
	assert_vm_accepted(tree);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		vmtree_set_string(tree, "/vm/ranges/r", "shared", bad[i]);
		assert_vm_refused(tree, "is not 1 to 31 of A-Z a-z 0-9 . _ -");
	}
	vmtree_set(tree, "/vm/ranges/r", "shared", "abc", 3);
	assert_vm_refused(tree, "/vm/ranges/r: shared: not one string");
	vmtree_remove(tree, "/vm/ranges/r", "shared");
	vmtree_range(tree, "r@1", HIGH + MIB(1), KIB(4));
	assert_vm_refused(tree, "/vm/ranges/r@1: the node's name is not 1 to 31 of A-Z");
	vmtree_remove(tree, "/vm/ranges/r@1", NULL);
	vmtree_range(tree, "abcdefghijklmnopqrstuvwxyz012345", HIGH + MIB(1), KIB(4));
	assert_vm_refused(tree, "the node's name is not 1 to 31");
}

/* dtc would not make it, but a device tree can have it. */
static void two_ranges_of_one_name_are_refused(void **state)
{
	struct vmtree *tree = *state;
	int node;

	vmtree_range(tree, "aa", HIGH, KIB(4));
	vmtree_range(tree, "bb", HIGH + MIB(1), KIB(4));
	node = fdt_path_offset(tree->blob, "/vm/ranges/bb");
	memcpy((char *)(uintptr_t)fdt_get_name(tree->blob, node, NULL), "aa", 2);
	assert_vm_refused(tree, "/vm/ranges/aa: there are two of that name");
}

static void files_of_ranges_fit_and_are_not_shared(void **state)
{
	struct vmtree *tree = *state;

	vmtree_range(tree, "r", HIGH, KIB(4));
	vmtree_set_string(tree, "/vm/ranges/r", "file", "image");
	assert_vm_accepted(tree);
	vmtree_set_string(tree, "/vm/ranges/r", "file", "ramdisk");
	assert_vm_refused(tree, "/vm/ranges/r: file: 'ramdisk' has 5000 bytes, but size is 4096");
	vmtree_set_string(tree, "/vm/ranges/r", "file", "other");
	assert_vm_refused(tree, "/vm/ranges/r: file: 'other' is not in the bundle");
	vmtree_set_string(tree, "/vm/ranges/r", "file", "image");
	vmtree_set_string(tree, "/vm/ranges/r", "shared", "box");
	assert_vm_refused(tree, "/vm/ranges/r: shared: 'box' cannot have a file ('image'), too");
	vmtree_remove(tree, "/vm/ranges/r", "file");
	vmtree_set(tree, "/vm/ranges/r", "read-only", NULL, 0);
	assert_vm_accepted(tree);
	vmtree_set_u32(tree, "/vm/ranges/r", "read-only", 2);
	assert_vm_refused(tree, "/vm/ranges/r: read-only: neither empty nor <0> nor <1>");
}

static void what_is_unknown_in_ranges_is_a_warning_with_its_path(void **state)
{
	struct vmtree *tree = *state;

	vmtree_range(tree, "r", HIGH, KIB(4));
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
	struct vmtree *tree = *state;

	vmtree_set_string(tree, "/vm/ramdisk", "file", "other");
	assert_vm_refused(tree, "/vm/ramdisk: file: 'other' is not in the bundle");
	vmtree_set_string(tree, "/vm/ramdisk", "file", "empty");
	assert_vm_refused(tree, "/vm/ramdisk: file: 'empty' is empty");
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

struct shown {
	unsigned int lines;
	unsigned int defaults;
	char text[4096];
};

static void show(void *opaque, const char *name, const char *value, bool is_default)
{
	struct shown *shown = opaque;
	size_t used = strlen(shown->text);

	shown->lines++;
	shown->defaults += is_default;
	snprintf(shown->text + used, sizeof(shown->text) - used, "%s=%s\n", name, value);
}

static void every_default_can_be_shown(void **state)
{
	struct vmtree *tree = *state;
	struct shown shown = { 0 };

	vmdesc_defaults(&tree->config);
	vmdesc_print(&tree->config, show, &shown);
	assert_int_equal(shown.lines, 17);
	assert_int_equal(shown.defaults, 17);
	memset(&shown, 0, sizeof(shown));
	vmtree_set_string(tree, "/vm", "cpu-affinity", "0-1,4");
	assert_vm_accepted(tree);
	vmdesc_print(&tree->config, show, &shown);
	assert_int_equal(shown.defaults, 14);
	assert_string_equal(shown.text, "memory-size=64 MiB\n"
					"memory-base=0x80000000\n"
					"cpus=1\n"
					"cpu-affinity=0-1,4\n"
					"priority=4\n"
					"time-slice-us=10000\n"
					"mmu-type=auto\n"
					"interrupt-files=auto\n"
					"interrupt-identities=255\n"
					"autostart=yes\n"
					"on-no-vsfile=pause\n"
					"on-reboot=reset\n"
					"on-failure=stop\n"
					"kernel/file=image (4096 bytes)\n"
					"kernel/bootargs=\n"
					"ramdisk/file=none\n"
					"device-tree/file=none\n");
}

static void ranges_are_shown(void **state)
{
	struct vmtree *tree = *state;
	struct shown shown = { 0 };
	const char *ranges;

	vmtree_range(tree, "high", HIGH, MIB(4));
	vmtree_range(tree, "rom", HIGH + MIB(4), KIB(8));
	vmtree_set(tree, "/vm/ranges/rom", "read-only", NULL, 0);
	vmtree_set_string(tree, "/vm/ranges/rom", "file", "ramdisk");
	vmtree_set_string(tree, "/vm/ranges/high", "shared", "mailbox");
	assert_vm_accepted(tree);
	vmdesc_print(&tree->config, show, &shown);
	assert_int_equal(shown.lines, 17 + 10);
	assert_int_equal(shown.defaults, 15 + 3);
	ranges = strstr(shown.text, "ranges/");
	assert_non_null(ranges);
	assert_string_equal(ranges, "ranges/high/base=0x10000000000\n"
				    "ranges/high/size=4 MiB\n"
				    "ranges/high/read-only=no\n"
				    "ranges/high/file=none\n"
				    "ranges/high/shared=mailbox\n"
				    "ranges/rom/base=0x10000400000\n"
				    "ranges/rom/size=8 KiB\n"
				    "ranges/rom/read-only=yes\n"
				    "ranges/rom/file=ramdisk (5000 bytes)\n"
				    "ranges/rom/shared=none\n");
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

/* Whatever a blob is: parsing all that is in it ends, and reads nothing outside of it. */
static void parse_all(const struct vmtree *tree, const void *data, size_t size)
{
	struct cpio cpio = { 0 };
	struct test_report report;
	struct vm_config config;
	struct bundle bundle;
	const void *fdt;

	test_report_init(&report);
	cpio_file(&cpio, "image", tree->image, sizeof(tree->image));
	cpio_file(&cpio, BUNDLE_DESCRIPTION, data, size);
	cpio_trailer(&cpio);
	assert_int_equal(bundle_open(cpio.data, cpio.size, &bundle, &report.report), 0);
	fdt = vmdesc_open(&bundle, NULL, 0, &report.report);
	for (int node = fdt ? vmdesc_next(fdt, -1) : -1; node >= 0; node = vmdesc_next(fdt, node)) {
		struct shown shown = { 0 };

		if (!vmdesc_parse(fdt, node, &bundle, &config, &report.report))
			vmdesc_print(&config, show, &shown);
	}
	if (fdt)
		vmdesc_check(fdt, &report.report);
	cpio_free(&cpio);
}

static void every_truncated_blob_is_survived(void **state)
{
	struct vmtree *tree = *state;
	size_t size;

	vmtree_set_string(tree, "/vms/two", "compatible", "hartvisor,vm");
	assert_int_equal(fdt_pack(tree->blob), 0);
	size = fdt_totalsize(tree->blob);
	for (size_t cut = 0; cut <= size; cut++)
		parse_all(tree, tree->blob, cut);
}

static void every_flipped_bit_is_survived(void **state)
{
	struct vmtree *tree = *state;
	uint8_t *blob = (uint8_t *)tree->blob;
	size_t size;

	vmtree_set_string(tree, "/vm", "cpu-affinity", "0-1");
	vmtree_set_string(tree, "/vms/two", "compatible", "hartvisor,vm");
	vmtree_range(tree, "r", HIGH, KIB(8));
	vmtree_set_string(tree, "/vm/ranges/r", "file", "ramdisk");
	assert_int_equal(fdt_pack(tree->blob), 0);
	size = fdt_totalsize(tree->blob);
	for (size_t bit = 0; bit < size * 8; bit++) {
		blob[bit / 8] ^= (uint8_t)(1u << bit % 8);
		parse_all(tree, blob, size);
		blob[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void random_damage_is_survived(void **state)
{
	static const uint8_t bytes[] = { 0, 1, 2, 3, 4, 8, 9, 0x7f, 0x80, 0xff };
	struct vmtree *tree = *state;
	uint64_t copy[VMTREE_SIZE / 8];
	uint32_t random = 7;
	size_t size;

	vmtree_set_string(tree, "/vm", "cpu-affinity", "0-1");
	vmtree_set_string(tree, "/vms/two", "compatible", "hartvisor,vm");
	vmtree_range(tree, "r", HIGH, KIB(8));
	vmtree_set_string(tree, "/vm/ranges/r", "file", "ramdisk");
	assert_int_equal(fdt_pack(tree->blob), 0);
	size = fdt_totalsize(tree->blob);
	for (int i = 0; i < 10000; i++) {
		memcpy(copy, tree->blob, size);
		for (int j = 0; j < 1 + i % 5; j++)
			((uint8_t *)copy)[test_random(&random) % size] =
				bytes[test_random(&random) % ARRAY_SIZE(bytes)];
		parse_all(tree, copy, size);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_said_has_a_default),
		TEST(every_property_is_read),
		TEST(harts_are_ranges),
		TEST(affinity_says_which_harts),
		TEST(autostart_is_a_flag),
		TEST(numbers_have_ranges),
		TEST(numbers_have_a_length),
		TEST(strings_have_an_end),
		TEST(words_are_among_those_that_exist),
		TEST(memory_size_and_kernel_are_needed),
		TEST(memory_has_whole_pages_within_reach),
		TEST(memory_fits_into_the_address_width_of_the_mode),
		TEST(ranges_are_read_and_sorted),
		TEST(ranges_have_whole_pages_within_reach),
		TEST(ranges_fit_into_the_address_width_of_the_mode),
		TEST(ranges_overlap_nothing),
		TEST(ranges_are_sixteen_at_most),
		TEST(names_of_ranges_and_regions_are_plain),
		TEST(two_ranges_of_one_name_are_refused),
		TEST(files_of_ranges_fit_and_are_not_shared),
		TEST(what_is_unknown_in_ranges_is_a_warning_with_its_path),
		TEST(ranges_are_shown),
		TEST(what_is_unknown_is_a_warning_with_its_path),
		TEST(files_have_to_be_there),
		TEST(every_error_is_told),
		TEST(names_are_short_plain_and_unique),
		TEST(vms_are_below_the_root_and_below_vms),
		TEST(unknown_compatibles_are_errors),
		TEST(own_device_trees_are_checked),
		TEST(a_bundle_needs_a_description),
		TEST(a_description_that_is_not_aligned_is_copied),
		TEST(every_default_can_be_shown),
		TEST(the_files_of_a_vm_can_be_listed),
		TEST(every_truncated_blob_is_survived),
		TEST(every_flipped_bit_is_survived),
		TEST(random_damage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
