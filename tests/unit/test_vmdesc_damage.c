/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of descriptions that are damaged: cut off, with bits flipped, with other bytes. */
#include <core/vmdesc.h>

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vmtree.h"

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
		struct vm_shown shown = { 0 };

		if (!vmdesc_parse(fdt, node, &bundle, &config, &report.report))
			vmdesc_print(&config, vmtree_show, &shown);
	}
	if (fdt)
		vmdesc_check(fdt, &report.report);
	cpio_free(&cpio);
}

/* A description with something of each kind; returns its size. */
static size_t blob_fill(struct vmtree *tree)
{
	vmtree_set_string(tree, "/vm", "cpu-affinity", "0-1");
	vmtree_set_string(tree, "/vms/two", "compatible", "hartvisor,vm");
	vmtree_range(tree, "r", VMTREE_HIGH, KIB(8));
	vmtree_set_string(tree, "/vm/ranges/r", "file", "ramdisk");
	assert_int_equal(fdt_pack(tree->blob), 0);
	return fdt_totalsize(tree->blob);
}

static void every_truncated_blob_is_survived(void **state)
{
	struct vmtree *tree = *state;
	size_t size = blob_fill(tree);

	for (size_t cut = 0; cut <= size; cut++)
		parse_all(tree, tree->blob, cut);
}

static void every_flipped_bit_is_survived(void **state)
{
	struct vmtree *tree = *state;
	uint8_t *blob = (uint8_t *)tree->blob;
	size_t size = blob_fill(tree);

	for (size_t bit = 0; bit < size * 8; bit++) {
		blob[bit / 8] ^= (uint8_t)(1u << bit % 8);
		parse_all(tree, blob, size);
		blob[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void old_versions_are_refused(void **state)
{
	struct vmtree *tree = *state;
	size_t size = blob_fill(tree);

	for (uint32_t version = 0; version < 18; version++) {
		fdt_set_version(tree->blob, version);
		fdt_set_last_comp_version(tree->blob, version);
		parse_all(tree, tree->blob, size);
		if (version < 16)
			assert_string_equal(fdt_blob_problem(tree->blob, size),
					    "has a version that is too old");
		else
			assert_null(fdt_blob_problem(tree->blob, size));
	}
}

static void random_damage_is_survived(void **state)
{
	static const uint8_t bytes[] = { 0, 1, 2, 3, 4, 8, 9, 0x7f, 0x80, 0xff };
	struct vmtree *tree = *state;
	uint64_t copy[VMTREE_SIZE / 8];
	uint32_t random = 7;
	size_t size = blob_fill(tree);

	for (int i = 0; i < 10000; i++) {
		memcpy(copy, tree->blob, size);
		for (int j = 0; j < 1 + i % 5; j++)
			((uint8_t *)copy)[test_random(&random) % size] =
				bytes[test_random(&random) % ARRAY_SIZE(bytes)];
		parse_all(tree, copy, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VMTREE_TEST(every_truncated_blob_is_survived),
		VMTREE_TEST(every_flipped_bit_is_survived),
		VMTREE_TEST(old_versions_are_refused),
		VMTREE_TEST(random_damage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
