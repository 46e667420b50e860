/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that a VM of two vCPUs gets, in the tests of it: its machine, of which tests
 * change something, and looks at what was built. No threads, no locks.
 */
#ifndef GUEST_TREE_H
#define GUEST_TREE_H

#include "vmtree.h"

#include <core/guestfdt.h>

/** What the machine has, in no order, and one of them twice. */
#define GUEST_EXTENSIONS 23
extern const char *const guest_extensions[GUEST_EXTENSIONS];

struct guest {
	struct vmtree tree;
	struct guest_machine machine;
	struct vm_layout layout;
	uint64_t blob[MIB(1) / 8];
	int result; /* of guestfdt_build() */
};

/** Makes the guest for each test, in *@state. Both return 0. */
int guest_setup(void **state);
int guest_teardown(void **state);

#define GUEST_TEST(name) cmocka_unit_test_setup_teardown(name, guest_setup, guest_teardown)

/** Parses the VM, lays it out and builds its tree in exactly the room that is reserved. */
void guest_build(struct guest *guest);

/** What is at @path; each fails the test when it is not there. */
int node_at(struct guest *guest, const char *path);
uint32_t phandle_of(struct guest *guest, const char *path);
const void *property(struct guest *guest, const char *path, const char *name, int *size);

void assert_no_node(struct guest *guest, const char *path);
void assert_no_property(struct guest *guest, const char *path, const char *name);
void assert_text(struct guest *guest, const char *path, const char *name, const char *text);

/** A property of cells, each by C(); END is behind the last. */
void assert_cells(struct guest *guest, const char *path, const char *name, ...);
#define C(n) ((int64_t)(n))
#define END ((int64_t)-1)

/** Runs dtc, which checks what it reads; returns how many lines it had to say. */
unsigned int dtc_complaints(const void *blob, size_t size);

#endif
