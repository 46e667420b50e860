/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bundles and VM descriptions, the whole way to the guest's device tree. The first byte says what
 * the others are: an archive, a description in a good archive, the words of a description, or a
 * kernel and a device tree that a good description names. One thread, no lock.
 */
#include <core/bundle.h>
#include <core/guestfdt.h>
#include <core/vmdesc.h>
#include <libfdt.h>
#include <string.h>

#include "cpio.h"
#include "tree.h"

#define TREE_ROOM KIB(32)

static const char *const nodes[] = {
	"vms",	       "vm",	 "vm@1",    "other",   "kernel",
	"ramdisk",     "chosen", "vm",	    "a name!", "0123456789abcdef",
	"device-tree", "kernel", "ramdisk", "ranges",  "ranges",
	"a",	       "b",	 NULL
};
static const char *const properties[] = { "compatible",
					  "compatible",
					  "memory-size",
					  "memory-size",
					  "memory-base",
					  "cpus",
					  "cpu-affinity",
					  "priority",
					  "time-slice-us",
					  "mmu-type",
					  "interrupt-files",
					  "irqchip",
					  "interrupt-identities",
					  "autostart",
					  "on-reboot",
					  "on-failure",
					  "misaligned-accesses",
					  "file",
					  "file",
					  "bootargs",
					  "status",
					  "phandle",
					  "base",
					  "base",
					  "size",
					  "size",
					  "read-only",
					  "shared",
					  "odd",
					  NULL };
static const char *const values[] = { "hartvisor,vm",
				      "hartvisor,vm",
				      "hartvisor,other",
				      "image",
				      "ramdisk",
				      "guest.dtb",
				      "empty",
				      "none.bin",
				      "/image",
				      "./image",
				      "folder",
				      "riscv,sv39",
				      "riscv,sv48",
				      "riscv,sv57",
				      "auto",
				      "software",
				      "hardware",
				      "reset",
				      "stop",
				      "0-1,4",
				      "4294967295",
				      "3-1",
				      "plic",
				      "0,2,4,6-99",
				      "",
				      "disabled",
				      "okay",
				      "a\nb\x80",
				      "1,1",
				      "7-",
				      NULL };
static const struct tree_words words = { nodes, properties, values };

static const char *const extensions[] = { "i", "m", "a", "f", "d", "c", "zicsr", "sstc" };

/* What the VMs of good descriptions are: the one with files that the input gives. */
static uint64_t good_tree[KIB(4) / 8];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fdt_create(good_tree, sizeof(good_tree));
	fdt_finish_reservemap(good_tree);
	fdt_begin_node(good_tree, "");
	fdt_begin_node(good_tree, "vm");
	fdt_property_string(good_tree, "compatible", "hartvisor,vm");
	fdt_property_u64(good_tree, "memory-size", MIB(16));
	fdt_begin_node(good_tree, "kernel");
	fdt_property_string(good_tree, "file", "image");
	fdt_property_string(good_tree, "bootargs", "console=ttyS0");
	fdt_end_node(good_tree);
	fdt_begin_node(good_tree, "ramdisk");
	fdt_property_string(good_tree, "file", "ramdisk");
	fdt_end_node(good_tree);
	fdt_begin_node(good_tree, "device-tree");
	fdt_property_string(good_tree, "file", "guest.dtb");
	fdt_end_node(good_tree);
	fdt_end_node(good_tree);
	fdt_end_node(good_tree);
	MUST(fdt_finish(good_tree) == 0);
	return 0;
}

/* ---- archives ---- */

static void archive_pack(struct cpio *cpio, const void *description, size_t description_size,
			 const void *image, size_t image_size, const void *tree, size_t tree_size)
{
	static const uint8_t raw[64] = { 0x13 };

	cpio_file(cpio, BUNDLE_DESCRIPTION, description, description_size);
	cpio_file(cpio, "image", image ? image : raw, image ? image_size : sizeof(raw));
	cpio_file(cpio, "ramdisk", raw, sizeof(raw));
	cpio_file(cpio, "guest.dtb", tree, tree_size);
	cpio_file(cpio, "empty", NULL, 0);
	cpio_entry(cpio, "folder", CPIO_DIRECTORY, NULL, 0, false);
	cpio_trailer(cpio);
}

static void archive_make(struct input *input, struct cpio *cpio)
{
	static uint64_t tree[TREE_ROOM / 8];
	size_t size, kernel_size;
	const uint8_t *kernel, *bytes;

	switch (input_below(input, 4)) {
	case 0: /* exactly as long as it is, so that ASan guards its end */
		bytes = input_bytes(input, SIZE_MAX, &size);
		cpio->data = malloc(size + 1);
		cpio->data = realloc(cpio->data, size ? size : 1);
		memcpy(cpio->data, bytes, size);
		cpio->size = size;
		break;
	case 1:
		bytes = input_bytes(input, SIZE_MAX, &size);
		archive_pack(cpio, bytes, size, NULL, 0, NULL, 0);
		break;
	case 2:
		size = tree_build(input, &words, tree, sizeof(tree));
		archive_pack(cpio, tree, size, NULL, 0, good_tree, fdt_totalsize(good_tree));
		break;
	default:
		kernel = input_bytes(input, 64, &kernel_size);
		bytes = input_bytes(input, SIZE_MAX, &size);
		archive_pack(cpio, good_tree, fdt_totalsize(good_tree), kernel, kernel_size, bytes,
			     size);
	}
}

/* ---- what must hold ---- */

static bool inside(const struct cpio *cpio, const void *data, size_t size)
{
	size_t offset = (size_t)((const uint8_t *)data - cpio->data);

	return offset <= cpio->size && size <= cpio->size - offset;
}

static void bundle_check(const struct cpio *cpio, const struct bundle *bundle)
{
	struct bundle_file file;
	unsigned int count = 0;
	size_t cursor = 0, size;
	const void *data;

	MUST(bundle->size <= cpio->size);
	while (bundle_next(bundle, &cursor, &file) == 0) {
		MUST(inside(cpio, file.name, strlen(file.name) + 1));
		MUST(inside(cpio, file.data, file.size));
		MUST(++count <= BUNDLE_MAX_ENTRIES);
		if (file.regular && bundle_find(bundle, file.name, &data, &size) == 0)
			MUST(inside(cpio, data, size));
	}
	MUST(count == bundle->entries);
}

static void config_check(const struct vm_config *config)
{
	uint64_t next = 0;

	MUST(config->name[0] && strlen(config->name) <= VM_NAME_MAX);
	MUST(config->memory_size && config->memory_size % PAGE_SIZE == 0);
	MUST(config->memory_base >= VM_DEVICES_END && config->memory_base % MIB(2) == 0);
	MUST(config->memory_base + config->memory_size > config->memory_base);
	MUST((config->memory_base + config->memory_size - 1) >>
		     vm_gpa_bits(config->gstage_levels) ==
	     0);
	MUST(config->vcpus >= 1 && config->vcpus <= MAX_VCPUS);
	MUST(config->priority <= VM_PRIORITY_MAX);
	MUST(config->interrupt_identities % 64 == 63 && config->interrupt_identities <= 2047);
	MUST(config->affinity_count <= VM_AFFINITY_MAX);
	for (unsigned int i = 0; i < config->affinity_count; i++) {
		MUST(config->affinity[i].first >= next);
		MUST(config->affinity[i].last >= config->affinity[i].first);
		next = config->affinity[i].last + 1;
	}
	MUST(config->kernel.name && config->kernel.size && config->bootargs);
}

static void ranges_check(const struct vm_config *config)
{
	uint64_t next = VM_DEVICES_END, end = config->memory_base + config->memory_size;

	MUST(config->range_count <= VM_RANGES_MAX);
	for (uint32_t i = 0; i < config->range_count; i++) {
		const struct vm_range_config *range = &config->ranges[i];

		MUST(range->base >= next && range->size);
		MUST((range->base | range->size) % PAGE_SIZE == 0);
		next = range->base + range->size;
		MUST(next <= BIT(vm_gpa_bits(config->gstage_levels)));
		MUST(next <= config->memory_base || range->base >= end);
		MUST(range->name[0] && strlen(range->name) <= VM_NAME_MAX);
		MUST(range->read_only <= 1 && range->file.size <= range->size);
		MUST(!range->shared || (!range->file.name && range->shared[0]));
		MUST(!range->shared || strlen(range->shared) <= VM_NAME_MAX);
	}
	MUST(vm_config_memory_end(config) == MAX(next, end));
}

static bool apart(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return !a_size || !b_size || (a < b ? a_size <= b - a : b_size <= a - b);
}

static void layout_check(const struct vm_config *config, const struct vm_layout *layout)
{
	const uint64_t at[] = { layout->kernel_gpa.v, layout->ramdisk_gpa.v, layout->fdt_gpa.v };
	const uint64_t size[] = { layout->kernel_size, layout->ramdisk_size, layout->fdt_max_size };

	for (unsigned int i = 0; i < 3; i++) {
		MUST(!size[i] || at[i] >= config->memory_base);
		MUST(!size[i] || size[i] <= config->memory_size);
		MUST(!size[i] || at[i] - config->memory_base <= config->memory_size - size[i]);
		MUST(!size[i] || at[i] % (i ? PAGE_SIZE : MIB(2)) == 0);
		for (unsigned int j = 0; j < i; j++)
			MUST(apart(at[i], size[i], at[j], size[j]));
	}
	MUST(size[0] >= config->kernel.size && size[1] == config->ramdisk.size);
	MUST(layout->entry.v >= at[0] && layout->entry.v < at[0] + size[0]);
}

static void guest_tree_check(const struct vm_config *config, const struct vm_layout *layout)
{
	const struct guest_machine machine = {
		.timebase_frequency = 10000000,
		.extensions = extensions,
		.extension_count = ARRAY_SIZE(extensions),
		.mmu_type = "riscv,sv57",
		.aplic_msi = true,
		.aplic_sources = 96,
		.imsic_identities = config->interrupt_identities,
		.uart = { 0x10000000, 0x100, 10 },
		.rtc = { 0x101000, 0x1000, 11 },
		.test = { 0x100000, 0x1000, 0 },
		.aplic = { 0xd000000, 0x8000, 0 },
		.imsic = { 0x28000000, MAX_VCPUS * PAGE_SIZE, 0 },
	};
	uint64_t size = layout->fdt_max_size;
	void *blob = malloc(size);
	int result = guestfdt_build(config, &machine, layout, blob, size);

	if (result > 0)
		MUST(!fdt_blob_problem(blob, (size_t)result) && (uint64_t)result <= size);
	else
		MUST(config->device_tree.name);
	free(blob);
}

static void value_check(void *opaque, const char *name, const char *value, bool is_default)
{
	(void)opaque;
	(void)is_default;
	MUST(*name && (strcmp(name, "kernel/bootargs") == 0 || strlen(value) < VM_VALUE_MAX));
}

static void file_check(void *opaque, const char *name)
{
	(void)opaque;
	MUST(strlen(name) < SIZE_MAX);
}

static void vm_check(const void *fdt, int node, const struct bundle *bundle,
		     struct test_report *report)
{
	unsigned int errors = report->report.errors;
	struct vm_config config;
	struct vm_layout layout;

	vmdesc_files(fdt, node, file_check, NULL);
	if (vmdesc_parse(fdt, node, bundle, &config, &report->report)) {
		MUST(report->report.errors > errors);
		return;
	}
	MUST(report->report.errors == errors);
	config_check(&config);
	ranges_check(&config);
	vmdesc_print(&config, value_check, NULL);
	vm_config_allows_hart(&config, 0);
	MUST(vm_layout_compute(&config, &layout, &report->report) == 0);
	layout_check(&config, &layout);
	guest_tree_check(&config, &layout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t scratch[TREE_ROOM / 8];
	struct input input = { data, size };
	struct cpio cpio = { 0 };
	struct test_report report;
	struct bundle bundle;
	const void *fdt = NULL;

	archive_make(&input, &cpio);
	test_report_init(&report);
	if (bundle_open(cpio.data, cpio.size, &bundle, &report.report)) {
		MUST(report.report.errors);
	} else {
		bundle_check(&cpio, &bundle);
		fdt = vmdesc_open(&bundle, scratch, sizeof(scratch), &report.report);
		MUST(fdt || report.report.errors);
	}
	if (fdt) {
		vmdesc_check(fdt, &report.report);
		for (int node = vmdesc_next(fdt, -1); node >= 0; node = vmdesc_next(fdt, node))
			vm_check(fdt, node, &bundle, &report);
	}
	cpio_free(&cpio);
	return 0;
}
