/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What saving and restoring share. The control lock guards all of it.
 */
#ifndef CORE_VM_SAVE_PARTS_H
#define CORE_VM_SAVE_PARTS_H

#include <core/vm_save.h>

/** Whether there is nothing but zeros in a page. */
bool page_is_zero(const void *page);

/** What @vm's guest sees but its time, and its ISA list, which is good until the next call. */
void save_machine_fill(const struct vm *vm, struct save_machine *machine, const char **isa);

/** Whether all that vm_restore() is going to do with @image can be done; tells @report. */
bool vm_restore_check(struct vm *vm, const struct save_image *image, struct report *report);

/** The same for the registers; the VM is held. */
bool vm_restore_check_registers(const struct vm *vm, const struct save_image *image,
				struct report *report);

/** Gives @vcpu the registers of vCPU @vcpu->index. NULL, or the one that it refused and *@error. */
const struct save_register *vcpu_restore(struct vcpu *vcpu, const struct save_image *image,
					 int *error);

#endif
