/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software interrupt file under any sequence of register accesses, claims and stores, against
 * a model with a byte for each identity. One thread, no lock.
 */
#include <emulators/swfile.h>
#include <errno.h>
#include <string.h>

#include "input.h"

static const unsigned int sizes[] = { 63, 127, 255, 1023, 2047 };

static struct {
	unsigned int identities;
	uint8_t pending[2048], enabled[2048];
	uint32_t threshold, delivery;
} model;

static unsigned int model_top(void)
{
	for (unsigned int i = 1; i <= model.identities; i++) {
		if (model.threshold && i >= model.threshold)
			return 0;
		if (model.pending[i] && model.enabled[i])
			return i;
	}
	return 0;
}

static uint64_t applied(uint64_t old, enum csr_op op, uint64_t operand)
{
	switch (op) {
	case CSR_WRITE:
		return operand;
	case CSR_SET:
		return old | operand;
	case CSR_CLEAR:
		return old & ~operand;
	default:
		return old;
	}
}

static uint64_t model_bits(uint8_t *bits, unsigned int word, enum csr_op op, uint64_t operand)
{
	uint64_t old = 0, value;

	for (unsigned int i = 0; i < 64; i++)
		old |= (uint64_t)bits[word * 64 + i] << i;
	value = applied(old, op, operand);
	for (unsigned int i = 0; i < 64; i++) {
		unsigned int identity = word * 64 + i;

		if (identity && identity <= model.identities)
			bits[identity] = value >> i & 1;
	}
	return old;
}

static int model_rmw(unsigned int select, enum csr_op op, uint64_t operand, uint64_t *old)
{
	if (select < 0x70 || select > 0xff || (select >= 0x80 && select & 1))
		return -ENOENT;
	if (select >= 0xc0) {
		*old = model_bits(model.enabled, (select - 0xc0) / 2, op, operand);
	} else if (select >= 0x80) {
		*old = model_bits(model.pending, (select - 0x80) / 2, op, operand);
	} else if (select == 0x70) {
		*old = model.delivery;
		model.delivery = applied(*old, op, operand) & 1;
	} else if (select == 0x72) {
		*old = model.threshold;
		model.threshold = (uint32_t)applied(*old, op, operand) & model.identities;
	} else {
		*old = 0;
	}
	return 0;
}

static void access_check(struct input *input, struct swfile *file)
{
	unsigned int select = input_below(input, 8) ? 0x70 + input_below(input, 0x90)
						    : (unsigned int)input_number(input);
	enum csr_op op = (enum csr_op)input_below(input, 4);
	uint64_t operand = input_number(input);
	uint64_t old = 1, expected = 1;
	int result = swfile_rmw(file, select, op, operand, &old);

	MUST(result == model_rmw(select, op, operand, &expected));
	MUST(result || old == expected);
}

static void inject_check(struct input *input, struct swfile *file)
{
	unsigned int identity = (unsigned int)input_number(input);
	bool there = identity && identity <= model.identities;

	MUST(swfile_inject(file, identity) == there);
	if (there)
		model.pending[identity] = 1;
}

static void store_check(struct input *input, struct swfile *file)
{
	uint64_t offset = input_below(input, 4) ? input_below(input, 8)
						: input_below(input, PAGE_SIZE);
	uint32_t value = (uint32_t)input_number(input);
	uint32_t identity = offset == 4 ? __builtin_bswap32(value) : offset ? 0 : value;
	bool there = identity && identity <= model.identities;

	MUST(swfile_stored_identity(offset, value) == identity);
	MUST(swfile_inject(file, identity) == there);
	if (there)
		model.pending[identity] = 1;
}

/* What a hand-over does. */
static void word_check(struct input *input, struct swfile *file)
{
	unsigned int word = input_below(input, (model.identities + 1) / 64);
	uint64_t bits = input_number(input) & ~(uint64_t)(word == 0),
		 taken = swfile_take_word(file, word);

	for (unsigned int i = 0; i < 64; i++) {
		MUST((taken >> i & 1) == (model.pending[word * 64 + i] != 0));
		model.pending[word * 64 + i] = bits >> i & 1;
	}
	swfile_add_word(file, word, bits);
}

static void claim_check(struct swfile *file)
{
	unsigned int top = model_top();

	MUST(swfile_claim(file) == (top << 16 | top));
	model.pending[top] = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct swfile file;

	memset(&model, 0, sizeof(model));
	model.identities = sizes[input_below(&input, ARRAY_SIZE(sizes))];
	swfile_init(&file, model.identities);
	while (input.left) {
		unsigned int top;

		switch (input_below(&input, 6)) {
		case 0:
			inject_check(&input, &file);
			break;
		case 1:
			claim_check(&file);
			break;
		case 2:
			store_check(&input, &file);
			break;
		case 3:
			word_check(&input, &file);
			break;
		default:
			access_check(&input, &file);
		}
		top = model_top();
		MUST(swfile_top(&file) == (top << 16 | top));
		MUST(swfile_line(&file) == (model.delivery && top));
	}
	return 0;
}
