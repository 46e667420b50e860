/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands before the real <arch/csr.h> in unit tests: the same numbers and fields, but accesses
 * go to functions of the test. No lock: a test that reads CSRs has one thread.
 */
#ifndef FAKE_ARCH_CSR_H
#define FAKE_ARCH_CSR_H

#include_next <arch/csr.h>

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear
#undef csr_swap
#undef csr_read_clear

/** Defined by tests of code that accesses CSRs. */
unsigned long fake_csr_read(unsigned int csr);
void fake_csr_write(unsigned int csr, unsigned long value);

#define csr_read(csr) fake_csr_read(csr)
#define csr_write(csr, value) fake_csr_write(csr, (unsigned long)(value))
#define csr_set(csr, bits) fake_csr_write(csr, fake_csr_read(csr) | (unsigned long)(bits))
#define csr_swap(csr, value)                             \
	({                                               \
		unsigned long old_ = fake_csr_read(csr); \
		csr_write(csr, value);                   \
		old_;                                    \
	})
#define csr_clear(csr, bits) fake_csr_write(csr, fake_csr_read(csr) & ~(unsigned long)(bits))

#endif
