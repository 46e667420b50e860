/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts with guest interrupt files, and VMs that want them, in the tests of who gets which. VMs
 * and the scheduler are stand-ins. One thread.
 */
#ifndef POLICY_WORLD_H
#define POLICY_WORLD_H

#include <core/vm.h>

#define HARTS 4
#define VMS 6
#define VCPUS 6
#define FILES 5

extern struct vm *vms[VMS]; /* the oldest first; NULL at the end */

struct policy_world {
	unsigned int identities; /* of the harts' files */
	unsigned int evictions;
	unsigned int offers;
	char said[256]; /* the last message */
};

extern struct policy_world world;

/** All harts are on-line with FILES files each; no VM. Both return 0. */
int policy_setup(void **unused);
int policy_teardown(void **unused);

#define TEST(name) cmocka_unit_test_setup_teardown(name, policy_setup, policy_teardown)

/** A VM that runs and was promised nothing; vm_free() gives back what its vCPUs hold. */
struct vm *vm_make(unsigned int vcpus, uint64_t affinity, enum vm_files policy);
void vm_free(struct vm *vm);

/** How many there are, and the end of one of them. */
unsigned int vm_count(void);
void vm_drop(unsigned int index);

/** What must hold at any time: harts and vCPUs agree, and whoever insists has files or waits. */
void check_all(void);

#endif
