/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart that stands still with chosen registers until somebody outside moves its pc. The caller
 * has interrupts off, and keeps whatever is live in CSRs, FP and vector registers.
 */
#include "csr.h"
#include "spin.h"

	.text

	/* spin_run(struct spin *spin) */
	.globl	spin_run
	.balign	4
spin_run:
	sd	ra, SPIN_CONTEXT(a0)
	sd	sp, SPIN_CONTEXT + 8(a0)
	sd	gp, SPIN_CONTEXT + 16(a0)
	sd	tp, SPIN_CONTEXT + 24(a0)
	.irp	n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	sd	x\n, SPIN_CONTEXT + 8 * \n(a0)
	.endr
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\n, 8 * \n(a0)
	.endr
	ld	a0, 80(a0)

	.globl	spin_here
spin_here:
	j	spin_here

	/* Who comes here has put the address of the struct into sscratch. */
	.globl	spin_end
	.balign	4
spin_end:
	csrrw	x31, CSR_SSCRATCH, x31
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, \
		22, 23, 24, 25, 26, 27, 28, 29, 30
	sd	x\n, SPIN_FOUND + 8 * \n(x31)
	.endr
	csrr	a1, CSR_SSCRATCH
	sd	a1, SPIN_FOUND + 8 * 31(x31)
	mv	a0, x31
	ld	ra, SPIN_CONTEXT(a0)
	ld	sp, SPIN_CONTEXT + 8(a0)
	ld	gp, SPIN_CONTEXT + 16(a0)
	ld	tp, SPIN_CONTEXT + 24(a0)
	.irp	n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	ld	x\n, SPIN_CONTEXT + 8 * \n(a0)
	.endr
	ret
