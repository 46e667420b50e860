/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checksum of saved VMs. Owns no state, so no lock is needed.
 */
#include <core/checksum.h>

uint64_t checksum_add(uint64_t sum, const void *data, size_t size)
{
	const uint64_t *words = data;

	for (size_t i = 0; i < size / 8; i++)
		sum = checksum_word(sum, words[i]);
	return sum;
}

uint64_t checksum_copy(uint64_t sum, void *to, const void *data, size_t size)
{
	const uint64_t *words = data;
	uint64_t *copy = to;

	for (const uint64_t *end = words + size / 8; words != end; words += 4, copy += 4) {
		sum = checksum_word(sum, copy[0] = words[0]);
		sum = checksum_word(sum, copy[1] = words[1]);
		sum = checksum_word(sum, copy[2] = words[2]);
		sum = checksum_word(sum, copy[3] = words[3]);
	}
	return sum;
}
