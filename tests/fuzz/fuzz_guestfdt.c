/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's device tree from any configuration and machine: it is a good tree, or an error, and
 * nothing is written beyond its room. One thread, no lock.
 */
#include <core/guestfdt.h>
#include <core/vmdesc.h>
#include <errno.h>
#include <libfdt.h>
#include <string.h>

#include "cpio.h"
#include "input.h"

static const char *const names[] = { "i",   "m",	"a",	   "f",	    "d",     "q",
				     "c",   "v",	"h",	   "b",	    "zicsr", "zba",
				     "zzz", "sstc",	"svnapot", "ssaia", "xyz",   "zicbom",
				     "z",   "zvbb",	"smaia",   "i",	    "S",     "zcb",
				     "zca", "zifencei", "zvl",	   "svpbmt" };
static const char *const types[] = { NULL, "riscv,sv39", "riscv,sv57", "" };

static void window(struct input *input, struct guest_window *window)
{
	window->base = input_number(input);
	window->size = input_number(input);
	window->source = (unsigned int)input_number(input);
}

static void machine_make(struct input *input, struct guest_machine *machine)
{
	static const char *list[64];

	memset(machine, 0, sizeof(*machine));
	machine->timebase_frequency = (uint32_t)input_number(input);
	machine->extensions = list;
	machine->extension_count = input_below(input, ARRAY_SIZE(list) + 1);
	for (unsigned int i = 0; i < machine->extension_count; i++)
		list[i] = names[input_below(input, ARRAY_SIZE(names))];
	machine->mmu_type = types[input_below(input, ARRAY_SIZE(types))];
	machine->cbom_block_size = (uint32_t)input_number(input);
	machine->cboz_block_size = (uint32_t)input_number(input);
	machine->cbop_block_size = (uint32_t)input_number(input);
	machine->aplic_msi = input_below(input, 2);
	machine->aplic_sources = (uint32_t)input_number(input);
	machine->imsic_identities = (uint32_t)input_number(input);
	window(input, &machine->uart);
	window(input, &machine->rtc);
	window(input, &machine->test);
	machine->plic_sources = (uint32_t)input_number(input);
	if (input_below(input, 2))
		window(input, &machine->aplic);
	else
		window(input, &machine->plic);
	window(input, &machine->imsic);
}

static void config_make(struct input *input, struct vm_config *config)
{
	static uint8_t kernel[64];
	static char bootargs[2048];
	const uint8_t *bytes;
	size_t size;

	vmdesc_defaults(config);
	strcpy(config->name, "vm");
	config->memory_size = align_down(input_number(input), PAGE_SIZE);
	if (input_below(input, 4) || !config->memory_size)
		config->memory_size = MIB(4 + input_below(input, 64));
	config->vcpus = 1 + input_below(input, MAX_VCPUS);
	config->kernel = (struct vm_file){ "kernel", kernel, sizeof(kernel) };
	if (input_below(input, 2))
		config->ramdisk = (struct vm_file){ "ramdisk", kernel, sizeof(kernel) };
	bytes = input_bytes(input, input_below(input, sizeof(bootargs)), &size);
	memcpy(bootargs, bytes, size);
	bootargs[size] = '\0';
	config->bootargs = bootargs;
	config->range_count = input_below(input, VM_RANGES_MAX + 1);
	for (uint32_t i = 0; i < config->range_count; i++)
		config->ranges[i] = (struct vm_range_config){
			.name = "abcdefghijklmnopqrstuvwxyz01234",
			.base = input_number(input),
			.size = input_number(input),
			.read_only = input_below(input, 2),
			.shared = input_below(input, 2) ? "abcdefghijklmnopqrstuvwxyz01234" : NULL,
		};
}

static void isa_check(const struct guest_machine *machine)
{
	char *buffer = malloc(ISA_STRING_MAX);

	for (size_t size = ISA_STRING_MAX; size; size /= 2) {
		int length = isa_string(buffer, size, machine->extensions,
					machine->extension_count);

		MUST(length == -ENOSPC || (size_t)length == strlen(buffer));
		MUST(length < (int)size);
	}
	free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct guest_machine machine;
	struct test_report report;
	struct vm_config config;
	struct vm_layout layout;
	uint64_t room, part;
	void *blob;
	int result;

	machine_make(&input, &machine);
	part = input_take(&input, 1);
	config_make(&input, &config);
	test_report_init(&report);
	isa_check(&machine);
	if (vm_layout_compute(&config, &layout, &report.report))
		return 0;
	room = part & 128 ? layout.fdt_max_size : layout.fdt_max_size * part / 128;
	blob = malloc(room + 1);
	result = guestfdt_build(&config, &machine, &layout, blob, room);
	if (result > 0)
		MUST((uint64_t)result <= room && !fdt_blob_problem(blob, (size_t)result));
	else
		MUST(result == -EINVAL || result == -ENOSPC);
	free(blob);
	return 0;
}
