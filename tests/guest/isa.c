/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extensions of the ISA that the device tree names: what is named works, and what is not named
 * and can be made to trap does trap. The properties that name them agree.
 * Arguments: exact=<n> (1): 0 where more may work than is named; seconds=<n> (0): goes on with it
 * for so long, with pauses in which other guests run.
 */
#include "lib/code.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/sv39.h"
#include "lib/test.h"

#include <stddef.h>
#include <string.h>

const char payload_name[] = "isa";

#define CPU "/cpus/cpu@0"
#define CSR_SEED 0x015
#define CSR_SSTATEEN0 0x10c
#define CSR_SSP 0x011
#define LCOFIE (1ul << 13)
#define PTE_NC (1ul << 61) /* Svpbmt */

/* vsetvli x10, x0: elements of 8 << n bits, groups of one or two registers. */
#define VSET(n, groups) (0x0c007557u | (n) << 23 | ((groups) - 1) << 20)
#define READ(csr) ((uint32_t)(csr) << 20 | 2 << 12 | 12 << 7 | 0x73)
#define WRITE(csr) ((uint32_t)(csr) << 20 | 1 << 12 | 12 << 7 | 0x73) /* zero, and reads */

/* Where an extension can be made to trap in a guest that is not told of it. */
enum { WORKS, TRAPS };

struct sample {
	const char *names; /* each of these extensions has it */
	int otherwise; /* what it may do without them: WORKS is no promise */
	uint32_t code[2]; /* x10 points at memory */
};

static const struct sample samples[] = {
	{ "f", TRAPS, { 0xf00000d3 } }, /* fmv.w.x */
	{ "f", TRAPS, { READ(CSR_FCSR) } },
	{ "d", WORKS, { 0xf20000d3 } }, /* fmv.d.x */
	{ "zfa", WORKS, { 0xf01000d3 } }, /* fli.s */
	{ "zfh", WORKS, { 0x040070d3 } }, /* fadd.h */
	{ "zfhmin zfh", WORKS, { 0xe4000553 } }, /* fmv.x.h */
	{ "zfbfmin", WORKS, { 0x406070d3 } }, /* fcvt.s.bf16 */
	{ "v zve32x", TRAPS, { VSET(0, 1) } },
	{ "v zve32x", TRAPS, { READ(CSR_VLENB) } },
	{ "v zve32x", TRAPS, { READ(CSR_VSTART) } },
	{ "v zve64x", WORKS, { VSET(3, 1), 0x022180d7 } }, /* vadd.vv */
	{ "v zve32f", WORKS, { VSET(2, 1), 0x022190d7 } }, /* vfadd.vv */
	{ "zvfh", WORKS, { VSET(1, 1), 0x022190d7 } },
	{ "zvbb", WORKS, { VSET(0, 1), 0x4a2520d7 } }, /* vbrev.v */
	{ "zvbc", WORKS, { VSET(3, 1), 0x3221a0d7 } }, /* vclmul.vv */
	{ "zvkg", WORKS, { VSET(2, 1), 0xb221a0f7 } }, /* vghsh.vv */
	{ "zvkned", WORKS, { VSET(2, 1), 0xa22020f7 } }, /* vaesdm.vv */
	{ "zvknha zvknhb", WORKS, { VSET(2, 1), 0xb621a0f7 } }, /* vsha2ms.vv */
	{ "zvksed", WORKS, { VSET(2, 1), 0xa22820f7 } }, /* vsm4r.vv */
	{ "zvksh", WORKS, { VSET(2, 2), 0xae202277 } }, /* vsm3c.vi */
	{ "zicboz", TRAPS, { 0x0045200f } }, /* cbo.zero */
	{ "zicbom", TRAPS, { 0x0015200f } }, /* cbo.clean */
	{ "zicbom", TRAPS, { 0x0025200f } }, /* cbo.flush */
	{ "zicbom", TRAPS, { 0x0005200f } }, /* cbo.inval */
	{ "zicbop", WORKS, { 0x00056013 } }, /* prefetch.i */
	{ "zba b", WORKS, { 0x20b52633 } }, /* sh1add */
	{ "zbb b", WORKS, { 0x40b57633 } }, /* andn */
	{ "zbs b", WORKS, { 0x28b51633 } }, /* bset */
	{ "zbc zbkc", WORKS, { 0x0ab51633 } }, /* clmul */
	{ "zbkb", WORKS, { 0x68755613 } }, /* brev8 */
	{ "zbkx", WORKS, { 0x28b54633 } }, /* xperm8 */
	{ "zknd", WORKS, { 0x3ab50633 } }, /* aes64ds */
	{ "zkne", WORKS, { 0x32b50633 } }, /* aes64es */
	{ "zknh", WORKS, { 0x10251613 } }, /* sha256sig0 */
	{ "zksed", WORKS, { 0x30b50633 } }, /* sm4ed */
	{ "zksh", WORKS, { 0x10851613 } }, /* sm3p0 */
	{ "zkr", TRAPS, { WRITE(CSR_SEED) } },
	{ "zicond", WORKS, { 0x0eb55633 } }, /* czero.eqz */
	{ "zacas", WORKS, { 0x28b5362f } }, /* amocas.d */
	{ "zabha", WORKS, { 0x00b5062f } }, /* amoadd.b */
	{ "zawrs", WORKS, { 0x01d00073 } }, /* wrs.sto */
	{ "zawrs", WORKS, { 0x00d00073 } }, /* wrs.nto */
	{ "zimop", WORKS, { 0x81c54673 } }, /* mop.r.0 */
	{ "zcmop", WORKS, { 0x6081 } }, /* c.mop.1 */
	{ "zcb", WORKS, { 0x9c61 } }, /* c.zext.b */
	{ "zicntr", WORKS, { READ(CSR_CYCLE) } },
	{ "svinval", WORKS, { 0x18000073 } }, /* sfence.w.inval */
	{ "sstc", TRAPS, { READ(CSR_STIMECMP) } },
	{ "ssaia", TRAPS, { READ(CSR_SISELECT) } },
	{ "ssaia", TRAPS, { READ(CSR_STOPI) } },
	{ "ssaia", TRAPS, { READ(CSR_STOPEI) } },
	{ "ssstateen", TRAPS, { READ(CSR_SSTATEEN0) } },
	{ "ssstateen", TRAPS, { READ(CSR_SSTATEEN0 + 1) } },
	{ "ssstateen", TRAPS, { WRITE(CSR_SSTATEEN0 + 2) } },
	{ "ssstateen", TRAPS, { READ(CSR_SSTATEEN0 + 3) } },
};

static bool exact;
static uint64_t memory[128] __attribute__((aligned(1024)));

/* Whether one of the extensions in `names`, with blanks between, is named. */
static bool any_named(const char *names)
{
	char name[16];

	while (*names) {
		size_t length = strcspn(names, " ");

		memcpy(name, names, length);
		name[length] = '\0';
		if (fdt_has_extension(name))
			return true;
		names += length + (names[length] == ' ');
	}
	return false;
}

static void sample_run(const struct sample *sample)
{
	unsigned int count = sample->code[1] ? 2 : 1;
	bool named = any_named(sample->names);
	struct frame frame;
	bool done;

	csr_set(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS);
	memset(&frame, 0, sizeof(frame));
	for (unsigned int n = 1; n < 32; n++)
		frame.x[n] = code_pattern(n);
	frame.x[10] = (unsigned long)memory;
	done = code_run(&frame, sample->code, count, false);
	if (named)
		CHECK(done, "%s: %#x traps with %lu, though it is named", sample->names,
		      sample->code[count - 1], frame.cause);
	else if (sample->otherwise == TRAPS && exact)
		CHECK(!done, "%s: %#x works, though it is not named", sample->names,
		      sample->code[count - 1]);
	if (!done)
		CHECK(frame.cause == CAUSE_ILLEGAL, "%s: %#x traps with %lu", sample->names,
		      sample->code[count - 1], frame.cause);
}

static void test_samples(void)
{
	test_begin("what is named works, what is not traps");
	for (unsigned int i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		sample_run(&samples[i]);
	test_end();
}

/* Only instructions that write may read it. */
static void test_seed(void)
{
	static const unsigned int reading[] = { 2, 3, 6, 7 };
	unsigned long entropy = 0, first = 0;
	bool differs = false;

	test_begin("seed");
	if (!fdt_has_extension("zkr"))
		test_skip("no Zkr");
	for (unsigned int i = 0; i < 4; i++) {
		struct frame frame = code_one(code_csr(reading[i], CSR_SEED, 12, 0), 0, 0, false);

		CHECK(!code_completed(&frame) && frame.cause == CAUSE_ILLEGAL,
		      "funct3 %u reads it: %lu", reading[i], frame.cause);
		frame = code_one(code_csr(1, CSR_SEED, 12, 0), 0, 0, true);
		CHECK(!code_completed(&frame) && frame.cause == CAUSE_ILLEGAL, "U-mode reads it");
	}
	for (unsigned int i = 0; i < 64 && fdt_has_extension("zkr"); i++) {
		struct frame frame = code_one(code_csr(i % 3 + 1, CSR_SEED, 12, 5), 0, 0, false);
		/* QEMU extends its sign. */
		unsigned long seed = frame.x[12] & (sbi_is_bare() ? UINT32_MAX : -1ul);

		CHECK(code_completed(&frame), "trap %lu", frame.cause);
		CHECK(!(seed & ~0xc000fffful), "bits %#lx are set", seed);
		CHECK(seed >> 30 != 3, "the entropy source is dead");
		if (seed >> 30 != 2) {
			CHECK(!(seed & 0xffff), "entropy without ES16: %#lx", seed);
			continue;
		}
		first = entropy++ ? first : seed;
		differs |= seed != first;
	}
	CHECK(!entropy || entropy == 1 || differs, "%lu times the same entropy", entropy);
	test_end();
}

/* A page whose PTE has a memory type. */
static void test_page_types(void)
{
	uint64_t *root = sv39_create_identity();
	uint64_t at = 0x200000000;
	struct trap trap;

	test_begin("page-based memory types");
	sv39_map(root, at, (uint64_t)memory & -SIZE_4K, SIZE_4K, PTE_RW);
	*sv39_entry(root, at) |= PTE_NC;
	sv39_use(root, 0);
	trap = trap_try((void)*(volatile uint64_t *)at);
	sv39_use(NULL, 0);
	if (fdt_has_extension("svpbmt"))
		CHECK(!trap.count, "trap %lu, though Svpbmt is named", trap.cause);
	else if (exact)
		CHECK(trap.count && trap.cause == CAUSE_LOAD_PAGE,
		      "%u traps, cause %lu, though Svpbmt is not named", trap.count, trap.cause);
	test_end();
}

/* What SBI FWFT turns on, by name; whoever is told of it can turn it on. */
static void test_features(void)
{
	static const struct {
		const char *name;
		unsigned long feature, value;
	} features[] = {
		{ "zicfilp", 1, 1 }, { "zicfiss", 2, 1 }, { "ssdbltrp", 3, 1 },
		{ "svadu", 4, 1 },   { "smnpm", 5, 7 },
	};
	struct trap trap;

	if (!test_begin_if("what has to be turned on", sbi_probe(SBI_FWFT) && !sbi_is_bare(),
			   "no FWFT"))
		return;
	for (unsigned int i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		bool named = fdt_has_extension(features[i].name);

		CHECK_EQ(sbi_call(SBI_FWFT, 1, features[i].feature, 0, 0).error,
			 named ? 0 : SBI_ERR_NOT_SUPPORTED, features[i].name);
		if (features[i].feature == 1)
			continue; /* this payload is compiled without landing pads */
		CHECK_EQ(sbi_call(SBI_FWFT, 0, features[i].feature, features[i].value, 0).error,
			 named ? 0 : SBI_ERR_NOT_SUPPORTED, features[i].name);
	}
	trap = trap_try((void)csr_read(CSR_SSP));
	CHECK_EQ(trap.count, !fdt_has_extension("zicfiss"), "traps of ssp");
	csr_set(CSR_SSTATUS, SSTATUS_SDT);
	CHECK_EQ(!(csr_read(CSR_SSTATUS) & SSTATUS_SDT), !fdt_has_extension("ssdbltrp"), "no SDT");
	csr_clear(CSR_SSTATUS, SSTATUS_SDT);
	for (unsigned int i = 1; i < sizeof(features) / sizeof(features[0]); i++)
		sbi_call(SBI_FWFT, 0, features[i].feature, 0, 0);
	csr_set(CSR_SIE, LCOFIE);
	CHECK_EQ(!(csr_read(CSR_SIE) & LCOFIE), !fdt_has_extension("sscofpmf"), "no LCOFIE");
	csr_clear(CSR_SIE, LCOFIE);
	test_end();
}

/* The names in an ISA string, one by one: letters after "rv64", then words. */
static unsigned int string_count(const char *string)
{
	unsigned int count = 0;

	for (string += 4; *string && *string != '_'; string++)
		count++;
	for (; *string; string++)
		count += *string == '_';
	return count;
}

static void test_names(void)
{
	uint32_t length = 0, other;
	const char *list = fdt_property(CPU, "riscv,isa-extensions", &length);
	const char *string = fdt_property(CPU, "riscv,isa", &other);
	const char *base = fdt_property(CPU, "riscv,isa-base", &other);
	unsigned int count = 0;

	test_begin("names agree");
	CHECK(list && string && base && !strcmp(base, "rv64i"), "a property is missing");
	if (!list || !string)
		return test_end();
	for (uint32_t at = 0; at < length; at += strlen(list + at) + 1) {
		const char *name = list + at;
		char word[24] = "_";
		bool there;

		strncat(word, name, sizeof(word) - 2);
		there = name[1] ? strstr(string, word) != NULL
				: memchr(string + 4, name[0], strcspn(string + 4, "_")) != NULL;
		CHECK(there, "%s is not in riscv,isa", name);
		print("  has %s", name);
		count++;
	}
	CHECK_EQ(string_count(string), count, "the number of names in riscv,isa");
	CHECK(count && !strncmp(string, "rv64i", 5), "riscv,isa does not begin with rv64i");
	test_end();
}

void payload_main(void)
{
	unsigned long end = time_now() + args_number("seconds", 0) * ticks_per_second;

	exact = args_number("exact", 1) && !sbi_is_bare();
	test_names();
	test_samples();
	test_seed();
	test_page_types();
	test_features();
	test_begin("again and again, among others");
	do {
		for (unsigned int i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
			sample_run(&samples[i]);
			if (i % 8 == 0)
				relax();
		}
	} while (time_now() < end);
	test_end();
}
