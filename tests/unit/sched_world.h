/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler on harts that are threads which run by turns: the test lets a hart go on until it
 * runs something or has nothing to run. One thread at a time, so nothing is guarded.
 */
#ifndef SCHED_WORLD_H
#define SCHED_WORLD_H

#include <core/sched.h>
#include <core/thread.h>
#include <core/vm.h>

#define VCPUS 6
#define SLICE 1000

extern struct vcpu vcpus[VCPUS];
extern struct thread service;

/* The first three. */
static struct sched_entity *const a = &vcpus[0].sched;
static struct sched_entity *const b = &vcpus[1].sched;
static struct sched_entity *const c = &vcpus[2].sched;

struct sched_world {
	char trace[256]; /* what was asked of vCPUs */
	bool must_wake; /* what the scheduler hears of a thread that wants to block */
	uint32_t saved_leave; /* why the last one that was saved left its hart */
	void (*on_block)(void); /* called when a vCPU blocks; may be NULL */
	bool is_native[VCPUS]; /* the last that was said of each */
	uint64_t prepare_ticks; /* what vcpu_prepare() takes */
};

extern struct sched_world world;

/** Tests begin with one hart or three, the test being none of them; all vCPUs parked. Return 0. */
int sched_setup_one(void **state);
int sched_setup_three(void **state);
int sched_teardown(void **state);

#define ONE(name) cmocka_unit_test_setup_teardown(name, sched_setup_one, sched_teardown)
#define THREE(name) cmocka_unit_test_setup_teardown(name, sched_setup_three, sched_teardown)

/** Lets a hart run until it stands still again; returns what it runs, NULL: idle. */
struct sched_entity *go(unsigned int index);

/** What runs on a hart says why it leaves, and the hart goes on. */
struct sched_entity *leave(unsigned int index, enum sched_leave how);

void only_on(struct sched_entity *entity, unsigned int index);
void set_priority(struct sched_entity *entity, unsigned int priority);

#endif
