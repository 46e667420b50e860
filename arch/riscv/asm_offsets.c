/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offsets that assembly needs. Only compiled to assembly text, from which the build makes
 * generated/asm_offsets.h.
 */
#include <arch/boot.h>
#include <arch/firmware.h>
#include <arch/sbi.h>
#include <arch/trap.h>
#include <core/hart.h>
#include <core/thread.h>
#include <core/vm.h>

#define VALUE(name, value) __asm__ volatile("\n.ascii \"->" #name " %0\"" ::"i"(value))
#define OFFSET(name, type, member) VALUE(name, offsetof(type, member))

void asm_offsets(void);

void asm_offsets(void)
{
	OFFSET(HART_STACK_TOP, struct hart, stack_top);
	OFFSET(HART_LOADED, struct hart, loaded);
	OFFSET(HART_RESCHED, struct hart, resched);
	OFFSET(HART_PROFILE_CAUSE, struct hart, profile.cause);
	OFFSET(HART_PROFILE_HTVAL, struct hart, profile.htval);
	OFFSET(HART_PROFILE_STVAL, struct hart, profile.stval);
	OFFSET(HART_PROFILE_FUNCTION, struct hart, profile.function);
	OFFSET(HART_PROFILE_EXTENSION, struct hart, profile.extension);
	OFFSET(HART_PROFILE_TIME, struct hart, profile.time);
	OFFSET(HART_PROFILE_INSTRET, struct hart, profile.instret);
	OFFSET(HART_PROFILE_INSTRET_THERE, struct hart, profile.instret_there);
	OFFSET(VCPU_REGS, struct vcpu, arch.regs);
	OFFSET(VCPU_HART, struct vcpu, arch.hart);
	OFFSET(VCPU_EXITS, struct vcpu, exits);
	OFFSET(VCPU_SBI_FACTOR, struct vcpu, arch.sbi_factor);
	OFFSET(VCPU_SBI_SLOTS, struct vcpu, arch.sbi_slots);
	OFFSET(EXTENSION_ID, struct sbi_extension, id);
	OFFSET(EXTENSION_ANSWERS, struct sbi_extension, answers);
	OFFSET(EXTENSION_LIGHT, struct sbi_extension, light);
	OFFSET(EXTENSION_CALL, struct sbi_extension, call);
	VALUE(SBI_SLOT_SHIFT, 64 - SBI_SLOT_BITS - 3);
	VALUE(SBI_SLOT_MASK, (SBI_SLOTS - 1) * 8);
	VALUE(SBI_ANSWERS, SBI_ANSWERS);
	OFFSET(VCPU_PENDING, struct vcpu, pending);
	OFFSET(VCPU_FP, struct vcpu, arch.fp);
	OFFSET(VCPU_FCSR, struct vcpu, arch.fcsr);
	OFFSET(VCPU_VECTOR, struct vcpu, arch.vector);
	OFFSET(VCPU_VSTART, struct vcpu, arch.vstart);
	OFFSET(VCPU_VL, struct vcpu, arch.vl);
	OFFSET(VCPU_VTYPE, struct vcpu, arch.vtype);
	OFFSET(VCPU_VCSR, struct vcpu, arch.vcsr);
	OFFSET(THREAD_SP, struct thread, sp);
	OFFSET(HART_START_SATP, struct hart_start, satp);
	OFFSET(HART_START_SP, struct hart_start, sp);
	OFFSET(HART_START_TP, struct hart_start, tp);
	OFFSET(BOOT_AGAIN_FDT, struct boot_again, fdt);
	OFFSET(BOOT_AGAIN_LEAVER, struct boot_again, leaver);
	OFFSET(BOOT_AGAIN_STATE, struct boot_again, state);
	VALUE(BOOT_AGAIN_CAME, BOOT_AGAIN_CAME);
	VALUE(BOOT_AGAIN_CANCELLED, BOOT_AGAIN_CANCELLED);
	VALUE(SBI_EXT_HSM, SBI_EXT_HSM);
	VALUE(FIRMWARE_HART_STOPPED, FIRMWARE_HART_STOPPED);
	OFFSET(FRAME_RA, struct trap_frame, ra);
	OFFSET(FRAME_T, struct trap_frame, t);
	OFFSET(FRAME_A, struct trap_frame, a);
	OFFSET(FRAME_SEPC, struct trap_frame, sepc);
	OFFSET(FRAME_SSTATUS, struct trap_frame, sstatus);
	OFFSET(FRAME_SP, struct trap_frame, sp);
	VALUE(STACK_SHIFT, __builtin_ctzl(HART_STACK_SIZE));
	VALUE(FRAME_SIZE, sizeof(struct trap_frame));
}
