/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bit arithmetic for bitmaps of interrupts. The machine's base instruction set has no
 * instruction that counts trailing zeros and a byte swap, so both are spelled out; that is
 * shorter than a call into the compiler's library. No state, no lock.
 */
#ifndef EMULATORS_BITS_H
#define EMULATORS_BITS_H

#include <core/types.h>

/** The number of the lowest bit that is set in @word, which is not 0. */
static inline unsigned int bit_lowest(uint64_t word)
{
	/* Each window of six bits of this de Bruijn sequence is different. */
	static const uint8_t place[64] = {
		0,  1,	48, 2,	57, 49, 28, 3,	61, 58, 50, 42, 38, 29, 17, 4,
		62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
		63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
		46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,	13, 8,	7,  6,
	};

	return place[((word & -word) * UINT64_C(0x03f79d71b4cb0a89)) >> 58];
}

static inline uint32_t byte_swap32(uint32_t v)
{
	return v >> 24 | (v >> 8 & 0xff00) | (v & 0xff00) << 8 | v << 24;
}

#endif
