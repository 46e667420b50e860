/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of a VM offer to its creation, reset and end (vm.c). Thread context, with the
 * control lock held; the VM's vCPUs do not run.
 */
#ifndef CORE_VM_PARTS_H
#define CORE_VM_PARTS_H

#include <core/vm.h>

/** Finds the harts that a new VM's description allows. 0, or -ENOTSUP (reported): none on-line. */
int vm_affinity_init(struct vm *vm);

/**
 * Reserves, clears and maps all ranges of memory. 0, -ENOMEM, -ERANGE, or -EINVAL (a shared
 * region has another size), reported; vm_memory_free() cleans up.
 */
int vm_memory_create(struct vm *vm);

/** Gives back what vm_memory_create() took, also after its failure. It is cleared later. */
void vm_memory_free(struct vm *vm);

/** Copies an image into memory of the guest, whether it may write there or not. 0 or -EFAULT. */
int vm_memory_load(struct vm *vm, gpa_t at, const void *from, uint64_t size);

/** Makes the devices of the default machine. 0 or -ENOMEM; vm_machine_destroy() cleans up. */
int vm_machine_create(struct vm *vm);
void vm_machine_reset(struct vm *vm);
void vm_machine_destroy(struct vm *vm);

/** Copies the images and writes a new device tree. 0, or a reported error. */
int vm_load(struct vm *vm);

/** The VM manager: marks a request as waiting. Any context. */
void vm_manager_wake(void);

/** A VM is being destroyed: how it ended still counts. Control lock held. */
void vm_manager_forget(const struct vm *vm);

/** Stops all vCPUs and waits until none runs; undoes that. Idempotent. */
void vm_hold(struct vm *vm);
void vm_release(struct vm *vm);

/** The VM, which is held, got another content: it is paused and has asked for nothing. */
void vm_replaced(struct vm *vm);

/** After vm_machine_reset() and with the vCPUs' registers there: the devices' states. */
void vm_machine_restored(struct vm *vm);

/** Ends a VM in @state with @reason: its vCPUs are held. */
void vm_end(struct vm *vm, enum vm_state state, bool badly, const char *reason);

#endif
