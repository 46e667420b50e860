/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VM descriptions in saved VMs: what is written is what was, and a description that a saved VM does
 * not fit is refused with both sides.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <core/checksum.h>
#include <core/save.h>

#include "../../core/save_elf.h"
#include "vmtree.h"

#define ROOM KIB(64)

static struct vmtree tree;
static uint64_t blob[KIB(16) / 8], image_bytes[ROOM / 8];
static struct save_image image;
static struct vm_config saved;
static struct test_report report;

static int set_up(void **state)
{
	(void)state;
	vmtree_init(&tree);
	test_report_init(&report);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vmtree_free(&tree);
	return 0;
}

/* Everything that a description can say. */
static void say_all(void)
{
	vmtree_set_u32(&tree, "/vm", "cpus", 3);
	vmtree_set_u64(&tree, "/vm", "memory-base", GIB(4));
	vmtree_set_string(&tree, "/vm", "cpu-affinity", "0-1,4");
	vmtree_set_u32(&tree, "/vm", "priority", 2);
	vmtree_set_u32(&tree, "/vm", "time-slice-us", 5000);
	vmtree_set_string(&tree, "/vm", "mmu-type", "riscv,sv48");
	vmtree_set_string(&tree, "/vm", "interrupt-files", "software");
	vmtree_set_u32(&tree, "/vm", "interrupt-identities", 127);
	vmtree_set(&tree, "/vm", "isa-disable", "v\0zbb", 6);
	vmtree_set_u32(&tree, "/vm", "autostart", 0);
	vmtree_set_string(&tree, "/vm", "on-reboot", "stop");
	vmtree_set_string(&tree, "/vm", "on-failure", "reset");
	vmtree_set_string(&tree, "/vm/kernel", "bootargs", "console=ttyS0 quiet");
	vmtree_set_string(&tree, "/vm/ramdisk", "file", "ramdisk");
	vmtree_set_u64(&tree, "/vm/ranges/b", "base", GIB(8));
	vmtree_set_u64(&tree, "/vm/ranges/b", "size", KIB(8));
	vmtree_set_string(&tree, "/vm/ranges/b", "shared", "mailbox");
	vmtree_set_u64(&tree, "/vm/ranges/a", "base", GIB(9));
	vmtree_set_u64(&tree, "/vm/ranges/a", "size", KIB(16));
	vmtree_set(&tree, "/vm/ranges/a", "read-only", NULL, 0);
	vmtree_set_string(&tree, "/vm/ranges/a", "file", "ramdisk");
}

struct lines {
	char text[8192];
};

static void line(void *opaque, const char *name, const char *value, bool is_default)
{
	struct lines *lines = opaque;
	size_t used = strlen(lines->text);

	(void)is_default;
	snprintf(lines->text + used, sizeof(lines->text) - used, "%s=%s\n", name, value);
}

static void assert_same_text(const struct vm_config *one, const struct vm_config *other)
{
	static struct lines lines[2];

	memset(lines, 0, sizeof(lines));
	vmdesc_print(one, line, &lines[0]);
	vmdesc_print(other, line, &lines[1]);
	assert_string_equal(lines[0].text, lines[1].text);
	assert_string_equal(one->name, other->name);
}

static void what_is_written_is_what_was(void **state)
{
	int size;

	(void)state;
	for (int all = 0; all < 2; all++) {
		if (all)
			say_all();
		assert_vm_accepted(&tree);
		size = vmdesc_write(&tree.config, blob, sizeof(blob));
		assert_true(size > 0);
		assert_int_equal(vmdesc_parse_saved(blob, (size_t)size, &tree.bundle, &saved,
						    &report.report),
				 0);
		assert_string_equal(report.text, "");
		assert_same_text(&tree.config, &saved);
	}
}

static void too_little_room_is_told(void **state)
{
	int size;

	(void)state;
	say_all();
	assert_vm_accepted(&tree);
	size = vmdesc_write(&tree.config, blob, sizeof(blob));
	for (size_t room = 0; room < (size_t)size; room += 8)
		assert_int_equal(vmdesc_write(&tree.config, blob, room), -ENOSPC);
}

static void files_that_are_not_there_are_left_out(void **state)
{
	int size;

	(void)state;
	say_all();
	assert_vm_accepted(&tree);
	size = vmdesc_write(&tree.config, blob, sizeof(blob));
	assert_int_equal(vmdesc_parse_saved(blob, (size_t)size, NULL, &saved, &report.report), 0);
	assert_string_equal(report.text, "");
	assert_null(saved.kernel.name);
	assert_null(saved.ramdisk.name);
	assert_null(saved.ranges[1].file.name);
	assert_string_equal(saved.ranges[0].shared, "mailbox");
	assert_string_equal(saved.bootargs, "console=ttyS0 quiet");
}

/* An image of the tree's VM with one page at @page of memory. */
static void image_make(uint64_t page, unsigned int flags)
{
	struct save_machine machine = { .vcpus = tree.config.vcpus, .isa_size = 1 };
	struct save_writer writer;
	uint64_t zero = 0;
	int size = vmdesc_write(&tree.config, blob, sizeof(blob));

	save_writer_init(&writer, image_bytes, sizeof(image_bytes));
	if (flags)
		save_writer_page(&writer, gpa(page), flags, blob);
	save_writer_notes(&writer);
	save_writer_note(&writer, SAVE_NOTE_MACHINE);
	save_writer_put(&writer, &machine, sizeof(machine));
	save_writer_put(&writer, "", 1);
	save_writer_note(&writer, SAVE_NOTE_DESCRIPTION);
	save_writer_put(&writer, blob, (size_t)size);
	save_writer_note(&writer, SAVE_NOTE_CONSOLE);
	save_writer_put(&writer, &zero, sizeof(zero));
	for (uint32_t i = 0; i < machine.vcpus; i++) {
		const struct save_vcpu vcpu = { .index = i };

		save_writer_note(&writer, SAVE_NOTE_VCPU);
		save_writer_put(&writer, &vcpu, sizeof(vcpu));
	}
	assert_int_equal(
		save_open(image_bytes, save_writer_finish(&writer), &image, &report.report), 0);
}

static void assert_fits(void)
{
	test_report_init(&report);
	assert_int_equal(save_config_check(&image, &tree.config, &report.report), 0);
	assert_string_equal(report.text, "");
}

static void assert_refused(const char *message)
{
	test_report_init(&report);
	assert_int_equal(save_config_check(&image, &tree.config, &report.report), -EINVAL);
	assert_reported(&report, message);
}

static void another_vm_is_refused_with_both_sides(void **state)
{
	(void)state;
	say_all();
	assert_vm_accepted(&tree);
	image_make(GIB(4), SAVE_READ | SAVE_WRITE | SAVE_EXECUTE);
	assert_fits();
#define TRY(field, value, message)                                    \
	do {                                                          \
		typeof(tree.config.field) before = tree.config.field; \
		tree.config.field = (value);                          \
		assert_refused(message);                              \
		tree.config.field = before;                           \
	} while (0)
	TRY(vcpus, 2, "cpus: it has 3 (0x3), the description 2 (0x2)");
	TRY(memory_size, MIB(32), "memory-size: it has 67108864 (0x4000000), the description 33");
	TRY(memory_base, GIB(5), "memory-base: it has 4294967296");
	TRY(interrupt_identities, 63,
	    "interrupt-identities: it has 127 (0x7f), the description 63");
	TRY(range_count, 1, "ranges: it has 2 (0x2), the description 1 (0x1)");
	TRY(ranges[0].base, GIB(7), "ranges: it has b at 0x200000000 + 0x2000, the description b");
	TRY(ranges[0].name, "c", "the description c at");
	TRY(ranges[0].shared, "other", "shows the region 'mailbox', in the description 'other'");
	TRY(ranges[1].read_only, 0, "ranges/a: it is read-only, in the description writable");
#undef TRY
	/* What says how it runs, and not what it is, may be another. */
	tree.config.priority = 7;
	tree.config.affinity_count = 0;
	tree.config.interrupt_files = VM_FILES_HARDWARE;
	tree.config.bootargs = "others";
	assert_fits();
}

static void memory_that_is_not_the_vms_own_is_refused(void **state)
{
	const unsigned int all = SAVE_READ | SAVE_WRITE | SAVE_EXECUTE;

	(void)state;
	say_all();
	assert_vm_accepted(&tree);
	image_make(GIB(4) + VMTREE_MEMORY - PAGE_SIZE, all);
	assert_fits();
	image_make(GIB(9), SAVE_READ | SAVE_EXECUTE);
	assert_fits();
	image_make(GIB(4) + VMTREE_MEMORY, all);
	assert_refused("is not within one range of the description");
	image_make(GIB(4) - PAGE_SIZE, all);
	assert_refused("is not within one range");
	image_make(GIB(8), all); /* shared */
	assert_refused("is not within one range");
	image_make(GIB(9), all); /* read-only */
	assert_refused("is not within one range");
	image_make(0, all);
	assert_refused("is not within one range");
}

static void description_that_is_none_is_refused(void **state)
{
	uint8_t *description;

	(void)state;
	assert_vm_accepted(&tree);
	image_make(0, 0);
	description = (uint8_t *)image.description;
	for (size_t at = 0; at < image.description_size; at++) {
		uint8_t before = description[at];

		for (unsigned int bit = 0; bit < 8; bit++) {
			description[at] ^= (uint8_t)(1u << bit);
			test_report_init(&report);
			if (save_config_check(&image, &tree.config, &report.report))
				assert_true(report.report.errors > 0);
			description[at] = before;
		}
	}
	description[0] = 0;
	assert_refused("saved VM: its description is not a device tree");
}

/* ---- restore/file ---- */

static void description_may_name_a_saved_vm_instead_of_a_kernel(void **state)
{
	(void)state;
	assert_vm_accepted(&tree);
	image_make(VM_DEVICES_END, SAVE_READ | SAVE_WRITE | SAVE_EXECUTE);
	tree.guest_dtb = image_bytes;
	tree.guest_dtb_size = image.size;
	vmtree_set_string(&tree, "/vm/restore", "file", "guest.dtb");
	assert_vm_accepted(&tree);
	assert_int_equal(tree.config.restore.size, image.size);
	vmtree_remove(&tree, "/vm/kernel", "file");
	assert_vm_refused(&tree, "/vm/kernel: file: missing");
	vmtree_set_string(&tree, "/vm/kernel", "file", "image");
	vmtree_set_u32(&tree, "/vm", "cpus", 2);
	assert_vm_refused(&tree, "restore: file: 'guest.dtb': saved VM: cpus: it has 1");
}

static void damaged_file_of_a_saved_vm_is_refused(void **state)
{
	(void)state;
	assert_vm_accepted(&tree);
	image_make(VM_DEVICES_END, SAVE_READ | SAVE_WRITE | SAVE_EXECUTE);
	((uint8_t *)image_bytes)[PAGE_SIZE + 9] ^= 1;
	tree.guest_dtb = image_bytes;
	tree.guest_dtb_size = image.size;
	vmtree_set_string(&tree, "/vm/restore", "file", "guest.dtb");
	assert_vm_refused(&tree, "saved VM: its memory 0x80000000 + 0x1000 is damaged");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_what_was),
		TEST(too_little_room_is_told),
		TEST(files_that_are_not_there_are_left_out),
		TEST(another_vm_is_refused_with_both_sides),
		TEST(memory_that_is_not_the_vms_own_is_refused),
		TEST(description_that_is_none_is_refused),
		TEST(description_may_name_a_saved_vm_instead_of_a_kernel),
		TEST(damaged_file_of_a_saved_vm_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
