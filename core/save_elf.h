/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the reader and the writer of saved VMs know of ELF (System V ABI, "Object Files"; RISC-V ELF
 * psABI). Constants and layouts only, so no lock.
 */
#ifndef CORE_SAVE_ELF_H
#define CORE_SAVE_ELF_H

#include <core/save.h>

struct elf_header {
	uint8_t ident[16];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;
	uint64_t phoff;
	uint64_t shoff;
	uint32_t flags;
	uint16_t ehsize;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t shentsize;
	uint16_t shnum;
	uint16_t shstrndx;
};

/* The name of ours has 12 bytes with its padding, so that what follows is at a multiple of 8. */
struct elf_note {
	uint32_t name_size;
	uint32_t size;
	uint32_t type;
	char name[12];
};

/** The first page of an image. */
struct save_start {
	struct elf_header elf;
	struct elf_note note;
	struct save_header header;
};

_Static_assert(sizeof(struct elf_header) == 64, "elf_header_is_64_bytes");
_Static_assert(sizeof(struct save_segment) == 56, "program_header_is_56_bytes");
_Static_assert(sizeof(struct elf_note) == 24, "note_header_is_24_bytes");
_Static_assert(sizeof(struct save_header) == 56, "save_header_is_56_bytes");
_Static_assert(sizeof(struct save_machine) == 64, "save_machine_is_64_bytes");
_Static_assert(sizeof(struct save_device) == 24, "save_device_is_24_bytes");
_Static_assert(sizeof(struct save_register) == 48, "save_register_is_48_bytes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "images_are_read_in_place");

#define ELF_IDENT "\177ELF\2\1\1" /* 64 bits, little-endian, version 1; then zeros */
#define ELF_CORE 4
#define ELF_RISCV 243
#define ELF_FLAGS 5 /* RVC, double-float ABI */

#define SEGMENT_LOAD 1
#define SEGMENT_NOTE 4
#define SAVE_NOTE_SEGMENTS 2 /* come before the memory's */

#define NOTE_PRSTATUS 1
#define PRSTATUS_NAME "CORE"
#define PRSTATUS_SIZE 376
#define PRSTATUS_PID 32
#define PRSTATUS_REGS 112

/** Beyond any guest-physical address. */
#define SAVE_GPA_END BIT(59)

#endif
