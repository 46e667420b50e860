/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format of saved VMs, its reader and its writer. An image is an ELF64 core file
 * (docs/save-format.md), little-endian, each part at a multiple of 8:
 *
 *   offset 0        ELF header, a note IMAGE with struct save_header, zeros up to 4 KiB
 *   offset 4 KiB    memory: the PT_LOAD segments one after the other, whole pages
 *   notes_at        notes: MEMORY, MACHINE, DESCRIPTION, CONSOLE, DEVICE..., VCPU...,
 *                   and for debuggers NT_PRSTATUS, one a vCPU
 *   segments_at     program headers: 2 PT_NOTE, then the PT_LOADs by ascending address
 *
 * There are no gaps, and checksums (core/checksum.h) cover all of it: `sum` the first page, with
 * the sums of notes and program headers in it; the note MEMORY has those of the memory. So
 * save_header.sum stands for the whole image. Numbers and structures never change their meaning;
 * what cannot be read by an older reader gets another SAVE_VERSION. No lock: who has an image has
 * it alone, or nobody writes to it.
 */
#ifndef CORE_SAVE_H
#define CORE_SAVE_H

#include <core/report.h>
#include <core/types.h>

#define SAVE_VERSION 1
#define SAVE_NOTE_NAME "HARTVISOR"

enum save_note {
	SAVE_NOTE_IMAGE = 1, /* struct save_header */
	SAVE_NOTE_MEMORY = 2, /* a checksum (uint64_t) of each PT_LOAD */
	SAVE_NOTE_MACHINE = 3, /* struct save_machine, then the ISA list with its NUL */
	SAVE_NOTE_DESCRIPTION = 4, /* a device tree: /vms/<name>, as in a bundle */
	SAVE_NOTE_CONSOLE = 5, /* uint64_t count, then that many typed bytes */
	SAVE_NOTE_DEVICE = 6, /* struct save_device, then its state */
	SAVE_NOTE_VCPU = 7, /* struct save_vcpu, then struct save_register, ascending by number */
};

struct save_header {
	uint32_t version; /* SAVE_VERSION */
	uint32_t segments; /* program headers */
	uint64_t size; /* of the file */
	uint64_t notes_at, segments_at; /* offsets */
	uint64_t notes_sum, segments_sum; /* [notes_at, segments_at), [segments_at, size) */
	uint64_t sum; /* of the first page, with this being 0 */
};

/** The machine that the guest saw: what another one has to have. */
struct save_machine {
	uint32_t vcpus;
	uint32_t timebase; /* Hz */
	uint64_t time; /* the guest's, when it was saved, in ticks */
	uint32_t interrupt_files; /* 1: it has an IMSIC, and the APLIC sends MSIs; 0: it has not */
	uint32_t interrupt_identities;
	uint32_t vlenb; /* bytes of a vector register, 0: no vector extension */
	uint32_t cbom_block, cboz_block, cbop_block; /* bytes, 0: none */
	uint32_t gstage_levels;
	uint32_t isa_size; /* bytes of the ISA list: names with blanks between them, and a NUL */
	char mmu_type[16]; /* of the vCPUs, as in the device tree: "riscv,sv57" */
};

struct save_device {
	char name[16]; /* device_ops.name */
	uint32_t version; /* of the state that follows */
	uint32_t size; /* of the state that follows, bytes */
};

struct save_vcpu {
	uint32_t index;
	uint32_t count; /* of registers */
};

/** A register: this, its value in @size bytes, and zeros up to a multiple of 8. */
struct save_register {
	uint32_t number; /* arch/registers.h */
	uint32_t size; /* bytes, 1 to SAVE_REGISTER_MAX */
	char name[40]; /* with its NUL, for messages */
};

#define SAVE_REGISTER_MAX 8192
#define SAVE_VCPUS_MAX 64
#define SAVE_DEVICES_MAX 8
#define SAVE_TYPED_MAX 2048
#define SAVE_STEP MIB(4) /* of memory, between two calls of who shows the progress */
#define SAVE_RUNS_MAX 65000 /* e_phnum has 16 bits */

/** What a run of pages may be for the guest: p_flags of a PT_LOAD. */
#define SAVE_EXECUTE 1u
#define SAVE_WRITE 2u
#define SAVE_READ 4u

/** A program header of ELF64. */
struct save_segment {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t vaddr; /* guest-physical, as paddr */
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};

/* ---- reading ---- */

/** Where things are in an image that save_open() found good. */
struct save_image {
	const uint8_t *data;
	size_t size;
	const struct save_header *header;
	const struct save_segment *runs; /* of memory, ascending and disjoint */
	const uint64_t *run_sums;
	unsigned int run_count;
	const struct save_machine *machine;
	const char *isa;
	const void *description;
	size_t description_size;
	const uint8_t *typed; /* bytes that wait at the console */
	unsigned int typed_count;
	const struct save_device *devices[SAVE_DEVICES_MAX];
	unsigned int device_count;
	const struct save_vcpu *vcpus[SAVE_VCPUS_MAX]; /* machine->vcpus of them */
};

/**
 * Checks everything of the image of @size bytes at @data but the contents of the memory, and fills
 * @image, which has pointers into it. Nothing outside of it is read, whatever the bytes are.
 * Returns 0, or -EINVAL after telling @report what is wrong and where.
 */
int save_open(const void *data, size_t size, struct save_image *image, struct report *report);

/**
 * Compares the memory with its checksums; takes long for a large one. @progress (may be NULL) is
 * called after each SAVE_STEP or less. 0, or -EINVAL after telling @report what is damaged.
 */
int save_memory_check(const struct save_image *image, struct report *report,
		      void (*progress)(void *opaque, uint64_t bytes), void *opaque);

struct bundle;
struct vm_config;

/**
 * The description in an image that save_open() found good, with the files that are in @bundle
 * (NULL: none). Its strings are in the image. 0, or -EINVAL after telling @report what is wrong
 * with it, or that the memory of the image is not that of the description.
 */
int save_config(const struct save_image *image, const struct bundle *bundle,
		struct vm_config *config, struct report *report);

/**
 * Whether the saved VM can go on as the VM that @config describes: memory, vCPUs and interrupt
 * identities are the same. 0, or -EINVAL after telling @report both sides. Control lock.
 */
int save_config_check(const struct save_image *image, const struct vm_config *config,
		      struct report *report);

/** The header of an image that is known to be good. */
const struct save_header *save_header_of(const void *data);

/** The state of the device called @name, or NULL. */
const struct save_device *save_device_find(const struct save_image *image, const char *name);

/** The register after @at, at first NULL, of vCPU @index; NULL after the last. */
const struct save_register *save_register_next(const struct save_image *image, unsigned int index,
					       const struct save_register *at);

/* ---- writing ---- */

/** An image being made. Pages come first, ascending; then notes; then the end. */
struct save_writer {
	uint8_t *data; /* a multiple of 8 */
	size_t room;
	size_t at; /* bytes written */
	struct save_run *runs; /* the latest one; they grow down from the end of the room */
	unsigned int run_count;
	size_t note_at; /* of the note that is open */
	size_t notes_at, notes_end;
	bool full; /* there was not enough room: what comes is not written any more */
};

struct save_run {
	uint64_t gpa, size, sum;
	uint64_t flags;
};

/** @data is a multiple of 8 with @room bytes. */
void save_writer_init(struct save_writer *writer, void *data, size_t room);

/** Adds a page of memory. @flags: SAVE_READ... */
void save_writer_page(struct save_writer *writer, gpa_t at, unsigned int flags, const void *page);

/** After the last page: begins the notes. */
void save_writer_notes(struct save_writer *writer);

/** Begins a note of ours; what is put goes there until the next one begins. */
void save_writer_note(struct save_writer *writer, enum save_note type);

/** Adds bytes to the note, and zeros up to a multiple of 8. */
void save_writer_put(struct save_writer *writer, const void *data, size_t size);

/** Adds a register to a note VCPU. */
void save_writer_register(struct save_writer *writer, uint32_t number, const char *name,
			  const void *value, unsigned int size);

/** The notes for debuggers, after all others: @regs are pc and x1 to x31 of vCPU @index. */
void save_writer_prstatus(struct save_writer *writer, unsigned int index, const uint64_t regs[32]);

/** Completes the image. Returns its size, or 0 when there was not enough room. */
size_t save_writer_finish(struct save_writer *writer);

#endif
