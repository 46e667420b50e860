/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of a handler of software events, which calls a C function on a stack of its own and ends
 * the event; and a call with known values in all registers. See sse.h.
 */
#include "hart.h"
#include "sse.h"

	.text
	/* a6: hart id, a7: struct sse_handler. The frame has x10 and so on as they were. */
	.globl sse_entry
	.balign 4
sse_entry:
	sd	sp, SSE_HANDLER_SP(a7)
	ld	sp, SSE_HANDLER_STACK(a7)
	addi	sp, sp, -256
	.irp	n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19, 20, 21, 22, 23, 24, \
		25, 26, 27, 28, 29, 30, 31
	sd	x\n, 8 * \n(sp)
	.endr
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	li	t0, HART_SIZE
	mul	t0, t0, a6
	la	tp, harts
	add	tp, tp, t0
	mv	s0, a7
	mv	a0, a7
	mv	a1, a6
	ld	t0, SSE_HANDLER_FUNCTION(a7)
	jalr	t0
	ld	t0, SSE_HANDLER_SP(s0)
	sd	t0, 16(sp)
	.irp	n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19, 20, 21, 22, 23, 24, \
		25, 26, 27, 28, 29, 30, 31
	ld	x\n, 8 * \n(sp)
	.endr
	ld	sp, 16(sp)
	li	a7, 0x535345
	li	a6, 6
	ecall
	unimp

	/* void sse_call_filled(unsigned long *registers): loads all from there, then ecall. */
	.globl sse_call_filled
sse_call_filled:
	addi	sp, sp, -128
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
	sd	gp, 104(sp)
	sd	a0, 112(sp)
	mv	t0, a0
	.irp	n, 1, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, \
		25, 26, 27, 28, 29, 30, 31
	ld	x\n, 8 * \n(t0)
	.endr
	ld	t0, 8 * 5(t0)
	ecall
	addi	sp, sp, -16
	sd	t0, 0(sp)
	ld	t0, 128(sp)
	.irp	n, 1, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, \
		25, 26, 27, 28, 29, 30, 31
	sd	x\n, 8 * \n(t0)
	.endr
	ld	t1, 0(sp)
	sd	t1, 8 * 5(t0)
	addi	sp, sp, 16
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
	ld	gp, 104(sp)
	addi	sp, sp, 128
	ret

	/* U-mode: writes 1 to the word at a0 + 4, spins until the one at a0 is not 0. */
	.globl sse_spin
	.balign 4
sse_spin:
	li	t0, 1
	sw	t0, 4(a0)
1:	lw	t0, 0(a0)
	beqz	t0, 1b
	ecall
	.globl sse_spin_end
sse_spin_end:
	unimp
