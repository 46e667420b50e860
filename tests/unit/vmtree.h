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

/** Sets a property of the node at @path, which is made when it is not there. */
void vmtree_set(struct vmtree *tree, const char *path, const char *name, const void *value,
		size_t size);
void vmtree_set_u32(struct vmtree *tree, const char *path, const char *name, uint32_t value);
void vmtree_set_u64(struct vmtree *tree, const char *path, const char *name, uint64_t value);
void vmtree_set_string(struct vmtree *tree, const char *path, const char *name, const char *value);
void vmtree_remove(struct vmtree *tree, const char *path, const char *name);

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

#endif
