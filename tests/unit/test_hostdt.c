/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's device tree: what is asked of good trees, of trees that make no sense, and of blobs
 * with any byte changed. The trees are compiled with dtc from tests/unit/data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <core/hostdt.h>
#include <errno.h>
#include <libfdt.h>

static void *blob; /* exactly as long as the tree, so that any access beyond it is found */
static size_t blob_size;

static uint8_t *blob_compile(const char *name)
{
	static uint8_t buffer[65536];
	char command[160];
	FILE *pipe;

	snprintf(command, sizeof(command), "dtc -q -f -I dts -O dtb tests/unit/data/%s", name);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	blob_size = fread(buffer, 1, sizeof(buffer), pipe);
	assert_int_equal(pclose(pipe), 0);
	blob = malloc(blob_size);
	assert_non_null(blob);
	memcpy(blob, buffer, blob_size);
	return blob;
}

static void load(const char *name)
{
	blob_compile(name);
	assert_int_equal(hostdt_init(blob, blob_size), 0);
}

static int unload(void **state)
{
	free(blob);
	blob = NULL;
	return 0;
}

static int at(const char *path)
{
	int node = fdt_path_offset(host_fdt, path);

	assert_true(node >= 0);
	return node;
}

static void assert_reg(const char *path, unsigned int index, uint64_t base, uint64_t size)
{
	hpa_t got_base;
	uint64_t got_size;

	assert_int_equal(hostdt_reg(at(path), index, &got_base, &got_size), 0);
	assert_int_equal(got_base.v, base);
	assert_int_equal(got_size, size);
}

static void assert_no_reg(const char *path, unsigned int index, int error)
{
	hpa_t base;
	uint64_t size;

	assert_int_equal(hostdt_reg(at(path), index, &base, &size), error);
}

static void assert_memory(unsigned int index, uint64_t base, uint64_t size)
{
	hpa_t got_base;
	uint64_t got_size;

	assert_int_equal(hostdt_memory(index, &got_base, &got_size), 0);
	assert_int_equal(got_base.v, base);
	assert_int_equal(got_size, size);
}

static void assert_reserved(unsigned int index, uint64_t base, uint64_t size)
{
	hpa_t got_base;
	uint64_t got_size;

	assert_int_equal(hostdt_reserved(index, &got_base, &got_size), 0);
	assert_int_equal(got_base.v, base);
	assert_int_equal(got_size, size);
}

static void assert_interrupt(const char *path, unsigned int index, int result,
			     const char *controller, uint32_t first)
{
	uint32_t cells[2] = { 0, 0 };
	int node = -1;

	assert_int_equal(hostdt_interrupt(at(path), index, &node, cells, 2), result);
	if (result >= 0)
		assert_int_equal(node, at(controller));
	if (result > 0)
		assert_int_equal(cells[0], first);
}

static void assert_hart_interrupt(const char *path, unsigned int index, uint64_t id, uint32_t irq)
{
	uint64_t got_id;
	uint32_t got_irq;

	assert_int_equal(hostdt_hart_interrupt(at(path), index, &got_id, &got_irq), 0);
	assert_int_equal(got_id, id);
	assert_int_equal(got_irq, irq);
}

static int hart_interrupt_error(const char *path, unsigned int index)
{
	uint64_t id;
	uint32_t irq;

	return hostdt_hart_interrupt(at(path), index, &id, &irq);
}

static void init_refuses_what_is_no_tree(void **state)
{
	uint8_t *bytes = blob_compile("plic.dts");

	assert_int_equal(hostdt_init(bytes, blob_size - 1), -EINVAL);
	assert_int_equal(hostdt_init(bytes, 0), -EINVAL);
	bytes[0] ^= 1;
	assert_int_equal(hostdt_init(bytes, blob_size), -EINVAL);
	assert_null(host_fdt);
}

static void path_agrees_with_libfdt(int node)
{
	char path[128], expected[128];
	size_t length;

	assert_int_equal(fdt_get_path(blob, node, expected, sizeof(expected)), 0);
	hostdt_path_of(node, path, sizeof(path));
	assert_string_equal(path, expected);
	length = strlen(path);
	memset(path, 'x', sizeof(path));
	hostdt_path_of(node, path, length + 1);
	assert_string_equal(path, expected);
	assert_int_equal(path[length + 1], 'x');
	hostdt_path_of(node, path, length);
	assert_string_not_equal(path, expected);
	assert_int_equal(path[length], 0); /* of before */
	snprintf(expected, sizeof(expected), "node at %d", node + 4);
	hostdt_path_of(node + 4, path, sizeof(path));
	assert_string_equal(path, expected);
}

static void walks_agree_with_libfdt(void **state)
{
	int depth, child_depth = 0, fdt_depth = 0;
	int fdt_node = 0;

	load("aia.dts");
	for (int node = hostdt_next(-1, &depth); node >= 0; node = hostdt_next(node, &depth)) {
		assert_int_equal(node, fdt_node);
		assert_int_equal(depth, fdt_depth);
		assert_int_equal(hostdt_parent(node), MAX(-1, fdt_parent_offset(blob, node)));
		path_agrees_with_libfdt(node);
		fdt_node = fdt_next_node(blob, fdt_node, &fdt_depth);
	}
	assert_true(fdt_depth < 0);
	fdt_node = fdt_first_subnode(blob, at("/soc"));
	for (int node = hostdt_child(at("/soc"), &child_depth); node >= 0;
	     node = hostdt_child(node, &child_depth)) {
		assert_int_equal(node, fdt_node);
		fdt_node = fdt_next_subnode(blob, fdt_node);
	}
	assert_true(fdt_node < 0);
}

static void paths_may_leave_the_unit_address_out(void **state)
{
	load("aia.dts");
	assert_int_equal(hostdt_path("/"), 0);
	assert_int_equal(hostdt_path("/soc/apb/serial"), at("/soc/apb/serial@4000"));
	assert_int_equal(hostdt_path("/soc/apb/serial@4000:115200"), at("/soc/apb/serial@4000"));
	assert_int_equal(hostdt_path("/soc//apb/"), at("/soc/apb"));
	assert_int_equal(hostdt_path("/soc/apb/serial@40"), -1);
	assert_int_equal(hostdt_path("/so"), -1);
}

static void properties_of_no_node_are_absent(void **state)
{
	uint32_t length;

	load("aia.dts");
	assert_null(hostdt_property(-1, "reg", &length));
	assert_null(hostdt_property(at("/soc"), "nothing", &length));
	assert_null(hostdt_string(-1, "compatible", 0));
	assert_string_equal(
		hostdt_string(at("/soc/interrupt-controller@28000000"), "compatible", 1),
		"riscv,imsics");
	assert_null(hostdt_string(at("/soc/interrupt-controller@28000000"), "compatible", 2));
	assert_true(hostdt_compatible(at("/soc"), "simple-bus"));
	assert_false(hostdt_compatible(at("/soc"), "simple"));
}

static void status_decides_whether_enabled(void **state)
{
	load("aia.dts");
	assert_true(hostdt_enabled(at("/soc")));
	assert_true(hostdt_enabled(at("/soc/interrupt-controller@28000000")));
	assert_true(hostdt_enabled(at("/soc/interrupt-controller@d000000")));
	assert_false(hostdt_enabled(at("/soc/interrupt-controller@24000000")));
}

static void reg_goes_through_ranges(void **state)
{
	load("aia.dts");
	assert_reg("/soc/interrupt-controller@28000000", 1, 0x29000000, 0x4000);
	assert_reg("/soc/apb/serial@4000", 0, 0x110004000, 0x100);
	assert_reg("/soc/apb/serial@4000", 1, 0x20000800, 0x800);
	assert_no_reg("/soc/interrupt-controller@28000000", 2, -ENOENT);
	assert_no_reg("/soc/apb", 0, -ENOENT);
}

static void reg_outside_of_ranges_is_refused(void **state)
{
	load("aia.dts");
	assert_no_reg("/soc/apb/serial@4000", 2, -EINVAL); /* one byte too long */
	assert_no_reg("/soc/apb/serial@4000", 3, -EINVAL);
	assert_no_reg("/soc/apb/i2c/sensor@48", 0, -EINVAL);
}

static void reg_of_one_cell(void **state)
{
	load("plic.dts");
	assert_reg("/soc/serial@10000000", 0, 0x10000000, 0x100);
}

static void u32_of_another_length_is_the_fallback(void **state)
{
	load("aia.dts");
	assert_int_equal(hostdt_u32(at("/soc/apb/serial@4000"), "reg-shift", 9), 2);
	assert_int_equal(hostdt_u32(at("/soc/apb/serial@4000"), "nothing", 9), 9);
	assert_int_equal(hostdt_u32(at("/soc/apb/serial@4000"), "interrupts", 9), 9);
	assert_int_equal(hostdt_u32(at("/soc/apb/serial@4000"), "clock-names", 9), 9);
}

static void interrupt_parent_is_inherited(void **state)
{
	load("aia.dts");
	assert_interrupt("/soc/apb/serial@4000", 0, 2, "/soc/interrupt-controller@d000000", 10);
	assert_interrupt("/soc/apb/serial@4000", 1, 2, "/soc/interrupt-controller@d000000", 11);
	assert_interrupt("/soc/apb/serial@4000", 2, -ENOENT, NULL, 0);
	assert_interrupt("/soc", 0, -ENOENT, NULL, 0);
	unload(NULL);
	load("plic.dts");
	assert_interrupt("/soc/serial@10000000", 0, 1, "/soc/plic@c000000", 10);
}

static void interrupts_extended_of_mixed_controllers(void **state)
{
	const char *rtc = "/soc/apb/rtc@5000";

	load("aia.dts");
	assert_interrupt(rtc, 0, 0, "/soc/interrupt-controller@28000000", 0);
	assert_interrupt(rtc, 1, -ENOENT, NULL, 0);
	assert_interrupt(rtc, 2, 1, "/cpus/cpu@100000003/interrupt-controller", 5);
	assert_interrupt(rtc, 3, 2, "/soc/interrupt-controller@d000000", 12);
	assert_interrupt(rtc, 4, -ENOENT, NULL, 0);
}

static void hart_interrupts_follow_sparse_ids(void **state)
{
	const char *imsic = "/soc/interrupt-controller@28000000";

	load("aia.dts");
	assert_int_equal(hostdt_hart_interrupts(at(imsic)), 3);
	assert_int_equal(hostdt_hart_interrupts(at("/soc")), 0);
	assert_hart_interrupt(imsic, 0, 0x10, 9);
	assert_int_equal(hart_interrupt_error(imsic, 1), -EINVAL);
	assert_hart_interrupt(imsic, 2, 0x100000003, 9);
	assert_int_equal(hart_interrupt_error(imsic, 3), -ENOENT);
	assert_int_equal(hart_interrupt_error("/soc", 0), -ENOENT);
	assert_hart_interrupt("/soc/interrupt-controller@24000000", 0, 0x10, 11);
	unload(NULL);
	load("plic.dts");
	assert_hart_interrupt("/soc/plic@c000000", 0, 0, 11);
	assert_hart_interrupt("/soc/plic@c000000", 2, 1, 9);
	assert_hart_interrupt("/soc/plic@c000000", 3, 1, UINT32_MAX);
}

static void intc_names_its_hart(void **state)
{
	uint64_t id;

	load("aia.dts");
	assert_int_equal(hostdt_intc_hart(at("/cpus/cpu@10/interrupt-controller"), &id), 0);
	assert_int_equal(id, 0x10);
	assert_int_equal(hostdt_intc_hart(at("/soc"), &id), -ENOENT);
}

static void cpus_come_in_order(void **state)
{
	uint64_t id;
	int node;

	load("aia.dts");
	node = hostdt_cpu_next(-1, &id);
	assert_int_equal(node, at("/cpus/cpu@10"));
	assert_int_equal(id, 0x10);
	node = hostdt_cpu_next(node, &id);
	assert_int_equal(node, at("/cpus/cpu@100000003"));
	assert_int_equal(id, 0x100000003);
	assert_int_equal(hostdt_cpu_next(node, &id), -1);
	unload(NULL);
	load("plic.dts");
	node = hostdt_cpu_next(-1, &id);
	assert_int_equal(id, 1);
	node = hostdt_cpu_next(node, &id);
	assert_int_equal(id, 0);
	assert_int_equal(hostdt_cpu_next(node, &id), -1);
}

static void stdout_by_alias_and_by_path(void **state)
{
	load("aia.dts");
	assert_int_equal(hostdt_stdout(), at("/soc/apb/serial@4000"));
	unload(NULL);
	load("plic.dts");
	assert_int_equal(hostdt_stdout(), at("/soc/serial@10000000"));
	unload(NULL);
	load("broken.dts");
	assert_int_equal(hostdt_stdout(), -ENOENT);
}

static void memory_counts_all_windows(void **state)
{
	hpa_t base;
	uint64_t size;

	load("aia.dts");
	assert_memory(0, 0x80000000, 0x40000000);
	assert_memory(1, 0x200000000, 0x100000000);
	assert_int_equal(hostdt_memory(2, &base, &size), -ENOENT);
	unload(NULL);
	load("plic.dts");
	assert_memory(0, 0x40000000, 0x10000000);
	assert_memory(1, 0x80000000, 0x80000000);
	assert_int_equal(hostdt_memory(2, &base, &size), -ENOENT);
}

static void reserved_is_the_block_and_the_nodes(void **state)
{
	hpa_t base;
	uint64_t size;

	load("aia.dts");
	assert_reserved(0, 0x80000000, 0x1000);
	assert_reserved(1, 0x90000000, 0x2000);
	assert_reserved(2, 0xffffffffffffe000, 0x2000); /* cut */
	assert_reserved(3, 0x80000000, 0x40000);
	assert_reserved(4, 0xb0000000, 0x1000);
	assert_reserved(5, 0xb8000000, 0x2000);
	assert_reserved(6, 0xfffffffffffff000, 0x1000); /* cut */
	assert_int_equal(hostdt_reserved(7, &base, &size), -ENOENT);
	assert_int_equal(hostdt_no_map(0, &base, &size), 0);
	assert_int_equal(base.v, 0x80000000);
	assert_int_equal(size, 0x40000);
	assert_int_equal(hostdt_no_map(1, &base, &size), -ENOENT);
	unload(NULL);
	load("plic.dts");
	assert_int_equal(hostdt_reserved(0, &base, &size), -ENOENT);
}

static void chosen_has_addresses_of_one_or_two_cells(void **state)
{
	uint64_t value;

	load("aia.dts");
	assert_int_equal(hostdt_chosen_address("linux,initrd-start", &value), 0);
	assert_int_equal(value, 0x188000000);
	assert_int_equal(hostdt_chosen_address("linux,initrd-end", &value), 0);
	assert_int_equal(value, 0x89000000);
	assert_int_equal(hostdt_chosen_address("rng-seed", &value), -ENOENT);
	assert_int_equal(hostdt_chosen_address("nothing", &value), -ENOENT);
}

static void bootargs_are_never_null(void **state)
{
	load("aia.dts");
	assert_string_equal(hostdt_bootargs(), "console=hvc0 quiet");
	unload(NULL);
	load("plic.dts");
	assert_string_equal(hostdt_bootargs(), "");
	unload(NULL);
	load("broken.dts");
	assert_string_equal(hostdt_bootargs(), ""); /* no NUL at its end */
}

static void nonsense_is_an_error(void **state)
{
	hpa_t base;
	uint64_t size, value;

	load("broken.dts");
	assert_int_equal(hostdt_memory(0, &base, &size), -ENOENT);
	assert_int_equal(hostdt_reserved(0, &base, &size), -ENOENT);
	assert_int_equal(hostdt_cpu_next(-1, &value), -1);
	assert_int_equal(hostdt_chosen_address("linux,initrd-start", &value), -ENOENT);
	assert_no_reg("/reg-odd", 0, -EINVAL);
	assert_no_reg("/reg-empty", 0, -ENOENT);
	assert_reg("/reg-last-byte", 0, 0xfffffffffffff000, 0x1000);
	assert_no_reg("/bus-without-ranges/child", 0, -EINVAL);
	assert_no_reg("/bus-ranges-short/child", 0, -EINVAL);
	assert_no_reg("/bus-ranges-wrap/child", 0, -EINVAL);
	assert_no_reg("/bus-three-cells/child", 0, -EINVAL);
	assert_no_reg("/", 0, -EINVAL);
}

static void nonsense_interrupts_are_errors(void **state)
{
	load("broken.dts");
	assert_interrupt("/irq-no-parent", 0, -EINVAL, NULL, 0);
	assert_interrupt("/irq-wide", 0, -EINVAL, NULL, 0);
	assert_interrupt("/irq-dangling", 0, -EINVAL, NULL, 0);
	assert_interrupt("/irq-no-cells", 0, -EINVAL, NULL, 0);
	assert_interrupt("/irq-extended-dangling", 0, -EINVAL, NULL, 0);
	assert_interrupt("/irq-extended-short", 0, 1, "/controller-one", 1);
	assert_interrupt("/irq-extended-short", 1, -EINVAL, NULL, 0);
	assert_int_equal(hart_interrupt_error("/irq-extended-short", 0), -EINVAL);
	assert_int_equal(hostdt_hart_interrupts(at("/irq-extended-short")), -EINVAL);
}

/** Asks everything of every node; what the answers are does not matter. */
static void ask_everything(void)
{
	uint32_t cells[4], cause;
	uint64_t size, id;
	char path[64];
	hpa_t base;
	int controller;

	for (unsigned int i = 0; i < 40 && !hostdt_memory(i, &base, &size); i++)
		;
	for (unsigned int i = 0; i < 40 && !hostdt_reserved(i, &base, &size); i++)
		;
	for (int cpu = hostdt_cpu_next(-1, &id); cpu >= 0; cpu = hostdt_cpu_next(cpu, &id))
		;
	for (int depth, node = hostdt_next(-1, &depth); node >= 0;
	     node = hostdt_next(node, &depth)) {
		hostdt_enabled(node);
		hostdt_parent(node);
		hostdt_path_of(node, path, sizeof(path));
		hostdt_compatible(node, "riscv,imsics");
		hostdt_u32(node, "reg-shift", 0);
		hostdt_intc_hart(node, &id);
		for (unsigned int i = 0; i < 4; i++) {
			hostdt_reg(node, i, &base, &size);
			hostdt_interrupt(node, i, &controller, cells, 4);
			hostdt_hart_interrupt(node, i, &id, &cause);
		}
	}
	hostdt_stdout();
	assert_true(strlen(hostdt_bootargs()) < blob_size);
	hostdt_chosen_address("linux,initrd-start", &id);
}

static void any_changed_byte_is_survived(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	uint8_t *bytes = blob_compile("aia.dts");
	unsigned int accepted = 0;

	for (size_t i = 0; i < blob_size; i++) {
		for (size_t f = 0; f < sizeof(flips); f++) {
			bytes[i] ^= flips[f];
			if (!hostdt_init(bytes, blob_size)) {
				accepted++;
				ask_everything();
			}
			bytes[i] ^= flips[f];
		}
	}
	assert_true(accepted > blob_size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(init_refuses_what_is_no_tree, unload),
		cmocka_unit_test_teardown(walks_agree_with_libfdt, unload),
		cmocka_unit_test_teardown(paths_may_leave_the_unit_address_out, unload),
		cmocka_unit_test_teardown(properties_of_no_node_are_absent, unload),
		cmocka_unit_test_teardown(status_decides_whether_enabled, unload),
		cmocka_unit_test_teardown(reg_goes_through_ranges, unload),
		cmocka_unit_test_teardown(reg_outside_of_ranges_is_refused, unload),
		cmocka_unit_test_teardown(reg_of_one_cell, unload),
		cmocka_unit_test_teardown(u32_of_another_length_is_the_fallback, unload),
		cmocka_unit_test_teardown(interrupt_parent_is_inherited, unload),
		cmocka_unit_test_teardown(interrupts_extended_of_mixed_controllers, unload),
		cmocka_unit_test_teardown(hart_interrupts_follow_sparse_ids, unload),
		cmocka_unit_test_teardown(intc_names_its_hart, unload),
		cmocka_unit_test_teardown(cpus_come_in_order, unload),
		cmocka_unit_test_teardown(stdout_by_alias_and_by_path, unload),
		cmocka_unit_test_teardown(memory_counts_all_windows, unload),
		cmocka_unit_test_teardown(reserved_is_the_block_and_the_nodes, unload),
		cmocka_unit_test_teardown(chosen_has_addresses_of_one_or_two_cells, unload),
		cmocka_unit_test_teardown(bootargs_are_never_null, unload),
		cmocka_unit_test_teardown(nonsense_is_an_error, unload),
		cmocka_unit_test_teardown(nonsense_interrupts_are_errors, unload),
		cmocka_unit_test_teardown(any_changed_byte_is_survived, unload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
