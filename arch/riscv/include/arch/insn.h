/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding of load and store instructions, for the device accesses of guests. Pure: given the
 * bits of an instruction it says what is accessed and where the data goes. No lock.
 */
#ifndef ARCH_INSN_H
#define ARCH_INSN_H

#include <core/types.h>

enum mem_kind {
	MEM_LOAD, /* integer register */
	MEM_STORE,
	MEM_FP_LOAD, /* flh, flw, fld, c.fld, c.fldsp */
	MEM_FP_STORE,
	MEM_UNKNOWN, /* cannot be told from what there is */
	MEM_REFUSED, /* AMO, LR, SC, vector, CBO, anything else: not done on a device */
};

struct mem_access {
	uint8_t kind; /* enum mem_kind */
	uint8_t width; /* bytes: 1, 2, 4, 8 */
	bool sign_extend; /* loads into integer registers */
	uint8_t reg; /* rd of a load, rs2 of a store: 0 to 31 */
	uint8_t length; /* of the instruction in bytes: 2 or 4 */
};

/**
 * Decodes the instruction @insn (16 or 32 bits, as fetched; RV64 with C, Zcb, D).
 * kind is MEM_REFUSED for whatever is not a plain load or store; length is right anyway.
 */
struct mem_access insn_decode(uint32_t insn);

/**
 * Decodes a transformed instruction from htinst (privileged specification, "Transformed
 * Instruction or Pseudoinstruction for mtinst or htinst"). The kind is MEM_UNKNOWN when @htinst is
 * zero, a pseudoinstruction or has bits that no standard transformation has (then the instruction
 * has to be fetched). Bit 1 clear means that it stood for a 16-bit instruction.
 */
struct mem_access insn_decode_htinst(uint64_t htinst);

/** The value that a load puts into its register, for @raw read from the device (zero-extended). */
uint64_t insn_load_value(const struct mem_access *access, uint64_t raw);

/*
 * A short way for what nearly all accesses to devices are: integer loads and stores that are not
 * misaligned. Of those, htinst says everything at fixed places.
 */

#define OPCODE_LOAD 0x03u
#define OPCODE_STORE 0x23u
#define HTINST_UNCOMPRESSED 0x2u

static inline bool htinst_is_plain_load(uint64_t htinst)
{
	/* By funct3, those that there are; lb and lwu are never compressed. */
	unsigned int loads = htinst & HTINST_UNCOMPRESSED ? 0x7f : 0x3e;

	return ((htinst | HTINST_UNCOMPRESSED) & ~GENMASK(14, 7)) == OPCODE_LOAD &&
	       loads >> (htinst >> 12 & 7) & 1;
}

static inline bool htinst_is_plain_store(uint64_t htinst)
{
	return ((htinst | HTINST_UNCOMPRESSED) & ~(GENMASK(24, 20) | GENMASK(13, 12))) ==
	       OPCODE_STORE;
}

static inline unsigned int htinst_rd(uint64_t htinst)
{
	return htinst >> 7 & 31;
}

static inline unsigned int htinst_rs2(uint64_t htinst)
{
	return htinst >> 20 & 31;
}

/** Of the access, in bytes. */
static inline unsigned int htinst_width(uint64_t htinst)
{
	return 1u << (htinst >> 12 & 3);
}

/** Of the instruction, in bytes. */
static inline unsigned int htinst_length(uint64_t htinst)
{
	return 2 + (htinst & HTINST_UNCOMPRESSED);
}

/** As insn_load_value(). */
static inline uint64_t htinst_load_value(uint64_t htinst, uint64_t raw)
{
	unsigned int unused = 64 - 8 * htinst_width(htinst);
	bool sign_extend = !(htinst >> 14 & 1);

	raw <<= unused;
	return sign_extend ? (uint64_t)((int64_t)raw >> unused) : raw >> unused;
}

#endif
