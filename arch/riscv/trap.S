/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trap entry and guest entry. sscratch holds the vCPU while a guest runs and 0 otherwise.
 *
 *   guest --exit--> save what C may clobber --> ecall:      exit_ecall
 *                                               interrupt:  exit_interrupt
 *                                               the rest:   exit_trap
 *                                                   false:  save s0-s11 and gp, exit_trap_again
 *         <--entry-- restore <-- nothing pending? -- yes: exit_pending
 *                                                     leave: save s0-s11 and gp, hart_loop
 *
 * Callee-saved registers of the guest stay live across nearly all exits: C keeps them for us.
 */
#include <arch/csr.h>
#include <arch/mmu.h>
#include <generated/asm_offsets.h>

#define REG(n) (VCPU_REGS + 8 * (n))

/* What trap_entry saves: x0 to x2, x4 to x7, x10 to x17, x28 to x31; and as good as, above x31. */
#define REGS_SAVED 0xfffffffff003fcf7

.macro save_callee vcpu
	sd	gp, REG(3)(\vcpu)
	sd	s0, REG(8)(\vcpu)
	sd	s1, REG(9)(\vcpu)
	sd	s2, REG(18)(\vcpu)
	sd	s3, REG(19)(\vcpu)
	sd	s4, REG(20)(\vcpu)
	sd	s5, REG(21)(\vcpu)
	sd	s6, REG(22)(\vcpu)
	sd	s7, REG(23)(\vcpu)
	sd	s8, REG(24)(\vcpu)
	sd	s9, REG(25)(\vcpu)
	sd	s10, REG(26)(\vcpu)
	sd	s11, REG(27)(\vcpu)
.endm

.macro load_callee vcpu
	ld	gp, REG(3)(\vcpu)
	ld	s0, REG(8)(\vcpu)
	ld	s1, REG(9)(\vcpu)
	ld	s2, REG(18)(\vcpu)
	ld	s3, REG(19)(\vcpu)
	ld	s4, REG(20)(\vcpu)
	ld	s5, REG(21)(\vcpu)
	ld	s6, REG(22)(\vcpu)
	ld	s7, REG(23)(\vcpu)
	ld	s8, REG(24)(\vcpu)
	ld	s9, REG(25)(\vcpu)
	ld	s10, REG(26)(\vcpu)
	ld	s11, REG(27)(\vcpu)
.endm

/*
 * EXIT_STATISTICS: counts the instructions that the hypervisor retires on a hart, from each trap
 * of a guest to the next guest entry.
 */
.macro count_begin
#ifdef EXIT_STATISTICS
	csrr	t1, CSR_INSTRET
	sd	t1, HART_COUNT_BEGIN(tp)
#endif
.endm

.macro count_end
#ifdef EXIT_STATISTICS
	csrr	t0, CSR_INSTRET
	ld	t1, HART_COUNT_BEGIN(tp)
	ld	t2, HART_INSTRUCTIONS(tp)
	sub	t0, t0, t1
	add	t2, t2, t0
	sd	t2, HART_INSTRUCTIONS(tp)
#endif
.endm

	.text
	.globl	trap_entry
	.balign	4
trap_entry:
	csrrw	a0, CSR_SSCRATCH, a0
	beqz	a0, trap_from_host

	sd	ra, REG(1)(a0)
	sd	sp, REG(2)(a0)
	sd	tp, REG(4)(a0)
	ld	tp, VCPU_HART(a0)
	sd	t0, REG(5)(a0)
	csrrw	t0, CSR_SSCRATCH, zero
	sd	t1, REG(6)(a0)
	sd	t2, REG(7)(a0)
	count_begin
	ld	sp, HART_STACK_TOP(tp)
	sd	t0, REG(10)(a0)
	sd	a1, REG(11)(a0)
	csrr	a1, CSR_SCAUSE
	sd	a2, REG(12)(a0)
	sd	a3, REG(13)(a0)
	sd	a4, REG(14)(a0)
	sd	a5, REG(15)(a0)
	sd	a6, REG(16)(a0)
	sd	a7, REG(17)(a0)
	sd	t3, REG(28)(a0)
	sd	t4, REG(29)(a0)
	sd	t5, REG(30)(a0)
	sd	t6, REG(31)(a0)
	addi	t0, a1, -10		/* environment call from VS-mode */
	bnez	t0, 1f
	call	exit_ecall
	j	guest_resume
1:	bgez	a1, 2f
	call	exit_interrupt
	j	guest_resume
2:	li	a2, REGS_SAVED
	call	exit_trap
	bnez	a0, guest_resume
	ld	a0, HART_LOADED(tp)
	save_callee a0
	csrr	a1, CSR_SCAUSE
	call	exit_trap_again
	ld	a0, HART_LOADED(tp)
	load_callee a0

guest_resume:
	ld	a0, HART_LOADED(tp)
	lw	t0, VCPU_PENDING(a0)
	lw	t1, HART_RESCHED(tp)
	or	t0, t0, t1
	bnez	t0, guest_pending

guest_restore:				/* a0: the vCPU */
	count_end
	ld	ra, REG(1)(a0)
	ld	sp, REG(2)(a0)
	ld	tp, REG(4)(a0)
	ld	t0, REG(5)(a0)
	ld	t1, REG(6)(a0)
	ld	t2, REG(7)(a0)
	csrw	CSR_SSCRATCH, a0
	ld	a1, REG(11)(a0)
	ld	a2, REG(12)(a0)
	ld	a3, REG(13)(a0)
	ld	a4, REG(14)(a0)
	ld	a5, REG(15)(a0)
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
	save_callee a0
	ld	sp, HART_STACK_TOP(tp)	/* whoever called arch_vcpu_enter is done */
	call	hart_loop

/*
 * _Noreturn void arch_vcpu_enter(struct vcpu *vcpu). Loading it may have queued something here, or
 * told it something: this hart sends itself no IPI for that. If it has to leave at once, hart_loop
 * begins anew, and what called this must not stay on the stack.
 */
	.globl	arch_vcpu_enter
arch_vcpu_enter:
	ld	sp, HART_STACK_TOP(tp)
	load_callee a0
	j	guest_resume

/* The hypervisor itself was interrupted, or did something wrong. sscratch holds a0. */
	.balign	4
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
