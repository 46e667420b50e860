/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images of saved VMs. The first byte says what the others are: an image as it is; changes of a
 * good one, whose checksums are put right again so that what is behind them is reached; the state
 * of a device. One thread, no lock.
 */
#include <core/bundle.h>
#include <core/checksum.h>
#include <core/save.h>
#include <core/vmdesc.h>
#include <emulators/devices.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/save_elf.h"
#include "cpio.h"
#include "fake_device.h"
#include "input.h"

#define ROOM KIB(64)
#define SOURCES 16

/* The VM of the good image. */
static uint64_t good_tree[KIB(4) / 8];
static struct vm_config good_config;

static uint64_t now(void)
{
	return 1000000;
}

static void transmit(void *opaque, uint8_t byte)
{
	(void)opaque;
	(void)byte;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	vmdesc_defaults(&good_config);
	strcpy(good_config.name, "vm");
	good_config.memory_size = MIB(1);
	good_config.vcpus = 2;
	good_config.range_count = 1;
	good_config.ranges[0] = (struct vm_range_config){
		.name = "rom",
		.base = GIB(4),
		.size = KIB(16),
		.read_only = 1,
	};
	MUST(vmdesc_write(&good_config, good_tree, sizeof(good_tree)) > 0);
	return 0;
}

/* ---- images ---- */

static void note_put(struct save_writer *writer, enum save_note type, const void *data, size_t size)
{
	save_writer_note(writer, type);
	save_writer_put(writer, data, size);
}

static void vcpu_put(struct save_writer *writer, uint32_t index)
{
	const struct save_vcpu vcpu = { index, 3 };
	const uint8_t value[16] = { 1, 2, 3 };

	note_put(writer, SAVE_NOTE_VCPU, &vcpu, sizeof(vcpu));
	save_writer_register(writer, 0x01000000, "pc", value, 8);
	save_writer_register(writer, 0x02000100, "sstatus", value, 8);
	save_writer_register(writer, 0x05000000, "v0", value, 16);
}

static size_t good_image(uint8_t *data)
{
	const struct save_machine machine = { .vcpus = 2, .isa_size = 4 };
	const struct save_device device = { "uart", 1, 32 };
	const uint64_t typed[2] = { 3, 0x636261 }, regs[32] = { 0 };
	_Alignas(8) static const uint8_t page[PAGE_SIZE] = { 1 };
	struct save_writer writer;

	save_writer_init(&writer, data, ROOM);
	save_writer_page(&writer, gpa(0x80000000), 7, page);
	save_writer_page(&writer, gpa(0x80002000), 7, page);
	save_writer_page(&writer, gpa(GIB(4)), 5, page);
	save_writer_notes(&writer);
	note_put(&writer, SAVE_NOTE_MACHINE, &machine, sizeof(machine));
	save_writer_put(&writer, "i m", 4);
	note_put(&writer, SAVE_NOTE_DESCRIPTION, good_tree, fdt_totalsize(good_tree));
	note_put(&writer, SAVE_NOTE_CONSOLE, typed, sizeof(typed));
	note_put(&writer, SAVE_NOTE_DEVICE, &device, sizeof(device));
	save_writer_put(&writer, page, 32);
	vcpu_put(&writer, 0);
	vcpu_put(&writer, 1);
	save_writer_prstatus(&writer, 0, regs);
	save_writer_prstatus(&writer, 1, regs);
	return save_writer_finish(&writer);
}

static uint64_t sum(const uint8_t *data, size_t size, uint64_t from, uint64_t to)
{
	if (from > size || to > size || from > to || from % 8)
		return 0;
	return checksum_add(CHECKSUM_START, data + from, (to - from) & ~UINT64_C(7));
}

static void seal(uint8_t *data, size_t size)
{
	struct save_header *header = &((struct save_start *)(void *)data)->header;

	header->notes_sum = sum(data, size, header->notes_at, header->segments_at);
	header->segments_sum = sum(data, size, header->segments_at, size);
	header->sum = 0;
	header->sum = sum(data, size, 0, PAGE_SIZE);
}

static void change(struct input *input, uint8_t *data, size_t size)
{
	const struct save_header *header = &((struct save_start *)(void *)data)->header;
	const uint64_t parts[] = { 0, 16, 64, 88, header->notes_at, header->segments_at };

	while (input->left) {
		uint64_t at = parts[input_below(input, ARRAY_SIZE(parts))];
		unsigned int width = 1u << input_below(input, 4);
		uint64_t value = input_number(input);

		at += input_below(input, 2048);
		if (at < size && width <= size - at)
			memcpy(data + at, &value, width);
	}
	seal(data, size);
}

/* ---- what must hold ---- */

static bool inside(const struct save_image *image, const void *at, size_t size)
{
	size_t offset = (size_t)((const uint8_t *)at - image->data);

	return offset <= image->size && size <= image->size - offset;
}

static void image_check(const struct save_image *image)
{
	uint64_t end = 0;

	for (unsigned int i = 0; i < image->run_count; i++) {
		const struct save_segment *run = &image->runs[i];

		MUST(run->filesz && run->filesz % PAGE_SIZE == 0 && run->vaddr >= end);
		MUST(run->vaddr + run->filesz > run->vaddr);
		MUST(inside(image, image->data + run->offset, run->filesz));
		end = run->vaddr + run->filesz;
	}
	MUST(inside(image, image->description, image->description_size));
	MUST(inside(image, image->typed, image->typed_count));
	MUST(image->typed_count <= SAVE_TYPED_MAX);
	MUST(inside(image, image->isa, image->machine->isa_size));
	for (unsigned int i = 0; i < image->device_count; i++)
		MUST(inside(image, image->devices[i] + 1, image->devices[i]->size));
	MUST(image->machine->vcpus && image->machine->vcpus <= SAVE_VCPUS_MAX);
	for (unsigned int i = 0; i < image->machine->vcpus; i++) {
		const struct save_register *reg = NULL;
		int64_t last = -1;

		while ((reg = save_register_next(image, i, reg))) {
			MUST(inside(image, reg + 1, reg->size) && reg->size);
			MUST(reg->number > last && strlen(reg->name) < sizeof(reg->name));
			last = reg->number;
		}
	}
}

static void image_try(const uint8_t *data, size_t size)
{
	struct test_report report;
	struct save_image image;
	struct vm_config config;

	test_report_init(&report);
	if (save_open(data, size, &image, &report.report)) {
		MUST(report.report.errors == 1);
		return;
	}
	image_check(&image);
	save_memory_check(&image, &report.report, NULL, NULL);
	if (save_config(&image, NULL, &config, &report.report) == 0) {
		MUST(!config.kernel.name && !config.restore.name);
		MUST(config.vcpus == image.machine->vcpus);
		for (unsigned int i = 0; i < image.run_count; i++)
			MUST(image.runs[i].vaddr < vm_config_memory_end(&config));
	}
	save_config_check(&image, &good_config, &report.report);
}

/* ---- devices ---- */

static struct device *device_make(struct input *input, struct vm *vm)
{
	const struct uart_host host = { .transmit = transmit };
	struct aplic_config aplic = { .sources = SOURCES, .vcpus = 2, .identities = 63 };

	switch (input_below(input, 5)) {
	case 4:
		return plic_create(vm, gpa(0), 2);
	case 0:
		return uart_create(vm, gpa(0), 10, &host);
	case 1:
		return rtc_create(vm, gpa(0), 11, now);
	case 2:
		aplic.msi = true;
		return aplic_create(vm, &aplic);
	default:
		return aplic_create(vm, &aplic);
	}
}

/* A state that is taken is found again, and the device goes on with it. */
static void device_try(struct input *input)
{
	struct device *device = device_make(input, fake_vm_create());
	size_t size = device->ops->state_size(device), given;
	uint64_t *state = calloc(1, size + 8), *again = calloc(1, size + 8);
	const uint8_t *bytes = input_bytes(input, size, &given);

	device->ops->save(device, state);
	memcpy(state, bytes, given);
	if (!device->ops->check(device, state, size)) {
		device->ops->restore(device, state);
		device->ops->save(device, again);
		MUST(!device->ops->check(device, again, size));
		while (input->left) {
			uint64_t offset = input_number(input) % (device->size - 8);
			unsigned int width = 1u << input_below(input, 4);

			device_write(device, offset, width, input_number(input));
			device_read(device, offset, width);
		}
		device->ops->reset(device);
	}
	free(state);
	free(again);
	device_destroy(device);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t *image;
	size_t length;

	switch (input_below(&input, 3)) {
	case 0: /* exactly as long as it is, so that ASan guards its end */
		data = input_bytes(&input, SIZE_MAX, &length);
		image = malloc(length ? length : 1);
		memcpy(image, data, length);
		break;
	case 1:
		image = malloc(ROOM);
		length = good_image(image);
		MUST(length);
		image = realloc(image, length);
		change(&input, image, length);
		break;
	default:
		device_try(&input);
		return 0;
	}
	image_try(image, length);
	free(image);
	return 0;
}
