/* SPDX-License-Identifier: BSD-2-Clause */
/* Which extensions guests are offered, and what is said of the others. One thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vm_world.h"

#include <arch/csr.h>
#include <arch/describe.h>
#include <core/options.h>
#include <stdio.h>

static char told[16384];
static const char *hidden; /* of hart 10 */

bool option_hides(const char *feature, uint64_t hart_id)
{
	return hidden && hart_id == 10 && strcmp(feature, hidden) == 0;
}

static void add_line(const char *text)
{
	assert_true(strlen(told) + strlen(text) + 2 < sizeof(told));
	strcat(told, text);
	strcat(told, "\n");
}

static void assert_told(const char *text)
{
	told[0] = '\0';
	arch_offer_report(add_line);
	if (!strstr(told, text))
		fail_msg("\"%s\" is not in:\n%s", text, told);
}

/* Hart 0 and hart 1, whose id is 10, with the same. */
static void harts_make(void)
{
	struct arch_hart *arch = &harts[0]->arch;

	hidden = NULL;
	memset(&arch->isa, 0, sizeof(arch->isa));
	arch->features = BIT(FEATURE_SSTC) | BIT(FEATURE_SSAIA) | BIT(FEATURE_HENVCFG) |
			 BIT(FEATURE_VECTOR);
	arch->henvcfg = HENVCFG_STCE | HENVCFG_PBMTE | HENVCFG_CBZE;
	arch->hstateen0 = UINT64_MAX;
	arch->vlenb = 16;
	arch->cboz_block = 64;
	arch->broken = 0;
	for (unsigned int i = 0; i < 3; i++)
		isa_add(&arch->isa, (enum isa_extension[]){ ISA_ZBB, ISA_SVPBMT, ISA_ZICBOZ }[i]);
	for (unsigned int i = 0; i < 4; i++)
		isa_add(&arch->isa,
			(enum isa_extension[]){ ISA_ZICSR, ISA_ZVL32B, ISA_ZVE32X, ISA_H }[i]);
	harts[1]->arch = *arch;
	harts[1]->state = HART_ONLINE;
}

static void what_all_harts_have_is_offered(void **state)
{
	harts_make();
	assert_told("offered to guests of all harts:");
	assert_told(" zbb");
	assert_told(" sstc");
	assert_told("  h: guests have no guests of their own\n");
	assert_told("in the device tree of no hart:");
	assert_told("  svadu: ad-updating was not found (SBI FWFT, henvcfg.ADUE)\n");
	assert_null(strstr(told, "  sstc:"));
	assert_null(strstr(told, "  svpbmt:"));
}

static void each_reason_names_the_hart_that_has_it(void **state)
{
	struct arch_hart *arch = &harts[1]->arch;

#define MUST_TELL(change, text)    \
	do {                       \
		harts_make();      \
		change;            \
		assert_told(text); \
	} while (0)
	MUST_TELL(isa_remove(&arch->isa, ISA_ZBB), "  zbb of hart 10: not in the device tree\n");
	MUST_TELL(arch->features &= ~BIT(FEATURE_SSTC),
		  "  sstc of hart 10: sstc was not found (henvcfg.STCE, stimecmp)\n");
	MUST_TELL((arch->features &= ~BIT(FEATURE_SSTC), hidden = "sstc"),
		  "  sstc of hart 10: hidden by the option hide=sstc\n");
	MUST_TELL((arch->features &= ~BIT(FEATURE_HENVCFG), arch->henvcfg = 0,
		   arch->broken = BIT(FEATURE_HENVCFG)),
		  "  svpbmt of hart 10: a quirk takes henvcfg away\n");
	MUST_TELL(arch->henvcfg &= ~HENVCFG_PBMTE,
		  "  svpbmt of hart 10: bits 0x4000000000000000 of henvcfg cannot be set\n");
	MUST_TELL(arch->cboz_block = 0,
		  "  zicboz of hart 10: the device tree does not say how large its blocks are\n");
	MUST_TELL(isa_remove(&arch->isa, ISA_ZVL32B),
		  "  zve32x of hart 10: guests are not told of zvl32b\n");
	MUST_TELL(arch->vlenb = 32, "  zve32x: harts differ in what it needs\n");
	MUST_TELL((arch->features &= ~BIT(FEATURE_SSTC),
		   harts[0]->arch.features &= ~BIT(FEATURE_SSTC)),
		  "  sstc: sstc was not found (henvcfg.STCE, stimecmp)\n");
#undef MUST_TELL
}

static void hart_that_never_came_says_nothing(void **state)
{
	harts_make();
	isa_remove(&harts[1]->arch.isa, ISA_ZBB);
	harts[1]->state = HART_ABSENT;
	assert_told(" zbb");
	assert_null(strstr(told, "of hart 10"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_all_harts_have_is_offered),
		TEST(each_reason_names_the_hart_that_has_it),
		TEST(hart_that_never_came_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
