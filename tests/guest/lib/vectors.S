/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores of all floating-point and vector registers, as numbers, so that no compiler
 * option can make other code use those registers. FS or VS must be on.
 */
	.text

	/* float_load(const uint64_t values[32]): fld fN, 8 * N(a0) */
	.globl float_load
float_load:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.word	0x00053007 | (8 * \n) << 20 | \n << 7
	.endr
	ret

	/* float_store(uint64_t values[32]): fsd fN, 8 * N(a0) */
	.globl float_store
float_store:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.word	0x00053027 | ((8 * \n) >> 5) << 25 | \n << 20 | ((8 * \n) & 31) << 7
	.endr
	ret

	/* vector_load(const void *bytes): vl8re8.v of v0, v8, v16, v24 from 32 * VLENB bytes */
	.globl vector_load
vector_load:
	csrr	t0, 0xc22
	slli	t0, t0, 3
	.irp	n, 0, 8, 16, 24
	.word	0xe2850007 | \n << 7
	add	a0, a0, t0
	.endr
	ret

	/* vector_store(void *bytes): vs8r.v of the same */
	.globl vector_store
vector_store:
	csrr	t0, 0xc22
	slli	t0, t0, 3
	.irp	n, 0, 8, 16, 24
	.word	0xe2850027 | \n << 7
	add	a0, a0, t0
	.endr
	ret

	/* vector_configure(vl, vtype): vsetvl a0, a0, a1; returns vl */
	.globl vector_configure
vector_configure:
	.word	0x80007057 | 11 << 20 | 10 << 15 | 10 << 7
	ret
