/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images of saved VMs: what was written is read back, any damage of one byte is refused, and so is
 * what has right checksums and cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <core/checksum.h>

#include "cpio.h"
#include "save_sample.h"

static struct sample sample;
static struct save_image image;
static struct test_report report;

/* Opens and checks all of it. */
static bool taken(void)
{
	test_report_init(&report);
	return save_open(sample.data, sample.size, &image, &report.report) == 0 &&
	       save_memory_check(&image, &report.report, NULL, NULL) == 0;
}

static void assert_refused(const char *message)
{
	assert_false(taken());
	assert_int_equal(report.report.errors, 1);
	assert_reported(&report, message);
}

/* A sample with several runs, and its checksums put right after a change. */
static int set_up(void **state)
{
	(void)state;
	for (uint64_t seed = 0;; seed++) {
		sample_init(&sample, seed);
		if (sample.vcpus == 2 && sample.registers > 3 && sample.present[0] &&
		    !sample.present[1] && sample.present[2] && sample.present[3] &&
		    !sample.present[4] && !sample.present[5])
			return 0;
		sample_free(&sample);
	}
}

static int tear_down(void **state)
{
	(void)state;
	sample_free(&sample);
	return 0;
}

/* ---- round trips ---- */

static bool page_in_image(unsigned int page, const uint8_t **content)
{
	uint64_t at = SAMPLE_BASE + page * PAGE_SIZE;

	for (unsigned int i = 0; i < image.run_count; i++) {
		const struct save_segment *run = &image.runs[i];

		if (at - run->vaddr < run->filesz) {
			*content = image.data + run->offset + (at - run->vaddr);
			assert_int_equal(run->flags, SAVE_READ | (page < 4 ? SAVE_WRITE : 0));
			return true;
		}
	}
	return false;
}

static void assert_registers(unsigned int vcpu)
{
	const struct save_register *reg = NULL;
	uint8_t value[64];
	unsigned int count = 0;

	while ((reg = save_register_next(&image, vcpu, reg))) {
		assert_int_equal(reg->number, count * 3);
		assert_string_equal(reg->name, "register");
		assert_int_equal(reg->size, 1 + count % 20);
		sample_value(vcpu, reg->number, value, reg->size);
		assert_memory_equal(reg + 1, value, reg->size);
		count++;
	}
	assert_int_equal(count, sample.registers);
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++) {
		const uint8_t *content;

		tear_down(NULL);
		sample_init(&sample, seed);
		assert_true(taken());
		for (unsigned int i = 0; i < SAMPLE_PAGES; i++) {
			assert_int_equal(page_in_image(i, &content), sample.present[i]);
			if (sample.present[i])
				assert_memory_equal(content, sample.pages[i], PAGE_SIZE);
		}
		assert_int_equal(image.machine->vcpus, sample.vcpus);
		assert_string_equal(image.isa, "i m a c zicsr");
		assert_int_equal(image.description_size, sizeof(sample.description));
		assert_memory_equal(image.description, sample.description,
				    sizeof(sample.description));
		assert_memory_equal(image.typed, "abcdefghijklmnopqrstuvwxyzabcdefgh",
				    image.typed_count);
		assert_int_equal(image.device_count, 1);
		assert_non_null(save_device_find(&image, "uart"));
		assert_null(save_device_find(&image, "rtc"));
		for (unsigned int i = 0; i < sample.vcpus; i++)
			assert_registers(i);
	}
}

static void too_little_room_is_told(void **state)
{
	_Alignas(8) uint8_t page[PAGE_SIZE] = { 1 };
	struct save_writer writer;

	(void)state;
	for (size_t room = 0; room < 4 * PAGE_SIZE; room += 8) {
		void *data = malloc(room ? room : 1);
		size_t size;

		save_writer_init(&writer, data, room);
		save_writer_page(&writer, gpa(0x80000000), SAVE_READ, page);
		save_writer_page(&writer, gpa(0x80002000), SAVE_READ, page);
		save_writer_notes(&writer);
		save_writer_note(&writer, SAVE_NOTE_CONSOLE);
		save_writer_put(&writer, page, 100);
		size = save_writer_finish(&writer);
		assert_true(size <= room);
		free(data);
	}
	assert_int_equal(writer.full, false);
}

static void more_runs_than_there_may_be_are_told(void **state)
{
	const size_t room = (SAVE_RUNS_MAX + 3) * (PAGE_SIZE + 128);
	_Alignas(8) uint8_t page[PAGE_SIZE] = { 0 };
	struct save_writer writer;
	void *data = malloc(room);

	(void)state;
	save_writer_init(&writer, data, room);
	for (uint64_t i = 0; i < SAVE_RUNS_MAX; i++)
		save_writer_page(&writer, gpa(i * 2 * PAGE_SIZE), SAVE_READ, page);
	assert_false(writer.full);
	save_writer_page(&writer, gpa(SAVE_RUNS_MAX * 2 * PAGE_SIZE), SAVE_READ, page);
	assert_true(writer.full);
	assert_int_equal(save_writer_finish(&writer), 0);
	free(data);
}

/* ---- damage ---- */

static void each_damaged_byte_is_refused(void **state)
{
	(void)state;
	assert_true(taken());
	for (size_t at = 0; at < sample.size; at++) {
		bool memory = at >= PAGE_SIZE && at < sample_start(&sample)->header.notes_at;
		uint8_t before = sample.data[at];

		for (unsigned int bit = memory ? at % 8 : 0; bit < 8; bit += memory ? 8 : 1) {
			sample.data[at] = before ^ (uint8_t)(1u << bit);
			assert_false(taken());
			assert_int_equal(report.report.errors, 1);
		}
		sample.data[at] = (uint8_t)~before;
		assert_false(taken());
		sample.data[at] = before;
	}
	assert_true(taken());
}

static void each_shorter_file_is_refused(void **state)
{
	const uint8_t *whole = sample.data;
	size_t size = sample.size;

	(void)state;
	for (size_t length = 0; length < size; length++) {
		sample.data = malloc(length ? length : 1);
		memcpy(sample.data, whole, length);
		sample.size = length;
		assert_false(taken());
		assert_int_equal(report.report.errors, 1);
		free(sample.data);
	}
	sample.data = malloc(size + 8);
	memcpy(sample.data, whole, size);
	memset(sample.data + size, 0, 8);
	sample.size = size + 8;
	assert_refused("cut short, or longer");
	free((void *)whole);
}

static void messages_name_what_and_where(void **state)
{
	struct save_header *header = &sample_start(&sample)->header;

	(void)state;
	sample.data[100] ^= 1;
	assert_refused("its first page is damaged");
	sample.data[100] ^= 1;
	sample.data[header->notes_at + 50] ^= 1;
	assert_refused("its notes are damaged (offset 0x");
	sample.data[header->notes_at + 50] ^= 1;
	sample.data[header->segments_at + 50] ^= 1;
	assert_refused("its program headers are damaged (offset 0x");
	sample.data[header->segments_at + 50] ^= 1;
	sample.data[PAGE_SIZE + 50] ^= 1;
	assert_refused("its memory 0x80000000 + 0x1000 is damaged (offset 0x1000 to 0x2000)");
	sample.data[PAGE_SIZE + 50] ^= 1;
	sample.data[1] = 'X';
	assert_refused("it is no ELF file");
	sample.data[1] = 'E';
	assert_true(taken());
}

static void future_version_is_refused(void **state)
{
	(void)state;
	sample_start(&sample)->header.version = SAVE_VERSION + 1;
	sample_seal(&sample);
	assert_refused("version 2, but this reads version 1");
}

static void other_elf_files_are_refused(void **state)
{
	struct elf_header *elf = &sample_start(&sample)->elf;

	(void)state;
	elf->type = 2;
	sample_seal(&sample);
	assert_refused("it is no core file of RISC-V");
	elf->type = ELF_CORE;
	elf->ident[4] = 1;
	assert_refused("it is no ELF file of 64 bits");
	elf->ident[4] = 2;
	elf->phentsize = 32;
	assert_refused("the ELF header has other sizes");
	elf->phentsize = 56;
	sample_start(&sample)->note.name[0] = 'X';
	assert_refused("its first note is not one of HARTVISOR");
}

/* ---- what has right checksums and cannot be ---- */

static void parts_that_do_not_fit_are_refused(void **state)
{
	static const uint64_t wrong[] = { 0,
					  8,
					  PAGE_SIZE - 8,
					  PAGE_SIZE + 4,
					  UINT64_MAX,
					  UINT64_MAX - PAGE_SIZE + 1,
					  BIT(63),
					  SAMPLE_BASE };
	struct save_header *header = &sample_start(&sample)->header;
	struct save_header before = *header;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		for (unsigned int field = 0; field < 3; field++) {
			*header = before;
			if (field == 0)
				header->notes_at = wrong[i];
			else if (field == 1)
				header->segments_at = wrong[i];
			else
				header->segments = (uint32_t)wrong[i];
			header->sum = 0;
			header->sum = checksum_add(CHECKSUM_START, sample.data, PAGE_SIZE);
			assert_false(taken());
			assert_int_equal(report.report.errors, 1);
		}
	}
}

static void runs_that_cannot_be_are_refused(void **state)
{
	struct save_segment *run = sample_segments(&sample) + SAVE_NOTE_SEGMENTS;
	const struct save_segment first = run[0], second = run[1];

	(void)state;
#define TRY(message, ...)                \
	do {                             \
		run[0] = first;          \
		run[1] = second;         \
		__VA_ARGS__;             \
		sample_seal(&sample);    \
		assert_refused(message); \
	} while (0)
	TRY("it overlaps the one before", run[1].vaddr = run[1].paddr = first.vaddr);
	TRY("it overlaps the one before", run[0].vaddr = run[0].paddr = second.vaddr);
	TRY("beyond the highest", run[1].vaddr = run[1].paddr = UINT64_MAX - PAGE_SIZE + 1);
	TRY("beyond the highest", run[1].vaddr = run[1].paddr = BIT(59));
	TRY("whole pages", run[0].vaddr += 8, run[0].paddr += 8);
	TRY("whole pages", run[0].paddr += PAGE_SIZE);
	TRY("whole pages", run[0].filesz = run[0].memsz = 0);
	TRY("whole pages", run[0].filesz -= 8);
	TRY("whole pages", run[0].memsz += PAGE_SIZE);
	TRY("does not follow", run[0].filesz = run[0].memsz = BIT(63));
	TRY("does not follow", run[0].filesz = run[0].memsz = UINT64_MAX - PAGE_SIZE + 1);
	TRY("does not follow", run[1].offset = first.offset);
	TRY("does not follow", run[1].offset += PAGE_SIZE);
	TRY("flags cannot be", run[0].flags = 0);
	TRY("flags cannot be", run[0].flags = 8 | SAVE_READ);
	TRY("no PT_LOAD", run[0].type = SEGMENT_NOTE);
	TRY("its memory ends", run[1].filesz = run[1].memsz = PAGE_SIZE);
	TRY("program headers 0 and 1", run[-1].filesz += 8);
#undef TRY
}

static void notes_that_cannot_be_are_refused(void **state)
{
	struct save_machine *machine = sample_note(&sample, SAVE_NOTE_MACHINE);
	struct save_vcpu *vcpu = sample_note(&sample, SAVE_NOTE_VCPU);
	struct save_device *device = sample_note(&sample, SAVE_NOTE_DEVICE);
	uint64_t *typed = sample_note(&sample, SAVE_NOTE_CONSOLE);
	struct save_register *reg = (struct save_register *)(vcpu + 1);
	struct elf_note *note = (struct elf_note *)(void *)machine - 1;

	(void)state;
#define TRY(place, value, message)              \
	do {                                    \
		typeof(place) before = (place); \
		(place) = (value);              \
		sample_seal(&sample);           \
		assert_refused(message);        \
		(place) = before;               \
	} while (0)
	TRY(machine->vcpus, 0, "MACHINE: the number of vCPUs cannot be");
	TRY(machine->vcpus, 65, "MACHINE: the number of vCPUs cannot be");
	TRY(machine->vcpus, UINT32_MAX, "MACHINE: the number of vCPUs cannot be");
	TRY(machine->vcpus, 1, "1 vCPUs, but the registers of vCPU 1 are there");
	TRY(machine->vcpus, 3, "3 vCPUs, but the registers of vCPU 2 are not there");
	TRY(machine->isa_size, UINT32_MAX, "MACHINE: its size cannot be");
	TRY(machine->isa_size, 0, "MACHINE: its size cannot be");
	TRY(machine->isa_size, machine->isa_size + 1, "MACHINE: a text has no end");
	TRY(vcpu->index, 64, "VCPU: its index cannot be");
	TRY(vcpu->index, UINT32_MAX, "VCPU: its index cannot be");
	TRY(vcpu->index, 1, "VCPU: its index cannot be");
	TRY(vcpu->count, vcpu->count + 1, "VCPU: a register is cut short");
	TRY(vcpu->count, UINT32_MAX, "VCPU: a register is cut short");
	TRY(vcpu->count, vcpu->count - 1, "VCPU: more than its registers is in it");
	TRY(reg->size, 0, "VCPU: a register is cut short");
	TRY(reg->size, UINT32_MAX, "VCPU: a register is cut short");
	TRY(reg->number, UINT32_MAX, "VCPU: its registers do not ascend");
	TRY(reg->number, 3, "VCPU: its registers do not ascend");
	TRY(device->name[0], '\0', "DEVICE: the device's name has no end");
	TRY(device->size, 33, "DEVICE: its size cannot be");
	TRY(device->size, UINT32_MAX, "DEVICE: its size cannot be");
	TRY(*typed, UINT64_MAX, "CONSOLE: its size cannot be");
	TRY(*typed, SAVE_TYPED_MAX + 1, "CONSOLE: its size cannot be");
	TRY(note->type, 0, "unknown type 0");
	TRY(note->type, 99, "unknown type 99");
	TRY(note->type, SAVE_NOTE_MEMORY, "MEMORY: there are two of it");
	TRY(note->type, SAVE_NOTE_IMAGE, "unknown type 1");
	TRY(note->size, UINT32_MAX, "cut short");
	TRY(note->size, UINT32_MAX - 7, "cut short");
	TRY(note->size, 4, "cut short");
	TRY(note->name[0], 'X', "it has no note MACHINE");
#undef TRY
	assert_false(taken());
	sample_seal(&sample);
	assert_true(taken());
}

static void image_elsewhere_than_at_8_is_refused(void **state)
{
	uint8_t *shifted = malloc(sample.size + 4);

	(void)state;
	memcpy(shifted + 4, sample.data, sample.size);
	test_report_init(&report);
	assert_int_not_equal(save_open(shifted + 4, sample.size, &image, &report.report), 0);
	assert_reported(&report, "it is not at a multiple of 8 bytes");
	free(shifted);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(too_little_room_is_told),
		TEST(more_runs_than_there_may_be_are_told),
		TEST(each_damaged_byte_is_refused),
		TEST(each_shorter_file_is_refused),
		TEST(messages_name_what_and_where),
		TEST(future_version_is_refused),
		TEST(other_elf_files_are_refused),
		TEST(parts_that_do_not_fit_are_refused),
		TEST(runs_that_cannot_be_are_refused),
		TEST(notes_that_cannot_be_are_refused),
		TEST(image_elsewhere_than_at_8_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
