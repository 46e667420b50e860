/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of VMs: whose it is, what maps it, and accesses to it. One thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vm_world.h"

#include <core/shared_region.h>
#include <errno.h>

static void its_tables_map_all_of_its_memory_and_nothing_else(void **state)
{
	struct vm *vm;
	unsigned int access;
	hpa_t to;

	world.config.memory_size = MIB(9) + KIB(12);
	vm = world_create();
	for (uint64_t at = 0; at < world.config.memory_size; at += PAGE_SIZE) {
		uint64_t room;

		assert_int_equal(gstage_walk(&vm->gstage, gpa(WORLD_BASE + at), &to, &access), 0);
		assert_int_equal(access, GSTAGE_READ | GSTAGE_WRITE | GSTAGE_EXECUTE);
		assert_ptr_equal(hpa_to_hva(to),
				 vm_ram(vm, gpa(WORLD_BASE + at), GSTAGE_READ, &room));
	}
	assert_int_equal(gstage_walk(&vm->gstage, gpa(WORLD_BASE - 1), &to, &access), -ENOENT);
	assert_int_equal(
		gstage_walk(&vm->gstage, gpa(WORLD_BASE + world.config.memory_size), &to, &access),
		-ENOENT);
	vm_destroy(vm);
}

static void its_memory_is_its_own_and_then_free_but_not_cleared(void **state)
{
	uint64_t free_pages = page_count(PAGE_OWNER_FREE) + page_count(PAGE_OWNER_DIRTY);
	struct vm *vm;
	hpa_t page;

	world.config.memory_size = MIB(5) + KIB(12);
	vm = world_create();
	assert_int_equal(page_count(page_owner_vm(vm->id)), world.config.memory_size >> PAGE_SHIFT);
	for (unsigned int i = 0; i < vm->chunk_count; i++)
		for (uint64_t at = 0; at < vm->chunks[i].size; at += PAGE_SIZE)
			assert_int_equal(page_owner(hpa(vm->chunks[i].hpa.v + at)),
					 page_owner_vm(vm->id));
	page = vm->chunks[0].hpa;
	assert_int_equal(world.cleaner_woken, 0);
	vm_destroy(vm);
	assert_int_equal(world.cleaner_woken, 1);
	assert_int_equal(page_owner(page), PAGE_OWNER_DIRTY);
	assert_true(page_count(PAGE_OWNER_DIRTY) >= world.config.memory_size >> PAGE_SHIFT);
	assert_int_equal(page_count(PAGE_OWNER_FREE) + page_count(PAGE_OWNER_DIRTY), free_pages);
}

static void memory_of_another_before_it_is_zero(void **state)
{
	uint64_t room;
	char *ram;

	for (unsigned int round = 0; round < 5; round++) {
		struct vm *vm;
		uint64_t clean = 0;

		world.config.memory_size = MIB(30) - round * MIB(6);
		vm = world_create();
		for (unsigned int i = 0; i < vm->chunk_count; i++) {
			ram = vm_ram(vm, vm->chunks[i].gpa, 0, &room);
			assert_int_equal(room, vm->chunks[i].size);
			for (uint64_t at = 0; at < room; at += PAGE_SIZE)
				clean += ram[at + 8] == 0;
			memset(ram, 0x77, room);
		}
		/* But for the kernel and the device tree. */
		if (round)
			assert_in_range((world.config.memory_size >> PAGE_SHIFT) - clean, 1, 8);
		vm_destroy(vm);
	}
}

static void access_is_bounded_by_the_memory(void **state)
{
	struct vm *vm = world_create();
	const uint64_t size = world.config.memory_size;
	static char buffer[MIB(8) + 1];
	static const struct {
		uint64_t at, size;
		bool ram;
	} cases[] = {
		{ WORLD_BASE, 1, true },
		{ WORLD_BASE, MIB(8), true },
		{ WORLD_BASE, MIB(8) + 1, false },
		{ WORLD_BASE, 0, false },
		{ WORLD_BASE - 1, 1, false },
		{ WORLD_BASE - 1, 2, false },
		{ WORLD_BASE + MIB(8) - 1, 1, true },
		{ WORLD_BASE + MIB(8) - 1, 2, false },
		{ WORLD_BASE + MIB(8), 1, false },
		{ WORLD_BASE + MIB(8), 0, false },
		{ 0, 1, false },
		{ 0, UINT64_MAX, false },
		{ WORLD_BASE, UINT64_MAX, false },
		{ WORLD_BASE + 8, UINT64_MAX - 7, false },
		{ WORLD_BASE + 1, UINT64_MAX - WORLD_BASE, false },
		{ UINT64_MAX, 1, false },
		{ UINT64_MAX, 2, false },
		{ UINT64_MAX - 7, WORLD_BASE + 16, false },
	};

	assert_int_equal(size, MIB(8));
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		gpa_t at = gpa(cases[i].at);
		uint64_t room = 0;

		assert_int_equal(vm_is_ram(vm, at, cases[i].size, GSTAGE_READ), cases[i].ram);
		if (cases[i].ram || cases[i].size <= sizeof(buffer)) {
			assert_int_equal(vm_read(vm, at, buffer, cases[i].size),
					 cases[i].ram ? 0 : -EFAULT);
			assert_int_equal(vm_write(vm, at, buffer, cases[i].size),
					 cases[i].ram ? 0 : -EFAULT);
		} else {
			assert_int_equal(vm_read(vm, at, buffer, cases[i].size), -EFAULT);
		}
		if (vm_ram(vm, at, GSTAGE_READ, &room))
			assert_in_range(room, 1, WORLD_BASE + size - at.v);
	}
	vm_destroy(vm);
}

/* Memory so cut up that a VM gets many chunks. */
static void accesses_across_chunks_are_whole(void **state)
{
	static hpa_t taken[4096];
	static unsigned char out[20000], in[20000];
	unsigned int count = 0;
	struct vm *vm;
	uint64_t random = 5;

	world.config.memory_size = MIB(4) + KIB(60);
	/* Every large block but one is cut: 64 KiB of each MiB are in use. */
	for (unsigned int i = 0; i < 30; i++)
		assert_true(page_alloc(8, &taken[count++]));
	for (unsigned int i = 0; i < 30; i++)
		page_free(hpa(taken[i].v + KIB(512)), 7);
	vm = world_create();
	assert_in_range(vm->chunk_count, 5, VM_MAX_CHUNKS);
	for (unsigned int i = 0; i < sizeof(out); i++)
		out[i] = (unsigned char)fake_hart_random(&random);
	for (unsigned int i = 1; i < vm->chunk_count; i++) {
		uint64_t at = vm->chunks[i].gpa.v - 7000;
		uint64_t room;

		assert_int_equal(vm->chunks[i].gpa.v,
				 vm->chunks[i - 1].gpa.v + vm->chunks[i - 1].size);
		if (at + sizeof(out) > WORLD_BASE + world.config.memory_size)
			break;
		assert_int_equal(vm_write(vm, gpa(at), out, sizeof(out)), 0);
		assert_int_equal(vm_read(vm, gpa(at), in, sizeof(in)), 0);
		assert_memory_equal(in, out, sizeof(in));
		assert_memory_equal(vm_ram(vm, vm->chunks[i].gpa, GSTAGE_READ, &room), out + 7000,
				    100);
		assert_int_equal(room, vm->chunks[i].size);
		vm_ram(vm, gpa(vm->chunks[i].gpa.v - 1), GSTAGE_READ, &room);
		assert_int_equal(room, 1);
	}
	vm_destroy(vm);
	for (unsigned int i = 0; i < 30; i++)
		page_free(taken[i], 7);
}

static bool in_pieces(hpa_t page)
{
	return page.v & PAGE_SIZE || page.v >> 18 == (FAKE_ARENA_BASE + MIB(20)) >> 18;
}

static void memory_in_too_many_pieces_is_refused(void **state)
{
	static hpa_t taken[10240];
	unsigned int count = 0;
	uint64_t pages;

	/* Only every second page is free, and 256 KiB for what is no guest memory. */
	while (count < ARRAY_SIZE(taken) && page_alloc(0, &taken[count]))
		count++;
	for (unsigned int i = 0; i < count; i++)
		if (in_pieces(taken[i]))
			page_free(taken[i], 0);
	world.config.memory_size = MIB(4);
	assert_null(vm_create(&world.config));
	pages = page_free_count();
	assert_null(shared_region_get("box", gpa(WORLD_BASE), MIB(1)));
	assert_int_equal(page_free_count(), pages);
	for (unsigned int i = 0; i < count; i++)
		if (!in_pieces(taken[i]))
			page_free(taken[i], 0);
	assert_non_null(strstr(world.said, "in too many pieces"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_tables_map_all_of_its_memory_and_nothing_else),
		TEST(its_memory_is_its_own_and_then_free_but_not_cleared),
		TEST(memory_of_another_before_it_is_zero),
		TEST(access_is_bounded_by_the_memory),
		TEST(accesses_across_chunks_are_whole),
		TEST(memory_in_too_many_pieces_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
