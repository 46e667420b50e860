/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bundle with one good VM, of which tests change one thing, and what parsing it gave. No
 * threads, no locks.
 */
#ifndef TESTS_UNIT_VMTREE_H
#define TESTS_UNIT_VMTREE_H

#include <core/bundle.h>
#include <core/vmdesc.h>

#include "cpio.h"

#define VMTREE_SIZE 8192

/* What the good VM says. */
#define VMTREE_MEMORY MIB(64)
#define VMTREE_IMAGE_SIZE MIB(3) /* with its bss, by the header */

/* An address for ranges, far from the memory. */
#define VMTREE_HIGH UINT64_C(0x10000000000)

/* The words of mmu-type, and the width of guest-physical addresses that each gives. */
#define VMTREE_MODES 4
extern const struct vmtree_mode {
	const char *type;
	unsigned int bits;
	const char *name; /* of the G-stage's mode */
} vmtree_modes[VMTREE_MODES];

struct vmtree {
	uint64_t blob[VMTREE_SIZE / 8]; /* the description, open for changes */
	int vm; /* offset of /vm in it; changes with each property that is added before */
	uint8_t image[4096]; /* the files "image", "ramdisk", "empty", and "guest.dtb" if any */
	uint8_t ramdisk[5000];
	const void *guest_dtb;
	size_t guest_dtb_size;
	struct cpio cpio;
	struct bundle bundle;
	const void *fdt; /* in the bundle */
	struct vm_config config;
	struct test_report report;
};

/** Makes the good VM: /vm with memory-size, kernel { file } and nothing else. */
void vmtree_init(struct vmtree *tree);
void vmtree_free(struct vmtree *tree);

/** Makes it for each test, in *@state. Both return 0. */
int vmtree_setup(void **state);
int vmtree_teardown(void **state);

#define VMTREE_TEST(name) cmocka_unit_test_setup_teardown(name, vmtree_setup, vmtree_teardown)

/** Sets a property of the node at @path, which is made when it is not there. */
void vmtree_set(struct vmtree *tree, const char *path, const char *name, const void *value,
		size_t size);
void vmtree_set_u32(struct vmtree *tree, const char *path, const char *name, uint32_t value);
void vmtree_set_u64(struct vmtree *tree, const char *path, const char *name, uint64_t value);
void vmtree_set_string(struct vmtree *tree, const char *path, const char *name, const char *value);
void vmtree_remove(struct vmtree *tree, const char *path, const char *name);
void vmtree_range(struct vmtree *tree, const char *name, uint64_t base, uint64_t size);

/** Changes the header of the file "image". */
void vmtree_image_header(struct vmtree *tree, uint64_t text_offset, uint64_t image_size,
			 uint64_t flags);

/** Packs and opens the bundle. Fails the test when that is not possible. */
void vmtree_pack(struct vmtree *tree);

/** Packs, and parses the node at @path into config; returns what vmdesc_parse() returned. */
int vmtree_parse(struct vmtree *tree, const char *path);

/** Fails the test unless /vm is refused with a message that contains @message. */
void assert_vm_refused(struct vmtree *tree, const char *message);

/** Fails the test unless /vm is accepted without a warning. */
void assert_vm_accepted(struct vmtree *tree);

/** What a property is set to: one of the macros below. */
struct vmtree_value {
	enum { VMTREE_BYTES, VMTREE_U32, VMTREE_U64, VMTREE_GONE } kind;
	const void *bytes;
	uint64_t number; /* with VMTREE_BYTES: how many */
};
#define GONE { .kind = VMTREE_GONE }
#define U32(value) { .kind = VMTREE_U32, .number = (value) }
#define U64(value) { .kind = VMTREE_U64, .number = (value) }
#define BYTES(data, size) { .bytes = (data), .number = (size) }
/* A literal, maybe with NULs between its words, and the one at its end. */
#define TEXT(words) BYTES(words, sizeof(words))
#define EMPTY BYTES(NULL, 0)

/** A step: one property is set or removed, or a node if there is no @name. */
struct vmtree_step {
	const char *path, *name;
	struct vmtree_value value;
	const char *refusal; /* the error, from behind the path and the name on; NULL: accepted */
};

/** Goes step by step, each upon those before it, and fails the test by the first that is wrong. */
void vmtree_steps(struct vmtree *tree, const struct vmtree_step *steps, size_t count);

/** What vmdesc_print() has shown, by vmtree_show(). */
struct vm_shown {
	unsigned int lines;
	unsigned int defaults;
	char text[4096]; /* lines with name=value */
};
void vmtree_show(void *shown, const char *name, const char *value, bool is_default);

#endif
