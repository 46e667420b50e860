/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instruction decoding against a second table of all loads and stores, written as the
 * specification's listings have them, and against a transformation as hardware does it. One
 * thread, no lock.
 */
#include <arch/insn.h>
#include <string.h>

#include "input.h"

enum place { RD, RS2, C_RD, C_RS2, C_RD_PRIME };

struct form {
	const char *name;
	uint32_t mask, match;
	uint8_t kind, width;
	bool sign;
	enum place place;
};

#define LOAD(name, funct3, width, sign) \
	{ name, 0x707f, 0x0003 | (funct3) << 12, MEM_LOAD, width, sign, RD }
#define STORE(name, funct3, width) \
	{ name, 0x707f, 0x0023 | (funct3) << 12, MEM_STORE, width, false, RS2 }

static const struct form forms[] = {
	LOAD("lb", 0, 1, true),
	LOAD("lh", 1, 2, true),
	LOAD("lw", 2, 4, true),
	LOAD("ld", 3, 8, false),
	LOAD("lbu", 4, 1, false),
	LOAD("lhu", 5, 2, false),
	LOAD("lwu", 6, 4, false),
	STORE("sb", 0, 1),
	STORE("sh", 1, 2),
	STORE("sw", 2, 4),
	STORE("sd", 3, 8),
	{ "flh", 0x707f, 0x1007, MEM_FP_LOAD, 2, false, RD },
	{ "flw", 0x707f, 0x2007, MEM_FP_LOAD, 4, false, RD },
	{ "fld", 0x707f, 0x3007, MEM_FP_LOAD, 8, false, RD },
	{ "fsh", 0x707f, 0x1027, MEM_FP_STORE, 2, false, RS2 },
	{ "fsw", 0x707f, 0x2027, MEM_FP_STORE, 4, false, RS2 },
	{ "fsd", 0x707f, 0x3027, MEM_FP_STORE, 8, false, RS2 },
	{ "c.fld", 0xe003, 0x2000, MEM_FP_LOAD, 8, false, C_RD_PRIME },
	{ "c.lw", 0xe003, 0x4000, MEM_LOAD, 4, true, C_RD_PRIME },
	{ "c.ld", 0xe003, 0x6000, MEM_LOAD, 8, false, C_RD_PRIME },
	{ "c.fsd", 0xe003, 0xa000, MEM_FP_STORE, 8, false, C_RD_PRIME },
	{ "c.sw", 0xe003, 0xc000, MEM_STORE, 4, false, C_RD_PRIME },
	{ "c.sd", 0xe003, 0xe000, MEM_STORE, 8, false, C_RD_PRIME },
	{ "c.lbu", 0xfc03, 0x8000, MEM_LOAD, 1, false, C_RD_PRIME },
	{ "c.lhu", 0xfc43, 0x8400, MEM_LOAD, 2, false, C_RD_PRIME },
	{ "c.lh", 0xfc43, 0x8440, MEM_LOAD, 2, true, C_RD_PRIME },
	{ "c.sb", 0xfc03, 0x8800, MEM_STORE, 1, false, C_RD_PRIME },
	{ "c.sh", 0xfc43, 0x8c00, MEM_STORE, 2, false, C_RD_PRIME },
	{ "c.fldsp", 0xe003, 0x2002, MEM_FP_LOAD, 8, false, C_RD },
	{ "c.lwsp", 0xe003, 0x4002, MEM_LOAD, 4, true, C_RD },
	{ "c.ldsp", 0xe003, 0x6002, MEM_LOAD, 8, false, C_RD },
	{ "c.fsdsp", 0xe003, 0xa002, MEM_FP_STORE, 8, false, C_RS2 },
	{ "c.swsp", 0xe003, 0xc002, MEM_STORE, 4, false, C_RS2 },
	{ "c.sdsp", 0xe003, 0xe002, MEM_STORE, 8, false, C_RS2 },
};

static unsigned int register_of(uint32_t insn, enum place place)
{
	switch (place) {
	case RD:
	case C_RD:
		return insn >> 7 & 31;
	case RS2:
		return insn >> 20 & 31;
	case C_RS2:
		return insn >> 2 & 31;
	default:
		return 8 + (insn >> 2 & 7);
	}
}

static const struct form *form_find(uint32_t insn)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];

		if ((insn & form->mask) != form->match)
			continue;
		/* Those into x0 are reserved. */
		if (form->place == C_RD && form->kind == MEM_LOAD && !(insn >> 7 & 31))
			return NULL;
		return form;
	}
	return NULL;
}

static void decode_check(uint32_t insn)
{
	const struct form *form = form_find(insn);
	struct mem_access access = insn_decode(insn);

	MUST(access.length == ((insn & 3) == 3 ? 4 : 2));
	if (!form) {
		MUST(access.kind == MEM_REFUSED);
		return;
	}
	MUST(access.kind == form->kind && access.width == form->width);
	MUST(access.sign_extend == form->sign && access.reg == register_of(insn, form->place));
}

/* The 32-bit instruction that @insn stands for, transformed: no immediate, @offset for rs1. */
static uint32_t transform(uint32_t insn, const struct mem_access *access, unsigned int offset)
{
	bool is_load = access->kind == MEM_LOAD || access->kind == MEM_FP_LOAD;
	bool is_fp = access->kind == MEM_FP_LOAD || access->kind == MEM_FP_STORE;
	uint32_t funct3 = (uint32_t)__builtin_ctz(access->width);
	uint32_t result = (is_load ? 0x03 : 0x23) | (is_fp ? 4 : 0) | offset << 15;

	if (access->kind == MEM_LOAD && !access->sign_extend && access->width < 8)
		funct3 |= 4;
	result |= funct3 << 12 | (uint32_t)access->reg << (is_load ? 7 : 20);
	return (insn & 3) == 3 ? result : result & ~UINT32_C(2);
}

static bool decode_htinst(uint64_t htinst, struct mem_access *access)
{
	*access = insn_decode_htinst(htinst);
	MUST(htinst_is_plain_load(htinst) == (access->kind == MEM_LOAD));
	MUST(htinst_is_plain_store(htinst) == (access->kind == MEM_STORE));
	return access->kind != MEM_UNKNOWN;
}

static void htinst_check(uint32_t insn, unsigned int offset)
{
	struct mem_access access = insn_decode(insn), other;

	if (access.kind == MEM_REFUSED)
		return;
	MUST(decode_htinst(transform(insn, &access, 0), &other));
	MUST(other.kind == access.kind && other.width == access.width);
	MUST(other.sign_extend == access.sign_extend && other.reg == access.reg);
	MUST(other.length == access.length);
	/* The access began at another address than the one that faulted, or this is none. */
	if (offset && decode_htinst(transform(insn, &access, offset), &other))
		MUST(other.kind == MEM_REFUSED && offset < access.width);
}

static void value_check(uint32_t insn, uint64_t raw)
{
	struct mem_access access = insn_decode(insn);
	uint64_t expected = raw;

	if (access.kind != MEM_LOAD && access.kind != MEM_FP_LOAD)
		return;
	switch (access.width | (access.sign_extend ? 16 : 0)) {
	case 1:
		expected = (uint8_t)raw;
		break;
	case 2:
		expected = (uint16_t)raw;
		break;
	case 4:
		expected = (uint32_t)raw;
		break;
	case 17:
		expected = (uint64_t)(int8_t)raw;
		break;
	case 18:
		expected = (uint64_t)(int16_t)raw;
		break;
	case 20:
		expected = (uint64_t)(int32_t)raw;
	}
	raw &= access.width == 8 ? UINT64_MAX : BIT(8 * access.width) - 1;
	if (access.kind == MEM_FP_LOAD && access.width < 8)
		expected = raw | ~(BIT(8 * access.width) - 1);
	MUST(insn_load_value(&access, raw) == expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct mem_access access;

	while (input.left) {
		uint32_t insn = (uint32_t)input_take(&input, 4);
		uint64_t other = input_take(&input, 8);

		decode_check(insn);
		htinst_check(insn, other & 31);
		value_check(insn, other);
		if (decode_htinst(other, &access)) {
			MUST(other & 1 && other >> 32 == 0);
			MUST(access.length == (other & 2 ? 4 : 2));
			MUST(access.kind <= MEM_REFUSED);
			MUST(access.kind == MEM_REFUSED || access.width);
		}
	}
	return 0;
}
