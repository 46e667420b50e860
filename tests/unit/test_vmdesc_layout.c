/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of where kernel, ramdisk and device tree go, and of what does not fit. */
#include <core/vmdesc.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vmtree.h"

#define BASE UINT64_C(0x80000000)

/* What holds for every layout. */
static void check_layout(const struct vm_config *config, const struct vm_layout *layout)
{
	uint64_t start = config->memory_base, end = start + config->memory_size;
	uint64_t kernel_end = layout->kernel_gpa.v + layout->kernel_size;
	uint64_t fdt_end = layout->fdt_gpa.v + layout->fdt_max_size;

	assert_true(layout->kernel_gpa.v >= start && kernel_end <= end);
	assert_true(is_aligned(layout->kernel_gpa.v, MIB(2)));
	assert_true(layout->kernel_size >= config->kernel.size);
	assert_int_equal(layout->entry.v, layout->kernel_gpa.v);
	assert_true(layout->fdt_gpa.v >= kernel_end && fdt_end <= end);
	assert_true(is_aligned(layout->fdt_gpa.v, PAGE_SIZE));
	if (layout->fdt_max_size <= MIB(2))
		assert_int_equal(layout->fdt_gpa.v / MIB(2), (fdt_end - 1) / MIB(2));
	assert_int_equal(layout->ramdisk_size, config->ramdisk.size);
	if (!layout->ramdisk_size) {
		assert_int_equal(layout->ramdisk_gpa.v, 0);
		return;
	}
	assert_true(is_aligned(layout->ramdisk_gpa.v, PAGE_SIZE));
	assert_true(layout->ramdisk_gpa.v >= kernel_end);
	assert_true(layout->ramdisk_gpa.v + layout->ramdisk_size <= layout->fdt_gpa.v);
}

static struct vm_layout layout_of(struct vmtree *tree)
{
	struct vm_layout layout;

	assert_vm_accepted(tree);
	assert_int_equal(vm_layout_compute(&tree->config, &layout, &tree->report.report), 0);
	check_layout(&tree->config, &layout);
	return layout;
}

static void an_image_goes_where_its_header_says(void **state)
{
	struct vmtree *tree = *state;
	struct vm_layout layout = layout_of(tree);

	assert_int_equal(layout.kernel_gpa.v, BASE + MIB(2));
	assert_int_equal(layout.kernel_size, VMTREE_IMAGE_SIZE);
	vmtree_image_header(tree, 0, MIB(1), 0);
	layout = layout_of(tree);
	assert_int_equal(layout.kernel_gpa.v, BASE);
	vmtree_image_header(tree, MIB(8), 0, 0);
	vmtree_set_u64(tree, "/vm", "memory-base", 0x240000000);
	layout = layout_of(tree);
	assert_int_equal(layout.kernel_gpa.v, 0x240000000 + MIB(8));
	assert_int_equal(layout.kernel_size, sizeof(tree->image));
}

static void a_raw_binary_goes_to_2_mib(void **state)
{
	struct vmtree *tree = *state;
	struct vm_layout layout;

	vmtree_image_header(tree, MIB(6), MIB(1), 0);
	tree->image[59] = 4; /* another magic number */
	layout = layout_of(tree);
	assert_int_equal(layout.kernel_gpa.v, BASE + MIB(2));
	assert_int_equal(layout.kernel_size, sizeof(tree->image));
}

static void what_cannot_be_started_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t at, length;
		const char *message;
	} cases[] = {
		{ "\x1f\x8b\x08", 0, 3, "/vm: kernel/file: 'image' is compressed with gzip" },
		{ "\xfd\x37zXZ", 0, 5, "is compressed with xz" },
		{ "\x28\xb5\x2f\xfd", 0, 4, "is compressed with zstd" },
		{ "zimg", 4, 4, "is a compressed EFI image" },
		{ "\177ELF", 0, 4, "is an ELF file" },
	};
	struct vmtree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t before[8];

		memcpy(before, tree->image, sizeof(before));
		memcpy(tree->image + cases[i].at, cases[i].bytes, cases[i].length);
		assert_vm_refused(tree, cases[i].message);
		memcpy(tree->image, before, sizeof(before));
	}
	vmtree_image_header(tree, MIB(2), MIB(3), 1);
	assert_vm_refused(tree, "is a big-endian image");
	vmtree_image_header(tree, MIB(2) + PAGE_SIZE, MIB(3), 0);
	assert_vm_refused(tree, "text_offset that is not a multiple of 2 MiB");
}

static void a_kernel_that_does_not_fit_is_refused(void **state)
{
	static const uint64_t offsets[] = { MIB(62), MIB(64),	       MIB(66),
					    BIT(63), BIT(63) - MIB(2), -MIB(2) };
	static const uint64_t sizes[] = { VMTREE_MEMORY - MIB(2) + 1, BIT(63), UINT64_MAX,
					  UINT64_MAX - MIB(2) };
	struct vmtree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		vmtree_image_header(tree, offsets[i], VMTREE_IMAGE_SIZE, 0);
		assert_vm_refused(tree, "but memory-size is 0x4000000");
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		vmtree_image_header(tree, MIB(2), sizes[i], 0);
		assert_vm_refused(tree, "/vm: kernel/file: 'image' needs 0x");
	}
}

static void a_kernel_leaves_room_for_the_rest(void **state)
{
	struct vmtree *tree = *state;

	vmtree_image_header(tree, MIB(2), VMTREE_MEMORY - MIB(2), 0);
	assert_vm_refused(tree, "/vm: memory-size: the device tree (0x4000 bytes) overlaps "
				"kernel/file 'image': it ends at 0x84000000, the memory at "
				"0x84000000");
	vmtree_image_header(tree, MIB(2), VMTREE_MEMORY - MIB(2) - KIB(16), 0);
	layout_of(tree);
	vmtree_set_string(tree, "/vm/ramdisk", "file", "ramdisk");
	assert_vm_refused(tree, "ramdisk/file: 'ramdisk' (0x1388 bytes) and the device tree "
				"(0x4000) overlap kernel/file 'image'");
	vmtree_image_header(tree, MIB(2), VMTREE_MEMORY - MIB(2) - KIB(24), 0);
	layout_of(tree);
	vmtree_image_header(tree, MIB(2), VMTREE_MEMORY - MIB(2) - KIB(24) + 1, 0);
	assert_vm_refused(tree, "overlap");
}

static void data_goes_to_the_end_of_small_memory(void **state)
{
	struct vmtree *tree = *state;
	struct vm_layout layout;

	vmtree_set_string(tree, "/vm/ramdisk", "file", "ramdisk");
	layout = layout_of(tree);
	assert_int_equal(layout.fdt_gpa.v + layout.fdt_max_size, BASE + VMTREE_MEMORY);
	assert_int_equal(layout.ramdisk_gpa.v, layout.fdt_gpa.v - 2 * PAGE_SIZE);
}

static void data_stays_within_the_first_gib(void **state)
{
	struct vmtree *tree = *state;
	struct vm_layout layout;

	vmtree_set_u64(tree, "/vm", "memory-size", GIB(8));
	vmtree_set_string(tree, "/vm/ramdisk", "file", "ramdisk");
	layout = layout_of(tree);
	assert_int_equal(layout.fdt_gpa.v + layout.fdt_max_size, BASE + GIB(1));
	/* … unless it does not fit. */
	vmtree_image_header(tree, MIB(2), GIB(1) - MIB(2), 0);
	layout = layout_of(tree);
	assert_int_equal(layout.fdt_gpa.v + layout.fdt_max_size, BASE + GIB(8));
}

/* Memory that ends anywhere, with every number of vCPUs: so the boundary of 2 MiB is met. */
static void a_device_tree_does_not_cross_2_mib(void **state)
{
	struct vmtree *tree = *state;
	struct vm_layout layout;

	vmtree_set_string(tree, "/vm/ramdisk", "file", "ramdisk");
	assert_vm_accepted(tree);
	for (uint32_t vcpus = 1; vcpus <= MAX_VCPUS; vcpus++) {
		for (uint64_t size = MIB(8); size < MIB(10); size += PAGE_SIZE) {
			tree->config.vcpus = vcpus;
			tree->config.memory_size = size;
			assert_int_equal(
				vm_layout_compute(&tree->config, &layout, &tree->report.report), 0);
			check_layout(&tree->config, &layout);
		}
	}
}

static void a_big_device_tree_of_its_own_gets_its_room(void **state)
{
	struct vmtree *tree = *state;
	struct vm_layout layout;

	assert_vm_accepted(tree);
	tree->config.device_tree = (struct vm_file){ "own", tree->blob, MIB(5) + 1 };
	assert_int_equal(vm_layout_compute(&tree->config, &layout, &tree->report.report), 0);
	assert_int_equal(layout.fdt_max_size, MIB(5) + 2 * PAGE_SIZE);
	check_layout(&tree->config, &layout);
	tree->config.device_tree.size = MIB(60);
	assert_int_equal(vm_layout_compute(&tree->config, &layout, &tree->report.report), -EINVAL);
	assert_reported(&tree->report, "overlaps kernel/file 'image'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VMTREE_TEST(an_image_goes_where_its_header_says),
		VMTREE_TEST(a_raw_binary_goes_to_2_mib),
		VMTREE_TEST(what_cannot_be_started_is_refused),
		VMTREE_TEST(a_kernel_that_does_not_fit_is_refused),
		VMTREE_TEST(a_kernel_leaves_room_for_the_rest),
		VMTREE_TEST(data_goes_to_the_end_of_small_memory),
		VMTREE_TEST(data_stays_within_the_first_gib),
		VMTREE_TEST(a_device_tree_does_not_cross_2_mib),
		VMTREE_TEST(a_big_device_tree_of_its_own_gets_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
