/* SPDX-License-Identifier: BSD-2-Clause */
#include "save_sample.h"

#include <assert.h>
#include <core/checksum.h>
#include <stdlib.h>
#include <string.h>

#define ROOM (PAGE_SIZE * (SAMPLE_PAGES + 8))

static uint64_t mix(uint64_t *state)
{
	*state = checksum_word(*state, 0x1234567);
	return *state;
}

void sample_value(unsigned int vcpu, uint32_t number, uint8_t *value, unsigned int size)
{
	uint64_t state = (uint64_t)vcpu << 32 | number;

	for (unsigned int i = 0; i < size; i++)
		value[i] = (uint8_t)(mix(&state) >> 40);
}

static void pages_make(struct sample *sample, uint64_t *state, struct save_writer *writer)
{
	for (unsigned int i = 0; i < SAMPLE_PAGES; i++) {
		sample->present[i] = mix(state) & 1;
		if (!sample->present[i])
			continue;
		for (size_t at = 0; at < PAGE_SIZE; at++)
			sample->pages[i][at] = (uint8_t)(mix(state) >> 32);
		save_writer_page(writer, gpa(SAMPLE_BASE + i * PAGE_SIZE),
				 SAVE_READ | (i < 4 ? SAVE_WRITE : 0), sample->pages[i]);
	}
}

static void vcpu_make(const struct sample *sample, unsigned int index, struct save_writer *writer)
{
	const struct save_vcpu vcpu = { index, sample->registers };
	uint8_t value[64];

	save_writer_note(writer, SAVE_NOTE_VCPU);
	save_writer_put(writer, &vcpu, sizeof(vcpu));
	for (uint32_t i = 0; i < sample->registers; i++) {
		sample_value(index, i * 3, value, 1 + i % 20);
		save_writer_register(writer, i * 3, "register", value, 1 + i % 20);
	}
}

static void notes_make(struct sample *sample, uint64_t *state, struct save_writer *writer)
{
	static const char isa[] = "i m a c zicsr";
	const struct save_machine machine = {
		.vcpus = sample->vcpus,
		.timebase = 10000000,
		.time = mix(state),
		.isa_size = sizeof(isa),
		.mmu_type = "riscv,sv39",
	};
	const struct save_device device = { "uart", 1, 32 };
	uint64_t typed = mix(state) % 30, regs[32] = { 0x80200000 };

	save_writer_notes(writer);
	save_writer_note(writer, SAVE_NOTE_MACHINE);
	save_writer_put(writer, &machine, sizeof(machine));
	save_writer_put(writer, isa, sizeof(isa));
	save_writer_note(writer, SAVE_NOTE_DESCRIPTION);
	memset(sample->description, (int)mix(state), sizeof(sample->description));
	save_writer_put(writer, sample->description, sizeof(sample->description));
	save_writer_note(writer, SAVE_NOTE_CONSOLE);
	save_writer_put(writer, &typed, sizeof(typed));
	save_writer_put(writer, "abcdefghijklmnopqrstuvwxyzabcdefgh", typed);
	save_writer_note(writer, SAVE_NOTE_DEVICE);
	save_writer_put(writer, &device, sizeof(device));
	save_writer_put(writer, sample->pages[0], 32);
	for (unsigned int i = 0; i < sample->vcpus; i++)
		vcpu_make(sample, i, writer);
	for (unsigned int i = 0; i < sample->vcpus; i++)
		save_writer_prstatus(writer, i, regs);
}

void sample_init(struct sample *sample, uint64_t seed)
{
	struct save_writer writer;
	uint64_t state = seed + 1;
	void *room = malloc(ROOM);

	*sample = (struct sample){ 0 };
	sample->vcpus = 1 + mix(&state) % 3;
	sample->registers = mix(&state) % 9;
	save_writer_init(&writer, room, ROOM);
	pages_make(sample, &state, &writer);
	notes_make(sample, &state, &writer);
	sample->size = save_writer_finish(&writer);
	assert(sample->size);
	sample->data = malloc(sample->size);
	memcpy(sample->data, room, sample->size);
	free(room);
}

void sample_free(struct sample *sample)
{
	free(sample->data);
}

void *sample_note(struct sample *sample, enum save_note type)
{
	uint64_t at = sample_start(sample)->header.notes_at;

	for (;;) {
		struct elf_note *note = (void *)(sample->data + at);

		assert(at < sample_start(sample)->header.segments_at);
		if (note->type == type)
			return note + 1;
		at += sizeof(*note) + note->size;
	}
}

void sample_seal(struct sample *sample)
{
	struct save_header *header = &sample_start(sample)->header;

	header->notes_sum = checksum_add(CHECKSUM_START, sample->data + header->notes_at,
					 header->segments_at - header->notes_at);
	header->segments_sum = checksum_add(CHECKSUM_START, sample->data + header->segments_at,
					    sample->size - header->segments_at);
	header->sum = 0;
	header->sum = checksum_add(CHECKSUM_START, sample->data, PAGE_SIZE);
}
