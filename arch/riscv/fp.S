/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saving, loading and single access of floating-point registers (see arch/fp.h).
 */
#include <generated/asm_offsets.h>

	.option	arch, +d
	.text

#define ALL_32 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31

	.globl	fp_save
fp_save:
	.irp	n, ALL_32
	fsd	f\n, (VCPU_FP + 8 * \n)(a0)
	.endr
	frcsr	t0
	sd	t0, VCPU_FCSR(a0)
	ret

	.globl	fp_load
fp_load:
	.irp	n, ALL_32
	fld	f\n, (VCPU_FP + 8 * \n)(a0)
	.endr
	ld	t0, VCPU_FCSR(a0)
	fscsr	t0
	ret

/* Each entry is two instructions of four bytes. */
	.option	norvc
	.globl	fp_read
fp_read:
	andi	a0, a0, 31
	slli	a0, a0, 3
	lla	t0, 1f
	add	t0, t0, a0
	jr	t0
1:
	.irp	n, ALL_32
	fmv.x.d	a0, f\n
	ret
	.endr

	.globl	fp_write
fp_write:
	andi	a0, a0, 31
	slli	a0, a0, 3
	lla	t0, 1f
	add	t0, t0, a0
	jr	t0
1:
	.irp	n, ALL_32
	fmv.d.x	f\n, a1
	ret
	.endr
