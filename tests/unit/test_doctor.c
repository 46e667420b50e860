/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a report says of a hart: each feature that there can be has a line of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#include <arch/describe.h>
#include <arch/firmware.h>
#include <arch/isa.h>
#include <core/options.h>
#include <drivers/irqchip.h>

static char lines[16384];
static struct hart hart;

bool firmware_has(unsigned long extension)
{
	return extension == SBI_EXT_TIME;
}

unsigned long firmware_spec_version(void)
{
	return 3U << 24;
}

unsigned long firmware_impl_id(void)
{
	return 1;
}

unsigned long firmware_impl_version(void)
{
	return 0x10006;
}

void firmware_hart_ids(uint64_t *vendor, uint64_t *architecture, uint64_t *implementation)
{
	*vendor = *architecture = *implementation = 0;
}

size_t firmware_console_read(char *text, size_t room)
{
	return 0;
}

unsigned int imsic_guest_files(unsigned int hart_index)
{
	return 0;
}

static void line(const char *text)
{
	snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "\n%s", text);
}

static const char *report(void)
{
	lines[0] = '\0';
	arch_hart_report(&hart, line);
	return lines;
}

static int setup(void **state)
{
	fake_host_reset();
	options_init("");
	memset(&hart, 0, sizeof(hart));
	return 0;
}

static void each_feature_has_a_name_and_says_how_it_was_looked_for(void **state)
{
	for (unsigned int i = 0; i < FEATURE_COUNT; i++) {
		char start[32];
		const char *found;

		snprintf(start, sizeof(start), "\n%-12s no  (", feature_name(i));
		assert_string_not_equal(feature_name(i), "?");
		found = strstr(report(), start);
		if (!found)
			fail_msg("no line of %s", feature_name(i));
		if (!strncmp(found + strlen(start), "(null)", 6) || found[strlen(start)] == ')')
			fail_msg("%s: how?", feature_name(i));
	}
}

static void what_the_device_tree_says_otherwise_is_told(void **state)
{
	isa_add(&hart.arch.isa, ISA_SSTC);
	assert_non_null(strstr(report(), "sstc         no  (henvcfg.STCE, stimecmp; "
					 "the device tree says yes)"));
	hart.arch.features = BIT(FEATURE_SSTC) | BIT(FEATURE_SVNAPOT);
	assert_non_null(strstr(report(), "sstc         yes (henvcfg.STCE, stimecmp)\n"));
	assert_non_null(
		strstr(report(), "svnapot      yes (device tree; the device tree says no)"));
}

/* Whatever the device tree promises: most features are no extension of their own. */
static void what_no_extension_promises_is_not_compared(void **state)
{
	for (unsigned int i = 0; i < ISA_COUNT; i++)
		isa_add(&hart.arch.isa, i);
	assert_non_null(strstr(report(), "htval        no  (taken for granted)\n"));
	assert_non_null(strstr(report(), "htinst       no  (taken for granted)\n"));
}

static void why_it_is_not_there_is_told(void **state)
{
	options_init("hide=htval");
	hart.arch.broken = BIT(FEATURE_HTINST);
	assert_non_null(
		strstr(report(), "htval        no  (taken for granted, hidden by an option)"));
	assert_non_null(
		strstr(report(), "htinst       no  (taken for granted, taken away by a quirk)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_feature_has_a_name_and_says_how_it_was_looked_for,
				       setup),
		cmocka_unit_test_setup(what_the_device_tree_says_otherwise_is_told, setup),
		cmocka_unit_test_setup(what_no_extension_promises_is_not_compared, setup),
		cmocka_unit_test_setup(why_it_is_not_there_is_told, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
