/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saving and restoring VMs: core/save.h says what an image is. All of it takes long: thread
 * context, with the control lock held. Where progress is asked for, which only the shell does, the
 * lock is handed on now and then (vm_control_yield()): the VM manager leaves a paused VM alone.
 */
#ifndef CORE_VM_SAVE_H
#define CORE_VM_SAVE_H

#include <core/save.h>
#include <core/vm.h>

/** Told now and then how many bytes of memory more were gone through; NULL: not the shell. */
struct save_progress {
	void (*step)(struct save_progress *progress, uint64_t bytes);
};

/**
 * Writes an image of @vm, which is paused, to the @room bytes at @data (a multiple of 4 KiB).
 * 0 and *@size; or -EBUSY (not paused, or about to end), -ENOSPC (@room is too small).
 */
int vm_save(struct vm *vm, void *data, size_t room, size_t *size, struct save_progress *progress);

/**
 * Puts what @image (from save_open(), its memory checked) has in the place of all that @vm is, and
 * lets it run. Any state. First everything is looked at: 0, or -EINVAL or -ENOSPC after telling
 * @report what does not fit, and nothing has changed.
 */
int vm_restore(struct vm *vm, const struct save_image *image, struct report *report,
	       struct save_progress *progress);

/**
 * Makes the VM that @image describes, under the name @name and with those files that @bundle (may
 * be NULL) has. It is created, not started. NULL after telling @report or the log why not.
 */
struct vm *vm_create_saved(const struct save_image *image, const struct bundle *bundle,
			   const char *name, struct report *report);

/**
 * Lets @vm begin as its description's restore/file. 0, or an error after telling the log.
 * Like vm_restore(); the file was checked when the description was read.
 */
int vm_restore_own(struct vm *vm);

#endif
