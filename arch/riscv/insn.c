/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding of load and store instructions, for the device accesses of guests. Owns no state:
 * every function depends on its arguments alone. No lock.
 */
#include <arch/insn.h>

/*
 * 32-bit loads and stores (unprivileged specification, "RV32I Base Integer Instruction Set"):
 *
 *    31          25 24   20 19   15 14    12 11       7 6      0
 *   | imm[11:0]            |  rs1  | funct3 |    rd    | opcode |  load
 *   | imm[11:5]    |  rs2  |  rs1  | funct3 | imm[4:0] | opcode |  store
 */
#define OPCODE_MASK 0x7fu
#define OPCODE_LOAD_FP 0x07u
#define OPCODE_STORE_FP 0x27u
#define OPCODE_AMO 0x2fu

#define LENGTH_BITS 0x3u /* of bits 1:0: both set in an instruction that is not compressed */
#define HTINST_TRANSFORMED 0x1u /* bit 0; clear in a pseudoinstruction */

static unsigned int field(uint32_t insn, unsigned int high, unsigned int low)
{
	return (insn & (uint32_t)GENMASK(high, low)) >> low;
}

static struct mem_access access_refused(uint8_t length)
{
	return (struct mem_access){ .kind = MEM_REFUSED, .length = length };
}

static struct mem_access access_of(enum mem_kind kind, unsigned int log2_width, bool is_signed,
				   unsigned int reg, uint8_t length)
{
	return (struct mem_access){
		.kind = kind,
		.width = (uint8_t)(1u << log2_width),
		.sign_extend = is_signed && kind == MEM_LOAD && log2_width < 3,
		.reg = (uint8_t)reg,
		.length = length,
	};
}

static struct mem_access decode_32(uint32_t insn)
{
	unsigned int funct3 = field(insn, 14, 12);
	unsigned int log2_width = funct3 & 3;
	bool is_signed = !(funct3 & 4);
	unsigned int rd = field(insn, 11, 7);
	unsigned int rs2 = field(insn, 24, 20);

	switch (insn & OPCODE_MASK) {
	case OPCODE_LOAD:
		if (funct3 == 7)
			break;
		return access_of(MEM_LOAD, log2_width, is_signed, rd, 4);
	case OPCODE_STORE:
		if (funct3 > 3)
			break;
		return access_of(MEM_STORE, log2_width, false, rs2, 4);
	case OPCODE_LOAD_FP: /* 0 and 5 to 7 are vector loads, 4 is flq */
		if (funct3 < 1 || funct3 > 3)
			break;
		return access_of(MEM_FP_LOAD, log2_width, false, rd, 4);
	case OPCODE_STORE_FP:
		if (funct3 < 1 || funct3 > 3)
			break;
		return access_of(MEM_FP_STORE, log2_width, false, rs2, 4);
	}
	return access_refused(4);
}

/* Zcb: bits 15:10 are 1000xx; bits 11:10 and, for halfwords, bit 6 tell them apart. */
static struct mem_access decode_zcb(uint32_t insn, unsigned int reg)
{
	bool bit_6 = field(insn, 6, 6);

	if (field(insn, 12, 12))
		return access_refused(2);
	switch (field(insn, 11, 10)) {
	case 0:
		return access_of(MEM_LOAD, 0, false, reg, 2);
	case 1:
		return access_of(MEM_LOAD, 1, bit_6, reg, 2);
	case 2:
		return access_of(MEM_STORE, 0, false, reg, 2);
	default:
		return bit_6 ? access_refused(2) : access_of(MEM_STORE, 1, false, reg, 2);
	}
}

static struct mem_access decode_quadrant_0(uint32_t insn)
{
	unsigned int reg = 8 + field(insn, 4, 2);

	switch (field(insn, 15, 13)) {
	case 1:
		return access_of(MEM_FP_LOAD, 3, false, reg, 2);
	case 2:
		return access_of(MEM_LOAD, 2, true, reg, 2);
	case 3:
		return access_of(MEM_LOAD, 3, true, reg, 2);
	case 4:
		return decode_zcb(insn, reg);
	case 5:
		return access_of(MEM_FP_STORE, 3, false, reg, 2);
	case 6:
		return access_of(MEM_STORE, 2, false, reg, 2);
	case 7:
		return access_of(MEM_STORE, 3, false, reg, 2);
	}
	return access_refused(2);
}

static struct mem_access decode_quadrant_2(uint32_t insn)
{
	unsigned int rd = field(insn, 11, 7);
	unsigned int rs2 = field(insn, 6, 2);

	switch (field(insn, 15, 13)) {
	case 1:
		return access_of(MEM_FP_LOAD, 3, false, rd, 2);
	case 2: /* c.lwsp and c.ldsp into x0 are reserved */
		return rd ? access_of(MEM_LOAD, 2, true, rd, 2) : access_refused(2);
	case 3:
		return rd ? access_of(MEM_LOAD, 3, true, rd, 2) : access_refused(2);
	case 5:
		return access_of(MEM_FP_STORE, 3, false, rs2, 2);
	case 6:
		return access_of(MEM_STORE, 2, false, rs2, 2);
	case 7:
		return access_of(MEM_STORE, 3, false, rs2, 2);
	}
	return access_refused(2);
}

struct mem_access insn_decode(uint32_t insn)
{
	switch (insn & LENGTH_BITS) {
	case 0:
		return decode_quadrant_0(insn);
	case 1:
		return access_refused(2);
	case 2:
		return decode_quadrant_2(insn);
	default:
		return decode_32(insn);
	}
}

/* Whether a 16-bit instruction of RV64 expands to an access like @access. */
static bool has_compressed_form(const struct mem_access *access)
{
	switch (access->kind) {
	case MEM_LOAD: /* all but lb and lwu */
		return access->sign_extend ? access->width != 1 : access->width != 4;
	case MEM_STORE:
		return true;
	case MEM_FP_LOAD:
	case MEM_FP_STORE:
		return access->width == 8;
	default:
		return false;
	}
}

/*
 * Privileged specification, "Transformed Instruction or Pseudoinstruction for mtinst or htinst":
 * the immediate is zero, and the place of rs1 has the distance between the faulting address and
 * the first byte of the access, which only a misaligned access can have.
 */
struct mem_access insn_decode_htinst(uint64_t htinst)
{
	const struct mem_access unknown = { .kind = MEM_UNKNOWN };
	uint32_t insn = (uint32_t)htinst | HTINST_UNCOMPRESSED;
	bool compressed = !(htinst & HTINST_UNCOMPRESSED);
	unsigned int offset = field(insn, 19, 15);
	struct mem_access access;
	bool is_load;

	if (htinst >> 32 || !(htinst & HTINST_TRANSFORMED))
		return unknown;
	if ((insn & OPCODE_MASK) == OPCODE_AMO && !compressed)
		return access_refused(4);
	access = decode_32(insn);
	if (access.kind == MEM_REFUSED)
		return unknown;
	is_load = access.kind == MEM_LOAD || access.kind == MEM_FP_LOAD;
	if (is_load ? field(insn, 31, 20) : field(insn, 31, 25) | field(insn, 11, 7))
		return unknown;
	if (offset >= access.width)
		return unknown;
	if (compressed && !has_compressed_form(&access))
		return unknown;
	access.length = compressed ? 2 : 4;
	/* With an offset the faulting address is not where the access begins. */
	return offset ? access_refused(access.length) : access;
}

uint64_t insn_load_value(const struct mem_access *access, uint64_t raw)
{
	unsigned int unused = 64 - 8 * (access->width & 7);

	if (unused == 64) /* 8 bytes, or nothing at all */
		return raw;
	if (access->kind == MEM_FP_LOAD) /* NaN-boxed: the bits above are ones */
		return raw | ~UINT64_C(0) << (64 - unused);
	if (access->sign_extend)
		return (uint64_t)((int64_t)(raw << unused) >> unused);
	return raw << unused >> unused;
}
