/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trap vector, return from it, and the two halves of a non-local return. sscratch holds the
 * struct hart of the running hart except inside the first instructions of the vector.
 */
#include "csr.h"
#include "hart.h"
#include "trap.h"

	.text
	.globl trap_vector
	.balign 4
trap_vector:
	csrrw	tp, CSR_SSCRATCH, tp
	sd	sp, HART_SPILL(tp)
	ld	sp, HART_TRAP_SP(tp)
	addi	sp, sp, -FRAME_SIZE
	sd	x1, 8 * 1(sp)
	sd	x3, 8 * 3(sp)
	.irp	n, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	sd	x\n, 8 * \n(sp)
	.endr
	ld	t0, HART_SPILL(tp)
	sd	t0, 8 * 2(sp)
	csrrw	t0, CSR_SSCRATCH, tp
	sd	t0, 8 * 4(sp)
	csrr	t0, CSR_SEPC
	sd	t0, FRAME_PC(sp)
	csrr	t0, CSR_SSTATUS
	sd	t0, FRAME_STATUS(sp)
	csrr	t0, CSR_SCAUSE
	sd	t0, FRAME_CAUSE(sp)
	csrr	t0, CSR_STVAL
	sd	t0, FRAME_TVAL(sp)
	/* A trap inside the handler goes below what the handler needs of the stack. */
	li	t1, TRAP_NESTING_ROOM
	sub	t1, sp, t1
	sd	t1, HART_TRAP_SP(tp)
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	mv	a0, sp
	call	trap_handle
	addi	t0, sp, FRAME_SIZE
	sd	t0, HART_TRAP_SP(tp)
	mv	a0, sp

	.globl frame_enter
frame_enter:
	csrci	CSR_SSTATUS, SSTATUS_SIE
	ld	t0, FRAME_PC(a0)
	csrw	CSR_SEPC, t0
	ld	t0, FRAME_STATUS(a0)
	csrw	CSR_SSTATUS, t0
	ld	x1, 8 * 1(a0)
	.irp	n, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\n, 8 * \n(a0)
	.endr
	ld	a0, 8 * 10(a0)
	sret

	.globl context_save
context_save:
	sd	ra, 0(a0)
	sd	sp, 8(a0)
	sd	gp, 16(a0)
	sd	tp, 24(a0)
	sd	s0, 32(a0)
	sd	s1, 40(a0)
	sd	s2, 48(a0)
	sd	s3, 56(a0)
	sd	s4, 64(a0)
	sd	s5, 72(a0)
	sd	s6, 80(a0)
	sd	s7, 88(a0)
	sd	s8, 96(a0)
	sd	s9, 104(a0)
	sd	s10, 112(a0)
	sd	s11, 120(a0)
	li	a0, 0
	ret
