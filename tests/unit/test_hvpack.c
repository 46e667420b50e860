/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the packer: its archives, and the program itself with good and bad descriptions. */
#include <core/bundle.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tools/hvpack/archive.h"
#include "../../tools/hvpack/input.h"
#include "cpio.h"

static const uint8_t bytes[10000] = { 1, 2, 3 };

static struct archive pack_some(void)
{
	struct archive archive = { 0 };

	archive_add(&archive, "a", bytes, sizeof(bytes));
	archive_add(&archive, "folder/a-longer-name", bytes, 1);
	archive_add(&archive, "empty", NULL, 0);
	archive_add(&archive, "last", bytes, 4096);
	archive_finish(&archive);
	return archive;
}

static void packed_files_are_found_on_pages(void **state)
{
	static const struct {
		const char *name;
		size_t size;
	} files[] = { { "a", sizeof(bytes) }, { "folder/a-longer-name", 1 }, { "last", 4096 } };
	struct archive archive = pack_some();
	struct test_report report;
	struct bundle bundle;
	const void *data;
	size_t size;

	test_report_init(&report);
	assert_int_equal(bundle_open(archive.data, archive.size, &bundle, &report.report), 0);
	assert_int_equal(bundle.entries, 4);
	assert_int_equal(bundle.size, archive.size);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		assert_int_equal(bundle_find(&bundle, files[i].name, &data, &size), 0);
		assert_int_equal(size, files[i].size);
		assert_memory_equal(data, bytes, size);
		assert_true(is_aligned((uintptr_t)data, PAGE_SIZE));
	}
	assert_int_equal(bundle_find(&bundle, "empty", &data, &size), 0);
	assert_int_equal(size, 0);
	archive_free(&archive);
}

static void the_same_files_give_the_same_archive(void **state)
{
	struct archive one = pack_some(), two = pack_some();

	assert_int_equal(one.size, two.size);
	assert_memory_equal(one.data, two.data, one.size);
	archive_free(&one);
	archive_free(&two);
}

/* The program, run in a folder of its own. */
struct workplace {
	char folder[32];
	char output[4096]; /* what the program printed */
};

static int setup(void **state)
{
	struct workplace *place = calloc(1, sizeof(*place));

	strcpy(place->folder, "/tmp/hvpack.XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct workplace *place = *state;
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", place->folder);
	free(place);
	return system(command);
}

static void file_put(struct workplace *place, const char *name, const void *data, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", place->folder, name);
	assert_int_equal(file_write(path, data, size), 0);
}

/* Runs hvpack in the folder; returns its exit status. */
static int run(struct workplace *place, const char *arguments)
{
	char command[512], program[256];
	size_t used;
	FILE *stream;
	int status;

	/* Beside the folder of this test: build/unit and build/host. */
	used = (size_t)readlink("/proc/self/exe", program, sizeof(program) - 1);
	assert_true(used < sizeof(program));
	program[used] = '\0';
	*strrchr(program, '/') = '\0';
	snprintf(command, sizeof(command), "cd %s && %s/../host/hvpack %s 2>&1", place->folder,
		 program, arguments);
	stream = popen(command, "r");
	assert_non_null(stream);
	used = fread(place->output, 1, sizeof(place->output) - 1, stream);
	place->output[used] = '\0';
	status = pclose(stream);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_printed(const struct workplace *place, const char *part)
{
	if (!strstr(place->output, part))
		fail_msg("no '%s' in:\n%s", part, place->output);
}

static void description_put(struct workplace *place, const char *kernel, const char *more)
{
	char text[512];
	int length = snprintf(text, sizeof(text),
			      "/dts-v1/; / { vm { compatible = \"hartvisor,vm\"; %s "
			      "memory-size = <0x1000000>; kernel { file = \"%s\"; }; }; };",
			      more, kernel);

	file_put(place, "vms.dts", text, (size_t)length);
}

static void good_descriptions_are_packed_and_listed(void **state)
{
	struct workplace *place = *state;

	description_put(place, "kernel", "cpus = <3>;");
	file_put(place, "kernel", bytes, sizeof(bytes));
	assert_int_equal(run(place, "-o out.cpio vms.dts"), 0);
	assert_printed(place, "out.cpio: 1 VM, 2 files");
	assert_int_equal(run(place, "-l out.cpio"), 0);
	assert_printed(place, "\n  cpus                   3\n");
	assert_printed(place, "\n  priority               4  (default)\n");
	assert_printed(place, "\n  kernel/file            kernel (10000 bytes)\n");
}

static void bad_descriptions_write_nothing(void **state)
{
	struct workplace *place = *state;

	description_put(place, "nowhere", "cpus = <0>;");
	assert_int_equal(run(place, "-o out.cpio vms.dts"), 1);
	assert_printed(place, "error: 'nowhere' is in none of the folders");
	assert_printed(place, "error: description.dtb: /vm: cpus: 0 (0x0) is not within 1 to");
	assert_printed(place, "error: description.dtb: /vm/kernel: file: 'nowhere' is not in");
	assert_int_equal(run(place, "-l out.cpio"), 1);
	assert_printed(place, "out.cpio: No such file");
}

static void syntax_errors_are_told_by_dtc(void **state)
{
	struct workplace *place = *state;

	file_put(place, "vms.dts", "/dts-v1/; / { vm }", 18);
	assert_int_equal(run(place, "-o out.cpio vms.dts"), 1);
	assert_printed(place, "syntax error");
	assert_printed(place, "vms.dts: dtc cannot compile it");
}

static void files_are_looked_for_in_other_folders(void **state)
{
	struct workplace *place = *state;
	char arguments[100];

	description_put(place, "sh", "");
	assert_int_equal(run(place, "-d /nowhere -o out.cpio vms.dts"), 1);
	snprintf(arguments, sizeof(arguments), "-o out.cpio -d /nowhere -d %s vms.dts",
		 place->folder);
	file_put(place, "sh", bytes, 100);
	assert_int_equal(run(place, arguments), 0);
}

static void damaged_bundles_are_refused(void **state)
{
	struct workplace *place = *state;

	file_put(place, "cut.cpio", "070701", 6);
	assert_int_equal(run(place, "-l cut.cpio"), 1);
	assert_printed(place, "error: bundle: offset 0x0: the header is cut short");
}

static void wrong_arguments_show_the_usage(void **state)
{
	static const char *const arguments[] = { "",	   "-o", "-o a", "-l",
						 "-l a b", "-x", "a",	 "-l -o a b" };
	struct workplace *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
		assert_int_equal(run(place, arguments[i]), 1);
		assert_printed(place, "usage: hvpack");
	}
	assert_int_equal(run(place, "--help"), 0);
	assert_printed(place, "usage: hvpack");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_files_are_found_on_pages),
		cmocka_unit_test(the_same_files_give_the_same_archive),
		TEST(good_descriptions_are_packed_and_listed),
		TEST(bad_descriptions_write_nothing),
		TEST(syntax_errors_are_told_by_dtc),
		TEST(files_are_looked_for_in_other_folders),
		TEST(damaged_bundles_are_refused),
		TEST(wrong_arguments_show_the_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
