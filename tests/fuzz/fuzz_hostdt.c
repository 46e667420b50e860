/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's device tree: a boot with it up to the devices (RAM, bundle, harts, interrupt
 * controllers, serial port, clock, reset) with the real drivers, and the questions of
 * core/hostdt.h; asked of blobs, of good trees that were damaged, and of well-formed trees
 * without sense. One thread, no lock.
 */
#include <arch/isa.h>
#include <arch/ram.h>
#include <core/bundle_place.h>
#include <core/hart_power.h>
#include <core/hostdt.h>
#include <core/page.h>
#include <drivers/irqchip.h>
#include <drivers/reset.h>
#include <drivers/rtc.h>
#include <drivers/serial.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../drivers/irqchip/imsic.h"
#include "damage.h"
#include "fake_boards.h"
#include "tree.h"

#define TREE_ROOM KIB(32)
#define RAM_ROOM GIB(128)
#define IMAGE UINT64_C(0x80200000)
#define NODES_ASKED 8 /* of one tree: each question may walk all of it */

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
				     "interrupt-controller@c000000",
				     "serial@10000000",
				     "reset",
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
					  "linux,initrd-end",
					  "msi-parent",
					  "no-map",
					  "offset",
					  "mask",
					  "value",
					  "regmap",
					  "reg-shift",
					  "reg-io-width",
					  "reg-offset",
					  "riscv,ndev",
					  "riscv,num-sources",
					  "riscv,num-ids",
					  "riscv,guest-index-bits",
					  "riscv,hart-index-bits",
					  "riscv,hart-indexes",
					  "riscv,group-index-bits",
					  "riscv,group-index-shift",
					  "hartvisor,bundle",
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
				      "sifive,plic-1.0.0",
				      "ultrarisc,cp100-plic",
				      "thead,c900-plic",
				      "snps,dw-apb-uart",
				      "spacemit,k3-uart",
				      "sifive,uart0",
				      "google,goldfish-rtc",
				      "syscon",
				      "syscon-poweroff",
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

static void check_harts(void)
{
	MUST(hart_count >= 1 && hart_count <= MAX_HARTS);
	for (unsigned int i = 0; i < hart_count; i++) {
		MUST(harts[i]->index == i && (harts[i]->stack_top || harts[i] == boot_hart));
		MUST(i == 0 || harts[i - 1]->id < harts[i]->id);
	}
}

static void check_ram(uint64_t base)
{
	for (unsigned int i = 0; i < ram_count; i++) {
		MUST(is_aligned(ram[i].start | ram[i].end, PAGE_SIZE));
		MUST(ram[i].start >= base && ram[i].start < ram[i].end);
		MUST(ram[i].end - base <= RAM_ROOM && ram[i].end <= UINT64_C(1) << 56);
		MUST(i == 0 || ram[i - 1].end < ram[i].start);
	}
}

static void ignore(struct report *report, enum report_level level, const char *message)
{
	MUST(*message && strlen(message) < REPORT_MESSAGE_MAX);
}

static void boot_memory(void)
{
	static const struct bundle_attached attached = { MIB(4), MIB(1) };
	struct report report = { .emit = ignore };
	uint64_t base = ram_find(RAM_ROOM), start, end;

	check_ram(base);
	if (!ram_count)
		return;
	ram_reserve(IMAGE, IMAGE + MIB(1), PAGE_OWNER_HYPERVISOR, "image");
	check_ram(base);
	for (unsigned int i = 0; i < ram_count; i++)
		MUST(ram[i].end <= IMAGE || ram[i].start >= IMAGE + MIB(1));
	if (bundle_locate(IMAGE, MIB(1), &attached, &report, &start, &end) == 0)
		MUST(start < end && (end <= IMAGE || start >= IMAGE + MIB(1)));
}

static void check_files(void)
{
	hpa_t page;

	for (unsigned int i = 0; i < hart_count; i++) {
		unsigned int files = imsic_guest_files(i);

		MUST(files <= 63);
		for (unsigned int file = 0; files && file <= files; file += files) {
			MUST(imsic_page(i, file, &page) == 0);
			MUST(is_aligned(page.v, PAGE_SIZE) && fake_page_is_device(page.v));
		}
	}
}

static void received(void)
{
}

static void boot_devices(void)
{
	struct serial *port;
	char text[64];

	irqchip_init();
	boot_hart->arch.features |= BIT(FEATURE_SSAIA);
	irqchip_hart_init();
	check_files();
	MUST(strlen(irqchip_describe()) > 0);
	port = serial_init();
	MUST(port && strlen(serial_describe()) > 0);
	port->start(port, received);
	port->write(port, "boot", 4);
	port->read(port, text, sizeof(text));
	irqchip_external();
	rtc_init();
	reset_init();
}

/* As init() does it. */
static void boot(uint64_t dice)
{
	static const enum fake_devices kinds[] = { DEVICES_RANDOM, DEVICES_SILENT, DEVICES_ONES };
	uint64_t id = 0;
	int node = -1;

	for (unsigned int i = 0; i <= dice % 3; i++)
		node = hostdt_cpu_next(node, &id);
	fake_boards_reset(id, dice >> 8 & 12 ? DEVICES_KEEP : kinds[(dice >> 8 & 3) % 3], dice);
	boot_memory();
	if (harts_find())
		return;
	check_harts();
	boot_devices();
}

static void ask_machine(void)
{
	unsigned int tried = 0;
	uint64_t size, id;
	hpa_t base;

	for (unsigned int i = 0; i < 8 && hostdt_memory(i, &base, &size) == 0; i++)
		MUST(size);
	for (unsigned int i = 0; i < 8 && hostdt_reserved(i, &base, &size) == 0; i++)
		MUST(!size || base.v + size - 1 >= base.v);
	for (int node = hostdt_cpu_next(-1, &id); node >= 0; node = hostdt_cpu_next(node, &id))
		MUST(node > 0);
	while (hart_find_other(0, &tried, &id) == 0)
		MUST(id);
	MUST(hostdt_stdout() >= -ENOENT);
	MUST(strlen(hostdt_bootargs()) < SIZE_MAX);
	hostdt_path("/soc/serial@1");
	hostdt_path("/memory:x");
}

static void ask_nodes(uint64_t dice)
{
	unsigned int count = 0, stride, i = 0;
	int depth;

	for (int node = hostdt_next(-1, &depth); node >= 0; node = hostdt_next(node, &depth))
		count++;
	stride = count / NODES_ASKED + 1;
	for (int node = hostdt_next(-1, &depth); node >= 0; node = hostdt_next(node, &depth))
		if (i++ % stride == dice % stride)
			ask_node(node);
}

/* What the input does not say itself. */
static uint64_t dice_of(const uint8_t *data, size_t size)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 29;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed);

/* Whether the next input is a tree that was just damaged, and how many of those there were. */
static bool damaged;
static uint64_t damaged_count;

static void __attribute__((destructor)) damaged_tell(void)
{
	fprintf(stderr, "damaged trees: %" PRIu64 "\n", damaged_count);
}

/* Bytes that change anywhere are seldom a tree still. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
	static uint64_t tree[TREE_ROOM / 8];
	uint64_t dice = dice_of((const uint8_t *)&seed, sizeof(seed));
	unsigned int changes = 1 + (dice >> 60) % 4;

	damaged = false;
	if (size < 2 || data[0] % 2 || size - 1 > sizeof(tree) || !(dice >> 40 & 7))
		return LLVMFuzzerMutate(data, size, room);
	memcpy(tree, data + 1, size - 1);
	while (changes--) {
		if (!tree_damage((uint8_t *)tree, size - 1, dice))
			return LLVMFuzzerMutate(data, size, room);
		dice = dice_of((const uint8_t *)&dice, sizeof(dice));
	}
	memcpy(data + 1, tree, size - 1);
	damaged = true;
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t tree[TREE_ROOM / 8];
	struct input input = { data, size };
	bool built = input_below(&input, 2);
	const void *from = tree;
	uint64_t dice = dice_of(data, size);
	void *blob;

	damaged_count += damaged;
	damaged = false;
	if (built)
		size = tree_build(&input, &words, tree, sizeof(tree));
	else
		from = input_bytes(&input, SIZE_MAX, &size);
	if (!size)
		return 0;
	blob = malloc(size); /* exactly as long, so that ASan guards its end */
	memcpy(blob, from, size);
	if (hostdt_init(blob, size) == 0) {
		boot(dice);
		ask_machine();
		ask_nodes(dice >> 16);
	} else {
		MUST(!built);
	}
	free(blob);
	return 0;
}
