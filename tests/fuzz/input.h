/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all fuzz targets share: taking numbers from the fuzzer's bytes, and MUST(), which says
 * what holds for every input. An input that is used up goes on with zeros. No threads, no locks.
 */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <core/types.h>
#include <stdio.h>
#include <stdlib.h>

/** A finding: libFuzzer keeps the input and shows the stack. */
#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: MUST(%s) failed\n", __FILE__, __LINE__, \
				#condition);                                            \
			abort();                                                        \
		}                                                                       \
	} while (0)

struct input {
	const uint8_t *at;
	size_t left;
};

/** The next @bytes (1 to 8) as a little-endian number. */
static inline uint64_t input_take(struct input *input, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes && input->left; i++) {
		value |= (uint64_t)*input->at++ << 8 * i;
		input->left--;
	}
	return value;
}

/** A number of 0 to @limit - 1 from one byte, or from two for a large @limit. */
static inline unsigned int input_below(struct input *input, unsigned int limit)
{
	return (unsigned int)(input_take(input, limit > 256 ? 2 : 1) % limit);
}

/** A number with a liking for those where things go wrong. */
static inline uint64_t input_number(struct input *input)
{
	uint64_t byte = input_take(input, 1);

	switch (byte >> 6) {
	case 0:
		return byte;
	case 1: /* next to a power of two */
		return (UINT64_C(1) << (byte & 63)) + input_take(input, 1) % 5 - 2;
	case 2: /* next to the end of all numbers */
		return -(byte & 63);
	default:
		return input_take(input, 1 + (byte & 7));
	}
}

/** Up to @most of the bytes that are left; their number in *@size. */
static inline const uint8_t *input_bytes(struct input *input, size_t most, size_t *size)
{
	const uint8_t *bytes = input->at;

	*size = MIN(most, input->left);
	input->at += *size;
	input->left -= *size;
	return bytes;
}

/** libFuzzer's entry point: 0 always. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Called once before, if a target has it. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
