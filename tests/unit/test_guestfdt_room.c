/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the guest's device tree: the room for it, what is refused, and trees of the VM's own. */
#include <core/guestfdt.h>

#include <errno.h>
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest_tree.h"

/* The longest names there are, and all that a node can have. */
static void ranges_add(struct guest *guest, unsigned int count)
{
	char name[40], path[64];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "a-name-that-is-as-long-as-can-%c", 'a' + i);
		vmtree_range(&guest->tree, name, BIT(58) + i * MIB(1), KIB(4));
		snprintf(path, sizeof(path), "/vm/ranges/%s", name);
		vmtree_set_u32(&guest->tree, path, "read-only", 1);
		vmtree_set_string(&guest->tree, path, "shared", name);
	}
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
		guest_build(guest);
		assert_true(guest->result > 0);
	}
	for (unsigned int i = 1; i <= VM_RANGES_MAX; i++) {
		ranges_add(guest, i);
		guest_build(guest);
		assert_true(guest->result > 0);
	}
}

/* What is reserved for ranges is enough by itself. */
static void ranges_need_no_more_than_their_room(void **state)
{
	struct guest *guest = *state;
	int without, with;
	uint64_t room;

	guest_build(guest);
	without = guest->result;
	room = guest->layout.fdt_max_size;
	for (unsigned int i = 1; i <= VM_RANGES_MAX; i++) {
		ranges_add(guest, i);
		guest_build(guest);
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

	guest_build(guest);
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
	guest_build(guest);
	assert_int_equal(guest->result, -EINVAL);
	guest->machine.imsic.size = 2 * PAGE_SIZE;
	guest->machine.extensions = bad;
	guest->machine.extension_count = ARRAY_SIZE(bad);
	guest_build(guest);
	assert_int_equal(guest->result, -EINVAL);
	guest->machine.extension_count = 1;
	guest_build(guest);
	assert_true(guest->result > 0);
	guest->machine.timebase_frequency = 0;
	guest_build(guest);
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
	guest_build(guest);
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
	guest_build(guest);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(the_reserved_room_is_enough),
		GUEST_TEST(ranges_need_no_more_than_their_room),
		GUEST_TEST(too_little_room_is_told),
		GUEST_TEST(machines_that_cannot_be_are_refused),
		GUEST_TEST(a_tree_of_the_vms_own_is_completed),
		GUEST_TEST(bootargs_of_the_vms_own_tree_stay),
		GUEST_TEST(a_damaged_tree_of_the_vms_own_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
