/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's tables, walked by software: good ones of each mode and size of leaf, and whatever a
 * guest may have put there instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_exit.h"

#include <arch/pte.h>
#include <core/vm.h>
#include <errno.h>

#define RAM UINT64_C(0x80000000)
#define PAGES 8
#define VA UINT64_C(0x3f12345678)
#define LEAF (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)

static uint64_t memory[PAGES][512];
static unsigned int read_only; /* the first page that is */
static uint64_t written;
static unsigned int access;
static gpa_t at;

void *vm_ram(const struct vm *vm, gpa_t at, unsigned int access, uint64_t *room)
{
	uint64_t page = (at.v - RAM) / PAGE_SIZE;

	if (page >= PAGES || (access & GSTAGE_WRITE && page >= read_only))
		return NULL;
	*room = PAGE_SIZE - at.v % PAGE_SIZE;
	return (char *)memory + (at.v - RAM);
}

void gstage_written(struct gstage *gstage, gpa_t at, uint64_t size)
{
	written = at.v;
}

static int setup(void **state)
{
	fake_exit_reset();
	fake.csrs[CSR_HSTATUS] |= HSTATUS_SPVP;
	memset(memory, 0, sizeof(memory));
	read_only = PAGES;
	written = 0;
	return 0;
}

static uint64_t *entry(unsigned int page, unsigned int level)
{
	return &memory[page][VA >> (12 + 9 * level) & 511];
}

static uint64_t entry_at(unsigned int page, unsigned int level)
{
	return RAM + (uint64_t)((char *)entry(page, level) - (char *)memory);
}

/* Tables of @levels, one a page, down to an entry of @level that is @pte. */
static void tables(unsigned int levels, unsigned int level, uint64_t pte)
{
	unsigned int page = 0;

	fake.csrs[CSR_VSATP] = (uint64_t)(levels + 5) << 60 | RAM >> PAGE_SHIFT;
	for (unsigned int l = levels - 1; l > level; l--, page++)
		*entry(page, l) = pte_make(hpa(RAM + (page + 1) * PAGE_SIZE), PTE_V);
	*entry(page, level) = pte;
}

static int walk(unsigned int how)
{
	access = how;
	return guest_walk(&fake.vcpu, VA, &access, &at);
}

static void leaves_of_all_sizes_are_found(void **state)
{
	for (unsigned int levels = 3; levels <= 5; levels++)
		for (unsigned int level = 0; level < levels; level++) {
			uint64_t mask = (PAGE_SIZE << 9 * level) - 1;

			memset(memory, 0, sizeof(memory));
			/* The lower bits of the PPN do not count. */
			tables(levels, level,
			       pte_make(hpa(0xabc0000000000 | (mask & ~0xfffUL)), LEAF));
			assert_int_equal(walk(GSTAGE_READ), 0);
			assert_int_equal(at.v, (0xabc0000000000 & ~mask) | (VA & mask));
			assert_int_equal(access, GSTAGE_READ);
		}
	assert_int_equal(written, 0);
}

static void napot_leaf_is_64_kib(void **state)
{
	tables(3, 0, pte_make(hpa(0x12348000), LEAF | PTE_N));
	assert_int_equal(walk(GSTAGE_EXECUTE), 0);
	assert_int_equal(at.v, 0x12340000 | (VA & 0xffff));
	assert_int_equal(access, GSTAGE_EXECUTE);
}

static void without_tables_addresses_are_physical(void **state)
{
	fake.csrs[CSR_VSATP] = 0;
	assert_int_equal(walk(GSTAGE_WRITE), 0);
	assert_int_equal(at.v, VA);
}

static void a_and_d_are_set_as_hardware_does(void **state)
{
	tables(3, 0, pte_make(hpa(0x10000000), PTE_V | PTE_R | PTE_W));
	assert_int_equal(walk(GSTAGE_READ), 0);
	assert_int_equal(*entry(2, 0) & (PTE_A | PTE_D), PTE_A);
	assert_int_equal(written, entry_at(2, 0));
	assert_int_equal(walk(GSTAGE_WRITE), 0);
	assert_int_equal(*entry(2, 0) & (PTE_A | PTE_D), PTE_A | PTE_D);
	assert_int_equal(access, GSTAGE_WRITE);
}

/* What another leaf, that came since the fault, allows: the guest tries again, and faults. */
static void only_what_the_leaf_allows_is_done(void **state)
{
	static const struct {
		uint64_t pte, status;
		unsigned int user, supervisor; /* enum gstage_access */
	} cases[] = {
		{ PTE_R, 0, 0, GSTAGE_READ },
		{ PTE_R | PTE_W, 0, 0, GSTAGE_READ | GSTAGE_WRITE },
		{ PTE_W, 0, 0, GSTAGE_READ | GSTAGE_WRITE },
		{ PTE_X, 0, 0, GSTAGE_EXECUTE },
		{ PTE_X, SSTATUS_MXR, 0, GSTAGE_EXECUTE | GSTAGE_READ },
		{ PTE_R | PTE_X | PTE_U, 0, GSTAGE_EXECUTE | GSTAGE_READ, 0 },
		{ PTE_R | PTE_X | PTE_U, SSTATUS_SUM, GSTAGE_EXECUTE | GSTAGE_READ, GSTAGE_READ },
		{ PTE_R | PTE_W | PTE_U, SSTATUS_SUM, GSTAGE_READ | GSTAGE_WRITE,
		  GSTAGE_READ | GSTAGE_WRITE },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned int how = GSTAGE_READ; how <= GSTAGE_EXECUTE; how <<= 1) {
			uint64_t pte = pte_make(hpa(0x10000000), PTE_V | cases[i].pte);

			fake.csrs[CSR_VSSTATUS] = cases[i].status;
			fake.csrs[CSR_HSTATUS] = 0;
			tables(3, 0, pte);
			assert_int_equal(walk(how), cases[i].user & how ? 0 : -ENOENT);
			fake.csrs[CSR_HSTATUS] = HSTATUS_SPVP;
			tables(3, 0, pte);
			assert_int_equal(walk(how), cases[i].supervisor & how ? 0 : -ENOENT);
			if (!((cases[i].user | cases[i].supervisor) & how))
				assert_int_equal(*entry(2, 0), pte);
		}
	fake.csrs[CSR_VSSTATUS] = 0;
	fake.csrs[CSR_SSTATUS] = SSTATUS_MXR;
	tables(3, 0, pte_make(hpa(0x10000000), PTE_V | PTE_X));
	assert_int_equal(walk(GSTAGE_READ), 0);
}

static void fault_of_the_walk_is_told(void **state)
{
	tables(3, 0, pte_make(hpa(0x10000000), PTE_V | PTE_R | PTE_W));
	read_only = 2;
	assert_int_equal(walk(GSTAGE_READ), -EFAULT);
	assert_int_equal(at.v, entry_at(2, 0));
	assert_int_equal(access, GSTAGE_WRITE);
	*entry(1, 1) = pte_make(hpa(0x10000000), PTE_V);
	assert_int_equal(walk(GSTAGE_WRITE), -EFAULT);
	assert_int_equal(at.v, 0x10000000 + (VA >> 12 & 511) * 8);
	assert_int_equal(access, GSTAGE_READ);
	fake.csrs[CSR_VSATP] |= GENMASK(43, 0);
	assert_int_equal(walk(GSTAGE_READ), -EFAULT);
}

static void what_is_no_longer_mapped_is_tried_again(void **state)
{
	tables(4, 0, 0);
	assert_int_equal(walk(GSTAGE_READ), -ENOENT);
	/* A pointer at the last level, or a table that is its own. */
	*entry(3, 0) = pte_make(hpa(RAM), PTE_V);
	assert_int_equal(walk(GSTAGE_READ), -ENOENT);
	for (unsigned int i = 0; i < 512; i++)
		memory[0][i] = pte_make(hpa(RAM), PTE_V);
	assert_int_equal(walk(GSTAGE_READ), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(leaves_of_all_sizes_are_found, setup),
		cmocka_unit_test_setup(napot_leaf_is_64_kib, setup),
		cmocka_unit_test_setup(without_tables_addresses_are_physical, setup),
		cmocka_unit_test_setup(a_and_d_are_set_as_hardware_does, setup),
		cmocka_unit_test_setup(only_what_the_leaf_allows_is_done, setup),
		cmocka_unit_test_setup(fault_of_the_walk_is_told, setup),
		cmocka_unit_test_setup(what_is_no_longer_mapped_is_tried_again, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
