/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generates the guest's device tree, or completes the one that the VM brought. Owns no state:
 * it writes to the caller's buffer, so no lock is needed.
 */
#include <core/guestfdt.h>

#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "guestfdt_isa.h"

#define IRQ_S_EXTERNAL 9
#define IRQ_LEVEL_HIGH 4
#define UART_CLOCK 3686400
#define TEST_POWEROFF 0x5555
#define TEST_REBOOT 0x7777
#define NAME_SIZE 64

/* The tree being written; the first error stays and ends all writing. */
struct writer {
	const struct vm_config *config;
	const struct guest_machine *machine;
	const struct vm_layout *layout;
	void *fdt;
	int error; /* of libfdt */
};

/* vCPU i's interrupt controller has phandle 1 + i. */
static uint32_t phandle_imsic(const struct writer *w)
{
	return w->config->vcpus + 1;
}

static uint32_t phandle_aplic(const struct writer *w)
{
	return w->config->vcpus + 2;
}

static uint32_t phandle_test(const struct writer *w)
{
	return w->config->vcpus + 3;
}

static void node_begin(struct writer *w, const char *name)
{
	if (!w->error)
		w->error = fdt_begin_node(w->fdt, name);
}

static void node_begin_at(struct writer *w, const char *kind, uint64_t address)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s@%" PRIx64, kind, address);
	node_begin(w, name);
}

static void node_end(struct writer *w)
{
	if (!w->error)
		w->error = fdt_end_node(w->fdt);
}

static void put_bytes(struct writer *w, const char *name, const void *value, size_t size)
{
	if (!w->error)
		w->error = fdt_property(w->fdt, name, value, (int)size);
}

static void put_string(struct writer *w, const char *name, const char *value)
{
	put_bytes(w, name, value, strlen(value) + 1);
}

static void put_flag(struct writer *w, const char *name)
{
	put_bytes(w, name, "", 0);
}

static void put_u32(struct writer *w, const char *name, uint32_t value)
{
	if (!w->error)
		w->error = fdt_property_u32(w->fdt, name, value);
}

static void put_u64(struct writer *w, const char *name, uint64_t value)
{
	if (!w->error)
		w->error = fdt_property_u64(w->fdt, name, value);
}

/* Room for @size bytes that the caller fills; NULL after an error. */
static void *put_space(struct writer *w, const char *name, size_t size)
{
	void *space = NULL;

	if (!w->error)
		w->error = fdt_property_placeholder(w->fdt, name, (int)size, &space);
	return w->error ? NULL : space;
}

static void put_u32_pair(struct writer *w, const char *name, uint32_t first, uint32_t second)
{
	fdt32_t cells[2] = { cpu_to_fdt32(first), cpu_to_fdt32(second) };

	put_bytes(w, name, cells, sizeof(cells));
}

static void put_reg(struct writer *w, uint64_t base, uint64_t size)
{
	fdt64_t cells[2] = { cpu_to_fdt64(base), cpu_to_fdt64(size) };

	put_bytes(w, "reg", cells, sizeof(cells));
}

static void put_cell_counts(struct writer *w, uint32_t address, uint32_t size)
{
	put_u32(w, "#address-cells", address);
	put_u32(w, "#size-cells", size);
}

/* The supervisor external interrupt of every vCPU. */
static void put_vcpu_interrupts(struct writer *w)
{
	uint32_t vcpus = w->config->vcpus;
	fdt32_t *cells = put_space(w, "interrupts-extended", vcpus * 2 * sizeof(*cells));

	for (uint32_t i = 0; cells && i < vcpus; i++) {
		cells[2 * i] = cpu_to_fdt32(1 + i);
		cells[2 * i + 1] = cpu_to_fdt32(IRQ_S_EXTERNAL);
	}
}

/* Begins the node of a device with its window and, if it has one, its interrupt. */
static void device_begin(struct writer *w, const char *kind, const struct guest_window *window)
{
	node_begin_at(w, kind, window->base);
	put_reg(w, window->base, window->size);
	if (window->source && w->machine->aplic.size) {
		put_u32(w, "interrupt-parent", phandle_aplic(w));
		put_u32_pair(w, "interrupts", window->source, IRQ_LEVEL_HIGH);
	}
}

static void write_aliases(struct writer *w)
{
	char path[NAME_SIZE];

	if (!w->machine->uart.size)
		return;
	snprintf(path, sizeof(path), "/soc/serial@%" PRIx64, w->machine->uart.base);
	node_begin(w, "aliases");
	put_string(w, "serial0", path);
	node_end(w);
}

static void write_chosen(struct writer *w)
{
	const struct vm_layout *layout = w->layout;
	char path[NAME_SIZE];

	node_begin(w, "chosen");
	put_string(w, "bootargs", w->config->bootargs);
	if (w->machine->uart.size) {
		snprintf(path, sizeof(path), "/soc/serial@%" PRIx64, w->machine->uart.base);
		put_string(w, "stdout-path", path);
	}
	if (layout->ramdisk_size) {
		put_u64(w, "linux,initrd-start", layout->ramdisk_gpa.v);
		put_u64(w, "linux,initrd-end", layout->ramdisk_gpa.v + layout->ramdisk_size);
	}
	put_bytes(w, "rng-seed", w->machine->rng_seed, sizeof(w->machine->rng_seed));
	node_end(w);
}

static void write_ram(struct writer *w, uint64_t base, uint64_t size)
{
	node_begin_at(w, "memory", base);
	put_string(w, "device_type", "memory");
	put_reg(w, base, size);
	node_end(w);
}

/* What a guest may use as it likes. */
static bool range_is_ram(const struct vm_range_config *range)
{
	return !range->shared && !range->read_only;
}

static void write_memory(struct writer *w)
{
	const struct vm_config *config = w->config;

	write_ram(w, config->memory_base, config->memory_size);
	for (uint32_t i = 0; i < config->range_count; i++)
		if (range_is_ram(&config->ranges[i]))
			write_ram(w, config->ranges[i].base, config->ranges[i].size);
}

static void write_reserved_range(struct writer *w, const struct vm_range_config *range)
{
	static const char both[] = "hartvisor,shared-memory\0hartvisor,read-only-memory";

	node_begin_at(w, range->name, range->base);
	if (range->shared && range->read_only)
		put_bytes(w, "compatible", both, sizeof(both));
	else
		put_string(w, "compatible",
			   range->shared ? "hartvisor,shared-memory"
					 : "hartvisor,read-only-memory");
	put_reg(w, range->base, range->size);
	put_flag(w, "no-map");
	if (range->shared)
		put_string(w, "hartvisor,region", range->shared);
	node_end(w);
}

static void write_reserved_memory(struct writer *w)
{
	const struct vm_config *config = w->config;
	bool any = false;

	for (uint32_t i = 0; i < config->range_count; i++)
		any |= !range_is_ram(&config->ranges[i]);
	if (!any)
		return;
	node_begin(w, "reserved-memory");
	put_cell_counts(w, 2, 2);
	put_flag(w, "ranges");
	for (uint32_t i = 0; i < config->range_count; i++)
		if (!range_is_ram(&config->ranges[i]))
			write_reserved_range(w, &config->ranges[i]);
	node_end(w);
}

static void put_block_size(struct writer *w, const char *name, uint32_t size)
{
	if (size)
		put_u32(w, name, size);
}

/* The extensions as a list of strings, in the order of the ISA string. */
static void put_isa_extensions(struct writer *w)
{
	const struct guest_machine *machine = w->machine;
	const char *sorted[ISA_SORT_MAX];
	unsigned int count = isa_sort(machine->extensions, machine->extension_count, sorted);
	size_t size = 0;
	char *space;

	for (unsigned int i = 0; i < count; i++)
		size += strlen(sorted[i]) + 1;
	space = put_space(w, "riscv,isa-extensions", size);
	for (unsigned int i = 0; space && i < count; i++) {
		memcpy(space, sorted[i], strlen(sorted[i]) + 1);
		space += strlen(sorted[i]) + 1;
	}
}

static void write_cpu(struct writer *w, uint32_t index, const char *isa)
{
	const struct guest_machine *machine = w->machine;

	node_begin_at(w, "cpu", index);
	put_string(w, "device_type", "cpu");
	put_u32(w, "reg", index);
	put_string(w, "status", "okay");
	put_string(w, "compatible", "riscv");
	put_string(w, "riscv,isa", isa);
	put_string(w, "riscv,isa-base", "rv64i");
	put_isa_extensions(w);
	if (machine->mmu_type)
		put_string(w, "mmu-type", machine->mmu_type);
	put_block_size(w, "riscv,cbom-block-size", machine->cbom_block_size);
	put_block_size(w, "riscv,cboz-block-size", machine->cboz_block_size);
	put_block_size(w, "riscv,cbop-block-size", machine->cbop_block_size);
	node_begin(w, "interrupt-controller");
	put_u32(w, "#interrupt-cells", 1);
	put_u32(w, "#address-cells", 0);
	put_flag(w, "interrupt-controller");
	put_string(w, "compatible", "riscv,cpu-intc");
	put_u32(w, "phandle", 1 + index);
	node_end(w);
	node_end(w);
}

static void write_cpus(struct writer *w, const char *isa)
{
	node_begin(w, "cpus");
	put_cell_counts(w, 1, 0);
	put_u32(w, "timebase-frequency", w->machine->timebase_frequency);
	for (uint32_t i = 0; i < w->config->vcpus; i++)
		write_cpu(w, i, isa);
	node_end(w);
}

static void write_imsics(struct writer *w)
{
	const struct guest_window *imsic = &w->machine->imsic;

	if (!imsic->size || !w->machine->aplic_msi)
		return;
	node_begin_at(w, "imsics", imsic->base);
	put_string(w, "compatible", "riscv,imsics");
	put_reg(w, imsic->base, w->config->vcpus * PAGE_SIZE);
	put_vcpu_interrupts(w);
	put_flag(w, "interrupt-controller");
	put_u32(w, "#interrupt-cells", 0);
	put_u32(w, "#address-cells", 0);
	put_flag(w, "msi-controller");
	put_u32(w, "#msi-cells", 0);
	put_u32(w, "riscv,num-ids", w->machine->imsic_identities);
	put_u32(w, "phandle", phandle_imsic(w));
	node_end(w);
}

static void write_aplic(struct writer *w)
{
	const struct guest_window *aplic = &w->machine->aplic;

	if (!aplic->size)
		return;
	node_begin_at(w, "interrupt-controller", aplic->base);
	put_string(w, "compatible", "riscv,aplic");
	put_reg(w, aplic->base, aplic->size);
	if (w->machine->aplic_msi)
		put_u32(w, "msi-parent", phandle_imsic(w));
	else
		put_vcpu_interrupts(w);
	put_flag(w, "interrupt-controller");
	put_u32(w, "#interrupt-cells", 2);
	put_u32(w, "#address-cells", 0);
	put_u32(w, "riscv,num-sources", w->machine->aplic_sources);
	put_u32(w, "phandle", phandle_aplic(w));
	node_end(w);
}

static void write_uart(struct writer *w)
{
	if (!w->machine->uart.size)
		return;
	device_begin(w, "serial", &w->machine->uart);
	put_string(w, "compatible", "ns16550a");
	put_u32(w, "clock-frequency", UART_CLOCK);
	node_end(w);
}

static void write_rtc(struct writer *w)
{
	if (!w->machine->rtc.size)
		return;
	device_begin(w, "rtc", &w->machine->rtc);
	put_string(w, "compatible", "google,goldfish-rtc");
	node_end(w);
}

static void write_test(struct writer *w)
{
	static const char compatible[] = "sifive,test1\0sifive,test0\0syscon";

	if (!w->machine->test.size)
		return;
	device_begin(w, "test", &w->machine->test);
	put_bytes(w, "compatible", compatible, sizeof(compatible));
	put_u32(w, "phandle", phandle_test(w));
	node_end(w);
}

static void write_soc(struct writer *w)
{
	node_begin(w, "soc");
	put_cell_counts(w, 2, 2);
	put_string(w, "compatible", "simple-bus");
	put_flag(w, "ranges");
	write_uart(w);
	write_rtc(w);
	write_test(w);
	write_imsics(w);
	write_aplic(w);
	node_end(w);
}

static void write_syscon(struct writer *w, const char *name, const char *compatible, uint32_t value)
{
	if (!w->machine->test.size)
		return;
	node_begin(w, name);
	put_string(w, "compatible", compatible);
	put_u32(w, "regmap", phandle_test(w));
	put_u32(w, "offset", 0);
	put_u32(w, "value", value);
	node_end(w);
}

static void write_tree(struct writer *w, const char *isa)
{
	static const char compatible[] = "hartvisor,virt\0riscv-virtio";

	node_begin(w, "");
	put_cell_counts(w, 2, 2);
	put_bytes(w, "compatible", compatible, sizeof(compatible));
	put_string(w, "model", "hartvisor,virt");
	write_aliases(w);
	write_chosen(w);
	write_memory(w);
	write_reserved_memory(w);
	write_cpus(w, isa);
	write_syscon(w, "poweroff", "syscon-poweroff", TEST_POWEROFF);
	write_syscon(w, "reboot", "syscon-reboot", TEST_REBOOT);
	write_soc(w);
	node_end(w);
}

static bool machine_is_valid(const struct vm_config *config, const struct guest_machine *machine)
{
	if (!config->vcpus || config->vcpus > MAX_VCPUS || !machine->timebase_frequency)
		return false;
	for (unsigned int i = 0; i < machine->extension_count; i++) {
		const char *name = machine->extensions[i];

		if (!name[0] || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789")])
			return false;
	}
	if (machine->aplic.size && machine->aplic_msi)
		return machine->imsic.size >= config->vcpus * PAGE_SIZE;
	return true;
}

static int tree_generate(struct writer *w, size_t size)
{
	char isa[ISA_STRING_MAX];

	if (!machine_is_valid(w->config, w->machine) ||
	    isa_string(isa, sizeof(isa), w->machine->extensions, w->machine->extension_count) < 0)
		return -FDT_ERR_BADVALUE;
	w->error = fdt_create(w->fdt, (int)size);
	if (!w->error)
		w->error = fdt_finish_reservemap(w->fdt);
	write_tree(w, isa);
	return w->error ? w->error : fdt_finish(w->fdt);
}

/* Puts into /chosen of the VM's own tree what only we know. */
static int tree_complete(struct writer *w, size_t size)
{
	const struct vm_layout *layout = w->layout;
	uint64_t ramdisk = layout->ramdisk_gpa.v;
	int chosen, error;

	if (fdt_blob_problem(w->config->device_tree.data, w->config->device_tree.size))
		return -FDT_ERR_BADSTRUCTURE;
	error = fdt_open_into(w->config->device_tree.data, w->fdt, (int)size);
	if (error)
		return error;
	chosen = fdt_path_offset(w->fdt, "/chosen");
	if (chosen == -FDT_ERR_NOTFOUND)
		chosen = fdt_add_subnode(w->fdt, 0, "chosen");
	if (chosen < 0)
		return chosen;
	if (w->config->bootargs[0])
		error = fdt_setprop_string(w->fdt, chosen, "bootargs", w->config->bootargs);
	if (!error && layout->ramdisk_size)
		error = fdt_setprop_u64(w->fdt, chosen, "linux,initrd-start", ramdisk);
	if (!error && layout->ramdisk_size)
		error = fdt_setprop_u64(w->fdt, chosen, "linux,initrd-end",
					ramdisk + layout->ramdisk_size);
	if (!error)
		error = fdt_setprop(w->fdt, chosen, "rng-seed", w->machine->rng_seed,
				    sizeof(w->machine->rng_seed));
	return error ? error : fdt_pack(w->fdt);
}

int guestfdt_build(const struct vm_config *config, const struct guest_machine *machine,
		   const struct vm_layout *layout, void *buffer, size_t size)
{
	struct writer w = {
		.config = config,
		.machine = machine,
		.layout = layout,
		.fdt = buffer,
	};
	int error;

	size = MIN(size, (size_t)INT_MAX);
	error = config->device_tree.data ? tree_complete(&w, size) : tree_generate(&w, size);
	if (error)
		return error == -FDT_ERR_NOSPACE ? -ENOSPC : -EINVAL;
	return (int)fdt_totalsize(buffer);
}
