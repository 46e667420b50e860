/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the ISA extensions: what is read from device trees, and of which a guest is told.
 */
#include <arch/csr.h>
#include <arch/hart.h>
#include <arch/isa.h>

#include <errno.h>
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define LIST(text) text, sizeof(text)
#define FEATURES (BIT(FEATURE_SSTC) | BIT(FEATURE_FP) | BIT(FEATURE_VECTOR))
#define HENVCFG \
	(HENVCFG_STCE | HENVCFG_PBMTE | HENVCFG_ADUE | HENVCFG_CBIE | HENVCFG_CBCFE | HENVCFG_CBZE)

/* Whether @set is exactly the space-separated names of @expected. */
static void assert_set(const struct isa_set *set, const char *expected)
{
	struct isa_set want = { 0 };
	char words[512];

	assert_true(strlen(expected) < sizeof(words));
	strcpy(words, expected);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		unsigned int i = 0;

		while (i < ISA_COUNT && strcmp(isa_name(i), word))
			i++;
		assert_true(i < ISA_COUNT);
		isa_add(&want, i);
	}
	for (unsigned int i = 0; i < ISA_COUNT; i++)
		if (isa_has(set, i) != isa_has(&want, i))
			fail_msg("%s: %s", isa_name(i), isa_has(set, i) ? "unexpected" : "missing");
}

static void assert_string(const char *string, const char *expected)
{
	struct isa_set set;

	assert_int_equal(isa_parse_string(string, strlen(string) + 1, &set), 0);
	assert_set(&set, expected);
}

/* What `i` of a string includes. */
#define I "i zicsr zifencei zicntr zihpm "
#define IMA I "m a zaamo zalrsc "
#define IMAFDC IMA "f d c zca zcd "

static void names_are_in_lower_case_and_there_once(void **state)
{
	for (unsigned int i = 0; i < ISA_COUNT; i++) {
		assert_int_equal(strspn(isa_name(i), "abcdefghijklmnopqrstuvwxyz0123456789"),
				 strlen(isa_name(i)));
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(isa_name(i), isa_name(j));
	}
}

static void a_list_is_read_name_by_name(void **state)
{
	struct isa_set set;

	assert_int_equal(isa_parse_list(LIST("i\0m\0zicsr\0sstc\0xventana\0"), &set), 0);
	assert_set(&set, "i m zicsr sstc");
	assert_int_equal(isa_parse_list("", 0, &set), 0);
	assert_set(&set, "");
	assert_int_equal(isa_parse_list(LIST("\0\0i"), &set), 0);
	assert_set(&set, "i");
}

static void a_list_names_no_versions_and_no_parts(void **state)
{
	struct isa_set set;

	assert_int_equal(isa_parse_list(LIST("i2p1\0zicsr_zba\0zicsrx\0zics"), &set), 0);
	assert_set(&set, "");
}

static void a_list_without_an_end_is_an_error(void **state)
{
	struct isa_set set;

	assert_int_equal(isa_parse_list("i\0m", 3, &set), -EINVAL);
	assert_int_equal(isa_parse_list("i", 1, &set), -EINVAL);
}

static void a_string_has_letters_and_names(void **state)
{
	assert_string("rv64i", I);
	assert_string("rv64imafdc", IMAFDC);
	assert_string("rv64imafdch_zba_sstc", IMAFDC "h zba sstc");
	assert_string("rv64imafdcsstc", IMAFDC "sstc");
	assert_string("rv64i_m_a", IMA);
	assert_string("rv64i__m_a_", IMA);
	assert_string("RV64IMAFDC_ZBA_Zbb", IMAFDC "zba zbb");
	assert_string("rv64gc", IMAFDC);
	assert_string("rv64iq_xtheadba_zunknown_zbs", I "zbs");
}

static void a_string_may_have_versions(void **state)
{
	assert_string("rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_zba1p0_sstc1p0", IMAFDC "zba sstc");
	assert_string("rv64i2p1m2a2p0", IMA);
	assert_string("rv64i2_zba1_zbb0p93", I "zba zbb");
	/* These digits are of the name. */
	assert_string("rv64i_zic64b_zvl64b1p0", I "zic64b zvl64b zvl32b");
	/* A version without a minor part, and a letter P. */
	assert_string("rv64i2pm", I "m");
}

static void other_strings_are_errors(void **state)
{
	struct isa_set set;

	assert_int_equal(isa_parse_string("rv32imac", 9, &set), -EINVAL);
	assert_int_equal(isa_parse_string("rv64", 5, &set), -EINVAL);
	assert_int_equal(isa_parse_string("", 1, &set), -EINVAL);
	assert_int_equal(isa_parse_string("rv64i", 3, &set), -EINVAL);
	assert_int_equal(isa_parse_string("riscv", 6, &set), -EINVAL);
}

static void a_string_ends_at_its_length_or_its_nul(void **state)
{
	struct isa_set set;

	assert_int_equal(isa_parse_string("rv64ima", 5, &set), 0);
	assert_set(&set, I);
	assert_int_equal(isa_parse_string("rv64i\0ma", 8, &set), 0);
	assert_set(&set, I);
	assert_int_equal(isa_parse_string("rv64i2p1", 7, &set), 0);
	assert_set(&set, I);
}

static void what_is_implied_is_added(void **state)
{
	struct isa_set set;

	assert_int_equal(isa_parse_list(LIST("b"), &set), 0);
	assert_set(&set, "b zba zbb zbs");
	assert_int_equal(isa_parse_list(LIST("c"), &set), 0);
	assert_set(&set, "c zca");
	assert_int_equal(isa_parse_list(LIST("c\0d"), &set), 0);
	assert_set(&set, "c d f zicsr zca zcd");
	assert_int_equal(isa_parse_list(LIST("v"), &set), 0);
	assert_set(&set, "v d f zicsr zve32f zve32x zve64d zve64f zve64x zvl128b zvl64b zvl32b");
	assert_int_equal(isa_parse_list(LIST("zk"), &set), 0);
	assert_set(&set, "zk zkn zkr zkt zbkb zbkc zbkx zkne zknd zknh");
	assert_int_equal(isa_parse_list(LIST("zabha\0zacas"), &set), 0);
	assert_set(&set, "zabha zacas zaamo");
}

static void the_intersection_is_what_both_have(void **state)
{
	struct isa_set one, two;

	assert_int_equal(isa_parse_list(LIST("i\0m\0a\0sstc\0svvptc"), &one), 0);
	assert_int_equal(isa_parse_list(LIST("i\0a\0c\0svvptc"), &two), 0);
	isa_intersect(&one, &two);
	assert_set(&one, "i a zaamo zalrsc svvptc");
}

/* ---- cpu nodes ------------------------------------------------------------------------------- */

static void assert_cpu(const char *list, size_t length, const char *string, int error,
		       const char *expected)
{
	struct isa_set set;
	char fdt[512];

	assert_int_equal(fdt_create_empty_tree(fdt, sizeof(fdt)), 0);
	if (list)
		assert_int_equal(fdt_setprop(fdt, 0, "riscv,isa-extensions", list, length), 0);
	if (string)
		assert_int_equal(fdt_setprop_string(fdt, 0, "riscv,isa", string), 0);
	assert_int_equal(isa_parse_cpu(fdt, 0, &set), error);
	if (!error || error == -ENOENT)
		assert_set(&set, expected);
}

static void a_cpu_node_has_a_list_or_else_a_string(void **state)
{
	assert_cpu(LIST("i\0m"), NULL, 0, "i m");
	assert_cpu(NULL, 0, "rv64im", 0, I "m");
	assert_cpu(LIST("i"), "rv64imac", 0, "i");
	assert_cpu(NULL, 0, NULL, -ENOENT, "");
	assert_cpu("i", 1, "rv64imac", 0, I "m a c zaamo zalrsc zca");
	assert_cpu("i", 1, NULL, -ENOENT, "");
	assert_cpu("i", 1, "rv32i", -EINVAL, NULL);
	assert_cpu(NULL, 0, "rv32i", -EINVAL, NULL);
}

static void another_base_than_rv64_is_refused(void **state)
{
	struct isa_set set;
	char fdt[512];

	assert_int_equal(fdt_create_empty_tree(fdt, sizeof(fdt)), 0);
	assert_int_equal(fdt_setprop_string(fdt, 0, "riscv,isa", "rv64i"), 0);
	assert_int_equal(fdt_setprop_string(fdt, 0, "riscv,isa-base", "rv64i"), 0);
	assert_int_equal(isa_parse_cpu(fdt, 0, &set), 0);
	assert_int_equal(fdt_setprop_string(fdt, 0, "riscv,isa-base", "rv32i"), 0);
	assert_int_equal(isa_parse_cpu(fdt, 0, &set), -EINVAL);
	assert_set(&set, "");
	assert_int_equal(fdt_setprop(fdt, 0, "riscv,isa-base", "rv", 2), 0);
	assert_int_equal(isa_parse_cpu(fdt, 0, &set), -EINVAL);
}

/* ---- guests ---------------------------------------------------------------------------------- */

/* Takes @words, separated by blanks, out of what a guest on harts with @string is offered. */
static struct isa_controls offer(const char *string, const char *words,
				 struct isa_controls controls, struct isa_set *offered)
{
	struct isa_set common, disabled = { 0 };
	char list[256];

	assert_int_equal(isa_parse_string(string, strlen(string), &common), 0);
	strcpy(list, words);
	for (char *word = strtok(list, " "); word; word = strtok(NULL, " "))
		for (unsigned int i = 0; i < ISA_COUNT; i++)
			if (!strcmp(isa_name(i), word))
				isa_add(&disabled, i);
	isa_offer(&common, &disabled, &controls, offered);
	return controls;
}

/* Whether a guest on harts with @string is told exactly of @expected. */
static void assert_guest(const char *string, uint64_t features, uint64_t henvcfg, bool imsic,
			 const char *expected)
{
	struct isa_controls controls = {
		.features = features | (imsic ? BIT(FEATURE_SSAIA) : 0),
		.henvcfg = henvcfg,
	};
	struct isa_set told;

	offer(string, "", controls, &told);
	assert_set(&told, expected);
}

#define GUEST_I "i zicsr zifencei zicntr "
#define GUEST_IMA GUEST_I "m a zaamo zalrsc "

static void a_guest_is_told_of_what_has_no_state(void **state)
{
	assert_guest("rv64imac_zba_zicond_zawrs_ztso_svinval_svvptc", 0, 0, false,
		     GUEST_IMA "c zca zba zicond zawrs ztso svinval svvptc");
}

static void a_guest_is_not_told_of_what_is_not_kept(void **state)
{
	assert_guest("rv64imah_zihpm_zicfilp_zicfiss_zcmt_smaia_smnpm_smstateen_sscofpmf_ssdbltrp_"
		     "ssnpm_zkr_smcsrind_sscsrind_ssstateen",
		     FEATURES, ~UINT64_C(0), true, GUEST_IMA "zca sstc ssaia");
}

static void a_guest_is_told_of_registers_that_are_kept(void **state)
{
	const char *string = "rv64imafdc_zve32x_zfh";

	assert_guest(string, 0, 0, false, GUEST_IMA "c zca");
	assert_guest(string, BIT(FEATURE_FP), 0, false, GUEST_IMA "f d c zca zcd zfh zfhmin");
	assert_guest(string, BIT(FEATURE_VECTOR), 0, false, GUEST_IMA "c zca zve32x zvl32b");
	assert_guest("rv64iv", BIT(FEATURE_VECTOR), 0, false,
		     GUEST_I "zve32x zve64x zvl32b zvl64b zvl128b");
	assert_guest("rv64iv", BIT(FEATURE_VECTOR) | BIT(FEATURE_FP), 0, false,
		     GUEST_I "f d v zve32x zve64x zve32f zve64f zve64d zvl32b zvl64b zvl128b");
}

static void what_depends_on_something_withheld_is_withheld(void **state)
{
	assert_guest("rv64i_zk", 0, 0, false, GUEST_I "zkn zkt zbkb zbkc zbkx zkne zknd zknh");
	assert_guest("rv64i_zvfh", BIT(FEATURE_VECTOR), 0, false, GUEST_I "zve32x zvl32b");
}

static void henvcfg_decides_on_cache_blocks_and_page_types(void **state)
{
	const char *string = "rv64i_zicbom_zicbop_zicboz_svpbmt";

	assert_guest(string, 0, HENVCFG, false, GUEST_I "zicbom zicbop zicboz svpbmt");
	assert_guest(string, 0, 0, false, GUEST_I "zicbop");
	assert_guest(string, 0, HENVCFG_CBIE, false, GUEST_I "zicbop");
	assert_guest(string, 0, HENVCFG_CBCFE, false, GUEST_I "zicbop");
	assert_guest(string, 0, HENVCFG_CBIE | HENVCFG_CBCFE, false, GUEST_I "zicbom zicbop");
	assert_guest(string, 0, HENVCFG_CBIE_FLUSH | HENVCFG_CBCFE, false, GUEST_I "zicbom zicbop");
	assert_guest(string, 0, HENVCFG_CBZE, false, GUEST_I "zicbop zicboz");
	assert_guest(string, 0, HENVCFG_PBMTE, false, GUEST_I "zicbop svpbmt");
	assert_guest("rv64i", 0, HENVCFG, false, GUEST_I);
}

static void timer_and_interrupt_files_follow_what_was_probed(void **state)
{
	assert_guest("rv64i_sstc_ssaia", 0, 0, false, GUEST_I);
	assert_guest("rv64i", BIT(FEATURE_SSTC), 0, false, GUEST_I "sstc");
	assert_guest("rv64i", 0, 0, true, GUEST_I "ssaia");
}

static void either_way_of_dirty_bits_is_svade_in_a_guest(void **state)
{
	assert_guest("rv64i_svade", 0, 0, false, GUEST_I "svade");
	assert_guest("rv64i_svadu", 0, HENVCFG, false, GUEST_I "svade");
	assert_guest("rv64i_svade_svadu", 0, HENVCFG, false, GUEST_I "svade");
	assert_guest("rv64i", 0, HENVCFG, false, GUEST_I);
}

static void what_fwft_turns_on_follows_what_was_probed(void **state)
{
	const char *all = "rv64i_zicfilp_zicfiss_smnpm_ssnpm_supm_ssdbltrp_svadu";

	assert_guest(all, 0, 0, false, GUEST_I "svade");
	assert_guest(all, BIT(FEATURE_LANDING_PAD), 0, false, GUEST_I "svade zicfilp");
	assert_guest(all, BIT(FEATURE_SHADOW_STACK), 0, false, GUEST_I "svade zicfiss");
	assert_guest(all, BIT(FEATURE_DOUBLE_TRAP), 0, false, GUEST_I "svade ssdbltrp");
	assert_guest(all, BIT(FEATURE_AD_UPDATING), 0, false, GUEST_I "svade svadu");
	assert_guest(all, BIT(FEATURE_PMLEN_7), 0, false, GUEST_I "svade smnpm ssnpm supm");
	assert_guest(all, BIT(FEATURE_PMLEN_16), 0, false, GUEST_I "svade smnpm ssnpm supm");
	assert_guest("rv64i", BIT(FEATURE_AD_UPDATING), 0, false, GUEST_I "svade svadu");
	assert_guest("rv64i", BIT(FEATURE_PMLEN_7), 0, false, GUEST_I "smnpm ssnpm");
}

static void a_short_array_gets_the_first_names(void **state)
{
	const char *names[3] = { NULL, NULL, "untouched" };
	struct isa_set set;

	assert_int_equal(isa_parse_list(LIST("i\0m\0zicsr\0zba"), &set), 0);
	assert_int_equal(isa_list(&set, names, 2), 4);
	assert_string_equal(names[0], "i");
	assert_string_equal(names[1], "m");
	assert_string_equal(names[2], "untouched");
	assert_int_equal(isa_list(&set, NULL, 0), 4);
}

/* ---- what is disabled ------------------------------------------------------------------------ */

#define ALL_BITS ((struct isa_controls){ ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0) })
#define RICH                                                                                   \
	"rv64imafdcbv_zicbom_zicboz_zfh_zk_zks_zvfh_zvkn_zkr_svpbmt_svinval_sstc_ssaia_zawrs_" \
	"zicbop_sscofpmf"

/* What of the controls is left, and whether exactly @lost is gone, when @words are disabled. */
static struct isa_controls assert_lost(const char *words, const char *lost)
{
	struct isa_set all, offered;
	struct isa_controls controls;

	offer(RICH, "", ALL_BITS, &all);
	controls = offer(RICH, words, ALL_BITS, &offered);
	for (unsigned int i = 0; i < ISA_COUNT; i++) {
		assert_false(isa_has(&offered, i) && !isa_has(&all, i));
		if (isa_has(&offered, i))
			isa_remove(&all, i);
	}
	assert_set(&all, lost);
	return controls;
}

#define LOST_VECTOR                                                                          \
	"v zve32x zve32f zve64x zve64f zve64d zvl32b zvl64b zvl128b zvfh zvfhmin zvkb zvkn " \
	"zvkned zvknha zvknhb zvkt "

static void what_depends_on_something_disabled_goes_with_it(void **state)
{
	assert_lost("d", "d zcd v zve64d");
	assert_lost("f", "f d zcd v zve64d zve64f zve32f zfh zfhmin zvfh zvfhmin");
	assert_lost("zve64x", "zve64x zve64f zve64d v zvknhb zvkn");
	assert_lost("zba", "zba b");
	assert_lost("zkr", "zkr zk");
	assert_lost("zicbop", "zicbop");
	assert_lost("h", "");
}

static void an_abbreviation_takes_what_it_stands_for(void **state)
{
	assert_lost("b", "b zba zbb zbs");
	assert_lost("zks", "zks zk zkn zbkb zbkc zbkx zksed zksh");
	assert_lost("zk", "zk zkn zkr zkt zbkb zbkc zbkx zkne zknd zknh zks");
	assert_lost("zvkn", "zvkn zvkb zvkned zvknhb zvkt");
	assert_lost("v", LOST_VECTOR);
}

static void what_is_disabled_is_made_to_trap(void **state)
{
	struct isa_controls left = assert_lost("v", LOST_VECTOR);

	assert_int_equal(left.features, ~BIT(FEATURE_VECTOR));
	assert_int_equal(left.henvcfg, ~UINT64_C(0));
	left = assert_lost("f zve32x", LOST_VECTOR "f d zcd zfh zfhmin");
	assert_int_equal(left.features, ~(BIT(FEATURE_VECTOR) | BIT(FEATURE_FP)));
	left = assert_lost("zicbom", "zicbom");
	assert_int_equal(left.henvcfg, ~(HENVCFG_CBIE | HENVCFG_CBCFE));
	left = assert_lost("zicboz svpbmt", "zicboz svpbmt");
	assert_int_equal(left.henvcfg, ~(HENVCFG_CBZE | HENVCFG_PBMTE));
	assert_int_equal(left.features, ~UINT64_C(0));
	left = assert_lost("sstc", "sstc");
	assert_int_equal(left.henvcfg, ~HENVCFG_STCE);
	assert_int_equal(left.features, ~BIT(FEATURE_SSTC));
	left = assert_lost("ssaia", "ssaia");
	assert_int_equal(left.features, ~BIT(FEATURE_SSAIA));
	assert_int_equal(left.hstateen0, ~(HSTATEEN0_CSRIND | HSTATEEN0_AIA | HSTATEEN0_IMSIC));
	left = assert_lost("ssstateen", "ssstateen");
	assert_int_equal(left.features, ~BIT(FEATURE_SSSTATEEN));
	assert_int_equal(left.hstateen0, ~HSTATEEN0_SE0);
	left = assert_lost("zkr", "zkr zk");
	assert_int_equal(left.features, ~BIT(FEATURE_ZKR));
	left = assert_lost("sscofpmf", "sscofpmf");
	assert_int_equal(left.features, ~BIT(FEATURE_SSCOFPMF));
}

static void what_cannot_be_made_to_trap_is_only_not_told_of(void **state)
{
	struct isa_controls left = assert_lost("svinval zawrs b", "svinval zawrs b zba zbb zbs");

	assert_int_equal(left.features, ~UINT64_C(0));
	assert_int_equal(left.henvcfg, ~UINT64_C(0));
	assert_int_equal(left.hstateen0, ~UINT64_C(0));
}

/* A hart may do more than its device tree says. */
static void what_harts_do_not_name_is_made_to_trap(void **state)
{
	struct isa_controls left = ALL_BITS;
	struct isa_set offered;

	left = offer("rv64ima_sstc", "", left, &offered);
	assert_set(&offered, GUEST_IMA "sstc ssaia ssstateen zicfilp zicfiss smnpm ssdbltrp ssnpm "
				       "svade svadu");
	assert_int_equal(left.features, ~(BIT(FEATURE_FP) | BIT(FEATURE_VECTOR) | BIT(FEATURE_ZKR) |
					  BIT(FEATURE_SSCOFPMF)));
	assert_int_equal(left.henvcfg,
			 ~(HENVCFG_CBIE | HENVCFG_CBCFE | HENVCFG_CBZE | HENVCFG_PBMTE));
}

static void what_fwft_turns_on_can_be_disabled(void **state)
{
	static const struct {
		const char *disabled;
		uint64_t features;
	} cases[] = {
		{ "zicfilp", BIT(FEATURE_LANDING_PAD) },
		{ "zicfiss", BIT(FEATURE_SHADOW_STACK) },
		{ "ssdbltrp", BIT(FEATURE_DOUBLE_TRAP) },
		{ "svadu", BIT(FEATURE_AD_UPDATING) },
		{ "svade", BIT(FEATURE_AD_UPDATING) },
		{ "smnpm", BIT(FEATURE_PMLEN_7) | BIT(FEATURE_PMLEN_16) },
		{ "ssnpm", 0 },
	};
	struct isa_controls all = ALL_BITS, left;
	struct isa_set offered;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		all.features = FEATURES_FWFT;
		left = offer("rv64i", cases[i].disabled, all, &offered);
		assert_int_equal(left.features, FEATURES_FWFT & ~cases[i].features);
	}
}

static void seed_and_state_enables_follow_what_was_probed(void **state)
{
	assert_guest("rv64i_zkr_ssstateen", 0, 0, false, GUEST_I);
	assert_guest("rv64i_zkr", BIT(FEATURE_ZKR), 0, false, GUEST_I "zkr");
	assert_guest("rv64i", BIT(FEATURE_ZKR), 0, false, GUEST_I);
	assert_guest("rv64i_sscofpmf", BIT(FEATURE_SSCOFPMF), 0, false, GUEST_I "sscofpmf");
	assert_guest("rv64i_sscofpmf", 0, 0, false, GUEST_I);
	assert_guest("rv64i_smstateen", BIT(FEATURE_SSSTATEEN), 0, false, GUEST_I "ssstateen");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_in_lower_case_and_there_once),
		cmocka_unit_test(a_list_is_read_name_by_name),
		cmocka_unit_test(a_list_names_no_versions_and_no_parts),
		cmocka_unit_test(a_list_without_an_end_is_an_error),
		cmocka_unit_test(a_string_has_letters_and_names),
		cmocka_unit_test(a_string_may_have_versions),
		cmocka_unit_test(other_strings_are_errors),
		cmocka_unit_test(a_string_ends_at_its_length_or_its_nul),
		cmocka_unit_test(what_is_implied_is_added),
		cmocka_unit_test(the_intersection_is_what_both_have),
		cmocka_unit_test(a_cpu_node_has_a_list_or_else_a_string),
		cmocka_unit_test(another_base_than_rv64_is_refused),
		cmocka_unit_test(a_guest_is_told_of_what_has_no_state),
		cmocka_unit_test(a_guest_is_not_told_of_what_is_not_kept),
		cmocka_unit_test(a_guest_is_told_of_registers_that_are_kept),
		cmocka_unit_test(what_depends_on_something_withheld_is_withheld),
		cmocka_unit_test(henvcfg_decides_on_cache_blocks_and_page_types),
		cmocka_unit_test(timer_and_interrupt_files_follow_what_was_probed),
		cmocka_unit_test(either_way_of_dirty_bits_is_svade_in_a_guest),
		cmocka_unit_test(what_fwft_turns_on_follows_what_was_probed),
		cmocka_unit_test(what_fwft_turns_on_can_be_disabled),
		cmocka_unit_test(a_short_array_gets_the_first_names),
		cmocka_unit_test(what_depends_on_something_disabled_goes_with_it),
		cmocka_unit_test(an_abbreviation_takes_what_it_stands_for),
		cmocka_unit_test(what_is_disabled_is_made_to_trap),
		cmocka_unit_test(what_cannot_be_made_to_trap_is_only_not_told_of),
		cmocka_unit_test(what_harts_do_not_name_is_made_to_trap),
		cmocka_unit_test(seed_and_state_enables_follow_what_was_probed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
