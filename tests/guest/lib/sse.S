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

	/* All but sp, tp and t0, from or to an array at \base. */
	.macro	call_registers op, base
	.irp	n, 1, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, \
		25, 26, 27, 28, 29, 30, 31
	\op	x\n, 8 * \n(\base)
	.endr
	.endm

	/* Those that a function keeps, and ra and gp. */
	.macro	kept_registers op
	.irp	n, 1, 3, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	\op	x\n, 8 * \n(sp)
	.endr
	.endm

	/* void sse_call_filled(unsigned long *registers): loads all from there, then ecall. */
	.globl sse_call_filled
sse_call_filled:
	addi	sp, sp, -256
	kept_registers sd
	sd	a0, 0(sp)
	mv	t0, a0
	call_registers ld, t0
	ld	t0, 8 * 5(t0)
	ecall
	addi	sp, sp, -16
	sd	t0, 0(sp)
	ld	t0, 16(sp)
	call_registers sd, t0
	ld	t1, 0(sp)
	sd	t1, 8 * 5(t0)
	addi	sp, sp, 16
	kept_registers ld
	addi	sp, sp, 256
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
