/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes images of saved VMs into memory. A writer belongs to one thread, so there is no lock.
 */
#include <core/checksum.h>
#include <string.h>

#include "save_elf.h"

void save_writer_init(struct save_writer *writer, void *data, size_t room)
{
	*writer = (struct save_writer){
		.data = data,
		.room = align_down(room, 8),
		.at = PAGE_SIZE,
	};
	writer->runs = (struct save_run *)(void *)(writer->data + writer->room);
	writer->full = room < PAGE_SIZE;
}

/* Whether @size bytes fit between what was written and the runs. */
static bool room_for(struct save_writer *writer, size_t size)
{
	size_t used = writer->at + writer->run_count * sizeof(struct save_run);

	if (writer->full || size > writer->room - used)
		writer->full = true;
	return !writer->full;
}

/* The run that ends at @at, or a new one. NULL: no room. */
static struct save_run *run_at(struct save_writer *writer, gpa_t at, unsigned int flags)
{
	struct save_run *run = writer->runs;

	if (writer->run_count && run->gpa + run->size == at.v && run->flags == flags)
		return run;
	if (writer->run_count == SAVE_RUNS_MAX || !room_for(writer, PAGE_SIZE + sizeof(*run))) {
		writer->full = true;
		return NULL;
	}
	writer->run_count++;
	run = --writer->runs;
	*run = (struct save_run){ .gpa = at.v, .sum = CHECKSUM_START, .flags = flags };
	return run;
}

void save_writer_page(struct save_writer *writer, gpa_t at, unsigned int flags, const void *page)
{
	struct save_run *run = run_at(writer, at, flags);

	if (!run || !room_for(writer, PAGE_SIZE))
		return;
	run->sum = checksum_copy(run->sum, writer->data + writer->at, page, PAGE_SIZE);
	run->size += PAGE_SIZE;
	writer->at += PAGE_SIZE;
}

static void *bytes_add(struct save_writer *writer, const void *data, size_t size)
{
	void *to = writer->data + writer->at;

	if (!room_for(writer, size))
		return NULL;
	memcpy(to, data, size);
	writer->at += size;
	return to;
}

void save_writer_put(struct save_writer *writer, const void *data, size_t size)
{
	static const uint8_t zeros[8];

	bytes_add(writer, data, size);
	bytes_add(writer, zeros, align_up(size, 8) - size);
}

static void note_end(struct save_writer *writer)
{
	struct elf_note *note = (void *)(writer->data + writer->note_at);

	if (writer->note_at && !writer->full)
		note->size = (uint32_t)(writer->at - writer->note_at - sizeof(*note));
	writer->note_at = 0;
}

void save_writer_note(struct save_writer *writer, enum save_note type)
{
	const struct elf_note note = {
		.name_size = sizeof(SAVE_NOTE_NAME),
		.type = type,
		.name = SAVE_NOTE_NAME,
	};

	note_end(writer);
	if (bytes_add(writer, &note, sizeof(note)))
		writer->note_at = writer->at - sizeof(note);
}

void save_writer_notes(struct save_writer *writer)
{
	writer->notes_at = writer->at;
	save_writer_note(writer, SAVE_NOTE_MEMORY);
	for (unsigned int i = writer->run_count; i-- > 0;)
		save_writer_put(writer, &writer->runs[i].sum, sizeof(writer->runs[i].sum));
}

void save_writer_register(struct save_writer *writer, uint32_t number, const char *name,
			  const void *value, unsigned int size)
{
	struct save_register header = { .number = number, .size = size };

	strncpy(header.name, name, sizeof(header.name) - 1);
	save_writer_put(writer, &header, sizeof(header));
	save_writer_put(writer, value, size);
}

void save_writer_prstatus(struct save_writer *writer, unsigned int index, const uint64_t regs[32])
{
	const struct {
		uint32_t name_size, size, type;
		char name[8];
	} note = { sizeof(PRSTATUS_NAME), PRSTATUS_SIZE, NOTE_PRSTATUS, PRSTATUS_NAME };
	uint8_t status[PRSTATUS_SIZE] = { 0 };
	uint32_t pid = index + 1; /* debuggers take 0 for no thread */

	note_end(writer);
	memcpy(status + PRSTATUS_PID, &pid, sizeof(pid));
	memcpy(status + PRSTATUS_REGS, regs, 32 * sizeof(regs[0]));
	bytes_add(writer, &note, sizeof(note));
	bytes_add(writer, status, sizeof(status));
}

/* The program headers: those of the notes, and one of each run. */
static void segments_add(struct save_writer *writer, size_t notes_end)
{
	struct save_segment segment = {
		.type = SEGMENT_NOTE,
		.flags = SAVE_READ,
		.offset = offsetof(struct save_start, note),
		.filesz = sizeof(struct elf_note) + sizeof(struct save_header),
		.align = 4,
	};
	uint64_t offset = PAGE_SIZE;

	bytes_add(writer, &segment, sizeof(segment));
	segment.offset = writer->notes_at;
	segment.filesz = notes_end - writer->notes_at;
	bytes_add(writer, &segment, sizeof(segment));
	for (unsigned int i = writer->run_count; i-- > 0;) {
		const struct save_run *run = &writer->runs[i];

		segment = (struct save_segment){
			.type = SEGMENT_LOAD,
			.flags = (uint32_t)run->flags,
			.offset = offset,
			.vaddr = run->gpa,
			.paddr = run->gpa,
			.filesz = run->size,
			.memsz = run->size,
			.align = PAGE_SIZE,
		};
		bytes_add(writer, &segment, sizeof(segment));
		offset += run->size;
	}
}

static void start_write(struct save_writer *writer, size_t segments_at)
{
	const unsigned int segments = SAVE_NOTE_SEGMENTS + writer->run_count;
	struct save_start *start = (void *)writer->data;

	memset(start, 0, PAGE_SIZE);
	start->elf = (struct elf_header){
		.ident = ELF_IDENT,
		.type = ELF_CORE,
		.machine = ELF_RISCV,
		.version = 1,
		.phoff = segments_at,
		.flags = ELF_FLAGS,
		.ehsize = sizeof(start->elf),
		.phentsize = sizeof(struct save_segment),
		.phnum = (uint16_t)segments,
	};
	start->note = (struct elf_note){
		.name_size = sizeof(SAVE_NOTE_NAME),
		.size = sizeof(start->header),
		.type = SAVE_NOTE_IMAGE,
		.name = SAVE_NOTE_NAME,
	};
	start->header = (struct save_header){
		.version = SAVE_VERSION,
		.segments = segments,
		.size = writer->at,
		.notes_at = writer->notes_at,
		.segments_at = segments_at,
		.notes_sum = checksum_add(CHECKSUM_START, writer->data + writer->notes_at,
					  segments_at - writer->notes_at),
		.segments_sum = checksum_add(CHECKSUM_START, writer->data + segments_at,
					     writer->at - segments_at),
	};
	start->header.sum = checksum_add(CHECKSUM_START, start, PAGE_SIZE);
}

size_t save_writer_finish(struct save_writer *writer)
{
	static const uint8_t zeros[8];
	size_t notes_end, segments_at;

	note_end(writer);
	notes_end = writer->at;
	bytes_add(writer, zeros, align_up(notes_end, 8) - notes_end);
	segments_at = writer->at;
	segments_add(writer, notes_end);
	if (writer->full)
		return 0;
	start_write(writer, segments_at);
	return writer->at;
}
