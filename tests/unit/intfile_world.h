/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world of the tests of core/intfile.c: one VM on fake harts with 0, 1 and 2 lines. IPIs are
 * answered at once. One thread.
 */
#ifndef INTFILE_WORLD_H
#define INTFILE_WORLD_H

#include <core/vm.h>
#include <emulators/swfile.h>

#define HARTS 3
#define VCPUS 7
#define PAGES UINT64_C(0x28000000) /* where the guest has its IMSIC */

/* One vCPU's interrupt file, wherever it is, and what the scheduler would know of it. */
struct model {
	uint64_t pending[4], enabled[4];
	uint32_t threshold, delivery;
	struct hart *on; /* runs there */
	bool asleep;
	bool told; /* vcpu_notify() since it was loaded last */
	bool left; /* vcpu_leave() */
};

extern struct vm vm;
extern struct vcpu vcpus[VCPUS];
extern struct swfile files[VCPUS];
extern struct model models[VCPUS];

/** Whatever is called from now on runs on @hart. */
void act_as(struct hart *hart);

/** Of each test. Return 0. */
int intfile_setup(void **state);
int intfile_setup_without_pbmt(void **state); /* memory types may not be used */
int intfile_teardown(void **state);

#endif
