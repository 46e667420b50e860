/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machines with more harts than there is room for, in the table or in memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_boot.h"

#include <core/hart_power.h>
#include <core/hostdt.h>
#include <errno.h>
#include <libfdt.h>

#define MANY (2 * MAX_HARTS)

static uint64_t blob[16384];

/* A tree with MANY harts in the order of their ids, and a controller that names them all. */
/* Whatever the order was in which they were found. */
static void each_is_itself_in_sets(void)
{
	for (unsigned int i = 0; i < hart_count; i++) {
		struct hartset only = { 0 };

		hartset_add(&only, i);
		for (unsigned int j = 0; j < hart_count; j++)
			assert_int_equal(hartset_has_hart(&only, harts[j]), i == j);
	}
}

static void machine_make(void)
{
	fdt32_t parents[2 * MANY];
	int cpus, controller;

	assert_int_equal(fdt_create_empty_tree(blob, sizeof(blob)), 0);
	controller = fdt_add_subnode(blob, 0, "plic");
	assert_true(controller > 0);
	for (unsigned int i = 0; i < MANY; i++) {
		parents[2 * i] = cpu_to_fdt32(i + 1);
		parents[2 * i + 1] = cpu_to_fdt32(9);
	}
	fdt_setprop(blob, controller, "interrupts-extended", parents, sizeof(parents));
	cpus = fdt_add_subnode(blob, 0, "cpus");
	fdt_setprop_u32(blob, cpus, "#address-cells", 1);
	fdt_setprop_u32(blob, cpus, "#size-cells", 0);
	/* Each new node is the first. */
	for (unsigned int i = MANY; i-- > 0;) {
		char name[16];
		int cpu, intc;

		snprintf(name, sizeof(name), "cpu@%x", i);
		cpu = fdt_add_subnode(blob, fdt_path_offset(blob, "/cpus"), name);
		fdt_setprop_string(blob, cpu, "device_type", "cpu");
		fdt_setprop_u32(blob, cpu, "reg", i);
		fdt_setprop_string(blob, cpu, "riscv,isa", "rv64imafdch");
		fdt_setprop_string(blob, cpu, "mmu-type", "riscv,sv39");
		intc = fdt_add_subnode(blob, cpu, "interrupt-controller");
		fdt_setprop_string(blob, intc, "compatible", "riscv,cpu-intc");
		assert_int_equal(fdt_setprop_u32(blob, intc, "phandle", i + 1), 0);
	}
	assert_int_equal(hostdt_init(blob, sizeof(blob)), 0);
}

/* How many of the harts in the table the controller reaches. */
static unsigned int harts_reached(void)
{
	int node = hostdt_path("/plic");
	unsigned int reached = 0;
	uint64_t id, again;
	uint32_t cause;

	for (unsigned int i = 0; i < MANY; i++)
		if (!hostdt_hart_interrupt(node, i, &id, &cause) && hart_by_id(id)) {
			char path[64];

			assert_int_equal(id, i);
			snprintf(path, sizeof(path), "/cpus/cpu@%x/interrupt-controller", i);
			assert_int_equal(hostdt_intc_hart(hostdt_path(path), &again), 0);
			assert_int_equal(again, i);
			reached++;
		}
	return reached;
}

static void harts_that_take_part_are_reached_whichever_boots(void **state)
{
	static const unsigned int boots[] = { 0, 1, MAX_HARTS - 1, MAX_HARTS, MANY - 1 };

	machine_make();
	for (unsigned int i = 0; i < ARRAY_SIZE(boots); i++) {
		assert_int_equal(hostdt_init(blob, sizeof(blob)), 0);
		fake_boot_reset(boots[i]);
		assert_int_equal(harts_find(), 0);
		each_is_itself_in_sets();
		assert_int_equal(hart_count, MAX_HARTS);
		assert_int_equal(harts_reached(), MAX_HARTS);
	}
	fake_boot_reset(0);
}

/* The sanitizer counts what is not given back. */
static void harts_without_memory_leave_nothing_behind(void **state)
{
	machine_make();
	fake_boot_reset(3);
	fake_boot_memory_out = true;
	assert_int_equal(harts_find(), 0);
	each_is_itself_in_sets();
	assert_int_equal(hart_count, 1);
	assert_non_null(strstr(fake_boot_log, "hart 0: left out: no memory for it\n"));
	fake_boot_reset(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(harts_that_take_part_are_reached_whichever_boots),
		cmocka_unit_test(harts_without_memory_leave_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
