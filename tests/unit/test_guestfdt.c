/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the guest's device tree: what guests look for, and its checks by dtc. */
#include <core/guestfdt.h>

#include <errno.h>
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest_tree.h"

static const char isa[] = "rv64imafdcv_zicbom_zicboz_zicsr_zifencei_zawrs_zfh_zca_zcb_zba_zbb_"
			  "zvfh_ssaia_sstc_svnapot_svpbmt";

static void dtc_finds_nothing_wrong(void **state)
{
	struct guest *guest = *state;

	for (int i = 0; i < 4; i++) {
		guest->machine.aplic_msi = i & 1;
		vmtree_set_u32(&guest->tree, "/vm", "cpus", i & 2 ? 13 : 1);
		guest_build(guest);
		assert_true(guest->result > 0);
		assert_int_equal(dtc_complaints(guest->blob, (size_t)guest->result), 0);
	}
}

static void the_root_says_what_machine_it_is(void **state)
{
	struct guest *guest = *state;

	guest_build(guest);
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

	guest_build(guest);
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
	guest_build(guest);
	assert_no_property(guest, "/chosen", "linux,initrd-start");
}

static void memory_is_one_node(void **state)
{
	struct guest *guest = *state;

	guest_build(guest);
	assert_text(guest, "/memory@80000000", "device_type", "memory");
	assert_cells(guest, "/memory@80000000", "reg", C(0), C(0x80000000), C(0), C(VMTREE_MEMORY),
		     END);
	vmtree_set_u64(&guest->tree, "/vm", "memory-base", 0x240000000);
	guest_build(guest);
	assert_cells(guest, "/memory@240000000", "reg", C(2), C(0x40000000), C(0), C(VMTREE_MEMORY),
		     END);
}

static void ranges_are_memory_or_reserved(void **state)
{
	struct guest *guest = *state;
	struct vmtree *tree = &guest->tree;
	const char *const rom = "/reserved-memory/rom@100000000";
	const char *const mail = "/reserved-memory/mail@200000000";
	const char *const view = "/reserved-memory/view@10200000000";

	vmtree_range(&guest->tree, "high", 0x10000000000, MIB(64));
	guest_build(guest);
	assert_cells(guest, "/memory@10000000000", "reg", C(0x100), C(0), C(0), C(MIB(64)), END);
	assert_text(guest, "/memory@10000000000", "device_type", "memory");
	assert_cells(guest, "/memory@80000000", "reg", C(0), C(0x80000000), C(0), C(VMTREE_MEMORY),
		     END);
	assert_no_node(guest, "/reserved-memory");
	vmtree_range(&guest->tree, "rom", 0x100000000, KIB(8));
	vmtree_set(tree, "/vm/ranges/rom", "read-only", NULL, 0);
	vmtree_range(&guest->tree, "mail", 0x200000000, KIB(4));
	vmtree_set_string(tree, "/vm/ranges/mail", "shared", "mailbox");
	vmtree_range(&guest->tree, "view", 0x10200000000, KIB(4));
	vmtree_set_string(tree, "/vm/ranges/view", "shared", "other");
	vmtree_set_u32(tree, "/vm/ranges/view", "read-only", 1);
	guest_build(guest);
	assert_cells(guest, "/reserved-memory", "#address-cells", C(2), END);
	assert_cells(guest, "/reserved-memory", "#size-cells", C(2), END);
	property(guest, "/reserved-memory", "ranges", NULL);
	assert_text(guest, rom, "compatible", "hartvisor,read-only-memory");
	assert_cells(guest, rom, "reg", C(1), C(0), C(0), C(KIB(8)), END);
	property(guest, rom, "no-map", NULL);
	assert_no_property(guest, rom, "hartvisor,region");
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
	assert_no_node(guest, "/memory@100000000");
	assert_no_node(guest, "/memory@200000000");
	assert_int_equal(dtc_complaints(guest->blob, (size_t)guest->result), 0);
}

static void a_cpu_node_has_the_isa_in_both_forms(void **state)
{
	struct guest *guest = *state;
	int node;

	guest_build(guest);
	assert_cells(guest, "/cpus", "timebase-frequency", C(10000000), END);
	assert_text(guest, "/cpus/cpu@1", "device_type", "cpu");
	assert_cells(guest, "/cpus/cpu@1", "reg", C(1), END);
	assert_text(guest, "/cpus/cpu@1", "status", "okay");
	assert_text(guest, "/cpus/cpu@1", "compatible", "riscv");
	assert_text(guest, "/cpus/cpu@1", "riscv,isa", isa);
	assert_text(guest, "/cpus/cpu@1", "riscv,isa-base", "rv64i");
	node = node_at(guest, "/cpus/cpu@1");
	assert_int_equal(fdt_stringlist_count(guest->blob, node, "riscv,isa-extensions"),
			 ARRAY_SIZE(guest_extensions) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(guest_extensions); i++)
		assert_true(fdt_stringlist_search(guest->blob, node, "riscv,isa-extensions",
						  guest_extensions[i]) >= 0);
	assert_text(guest, "/cpus/cpu@1", "mmu-type", "riscv,sv57");
	assert_cells(guest, "/cpus/cpu@1", "riscv,cbom-block-size", C(64), END);
	assert_cells(guest, "/cpus/cpu@1", "riscv,cboz-block-size", C(128), END);
	assert_null(fdt_getprop(guest->blob, node, "riscv,cbop-block-size", NULL));
	assert_text(guest, "/cpus/cpu@1/interrupt-controller", "compatible", "riscv,cpu-intc");
	assert_no_node(guest, "/cpus/cpu@2");
}

static void cpu_nodes_are_named_in_hexadecimal(void **state)
{
	struct guest *guest = *state;

	vmtree_set_u32(&guest->tree, "/vm", "cpus", MAX_VCPUS);
	guest_build(guest);
	assert_true(guest->result > 0);
	assert_cells(guest, "/cpus/cpu@a", "reg", C(10), END);
	assert_cells(guest, "/cpus/cpu@3f", "reg", C(63), END);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(dtc_finds_nothing_wrong),
		GUEST_TEST(the_root_says_what_machine_it_is),
		GUEST_TEST(chosen_has_what_the_kernel_is_started_with),
		GUEST_TEST(memory_is_one_node),
		GUEST_TEST(ranges_are_memory_or_reserved),
		GUEST_TEST(a_cpu_node_has_the_isa_in_both_forms),
		GUEST_TEST(cpu_nodes_are_named_in_hexadecimal),
		cmocka_unit_test(isa_strings_are_in_canonical_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
