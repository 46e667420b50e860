/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sched_world.h"

#include "fake_hart.h"

#include <arch/thread.h>
#include <assert.h>
#include <core/hart_files.h>
#include <core/hart_power.h>
#include <core/page.h>
#include <core/thread.h>
#include <core/timer.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#define HARTS 3

/* A hart stands still where the real one would enter a guest or wait for an interrupt. */
static struct turn {
	pthread_t thread;
	sem_t go;
	bool started;
	struct sched_entity *runs; /* NULL: idle */
} turns[HARTS];
static sem_t stopped;
static bool quitting;

struct sched_world world;
struct hartset hart_files_free_set;
struct vcpu vcpus[VCPUS];
struct thread service;

static void trace_add(const char *what, const struct vcpu *vcpu)
{
	size_t used = strlen(world.trace);

	snprintf(world.trace + used, sizeof(world.trace) - used, "%s%s %u", used ? ", " : "", what,
		 vcpu->index);
}

/* ---- harts ---- */

static void stand_still(struct sched_entity *runs)
{
	struct turn *turn = &turns[fake_hart_self->index];

	assert(fake_hart_self->lock_ranks == 0 && !fake_irq_on);
	turn->runs = runs;
	sem_post(&stopped);
	sem_wait(&turn->go);
	if (quitting)
		pthread_exit(NULL);
}

static void *hart_main(void *opaque)
{
	fake_hart_self = opaque;
	hart_loop();
}

struct sched_entity *go(unsigned int index)
{
	struct turn *turn = &turns[index];

	if (turn->started) {
		sem_post(&turn->go);
	} else {
		turn->started = true;
		sem_init(&turn->go, 0, 0);
		assert_int_equal(pthread_create(&turn->thread, NULL, hart_main, &fake_harts[index]),
				 0);
	}
	sem_wait(&stopped);
	return turn->runs;
}

struct sched_entity *leave(unsigned int index, enum sched_leave how)
{
	turns[index].runs->leave = how;
	return go(index);
}

static void hart_waits(void)
{
	stand_still(NULL);
}

void vcpu_prepare(struct vcpu *vcpu)
{
	fake_now += world.prepare_ticks;
	(void)vcpu;
}

void vcpu_run(struct vcpu *vcpu)
{
	assert(vcpu == fake_hart_self->running);
	stand_still(&vcpu->sched);
}

void arch_thread_resume(struct thread *thread)
{
	assert(thread == fake_hart_self->thread);
	stand_still(&thread->sched);
	hart_loop();
}

/* ---- what the scheduler asks of others ---- */

void vcpu_block(struct vcpu *vcpu)
{
	assert(vcpu->sched.on);
	trace_add("block", vcpu);
	if (world.on_block)
		world.on_block();
}

void vcpu_parked(struct vcpu *vcpu)
{
	trace_add("parked", vcpu);
}

void arch_vcpu_save(struct vcpu *vcpu)
{
	assert(vcpu->sched.on == fake_hart_self);
	world.saved_leave = vcpu->sched.leave;
	trace_add("save", vcpu);
}

void arch_vcpu_quiesce(struct hart *hart)
{
	assert(hart == fake_hart_self);
}

void arch_vcpu_set_native(struct vcpu *vcpu, bool native)
{
	world.is_native[vcpu->index] = native;
}

void hart_leave(void)
{
	sched_drain(fake_hart_self);
	trace_add("leave", &vcpus[fake_hart_self->index]);
}

bool thread_must_wake(const struct thread *thread)
{
	return world.must_wake;
}

/* ---- tests begin with this many harts, the test being none of them ---- */

static void setup_harts(unsigned int count)
{
	fake_hart_reset();
	fake_arena_add(MIB(2));
	memset(turns, 0, sizeof(turns));
	sem_init(&stopped, 0, 0);
	quitting = false;
	hart_count = count;
	for (unsigned int i = 0; i < count; i++) {
		harts[i] = &fake_harts[i];
		assert_int_equal(sched_hart_init(harts[i]), 0);
		assert_int_equal(timer_hart_init(harts[i]), 0);
	}
	fake_hart_self = &fake_harts[FAKE_HARTS - 1];
	fake_wait_hook = hart_waits;
	memset(vcpus, 0, sizeof(vcpus));
	for (unsigned int i = 0; i < VCPUS; i++) {
		vcpus[i].index = i;
		sched_entity_init(&vcpus[i].sched, SCHED_VCPU, PRIORITY_DEFAULT, SLICE);
	}
	memset(&service, 0, sizeof(service));
	sched_entity_init(&service.sched, SCHED_THREAD, PRIORITY_DEFAULT, SLICE);
	memset(&hart_files_free_set, 0, sizeof(hart_files_free_set));
	world.trace[0] = '\0';
	memset(world.is_native, 0, sizeof(world.is_native));
	world.prepare_ticks = 0;
	world.must_wake = false;
	world.on_block = NULL;
}

int sched_setup_one(void **state)
{
	setup_harts(1);
	return 0;
}

int sched_setup_three(void **state)
{
	setup_harts(3);
	return 0;
}

int sched_teardown(void **state)
{
	quitting = true;
	for (unsigned int i = 0; i < hart_count; i++)
		if (turns[i].started) {
			sem_post(&turns[i].go);
			pthread_join(turns[i].thread, NULL);
		}
	hart_count = 0;
	return 0;
}

void only_on(struct sched_entity *entity, unsigned int index)
{
	memset(&entity->affinity, 0, sizeof(entity->affinity));
	hartset_add(&entity->affinity, index);
}

void set_priority(struct sched_entity *entity, unsigned int priority)
{
	entity->priority = (uint8_t)priority;
}
