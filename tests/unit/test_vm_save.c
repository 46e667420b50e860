/* SPDX-License-Identifier: BSD-2-Clause */
/* VMs that are saved, and what becomes of them when they are restored. One thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vm_world.h"

#include <core/vm_parts.h>
#include <core/vm_save.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define IMAGE_ROOM MIB(9)
static uint8_t *image_room;
static struct save_image saved;

static void refusal(struct report *report, enum report_level level, const char *message)
{
	(void)report;
	(void)level;
	snprintf(world.said, sizeof(world.said), "%s", message);
}

static struct report refusals = { .emit = refusal };

void __wrap_vm_control_yield(void);
void __real_vm_control_yield(void);
static unsigned int yields;

void __wrap_vm_control_yield(void)
{
	yields++;
	__real_vm_control_yield();
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 20;
}

/* Runs, and is in a state that @seed gives. */
static void vm_scramble(struct vm *vm, uint64_t seed)
{
	for (unsigned int i = 0; i < 300; i++) {
		uint64_t word = next_random(&seed);
		uint64_t at = next_random(&seed) % (world.config.memory_size / 8) * 8;

		assert_int_equal(vm_write(vm, gpa(WORLD_BASE + at), &word, 8), 0);
	}
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		for (unsigned int reg = 1; reg < 32; reg++)
			vm->vcpus[i]->arch.regs[reg] = next_random(&seed);
		vm->vcpus[i]->arch.sepc = next_random(&seed);
		vm->vcpus[i]->arch.vsatp = next_random(&seed) | 1;
	}
	vm->uart->ops->write(vm->uart, 7, 1, next_random(&seed) & 0xff);
	world.typed_count = next_random(&seed) % 20;
	memset(world.typed, (int)seed, world.typed_count);
}

static void vm_save_paused(struct vm *vm)
{
	size_t size;

	if (!image_room)
		image_room = malloc(IMAGE_ROOM);
	assert_int_equal(vm_pause(vm, "saved"), 0);
	assert_int_equal(vm_save(vm, image_room, IMAGE_ROOM, &size, NULL), 0);
	assert_int_equal(save_open(image_room, size, &saved, &refusals), 0);
	assert_int_equal(save_memory_check(&saved, &refusals, NULL, NULL), 0);
}

static void image_free(void)
{
	free(image_room);
	image_room = NULL;
}

static char *memory_copy(const struct vm *vm)
{
	char *copy = test_malloc(world.config.memory_size);

	assert_int_equal(vm_read((struct vm *)vm, gpa(WORLD_BASE), copy, world.config.memory_size),
			 0);
	return copy;
}

static void restored_vm_is_what_was_saved(void **state)
{
	for (uint64_t seed = 1; seed < 4; seed++) {
		struct vm *vm = world_create();
		uint64_t regs[32];
		char *before, *after;

		assert_int_equal(vm_start(vm), 0);
		vm_scramble(vm, seed);
		vm_save_paused(vm);
		before = memory_copy(vm);
		memcpy(regs, vm->vcpus[1]->arch.regs, sizeof(regs));
		assert_int_equal(vm_resume(vm), 0);
		vm_scramble(vm, seed + 100);
		if (seed == 2) { /* into a new one */
			vm_destroy(vm);
			vm = world_create();
		}
		fake_now += 1000000;
		assert_int_equal(vm_restore(vm, &saved, &refusals, NULL), 0);
		after = memory_copy(vm);
		assert_memory_equal(before, after, world.config.memory_size);
		assert_memory_equal(regs, vm->vcpus[1]->arch.regs, sizeof(regs));
		assert_int_equal(vm_time(vm), saved.machine->time);
		assert_int_equal(vm->state, VM_RUNNING);
		assert_int_equal(vm->active, 1);
		assert_int_equal(vm->vcpus[0]->sched.state, SCHED_RUNNING);
		assert_int_equal(vm->vcpus[1]->sched.state, SCHED_PARKED);
		assert_int_equal(world.typed_count, saved.typed_count);
		test_free(before);
		test_free(after);
		vm_destroy(vm);
	}
	image_free();
}

/* The value of a register in the image. */
static void *saved_register(unsigned int vcpu, uint32_t number)
{
	const struct save_register *reg = NULL;

	while ((reg = save_register_next(&saved, vcpu, reg)))
		if (reg->number == number)
			return (void *)(reg + 1);
	fail();
	return NULL;
}

static void what_is_refused_changes_nothing(void **state)
{
	struct vm *vm = world_create();
	uint64_t bad = ODD_REGISTER_REFUSED, stopped = HSM_STOPPED, sepc;
	char *before, *after;

	assert_int_equal(vm_start(vm), 0);
	vm_scramble(vm, 7);
	vm_save_paused(vm);
	assert_int_equal(vm_resume(vm), 0);
	vm_scramble(vm, 8);
	before = memory_copy(vm);
	sepc = vm->vcpus[0]->arch.sepc;
	memcpy(saved_register(1, ODD_REGISTER), &bad, sizeof(bad));
	assert_int_equal(vm_restore(vm, &saved, &refusals, NULL), -EINVAL);
	assert_string_equal(world.said,
			    "saved VM: vCPU 1: its register odd is 0xbad, which it cannot be here");
	memcpy(saved_register(1, ODD_REGISTER), &stopped, sizeof(stopped));
	memcpy(saved_register(0, HSM_REGISTER), &stopped, sizeof(stopped));
	assert_int_equal(vm_restore(vm, &saved, &refusals, NULL), -EINVAL);
	assert_string_equal(world.said, "saved VM: none of its vCPUs is started");
	after = memory_copy(vm);
	assert_memory_equal(before, after, world.config.memory_size);
	assert_int_equal(vm->vcpus[0]->arch.sepc, sepc);
	assert_int_equal(vm->active, 1);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_RUNNING);
	test_free(before);
	test_free(after);
	vm_destroy(vm);
	image_free();
}

static void vm_is_saved_when_it_is_paused_and_fits(void **state)
{
	struct vm *vm = world_create();
	size_t size;

	image_room = malloc(IMAGE_ROOM);
	assert_int_equal(vm_save(vm, image_room, IMAGE_ROOM, &size, NULL), -EBUSY);
	assert_int_equal(vm_start(vm), 0);
	assert_int_equal(vm_save(vm, image_room, IMAGE_ROOM, &size, NULL), -EBUSY);
	vm_pause(vm, "");
	for (size_t room = 0; room < KIB(12); room += 100)
		assert_int_equal(vm_save(vm, image_room, room, &size, NULL), -ENOSPC);
	vm_request(vm, VM_REQUEST_REBOOT, "");
	assert_int_equal(vm_save(vm, image_room, IMAGE_ROOM, &size, NULL), -EBUSY);
	vm_destroy(vm);
	image_free();
}

static void vm_that_is_gone_is_made_from_its_image(void **state)
{
	struct vm *vm = world_create();

	assert_int_equal(vm_start(vm), 0);
	vm_scramble(vm, 3);
	vm_save_paused(vm);
	vm_destroy(vm);
	vm = vm_create_saved(&saved, NULL, "other", &refusals);
	assert_non_null(vm);
	assert_string_equal(vm->name, "other");
	assert_null(vm->config.kernel.name);
	assert_int_equal(vm_restore(vm, &saved, &refusals, NULL), 0);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm_reset(vm), -ENOENT);
	assert_int_equal(vm->state, VM_FAILED);
	assert_int_equal(vm_restore(vm, &saved, &refusals, NULL), 0);
	assert_int_equal(vm->state, VM_RUNNING);
	vm_destroy(vm);
	image_free();
}

static void count_step(struct save_progress *progress, uint64_t bytes)
{
	assert_true(bytes > 0);
}

/* Without progress it is the manager that restores: the shell must not destroy the VM meanwhile. */
static void restore_by_the_manager_keeps_the_lock(void **state)
{
	struct save_progress progress = { .step = count_step };
	struct vm *vm = world_create();

	assert_int_equal(vm_start(vm), 0);
	vm_scramble(vm, 4);
	vm_save_paused(vm);
	yields = 0;
	assert_int_equal(vm_restore(vm, &saved, &refusals, NULL), 0);
	assert_int_equal(yields, 0);
	assert_int_equal(vm_restore(vm, &saved, &refusals, &progress), 0);
	assert_true(yields > 0);
	vm_destroy(vm);
	image_free();
}

/* Saving hands the control lock on. */
static int setup_locked(void **state)
{
	vm_control_lock();
	return world_setup(state);
}

static int teardown_locked(void **state)
{
	vm_control_unlock();
	return world_teardown(state);
}

#define LOCKED_TEST(name) cmocka_unit_test_setup_teardown(name, setup_locked, teardown_locked)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOCKED_TEST(restored_vm_is_what_was_saved),
		LOCKED_TEST(what_is_refused_changes_nothing),
		LOCKED_TEST(vm_is_saved_when_it_is_paused_and_fits),
		LOCKED_TEST(vm_that_is_gone_is_made_from_its_image),
		LOCKED_TEST(restore_by_the_manager_keeps_the_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
