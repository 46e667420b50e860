/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the guest's device tree: what guests look for, its checks by dtc, and its limits. */
#include <core/guestfdt.h>

#include <errno.h>
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmtree.h"

static const char *const extensions[] = {
	"sstc",	  "i",	    "zba", "m",	      "a",     "ssaia",	   "f",	  "d",
	"c",	  "zicbom", "v",   "svnapot", "zicsr", "zifencei", "zbb", "zvfh",
	"svpbmt", "zfh",    "zcb", "zca",     "zawrs", "zicboz",   "i",
};

static const char isa[] = "rv64imafdcv_zicbom_zicboz_zicsr_zifencei_zawrs_zfh_zca_zcb_zba_zbb_"
			  "zvfh_ssaia_sstc_svnapot_svpbmt";

struct guest {
	struct vmtree tree;
	struct guest_machine machine;
	struct vm_layout layout;
	uint64_t blob[MIB(1) / 8];
	int result; /* of guestfdt_build() */
};

static int setup(void **state)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	vmtree_init(&guest->tree);
	vmtree_set_u32(&guest->tree, "/vm", "cpus", 2);
	vmtree_set_string(&guest->tree, "/vm/kernel", "bootargs", "console=ttyS0");
	vmtree_set_string(&guest->tree, "/vm/ramdisk", "file", "ramdisk");
	guest->machine = (struct guest_machine){
		.timebase_frequency = 10000000,
		.extensions = extensions,
		.extension_count = ARRAY_SIZE(extensions),
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

static int teardown(void **state)
{
	struct guest *guest = *state;

	vmtree_free(&guest->tree);
	free(guest);
	return 0;
}

/* Parses the VM, lays it out and builds its tree in exactly the room that is reserved. */
static void build(struct guest *guest)
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

static int node_at(struct guest *guest, const char *path)
{
	int node = fdt_path_offset(guest->blob, path);

	if (node < 0)
		fail_msg("no node %s", path);
	return node;
}

static const void *property(struct guest *guest, const char *path, const char *name, int *size)
{
	const void *value = fdt_getprop(guest->blob, node_at(guest, path), name, size);

	if (!value)
		fail_msg("no property %s: %s", path, name);
	return value;
}

static void assert_text(struct guest *guest, const char *path, const char *name, const char *text)
{
	int size;
	const char *value = property(guest, path, name, &size);

	assert_int_equal(size, strlen(text) + 1);
	assert_string_equal(value, text);
}

/* @cells ends with -1. */
static void assert_cells(struct guest *guest, const char *path, const char *name, ...)
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

#define C(n) ((int64_t)(n))
#define END ((int64_t)-1)

/* Runs dtc, which checks what it reads; returns how many lines it had to say. */
static unsigned int dtc_complaints(const void *blob, size_t size)
{
	char path[] = "/tmp/guestfdt.XXXXXX", command[100], line[200];
	int file = mkstemp(path);
	unsigned int count = 0;
	FILE *output;

	assert_true(file >= 0);
	assert_int_equal(write(file, blob, size), size);
	close(file);
	snprintf(command, sizeof(command), "dtc -I dtb -O dts -o /dev/null %s 2>&1", path);
	output = popen(command, "r");
	assert_non_null(output);
	for (; fgets(line, sizeof(line), output); count++)
		fputs(line, stderr);
	assert_int_equal(pclose(output), 0);
	unlink(path);
	return count;
}

static void dtc_finds_nothing_wrong(void **state)
{
	struct guest *guest = *state;

	for (int i = 0; i < 4; i++) {
		guest->machine.aplic_msi = i & 1;
		vmtree_set_u32(&guest->tree, "/vm", "cpus", i & 2 ? 13 : 1);
		build(guest);
		assert_true(guest->result > 0);
		assert_int_equal(dtc_complaints(guest->blob, (size_t)guest->result), 0);
	}
}

static void the_root_says_what_machine_it_is(void **state)
{
	struct guest *guest = *state;

	build(guest);
	assert_cells(guest, "/", "#address-cells", C(2), END);
	assert_cells(guest, "/", "#size-cells", C(2), END);
	assert_text(guest, "/", "model", "hartvisor,virt");
	assert_int_equal(fdt_node_check_compatible(guest->blob, 0, "hartvisor,virt"), 0);
	assert_int_equal(fdt_node_check_compatible(guest->blob, 0, "riscv-virtio"), 0);
	assert_text(guest, "/aliases", "serial0", "/soc/serial@10000000");
}

static void chosen_has_what_the_kernel_is_started_with(void **state)
{
	struct guest *guest = *state;
	uint64_t ramdisk;
	const void *seed;
	int size;

	build(guest);
	ramdisk = guest->layout.ramdisk_gpa.v;
	assert_text(guest, "/chosen", "bootargs", "console=ttyS0");
	assert_text(guest, "/chosen", "stdout-path", "/soc/serial@10000000");
	assert_cells(guest, "/chosen", "linux,initrd-start", C(ramdisk >> 32),
		     C(ramdisk & UINT32_MAX), END);
	ramdisk += sizeof(guest->tree.ramdisk);
	assert_cells(guest, "/chosen", "linux,initrd-end", C(ramdisk >> 32),
		     C(ramdisk & UINT32_MAX), END);
	seed = property(guest, "/chosen", "rng-seed", &size);
	assert_int_equal(size, 64);
	assert_memory_equal(seed, guest->machine.rng_seed, 64);
	vmtree_remove(&guest->tree, "/vm/ramdisk", NULL);
	build(guest);
	assert_null(
		fdt_getprop(guest->blob, node_at(guest, "/chosen"), "linux,initrd-start", NULL));
}

static void memory_is_one_node(void **state)
{
	struct guest *guest = *state;

	build(guest);
	assert_text(guest, "/memory@80000000", "device_type", "memory");
	assert_cells(guest, "/memory@80000000", "reg", C(0), C(0x80000000), C(0), C(VMTREE_MEMORY),
		     END);
	vmtree_set_u64(&guest->tree, "/vm", "memory-base", 0x240000000);
	build(guest);
	assert_cells(guest, "/memory@240000000", "reg", C(2), C(0x40000000), C(0), C(VMTREE_MEMORY),
		     END);
}

static void range_add(struct guest *guest, const char *name, uint64_t base, uint64_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/vm/ranges/%s", name);
	vmtree_set_u64(&guest->tree, path, "base", base);
	vmtree_set_u64(&guest->tree, path, "size", size);
}

static void ranges_are_memory_or_reserved(void **state)
{
	struct guest *guest = *state;
	struct vmtree *tree = &guest->tree;
	const char *const rom = "/reserved-memory/rom@100000000";
	const char *const mail = "/reserved-memory/mail@200000000";
	const char *const view = "/reserved-memory/view@10200000000";

	range_add(guest, "high", 0x10000000000, MIB(64));
	build(guest);
	assert_cells(guest, "/memory@10000000000", "reg", C(0x100), C(0), C(0), C(MIB(64)), END);
	assert_text(guest, "/memory@10000000000", "device_type", "memory");
	assert_cells(guest, "/memory@80000000", "reg", C(0), C(0x80000000), C(0), C(VMTREE_MEMORY),
		     END);
	assert_int_equal(fdt_path_offset(guest->blob, "/reserved-memory"), -FDT_ERR_NOTFOUND);
	range_add(guest, "rom", 0x100000000, KIB(8));
	vmtree_set(tree, "/vm/ranges/rom", "read-only", NULL, 0);
	range_add(guest, "mail", 0x200000000, KIB(4));
	vmtree_set_string(tree, "/vm/ranges/mail", "shared", "mailbox");
	range_add(guest, "view", 0x10200000000, KIB(4));
	vmtree_set_string(tree, "/vm/ranges/view", "shared", "other");
	vmtree_set_u32(tree, "/vm/ranges/view", "read-only", 1);
	build(guest);
	assert_cells(guest, "/reserved-memory", "#address-cells", C(2), END);
	assert_cells(guest, "/reserved-memory", "#size-cells", C(2), END);
	property(guest, "/reserved-memory", "ranges", NULL);
	assert_text(guest, rom, "compatible", "hartvisor,read-only-memory");
	assert_cells(guest, rom, "reg", C(1), C(0), C(0), C(KIB(8)), END);
	property(guest, rom, "no-map", NULL);
	assert_null(fdt_getprop(guest->blob, node_at(guest, rom), "hartvisor,region", NULL));
	assert_text(guest, mail, "compatible", "hartvisor,shared-memory");
	assert_text(guest, mail, "hartvisor,region", "mailbox");
	assert_cells(guest, mail, "reg", C(2), C(0), C(0), C(KIB(4)), END);
	property(guest, mail, "no-map", NULL);
	assert_int_equal(fdt_stringlist_count(guest->blob, node_at(guest, view), "compatible"), 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fdt_node_check_compatible(guest->blob, node_at(guest, view),
							   i ? "hartvisor,read-only-memory"
							     : "hartvisor,shared-memory"),
				 0);
	assert_text(guest, view, "hartvisor,region", "other");
	assert_int_equal(fdt_path_offset(guest->blob, "/memory@100000000"), -FDT_ERR_NOTFOUND);
	assert_int_equal(fdt_path_offset(guest->blob, "/memory@200000000"), -FDT_ERR_NOTFOUND);
	assert_int_equal(dtc_complaints(guest->blob, (size_t)guest->result), 0);
}

/* The longest names there are, and all that a node can have. */
static void ranges_add(struct guest *guest, unsigned int count)
{
	char name[40], path[64];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "a-name-that-is-as-long-as-can-%c", 'a' + i);
		range_add(guest, name, BIT(58) + i * MIB(1), KIB(4));
		snprintf(path, sizeof(path), "/vm/ranges/%s", name);
		vmtree_set_u32(&guest->tree, path, "read-only", 1);
		vmtree_set_string(&guest->tree, path, "shared", name);
	}
}

static void a_cpu_node_has_the_isa_in_both_forms(void **state)
{
	struct guest *guest = *state;
	int node;

	build(guest);
	assert_cells(guest, "/cpus", "timebase-frequency", C(10000000), END);
	assert_text(guest, "/cpus/cpu@1", "device_type", "cpu");
	assert_cells(guest, "/cpus/cpu@1", "reg", C(1), END);
	assert_text(guest, "/cpus/cpu@1", "status", "okay");
	assert_text(guest, "/cpus/cpu@1", "compatible", "riscv");
	assert_text(guest, "/cpus/cpu@1", "riscv,isa", isa);
	assert_text(guest, "/cpus/cpu@1", "riscv,isa-base", "rv64i");
	node = node_at(guest, "/cpus/cpu@1");
	assert_int_equal(fdt_stringlist_count(guest->blob, node, "riscv,isa-extensions"),
			 ARRAY_SIZE(extensions) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++)
		assert_true(fdt_stringlist_search(guest->blob, node, "riscv,isa-extensions",
						  extensions[i]) >= 0);
	assert_text(guest, "/cpus/cpu@1", "mmu-type", "riscv,sv57");
	assert_cells(guest, "/cpus/cpu@1", "riscv,cbom-block-size", C(64), END);
	assert_cells(guest, "/cpus/cpu@1", "riscv,cboz-block-size", C(128), END);
	assert_null(fdt_getprop(guest->blob, node, "riscv,cbop-block-size", NULL));
	assert_text(guest, "/cpus/cpu@1/interrupt-controller", "compatible", "riscv,cpu-intc");
	assert_int_equal(fdt_path_offset(guest->blob, "/cpus/cpu@2"), -FDT_ERR_NOTFOUND);
}

static void cpu_nodes_are_named_in_hexadecimal(void **state)
{
	struct guest *guest = *state;

	vmtree_set_u32(&guest->tree, "/vm", "cpus", MAX_VCPUS);
	build(guest);
	assert_true(guest->result > 0);
	assert_cells(guest, "/cpus/cpu@a", "reg", C(10), END);
	assert_cells(guest, "/cpus/cpu@3f", "reg", C(63), END);
}

static uint32_t phandle_of(struct guest *guest, const char *path)
{
	return fdt_get_phandle(guest->blob, node_at(guest, path));
}

static void with_imsics_the_aplic_sends_messages(void **state)
{
	struct guest *guest = *state;
	const char *aplic = "/soc/interrupt-controller@d000000", *imsics = "/soc/imsics@28000000";

	build(guest);
	assert_text(guest, aplic, "compatible", "riscv,aplic");
	assert_cells(guest, aplic, "reg", C(0), C(0xd000000), C(0), C(0x8000), END);
	assert_cells(guest, aplic, "riscv,num-sources", C(96), END);
	assert_cells(guest, aplic, "#interrupt-cells", C(2), END);
	assert_cells(guest, aplic, "msi-parent", C(phandle_of(guest, imsics)), END);
	assert_null(fdt_getprop(guest->blob, node_at(guest, aplic), "interrupts-extended", NULL));
	assert_text(guest, imsics, "compatible", "riscv,imsics");
	assert_cells(guest, imsics, "reg", C(0), C(0x28000000), C(0), C(0x2000), END);
	assert_cells(guest, imsics, "riscv,num-ids", C(255), END);
	assert_cells(guest, imsics, "#interrupt-cells", C(0), END);
	assert_cells(guest, imsics, "interrupts-extended",
		     C(phandle_of(guest, "/cpus/cpu@0/interrupt-controller")), C(9),
		     C(phandle_of(guest, "/cpus/cpu@1/interrupt-controller")), C(9), END);
	property(guest, imsics, "msi-controller", NULL);
	property(guest, imsics, "interrupt-controller", NULL);
}

static void without_imsics_the_aplic_drives_the_vcpus(void **state)
{
	struct guest *guest = *state;
	const char *aplic = "/soc/interrupt-controller@d000000";

	guest->machine.aplic_msi = false;
	build(guest);
	assert_cells(guest, aplic, "interrupts-extended",
		     C(phandle_of(guest, "/cpus/cpu@0/interrupt-controller")), C(9),
		     C(phandle_of(guest, "/cpus/cpu@1/interrupt-controller")), C(9), END);
	assert_null(fdt_getprop(guest->blob, node_at(guest, aplic), "msi-parent", NULL));
	assert_int_equal(fdt_path_offset(guest->blob, "/soc/imsics@28000000"), -FDT_ERR_NOTFOUND);
}

static void devices_are_where_the_machine_has_them(void **state)
{
	struct guest *guest = *state;
	uint32_t aplic;

	build(guest);
	aplic = phandle_of(guest, "/soc/interrupt-controller@d000000");
	assert_text(guest, "/soc", "compatible", "simple-bus");
	assert_text(guest, "/soc/serial@10000000", "compatible", "ns16550a");
	assert_cells(guest, "/soc/serial@10000000", "reg", C(0), C(0x10000000), C(0), C(0x100),
		     END);
	assert_cells(guest, "/soc/serial@10000000", "clock-frequency", C(3686400), END);
	assert_cells(guest, "/soc/serial@10000000", "interrupt-parent", C(aplic), END);
	assert_cells(guest, "/soc/serial@10000000", "interrupts", C(10), C(4), END);
	assert_text(guest, "/soc/rtc@101000", "compatible", "google,goldfish-rtc");
	assert_cells(guest, "/soc/rtc@101000", "interrupts", C(11), C(4), END);
	assert_int_equal(fdt_node_check_compatible(guest->blob, node_at(guest, "/soc/test@100000"),
						   "syscon"),
			 0);
	assert_cells(guest, "/poweroff", "regmap", C(phandle_of(guest, "/soc/test@100000")), END);
	assert_cells(guest, "/poweroff", "value", C(0x5555), END);
	assert_cells(guest, "/reboot", "value", C(0x7777), END);
}

static void devices_that_are_not_there_have_no_node(void **state)
{
	struct guest *guest = *state;

	memset(&guest->machine.uart, 0, sizeof(guest->machine.uart));
	memset(&guest->machine.rtc, 0, sizeof(guest->machine.rtc));
	memset(&guest->machine.test, 0, sizeof(guest->machine.test));
	memset(&guest->machine.aplic, 0, sizeof(guest->machine.aplic));
	memset(&guest->machine.imsic, 0, sizeof(guest->machine.imsic));
	build(guest);
	assert_int_equal(fdt_first_subnode(guest->blob, node_at(guest, "/soc")), -FDT_ERR_NOTFOUND);
	assert_null(fdt_getprop(guest->blob, node_at(guest, "/chosen"), "stdout-path", NULL));
	assert_int_equal(fdt_path_offset(guest->blob, "/poweroff"), -FDT_ERR_NOTFOUND);
	assert_int_equal(dtc_complaints(guest->blob, (size_t)guest->result), 0);
}

static void the_reserved_room_is_enough(void **state)
{
	static char names[138][16]; /* 11 bytes each: all that ISA_STRING_MAX allows */
	const char *many[ARRAY_SIZE(names)];
	struct guest *guest = *state;

	for (int i = 0; i < (int)ARRAY_SIZE(names); i++) {
		snprintf(names[i], sizeof(names[i]), "zvl%db", i + 100000);
		many[i] = names[i];
	}
	guest->machine.extensions = many;
	guest->machine.extension_count = ARRAY_SIZE(many);
	for (uint32_t vcpus = 1; vcpus <= MAX_VCPUS; vcpus++) {
		vmtree_set_u32(&guest->tree, "/vm", "cpus", vcpus);
		build(guest);
		assert_true(guest->result > 0);
	}
	for (unsigned int i = 1; i <= VM_RANGES_MAX; i++) {
		ranges_add(guest, i);
		build(guest);
		assert_true(guest->result > 0);
	}
}

/* What is reserved for ranges is enough by itself. */
static void ranges_need_no_more_than_their_room(void **state)
{
	struct guest *guest = *state;
	int without, with;
	uint64_t room;

	build(guest);
	without = guest->result;
	room = guest->layout.fdt_max_size;
	for (unsigned int i = 1; i <= VM_RANGES_MAX; i++) {
		ranges_add(guest, i);
		build(guest);
		with = guest->result;
		assert_in_range(with - without, 1, 512 * i);
	}
	assert_int_equal(guest->layout.fdt_max_size, room + 512 * VM_RANGES_MAX);
}

static void too_little_room_is_told(void **state)
{
	struct guest *guest = *state;
	uint64_t *small;
	int whole;

	build(guest);
	whole = guest->result;
	assert_true(whole > 0);
	for (int size = 0; size < whole; size += 8) {
		small = malloc((size_t)size + 8); /* ASan guards the end */
		assert_int_equal(guestfdt_build(&guest->tree.config, &guest->machine,
						&guest->layout, small, (size_t)size),
				 -ENOSPC);
		free(small);
	}
}

static void machines_that_cannot_be_are_refused(void **state)
{
	static const char *const bad[] = { "i", "zba,evil" };
	struct guest *guest = *state;

	guest->machine.imsic.size = PAGE_SIZE; /* of two vCPUs */
	build(guest);
	assert_int_equal(guest->result, -EINVAL);
	guest->machine.imsic.size = 2 * PAGE_SIZE;
	guest->machine.extensions = bad;
	guest->machine.extension_count = ARRAY_SIZE(bad);
	build(guest);
	assert_int_equal(guest->result, -EINVAL);
	guest->machine.extension_count = 1;
	build(guest);
	assert_true(guest->result > 0);
	guest->machine.timebase_frequency = 0;
	build(guest);
	assert_int_equal(guest->result, -EINVAL);
}

static void a_tree_of_the_vms_own_is_completed(void **state)
{
	struct guest *guest = *state;
	uint64_t own[64];

	assert_int_equal(fdt_create_empty_tree(own, sizeof(own)), 0);
	assert_int_equal(fdt_setprop_string(own, 0, "model", "mine"), 0);
	guest->tree.guest_dtb = own;
	guest->tree.guest_dtb_size = sizeof(own);
	vmtree_set_string(&guest->tree, "/vm/device-tree", "file", "guest.dtb");
	build(guest);
	assert_true(guest->result > 0);
	assert_text(guest, "/", "model", "mine");
	assert_text(guest, "/chosen", "bootargs", "console=ttyS0");
	assert_cells(guest, "/chosen", "linux,initrd-start", C(0), C(guest->layout.ramdisk_gpa.v),
		     END);
	property(guest, "/chosen", "rng-seed", NULL);
	assert_int_equal(guestfdt_build(&guest->tree.config, &guest->machine, &guest->layout,
					guest->blob, 100),
			 -ENOSPC);
}

static void bootargs_of_the_vms_own_tree_stay(void **state)
{
	struct guest *guest = *state;
	uint64_t own[64];
	int chosen;

	assert_int_equal(fdt_create_empty_tree(own, sizeof(own)), 0);
	chosen = fdt_add_subnode(own, 0, "chosen");
	assert_int_equal(fdt_setprop_string(own, chosen, "bootargs", "own"), 0);
	guest->tree.guest_dtb = own;
	guest->tree.guest_dtb_size = sizeof(own);
	vmtree_set_string(&guest->tree, "/vm/device-tree", "file", "guest.dtb");
	vmtree_remove(&guest->tree, "/vm/kernel", "bootargs");
	build(guest);
	assert_text(guest, "/chosen", "bootargs", "own");
}

static void a_damaged_tree_of_the_vms_own_is_survived(void **state)
{
	struct guest *guest = *state;
	uint64_t own[64], copy[64];
	int chosen;

	assert_vm_accepted(&guest->tree);
	assert_int_equal(
		vm_layout_compute(&guest->tree.config, &guest->layout, &guest->tree.report.report),
		0);
	assert_int_equal(fdt_create_empty_tree(own, sizeof(own)), 0);
	chosen = fdt_add_subnode(own, 0, "chosen");
	assert_int_equal(fdt_setprop_string(own, chosen, "bootargs", "own"), 0);
	assert_int_equal(fdt_pack(own), 0);
	guest->tree.config.device_tree = (struct vm_file){ "own", copy, fdt_totalsize(own) };
	for (size_t bit = 0; bit < fdt_totalsize(own) * 8; bit++) {
		memcpy(copy, own, sizeof(own));
		((uint8_t *)copy)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		guestfdt_build(&guest->tree.config, &guest->machine, &guest->layout, guest->blob,
			       guest->layout.fdt_max_size);
	}
}

static void isa_strings_are_in_canonical_order(void **state)
{
	static const struct {
		const char *const names[10];
		unsigned int count;
		const char *string;
	} cases[] = {
		{ { "i" }, 1, "rv64i" },
		{ { "h", "v", "b", "c", "q", "d", "f", "a", "m", "i" }, 10, "rv64imafdqcbvh" },
		{ { "zba", "i", "zicsr" }, 3, "rv64i_zicsr_zba" },
		{ { "svpbmt", "zvfh", "xabc", "i", "smaia" }, 5, "rv64i_zvfh_smaia_svpbmt_xabc" },
		{ { "zfh", "zfa", "zmmul", "zaamo", "zca", "zkt", "i" },
		  7,
		  "rv64i_zmmul_zaamo_zfa_zfh_zca_zkt" },
		{ { "i", "m", "m", "zba", "zba" }, 5, "rv64im_zba" },
		{ { "" }, 0, "rv64" },
	};
	char buffer[ISA_STRING_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t length = strlen(cases[i].string);

		assert_int_equal(isa_string(buffer, sizeof(buffer), cases[i].names, cases[i].count),
				 length);
		assert_string_equal(buffer, cases[i].string);
		assert_int_equal(isa_string(buffer, length + 1, cases[i].names, cases[i].count),
				 length);
		for (size_t size = 0; size <= length; size++) {
			char *small = malloc(size + 1);

			assert_int_equal(isa_string(small, size, cases[i].names, cases[i].count),
					 -ENOSPC);
			free(small);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dtc_finds_nothing_wrong),
		TEST(the_root_says_what_machine_it_is),
		TEST(chosen_has_what_the_kernel_is_started_with),
		TEST(memory_is_one_node),
		TEST(ranges_are_memory_or_reserved),
		TEST(ranges_need_no_more_than_their_room),
		TEST(a_cpu_node_has_the_isa_in_both_forms),
		TEST(cpu_nodes_are_named_in_hexadecimal),
		TEST(with_imsics_the_aplic_sends_messages),
		TEST(without_imsics_the_aplic_drives_the_vcpus),
		TEST(devices_are_where_the_machine_has_them),
		TEST(devices_that_are_not_there_have_no_node),
		TEST(the_reserved_room_is_enough),
		TEST(too_little_room_is_told),
		TEST(machines_that_cannot_be_are_refused),
		TEST(a_tree_of_the_vms_own_is_completed),
		TEST(bootargs_of_the_vms_own_tree_stay),
		TEST(a_damaged_tree_of_the_vms_own_is_survived),
		cmocka_unit_test(isa_strings_are_in_canonical_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
