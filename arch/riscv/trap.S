/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trap entry and guest entry. sscratch holds the vCPU while a guest runs and 0 otherwise.
 *
 *   guest --exit--> what a table or a light function answers --> sret
 *            |
 *            +--> save what C may clobber --> ecall:      exit_ecall
 *                                               interrupt:  exit_interrupt
 *                                               the rest:   exit_trap
 *                                                   false:  save s0-s11 and gp, exit_trap_again
 *         <--entry-- restore <-- nothing pending? -- yes: exit_pending
 *                                                     leave: save s0-s11 and gp, hart_loop
 *
 * Callee-saved registers of the guest stay live across nearly all exits: C keeps them for us.
 *
 * Where there is Ssdbltrp each trap sets sstatus.SDT: then a second one is a double trap, which
 * is the firmware's, and SIE cannot be set. It is cleared only where an exit may trap
 * (trap_return_save) or goes to hart_loop, and for traps of the hypervisor. SRET clears it, too.
 */
#include <arch/csr.h>
#include <arch/mmu.h>
#include <generated/asm_offsets.h>

#define REG(n) (VCPU_REGS + 8 * (n))

/* What trap_entry saves: x0 to x2, x4 to x7, x10 to x17, x28 to x31; and as good as, above x31. */
#define REGS_SAVED 0xfffffffff003fcf7

/* \op is sd to save, ld to restore. */
.macro callee op, vcpu
	\op	gp, REG(3)(\vcpu)
	\op	s0, REG(8)(\vcpu)
	\op	s1, REG(9)(\vcpu)
	.irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	\op	s\n, REG(16 + \n)(\vcpu)
	.endr
.endm

/*
 * Profiles. trap_profiled.S is this file once more, with PROFILED: its trap_entry is in stvec while
 * the vCPU that runs is looked at, so that the rest of the time none of this is there. The record
 * of an exit (struct hart_profile) begins as early and ends as late as there is room for it.
 *
 * profile_begin: a0 the vCPU, tp the hart; t1 and t2 are free. profile_end: all that C may clobber
 * is free, and a0 is the vCPU again afterwards.
 */
.macro profile_begin
#ifdef PROFILED
	csrr	t1, CSR_SCAUSE
	sd	t1, HART_PROFILE_CAUSE(tp)
	csrr	t1, CSR_HTVAL
	sd	t1, HART_PROFILE_HTVAL(tp)
	csrr	t1, CSR_STVAL
	sd	t1, HART_PROFILE_STVAL(tp)
	sd	a6, HART_PROFILE_FUNCTION(tp)
	sd	a7, HART_PROFILE_EXTENSION(tp)
	csrr	t1, CSR_TIME
	sd	t1, HART_PROFILE_TIME(tp)
	lbu	t1, HART_PROFILE_INSTRET_THERE(tp)
	beqz	t1, 1f
	csrr	t1, CSR_INSTRET
1:	sd	t1, HART_PROFILE_INSTRET(tp)
#endif
.endm

.macro profile_end
#ifdef PROFILED
	lbu	a0, HART_PROFILE_INSTRET_THERE(tp)
	beqz	a0, 1f
	csrr	a0, CSR_INSTRET
1:	call	profile_exit
	ld	a0, HART_LOADED(tp)
#endif
.endm

#ifdef PROFILED
#define trap_entry trap_entry_profiled
#endif

/* What light functions leave alone. */
.macro save_heavy vcpu
	sd	t0, REG(5)(\vcpu)
	sd	t1, REG(6)(\vcpu)
	sd	t2, REG(7)(\vcpu)
	sd	a6, REG(16)(\vcpu)
	sd	a7, REG(17)(\vcpu)
	sd	t3, REG(28)(\vcpu)
	sd	t4, REG(29)(\vcpu)
	sd	t5, REG(30)(\vcpu)
	sd	t6, REG(31)(\vcpu)
	profile_begin
.endm

/*
 * What light functions may clobber, but for a4 and a5, which were saved already. sscratch holds
 * the guest's a0. Gives the hypervisor its tp and sp.
 */
.macro save_light vcpu
	sd	ra, REG(1)(\vcpu)
	sd	sp, REG(2)(\vcpu)
	sd	tp, REG(4)(\vcpu)
	sd	a1, REG(11)(\vcpu)
	ld	tp, VCPU_HART(\vcpu)
	sd	a2, REG(12)(\vcpu)
	csrrw	a1, CSR_SSCRATCH, zero
	sd	a3, REG(13)(\vcpu)
	ld	sp, HART_STACK_TOP(tp)
	sd	a1, REG(10)(\vcpu)
.endm

/* The opposite, but for a0, and for a1 where a light function's result is in it. */
.macro load_light vcpu
	ld	ra, REG(1)(\vcpu)
	ld	sp, REG(2)(\vcpu)
	ld	tp, REG(4)(\vcpu)
	ld	a2, REG(12)(\vcpu)
	ld	a3, REG(13)(\vcpu)
	ld	a4, REG(14)(\vcpu)
	ld	a5, REG(15)(\vcpu)
.endm

/* An ecall is answered. */
.macro ecall_done vcpu, scratch
	ld	\scratch, VCPU_EXITS(\vcpu)
	addi	\scratch, \scratch, 1
	sd	\scratch, VCPU_EXITS(\vcpu)
	csrr	\scratch, CSR_SEPC
	addi	\scratch, \scratch, 4
	csrw	CSR_SEPC, \scratch
.endm

/* What the VM has in the slot of a7, see arch/riscv/sbi/sbi.c. */
.macro sbi_extension extension, vcpu
	ld	\extension, VCPU_SBI_FACTOR(\vcpu)
	mul	\extension, \extension, a7
	srli	\extension, \extension, SBI_SLOT_SHIFT
	andi	\extension, \extension, SBI_SLOT_MASK
	add	\extension, \extension, \vcpu
	ld	\extension, VCPU_SBI_SLOTS(\extension)
.endm

	.text
	.globl	trap_entry
	.balign	4
trap_entry:
	csrrw	a0, CSR_SSCRATCH, a0
	beqz	a0, trap_from_host
	sd	a5, REG(15)(a0)
	csrr	a5, CSR_SCAUSE
	sd	a4, REG(14)(a0)
	addi	a5, a5, -CAUSE_ECALL_VS
	bnez	a5, trap_other
#ifdef PROFILED
	j	trap_ecall		/* which is where it is recorded */
#endif
	sbi_extension a5, a0
	ld	a4, EXTENSION_ID(a5)
	bne	a4, a7, trap_ecall
	ld	a4, EXTENSION_ANSWERS(a5)
	beqz	a4, light_ecall

	/* A number out of a table. a1 is lost in any case: the result goes there. */
	andi	a5, a6, SBI_ANSWERS - 1
	bne	a5, a6, trap_ecall
	slli	a5, a5, 3
	add	a4, a4, a5
	lw	a5, VCPU_PENDING(a0)
	bnez	a5, trap_ecall
	ld	a1, 0(a4)
	bltz	a1, trap_ecall
	ecall_done a0, a5
	csrw	CSR_SSCRATCH, a0
	ld	a4, REG(14)(a0)
	ld	a5, REG(15)(a0)
	li	a0, 0
	sret

	/*
	 * Few registers are saved for a light function, and a0 and a1 are its result. None makes
	 * work for the vCPU or the scheduler; what others make meanwhile comes with an IPI, which
	 * is taken after the SRET. So there is nothing to look for again.
	 */
light_ecall:
	ld	a4, EXTENSION_LIGHT(a5)
	lw	a5, VCPU_PENDING(a0)
	beqz	a4, trap_ecall
	bnez	a5, trap_ecall
	save_light a0
	mv	a1, a6
	addi	a2, a0, REG(10)
	jalr	a4
	bgtz	a0, ecall_heavy
	ld	a5, HART_LOADED(tp)
	ecall_done a5, a4
	csrw	CSR_SSCRATCH, a5
	load_light a5
	sret

ecall_heavy:				/* SBI_HEAVY */
	ld	a0, HART_LOADED(tp)
	save_heavy a0
	ecall_done a0, t0
	sbi_extension t1, a0		/* not t0: a jump there would count as a return */
	mv	a1, a6
	ld	t1, EXTENSION_CALL(t1)
	addi	a2, a0, REG(10)
	jalr	t1
	mv	t0, a0
	ld	a0, HART_LOADED(tp)
	sd	t0, REG(10)(a0)
	sd	a1, REG(11)(a0)
	j	guest_look

trap_ecall:
	save_light a0
	save_heavy a0
	call	exit_ecall
	j	guest_resume

trap_other:				/* a5: scause - CAUSE_ECALL_VS */
#ifndef PROFILED
	addi	a5, a5, CAUSE_ECALL_VS - CAUSE_LOAD_GUEST
	sltiu	a4, a5, CAUSE_STORE_GUEST - CAUSE_LOAD_GUEST + 1
	beqz	a4, trap_heavy
	save_light a0
	addi	a5, a5, CAUSE_LOAD_GUEST - CAUSE_VIRTUAL_INSN
	beqz	a5, light_instruction
	bltz	a5, light_load
	call	exit_store_light
	bnez	a0, light_done
light_not_done:
	ld	a0, HART_LOADED(tp)
	save_heavy a0
	csrr	a1, CSR_SCAUSE
	j	2f

light_load:
	call	exit_load_light
	beqz	a0, light_not_done
	j	light_done

light_instruction:			/* enum exit_next */
	call	exit_instruction_light
	blez	a0, light_left

	/* As at light_ecall, nothing has to be looked for again. */
light_done:
	ld	a0, HART_LOADED(tp)
	csrw	CSR_SSCRATCH, a0
	load_light a0
	ld	a1, REG(11)(a0)
	ld	a0, REG(10)(a0)
	sret

light_left:
	beqz	a0, light_not_done
	ld	a0, HART_LOADED(tp)	/* it sleeps */
	save_heavy a0
	j	guest_leave
#endif
trap_heavy:
	save_light a0
	save_heavy a0
	csrr	a1, CSR_SCAUSE
	bgez	a1, 2f
	call	exit_interrupt
	j	guest_resume
2:	li	a2, REGS_SAVED
	call	exit_trap
	bnez	a0, guest_resume
	ld	a0, HART_LOADED(tp)
	callee sd, a0
	csrr	a1, CSR_SCAUSE
	call	exit_trap_again
	ld	a0, HART_LOADED(tp)
	callee ld, a0

guest_resume:
	ld	a0, HART_LOADED(tp)
guest_look:				/* a0: the vCPU */
	lw	t0, VCPU_PENDING(a0)
	lw	t1, HART_RESCHED(tp)
	or	t0, t0, t1
	bnez	t0, guest_pending

guest_restore:				/* a0: the vCPU */
	profile_end
	csrw	CSR_SSCRATCH, a0
	load_light a0
	ld	t0, REG(5)(a0)
	ld	t1, REG(6)(a0)
	ld	t2, REG(7)(a0)
	ld	a1, REG(11)(a0)
	ld	a6, REG(16)(a0)
	ld	a7, REG(17)(a0)
	ld	t3, REG(28)(a0)
	ld	t4, REG(29)(a0)
	ld	t5, REG(30)(a0)
	ld	t6, REG(31)(a0)
	ld	a0, REG(10)(a0)
	sret

guest_pending:
	call	exit_pending
	mv	t0, a0
	ld	a0, HART_LOADED(tp)
	beqz	t0, guest_resume	/* something may have come meanwhile */
	profile_end
	ld	sp, HART_STACK_TOP(tp)	/* whoever called arch_vcpu_enter is done */
guest_leave:				/* a0: the vCPU */
	callee sd, a0
	li	t0, SSTATUS_SDT		/* or hart_loop could take no interrupt */
	csrc	CSR_SSTATUS, t0
	call	hart_loop

#ifdef PROFILED
trap_from_host:
	j	trap_from_hypervisor
#else

/*
 * _Noreturn void arch_vcpu_enter(struct vcpu *vcpu). Loading it may have queued something here, or
 * told it something: this hart sends itself no IPI for that. If it has to leave at once, hart_loop
 * begins anew, and what called this must not stay on the stack.
 */
	.globl	arch_vcpu_enter
arch_vcpu_enter:
	ld	sp, HART_STACK_TOP(tp)
	callee ld, a0
	j	guest_look

/* The hypervisor itself was interrupted, or did something wrong. sscratch holds a0. */
	.balign	4
	.globl	trap_from_hypervisor
trap_from_hypervisor:
trap_from_host:
	/*
	 * a0 is free (0). Stacks from mmu_stack_create() are twice their size apart and the lower
	 * half of each is a guard: this bit of a frame's address is clear when the stack ran over.
	 * The boot stack lies in the image, whose addresses begin with 32 ones.
	 */
	addi	sp, sp, -FRAME_SIZE
	srai	a0, sp, 32
	addi	a0, a0, 1
	beqz	a0, 1f
	srli	a0, sp, STACK_SHIFT
	andi	a0, a0, 1
	beqz	a0, stack_overflow
1:	csrrw	a0, CSR_SSCRATCH, zero
	sd	t0, FRAME_T(sp)
	sd	ra, FRAME_RA(sp)
	addi	t0, sp, FRAME_SIZE
	sd	t0, FRAME_SP(sp)
	sd	t1, FRAME_T+8(sp)
	sd	t2, FRAME_T+16(sp)
	sd	t3, FRAME_T+24(sp)
	sd	t4, FRAME_T+32(sp)
	sd	t5, FRAME_T+40(sp)
	sd	t6, FRAME_T+48(sp)
	sd	a0, FRAME_A(sp)
	sd	a1, FRAME_A+8(sp)
	sd	a2, FRAME_A+16(sp)
	sd	a3, FRAME_A+24(sp)
	sd	a4, FRAME_A+32(sp)
	sd	a5, FRAME_A+40(sp)
	sd	a6, FRAME_A+48(sp)
	sd	a7, FRAME_A+56(sp)
	csrr	t0, CSR_SEPC
	csrr	t1, CSR_SSTATUS
	sd	t0, FRAME_SEPC(sp)
	sd	t1, FRAME_SSTATUS(sp)
	li	t0, SSTATUS_SDT		/* it may go on as another thread, or fault */
	csrc	CSR_SSTATUS, t0
	mv	a0, sp
	csrr	a1, CSR_SCAUSE
	call	host_trap
	ld	t0, FRAME_SEPC(sp)
	ld	t1, FRAME_SSTATUS(sp)
	csrw	CSR_SEPC, t0
	csrw	CSR_SSTATUS, t1
	ld	ra, FRAME_RA(sp)
	ld	t0, FRAME_T(sp)
	ld	t1, FRAME_T+8(sp)
	ld	t2, FRAME_T+16(sp)
	ld	t3, FRAME_T+24(sp)
	ld	t4, FRAME_T+32(sp)
	ld	t5, FRAME_T+40(sp)
	ld	t6, FRAME_T+48(sp)
	ld	a0, FRAME_A(sp)
	ld	a1, FRAME_A+8(sp)
	ld	a2, FRAME_A+16(sp)
	ld	a3, FRAME_A+24(sp)
	ld	a4, FRAME_A+32(sp)
	ld	a5, FRAME_A+40(sp)
	ld	a6, FRAME_A+48(sp)
	ld	a7, FRAME_A+56(sp)
	addi	sp, sp, FRAME_SIZE
	sret

stack_overflow:
	lla	sp, overflow_stack_top
	csrw	CSR_SSCRATCH, zero
	call	host_stack_overflow
	unimp

/* void arch_thread_switch_out(struct thread *thread): saves the thread and runs hart_loop. */
	.globl	arch_thread_switch_out
arch_thread_switch_out:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	sd	s0, 8(sp)
	sd	s1, 16(sp)
	sd	s2, 24(sp)
	sd	s3, 32(sp)
	sd	s4, 40(sp)
	sd	s5, 48(sp)
	sd	s6, 56(sp)
	sd	s7, 64(sp)
	sd	s8, 72(sp)
	sd	s9, 80(sp)
	sd	s10, 88(sp)
	sd	s11, 96(sp)
	sd	sp, THREAD_SP(a0)
	ld	sp, HART_STACK_TOP(tp)
	call	hart_loop

/* _Noreturn void arch_thread_resume(struct thread *thread) */
	.globl	arch_thread_resume
arch_thread_resume:
	/* It may return to its trap: SPV may be set since, by the exit of a guest. */
	li	t0, HSTATUS_SPV
	csrc	CSR_HSTATUS, t0
	ld	sp, THREAD_SP(a0)
	ld	ra, 0(sp)
	ld	s0, 8(sp)
	ld	s1, 16(sp)
	ld	s2, 24(sp)
	ld	s3, 32(sp)
	ld	s4, 40(sp)
	ld	s5, 48(sp)
	ld	s6, 56(sp)
	ld	s7, 64(sp)
	ld	s8, 72(sp)
	ld	s9, 80(sp)
	ld	s10, 88(sp)
	ld	s11, 96(sp)
	addi	sp, sp, 112
	ret

/* Where a new thread begins; arch_thread_init() put the entry into s0. */
	.globl	arch_thread_entry
arch_thread_entry:
	mv	a0, s0
	call	thread_main
	unimp

/* _Noreturn void arch_stack_reset(void (*function)(void)): at the top of the hart's stack. */
	.globl	arch_stack_reset
arch_stack_reset:
	ld	sp, HART_STACK_TOP(tp)
	li	s0, 0
	jalr	a0
	unimp

	.bss
	.balign	16
	.space	4096
overflow_stack_top:
#endif
