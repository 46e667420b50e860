/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking the bits of a word. Pure.
 */
#ifndef CORE_BITS_H
#define CORE_BITS_H

#include <core/types.h>

/** bit_lowest() by a table: the product's highest six bits differ for each of the 64 words. */
#define BIT_SEQUENCE UINT64_C(0x03f79d71b4cb0a89)
extern const uint8_t bit_positions[64];

/** The number of the lowest bit of @word, which is not 0. */
static inline unsigned int bit_lowest(uint64_t word)
{
#if defined(__riscv) && !defined(__riscv_zbb)
	/* The compiler's own is a call that takes 45 instructions. */
	return bit_positions[(word & -word) * BIT_SEQUENCE >> 58];
#else
	return (unsigned int)__builtin_ctzll(word);
#endif
}

#endif
