/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree of the VM: what KVM says that its vCPUs have, and the devices of vmm.h.
 */
#include "kvm.h"
#include "vmm.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#define PHANDLE_INTC(vcpu) (1 + (vcpu))
#define PHANDLE_IMSIC 0x100
#define PHANDLE_APLIC 0x101
#define TIMEBASE 10000000
#define IMSIC_IDS 255
#define IRQ_SEI 9
#define LEVEL_HIGH 4

/* In the order of KVM's numbers, which only ever grow at the end. */
static const char *const extensions[] = {
	"a",	    "c",       "d",	    "f",	   "h",	     "i",	 "m",
	"svpbmt",   "sstc",    "svinval",   "zihintpause", "zicbom", "zicboz",	 "zbb",
	"ssaia",    "v",       "svnapot",   "zba",	   "zbs",    "zicntr",	 "zicsr",
	"zifencei", "zihpm",   "smstateen", "zicond",	   "zbc",    "zbkb",	 "zbkc",
	"zbkx",	    "zknd",    "zkne",	    "zknh",	   "zkr",    "zksed",	 "zksh",
	"zkt",	    "zvbb",    "zvbc",	    "zvkb",	   "zvkg",   "zvkned",	 "zvknha",
	"zvknhb",   "zvksed",  "zvksh",	    "zvkt",	   "zfh",    "zfhmin",	 "zihintntl",
	"zvfh",	    "zvfhmin", "zfa",	    "ztso",	   "zacas",  "sscofpmf", "zimop",
	"zca",	    "zcb",     "zcd",	    "zcf",	   "zcmop",  "zawrs",	 "smnpm",
	"ssnpm",    "svade",   "svadu",	    "svvptc",	   "zabha",  "ziccrse",
};

static void *tree;

static void begin(const char *name)
{
	must(fdt_begin_node(tree, name), name);
}

static void end(void)
{
	must(fdt_end_node(tree), "end of a node");
}

static void text(const char *name, const char *value)
{
	must(fdt_property_string(tree, name, value), name);
}

static void cell(const char *name, uint32_t value)
{
	must(fdt_property_u32(tree, name, value), name);
}

static void empty(const char *name)
{
	must(fdt_property(tree, name, NULL, 0), name);
}

static void reg(uint64_t address, uint64_t size)
{
	fdt64_t cells[2] = { cpu_to_fdt64(address), cpu_to_fdt64(size) };

	must(fdt_property(tree, "reg", cells, sizeof(cells)), "reg");
}

static void isa(void)
{
	static char list[1024];
	size_t length = 0;

	for (unsigned int i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		uint64_t has = 0;

		if (!register_get(REG(REG_ISA, i), &has) || !has)
			continue;
		memcpy(list + length, extensions[i], strlen(extensions[i]) + 1);
		length += strlen(extensions[i]) + 1;
	}
	text("riscv,isa-base", "rv64i");
	must(fdt_property(tree, "riscv,isa-extensions", list, (int)length), "extensions");
}

static void block_size(const char *name, unsigned int number)
{
	uint64_t size;

	if (register_get(REG(REG_CONFIG, number), &size))
		cell(name, (uint32_t)size);
}

static void cpu(unsigned int index)
{
	uint64_t mode = 8;
	char name[32];

	snprintf(name, sizeof(name), "cpu@%x", index);
	begin(name);
	text("device_type", "cpu");
	text("compatible", "riscv");
	text("status", "okay");
	cell("reg", index);
	isa();
	register_get(REG(REG_CONFIG, CONFIG_SATP_MODE), &mode);
	text("mmu-type", mode == 10 ? "riscv,sv57" : mode == 9 ? "riscv,sv48" : "riscv,sv39");
	block_size("riscv,cbom-block-size", CONFIG_ZICBOM_BLOCK);
	block_size("riscv,cboz-block-size", CONFIG_ZICBOZ_BLOCK);
	begin("interrupt-controller");
	text("compatible", "riscv,cpu-intc");
	empty("interrupt-controller");
	cell("#interrupt-cells", 1);
	cell("phandle", PHANDLE_INTC(index));
	end();
	end();
}

static void cpus(void)
{
	begin("cpus");
	cell("#address-cells", 1);
	cell("#size-cells", 0);
	cell("timebase-frequency", TIMEBASE);
	for (unsigned int i = 0; i < machine.vcpu_count; i++)
		cpu(i);
	end();
}

static void imsic(void)
{
	fdt32_t parents[2 * MAX_VCPUS];

	begin("interrupt-controller@28000000");
	text("compatible", "riscv,imsics");
	reg(IMSIC_BASE, machine.vcpu_count * IMSIC_SIZE);
	for (unsigned int i = 0; i < machine.vcpu_count; i++) {
		parents[2 * i] = cpu_to_fdt32(PHANDLE_INTC(i));
		parents[2 * i + 1] = cpu_to_fdt32(IRQ_SEI);
	}
	must(fdt_property(tree, "interrupts-extended", parents,
			  (int)(machine.vcpu_count * 2 * sizeof(parents[0]))),
	     "parents");
	empty("interrupt-controller");
	cell("#interrupt-cells", 0);
	empty("msi-controller");
	cell("#msi-cells", 0);
	cell("riscv,num-ids", IMSIC_IDS);
	cell("phandle", PHANDLE_IMSIC);
	end();
}

static void aplic(void)
{
	begin("interrupt-controller@d000000");
	text("compatible", "riscv,aplic");
	reg(APLIC_BASE, APLIC_SIZE);
	empty("interrupt-controller");
	cell("#interrupt-cells", 2);
	cell("msi-parent", PHANDLE_IMSIC);
	cell("riscv,num-sources", APLIC_SOURCES);
	cell("phandle", PHANDLE_APLIC);
	end();
}

static void uart(void)
{
	fdt32_t interrupt[2] = { cpu_to_fdt32(UART_IRQ), cpu_to_fdt32(LEVEL_HIGH) };

	begin("serial@10000000");
	text("compatible", "ns16550a");
	reg(UART_BASE, UART_SIZE);
	cell("clock-frequency", 3686400);
	cell("interrupt-parent", PHANDLE_APLIC);
	must(fdt_property(tree, "interrupts", interrupt, sizeof(interrupt)), "interrupts");
	end();
}

static void chosen(void)
{
	begin("chosen");
	text("bootargs", machine.arguments);
	text("stdout-path", "/soc/serial@10000000");
	if (machine.initrd) {
		must(fdt_property_u64(tree, "linux,initrd-start", machine.initrd), "initrd");
		must(fdt_property_u64(tree, "linux,initrd-end",
				      machine.initrd + machine.initrd_size),
		     "initrd");
	}
	end();
}

void tree_make(void *at, int size)
{
	tree = at;
	must(fdt_create(tree, size), "the device tree");
	must(fdt_finish_reservemap(tree), "the device tree");
	begin("");
	cell("#address-cells", 2);
	cell("#size-cells", 2);
	text("compatible", "riscv-virtio");
	text("model", "KVM");
	chosen();
	begin("memory@80000000");
	text("device_type", "memory");
	reg(RAM_BASE, machine.ram_size);
	end();
	cpus();
	begin("soc");
	cell("#address-cells", 2);
	cell("#size-cells", 2);
	text("compatible", "simple-bus");
	empty("ranges");
	imsic();
	aplic();
	uart();
	end();
	end();
	must(fdt_finish(tree), "the device tree");
}
