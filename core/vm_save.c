/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the image of a VM that is paused. The control lock guards all of it; it is handed on
 * between steps, as nobody else changes a paused VM.
 */
#include <core/vm_save.h>

#include "vm_save_parts.h"

#include <arch/mmu.h>
#include <arch/registers.h>
#include <core/alloc.h>
#include <core/console.h>
#include <core/guestfdt.h>
#include <core/text.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DESCRIPTION_ROOM KIB(16)
#define WORDS_AT_ONCE 8

/* ---- memory ---- */

bool page_is_zero(const void *page)
{
	const uint64_t *words = page;
	uint64_t bits = 0;

	for (unsigned int i = 0; i < PAGE_SIZE / 8 && !bits; i += WORDS_AT_ONCE)
		for (unsigned int j = 0; j < WORDS_AT_ONCE; j++)
			bits |= words[i + j];
	return !bits;
}

/* How the memory is gone through. */
struct scan {
	struct vm *vm;
	struct save_writer *writer;
	struct save_progress *progress;
	uint64_t gap_max; /* pages that are zero and yet belong to the run that they are in */
	uint64_t end; /* of the last page that was written, if it was in this chunk */
};

static uint64_t own_pages(const struct vm *vm)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < vm->range_count; i++)
		if (vm->ranges[i].owner == VM_OWNER_VM)
			pages += vm->ranges[i].size >> PAGE_SHIFT;
	return pages;
}

static unsigned int run_flags(const struct vm_range *range)
{
	return SAVE_READ | (range->access & GSTAGE_WRITE ? SAVE_WRITE : 0) |
	       (range->access & GSTAGE_EXECUTE ? SAVE_EXECUTE : 0);
}

/* @at is not zero: writes it, and what lies between it and the page before if that is little. */
static void page_save(struct scan *scan, const struct vm_chunk *chunk, uint64_t at)
{
	const uint8_t *memory = hpa_to_hva(chunk->hpa);
	unsigned int flags = run_flags(chunk->range);

	if (scan->end && (at - scan->end) >> PAGE_SHIFT <= scan->gap_max)
		for (; scan->end < at; scan->end += PAGE_SIZE)
			save_writer_page(scan->writer, gpa(chunk->gpa.v + scan->end), flags,
					 memory + scan->end);
	save_writer_page(scan->writer, gpa(chunk->gpa.v + at), flags, memory + at);
	scan->end = at + PAGE_SIZE;
}

static void step(struct save_progress *progress, uint64_t bytes)
{
	if (progress)
		progress->step(progress, bytes);
	vm_control_yield();
}

static void chunk_save(struct scan *scan, const struct vm_chunk *chunk)
{
	const uint8_t *memory = hpa_to_hva(chunk->hpa);

	scan->end = 0;
	for (uint64_t at = 0; at < chunk->size && !scan->writer->full; at += PAGE_SIZE) {
		if (!page_is_zero(memory + at))
			page_save(scan, chunk, at);
		if (is_aligned(at + PAGE_SIZE, SAVE_STEP))
			step(scan->progress, SAVE_STEP);
	}
}

static void memory_save(struct scan *scan)
{
	const struct vm *vm = scan->vm;

	/* Runs with so much between them are fewer than there may be, however they lie. */
	scan->gap_max = own_pages(vm) / (SAVE_RUNS_MAX - VM_MAX_CHUNKS);
	for (unsigned int i = 0; i < vm->chunk_count; i++)
		if (vm->chunks[i].range->owner == VM_OWNER_VM)
			chunk_save(scan, &vm->chunks[i]);
}

/* ---- notes ---- */

static char isa_text[KIB(4)]; /* the control lock guards it */

void save_machine_fill(const struct vm *vm, struct save_machine *machine, const char **isa)
{
	const char *extensions[ISA_COUNT];
	struct guest_machine guest = { 0 };
	struct text text = text_in(isa_text, sizeof(isa_text));

	arch_vm_machine(vm, &guest, extensions, ARRAY_SIZE(extensions));
	for (unsigned int i = 0; i < guest.extension_count; i++)
		text_add(&text, "%s%s", i ? " " : "", guest.extensions[i]);
	*isa = isa_text;
	*machine = (struct save_machine){
		.vcpus = vm->vcpu_count,
		.timebase = guest.timebase_frequency,
		.interrupt_files = vm->imsic,
		.interrupt_identities = vm->config.interrupt_identities,
		.vlenb = guest.vlenb,
		.cbom_block = guest.cbom_block_size,
		.cboz_block = guest.cboz_block_size,
		.cbop_block = guest.cbop_block_size,
		.gstage_levels = vm->gstage.levels,
		.isa_size = (uint32_t)strlen(isa_text) + 1,
	};
	if (guest.mmu_type)
		snprintf(machine->mmu_type, sizeof(machine->mmu_type), "%s", guest.mmu_type);
}

static void machine_save(struct save_writer *writer, const struct save_machine *machine,
			 const char *isa)
{
	save_writer_note(writer, SAVE_NOTE_MACHINE);
	save_writer_put(writer, machine, sizeof(*machine));
	save_writer_put(writer, isa, machine->isa_size);
}

static int description_save(struct vm *vm, struct save_writer *writer)
{
	size_t room = DESCRIPTION_ROOM + strlen(vm->config.bootargs);
	void *buffer = alloc_zero(room);
	int size;

	if (!buffer)
		return -ENOMEM;
	size = vmdesc_write(&vm->config, buffer, room);
	if (size > 0) {
		save_writer_note(writer, SAVE_NOTE_DESCRIPTION);
		save_writer_put(writer, buffer, (size_t)size);
	}
	alloc_free(buffer);
	return size < 0 ? size : 0;
}

static void console_save(struct vm *vm, struct save_writer *writer)
{
	static uint8_t typed[CONSOLE_TYPED_MAX]; /* the control lock guards it */
	uint64_t count = console_typed(vm->console, typed);

	save_writer_note(writer, SAVE_NOTE_CONSOLE);
	save_writer_put(writer, &count, sizeof(count));
	save_writer_put(writer, typed, count);
}

static int device_save(struct device *device, struct save_writer *writer)
{
	const struct device_ops *ops = device->ops;
	struct save_device header = { .version = ops->state_version };
	void *state;

	if (!ops->save)
		return 0;
	header.size = (uint32_t)ops->state_size(device);
	snprintf(header.name, sizeof(header.name), "%s", ops->name);
	state = alloc_zero(header.size);
	if (!state)
		return -ENOMEM;
	ops->save(device, state);
	save_writer_note(writer, SAVE_NOTE_DEVICE);
	save_writer_put(writer, &header, sizeof(header));
	save_writer_put(writer, state, header.size);
	alloc_free(state);
	return 0;
}

/* ---- registers ---- */

struct registers {
	struct vcpu *vcpu;
	struct save_writer *writer; /* NULL: only count */
	uint32_t count;
};

static void register_save(void *opaque, uint32_t number, const char *name, unsigned int size)
{
	static uint64_t value[REGISTER_WIDTH_MAX / 8]; /* the control lock guards it */
	struct registers *registers = opaque;

	/* save_machine.time says it: the offset means nothing in another boot. */
	if (number == REGISTER(REGISTER_TIMER, REGISTER_TIME_OFFSET))
		return;
	registers->count++;
	if (registers->writer && !vcpu_register_get(registers->vcpu, number, value, size))
		save_writer_register(registers->writer, number, name, value, size);
}

static void vcpu_save(struct vcpu *vcpu, struct save_writer *writer)
{
	struct registers registers = { .vcpu = vcpu };
	struct save_vcpu header = { .index = vcpu->index };

	vcpu_register_list(vcpu, register_save, &registers);
	header.count = registers.count;
	save_writer_note(writer, SAVE_NOTE_VCPU);
	save_writer_put(writer, &header, sizeof(header));
	registers.writer = writer;
	vcpu_register_list(vcpu, register_save, &registers);
}

/* pc and x1 to x31 are the first registers of all. */
static void prstatus_save(struct vcpu *vcpu, struct save_writer *writer)
{
	uint64_t regs[32] = { 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++)
		vcpu_register_get(vcpu, REGISTER(REGISTER_CORE, i), &regs[i], sizeof(regs[i]));
	save_writer_prstatus(writer, vcpu->index, regs);
}

int vm_save(struct vm *vm, void *data, size_t room, size_t *size, struct save_progress *progress)
{
	struct save_writer writer;
	struct scan scan = { .vm = vm, .writer = &writer, .progress = progress };
	struct save_machine machine;
	uint64_t time = vm_time(vm); /* saving takes some, which the guest is not to see */
	bool waits = vm->no_vsfile;
	const char *isa;
	int error;

	if (vm->state != VM_PAUSED ||
	    __atomic_load_n(&vm->request, __ATOMIC_SEQ_CST) != VM_REQUEST_NONE)
		return -EBUSY;
	save_writer_init(&writer, data, room);
	/* Not even when there are interrupt files again: others have the control lock meanwhile. */
	vm->no_vsfile = false;
	memory_save(&scan);
	vm->no_vsfile = waits;
	save_machine_fill(vm, &machine, &isa);
	machine.time = time;
	save_writer_notes(&writer);
	machine_save(&writer, &machine, isa);
	error = description_save(vm, &writer);
	console_save(vm, &writer);
	for (unsigned int i = 0; i < vm->device_count && !error; i++)
		error = device_save(vm->devices[i], &writer);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_save(vm->vcpus[i], &writer);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		prstatus_save(vm->vcpus[i], &writer);
	*size = save_writer_finish(&writer);
	return error ? error : *size ? 0 : -ENOSPC;
}
