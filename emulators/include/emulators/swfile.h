/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software interrupt file: the register state of one IMSIC interrupt file, held in memory
 * (AIA 1.0, chapter 3). Producers on any hart only OR pending bits in, atomically; everything
 * else is done by the owner (the vCPU's own exits, or anybody while that vCPU does not run).
 * So there is no lock.
 */
#ifndef EMULATORS_SWFILE_H
#define EMULATORS_SWFILE_H

#include <core/types.h>

#define SWFILE_MAX_IDENTITY 2047

#define SWFILE_WORDS ((SWFILE_MAX_IDENTITY + 1) / 64)

struct swfile {
	uint64_t pending[SWFILE_WORDS]; /* eip: bit i of word w is identity 64 w + i; atomic */
	uint64_t enabled[SWFILE_WORDS]; /* eie */
	uint32_t words; /* bit w is set where pending[w] may not be 0; atomic */
	uint32_t threshold; /* eithreshold */
	uint32_t delivery; /* eidelivery: 0 or 1 */
	uint32_t identities; /* highest implemented: 63, 127, ... 2047 */
};

/** What a CSR instruction does with a register besides reading it. */
enum csr_op { CSR_READ, CSR_WRITE, CSR_SET, CSR_CLEAR };

/** All registers zero. @identities: 64 n - 1, 63 to 2047, checked. */
void swfile_init(struct swfile *file, unsigned int identities);

/** Zeroes the registers, keeps the number of identities. */
void swfile_reset(struct swfile *file);

/**
 * Sets a pending bit. Any hart. Returns false (and does nothing) for 0 or > identities.
 * Ordered like a full fence: what the caller stored before is seen by whoever sees the bit, and
 * what it loads afterwards (is the vCPU asleep?) is not older than the bit.
 */
bool swfile_inject(struct swfile *file, unsigned int identity);

/** The value of stopei: identity in 26:16 and 10:0, or 0 (AIA 1.0, 3.9; ignores eidelivery). */
uint32_t swfile_top(const struct swfile *file);

/**
 * Whether the file drives its external interrupt: eidelivery = 1 and swfile_top() not 0. Any
 * hart; not ordered, so that an owner that publishes "asleep" puts a full fence before it.
 */
bool swfile_line(const struct swfile *file);

/** Whether @identity, once pending, drives the external interrupt. Owner. 1 to identities. */
static inline bool swfile_signals(const struct swfile *file, unsigned int identity)
{
	return file->delivery && file->enabled[identity / 64] >> (identity % 64) & 1 &&
	       (!file->threshold || identity < file->threshold);
}

/** stopei written: claims what swfile_top() gives at that moment and returns it (AIA 1.0, 3.9). */
uint32_t swfile_claim(struct swfile *file);

/**
 * One access to the register that siselect = @select names, as a CSR instruction on sireg would
 * do it with RV64: *@old is the value read, then @op with @operand is applied to it.
 * CSR_READ writes nothing. Pending bits are updated atomically against producers.
 * Returns 0, or -ENOENT when the register does not exist (odd eip/eie number, select outside of
 * 0x70 to 0xff): the instruction then traps. Reserved 0x71, 0x73 to 0x7f read 0, ignore writes.
 * Bits that a register does not have (identity 0, > identities; eidelivery above bit 0;
 * eithreshold above the width of `identities`) read 0 and ignore writes (AIA 1.0, 3.7, 3.8).
 */
int swfile_rmw(struct swfile *file, unsigned int select, enum csr_op op, uint64_t operand,
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

/** Takes all pending bits of word @word, or adds @bits to them. Any hart, ordered as injecting. */
uint64_t swfile_take_word(struct swfile *file, unsigned int word);
void swfile_add_word(struct swfile *file, unsigned int word, uint64_t bits);

#endif
