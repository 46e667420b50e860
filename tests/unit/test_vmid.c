/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs: each is given once, 0 is nobody's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <arch/vmid.h>

static int setup(void **state)
{
	fake_hart_reset();
	vmid_init(14);
	return 0;
}

static void each_is_given_once(void **state)
{
	vmid_init(3);
	for (unsigned int i = 1; i < 8; i++)
		assert_int_equal(vmid_alloc(), i);
	for (unsigned int i = 1; i < 8; i++)
		vmid_free(i);
}

static void shared_one_is_given_when_all_are_in_use(void **state)
{
	vmid_init(1);
	assert_int_equal(vmid_alloc(), 1);
	assert_int_equal(vmid_alloc(), 0);
	assert_int_equal(vmid_alloc(), 0);
	vmid_free(0);
	assert_int_equal(vmid_alloc(), 0);
	vmid_free(1);
	assert_int_equal(vmid_alloc(), 1);
	vmid_free(1);
}

static void hart_without_vmid_bits_has_only_the_shared_one(void **state)
{
	vmid_init(0);
	assert_int_equal(vmid_alloc(), 0);
	vmid_free(0);
}

static void freed_one_is_given_again(void **state)
{
	for (unsigned int i = 1; i <= 200; i++)
		assert_int_equal(vmid_alloc(), i);
	vmid_free(130);
	vmid_free(64);
	assert_int_equal(vmid_alloc(), 64);
	assert_int_equal(vmid_alloc(), 130);
	assert_int_equal(vmid_alloc(), 201);
	for (unsigned int i = 1; i <= 201; i++)
		vmid_free(i);
}

static void there_are_at_most_14_bits_of_them(void **state)
{
	unsigned int count = 0;

	vmid_init(16);
	while (vmid_alloc())
		count++;
	assert_int_equal(count, 16383);
	for (unsigned int i = 1; i <= 16383; i++)
		vmid_free(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_is_given_once, setup),
		cmocka_unit_test_setup(shared_one_is_given_when_all_are_in_use, setup),
		cmocka_unit_test_setup(hart_without_vmid_bits_has_only_the_shared_one, setup),
		cmocka_unit_test_setup(freed_one_is_given_again, setup),
		cmocka_unit_test_setup(there_are_at_most_14_bits_of_them, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
