/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which pages of its RAM a VM writes: on and off for all of its RAM, read in runs of pages. The
 * life-cycle lock guards all of it; the log itself is in the G-stage table.
 */
#include <arch/gstage.h>
#include <core/vm.h>
#include <errno.h>
#include <string.h>

#define WINDOW MIB(64) /* read at a time */

int vm_dirty_start(struct vm *vm)
{
	unsigned int done = 0;
	int error = 0;

	if (vm_dirty_is_on(vm))
		return -EBUSY;
	__atomic_store_n(&vm->gstage.tracked, true, __ATOMIC_SEQ_CST);
	for (; done < vm->chunk_count && !error; done++)
		if (vm_chunk_is_logged(&vm->chunks[done]))
			error = gstage_track(&vm->gstage, vm->chunks[done].gpa,
					     vm->chunks[done].size);
	if (error)
		vm_dirty_stop(vm);
	return error;
}

void vm_dirty_stop(struct vm *vm)
{
	if (!vm_dirty_is_on(vm))
		return;
	__atomic_store_n(&vm->gstage.tracked, false, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < vm->chunk_count; i++)
		gstage_untrack(&vm->gstage, vm->chunks[i].gpa, vm->chunks[i].size);
}

bool vm_dirty_is_on(const struct vm *vm)
{
	return __atomic_load_n(&vm->gstage.tracked, __ATOMIC_SEQ_CST);
}

/* Calls @run for each run of ones among the first @count bits. */
static void runs_tell(const uint64_t *bitmap, uint64_t count, gpa_t origin,
		      void (*run)(void *opaque, gpa_t at, uint64_t size), void *opaque)
{
	for (uint64_t i = 0, first; i < count; i++) {
		if (i % 64 == 0 && !bitmap[i / 64])
			i += 63;
		else if (bitmap[i / 64] >> (i % 64) & 1) {
			for (first = i; i < count && bitmap[i / 64] >> (i % 64) & 1; i++)
				;
			run(opaque, gpa(origin.v + first * PAGE_SIZE), (i - first) * PAGE_SIZE);
		}
	}
}

uint64_t vm_dirty_read(struct vm *vm, void (*run)(void *opaque, gpa_t at, uint64_t size),
		       void *opaque)
{
	static uint64_t bitmap[WINDOW / PAGE_SIZE / 64];
	uint64_t pages = 0;

	for (unsigned int i = 0; i < vm->chunk_count; i++) {
		const struct vm_chunk *chunk = &vm->chunks[i];

		for (uint64_t offset = 0; offset < chunk->size && vm_chunk_is_logged(chunk);
		     offset += WINDOW) {
			uint64_t size = MIN(chunk->size - offset, WINDOW);
			gpa_t at = gpa(chunk->gpa.v + offset);
			uint64_t written;

			memset(bitmap, 0, sizeof(bitmap));
			written = gstage_collect(&vm->gstage, at, size, bitmap);
			if (written)
				runs_tell(bitmap, size / PAGE_SIZE, at, run, opaque);
			pages += written;
		}
	}
	return pages;
}
