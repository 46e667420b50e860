/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checksum of saved VMs: 64 bits over little-endian words of 64 bits,
 *
 *   sum = CHECKSUM_START;
 *   for each word: sum = (sum ^ word) * CHECKSUM_FACTOR; sum ^= sum >> 32;
 *
 * Each step can be undone, so that whatever happens to one word is always found; of other damage
 * one in 2^64 is missed. It takes a tenth of the instructions of a CRC-32 by tables. It is no
 * protection against somebody who means to deceive. No lock: all of it is pure.
 */
#ifndef CORE_CHECKSUM_H
#define CORE_CHECKSUM_H

#include <core/types.h>

#define CHECKSUM_START UINT64_C(0x6d76207472616820)
#define CHECKSUM_FACTOR UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t checksum_word(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * CHECKSUM_FACTOR;
	return sum ^ sum >> 32;
}

/** Adds @size bytes (a multiple of 8) at @data (a multiple of 8) to @sum. */
uint64_t checksum_add(uint64_t sum, const void *data, size_t size);

/** The same, and copies them to @to (a multiple of 8); @size is a multiple of 32. */
uint64_t checksum_copy(uint64_t sum, void *to, const void *data, size_t size);

#endif
