/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges of VMs beside their memory: read-only ones, files in them, shared regions. One thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vm_world.h"

#include <core/shared_region.h>
#include <errno.h>

#define HIGH BIT(40)

static const char table[5000] = { 1, 2, 3 };

static struct vm_range_config *range_add(const char *name, uint64_t base, uint64_t size)
{
	struct vm_range_config *range = &world.config.ranges[world.config.range_count++];

	*range = (struct vm_range_config){ .name = name, .base = base, .size = size };
	return range;
}

static void assert_mapped(struct vm *vm, uint64_t base, uint64_t size, unsigned int wanted)
{
	unsigned int access;
	hpa_t to;

	for (uint64_t at = base; at < base + size; at += PAGE_SIZE) {
		uint64_t room;

		assert_int_equal(gstage_walk(&vm->gstage, gpa(at), &to, &access), 0);
		assert_int_equal(access, wanted);
		assert_ptr_equal(hpa_to_hva(to), vm_ram(vm, gpa(at), GSTAGE_READ, &room));
		assert_true(room >= PAGE_SIZE);
		assert_int_equal(vm_is_ram(vm, gpa(at), 1, GSTAGE_WRITE),
				 (wanted & GSTAGE_WRITE) != 0);
		assert_int_equal(!vm_ram(vm, gpa(at), GSTAGE_WRITE, &room),
				 !(wanted & GSTAGE_WRITE));
	}
	assert_int_equal(gstage_walk(&vm->gstage, gpa(base - 1), &to, &access), -ENOENT);
	assert_int_equal(gstage_walk(&vm->gstage, gpa(base + size), &to, &access), -ENOENT);
}

/* What is free holds something, in the blocks that are taken next. */
static void soil_free_memory(void)
{
	hpa_t blocks[8];

	for (unsigned int order = 0; order < 8; order++) {
		assert_true(page_alloc(order, &blocks[order]));
		memset(hpa_to_hva(blocks[order]), 0x55, PAGE_SIZE << order);
	}
	for (unsigned int order = 0; order < 8; order++)
		page_free(blocks[order], order);
}

static void what_a_guest_cannot_clear_is_clear(void **state)
{
	static char buffer[KIB(20)];
	struct vm *vm;

	range_add("rom", HIGH, KIB(20))->read_only = 1;
	range_add("mail", 2 * HIGH, KIB(20))->shared = "box";
	soil_free_memory();
	vm = world_create();
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(vm_read(vm, gpa((i + 1) * HIGH), buffer, sizeof(buffer)), 0);
		for (unsigned int at = 0; at < sizeof(buffer); at++)
			assert_int_equal(buffer[at], 0);
	}
	vm_destroy(vm);
}

static void ranges_are_mapped_as_they_are_described(void **state)
{
	const unsigned int readable = GSTAGE_READ | GSTAGE_EXECUTE;
	struct vm *vm;

	world.config.memory_base = WORLD_BASE + GIB(1);
	range_add("low", WORLD_BASE, KIB(20));
	range_add("rom", HIGH + KIB(4), MIB(2) + KIB(12))->read_only = 1;
	range_add("mail", HIGH + MIB(8), KIB(28))->shared = "box";
	vm = world_create();
	assert_int_equal(vm->range_count, 4);
	assert_ptr_equal(vm->ranges[1].config, NULL);
	assert_mapped(vm, WORLD_BASE, KIB(20), readable | GSTAGE_WRITE);
	assert_mapped(vm, world.config.memory_base, world.config.memory_size,
		      readable | GSTAGE_WRITE);
	assert_mapped(vm, HIGH + KIB(4), MIB(2) + KIB(12), readable);
	assert_mapped(vm, HIGH + MIB(8), KIB(28), readable | GSTAGE_WRITE);
	for (unsigned int i = 1; i < vm->chunk_count; i++)
		assert_true(vm->chunks[i - 1].gpa.v + vm->chunks[i - 1].size <=
			    vm->chunks[i].gpa.v);
	vm_destroy(vm);
	assert_null(shared_region_find("box"));
}

static void ranges_have_large_leaves_wherever_they_begin(void **state)
{
	struct vm *vm;

	range_add("r", HIGH + MIB(2) - KIB(20), MIB(6) + KIB(40));
	vm = world_create();
	for (unsigned int i = 0; i < vm->chunk_count; i++)
		if (vm->chunks[i].size >= MIB(2))
			assert_true(is_aligned(vm->chunks[i].gpa.v, MIB(2)));
	/* The root's 4, two each for what is below 4 GiB and for the range, one for each end. */
	assert_in_range(vm->gstage.table_pages, 4, 4 + 2 + 1 + 2);
	vm_destroy(vm);
}

static void mode_reaches_the_highest_range(void **state)
{
	struct vm *vm;

	range_add("top", BIT(41) - KIB(4), KIB(4));
	vm = world_create();
	assert_int_equal(vm->gstage.levels, 3);
	vm_destroy(vm);
	world.config.ranges[0].size = KIB(8);
	vm = world_create();
	assert_int_equal(vm->gstage.levels, 4);
	vm_destroy(vm);
	world.config.ranges[0].base = BIT(50) - KIB(8);
	vm = world_create();
	assert_int_equal(vm->gstage.levels, 4);
	vm_destroy(vm);
	world.config.ranges[0].base = BIT(50) - KIB(4);
	world_refuses("guest: hart 0 has no Sv57x4");
}

static void read_only_range_has_its_file_and_zeroes(void **state)
{
	static char buffer[KIB(16)];
	struct vm_range_config *rom = range_add("rom", HIGH, KIB(16));
	struct vm *vm;
	char byte = 9;

	rom->read_only = 1;
	rom->file = (struct vm_file){ "table", table, sizeof(table) };
	vm = world_create();
	assert_int_equal(vm_read(vm, gpa(HIGH), buffer, sizeof(buffer)), 0);
	assert_memory_equal(buffer, table, sizeof(table));
	for (unsigned int i = sizeof(table); i < sizeof(buffer); i++)
		assert_int_equal(buffer[i], 0);
	assert_int_equal(vm_write(vm, gpa(HIGH), &byte, 1), -EFAULT);
	assert_int_equal(vm_read(vm, gpa(HIGH), &byte, 1), 0);
	assert_int_equal(byte, 1);
	assert_int_equal(vm_reset(vm), 0);
	vm_destroy(vm);
}

static void file_of_a_range_is_loaded_at_each_reset(void **state)
{
	struct vm *vm;
	char byte = 9;

	range_add("data", HIGH, KIB(8))->file = (struct vm_file){ "t", table, sizeof(table) };
	vm = world_create();
	vm_start(vm);
	assert_int_equal(vm_write(vm, gpa(HIGH + 1), &byte, 1), 0);
	assert_int_equal(vm_write(vm, gpa(HIGH + KIB(6)), &byte, 1), 0);
	assert_int_equal(vm_reset(vm), 0);
	assert_int_equal(vm_read(vm, gpa(HIGH + 1), &byte, 1), 0);
	assert_int_equal(byte, 2);
	assert_int_equal(vm_read(vm, gpa(HIGH + KIB(6)), &byte, 1), 0);
	assert_int_equal(byte, 9);
	vm_destroy(vm);
}

static void access_goes_on_in_the_next_range(void **state)
{
	const uint64_t end = WORLD_BASE + world.config.memory_size;
	struct vm *vm;
	char byte = 0;

	range_add("next", end, KIB(4));
	range_add("rom", end + KIB(4), KIB(4))->read_only = 1;
	range_add("far", end + KIB(12), KIB(4));
	vm = world_create();
	assert_true(
		vm_is_ram(vm, gpa(WORLD_BASE), world.config.memory_size + KIB(4), GSTAGE_WRITE));
	assert_false(vm_is_ram(vm, gpa(WORLD_BASE), world.config.memory_size + KIB(4) + 1,
			       GSTAGE_WRITE));
	assert_true(vm_is_ram(vm, gpa(WORLD_BASE), world.config.memory_size + KIB(8), GSTAGE_READ));
	assert_false(
		vm_is_ram(vm, gpa(WORLD_BASE), world.config.memory_size + KIB(8) + 1, GSTAGE_READ));
	assert_false(vm_is_ram(vm, gpa(end + KIB(8)), 1, GSTAGE_READ));
	assert_true(vm_is_ram(vm, gpa(end + KIB(12)), KIB(4), GSTAGE_WRITE));
	assert_false(vm_is_ram(vm, gpa(end + KIB(12)), KIB(4) + 1, GSTAGE_READ));
	assert_false(vm_is_ram(vm, gpa(WORLD_BASE), UINT64_MAX, GSTAGE_READ));
	assert_int_equal(vm_write(vm, gpa(end + KIB(4) - 1), "ab", 2), -EFAULT);
	assert_int_equal(vm_read(vm, gpa(end + KIB(4) - 1), &byte, 1), 0);
	assert_int_equal(byte, 0);
	vm_destroy(vm);
}

static void region_is_one_memory_of_several_vms(void **state)
{
	struct vm_range_config *mail = range_add("mail", HIGH, KIB(44));
	static char buffer[KIB(44)];
	struct vm *one, *two;

	mail->shared = "box";
	one = world_create();
	assert_int_equal(vm_read(one, gpa(HIGH), buffer, sizeof(buffer)), 0);
	for (unsigned int i = 0; i < sizeof(buffer); i++)
		assert_int_equal(buffer[i], 0);
	world.config.name[0] = 'q';
	mail->base = HIGH + KIB(4);
	mail->read_only = 1;
	two = world_create();
	assert_int_equal(shared_region_find("box")->users, 2);
	assert_int_equal(vm_write(one, gpa(HIGH + KIB(12) - 2), "text", 4), 0);
	assert_int_equal(vm_read(two, gpa(HIGH + KIB(16) - 2), buffer, 4), 0);
	assert_memory_equal(buffer, "text", 4);
	assert_int_equal(vm_write(two, gpa(HIGH + KIB(16)), "t", 1), -EFAULT);
	assert_mapped(two, HIGH + KIB(4), KIB(44), GSTAGE_READ | GSTAGE_EXECUTE);
	/* What one leaves in it stays while there is another, and after a reset. */
	vm_destroy(one);
	assert_int_equal(vm_reset(two), 0);
	assert_int_equal(vm_read(two, gpa(HIGH + KIB(16) - 2), buffer, 4), 0);
	assert_memory_equal(buffer, "text", 4);
	vm_destroy(two);
	assert_null(shared_region_find("box"));
	assert_int_equal(page_free_count(), world.free_before);
	mail->read_only = 0;
	one = world_create();
	assert_int_equal(vm_read(one, gpa(HIGH + KIB(16) - 2), buffer, 4), 0);
	assert_memory_equal(buffer, "\0\0\0\0", 4);
	vm_destroy(one);
}

static void vm_may_see_a_region_twice(void **state)
{
	struct vm *vm;
	char byte;

	range_add("a", HIGH, KIB(8))->shared = "box";
	range_add("b", HIGH + KIB(8), KIB(8))->shared = "box";
	world.config.ranges[1].read_only = 1;
	vm = world_create();
	assert_int_equal(vm_write(vm, gpa(HIGH + 5), "x", 1), 0);
	assert_int_equal(vm_read(vm, gpa(HIGH + KIB(8) + 5), &byte, 1), 0);
	assert_int_equal(byte, 'x');
	vm_destroy(vm);
	assert_null(shared_region_find("box"));
}

static void region_of_another_size_is_refused(void **state)
{
	struct vm *one;

	range_add("mail", HIGH, KIB(44))->shared = "box";
	one = world_create();
	world.config.name[0] = 'q';
	world.config.ranges[0].size = KIB(40);
	world_refuses("quest: ranges/mail: size: 40 KiB, but the region 'box' has 44 KiB");
	assert_int_equal(shared_region_find("box")->users, 1);
	vm_destroy(one);
}

static void ranges_that_are_too_large_are_refused(void **state)
{
	range_add("a", HIGH, MIB(16));
	range_add("big", HIGH + GIB(1), MIB(16));
	world_refuses("guest: ranges/big: 16384 KiB asked for, ");
	assert_null(strstr(world.said, "pieces"));
	world.config.ranges[1].shared = "box";
	world_refuses("guest: ranges/big: 16384 KiB asked for, ");
	assert_null(shared_region_find("box"));
}

static void region_has_two_users_or_one(const struct vm *vm)
{
	assert_int_equal(shared_region_find("box")->users, vm ? 2 : 1);
}

static void failure_with_ranges_leaves_nothing(void **state)
{
	range_add("a", HIGH, KIB(44));
	range_add("b", HIGH + GIB(1), KIB(20))->shared = "box";
	range_add("c", HIGH + GIB(2), KIB(20))->read_only = 1;
	assert_in_range(world_fail_each_allocation(NULL), 12, 100);
	assert_null(shared_region_find("box"));
	/* The same when another VM has the region. */
	strcpy(world.config.name, "other");
	world.config.range_count = 2;
	world_create();
	world.free_before = page_free_count();
	strcpy(world.config.name, "guest");
	assert_in_range(world_fail_each_allocation(region_has_two_users_or_one), 12, 100);
	vm_destroy(vm_next(NULL));
	world.free_before = page_free_count();
}

static void sixteen_odd_ranges_are_apart(void **state)
{
	uint64_t at = HIGH;
	struct vm *vm;

	world.config.memory_size = MIB(4);
	for (unsigned int i = 0; i < VM_RANGES_MAX; i++) {
		uint64_t size = (2 * i + 1) * 37 % 131 * PAGE_SIZE + PAGE_SIZE;

		range_add("r", at, size);
		at += size + (i % 3 + 1) * PAGE_SIZE;
	}
	vm = world_create();
	for (unsigned int i = 0; i < VM_RANGES_MAX; i++)
		assert_mapped(vm, world.config.ranges[i].base, world.config.ranges[i].size,
			      GSTAGE_READ | GSTAGE_WRITE | GSTAGE_EXECUTE);
	vm_destroy(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_guest_cannot_clear_is_clear),
		TEST(ranges_are_mapped_as_they_are_described),
		TEST(ranges_have_large_leaves_wherever_they_begin),
		TEST(mode_reaches_the_highest_range),
		TEST(read_only_range_has_its_file_and_zeroes),
		TEST(file_of_a_range_is_loaded_at_each_reset),
		TEST(access_goes_on_in_the_next_range),
		TEST(region_is_one_memory_of_several_vms),
		TEST(vm_may_see_a_region_twice),
		TEST(region_of_another_size_is_refused),
		TEST(ranges_that_are_too_large_are_refused),
		TEST(failure_with_ranges_leaves_nothing),
		TEST(sixteen_odd_ranges_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
