/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The errata of harts: which ids they belong to, what is taken away, and what is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arch/firmware.h>
#include <arch/quirks.h>
#include <core/finding.h>

#define P550 UINT64_C(0x8000000000000008)
#define X100 UINT64_C(0x8000000058000002)

static uint64_t ids[3];
static char told[256];
static struct hart hart;

void firmware_hart_ids(uint64_t *vendor, uint64_t *architecture, uint64_t *implementation)
{
	*vendor = ids[0];
	*architecture = ids[1];
	*implementation = ids[2];
}

void finding_add_hart(enum finding_kind kind, unsigned int hart_index, const char *fmt, ...)
{
	va_list args;

	assert_int_equal(kind, FINDING_QUIRK);
	assert_int_equal(hart_index, 3);
	va_start(args, fmt);
	vsnprintf(told, sizeof(told), fmt, args);
	va_end(args);
}

static uint64_t broken(uint64_t vendor, uint64_t architecture, uint64_t implementation)
{
	ids[0] = vendor;
	ids[1] = architecture;
	ids[2] = implementation;
	hart.index = 3;
	hart.arch.broken = UINT64_MAX;
	told[0] = '\0';
	hart_quirks_find(&hart);
	assert_int_equal(hart.arch.implementation, implementation);
	return hart.arch.broken;
}

static void p550_is_of_before_privileged_1_12(void **state)
{
	uint64_t features = broken(0x489, P550, 0x6220425);

	assert_true(features >> FEATURE_HENVCFG & 1);
	assert_true(features >> FEATURE_SENVCFG & 1);
	assert_true(features >> FEATURE_SSTC & 1);
	assert_false(features >> FEATURE_FP & 1);
	assert_non_null(strstr(told, "P550 of EIC7700: H of before privileged 1.12"));
	assert_string_equal(hart_core_name(&hart.arch), "SiFive P550 or P650");
}

static void another_version_of_it_is_probed(void **state)
{
	assert_int_equal(broken(0x489, P550, 0x6220424), 0);
	assert_int_equal(broken(0x489, P550, 0x6220426), 0);
	assert_string_equal(told, "");
	assert_non_null(hart_core_name(&hart.arch));
	assert_int_equal(broken(0x489, P550 - 1, 0x6220425), 0);
	assert_null(hart_core_name(&hart.arch));
}

static void old_xuantie_cores_have_no_vector(void **state)
{
	assert_int_equal(broken(0x5b7, 0, 0), BIT(FEATURE_VECTOR));
	assert_non_null(strstr(told, "GhostWrite"));
	assert_int_equal(broken(0x5b7, UINT64_C(0x8000000009140d00), 0), 0);
}

static void x100_has_a_name_and_no_erratum(void **state)
{
	assert_int_equal(broken(0x710, X100, 0x33d8a600), 0);
	assert_string_equal(hart_core_name(&hart.arch), "SpacemiT X100");
	assert_int_equal(broken(0x710, UINT64_C(0x8000000041000002), 0x33d8a600), 0);
	assert_string_equal(hart_core_name(&hart.arch), "SpacemiT A100");
	assert_int_equal(broken(0, 0, 0), 0);
	assert_null(hart_core_name(&hart.arch));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p550_is_of_before_privileged_1_12),
		cmocka_unit_test(another_version_of_it_is_probed),
		cmocka_unit_test(old_xuantie_cores_have_no_vector),
		cmocka_unit_test(x100_has_a_name_and_no_erratum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
