/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saving and loading of vector registers (see arch/fp.h). Whole-register moves do not depend on
 * vl and vtype, but on vstart, which is therefore saved first and loaded last.
 */
#include <arch/csr.h>
#include <generated/asm_offsets.h>

	.option	arch, +v
	.text

	.globl	vector_save
vector_save:
	csrr	t4, CSR_VSTART
	csrr	t1, CSR_VL
	csrr	t2, CSR_VTYPE
	csrr	t3, CSR_VCSR
	sd	t4, VCPU_VSTART(a0)
	sd	t1, VCPU_VL(a0)
	sd	t2, VCPU_VTYPE(a0)
	sd	t3, VCPU_VCSR(a0)
	csrw	CSR_VSTART, zero
	csrr	t0, CSR_VLENB
	slli	t0, t0, 3
	ld	t1, VCPU_VECTOR(a0)
	vs8r.v	v0, (t1)
	add	t1, t1, t0
	vs8r.v	v8, (t1)
	add	t1, t1, t0
	vs8r.v	v16, (t1)
	add	t1, t1, t0
	vs8r.v	v24, (t1)
	csrw	CSR_VSTART, t4		/* the vCPU may go on here without a load */
	ret

	.globl	vector_load
vector_load:
	csrw	CSR_VSTART, zero
	csrr	t0, CSR_VLENB
	slli	t0, t0, 3
	ld	t1, VCPU_VECTOR(a0)
	vl8re8.v	v0, (t1)
	add	t1, t1, t0
	vl8re8.v	v8, (t1)
	add	t1, t1, t0
	vl8re8.v	v16, (t1)
	add	t1, t1, t0
	vl8re8.v	v24, (t1)
	ld	t0, VCPU_VSTART(a0)
	ld	t1, VCPU_VL(a0)
	ld	t2, VCPU_VTYPE(a0)
	ld	t3, VCPU_VCSR(a0)
	vsetvl	zero, t1, t2
	csrw	CSR_VCSR, t3
	csrw	CSR_VSTART, t0
	ret

	.globl	vector_takes
vector_takes:
	vsetvl	t0, zero, a0
	csrr	a0, CSR_VTYPE
	srli	a0, a0, 63
	xori	a0, a0, 1
	ret
