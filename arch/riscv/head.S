/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry from the firmware: the RISC-V Linux Image header, the boot hart's way from physical
 * addresses to the image's own, and the same for the other harts, started through HSM.
 */
#include <arch/csr.h>
#include <arch/mmu.h>
#include <generated/asm_offsets.h>

	.section .head, "ax"
	.globl _start
_start:
	/* Linux "Boot image header in RISC-V Linux": entered at code0. */
	j	boot_entry
	.balign	4
	.balign	8
	.quad	0x200000		/* text_offset: 2 MiB above the base of RAM */
	.quad	image_end - image_start	/* image_size */
	.quad	0			/* flags: little-endian */
	.long	2			/* version 0.2 */
	.long	0
	.quad	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.long	0

	/* struct bundle_attached, with a mark before it that tools find it by */
	.ascii	"HVBUNDLE"
	.globl	image_bundle
image_bundle:
	.quad	0
	.quad	0

/* a0 = hart id, a1 = hpa of the device tree, satp = 0 */
boot_entry:
	csrw	CSR_SIE, zero
	csrw	CSR_SSCRATCH, zero
	csrr	s2, CSR_TIME
	mv	s0, a0
	mv	s1, a1

	lla	t0, bss_start
	lla	t1, bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, (t0)
	addi	t0, t0, 8
	j	1b
2:
	lla	sp, boot_stack_top
	lla	a0, image_start
	mv	a1, s1
	call	boot_tables		/* returns satp */

	/* Continue at the virtual address of 3f: turning satp on makes this fetch fault there. */
	lla	t0, image_start
	li	t1, VA_IMAGE
	sub	t1, t1, t0		/* virtual - physical */
	lla	t2, 3f
	add	t2, t2, t1
	csrw	CSR_STVEC, t2
	add	sp, sp, t1
	sfence.vma
	csrw	CSR_SATP, a0
	sfence.vma
	.balign	4
3:	li	t0, SSTATUS_SDT		/* that fault may have set it */
	csrc	CSR_SSTATUS, t0
	lla	t0, trap_entry
	csrw	CSR_STVEC, t0
	lla	tp, boot_hart_area
	mv	a0, s0
	mv	a1, s1
	mv	a2, s2
	li	s0, 0
	li	ra, 0
	call	init
	unimp

/*
 * a0 = hart id, a1 = hpa of struct boot_again, satp = 0: boots as if the firmware had chosen this
 * hart, when the one before has stopped, for its stack and tables are used again.
 */
	.globl	boot_again_entry
	.balign	4
boot_again_entry:
	csrw	CSR_SIE, zero
	mv	s0, a0
	mv	s1, a1
	addi	t1, s1, BOOT_AGAIN_STATE
	li	t0, BOOT_AGAIN_CAME
	amoor.d.aqrl zero, t0, (t1)
1:	ld	t0, BOOT_AGAIN_STATE(s1)
	andi	t0, t0, BOOT_AGAIN_CANCELLED
	bnez	t0, 2f
	ld	a0, BOOT_AGAIN_LEAVER(s1)
	li	a6, 2			/* HART_GET_STATUS */
	li	a7, SBI_EXT_HSM
	ecall
	bnez	a0, 2f
	li	t0, FIRMWARE_HART_STOPPED
	bne	a1, t0, 1b
	mv	a0, s0
	ld	a1, BOOT_AGAIN_FDT(s1)
	j	boot_entry
2:	li	a6, 1			/* HART_STOP */
	li	a7, SBI_EXT_HSM
	ecall
3:	wfi
	j	3b

/* a0 = hart id, a1 = hpa of this hart's struct hart_start, satp = 0 */
	.globl	secondary_entry
	.balign	4
secondary_entry:
	csrw	CSR_SIE, zero
	csrw	CSR_SSCRATCH, zero
	ld	t0, HART_START_SATP(a1)
	ld	sp, HART_START_SP(a1)
	ld	tp, HART_START_TP(a1)
	lla	t1, image_start
	li	t2, VA_IMAGE
	sub	t2, t2, t1
	lla	t1, 1f
	add	t1, t1, t2
	csrw	CSR_STVEC, t1
	sfence.vma
	csrw	CSR_SATP, t0
	sfence.vma
	.balign	4
1:	li	t0, SSTATUS_SDT
	csrc	CSR_SSTATUS, t0
	lla	t0, trap_entry
	csrw	CSR_STVEC, t0
	li	s0, 0
	li	ra, 0
	call	init_secondary
	unimp

	.bss
	.balign	16
	.space	8192
	.globl	boot_stack_top
boot_stack_top:
