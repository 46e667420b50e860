/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offsets that assembly needs. Only compiled to assembly text, from which the build makes
 * generated/asm_offsets.h.
 */
#include <arch/boot.h>
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
	OFFSET(HART_COUNT_BEGIN, struct hart, count_begin);
	OFFSET(HART_INSTRUCTIONS, struct hart, instructions);
	OFFSET(VCPU_REGS, struct vcpu, arch.regs);
	OFFSET(VCPU_HART, struct vcpu, arch.hart);
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
	OFFSET(FRAME_RA, struct trap_frame, ra);
	OFFSET(FRAME_T, struct trap_frame, t);
	OFFSET(FRAME_A, struct trap_frame, a);
	OFFSET(FRAME_SEPC, struct trap_frame, sepc);
	OFFSET(FRAME_SSTATUS, struct trap_frame, sstatus);
	OFFSET(FRAME_SP, struct trap_frame, sp);
	VALUE(STACK_SHIFT, __builtin_ctzl(HART_STACK_SIZE));
	VALUE(FRAME_SIZE, sizeof(struct trap_frame));
}
