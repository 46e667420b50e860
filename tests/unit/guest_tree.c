/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest_tree.h"

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *const guest_extensions[GUEST_EXTENSIONS] = {
	"sstc",	  "i",	    "zba", "m",	      "a",     "ssaia",	   "f",	  "d",
	"c",	  "zicbom", "v",   "svnapot", "zicsr", "zifencei", "zbb", "zvfh",
	"svpbmt", "zfh",    "zcb", "zca",     "zawrs", "zicboz",   "i",
};

int guest_setup(void **state)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	vmtree_init(&guest->tree);
	vmtree_set_u32(&guest->tree, "/vm", "cpus", 2);
	vmtree_set_string(&guest->tree, "/vm/kernel", "bootargs", "console=ttyS0");
	vmtree_set_string(&guest->tree, "/vm/ramdisk", "file", "ramdisk");
	guest->machine = (struct guest_machine){
		.timebase_frequency = 10000000,
		.extensions = guest_extensions,
		.extension_count = ARRAY_SIZE(guest_extensions),
		.mmu_type = "riscv,sv57",
		.cbom_block_size = 64,
		.cboz_block_size = 128,
		.aplic_msi = true,
		.aplic_sources = 96,
		.imsic_identities = 255,
		.uart = { 0x10000000, 0x100, 10 },
		.rtc = { 0x101000, 0x1000, 11 },
		.test = { 0x100000, 0x1000, 0 },
		.aplic = { 0xd000000, 0x8000, 0 },
		.imsic = { 0x28000000, MAX_VCPUS * PAGE_SIZE, 0 },
	};
	for (size_t i = 0; i < sizeof(guest->machine.rng_seed); i++)
		guest->machine.rng_seed[i] = (uint8_t)(i + 1);
	*state = guest;
	return 0;
}

int guest_teardown(void **state)
{
	struct guest *guest = *state;

	vmtree_free(&guest->tree);
	free(guest);
	return 0;
}

void guest_build(struct guest *guest)
{
	assert_vm_accepted(&guest->tree);
	assert_int_equal(
		vm_layout_compute(&guest->tree.config, &guest->layout, &guest->tree.report.report),
		0);
	memset(guest->blob, 0xee, sizeof(guest->blob));
	guest->result = guestfdt_build(&guest->tree.config, &guest->machine, &guest->layout,
				       guest->blob, guest->layout.fdt_max_size);
	if (guest->result > 0)
		assert_null(fdt_blob_problem(guest->blob, (size_t)guest->result));
}

int node_at(struct guest *guest, const char *path)
{
	int node = fdt_path_offset(guest->blob, path);

	if (node < 0)
		fail_msg("no node %s", path);
	return node;
}

const void *property(struct guest *guest, const char *path, const char *name, int *size)
{
	const void *value = fdt_getprop(guest->blob, node_at(guest, path), name, size);

	if (!value)
		fail_msg("no property %s: %s", path, name);
	return value;
}

void assert_no_node(struct guest *guest, const char *path)
{
	if (fdt_path_offset(guest->blob, path) != -FDT_ERR_NOTFOUND)
		fail_msg("there is a node %s", path);
}

void assert_no_property(struct guest *guest, const char *path, const char *name)
{
	if (fdt_getprop(guest->blob, node_at(guest, path), name, NULL))
		fail_msg("there is a property %s: %s", path, name);
}

void assert_text(struct guest *guest, const char *path, const char *name, const char *text)
{
	int size;
	const char *value = property(guest, path, name, &size);

	assert_int_equal(size, strlen(text) + 1);
	assert_string_equal(value, text);
}

void assert_cells(struct guest *guest, const char *path, const char *name, ...)
{
	int size, count = 0;
	const fdt32_t *value = property(guest, path, name, &size);
	va_list cells;

	va_start(cells, name);
	for (int64_t cell; (cell = va_arg(cells, int64_t)) >= 0; count++) {
		assert_true(count < size / 4);
		if (fdt32_ld(&value[count]) != cell)
			fail_msg("%s: %s: cell %d is 0x%x", path, name, count,
				 fdt32_ld(&value[count]));
	}
	va_end(cells);
	assert_int_equal(count, size / 4);
}

unsigned int dtc_complaints(const void *blob, size_t size)
{
	char command[100], line[200];
	unsigned int count = 0;
	FILE *file = tmpfile(), *output;

	assert_non_null(file);
	assert_int_equal(fwrite(blob, 1, size, file), size);
	assert_int_equal(fflush(file), 0);
	snprintf(command, sizeof(command), "dtc -I dtb -O dts -o /dev/null /dev/fd/%d 2>&1",
		 fileno(file));
	output = popen(command, "r");
	assert_non_null(output);
	for (; fgets(line, sizeof(line), output); count++)
		fputs(line, stderr);
	assert_int_equal(pclose(output), 0);
	fclose(file);
	return count;
}

uint32_t phandle_of(struct guest *guest, const char *path)
{
	return fdt_get_phandle(guest->blob, node_at(guest, path));
}
