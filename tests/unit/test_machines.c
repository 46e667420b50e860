/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device trees of machines that people can buy, and of some that nobody should build: which
 * harts, memory, interrupt files and UART are found in them, and what is left out and why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_boot.h"

#include <arch/ram.h>
#include <core/hart_power.h>
#include <core/hostdt.h>
#include <core/page.h>
#include <errno.h>
#include <libfdt.h>

#include "../../drivers/irqchip/imsic.h"

#define ROOM GIB(128)

static uint64_t blob[8192];

static void load(const char *name)
{
	char command[160];
	FILE *pipe;
	size_t size;

	snprintf(command, sizeof(command), "dtc -q -I dts -O dtb tests/unit/data/%s", name);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	size = fread(blob, 1, sizeof(blob), pipe);
	assert_int_equal(pclose(pipe), 0);
	assert_int_equal(hostdt_init(blob, size), 0);
}

/* Changes a property, which may grow, of the tree that is loaded. */
static void put(const char *path, const char *name, const void *value, int size)
{
	assert_int_equal(fdt_open_into(blob, blob, sizeof(blob)), 0);
	assert_int_equal(fdt_setprop(blob, fdt_path_offset(blob, path), name, value, size), 0);
	assert_int_equal(hostdt_init(blob, sizeof(blob)), 0);
}

static void put_pairs(const char *path, const char *name, const uint64_t (*pairs)[2], int count)
{
	fdt64_t cells[2 * 80];

	for (int i = 0; i < count; i++) {
		cells[2 * i] = cpu_to_fdt64(pairs[i][0]);
		cells[2 * i + 1] = cpu_to_fdt64(pairs[i][1]);
	}
	put(path, name, cells, count * 16);
}

static void assert_logged(const char *text)
{
	if (!strstr(fake_boot_log, text))
		fail_msg("\"%s\" is not in:\n%s", text, fake_boot_log);
}

static void assert_ram(unsigned int i, uint64_t start, uint64_t end)
{
	assert_in_range(i, 0, ram_count - 1);
	assert_int_equal(ram[i].start, start);
	assert_int_equal(ram[i].end, end);
}

static void p550_has_four_harts_and_a_plic(void **state)
{
	uint32_t cause, cells[2];
	int node, controller;
	uint64_t id, size;
	hpa_t base;

	load("p550.dts");
	fake_boot_reset(2);
	assert_int_equal(harts_find(), 0);
	assert_string_equal(fake_boot_log, "");
	assert_int_equal(hart_count, 4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(harts[i]->id, i);
		assert_int_equal(harts[i]->index, i);
		assert_string_equal(harts[i]->arch.mmu_type, "riscv,sv48");
		assert_true(isa_has(&harts[i]->arch.isa, ISA_H));
		assert_false(isa_has(&harts[i]->arch.isa, ISA_SSTC));
		assert_false(isa_has(&harts[i]->arch.isa, ISA_SVPBMT));
	}
	assert_ptr_equal(harts[2], boot_hart);
	assert_int_equal(ram_find(ROOM), GIB(2));
	assert_int_equal(ram_count, 1);
	assert_ram(0, 0x80080000, GIB(18));
	node = hostdt_path("/soc/interrupt-controller");
	for (unsigned int context = 0; context < 8; context++) {
		assert_int_equal(hostdt_hart_interrupt(node, context, &id, &cause), 0);
		assert_int_equal(id, context / 2);
		assert_int_equal(cause, context % 2 ? 9 : 11);
	}
	assert_int_equal(hostdt_reg(hostdt_stdout(), 0, &base, &size), 0);
	assert_int_equal(base.v, 0x50900000);
	assert_int_equal(hostdt_interrupt(hostdt_stdout(), 0, &controller, cells, 2), 1);
	assert_int_equal(controller, node);
	assert_int_equal(cells[0], 100);
}

static void k3_has_harts_with_63_files_and_others(void **state)
{
	unsigned int pages, with_h = 0;
	int node;
	uint64_t size;
	hpa_t base;

	load("k3.dts");
	fake_boot_reset(0);
	assert_int_equal(harts_find(), 0);
	assert_int_equal(hart_count, 10);
	for (unsigned int i = 0; i < hart_count; i++)
		with_h += isa_has(&harts[i]->arch.isa, ISA_H);
	assert_int_equal(with_h, 8);
	assert_int_equal(harts[3]->arch.cbom_block, 64);
	assert_true(isa_has(&harts[3]->arch.isa, ISA_SSTC));
	assert_int_equal(ram_find(ROOM), GIB(4));
	assert_ram(0, GIB(4), GIB(20));
	node = hostdt_path("/soc/interrupt-controller@e0400000");
	for (unsigned int hart = 0; hart < 8; hart++) {
		assert_int_equal(imsic_pages_find(node, 6, hart, &base, &pages), 0);
		assert_int_equal(base.v, 0xe0400000 + hart * 0x40000);
		assert_int_equal(pages, 64);
	}
	assert_int_equal(imsic_pages_find(node, 6, 8, &base, &pages), -ENOENT);
	assert_int_equal(hostdt_reg(hostdt_stdout(), 0, &base, &size), 0);
	assert_int_equal(base.v, 0xd4017000);
	assert_true(hostdt_compatible(hostdt_stdout(), "intel,xscale-uart"));
}

static const uint64_t dp1000_ids[] = { 0, 1, 2, 3, 0x10, 0x11, 0x12, 0x13 };

static void dp1000_has_two_clusters_of_harts_and_three_contexts_each(void **state)
{
	static const uint32_t causes[] = { 11, 9, 10 };
	uint32_t cause, cells[2];
	int node, controller;
	uint64_t id, size;
	hpa_t base;

	load("dp1000.dts");
	fake_boot_reset(0x12);
	assert_int_equal(harts_find(), 0);
	assert_string_equal(fake_boot_log, "");
	assert_int_equal(hart_count, 8);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(harts[i]->id, dp1000_ids[i]);
		assert_int_equal(harts[i]->index, i);
		assert_true(isa_has(&harts[i]->arch.isa, ISA_H));
		assert_false(isa_has(&harts[i]->arch.isa, ISA_SSTC));
	}
	assert_ptr_equal(harts[6], boot_hart);
	assert_int_equal(ram_find(ROOM), GIB(2));
	assert_ram(0, GIB(2), GIB(18));
	node = hostdt_path("/soc/interrupt-controller");
	for (unsigned int context = 0; context < 24; context++) {
		assert_int_equal(hostdt_hart_interrupt(node, context, &id, &cause), 0);
		assert_int_equal(id, dp1000_ids[context / 3]);
		assert_int_equal(cause, causes[context % 3]);
	}
	assert_int_equal(hostdt_hart_interrupt(node, 24, &id, &cause), -ENOENT);
	assert_int_equal(hostdt_reg(hostdt_stdout(), 0, &base, &size), 0);
	assert_int_equal(base.v, 0x20300000);
	assert_int_equal(hostdt_interrupt(hostdt_stdout(), 0, &controller, cells, 2), 1);
	assert_int_equal(controller, node);
	assert_int_equal(cells[0], 17);
}

/* The pages of an IMSIC are in the order in which it names the harts, whatever their ids are. */
static void pages_of_sparse_harts_follow_the_order_of_the_imsic(void **state)
{
	static const uint32_t order[] = { 0x13, 0x10, 2, 0, 1, 3, 0x11, 0x12 };
	unsigned int pages;
	uint64_t id;
	uint32_t cause;
	hpa_t base;
	fdt32_t cells[16];
	int node;

	load("dp1000.dts");
	for (unsigned int i = 0; i < 8; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/cpus/cpu@%x/interrupt-controller", order[i]);
		node = fdt_path_offset(blob, path);
		cells[2 * i] = cpu_to_fdt32(fdt_get_phandle(blob, node));
		cells[2 * i + 1] = cpu_to_fdt32(9);
	}
	put("/soc/interrupt-controller", "interrupts-extended", cells, sizeof(cells));
	node = hostdt_path("/soc/interrupt-controller");
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(hostdt_hart_interrupt(node, i, &id, &cause), 0);
		assert_int_equal(id, order[i]);
		assert_int_equal(imsic_pages_find(node, 3, i, &base, &pages), 0);
		assert_int_equal(base.v, 0x9000000 + i * 0x8000);
		assert_int_equal(pages, 8);
	}
}

static void sparse_ids_are_put_in_order(void **state)
{
	static const uint32_t ids[] = { 0x13, 0x10, 3 };
	char path[32];

	load("p550.dts");
	for (unsigned int i = 0; i < 3; i++) {
		fdt32_t cell = cpu_to_fdt32(ids[i]);

		snprintf(path, sizeof(path), "/cpus/cpu@%u", i + 1);
		put(path, "reg", &cell, 4);
	}
	fake_boot_reset(0x10);
	assert_int_equal(harts_find(), 0);
	assert_int_equal(hart_count, 4);
	assert_int_equal(harts[0]->id, 0);
	assert_int_equal(harts[1]->id, 3);
	assert_int_equal(harts[2]->id, 0x10);
	assert_int_equal(harts[3]->id, 0x13);
	assert_ptr_equal(harts[2], boot_hart);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(harts[i]->index, i);
}

static void harts_that_cannot_take_part_are_left_out(void **state)
{
	fdt32_t two = cpu_to_fdt32(2);

	load("p550.dts");
	put("/cpus/cpu@0", "status", "disabled", 9);
	put("/cpus/cpu@1", "mmu-type", NULL, 0);
	put("/cpus/cpu@3", "reg", &two, 4);
	fake_boot_reset(2);
	assert_int_equal(harts_find(), 0);
	assert_int_equal(hart_count, 1);
	assert_logged("hart 0: left out: disabled");
	assert_logged("hart 1: left out: it has no MMU");
	assert_logged("hart 2: left out: /cpus has it twice");
	fake_boot_reset(7);
	assert_int_equal(harts_find(), -ENOENT);
}

static void another_hart_with_h_can_boot(void **state)
{
	static const char no_h[] = "i\0m\0a\0c";
	unsigned int tried = 0;
	uint64_t id;

	load("p550.dts");
	put("/cpus/cpu@0", "riscv,isa-extensions", no_h, sizeof(no_h));
	put("/cpus/cpu@2", "status", "disabled", 9);
	assert_int_equal(hart_find_other(0, &tried, &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(hart_find_other(1, &tried, &id), 0); /* 1 has none either */
	assert_int_equal(id, 3);
	assert_int_equal(hart_find_other(3, &tried, &id), -ENOENT);
	tried = 0;
	assert_int_equal(hart_find_other(1, &tried, &id), 0);
	assert_int_equal(id, 3);
	tried = 0;
	fake_boot_hidden = BIT(1) | BIT(3);
	assert_int_equal(hart_find_other(0, &tried, &id), -ENOENT);
	fake_boot_hidden = 0;
	/* Of 16 harts the first eight have it. */
	load("k3.dts");
	tried = 0;
	for (unsigned int i = 1; i < 8; i++) {
		assert_int_equal(hart_find_other(0, &tried, &id), 0);
		assert_int_equal(id, i);
	}
	assert_int_equal(hart_find_other(0, &tried, &id), -ENOENT);
}

static void a_bank_is_used_as_far_as_the_map_reaches(void **state)
{
	static const uint64_t banks[][2] = { { GIB(2), GIB(256) }, { GIB(300), GIB(1) } };

	load("p550.dts");
	put_pairs("/memory", "reg", banks, ARRAY_SIZE(banks));
	fake_boot_reset(0);
	assert_int_equal(ram_find(ROOM), GIB(2));
	assert_int_equal(ram_count, 1);
	assert_ram(0, GIB(2) + KIB(512), GIB(130));
	assert_logged("RAM above 2080000000 is beyond the hypervisor's map: 132096 MiB are not");
}

static void banks_that_overlap_or_touch_become_one(void **state)
{
	static const uint64_t banks[][2] = {
		{ GIB(6), GIB(1) },
		{ 0, MIB(512) },
		{ GIB(7), MIB(16) },
		{ MIB(256), MIB(512) },
		{ GIB(4) + 1, MIB(4) },
		{ GIB(500), GIB(2) },
		{ UINT64_C(1) << 57, GIB(1) },
		{ (UINT64_C(1) << 56) - GIB(1), GIB(1) + 1 },
		{ UINT64_MAX - 7, 4096 },
	};

	load("p550.dts");
	put_pairs("/memory", "reg", banks, ARRAY_SIZE(banks));
	put("/reserved-memory/firmware", "status", "disabled", 9);
	fake_boot_reset(0);
	assert_int_equal(ram_find(ROOM), 0);
	assert_int_equal(ram_count, 3);
	assert_ram(0, 0, MIB(768));
	assert_ram(1, GIB(4) + KIB(4), GIB(4) + MIB(4));
	assert_ram(2, GIB(6), GIB(7) + MIB(16));
	assert_logged("RAM above 2000000000 is beyond");
	assert_logged("bank at 200000000000000 left out: no such addresses");
	assert_logged("bank at ffffffc0000000 left out: no such addresses");
}

static void what_is_reserved_is_not_used(void **state)
{
	static const uint64_t holes[][2] = {
		{ 0, MIB(1) },
		{ GIB(3) + 5, 1 },
		{ GIB(17), UINT64_MAX - GIB(1) },
		{ GIB(5), 0 },
	};

	load("p550.dts");
	put_pairs("/reserved-memory/firmware", "reg", holes, ARRAY_SIZE(holes));
	fake_boot_reset(0);
	ram_find(ROOM);
	assert_int_equal(ram_count, 2);
	assert_ram(0, GIB(2), GIB(3));
	assert_ram(1, GIB(3) + KIB(4), GIB(17));
	ram_reserve(GIB(4), GIB(4), PAGE_OWNER_HYPERVISOR, NULL);
	assert_int_equal(ram_count, 2);
}

static void more_ranges_than_there_is_room_for_are_reported(void **state)
{
	uint64_t banks[70][2];

	for (unsigned int i = 0; i < 70; i++) {
		banks[i][0] = GIB(1) + (69 - i) * MIB(2);
		banks[i][1] = MIB(1);
	}
	load("p550.dts");
	put_pairs("/memory", "reg", banks, 70);
	fake_boot_reset(0);
	ram_find(ROOM);
	assert_int_equal(ram_count, RAM_MAX_RANGES);
	assert_logged("left out: more than 64 ranges");
	for (unsigned int i = 1; i < ram_count; i++)
		assert_true(ram[i - 1].end < ram[i].start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p550_has_four_harts_and_a_plic),
		cmocka_unit_test(k3_has_harts_with_63_files_and_others),
		cmocka_unit_test(dp1000_has_two_clusters_of_harts_and_three_contexts_each),
		cmocka_unit_test(pages_of_sparse_harts_follow_the_order_of_the_imsic),
		cmocka_unit_test(sparse_ids_are_put_in_order),
		cmocka_unit_test(harts_that_cannot_take_part_are_left_out),
		cmocka_unit_test(another_hart_with_h_can_boot),
		cmocka_unit_test(a_bank_is_used_as_far_as_the_map_reaches),
		cmocka_unit_test(banks_that_overlap_or_touch_become_one),
		cmocka_unit_test(what_is_reserved_is_not_used),
		cmocka_unit_test(more_ranges_than_there_is_room_for_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
