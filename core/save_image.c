/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads images of saved VMs in place. Whatever the bytes are, nothing outside of them is read.
 * Owns nothing, so no lock is needed.
 */
#include <core/checksum.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "save_elf.h"

#define BAD(report, ...) (report_error(report, "saved VM: " __VA_ARGS__), false)

/* ---- the first page ---- */

static const char *elf_problem(const struct elf_header *elf)
{
	static const uint8_t ident[16] = ELF_IDENT;

	if (memcmp(elf->ident, ident, 4) != 0)
		return "it is no ELF file";
	if (memcmp(elf->ident, ident, sizeof(ident)) != 0)
		return "it is no ELF file of 64 bits, little-endian";
	if (elf->type != ELF_CORE || elf->machine != ELF_RISCV || elf->version != 1)
		return "it is no core file of RISC-V";
	if (elf->ehsize != sizeof(*elf) || elf->phentsize != sizeof(struct save_segment))
		return "the ELF header has other sizes";
	return NULL;
}

static bool note_is_ours(const struct elf_note *note)
{
	static const char name[sizeof(note->name)] = SAVE_NOTE_NAME;

	return note->name_size == sizeof(SAVE_NOTE_NAME) &&
	       memcmp(note->name, name, sizeof(name)) == 0;
}

/* The sum of the first page with the field of the sum being 0. */
static uint64_t start_sum(const struct save_start *start)
{
	const size_t at = offsetof(struct save_start, header.sum);
	const uint8_t *bytes = (const void *)start;
	uint64_t sum = checksum_add(CHECKSUM_START, bytes, at);

	sum = checksum_word(sum, 0);
	return checksum_add(sum, bytes + at + 8, PAGE_SIZE - at - 8);
}

static bool start_check(const struct save_image *image, struct report *report)
{
	const struct save_start *start = (const void *)image->data;
	const struct save_header *header;
	const char *problem;

	if (!is_aligned((uintptr_t)image->data, 8))
		return BAD(report, "it is not at a multiple of 8 bytes");
	if (image->size < PAGE_SIZE)
		return BAD(report, "cut short: %" PRIu64 " bytes", (uint64_t)image->size);
	header = &start->header;
	problem = elf_problem(&start->elf);
	if (problem)
		return BAD(report, "%s", problem);
	if (!note_is_ours(&start->note) || start->note.type != SAVE_NOTE_IMAGE)
		return BAD(report, "its first note is not one of " SAVE_NOTE_NAME);
	if (header->version != SAVE_VERSION)
		return BAD(report, "version %" PRIu32 ", but this reads version %d",
			   header->version, SAVE_VERSION);
	if (start->note.size != sizeof(*header) || start_sum(start) != header->sum)
		return BAD(report, "its first page is damaged (offset 0 to 0x1000)");
	if (header->size != image->size)
		return BAD(report, "cut short, or longer: %" PRIu64 " bytes, but it has %" PRIu64,
			   (uint64_t)image->size, header->size);
	return true;
}

/* Where notes and program headers are: one behind the other up to the end. */
static bool parts_check(const struct save_image *image, struct report *report)
{
	const struct save_start *start = (const void *)image->data;
	const struct save_header *header = image->header;
	uint64_t notes = header->notes_at, segments = header->segments_at;

	if (header->segments < SAVE_NOTE_SEGMENTS ||
	    header->segments > SAVE_NOTE_SEGMENTS + SAVE_RUNS_MAX ||
	    header->segments != start->elf.phnum)
		return BAD(report, "%" PRIu32 " program headers, the ELF header has %u",
			   header->segments, start->elf.phnum);
	if (notes < PAGE_SIZE || !is_aligned(notes, PAGE_SIZE) || notes > image->size ||
	    segments < notes || !is_aligned(segments, 8) || segments != start->elf.phoff ||
	    segments > image->size ||
	    image->size - segments != header->segments * sizeof(struct save_segment))
		return BAD(report,
			   "notes at 0x%" PRIx64 ", %" PRIu32 " program headers at 0x%" PRIx64
			   ": they do not fit in 0x%" PRIx64 " bytes",
			   notes, header->segments, segments, (uint64_t)image->size);
	if (checksum_add(CHECKSUM_START, image->data + notes, segments - notes) !=
	    header->notes_sum)
		return BAD(report, "its notes are damaged (offset 0x%" PRIx64 " to 0x%" PRIx64 ")",
			   notes, segments);
	if (checksum_add(CHECKSUM_START, image->data + segments, image->size - segments) !=
	    header->segments_sum)
		return BAD(report,
			   "its program headers are damaged (offset 0x%" PRIx64 " to 0x%" PRIx64
			   ")",
			   segments, (uint64_t)image->size);
	return true;
}

/* ---- program headers ---- */

static const char *run_problem(const struct save_segment *run, uint64_t offset, uint64_t end,
			       uint64_t notes_at)
{
	if (run->type != SEGMENT_LOAD)
		return "it is no PT_LOAD";
	if (!(run->flags & SAVE_READ) || run->flags > (SAVE_READ | SAVE_WRITE | SAVE_EXECUTE))
		return "its flags cannot be";
	if (!run->filesz || run->filesz != run->memsz || run->paddr != run->vaddr ||
	    !is_aligned(run->filesz | run->vaddr, PAGE_SIZE))
		return "it is no run of whole pages";
	if (run->offset != offset || run->filesz > notes_at - offset)
		return "it does not follow the one before in the file";
	if (run->vaddr > SAVE_GPA_END || run->filesz > SAVE_GPA_END - run->vaddr)
		return "it goes beyond the highest address";
	if (run->vaddr < end)
		return "it overlaps the one before, or comes before it";
	return NULL;
}

static bool runs_check(struct save_image *image, struct report *report)
{
	const struct save_header *header = image->header;
	const struct save_segment *segments = (const void *)(image->data + header->segments_at);
	uint64_t offset = PAGE_SIZE, end = 0;

	if (segments[0].type != SEGMENT_NOTE ||
	    segments[0].offset != offsetof(struct save_start, note) ||
	    segments[0].filesz != sizeof(struct elf_note) + sizeof(*header) ||
	    segments[1].type != SEGMENT_NOTE || segments[1].offset != header->notes_at ||
	    align_up(segments[1].filesz, 8) != header->segments_at - header->notes_at)
		return BAD(report, "program headers 0 and 1 are not those of its notes");
	image->runs = segments + SAVE_NOTE_SEGMENTS;
	image->run_count = header->segments - SAVE_NOTE_SEGMENTS;
	for (unsigned int i = 0; i < image->run_count; i++) {
		const struct save_segment *run = &image->runs[i];
		const char *problem = run_problem(run, offset, end, header->notes_at);

		if (problem)
			return BAD(report,
				   "program header %u (0x%" PRIx64 " + 0x%" PRIx64 " at 0x%" PRIx64
				   "): %s",
				   SAVE_NOTE_SEGMENTS + i, run->vaddr, run->filesz, run->offset,
				   problem);
		offset += run->filesz;
		end = run->vaddr + run->filesz;
	}
	if (offset != header->notes_at)
		return BAD(report,
			   "its memory ends at offset 0x%" PRIx64 ", its notes begin at 0x%" PRIx64,
			   offset, header->notes_at);
	return true;
}

/* ---- notes ---- */

/* A note of ours: @size bytes at @data, a multiple of 8 both. */
struct note {
	uint32_t type;
	uint32_t size;
	const uint8_t *data;
};

/* Each returns what is wrong with the note, or NULL. */

static const char *memory_note(struct save_image *image, const struct note *note)
{
	if (image->run_sums)
		return "there are two of it";
	if (note->size != image->run_count * sizeof(uint64_t))
		return "its size is not that of the memory's checksums";
	image->run_sums = (const void *)note->data;
	return NULL;
}

static const char *machine_note(struct save_image *image, const struct note *note)
{
	const struct save_machine *machine = (const void *)note->data;

	if (image->machine)
		return "there are two of it";
	if (note->size < sizeof(*machine) ||
	    note->size - sizeof(*machine) != align_up((uint64_t)machine->isa_size, 8))
		return "its size cannot be";
	if (!machine->vcpus || machine->vcpus > SAVE_VCPUS_MAX)
		return "the number of vCPUs cannot be";
	image->isa = (const char *)(machine + 1);
	if (!machine->isa_size || strnlen(image->isa, machine->isa_size) != machine->isa_size - 1 ||
	    strnlen(machine->mmu_type, sizeof(machine->mmu_type)) == sizeof(machine->mmu_type))
		return "a text has no end";
	image->machine = machine;
	return NULL;
}

static const char *description_note(struct save_image *image, const struct note *note)
{
	if (image->description)
		return "there are two of it";
	if (!note->size)
		return "it is empty";
	image->description = note->data;
	image->description_size = note->size;
	return NULL;
}

static const char *console_note(struct save_image *image, const struct note *note)
{
	uint64_t count;

	if (image->typed)
		return "there are two of it";
	if (note->size < sizeof(count))
		return "it is cut short";
	memcpy(&count, note->data, sizeof(count));
	if (count > SAVE_TYPED_MAX || note->size != sizeof(count) + align_up(count, 8))
		return "its size cannot be";
	image->typed = note->data + sizeof(count);
	image->typed_count = (unsigned int)count;
	return NULL;
}

static const char *device_note(struct save_image *image, const struct note *note)
{
	const struct save_device *device = (const void *)note->data;

	if (note->size < sizeof(*device) ||
	    note->size - sizeof(*device) != align_up((uint64_t)device->size, 8))
		return "its size cannot be";
	if (!device->name[0] || strnlen(device->name, sizeof(device->name)) == sizeof(device->name))
		return "the device's name has no end";
	if (save_device_find(image, device->name))
		return "there are two of one device";
	if (image->device_count == SAVE_DEVICES_MAX)
		return "too many devices";
	image->devices[image->device_count++] = device;
	return NULL;
}

/* The register at @data with @left bytes to the note's end. Returns its length, 0: it is bad. */
static size_t register_length(const uint8_t *data, size_t left)
{
	const struct save_register *reg = (const void *)data;

	if (left < sizeof(*reg) || !reg->size || reg->size > SAVE_REGISTER_MAX ||
	    left - sizeof(*reg) < align_up(reg->size, 8) ||
	    strnlen(reg->name, sizeof(reg->name)) == sizeof(reg->name))
		return 0;
	return sizeof(*reg) + align_up(reg->size, 8);
}

static const char *vcpu_note(struct save_image *image, const struct note *note)
{
	const struct save_vcpu *vcpu = (const void *)note->data;
	size_t at = sizeof(*vcpu);
	uint32_t last = 0;

	if (note->size < sizeof(*vcpu))
		return "it is cut short";
	if (vcpu->index >= SAVE_VCPUS_MAX || image->vcpus[vcpu->index])
		return "its index cannot be";
	for (uint32_t i = 0; i < vcpu->count; i++) {
		const struct save_register *reg = (const void *)(note->data + at);
		size_t length = register_length(note->data + at, note->size - at);

		if (!length)
			return "a register is cut short, or has no size or name that can be";
		if (i && reg->number <= last)
			return "its registers do not ascend";
		last = reg->number;
		at += length;
	}
	if (at != note->size)
		return "more than its registers is in it";
	image->vcpus[vcpu->index] = vcpu;
	return NULL;
}

static const struct {
	const char *name;
	const char *(*take)(struct save_image *image, const struct note *note);
} takers[] = {
	[SAVE_NOTE_MEMORY] = { "MEMORY", memory_note },
	[SAVE_NOTE_MACHINE] = { "MACHINE", machine_note },
	[SAVE_NOTE_DESCRIPTION] = { "DESCRIPTION", description_note },
	[SAVE_NOTE_CONSOLE] = { "CONSOLE", console_note },
	[SAVE_NOTE_DEVICE] = { "DEVICE", device_note },
	[SAVE_NOTE_VCPU] = { "VCPU", vcpu_note },
};

/* Walks our notes up to those for debuggers, which end them. */
static bool notes_check(struct save_image *image, struct report *report)
{
	uint64_t end = image->header->segments_at, at = image->header->notes_at;

	while (end - at >= sizeof(struct elf_note)) {
		const struct elf_note *header = (const void *)(image->data + at);
		struct note note = { header->type, header->size, (const void *)(header + 1) };
		const char *problem;

		if (!note_is_ours(header))
			break;
		if (note.size > end - at - sizeof(*header) || !is_aligned(note.size, 8))
			return BAD(report, "note at 0x%" PRIx64 ": cut short", at);
		if (note.type >= ARRAY_SIZE(takers) || !takers[note.type].take)
			return BAD(report, "note at 0x%" PRIx64 ": unknown type %" PRIu32, at,
				   note.type);
		problem = takers[note.type].take(image, &note);
		if (problem)
			return BAD(report, "note at 0x%" PRIx64 ", %s: %s", at,
				   takers[note.type].name, problem);
		at += sizeof(*header) + note.size;
	}
	return true;
}

static bool complete_check(const struct save_image *image, struct report *report)
{
	const struct save_machine *machine = image->machine;
	const char *missing = NULL;

	if (!image->run_sums)
		missing = takers[SAVE_NOTE_MEMORY].name;
	else if (!machine)
		missing = takers[SAVE_NOTE_MACHINE].name;
	else if (!image->description)
		missing = takers[SAVE_NOTE_DESCRIPTION].name;
	else if (!image->typed)
		missing = takers[SAVE_NOTE_CONSOLE].name;
	if (missing || !machine)
		return BAD(report, "it has no note %s", missing);
	for (unsigned int i = 0; i < SAVE_VCPUS_MAX; i++)
		if (!image->vcpus[i] != (i >= machine->vcpus))
			return BAD(report,
				   "%" PRIu32 " vCPUs, but the registers of vCPU %u are %sthere",
				   machine->vcpus, i, image->vcpus[i] ? "" : "not ");
	return true;
}

int save_open(const void *data, size_t size, struct save_image *image, struct report *report)
{
	*image = (struct save_image){ .data = data, .size = size };
	if (!start_check(image, report))
		return -EINVAL;
	image->header = &((const struct save_start *)data)->header;
	if (!parts_check(image, report) || !runs_check(image, report) ||
	    !notes_check(image, report) || !complete_check(image, report))
		return -EINVAL;
	return 0;
}

/* The checksum of a run, in steps. */
static uint64_t run_sum(const struct save_image *image, const struct save_segment *run,
			void (*progress)(void *opaque, uint64_t bytes), void *opaque)
{
	uint64_t sum = CHECKSUM_START, size;

	for (uint64_t done = 0; done < run->filesz; done += size) {
		size = MIN(run->filesz - done, SAVE_STEP);
		sum = checksum_add(sum, image->data + run->offset + done, size);
		if (progress)
			progress(opaque, size);
	}
	return sum;
}

int save_memory_check(const struct save_image *image, struct report *report,
		      void (*progress)(void *opaque, uint64_t bytes), void *opaque)
{
	for (unsigned int i = 0; i < image->run_count; i++) {
		const struct save_segment *run = &image->runs[i];

		if (run_sum(image, run, progress, opaque) == image->run_sums[i])
			continue;
		report_error(report,
			     "saved VM: its memory 0x%" PRIx64 " + 0x%" PRIx64
			     " is damaged (offset 0x%" PRIx64 " to 0x%" PRIx64 ")",
			     run->vaddr, run->filesz, run->offset, run->offset + run->filesz);
		return -EINVAL;
	}
	return 0;
}

const struct save_header *save_header_of(const void *data)
{
	return &((const struct save_start *)data)->header;
}

const struct save_device *save_device_find(const struct save_image *image, const char *name)
{
	for (unsigned int i = 0; i < image->device_count; i++)
		if (strcmp(image->devices[i]->name, name) == 0)
			return image->devices[i];
	return NULL;
}

const struct save_register *save_register_next(const struct save_image *image, unsigned int index,
					       const struct save_register *at)
{
	const struct save_vcpu *vcpu = image->vcpus[index];
	const struct elf_note *note = (const void *)((const uint8_t *)vcpu - sizeof(*note));
	const uint8_t *next = (const uint8_t *)(vcpu + 1);

	if (at)
		next = (const uint8_t *)(at + 1) + align_up(at->size, 8);
	return next == (const uint8_t *)vcpu + note->size ? NULL : (const void *)next;
}
