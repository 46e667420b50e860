/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entropy source of a hart (scalar cryptography, "The seed CSR"). Owns no state; each read
 * takes new bits. No lock.
 */
#include <arch/csr.h>
#include <arch/exit.h>
#include <core/light.h>

#define SEED_OPST (3UL << 30)
#define SEED_ENTROPY 0xffffUL

LIGHT uint64_t seed_read(void)
{
	return csr_swap(CSR_SEED, 0) & (SEED_OPST | SEED_ENTROPY);
}
