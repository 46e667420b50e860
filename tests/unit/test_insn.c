/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the instruction decoder: every compressed encoding, and every opcode and funct3 of
 * the 32-bit ones, against a description in the form of the specifications' bit patterns.
 */
#include <arch/insn.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/*
 * Bits from the highest to the lowest. '.' is any bit; 'r' is a bit of the data's register; 'p'
 * one of a register x8 to x15; 'n' one of a register that is not x0. Spaces do not count.
 */
struct pattern {
	const char *name;
	const char *bits;
	enum mem_kind kind;
	uint8_t width;
	bool sign_extend;
};

static const struct pattern compressed[] = {
	{ "c.fld", "001 ... ... .. ppp 00", MEM_FP_LOAD, 8, false },
	{ "c.lw", "010 ... ... .. ppp 00", MEM_LOAD, 4, true },
	{ "c.ld", "011 ... ... .. ppp 00", MEM_LOAD, 8, false },
	{ "c.lbu", "100 000 ... .. ppp 00", MEM_LOAD, 1, false },
	{ "c.lhu", "100 001 ... 0. ppp 00", MEM_LOAD, 2, false },
	{ "c.lh", "100 001 ... 1. ppp 00", MEM_LOAD, 2, true },
	{ "c.sb", "100 010 ... .. ppp 00", MEM_STORE, 1, false },
	{ "c.sh", "100 011 ... 0. ppp 00", MEM_STORE, 2, false },
	{ "c.fsd", "101 ... ... .. ppp 00", MEM_FP_STORE, 8, false },
	{ "c.sw", "110 ... ... .. ppp 00", MEM_STORE, 4, false },
	{ "c.sd", "111 ... ... .. ppp 00", MEM_STORE, 8, false },
	{ "c.fldsp", "001 . rrrrr ..... 10", MEM_FP_LOAD, 8, false },
	{ "c.lwsp", "010 . nnnnn ..... 10", MEM_LOAD, 4, true },
	{ "c.ldsp", "011 . nnnnn ..... 10", MEM_LOAD, 8, false },
	{ "c.fsdsp", "101 ...... rrrrr 10", MEM_FP_STORE, 8, false },
	{ "c.swsp", "110 ...... rrrrr 10", MEM_STORE, 4, false },
	{ "c.sdsp", "111 ...... rrrrr 10", MEM_STORE, 8, false },
};

#define LOAD(funct3, opcode) "............ ..... " funct3 " rrrrr " opcode
#define STORE(funct3, opcode) "....... rrrrr ..... " funct3 " ..... " opcode

static const struct pattern full[] = {
	{ "lb", LOAD("000", "0000011"), MEM_LOAD, 1, true },
	{ "lh", LOAD("001", "0000011"), MEM_LOAD, 2, true },
	{ "lw", LOAD("010", "0000011"), MEM_LOAD, 4, true },
	{ "ld", LOAD("011", "0000011"), MEM_LOAD, 8, false },
	{ "lbu", LOAD("100", "0000011"), MEM_LOAD, 1, false },
	{ "lhu", LOAD("101", "0000011"), MEM_LOAD, 2, false },
	{ "lwu", LOAD("110", "0000011"), MEM_LOAD, 4, false },
	{ "flh", LOAD("001", "0000111"), MEM_FP_LOAD, 2, false },
	{ "flw", LOAD("010", "0000111"), MEM_FP_LOAD, 4, false },
	{ "fld", LOAD("011", "0000111"), MEM_FP_LOAD, 8, false },
	{ "sb", STORE("000", "0100011"), MEM_STORE, 1, false },
	{ "sh", STORE("001", "0100011"), MEM_STORE, 2, false },
	{ "sw", STORE("010", "0100011"), MEM_STORE, 4, false },
	{ "sd", STORE("011", "0100011"), MEM_STORE, 8, false },
	{ "fsh", STORE("001", "0100111"), MEM_FP_STORE, 2, false },
	{ "fsw", STORE("010", "0100111"), MEM_FP_STORE, 4, false },
	{ "fsd", STORE("011", "0100111"), MEM_FP_STORE, 8, false },
};

/* Whether @insn, of @bits bits, fits @pattern; *@reg is its register. */
static bool pattern_fits(const struct pattern *pattern, uint32_t insn, int bits, uint8_t *reg)
{
	*reg = 0;
	for (const char *p = pattern->bits; *p; p++) {
		uint8_t bit;

		if (*p == ' ')
			continue;
		bit = insn >> --bits & 1;
		if ((*p == '0' || *p == '1') && bit != *p - '0')
			return false;
		if (*p == 'r' || *p == 'p' || *p == 'n')
			*reg = (uint8_t)(*reg << 1 | bit);
	}
	assert_int_equal(bits, 0);
	if (strchr(pattern->bits, 'p'))
		*reg += 8;
	return *reg || !strchr(pattern->bits, 'n');
}

static void check_against(const struct pattern *patterns, size_t count, uint32_t insn, int bits)
{
	struct mem_access access = insn_decode(insn);
	uint8_t reg;

	assert_int_equal(access.length, bits / 8);
	for (size_t i = 0; i < count; i++) {
		if (!pattern_fits(&patterns[i], insn, bits, &reg))
			continue;
		if (access.kind != patterns[i].kind || access.width != patterns[i].width ||
		    access.sign_extend != patterns[i].sign_extend || access.reg != reg)
			fail_msg("0x%x is %s", insn, patterns[i].name);
		return;
	}
	if (access.kind != MEM_REFUSED)
		fail_msg("0x%x is no load or store", insn);
}

static void every_compressed_encoding_is_decoded_as_specified(void **state)
{
	for (uint32_t insn = 0; insn < 65536; insn++) {
		if ((insn & 3) != 3)
			check_against(compressed, ARRAY_SIZE(compressed), insn, 16);
	}
}

static void what_follows_a_compressed_instruction_does_not_matter(void **state)
{
	for (uint32_t insn = 0; insn < 65536; insn++) {
		struct mem_access low = insn_decode(insn), both = insn_decode(insn | 0xa5c30000);

		if ((insn & 3) != 3)
			assert_memory_equal(&low, &both, sizeof(low));
	}
}

/* Every opcode, funct3, rd and rs2, with all other bits clear, set and mixed. */
static void every_opcode_and_funct3_is_decoded_as_specified(void **state)
{
	static const uint32_t others[] = { 0, 0xfe0f8000, 0x54050000, 0xaa0a8000 };

	for (uint32_t low = 3; low < 128; low += 4) {
		for (uint32_t regs = 0; regs < 8192; regs++) {
			uint32_t insn = low | (regs & 31) << 7 | (regs >> 5 & 31) << 20 |
					regs >> 10 << 12;

			for (size_t i = 0; i < ARRAY_SIZE(others); i++)
				check_against(full, ARRAY_SIZE(full), insn | others[i], 32);
		}
	}
}

static void loads_extend_to_the_register(void **state)
{
	struct mem_access lb = insn_decode(0x00050503), lbu = insn_decode(0x00054503);
	struct mem_access lh = insn_decode(0x00051503), lw = insn_decode(0x00052503);
	struct mem_access lwu = insn_decode(0x00056503), ld = insn_decode(0x00053503);

	assert_int_equal(insn_load_value(&lb, 0x80), 0xffffffffffffff80);
	assert_int_equal(insn_load_value(&lb, 0x7f), 0x7f);
	assert_int_equal(insn_load_value(&lbu, 0x80), 0x80);
	assert_int_equal(insn_load_value(&lbu, 0x1280), 0x80);
	assert_int_equal(insn_load_value(&lh, 0x8000), 0xffffffffffff8000);
	assert_int_equal(insn_load_value(&lw, 0x80000000), 0xffffffff80000000);
	assert_int_equal(insn_load_value(&lwu, 0x80000000), 0x80000000);
	assert_int_equal(insn_load_value(&ld, UINT64_MAX), UINT64_MAX);
}

static void fp_loads_are_nan_boxed(void **state)
{
	struct mem_access flh = insn_decode(0x00051507), flw = insn_decode(0x00052507);
	struct mem_access fld = insn_decode(0x00053507);

	assert_int_equal(insn_load_value(&flh, 0x1234), 0xffffffffffff1234);
	assert_int_equal(insn_load_value(&flw, 0x12345678), 0xffffffff12345678);
	assert_int_equal(insn_load_value(&fld, 0x1234), 0x1234);
}

static void a_refused_access_has_a_value_all_the_same(void **state)
{
	struct mem_access amo = insn_decode(0x00c5252f);

	assert_int_equal(amo.kind, MEM_REFUSED);
	assert_int_equal(insn_load_value(&amo, 5), 5);
}

/* The transformation as the privileged specification has it. */
static uint32_t transform(uint32_t insn)
{
	bool store = (insn & 0x7f) == 0x23 || (insn & 0x7f) == 0x27;

	return insn & (store ? 0x01f0707f : 0x00007fff);
}

/* The short way says the same as the long one, or nothing. */
static void check_short_way(uint64_t htinst, const struct mem_access *access)
{
	static const uint64_t raws[] = { 0, 0x7f, 0x80, 0x8000, 0x80000000, UINT64_MAX };
	bool load = htinst_is_plain_load(htinst), store = htinst_is_plain_store(htinst);

	assert_int_equal(load, access->kind == MEM_LOAD);
	assert_int_equal(store, access->kind == MEM_STORE);
	if (!load && !store)
		return;
	assert_int_equal(load ? htinst_rd(htinst) : htinst_rs2(htinst), access->reg);
	assert_int_equal(htinst_width(htinst), access->width);
	assert_int_equal(htinst_length(htinst), access->length);
	for (size_t i = 0; load && i < ARRAY_SIZE(raws); i++) {
		uint64_t raw = access->width == 8 ? raws[i]
						  : raws[i] & (BIT(8 * access->width) - 1);

		assert_int_equal(htinst_load_value(htinst, raw), insn_load_value(access, raw));
	}
}

static bool decode_htinst(uint64_t htinst, struct mem_access *access)
{
	*access = insn_decode_htinst(htinst);
	check_short_way(htinst, access);
	return access->kind != MEM_UNKNOWN;
}

static void short_way_agrees_with_the_long_one(void **state)
{
	uint64_t random = 1;
	struct mem_access access;

	for (uint64_t htinst = 0; htinst < BIT(20); htinst++)
		decode_htinst(htinst, &access);
	for (unsigned int i = 0; i < 1000000; i++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		/* A store or load with some other bit, or several. */
		decode_htinst((random >> 20 & GENMASK(24, 7)) | (i & 1 ? 0x21 : 1) | (i & 2),
			      &access);
		decode_htinst(random >> (random & 63), &access);
	}
}

static void htinst_gives_what_the_instruction_gives(void **state)
{
	static const uint32_t opcodes[] = { 0x03, 0x07, 0x23, 0x27 };

	for (uint32_t i = 0; i < 4 * 8 * 1024; i++) {
		uint32_t insn = 0x5e0f8000 | opcodes[i & 3] | (i >> 2 & 7) << 12 |
				(i >> 5 & 31) << 7 | (i >> 10 & 31) << 20;
		struct mem_access access, expected = insn_decode(insn);
		bool decoded = decode_htinst(transform(insn), &access);

		assert_int_equal(decoded, expected.kind != MEM_REFUSED);
		if (decoded)
			assert_memory_equal(&access, &expected, sizeof(access));
	}
}

static void htinst_of_compressed_instructions_says_length_2(void **state)
{
	static const struct {
		uint32_t insn;
		bool has_compressed;
	} cases[] = {
		{ 0x00050503, false }, /* lb */
		{ 0x00051503, true }, /* lh */
		{ 0x00052503, true }, /* lw */
		{ 0x00053503, true }, /* ld */
		{ 0x00054503, true }, /* lbu */
		{ 0x00055503, true }, /* lhu */
		{ 0x00056503, false }, /* lwu */
		{ 0x00051507, false }, /* flh */
		{ 0x00052507, false }, /* flw */
		{ 0x00053507, true }, /* fld */
		{ 0x00a50023, true }, /* sb */
		{ 0x00a51023, true }, /* sh */
		{ 0x00a52023, true }, /* sw */
		{ 0x00a53023, true }, /* sd */
		{ 0x00a51027, false }, /* fsh */
		{ 0x00a52027, false }, /* fsw */
		{ 0x00a53027, true }, /* fsd */
	};
	struct mem_access access;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t htinst = transform(cases[i].insn) & ~2u;

		assert_int_equal(decode_htinst(htinst, &access), cases[i].has_compressed);
		if (!cases[i].has_compressed)
			continue;
		assert_int_equal(access.length, 2);
		assert_int_equal(access.width, insn_decode(cases[i].insn).width);
		assert_int_equal(access.reg, 10);
	}
}

static void htinst_that_is_no_transformed_access_is_not_decoded(void **state)
{
	static const uint64_t cases[] = {
		0, /* not provided */
		0x2000,
		0x2020,
		0x3000,
		0x3020, /* pseudoinstructions */
		0x2002,
		0x52502, /* bit 0 clear */
		0x100002503, /* bits above 31 */
		0x00102503, /* an immediate */
		0x000520a3,
		0x02a52023, /* of a store */
		0x00003507 | 7 << 12, /* vector load */
		0x00007503, /* reserved funct3 */
		0x0000200f, /* cbo.inval */
		0x62007573, /* a hypervisor load, which a guest cannot do */
		0x00000513, /* addi */
	};
	struct mem_access access;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_false(decode_htinst(cases[i], &access));
}

static void htinst_of_an_atomic_access_is_refused(void **state)
{
	struct mem_access access = { .kind = MEM_LOAD };

	assert_true(decode_htinst(0x00c0252f, &access)); /* amoadd.w a0, a2, (0) */
	assert_int_equal(access.kind, MEM_REFUSED);
	assert_int_equal(access.length, 4);
	assert_false(decode_htinst(0x00c0252d, &access)); /* there is no compressed one */
}

/* The address offset, in the place of rs1, is below the width. */
static void htinst_with_an_address_offset_is_refused(void **state)
{
	struct mem_access access;

	for (uint32_t offset = 0; offset < 32; offset++) {
		bool decoded = decode_htinst(0x00002503 | offset << 15, &access);

		assert_int_equal(decoded, offset < 4);
		if (decoded)
			assert_int_equal(access.kind, offset ? MEM_REFUSED : MEM_LOAD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_compressed_encoding_is_decoded_as_specified),
		cmocka_unit_test(what_follows_a_compressed_instruction_does_not_matter),
		cmocka_unit_test(every_opcode_and_funct3_is_decoded_as_specified),
		cmocka_unit_test(loads_extend_to_the_register),
		cmocka_unit_test(fp_loads_are_nan_boxed),
		cmocka_unit_test(a_refused_access_has_a_value_all_the_same),
		cmocka_unit_test(htinst_gives_what_the_instruction_gives),
		cmocka_unit_test(short_way_agrees_with_the_long_one),
		cmocka_unit_test(htinst_of_compressed_instructions_says_length_2),
		cmocka_unit_test(htinst_that_is_no_transformed_access_is_not_decoded),
		cmocka_unit_test(htinst_of_an_atomic_access_is_refused),
		cmocka_unit_test(htinst_with_an_address_offset_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
