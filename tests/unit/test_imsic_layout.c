/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the interrupt files of a hart are and how many there are, for IMSICs in one window and in
 * several, with windows that end early.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <core/hostdt.h>
#include <errno.h>

#include "../../drivers/irqchip/imsic.h"

static uint64_t blob[1024];

static int load(void **state)
{
	FILE *pipe = popen("dtc -q -f -I dts -O dtb tests/unit/data/imsic.dts", "r");
	size_t size;

	assert_non_null(pipe);
	size = fread(blob, 1, sizeof(blob), pipe);
	assert_int_equal(pclose(pipe), 0);
	assert_int_equal(hostdt_init(blob, size), 0);
	return 0;
}

static int find(const char *path, unsigned int guest_bits, unsigned int number, uint64_t *base,
		unsigned int *pages)
{
	hpa_t page = { 0 };
	int err = imsic_pages_find(hostdt_path(path), guest_bits, number, &page, pages);

	*base = page.v;
	return err;
}

static void assert_pages(const char *path, unsigned int guest_bits, unsigned int number,
			 uint64_t base, unsigned int pages)
{
	uint64_t got_base;
	unsigned int got_pages;

	assert_int_equal(find(path, guest_bits, number, &got_base, &got_pages), 0);
	assert_int_equal(got_base, base);
	assert_int_equal(got_pages, pages);
}

static void assert_none(const char *path, unsigned int guest_bits, unsigned int number, int error)
{
	uint64_t base;
	unsigned int pages;

	assert_int_equal(find(path, guest_bits, number, &base, &pages), error);
}

static void harts_are_a_stride_apart(void **state)
{
	assert_pages("/full", 2, 0, 0x28000000, 4);
	assert_pages("/full", 2, 1, 0x28004000, 4);
	assert_none("/full", 2, 2, -ENOENT);
}

static void without_guest_bits_there_is_one_page(void **state)
{
	assert_pages("/full", 0, 0, 0x28000000, 1);
	assert_pages("/full", 0, 7, 0x28007000, 1);
	assert_none("/full", 0, 8, -ENOENT);
}

static void windows_are_groups(void **state)
{
	assert_pages("/groups", 2, 1, 0x28004000, 4);
	assert_pages("/groups", 2, 2, 0x29000000, 4);
	assert_pages("/groups", 2, 3, 0x29004000, 4);
	assert_none("/groups", 2, 4, -ENOENT);
}

static void a_short_window_costs_files_of_its_last_hart(void **state)
{
	assert_pages("/short", 2, 0, 0x28000000, 4);
	assert_pages("/short", 2, 1, 0x28004000, 3);
	assert_pages("/short", 2, 2, 0x29000000, 4);
	assert_pages("/short", 2, 3, 0x29004000, 1);
	assert_none("/short", 2, 4, -ENOENT);
}

static void part_of_a_page_is_no_file(void **state)
{
	assert_pages("/less-than-a-page", 2, 0, 0x28000000, 4);
	assert_none("/less-than-a-page", 2, 1, -EINVAL);
	assert_none("/misaligned", 2, 0, -EINVAL);
}

static void an_empty_window_holds_no_hart(void **state)
{
	assert_pages("/empty-window", 2, 0, 0x29000000, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(harts_are_a_stride_apart),
		cmocka_unit_test(without_guest_bits_there_is_one_page),
		cmocka_unit_test(windows_are_groups),
		cmocka_unit_test(a_short_window_costs_files_of_its_last_hart),
		cmocka_unit_test(part_of_a_page_is_no_file),
		cmocka_unit_test(an_empty_window_holds_no_hart),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
