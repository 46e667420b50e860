/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software interrupt file: the register state of one IMSIC interrupt file, held in memory
 * (AIA 1.0, chapter 3). Producers on any hart only OR pending bits in, atomically; everything
 * else is done by the owner (the vCPU's own exits, or anybody while that vCPU does not run).
 * So there is no lock. The functions for stopei and sireg are light (<core/light.h>).
 */
#ifndef EMULATORS_SWFILE_H
#define EMULATORS_SWFILE_H

#include <core/types.h>
#include <emulators/bits.h>

#define SWFILE_MAX_IDENTITY 2047

/*
 * siselect - SWFILE_EIE0 is the number of an eie register. Those that there are with RV64, the even
 * ones up to 62, have none of the other bits (AIA 1.0, 3.7, 3.8.4).
 */
#define SWFILE_EIE0 0xc0
#define SWFILE_NO_NUMBER (~UINT64_C(62))

#define SWFILE_WORDS ((SWFILE_MAX_IDENTITY + 1) / 64)

struct swfile {
	union {
		struct {
			/* eip: bit i of word w is identity 64 w + i; atomic */
			uint64_t pending[SWFILE_WORDS];
			uint64_t enabled[SWFILE_WORDS]; /* eie */
			uint64_t exist[SWFILE_WORDS]; /* identities that there are */
		};
		uint64_t arrays[3 * SWFILE_WORDS]; /* all of them */
	};
	uint32_t words; /* bit w is set where pending[w] may not be 0; atomic */
	uint32_t threshold; /* eithreshold */
	uint32_t delivery; /* eidelivery: 0 or 1 */
	uint32_t identities; /* highest implemented: 63, 127, ... 2047 */
};

/** What a CSR instruction does with a register besides reading it. Numbered as in funct3. */
enum csr_op { CSR_READ, CSR_WRITE, CSR_SET, CSR_CLEAR };

/** All registers zero. @identities: 64 n - 1, 63 to 2047, checked. */
void swfile_init(struct swfile *file, unsigned int identities);

/** Zeroes the registers, keeps the number of identities. */
void swfile_reset(struct swfile *file);

/** Takes all pending bits of word @word, or adds @bits to them. Any hart, ordered as injecting. */
uint64_t swfile_take_word(struct swfile *file, unsigned int word);
static inline void swfile_add_word(struct swfile *file, uint64_t word, uint64_t bits)
{
	__atomic_fetch_or(&file->pending[word], bits, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&file->words, 1u << word, __ATOMIC_SEQ_CST);
}

/**
 * Sets a pending bit. Any hart. Returns false (and does nothing) for 0 or > identities.
 * Ordered like a full fence: what the caller stored before is seen by whoever sees the bit, and
 * what it loads afterwards (is the vCPU asleep?) is not older than the bit.
 */
static inline bool swfile_inject(struct swfile *file, uint64_t identity)
{
	if (identity == 0 || identity > file->identities)
		return false;
	identity &= SWFILE_MAX_IDENTITY; /* also of a guess of the hart's */
	swfile_add_word(file, identity / 64, BIT(identity % 64));
	return true;
}

/* What is pending and enabled in word @word. */
static inline uint64_t swfile_ready(const struct swfile *file, unsigned int word)
{
	return __atomic_load_n(&file->pending[word], __ATOMIC_RELAXED) &
	       __atomic_load_n(&file->enabled[word], __ATOMIC_RELAXED);
}

/* The lowest identity that is ready in @words, bits as those of file->words; or 0. */
uint32_t swfile_lowest(const struct swfile *file, uint32_t words);

/** The identity that stopei shows, or 0. A guest's first 63 are the most used ones. */
static inline uint32_t swfile_identity(const struct swfile *file)
{
	uint32_t words = __atomic_load_n(&file->words, __ATOMIC_ACQUIRE);
	uint32_t threshold, identity;
	uint64_t bits;

	if (!words)
		return 0;
	bits = likely(words & 1) ? swfile_ready(file, 0) : 0;
	identity = likely(bits) ? bit_lowest(bits) : swfile_lowest(file, words);
	threshold = __atomic_load_n(&file->threshold, __ATOMIC_RELAXED);
	return unlikely(threshold) && identity >= threshold ? 0 : identity;
}

/** The value of stopei: identity in 26:16 and 10:0, or 0 (AIA 1.0, 3.9; ignores eidelivery). */
static inline uint32_t swfile_top(const struct swfile *file)
{
	uint32_t identity = swfile_identity(file);

	return identity << 16 | identity;
}

/**
 * Whether the file drives its external interrupt: eidelivery = 1 and swfile_top() not 0. Any
 * hart; not ordered, so that an owner that publishes "asleep" puts a full fence before it.
 */
static inline bool swfile_line(const struct swfile *file)
{
	return __atomic_load_n(&file->delivery, __ATOMIC_RELAXED) != 0 &&
	       swfile_identity(file) != 0;
}

/** Whether @identity, once pending, drives the external interrupt. Owner. 1 to identities. */
static inline bool swfile_signals(const struct swfile *file, uint64_t identity)
{
	identity &= SWFILE_MAX_IDENTITY; /* also of a guess of the hart's */
	return file->delivery && file->enabled[identity / 64] >> (identity % 64) & 1 &&
	       (!file->threshold || identity < file->threshold);
}

/** @identity, which is pending, is not any more. Owner. */
static inline void swfile_take(struct swfile *file, uint32_t identity)
{
	uint64_t bit = BIT(identity % 64);
	unsigned int word = identity / 64;

	if ((__atomic_fetch_and(&file->pending[word], ~bit, __ATOMIC_SEQ_CST) & ~bit) == 0) {
		/* It had no bit left a moment ago. */
		__atomic_fetch_and(&file->words, ~(1u << word), __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&file->pending[word], __ATOMIC_SEQ_CST))
			__atomic_fetch_or(&file->words, 1u << word, __ATOMIC_SEQ_CST);
	}
}

/** stopei written: claims what swfile_top() gives at that moment and returns it (AIA 1.0, 3.9). */
static inline uint32_t swfile_claim(struct swfile *file)
{
	uint32_t identity = swfile_identity(file);

	if (identity)
		swfile_take(file, identity);
	return identity << 16 | identity;
}

/**
 * One access to eie<@number>, without bits of SWFILE_NO_NUMBER, as a CSR instruction on sireg would
 * do it with RV64: returns its value, then applies @op, which is not CSR_READ, with @operand to it.
 * Bits that it does not have read 0 and ignore writes. *@touched: what is pending of all that @op
 * may have changed, so that with 0 swfile_line() is as before. Owner.
 */
static ALWAYS_INLINE uint64_t swfile_rmw_eie(struct swfile *file, uint64_t number, uint64_t op,
					     uint64_t operand, uint64_t *touched)
{
	uint64_t *enabled, *pending, *exist, old;

	/* Also of a guess of the hart's; without the asm the compiler knows better. */
	__asm__("" : "+r"(number));
	number &= ~SWFILE_NO_NUMBER;
	/* One address for all three. Numbers count 32 bits. */
	enabled = (uint64_t *)((uint32_t *)&file->arrays[SWFILE_WORDS] + number);
	pending = enabled - SWFILE_WORDS;
	exist = enabled + SWFILE_WORDS;
	operand &= *exist;
	if (likely(!(op & CSR_WRITE))) { /* the other two are odd */
		old = __atomic_fetch_or(enabled, operand, __ATOMIC_RELAXED);
	} else if (likely(op & CSR_SET)) { /* CSR_CLEAR */
		old = __atomic_fetch_and(enabled, ~operand, __ATOMIC_RELAXED);
	} else {
		old = __atomic_exchange_n(enabled, operand, __ATOMIC_RELAXED);
		operand = ~UINT64_C(0);
	}
	*touched = operand & __atomic_load_n(pending, __ATOMIC_RELAXED);
	return old;
}

/**
 * Any access: *@old is the value read. CSR_READ writes nothing. Pending bits are updated atomically
 * against producers. Returns 0, or -ENOENT, and nothing in *@old, when the register does not exist
 * (odd eip/eie number, select outside of 0x70 to 0xff): the instruction then traps. Reserved 0x71,
 * 0x73 to 0x7f read 0, ignore writes. Bits that a register does not have (identity 0,
 * > identities; eidelivery above bit 0; eithreshold above the width of `identities`) read 0 and
 * ignore writes (AIA 1.0, 3.7, 3.8).
 */
int swfile_rmw(struct swfile *file, uint64_t select, enum csr_op op, uint64_t operand,
	       uint64_t *old);

/**
 * The identity that an aligned 32-bit store of @value at @offset of the file's 4 KiB page makes
 * pending: seteipnum_le (0) or seteipnum_be (4), AIA 1.0, 3.5. 0: the store does nothing.
 */
static inline uint32_t swfile_stored_identity(uint64_t offset, uint32_t value)
{
	if (likely(offset == 0))
		return value;
	return offset == 4 ? __builtin_bswap32(value) : 0;
}

#endif
