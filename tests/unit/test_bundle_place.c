/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the bundle is: each way to say it, which comes first, and places that cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <core/bundle_place.h>
#include <core/hostdt.h>
#include <errno.h>
#include <libfdt.h>

#include "cpio.h"

#define IMAGE 0x80200000
#define IMAGE_SIZE 0x100000

static uint64_t blob[512];
static struct bundle_attached attached;
static struct test_report report;
static uint64_t start, end;

static void cells_set(const char *path, const char *name, const uint64_t *values, size_t count)
{
	uint64_t cells[4];

	for (size_t i = 0; i < count; i++)
		cells[i] = cpu_to_fdt64(values[i]);
	assert_int_equal(fdt_setprop(blob, fdt_path_offset(blob, path), name, cells, count * 8), 0);
}

#define SET(path, name, ...)                                     \
	cells_set(path, name, (const uint64_t[]){ __VA_ARGS__ }, \
		  sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8)

static void bank_add(const char *path, uint64_t base, uint64_t size)
{
	int node = fdt_add_subnode(blob, 0, path + 1);

	assert_true(node > 0);
	assert_int_equal(fdt_setprop_string(blob, node, "device_type", "memory"), 0);
	cells_set(path, "reg", (const uint64_t[]){ base, size }, 2);
}

static int setup(void **state)
{
	assert_int_equal(fdt_create_empty_tree(blob, sizeof(blob)), 0);
	fdt_setprop_u32(blob, 0, "#address-cells", 2);
	fdt_setprop_u32(blob, 0, "#size-cells", 2);
	fdt_add_subnode(blob, 0, "chosen");
	/* Each goes before those that are there: the higher bank comes first in the tree. */
	bank_add("/memory@80000000", 0x80000000, 0x10000000);
	bank_add("/memory@90000000", 0x90000000, 0x10000000);
	attached = (struct bundle_attached){ 0 };
	return 0;
}

static int locate(void)
{
	test_report_init(&report);
	assert_int_equal(hostdt_init(blob, sizeof(blob)), 0);
	return bundle_locate(IMAGE, IMAGE_SIZE, &attached, &report.report, &start, &end);
}

static void assert_place(uint64_t want_start, uint64_t want_end)
{
	assert_int_equal(locate(), 0);
	assert_int_equal(start, want_start);
	assert_int_equal(end, want_end);
}

static void assert_refused(const char *message)
{
	assert_int_equal(locate(), -ENOENT);
	assert_int_equal(report.report.errors, 1);
	assert_reported(&report, message);
}

static void nothing_is_no_error(void **state)
{
	assert_int_equal(locate(), -ENOENT);
	assert_int_equal(report.report.errors, 0);
}

static void each_way_is_found_and_the_first_counts(void **state)
{
	attached = (struct bundle_attached){ 0x200000, 0x5001 };
	assert_place(IMAGE + 0x200000, IMAGE + 0x205001);
	SET("/chosen", "linux,initrd-start", 0x84000000);
	SET("/chosen", "linux,initrd-end", 0x84000123);
	assert_place(0x84000000, 0x84000123);
	SET("/chosen", "hartvisor,bundle", 0x88000000, 0x1000);
	assert_place(0x88000000, 0x88001000);
	assert_int_equal(report.report.errors, 0);
}

static void one_that_makes_no_sense_is_told_and_passed_over(void **state)
{
	SET("/chosen", "hartvisor,bundle", 0x88000000);
	SET("/chosen", "linux,initrd-start", 0x84000000);
	SET("/chosen", "linux,initrd-end", 0x84000123);
	assert_place(0x84000000, 0x84000123);
	assert_int_equal(report.report.errors, 1);
	assert_reported(&report, "/chosen/hartvisor,bundle: malformed");
}

static void places_that_cannot_be_are_refused(void **state)
{
	/* From 64 MiB to 64 MiB behind the last physical address. */
	static const struct {
		uint64_t base, size;
		const char *message;
	} cases[] = {
		{ 0x84000000, 0, "is empty" },
		{ 0x84000000, UINT64_MAX, "malformed" },
		{ 0x7fffffff, 2, "does not lie in RAM" },
		{ 0x9fffffff, 2, "does not lie in RAM" },
		{ 0x10000, 0x1000, "does not lie in RAM" },
		{ 0xfffffffffffff000, 0xfff, "does not lie in RAM" },
		{ 0x4000000, 0x1000, "does not lie in RAM" }, /* in a bank that cannot be */
		{ IMAGE + IMAGE_SIZE - 1, 2, "overlaps the hypervisor's image" },
		{ IMAGE - 1, 2, "overlaps the hypervisor's image" },
		{ 0x80000000, 0x20000000, "overlaps the hypervisor's image" },
	};

	bank_add("/memory@4000000", 0x4000000, UINT64_C(1) << 56);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SET("/chosen", "hartvisor,bundle", cases[i].base, cases[i].size);
		assert_refused(cases[i].message);
	}
}

static void memory_that_nobody_may_map_is_refused(void **state)
{
	static const uint64_t places[][2] = {
		{ 0x84000000, 0x1000 },	   { 0x83fff000, 0x1001 }, { 0x84040fff, 1 },
		{ 0x83000000, 0x2000000 }, { 0x84020000, 0x10 },
	};
	int node, child;

	node = fdt_add_subnode(blob, 0, "reserved-memory");
	fdt_setprop_u32(blob, node, "#address-cells", 2);
	fdt_setprop_u32(blob, node, "#size-cells", 2);
	fdt_add_subnode(blob, node, "ours@85000000");
	SET("/reserved-memory/ours@85000000", "reg", 0x85000000, 0x100000);
	child = fdt_add_subnode(blob, fdt_path_offset(blob, "/reserved-memory"), "mmode@84000000");
	fdt_setprop_empty(blob, child, "no-map");
	SET("/reserved-memory/mmode@84000000", "reg", 0x84000000, 0x40800);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		SET("/chosen", "hartvisor,bundle", places[i][0], places[i][1]);
		assert_refused("is in memory that must not be mapped (no-map)");
	}
	SET("/chosen", "hartvisor,bundle", 0x83fff001, 0xfff);
	assert_place(0x83fff001, 0x84000000);
	SET("/chosen", "hartvisor,bundle", 0x84041000, 1);
	assert_place(0x84041000, 0x84041001);
	SET("/chosen", "hartvisor,bundle", 0x85000000, 0x100000);
	assert_place(0x85000000, 0x85100000);
}

static void edges_of_ram_and_of_the_image_are_fine(void **state)
{
	SET("/chosen", "hartvisor,bundle", 0x80000000, IMAGE - 0x80000000);
	assert_place(0x80000000, IMAGE);
	SET("/chosen", "hartvisor,bundle", IMAGE + IMAGE_SIZE, 0x100);
	assert_place(IMAGE + IMAGE_SIZE, IMAGE + IMAGE_SIZE + 0x100);
	SET("/chosen", "hartvisor,bundle", 0x9fffffff, 1);
	assert_place(0x9fffffff, 0xa0000000);
}

static void banks_that_touch_are_one(void **state)
{
	SET("/chosen", "hartvisor,bundle", 0x8fff0000, 0x20000);
	assert_place(0x8fff0000, 0x90010000);
}

static void half_an_initrd_is_malformed(void **state)
{
	SET("/chosen", "linux,initrd-start", 0x84000000);
	assert_refused("linux,initrd-start and -end: malformed");
	SET("/chosen", "linux,initrd-end", 0x83ffffff);
	assert_refused("linux,initrd-start and -end: 0x84000000 to 0x83ffffff is empty");
}

static void what_is_attached_is_checked_too(void **state)
{
	attached = (struct bundle_attached){ UINT64_MAX, 1 };
	assert_refused("attached to the image: malformed");
	attached = (struct bundle_attached){ 0x1000, 0x1000 };
	assert_refused("overlaps the hypervisor's image");
	attached = (struct bundle_attached){ 0x100000, UINT64_MAX };
	assert_refused("attached to the image: malformed");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_no_error),
		TEST(each_way_is_found_and_the_first_counts),
		TEST(one_that_makes_no_sense_is_told_and_passed_over),
		TEST(places_that_cannot_be_are_refused),
		TEST(memory_that_nobody_may_map_is_refused),
		TEST(edges_of_ram_and_of_the_image_are_fine),
		TEST(banks_that_touch_are_one),
		TEST(half_an_initrd_is_malformed),
		TEST(what_is_attached_is_checked_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
