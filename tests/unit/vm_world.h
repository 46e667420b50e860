/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of VMs have in common: a machine with RAM and harts, on the real allocators,
 * G-stage tables and devices, and a description. Scheduler, consoles, registers and the world
 * switch are stand-ins. One thread.
 */
#ifndef VM_WORLD_H
#define VM_WORLD_H

#include "fake_hart.h"

#include <arch/registers.h>
#include <core/console.h>
#include <core/vm.h>

#define WORLD_BASE UINT64_C(0x80000000) /* of the VMs' memory */
#define WORLD_HARTS 2

/** vCPUs have a few registers: pc and x, HSM, and one that does not take each value. */
#define HSM_REGISTER REGISTER(REGISTER_CORE, 33)
#define ODD_REGISTER REGISTER(REGISTER_CSR, 0x180)
#define ODD_REGISTER_REFUSED 0xbad

struct vm_world {
	struct vm_config config; /* of the VMs that are created: 8 MiB, two vCPUs, a kernel */
	uint64_t free_before; /* pages; as many have to be free after the test */
	char said[8192]; /* what was logged */
	unsigned int consoles; /* that there are */
	uint8_t typed[CONSOLE_TYPED_MAX]; /* at any of them */
	size_t typed_count;
	bool harts_are_busy; /* what is held leaves its hart while the test sleeps */
	unsigned int slept;
	bool wfi_native; /* the option */
	unsigned int forgotten; /* harts that were told to forget a VM */
	unsigned int cleaner_woken;
};

extern struct vm_world world;

/** Hart 0 is there, hart 1 never came; no VM. Returns 0. */
int world_setup(void **state);

/** Destroys all VMs; what they held must have come back. Returns 0. */
int world_teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/** A VM of world.config, which must not fail. */
struct vm *world_create(void);

/** A VM of world.config is refused, with a message that has @text in it. */
void world_refuses(const char *text);

/**
 * Creates a VM of world.config and destroys it, until no allocation has failed: the first, the
 * second, and so on. Each time @check looks at the VM or at NULL; it may be NULL itself. A failure
 * must leave nothing, and a message. Returns how often there was one.
 */
unsigned int world_fail_each_allocation(void (*check)(const struct vm *vm));

#endif
