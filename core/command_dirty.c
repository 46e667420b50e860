/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command about the pages that a VM writes. It runs with the life-cycle lock held.
 */
#include "command.h"

#include <arch/mmu.h>
#include <arch/time.h>
#include <core/number.h>
#include <core/page.h>
#include <core/thread.h>
#include <core/vm.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define ROUNDS_MAX 10000
#define ROUND_US 2000
#define RUNS_SHOWN 8

/* ---- what was written ---- */

struct shown {
	unsigned int runs;
};

static void run_show(void *opaque, gpa_t at, uint64_t size)
{
	struct shown *shown = opaque;

	if (shown->runs++ < RUNS_SHOWN)
		shell_printf("  gpa 0x%012" PRIx64 " + 0x%" PRIx64 "\n", at.v, size);
}

static void show(struct vm *vm)
{
	struct shown shown = { 0 };
	uint64_t pages = vm_dirty_read(vm, run_show, &shown);

	if (shown.runs > RUNS_SHOWN)
		shell_printf("  and %u more\n", shown.runs - RUNS_SHOWN);
	shell_printf("%s: %" PRIu64 " pages written in %u places\n", vm->name, pages, shown.runs);
}

static void switch_on(struct vm *vm)
{
	int error = vm_dirty_start(vm);

	if (error == -EBUSY)
		shell_printf("%s: its writes are being logged already\n", vm->name);
	else if (error)
		shell_printf("%s: no memory to split its leaves\n", vm->name);
}

/* ---- the check: a copy that is kept up while the VM runs, as a migration would ---- */

struct copy {
	struct vm *vm;
	hpa_t chunks[VM_MAX_CHUNKS];
	unsigned int count;
	uint64_t pages; /* copied */
};

static unsigned int chunk_order(const struct vm_chunk *chunk)
{
	return (unsigned int)__builtin_ctzll(chunk->size) - PAGE_SHIFT;
}

static void copy_free(struct copy *copy)
{
	while (copy->count) {
		const struct vm_chunk *chunk = &copy->vm->chunks[--copy->count];

		if (!vm_chunk_is_logged(chunk))
			continue;
		page_free(copy->chunks[copy->count], chunk_order(chunk));
	}
}

static bool copy_alloc(struct copy *copy)
{
	while (copy->count < copy->vm->chunk_count) {
		const struct vm_chunk *chunk = &copy->vm->chunks[copy->count];

		if (vm_chunk_is_logged(chunk) &&
		    !page_alloc(chunk_order(chunk), &copy->chunks[copy->count]))
			return false;
		copy->count++;
	}
	return true;
}

/* The pages of the run, which is in one chunk. */
static void run_copy(void *opaque, gpa_t at, uint64_t size)
{
	struct copy *copy = opaque;

	for (unsigned int i = 0; i < copy->count; i++) {
		const struct vm_chunk *chunk = &copy->vm->chunks[i];
		uint64_t offset = at.v - chunk->gpa.v;

		if (offset < chunk->size) {
			memcpy((char *)hpa_to_hva(copy->chunks[i]) + offset,
			       (char *)hpa_to_hva(chunk->hpa) + offset, size);
			copy->pages += size / PAGE_SIZE;
		}
	}
}

static uint64_t copy_compare(const struct copy *copy)
{
	uint64_t different = 0;

	for (unsigned int i = 0; i < copy->count; i++) {
		const struct vm_chunk *chunk = &copy->vm->chunks[i];
		const char *one = hpa_to_hva(chunk->hpa), *other = hpa_to_hva(copy->chunks[i]);

		for (uint64_t at = 0; vm_chunk_is_logged(chunk) && at < chunk->size;
		     at += PAGE_SIZE)
			different += memcmp(one + at, other + at, PAGE_SIZE) != 0;
	}
	return different;
}

/* @rounds while it runs, and a last one while it does not. */
static void copy_keep_up(struct copy *copy, uint64_t rounds)
{
	struct vm *vm = copy->vm;
	bool was_running = vm->state == VM_RUNNING;
	uint64_t last, first;

	for (unsigned int i = 0; i < vm->chunk_count; i++)
		if (vm_chunk_is_logged(&vm->chunks[i]))
			run_copy(copy, vm->chunks[i].gpa, vm->chunks[i].size);
	first = copy->pages;
	for (uint64_t i = 0; i < rounds; i++) {
		vm_dirty_read(vm, run_copy, copy);
		thread_sleep(ROUND_US);
	}
	if (was_running)
		vm_pause(vm, "its copy is being completed");
	last = vm_dirty_read(vm, run_copy, copy);
	shell_printf("%s: copied %" PRIu64 " pages, in %" PRIu64 " rounds %" PRIu64
		     " more, while paused %" PRIu64 "; %" PRIu64 " differ\n",
		     vm->name, first, rounds, copy->pages - first - last, last, copy_compare(copy));
	if (was_running)
		vm_resume(vm);
}

static void check(struct vm *vm, uint64_t rounds)
{
	static struct copy copy; /* large; the control lock guards it */

	if (vm_dirty_is_on(vm)) {
		shell_printf("%s: its writes are being logged already\n", vm->name);
		return;
	}
	copy = (struct copy){ .vm = vm };
	if (!copy_alloc(&copy) || vm_dirty_start(vm))
		shell_printf("%s: no memory for a copy of it\n", vm->name);
	else
		copy_keep_up(&copy, rounds);
	vm_dirty_stop(vm);
	copy_free(&copy);
}

/* ---- the command ---- */

static void operate(struct vm *vm, const char *what, const char *rounds_text)
{
	uint64_t rounds = 10;

	if (strcmp(what, "on") == 0)
		switch_on(vm);
	else if (strcmp(what, "off") == 0)
		vm_dirty_stop(vm);
	else if (strcmp(what, "check") != 0)
		shell_printf("vm dirty <vm> [on|off|check [rounds]]\n");
	else if (rounds_text && (!number_parse(rounds_text, &rounds) || rounds > ROUNDS_MAX))
		shell_printf("Rounds: 0 to %u.\n", ROUNDS_MAX);
	else
		check(vm, rounds);
}

int vm_dirty_run(unsigned int argc, char *const *argv)
{
	struct vm *vm;

	vm_control_lock();
	vm = vm_find(argv[0]);
	if (!vm)
		shell_printf("There is no VM \"%.32s\".\n", argv[0]);
	else if (argc > 1)
		operate(vm, argv[1], argc > 2 ? argv[2] : NULL);
	else if (vm_dirty_is_on(vm))
		show(vm);
	else
		shell_printf("%s: its writes are not logged; vm dirty %s on\n", vm->name, vm->name);
	vm_control_unlock();
	return 0;
}
