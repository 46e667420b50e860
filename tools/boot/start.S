/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first code of the file that `make fw-payload` makes, which also has OpenSBI's fw_dynamic, the
 * image with its bundle, and perhaps a device tree. All harts come here in M-mode, at whatever
 * address the file was loaded to, and go on in OpenSBI with what that wants to be told.
 * tools/mkboot fills in the offsets. Runs from RAM only, as it writes next_addr (each hart the
 * same).
 */
	.globl	_start
_start:
	csrr	a0, mhartid
	lla	t0, _start
	lla	t1, offsets
	ld	t2, 0(t1)
	beqz	t2, 1f			/* none in the file: a1 is the one of who started us */
	add	a1, t0, t2
1:	ld	t2, 8(t1)
	add	t2, t2, t0
	lla	a2, info
	sd	t2, 16(a2)
	ld	t2, 16(t1)
	add	t2, t2, t0
	jr	t2

	.balign	8
	.ascii	"HVSTART\0"
offsets:
	.quad	0			/* device tree, 0: none */
	.quad	0			/* image */
	.quad	0			/* OpenSBI */

/* OpenSBI's struct fw_dynamic_info, version 2 */
info:
	.quad	0x4942534f		/* magic, "OSBI" */
	.quad	2			/* version */
	.quad	0			/* next_addr */
	.quad	1			/* next_mode: S */
	.quad	0			/* options */
	.quad	-1			/* boot_hart: whoever is first */
