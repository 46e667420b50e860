/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the properties of VM descriptions: values, defaults, and each refusal. */
#include <core/vmdesc.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vmtree.h"

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
	assert_int_equal(config->misaligned, VM_MISALIGNED_EMULATE);
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
	vmtree_set_string(tree, "/vm", "irqchip", "aia");
	vmtree_set_string(tree, "/vm", "interrupt-files", "hardware");
	vmtree_set_u32(tree, "/vm", "interrupt-identities", 2047);
	vmtree_set_u32(tree, "/vm", "autostart", 0);
	vmtree_set_string(tree, "/vm", "on-reboot", "stop");
	vmtree_set_string(tree, "/vm", "on-failure", "reset");
	vmtree_set_string(tree, "/vm", "misaligned-accesses", "redirect");
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
	assert_int_equal(config->misaligned, VM_MISALIGNED_REDIRECT);
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
	static const struct vmtree_step steps[] = {
		{ "/vm", "cpus", U64(1), "8 bytes, but it is a number of 4 bytes" },
		{ "/vm", "cpus", U32(1), NULL },
		{ "/vm", "memory-size", BYTES("abc", 3),
		  "3 bytes, but it is a number of 4 or 8 bytes" },
	};

	vmtree_steps(*state, steps, ARRAY_SIZE(steps));
}

static void strings_have_an_end(void **state)
{
	static const char *const names[] = { "cpu-affinity",	   "mmu-type",
					     "interrupt-files",	   "irqchip",
					     "on-reboot",	   "on-failure",
					     "misaligned-accesses" };
	static const struct vmtree_step kernel = { "/vm/kernel", "file", BYTES("image", 5),
						   "not one string" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct vmtree_step steps[] = {
			{ "/vm", names[i], BYTES("abc", 3), "not one string" },
			{ "/vm", names[i], BYTES("a\0b", 4), "not one string" },
			{ "/vm", names[i], EMPTY, "not one string" },
			{ "/vm", names[i], GONE, NULL },
		};

		vmtree_steps(*state, steps, ARRAY_SIZE(steps));
	}
	vmtree_steps(*state, &kernel, 1);
}

static void words_are_among_those_that_exist(void **state)
{
	static const struct vmtree_step steps[] = {
		{ "/vm", "interrupt-files", TEXT("Auto"),
		  "'Auto' is none of 'auto', 'software', 'hardware'" },
		{ "/vm", "interrupt-files", TEXT("software"), NULL },
		{ "/vm", "irqchip", TEXT("aplic"), "'aplic' is none of 'aia', 'plic'" },
		{ "/vm", "irqchip", TEXT("aia"), NULL },
		{ "/vm", "mmu-type", TEXT("riscv,sv32"),
		  "'riscv,sv32' is none of 'riscv,sv39', 'riscv,sv48', 'riscv,sv57', 'auto'" },
		{ "/vm", "mmu-type", TEXT("auto"), NULL },
	};

	vmtree_steps(*state, steps, ARRAY_SIZE(steps));
}

static void plic_has_no_interrupt_files(void **state)
{
	struct vmtree *tree = *state;

	assert_vm_accepted(tree);
	assert_int_equal(tree->config.irqchip, VM_IRQCHIP_AIA);
	vmtree_set_string(tree, "/vm", "irqchip", "plic");
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.irqchip, VM_IRQCHIP_PLIC);
	vmtree_set_string(tree, "/vm", "interrupt-files", "software");
	assert_vm_accepted(tree);
	vmtree_set_string(tree, "/vm", "interrupt-files", "hardware");
	assert_vm_refused(tree, "/vm: interrupt-files: 'hardware', but with irqchip 'plic' there "
				"are no interrupt files");
	vmtree_set_string(tree, "/vm", "irqchip", "aia");
	assert_vm_accepted(tree);
}

static void memory_size_and_kernel_are_needed(void **state)
{
	static const struct vmtree_step steps[] = {
		{ "/vm", "memory-size", GONE, "missing" },
		{ "/vm", "memory-size", U64(VMTREE_MEMORY), NULL },
		{ "/vm/kernel", "file", GONE, "missing" },
		{ "/vm/kernel", NULL, GONE, "missing" },
	};

	vmtree_steps(*state, steps, ARRAY_SIZE(steps));
}

static void memory_has_whole_pages_within_reach(void **state)
{
	static const struct vmtree_step steps[] = {
		{ "/vm", "memory-size", U64(VMTREE_MEMORY + 1),
		  "67108865 (0x4000001) is not a multiple of 4096" },
		{ "/vm", "memory-size", U64(0), "0 (0x0) is not within" },
		{ "/vm", "memory-size", U64(UINT64_MAX & ~0xfffULL), "" },
		{ "/vm", "memory-size", U64(VMTREE_MEMORY), NULL },
		{ "/vm", "memory-base", U64(0x7fe00000), "2145386496 (0x7fe00000) is not within" },
		{ "/vm", "memory-base", U64(0x80001000),
		  "2147487744 (0x80001000) is not a multiple of 2097152" },
	};

	vmtree_steps(*state, steps, ARRAY_SIZE(steps));
}

static void memory_fits_into_the_address_width_of_the_mode(void **state)
{
	struct vmtree *tree = *state;
	char message[80];

	for (size_t i = 0; i < VMTREE_MODES; i++) {
		uint64_t end = BIT(vmtree_modes[i].bits);

		snprintf(message, sizeof(message), "is beyond the %u bits of %s (mmu-type)",
			 vmtree_modes[i].bits, vmtree_modes[i].name);
		vmtree_set_string(tree, "/vm", "mmu-type", vmtree_modes[i].type);
		vmtree_set_u64(tree, "/vm", "memory-base", end - VMTREE_MEMORY);
		assert_vm_accepted(tree);
		vmtree_set_u64(tree, "/vm", "memory-base", end - VMTREE_MEMORY + MIB(2));
		assert_vm_refused(tree, message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VMTREE_TEST(what_is_not_said_has_a_default),
		VMTREE_TEST(every_property_is_read),
		VMTREE_TEST(harts_are_ranges),
		VMTREE_TEST(affinity_says_which_harts),
		VMTREE_TEST(autostart_is_a_flag),
		VMTREE_TEST(numbers_have_ranges),
		VMTREE_TEST(numbers_have_a_length),
		VMTREE_TEST(strings_have_an_end),
		VMTREE_TEST(words_are_among_those_that_exist),
		VMTREE_TEST(plic_has_no_interrupt_files),
		VMTREE_TEST(memory_size_and_kernel_are_needed),
		VMTREE_TEST(memory_has_whole_pages_within_reach),
		VMTREE_TEST(memory_fits_into_the_address_width_of_the_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
