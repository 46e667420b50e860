/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software interrupt file: one IMSIC interrupt file's registers in memory, exact up to 2047
 * identities. Pending bits change by atomic operations only, as producers on other harts set
 * them at any time; every other register belongs to the owner. There is no lock.
 *
 * `words` says where to look. Who sets a pending bit sets its word's bit afterwards; the owner
 * clears that of a word that it found empty, then looks at the word once more.
 */
#include <core/check.h>
#include <core/light.h>
#include <emulators/bits.h>
#include <emulators/swfile.h>
#include <errno.h>
#include <string.h>

/* What siselect names (AIA 1.0, 3.7). */
#define SELECT_EIDELIVERY 0x70
#define SELECT_EITHRESHOLD 0x72
#define SELECT_EIP0 0x80

void swfile_init(struct swfile *file, unsigned int identities)
{
	CHECK(identities % 64 == 63 && identities <= SWFILE_MAX_IDENTITY);
	file->identities = identities;
	memset(file->exist, 0, sizeof(file->exist));
	memset(file->exist, 0xff, (identities + 1) / 8);
	file->exist[0] = ~BIT(0);
	swfile_reset(file);
}

void swfile_reset(struct swfile *file)
{
	for (unsigned int word = 0; word < ARRAY_SIZE(file->pending); word++)
		__atomic_store_n(&file->pending[word], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&file->words, 0, __ATOMIC_RELAXED);
	memset(file->enabled, 0, sizeof(file->enabled));
	file->threshold = 0;
	file->delivery = 0;
}

uint64_t swfile_take_word(struct swfile *file, unsigned int word)
{
	return __atomic_exchange_n(&file->pending[word], 0, __ATOMIC_SEQ_CST);
}

LIGHT uint32_t swfile_lowest(const struct swfile *file, uint32_t words)
{
	for (; words; words &= words - 1) {
		unsigned int word = bit_lowest(words);
		uint64_t bits = swfile_ready(file, word);

		if (bits)
			return word * 64 + bit_lowest(bits);
	}
	return 0;
}

/** One atomic step, so that a bit which a producer sets meanwhile is in *@old or stays set. */
static inline uint64_t pending_rmw(uint64_t *pending, enum csr_op op, uint64_t operand)
{
	if (op == CSR_WRITE)
		return __atomic_exchange_n(pending, operand, __ATOMIC_SEQ_CST);
	if (op == CSR_CLEAR)
		return __atomic_fetch_and(pending, ~operand, __ATOMIC_SEQ_CST);
	return __atomic_fetch_or(pending, operand, __ATOMIC_SEQ_CST);
}

/** A register that producers only look at. @mask: its writable bits. */
static inline uint64_t owned_rmw32(uint32_t *reg, enum csr_op op, uint64_t operand, uint32_t mask)
{
	uint32_t old = *reg, bits = (uint32_t)operand;

	if (op == CSR_CLEAR)
		bits = old & ~bits;
	else if (op == CSR_SET)
		bits |= old;
	/* It may be wider than what is written: who only reads leaves it alone. */
	if (operand || op == CSR_WRITE)
		__atomic_store_n(reg, bits & mask, __ATOMIC_RELAXED);
	return old;
}

/** The bits that it takes to hold all identities: eithreshold is as wide as that (3.8.2). */
static inline uint32_t identity_mask(const struct swfile *file)
{
	uint32_t mask = file->identities;

	mask |= mask >> 1;
	mask |= mask >> 2;
	mask |= mask >> 4;
	return mask | mask >> 8;
}

LIGHT int swfile_rmw(struct swfile *file, uint64_t select, enum csr_op op, uint64_t operand,
		     uint64_t *old)
{
	unsigned int word = select / 2 % SWFILE_WORDS;
	uint64_t touched;

	if (op == CSR_READ) { /* which is to set nothing */
		op = CSR_SET;
		operand = 0;
	}
	if (select == SELECT_EIDELIVERY) {
		/* AIA 1.0, 3.8.1: a guest's file has no value 0x40000000, which bit 0 excludes. */
		*old = owned_rmw32(&file->delivery, op, operand, 1);
	} else if (select == SELECT_EITHRESHOLD) {
		*old = owned_rmw32(&file->threshold, op, operand, identity_mask(file));
	} else if (!((select - SELECT_EIP0) & SWFILE_NO_NUMBER)) {
		operand &= file->exist[word];
		*old = pending_rmw(&file->pending[word], op, operand);
		if (operand && op != CSR_CLEAR)
			__atomic_fetch_or(&file->words, 1u << word, __ATOMIC_SEQ_CST);
	} else if (!((select - SWFILE_EIE0) & SWFILE_NO_NUMBER)) {
		*old = swfile_rmw_eie(file, select - SWFILE_EIE0, op, operand, &touched);
	} else if (select >= SELECT_EIDELIVERY && select < SELECT_EIP0) {
		*old = 0;
	} else {
		return -ENOENT;
	}
	return 0;
}
