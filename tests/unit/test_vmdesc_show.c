/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of VM descriptions as the operator is shown them. */
#include <core/vmdesc.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vmtree.h"

static void every_default_can_be_shown(void **state)
{
	struct vmtree *tree = *state;
	struct vm_shown shown = { 0 };

	vmdesc_defaults(&tree->config);
	vmdesc_print(&tree->config, vmtree_show, &shown);
	assert_int_equal(shown.lines, 23);
	assert_int_equal(shown.defaults, 23);
	memset(&shown, 0, sizeof(shown));
	vmtree_set_string(tree, "/vm", "cpu-affinity", "0-1,4");
	assert_vm_accepted(tree);
	vmdesc_print(&tree->config, vmtree_show, &shown);
	assert_int_equal(shown.defaults, 20);
	assert_string_equal(shown.text, "memory-size=64 MiB\n"
					"memory-base=0x80000000\n"
					"cpus=1\n"
					"cpu-affinity=0-1,4\n"
					"priority=4\n"
					"time-slice-us=10000\n"
					"mmu-type=auto\n"
					"irqchip=aia\n"
					"interrupt-files=auto\n"
					"interrupt-identities=255\n"
					"isa-disable=none\n"
					"sbi-legacy=no\n"
					"sbi-disable=none\n"
					"autostart=yes\n"
					"on-no-vsfile=pause\n"
					"on-reboot=reset\n"
					"on-failure=stop\n"
					"misaligned-accesses=emulate\n"
					"kernel/file=image (4096 bytes)\n"
					"kernel/bootargs=\n"
					"ramdisk/file=none\n"
					"device-tree/file=none\n"
					"restore/file=none\n");
}

static void ranges_are_shown(void **state)
{
	struct vmtree *tree = *state;
	struct vm_shown shown = { 0 };
	const char *ranges;

	vmtree_range(tree, "high", VMTREE_HIGH, MIB(4));
	vmtree_range(tree, "rom", VMTREE_HIGH + MIB(4), KIB(8));
	vmtree_set(tree, "/vm/ranges/rom", "read-only", NULL, 0);
	vmtree_set_string(tree, "/vm/ranges/rom", "file", "ramdisk");
	vmtree_set_string(tree, "/vm/ranges/high", "shared", "mailbox");
	assert_vm_accepted(tree);
	vmdesc_print(&tree->config, vmtree_show, &shown);
	assert_int_equal(shown.lines, 23 + 10);
	assert_int_equal(shown.defaults, 21 + 3);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		VMTREE_TEST(every_default_can_be_shown),
		VMTREE_TEST(ranges_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
