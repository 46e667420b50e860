/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the bundle reader: what it finds, and that no archive makes it read outside. */
#include <core/bundle.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpio.h"

#define FIRST_DATA "first"
#define SECOND_DATA "the second one"

/* Offsets of fields in a header. */
#define AT_MODE 14
#define AT_FILESIZE 54
#define AT_NAMESIZE 94

static struct cpio sample(void)
{
	struct cpio cpio = { 0 };

	cpio_entry(&cpio, ".", CPIO_DIRECTORY, NULL, 0, false);
	cpio_entry(&cpio, "first", CPIO_FILE, FIRST_DATA, strlen(FIRST_DATA), false);
	cpio_entry(&cpio, "./folder", CPIO_DIRECTORY, NULL, 0, false);
	cpio_entry(&cpio, "./folder/second", CPIO_FILE, SECOND_DATA, strlen(SECOND_DATA), true);
	cpio_file(&cpio, "empty", NULL, 0);
	cpio_trailer(&cpio);
	return cpio;
}

/* Opens @cpio, finds all that is in it, and returns what bundle_open() returned. */
static int open_and_read(const struct cpio *cpio, struct test_report *report)
{
	struct bundle_file file;
	struct bundle bundle;
	size_t cursor = 0, size, sum = 0;
	const void *data;
	int error;

	test_report_init(report);
	error = bundle_open(cpio->data, cpio->size, &bundle, &report->report);
	assert_int_equal(report->report.errors, error ? 1 : 0);
	if (error)
		return error;
	while (!bundle_next(&bundle, &cursor, &file)) {
		for (size_t i = 0; i < file.size; i++)
			sum += ((const uint8_t *)file.data)[i];
		if (file.regular)
			assert_int_equal(bundle_find(&bundle, file.name, &data, &size), 0);
	}
	assert_true(sum != 1);
	return 0;
}

static void assert_refused(const struct cpio *cpio, const char *message)
{
	struct test_report report;

	assert_int_equal(open_and_read(cpio, &report), -EINVAL);
	assert_reported(&report, message);
}

/* The bundle in @cpio, which must open. */
static struct bundle opened(const struct cpio *cpio)
{
	struct test_report report;
	struct bundle bundle;

	test_report_init(&report);
	assert_int_equal(bundle_open(cpio->data, cpio->size, &bundle, &report.report), 0);
	return bundle;
}

/* A file of this name has this text; NULL: there is none. Returns where it is. */
static const void *find(const struct bundle *bundle, const char *name, const char *text)
{
	const void *data = NULL;
	size_t size;

	if (bundle_find(bundle, name, &data, &size) != (text ? 0 : -ENOENT))
		fail_msg("%s is %s", name, text ? "not there" : "there");
	if (text) {
		assert_int_equal(size, strlen(text));
		assert_memory_equal(data, text, size);
	}
	return data;
}

static void files_are_found_by_name(void **state)
{
	struct cpio cpio = sample();
	struct bundle bundle = opened(&cpio);

	assert_int_equal(bundle.entries, 5);
	assert_int_equal(bundle.size, cpio.size);
	find(&bundle, "first", FIRST_DATA);
	find(&bundle, "folder/second", SECOND_DATA);
	find(&bundle, "empty", "");
	find(&bundle, "firs", NULL);
	find(&bundle, "TRAILER!!!", NULL);
	cpio_free(&cpio);
}

static void leading_dots_and_slashes_do_not_matter(void **state)
{
	struct cpio cpio = sample();
	struct bundle bundle = opened(&cpio);

	find(&bundle, "./first", FIRST_DATA);
	find(&bundle, "/folder/second", SECOND_DATA);
	find(&bundle, ".//./first", FIRST_DATA);
	find(&bundle, "../first", NULL);
	cpio_free(&cpio);
}

static void directories_are_no_files(void **state)
{
	struct cpio cpio = sample();
	struct bundle bundle = opened(&cpio);

	find(&bundle, "folder", NULL);
	cpio_free(&cpio);
}

static void what_follows_the_trailer_is_not_looked_at(void **state)
{
	struct cpio cpio = sample();
	struct test_report report;

	cpio.data = realloc(cpio.data, cpio.size + 1001);
	memset(cpio.data + cpio.size, 0xee, 1001);
	cpio.size += 1001;
	assert_int_equal(open_and_read(&cpio, &report), 0);
	cpio_free(&cpio);
}

static void every_truncation_is_refused(void **state)
{
	struct cpio whole = sample();
	struct test_report report;

	opened(&whole);
	for (size_t size = 0; size < whole.size; size++) {
		struct cpio cut = { malloc(size ? size : 1), size };

		memcpy(cut.data, whole.data, size);
		/* The padding behind the trailer's name is not needed. */
		if (size >= whole.size - 3 && !open_and_read(&cut, &report)) {
			cpio_free(&cut);
			continue;
		}
		assert_int_equal(open_and_read(&cut, &report), -EINVAL);
		cpio_free(&cut);
	}
	cpio_free(&whole);
}

static void no_changed_byte_leads_outside(void **state)
{
	static const char digits[] = { '0', 'f', '8', '\0', '/', 'F', 'A', '1' };
	struct cpio whole = sample(), copy = { malloc(whole.size), whole.size };
	struct test_report report;
	uint32_t random = 1;

	for (size_t at = 0; at < whole.size; at++) {
		memcpy(copy.data, whole.data, whole.size);
		for (unsigned int bit = 0; bit < 8; bit++) {
			copy.data[at] = (uint8_t)(whole.data[at] ^ 1u << bit);
			open_and_read(&copy, &report);
		}
	}
	for (int i = 0; i < 20000; i++) {
		memcpy(copy.data, whole.data, whole.size);
		for (int j = 0; j < 4; j++) {
			uint32_t at = test_random(&random) % (uint32_t)whole.size;

			copy.data[at] = (uint8_t)digits[test_random(&random) & 7];
		}
		open_and_read(&copy, &report);
	}
	cpio_free(&copy);
	cpio_free(&whole);
}

static void an_empty_archive_is_refused(void **state)
{
	struct cpio cpio = { malloc(1), 0 };

	assert_refused(&cpio, "error: bundle: empty");
	cpio_free(&cpio);
}

static void another_format_is_refused(void **state)
{
	struct cpio cpio = sample();

	memcpy(cpio.data, "070707", 6);
	assert_refused(&cpio, "offset 0x0: no newc header");
	memcpy(cpio.data, "\x1f\x8b\x08", 3);
	assert_refused(&cpio, "compressed with gzip");
	cpio_free(&cpio);
}

static void digits_that_are_not_hexadecimal_are_refused(void **state)
{
	for (size_t at = 6; at < 110; at++) {
		struct cpio cpio = sample();

		cpio.data[at] = at & 1 ? 'g' : ' ';
		assert_refused(&cpio, "offset 0x0: the header has digits that are not hexadecimal");
		cpio_free(&cpio);
	}
}

static void lower_and_upper_case_digits_are_the_same(void **state)
{
	struct cpio cpio = sample();
	struct test_report report;

	memcpy(cpio.data + AT_MODE, "000041Ed", 8);
	assert_int_equal(open_and_read(&cpio, &report), 0);
	cpio_free(&cpio);
}

static void sizes_that_wrap_are_refused(void **state)
{
	static const char *const sizes[] = { "FFFFFFFF", "FFFFFFFC", "FFFFFF8F",
					     "80000000", "7FFFFFFF", "00001000" };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct cpio cpio = sample();

		memcpy(cpio.data + AT_FILESIZE, sizes[i], 8);
		assert_refused(&cpio, "offset 0x0: the data is cut short");
		cpio_free(&cpio);
		cpio = sample();
		memcpy(cpio.data + AT_NAMESIZE, sizes[i], 8);
		assert_refused(&cpio, "offset 0x0: the ");
		cpio_free(&cpio);
	}
}

static void names_have_to_end(void **state)
{
	struct cpio cpio = sample();

	memcpy(cpio.data + AT_NAMESIZE, "00000000", 8);
	assert_refused(&cpio, "the length of the name cannot be");
	memcpy(cpio.data + AT_NAMESIZE, "00000001", 8);
	assert_refused(&cpio, "the name does not end with a NUL");
	cpio_free(&cpio);
}

static void padding_behind_a_name_is_allowed(void **state)
{
	struct cpio cpio = { 0 };
	struct bundle bundle;
	const uint8_t *data;

	cpio_file(&cpio, "a", "x", 1);
	cpio_file(&cpio, "bcd", "y", 1);
	cpio_trailer(&cpio);
	bundle = opened(&cpio);
	data = find(&bundle, "a", "x");
	assert_int_equal((data - cpio.data) % 8, 0);
	find(&bundle, "bcd", "y");
	cpio_free(&cpio);
}

static void a_missing_trailer_is_refused(void **state)
{
	struct cpio cpio = { 0 };

	cpio_file(&cpio, "a", "x", 1);
	assert_refused(&cpio, "no trailer");
	cpio_free(&cpio);
}

static void a_wrong_checksum_is_refused(void **state)
{
	struct cpio cpio = { 0 };

	cpio_entry(&cpio, "a", CPIO_FILE, "xxxx", 4, true);
	cpio_trailer(&cpio);
	cpio.data[112] ^= 1;
	assert_refused(&cpio, "offset 0x0: 'a': the checksum is wrong");
	cpio_free(&cpio);
}

static void two_files_of_one_name_are_refused(void **state)
{
	struct cpio cpio = { 0 };

	cpio_file(&cpio, "a", "x", 1);
	cpio_file(&cpio, "./a", "y", 1);
	cpio_trailer(&cpio);
	assert_refused(&cpio, "'./a': a second file of that name");
	cpio_free(&cpio);
}

static void too_many_entries_are_refused(void **state)
{
	struct cpio cpio = { 0 };

	for (int i = 0; i <= BUNDLE_MAX_ENTRIES; i++)
		cpio_entry(&cpio, "d", CPIO_DIRECTORY, NULL, 0, false);
	cpio_trailer(&cpio);
	assert_refused(&cpio, "too many entries");
	cpio_free(&cpio);
}

static void names_in_messages_are_printable(void **state)
{
	struct cpio cpio = { 0 };

	cpio_file(&cpio, "\033[2Ja\xff", "x", 1);
	cpio_file(&cpio, "\033[2Ja\xff", "x", 1);
	cpio_trailer(&cpio);
	assert_refused(&cpio, "'?[2Ja?': a second file");
	cpio_free(&cpio);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_found_by_name),
		cmocka_unit_test(leading_dots_and_slashes_do_not_matter),
		cmocka_unit_test(directories_are_no_files),
		cmocka_unit_test(what_follows_the_trailer_is_not_looked_at),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(no_changed_byte_leads_outside),
		cmocka_unit_test(an_empty_archive_is_refused),
		cmocka_unit_test(another_format_is_refused),
		cmocka_unit_test(digits_that_are_not_hexadecimal_are_refused),
		cmocka_unit_test(lower_and_upper_case_digits_are_the_same),
		cmocka_unit_test(sizes_that_wrap_are_refused),
		cmocka_unit_test(names_have_to_end),
		cmocka_unit_test(padding_behind_a_name_is_allowed),
		cmocka_unit_test(a_missing_trailer_is_refused),
		cmocka_unit_test(a_wrong_checksum_is_refused),
		cmocka_unit_test(two_files_of_one_name_are_refused),
		cmocka_unit_test(too_many_entries_are_refused),
		cmocka_unit_test(names_in_messages_are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
