/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of the boot hart, below the Linux RISC-V boot header, and of harts started later.
 * The first instruction is the one that reads `time`, so that boot_time is exact.
 */
#include "csr.h"
#include "hart.h"

	.section .head, "ax"
	.globl _start
	.option push
	.option norvc
_start:
	csrr	t6, CSR_TIME
	j	boot
	.option pop
	.dword	0x200000		/* text_offset */
	.dword	_image_size
	.dword	0			/* flags: little endian */
	.word	2			/* version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\005"
	.word	0

	.text
boot:
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	csrw	CSR_SIE, zero
	csrw	CSR_SATP, zero
	la	t0, _bss_start
	la	t1, _bss_end
1:	sd	zero, 0(t0)
	addi	t0, t0, 8
	bltu	t0, t1, 1b
	la	t0, boot_time
	sd	t6, 0(t0)
	la	sp, boot_stack + STACK_SIZE
	la	tp, harts
	call	payload_start
2:	wfi
	j	2b

	/* a0 = hart id, a1 = struct hart. Records what the SBI promises before changing it. */
	.globl hart_entry
	.balign 4
hart_entry:
	mv	tp, a1
	sd	a0, HART_START_A0(tp)
	csrr	t0, CSR_SATP
	sd	t0, HART_START_SATP(tp)
	csrr	t0, CSR_SSTATUS
	sd	t0, HART_START_SSTATUS(tp)
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	csrw	CSR_SIE, zero
	csrw	CSR_SSCRATCH, tp
	la	t0, trap_vector
	csrw	CSR_STVEC, t0
	ld	sp, HART_STACK_TOP(tp)
	call	hart_main
3:	wfi
	j	3b

	.globl hart_resumed
	.balign 4
hart_resumed:
	.4byte	0x00000017		/* lpad 0 */
	j	after_resume

	.section .noinit, "aw", @nobits
	.balign 16
boot_stack:
	.space	STACK_SIZE
