/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's device tree: every question of core/hostdt.h, of the ISA and of the IMSIC's layout,
 * asked of blobs and of well-formed trees without sense. One thread, no lock.
 */
#include <arch/isa.h>
#include <core/hostdt.h>
#include <errno.h>
#include <string.h>

#include "../../drivers/irqchip/imsic.h"
#include "tree.h"

#define TREE_ROOM KIB(32)

static const char *const nodes[] = { "cpus",
				     "cpu",
				     "cpu@0",
				     "cpu@1",
				     "memory@80000000",
				     "chosen",
				     "aliases",
				     "reserved-memory",
				     "soc",
				     "serial@1",
				     "interrupt-controller",
				     "cpu-map",
				     "region@2",
				     NULL };
static const char *const properties[] = { "#address-cells",
					  "#size-cells",
					  "#interrupt-cells",
					  "bootargs",
					  "compatible",
					  "device_type",
					  "interrupt-controller",
					  "interrupt-parent",
					  "interrupts",
					  "interrupts-extended",
					  "linux,initrd-start",
					  "mmu-type",
					  "phandle",
					  "ranges",
					  "reg",
					  "reg",
					  "riscv,isa",
					  "riscv,isa-base",
					  "riscv,isa-extensions",
					  "serial0",
					  "status",
					  "stdout-path",
					  NULL };
static const char *const values[] = { "cpu",
				      "memory",
				      "okay",
				      "ok",
				      "disabled",
				      "riscv,cpu-intc",
				      "ns16550a",
				      "riscv,imsics",
				      "riscv,aplic",
				      "serial0",
				      "serial0:115200n8",
				      "/soc/serial@1",
				      "/soc/serial",
				      "/",
				      "",
				      "riscv,sv57",
				      "rv64imafdch_zicsr_sstc",
				      "rv64i2p1m_zba1p0",
				      "rv64i",
				      "i",
				      "zba",
				      "sstc",
				      "zzz",
				      NULL };
static const struct tree_words words = { nodes, properties, values };

static void ask_registers(int node)
{
	uint64_t size;
	hpa_t base;
	uint32_t length;

	for (unsigned int i = 0; i < 4; i++) {
		int result = hostdt_reg(node, i, &base, &size);

		MUST(result == 0 || result == -ENOENT || result == -EINVAL);
	}
	for (unsigned int bits = 0; bits < 8; bits += 3) {
		unsigned int pages;

		if (imsic_pages_find(node, bits, bits + 1, &base, &pages) == 0)
			MUST(pages >= 1 && pages <= 1U << bits);
	}
	hostdt_property(node, "reg", &length);
}

static void ask_interrupts(int node)
{
	uint32_t cells[4], cause;
	int controller;
	uint64_t hart;

	for (unsigned int i = 0; i < 4; i++) {
		int count = hostdt_interrupt(node, i, &controller, cells, ARRAY_SIZE(cells));

		MUST(count <= (int)ARRAY_SIZE(cells));
		if (count >= 0) {
			MUST(controller >= 0);
			hostdt_intc_hart(controller, &hart);
		}
		hostdt_hart_interrupt(node, i, &hart, &cause);
	}
}

static void ask_node(int node)
{
	struct isa_set set = { 0 };
	int depth = 0, child = node;

	for (unsigned int i = 0; i < 3; i++) {
		const char *text = hostdt_string(node, "compatible", i);

		if (text)
			MUST(hostdt_compatible(node, text));
	}
	hostdt_enabled(node);
	hostdt_u32(node, "phandle", 0);
	MUST(hostdt_parent(node) < node);
	while ((child = hostdt_child(child, &depth)) >= 0)
		MUST(hostdt_parent(child) == node);
	ask_registers(node);
	ask_interrupts(node);
	isa_parse_cpu(host_fdt, node, &set);
}

static void ask_machine(void)
{
	uint64_t size, id;
	hpa_t base;

	for (unsigned int i = 0; i < 64 && hostdt_memory(i, &base, &size) == 0; i++)
		MUST(size);
	for (unsigned int i = 0; i < 64 && hostdt_reserved(i, &base, &size) == 0; i++)
		MUST(!size || base.v + size - 1 >= base.v);
	for (int node = hostdt_cpu_next(-1, &id); node >= 0; node = hostdt_cpu_next(node, &id))
		MUST(node > 0);
	MUST(hostdt_stdout() >= -ENOENT);
	hostdt_chosen_address("linux,initrd-start", &id);
	MUST(strlen(hostdt_bootargs()) < SIZE_MAX);
	hostdt_path("/soc/serial@1");
	hostdt_path("/memory:x");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t tree[TREE_ROOM / 8];
	struct input input = { data, size };
	bool built = input_below(&input, 2);
	const void *from = tree;
	void *blob;
	int depth;

	if (built)
		size = tree_build(&input, &words, tree, sizeof(tree));
	else
		from = input_bytes(&input, SIZE_MAX, &size);
	if (!size)
		return 0;
	blob = malloc(size); /* exactly as long, so that ASan guards its end */
	memcpy(blob, from, size);
	if (hostdt_init(blob, size) == 0) {
		for (int node = hostdt_next(-1, &depth); node >= 0;
		     node = hostdt_next(node, &depth))
			ask_node(node);
		ask_machine();
	} else {
		MUST(!built);
	}
	free(blob);
	return 0;
}
