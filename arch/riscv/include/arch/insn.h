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
 * Instruction or Pseudoinstruction for mtinst or htinst"). Returns false when @htinst is zero,
 * a pseudoinstruction or has bits that no standard transformation has (then the instruction
 * has to be fetched). Bit 1 clear means that it stood for a 16-bit instruction.
 */
bool insn_decode_htinst(uint64_t htinst, struct mem_access *access);

/** The value that a load puts into its register, for @raw read from the device (zero-extended). */
uint64_t insn_load_value(const struct mem_access *access, uint64_t raw);

#endif
