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

#include "fdt_writer.h"
#include "guestfdt_isa.h"

#define IRQ_S_EXTERNAL 9
#define IRQ_M_EXTERNAL 11
#define IRQ_LEVEL_HIGH 4
#define UART_CLOCK 3686400
#define TEST_POWEROFF 0x5555
#define TEST_REBOOT 0x7777
#define NAME_SIZE 64

/* The tree being written, and of what. */
struct writer {
	const struct vm_config *config;
	const struct guest_machine *machine;
	const struct vm_layout *layout;
	struct fdt_writer fdt;
};

/* vCPU i's interrupt controller has phandle 1 + i. */
static uint32_t phandle_imsic(const struct writer *w)
{
	return w->config->vcpus + 1;
}

/* Of the APLIC or the PLIC. */
static uint32_t phandle_irqchip(const struct writer *w)
{
	return w->config->vcpus + 2;
}

static uint32_t phandle_test(const struct writer *w)
{
	return w->config->vcpus + 3;
}

/* The supervisor external interrupt of every vCPU. */
static void put_vcpu_interrupts(struct writer *w)
{
	uint32_t vcpus = w->config->vcpus;
	fdt32_t *cells = fdtw_space(&w->fdt, "interrupts-extended", vcpus * 2 * sizeof(*cells));

	for (uint32_t i = 0; cells && i < vcpus; i++) {
		cells[2 * i] = cpu_to_fdt32(1 + i);
		cells[2 * i + 1] = cpu_to_fdt32(IRQ_S_EXTERNAL);
	}
}

/* Begins the node of a device with its window and, if it has one, its interrupt. */
static void device_begin(struct writer *w, const char *kind, const struct guest_window *window)
{
	fdtw_node_at(&w->fdt, kind, window->base);
	fdtw_reg(&w->fdt, window->base, window->size);
	if (!window->source || !(w->machine->aplic.size || w->machine->plic.size))
		return;
	fdtw_u32(&w->fdt, "interrupt-parent", phandle_irqchip(w));
	if (w->machine->plic.size)
		fdtw_u32(&w->fdt, "interrupts", window->source);
	else
		fdtw_u32_pair(&w->fdt, "interrupts", window->source, IRQ_LEVEL_HIGH);
}

static void write_aliases(struct writer *w)
{
	char path[NAME_SIZE];

	if (!w->machine->uart.size)
		return;
	snprintf(path, sizeof(path), "/soc/serial@%" PRIx64, w->machine->uart.base);
	fdtw_node(&w->fdt, "aliases");
	fdtw_string(&w->fdt, "serial0", path);
	fdtw_end(&w->fdt);
}

static void write_chosen(struct writer *w)
{
	const struct vm_layout *layout = w->layout;
	char path[NAME_SIZE];

	fdtw_node(&w->fdt, "chosen");
	fdtw_string(&w->fdt, "bootargs", w->config->bootargs);
	if (w->machine->uart.size) {
		snprintf(path, sizeof(path), "/soc/serial@%" PRIx64, w->machine->uart.base);
		fdtw_string(&w->fdt, "stdout-path", path);
	}
	if (layout->ramdisk_size) {
		fdtw_u64(&w->fdt, "linux,initrd-start", layout->ramdisk_gpa.v);
		fdtw_u64(&w->fdt, "linux,initrd-end", layout->ramdisk_gpa.v + layout->ramdisk_size);
	}
	fdtw_bytes(&w->fdt, "rng-seed", w->machine->rng_seed, sizeof(w->machine->rng_seed));
	fdtw_end(&w->fdt);
}

static void write_ram(struct writer *w, uint64_t base, uint64_t size)
{
	fdtw_node_at(&w->fdt, "memory", base);
	fdtw_string(&w->fdt, "device_type", "memory");
	fdtw_reg(&w->fdt, base, size);
	fdtw_end(&w->fdt);
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

	fdtw_node_at(&w->fdt, range->name, range->base);
	if (range->shared && range->read_only)
		fdtw_bytes(&w->fdt, "compatible", both, sizeof(both));
	else
		fdtw_string(&w->fdt, "compatible",
			    range->shared ? "hartvisor,shared-memory"
					  : "hartvisor,read-only-memory");
	fdtw_reg(&w->fdt, range->base, range->size);
	fdtw_flag(&w->fdt, "no-map");
	if (range->shared)
		fdtw_string(&w->fdt, "hartvisor,region", range->shared);
	fdtw_end(&w->fdt);
}

static void write_reserved_memory(struct writer *w)
{
	const struct vm_config *config = w->config;
	bool any = false;

	for (uint32_t i = 0; i < config->range_count; i++)
		any |= !range_is_ram(&config->ranges[i]);
	if (!any)
		return;
	fdtw_node(&w->fdt, "reserved-memory");
	fdtw_cell_counts(&w->fdt, 2, 2);
	fdtw_flag(&w->fdt, "ranges");
	for (uint32_t i = 0; i < config->range_count; i++)
		if (!range_is_ram(&config->ranges[i]))
			write_reserved_range(w, &config->ranges[i]);
	fdtw_end(&w->fdt);
}

static void put_block_size(struct writer *w, const char *name, uint32_t size)
{
	if (size)
		fdtw_u32(&w->fdt, name, size);
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
	space = fdtw_space(&w->fdt, "riscv,isa-extensions", size);
	for (unsigned int i = 0; space && i < count; i++) {
		memcpy(space, sorted[i], strlen(sorted[i]) + 1);
		space += strlen(sorted[i]) + 1;
	}
}

static void write_cpu(struct writer *w, uint32_t index, const char *isa)
{
	const struct guest_machine *machine = w->machine;

	fdtw_node_at(&w->fdt, "cpu", index);
	fdtw_string(&w->fdt, "device_type", "cpu");
	fdtw_u32(&w->fdt, "reg", index);
	fdtw_string(&w->fdt, "status", "okay");
	fdtw_string(&w->fdt, "compatible", "riscv");
	fdtw_string(&w->fdt, "riscv,isa", isa);
	fdtw_string(&w->fdt, "riscv,isa-base", "rv64i");
	put_isa_extensions(w);
	if (machine->mmu_type)
		fdtw_string(&w->fdt, "mmu-type", machine->mmu_type);
	put_block_size(w, "riscv,cbom-block-size", machine->cbom_block_size);
	put_block_size(w, "riscv,cboz-block-size", machine->cboz_block_size);
	put_block_size(w, "riscv,cbop-block-size", machine->cbop_block_size);
	fdtw_node(&w->fdt, "interrupt-controller");
	fdtw_u32(&w->fdt, "#interrupt-cells", 1);
	fdtw_u32(&w->fdt, "#address-cells", 0);
	fdtw_flag(&w->fdt, "interrupt-controller");
	fdtw_string(&w->fdt, "compatible", "riscv,cpu-intc");
	fdtw_u32(&w->fdt, "phandle", 1 + index);
	fdtw_end(&w->fdt);
	fdtw_end(&w->fdt);
}

static void write_cpus(struct writer *w, const char *isa)
{
	fdtw_node(&w->fdt, "cpus");
	fdtw_cell_counts(&w->fdt, 1, 0);
	fdtw_u32(&w->fdt, "timebase-frequency", w->machine->timebase_frequency);
	for (uint32_t i = 0; i < w->config->vcpus; i++)
		write_cpu(w, i, isa);
	fdtw_end(&w->fdt);
}

static void write_imsics(struct writer *w)
{
	const struct guest_window *imsic = &w->machine->imsic;

	if (!imsic->size || !w->machine->aplic_msi)
		return;
	fdtw_node_at(&w->fdt, "imsics", imsic->base);
	fdtw_string(&w->fdt, "compatible", "riscv,imsics");
	fdtw_reg(&w->fdt, imsic->base, w->config->vcpus * PAGE_SIZE);
	put_vcpu_interrupts(w);
	fdtw_flag(&w->fdt, "interrupt-controller");
	fdtw_u32(&w->fdt, "#interrupt-cells", 0);
	fdtw_u32(&w->fdt, "#address-cells", 0);
	fdtw_flag(&w->fdt, "msi-controller");
	fdtw_u32(&w->fdt, "#msi-cells", 0);
	fdtw_u32(&w->fdt, "riscv,num-ids", w->machine->imsic_identities);
	fdtw_u32(&w->fdt, "phandle", phandle_imsic(w));
	fdtw_end(&w->fdt);
}

static void write_aplic(struct writer *w)
{
	const struct guest_window *aplic = &w->machine->aplic;

	if (!aplic->size)
		return;
	fdtw_node_at(&w->fdt, "interrupt-controller", aplic->base);
	fdtw_string(&w->fdt, "compatible", "riscv,aplic");
	fdtw_reg(&w->fdt, aplic->base, aplic->size);
	if (w->machine->aplic_msi)
		fdtw_u32(&w->fdt, "msi-parent", phandle_imsic(w));
	else
		put_vcpu_interrupts(w);
	fdtw_flag(&w->fdt, "interrupt-controller");
	fdtw_u32(&w->fdt, "#interrupt-cells", 2);
	fdtw_u32(&w->fdt, "#address-cells", 0);
	fdtw_u32(&w->fdt, "riscv,num-sources", w->machine->aplic_sources);
	fdtw_u32(&w->fdt, "phandle", phandle_irqchip(w));
	fdtw_end(&w->fdt);
}

/* Its contexts: M and S of each vCPU in turn, as in QEMU. No guest has the first of them. */
static void put_plic_contexts(struct writer *w)
{
	uint32_t vcpus = w->config->vcpus;
	fdt32_t *cells = fdtw_space(&w->fdt, "interrupts-extended", vcpus * 4 * sizeof(*cells));

	for (uint32_t i = 0; cells && i < vcpus; i++, cells += 4) {
		cells[0] = cells[2] = cpu_to_fdt32(1 + i);
		cells[1] = cpu_to_fdt32(IRQ_M_EXTERNAL);
		cells[3] = cpu_to_fdt32(IRQ_S_EXTERNAL);
	}
}

static void write_plic(struct writer *w)
{
	static const char compatible[] = "sifive,plic-1.0.0\0riscv,plic0";
	const struct guest_window *plic = &w->machine->plic;

	if (!plic->size)
		return;
	fdtw_node_at(&w->fdt, "plic", plic->base);
	fdtw_bytes(&w->fdt, "compatible", compatible, sizeof(compatible));
	fdtw_reg(&w->fdt, plic->base, plic->size);
	put_plic_contexts(w);
	fdtw_flag(&w->fdt, "interrupt-controller");
	fdtw_u32(&w->fdt, "#interrupt-cells", 1);
	fdtw_u32(&w->fdt, "#address-cells", 0);
	fdtw_u32(&w->fdt, "riscv,ndev", w->machine->plic_sources);
	fdtw_u32(&w->fdt, "phandle", phandle_irqchip(w));
	fdtw_end(&w->fdt);
}

static void write_uart(struct writer *w)
{
	if (!w->machine->uart.size)
		return;
	device_begin(w, "serial", &w->machine->uart);
	fdtw_string(&w->fdt, "compatible", "ns16550a");
	fdtw_u32(&w->fdt, "clock-frequency", UART_CLOCK);
	fdtw_end(&w->fdt);
}

static void write_rtc(struct writer *w)
{
	if (!w->machine->rtc.size)
		return;
	device_begin(w, "rtc", &w->machine->rtc);
	fdtw_string(&w->fdt, "compatible", "google,goldfish-rtc");
	fdtw_end(&w->fdt);
}

static void write_test(struct writer *w)
{
	static const char compatible[] = "sifive,test1\0sifive,test0\0syscon";

	if (!w->machine->test.size)
		return;
	device_begin(w, "test", &w->machine->test);
	fdtw_bytes(&w->fdt, "compatible", compatible, sizeof(compatible));
	fdtw_u32(&w->fdt, "phandle", phandle_test(w));
	fdtw_end(&w->fdt);
}

static void write_soc(struct writer *w)
{
	fdtw_node(&w->fdt, "soc");
	fdtw_cell_counts(&w->fdt, 2, 2);
	fdtw_string(&w->fdt, "compatible", "simple-bus");
	fdtw_flag(&w->fdt, "ranges");
	write_uart(w);
	write_rtc(w);
	write_test(w);
	write_imsics(w);
	write_aplic(w);
	write_plic(w);
	fdtw_end(&w->fdt);
}

static void write_syscon(struct writer *w, const char *name, const char *compatible, uint32_t value)
{
	if (!w->machine->test.size)
		return;
	fdtw_node(&w->fdt, name);
	fdtw_string(&w->fdt, "compatible", compatible);
	fdtw_u32(&w->fdt, "regmap", phandle_test(w));
	fdtw_u32(&w->fdt, "offset", 0);
	fdtw_u32(&w->fdt, "value", value);
	fdtw_end(&w->fdt);
}

static void write_tree(struct writer *w, const char *isa)
{
	static const char compatible[] = "hartvisor,virt\0riscv-virtio";

	fdtw_node(&w->fdt, "");
	fdtw_cell_counts(&w->fdt, 2, 2);
	fdtw_bytes(&w->fdt, "compatible", compatible, sizeof(compatible));
	fdtw_string(&w->fdt, "model", "hartvisor,virt");
	write_aliases(w);
	write_chosen(w);
	write_memory(w);
	write_reserved_memory(w);
	write_cpus(w, isa);
	write_syscon(w, "poweroff", "syscon-poweroff", TEST_POWEROFF);
	write_syscon(w, "reboot", "syscon-reboot", TEST_REBOOT);
	write_soc(w);
	fdtw_end(&w->fdt);
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
	if (machine->aplic.size && machine->plic.size)
		return false;
	if (machine->aplic.size && machine->aplic_msi)
		return machine->imsic.size >= config->vcpus * PAGE_SIZE;
	return true;
}

static int tree_generate(struct writer *w, void *buffer, size_t size)
{
	char isa[ISA_STRING_MAX];

	if (!machine_is_valid(w->config, w->machine) ||
	    isa_string(isa, sizeof(isa), w->machine->extensions, w->machine->extension_count) < 0)
		return -FDT_ERR_BADVALUE;
	fdtw_create(&w->fdt, buffer, size);
	write_tree(w, isa);
	return fdtw_finish(&w->fdt);
}

/* Puts into /chosen of the VM's own tree what only we know. */
static int tree_complete(const struct writer *w, void *buffer, size_t size)
{
	const struct vm_layout *layout = w->layout;
	uint64_t ramdisk = layout->ramdisk_gpa.v;
	int chosen, error;

	if (fdt_blob_problem(w->config->device_tree.data, w->config->device_tree.size))
		return -FDT_ERR_BADSTRUCTURE;
	error = fdt_open_into(w->config->device_tree.data, buffer, (int)size);
	if (error)
		return error;
	chosen = fdt_path_offset(buffer, "/chosen");
	if (chosen == -FDT_ERR_NOTFOUND)
		chosen = fdt_add_subnode(buffer, 0, "chosen");
	if (chosen < 0)
		return chosen;
	if (w->config->bootargs[0])
		error = fdt_setprop_string(buffer, chosen, "bootargs", w->config->bootargs);
	if (!error && layout->ramdisk_size)
		error = fdt_setprop_u64(buffer, chosen, "linux,initrd-start", ramdisk);
	if (!error && layout->ramdisk_size)
		error = fdt_setprop_u64(buffer, chosen, "linux,initrd-end",
					ramdisk + layout->ramdisk_size);
	if (!error)
		error = fdt_setprop(buffer, chosen, "rng-seed", w->machine->rng_seed,
				    sizeof(w->machine->rng_seed));
	return error ? error : fdt_pack(buffer);
}

int guestfdt_build(const struct vm_config *config, const struct guest_machine *machine,
		   const struct vm_layout *layout, void *buffer, size_t size)
{
	struct writer w = {
		.config = config,
		.machine = machine,
		.layout = layout,
	};
	int error;

	size = MIN(size, (size_t)INT_MAX);
	error = config->device_tree.data ? tree_complete(&w, buffer, size)
					 : tree_generate(&w, buffer, size);
	if (error)
		return error == -FDT_ERR_NOSPACE ? -ENOSPC : -EINVAL;
	return (int)fdt_totalsize(buffer);
}
