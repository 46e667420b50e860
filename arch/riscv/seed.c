/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entropy source of a hart (scalar cryptography, "The seed CSR"). Owns no state; each read
 * takes new bits. No lock.
 */
#include <arch/exit.h>
#include <arch/trap.h>
#include <core/light.h>

#define SEED_OPST (3UL << 30)
#define SEED_ENTROPY 0xffffUL

LIGHT bool seed_read(uint64_t *seed)
{
	unsigned long value;

	if (!csr_try_swap_zero(CSR_SEED, &value))
		return false;
	*seed = value & (SEED_OPST | SEED_ENTROPY);
	return true;
}
