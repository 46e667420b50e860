/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs: a hart lends each of them once in a generation, whatever other harts do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <arch/vmid.h>

#define VMS 40

static int setup(void **state)
{
	fake_hart_reset();
	return 0;
}

/* Two VMs that both may run never have the same VMID. */
static void check_all_differ(const struct hart *hart, const struct vmid *vmids)
{
	for (unsigned int i = 0; i < VMS; i++)
		for (unsigned int j = 0; j < i; j++)
			if (vmid_is_lent(hart, &vmids[i]) && vmid_is_lent(hart, &vmids[j]))
				assert_int_not_equal(vmids[i].number, vmids[j].number);
}

static void nothing_is_lent_at_first(void **state)
{
	struct vmid vmid = { 0 };

	assert_false(vmid_is_lent(&fake_harts[0], &vmid));
	vmid_lend(&fake_harts[0], &vmid);
	assert_true(vmid_is_lent(&fake_harts[0], &vmid));
}

static void vmids_of_a_generation_differ(void **state)
{
	static const unsigned int widths[] = { 0, 1, 3, 14 };

	for (unsigned int w = 0; w < 4; w++) {
		struct hart *hart = &fake_harts[w];
		struct vmid vmids[VMS] = { 0 };
		uint64_t random = 7;

		hart->arch.vmid_bits = (uint8_t)widths[w];
		for (unsigned int i = 0; i < 2000; i++) {
			struct vmid *vmid = &vmids[fake_hart_random(&random) % VMS];

			if (!vmid_is_lent(hart, vmid))
				vmid_lend(hart, vmid);
			assert_true(vmid_is_lent(hart, vmid));
			assert_true(vmid->number < BIT(widths[w]));
			check_all_differ(hart, vmids);
		}
	}
	assert_int_equal(fake_harts[3].arch.vmid_generation, 1);
}

static void roll_over_comes_after_the_last_one(void **state)
{
	struct hart *hart = &fake_harts[1];
	struct vmid first = { 0 }, vmid = { 0 };

	hart->arch.vmid_bits = 3;
	vmid_lend(hart, &first);
	for (unsigned int i = 1; i < 8; i++) {
		vmid_lend(hart, &vmid);
		assert_true(vmid_is_lent(hart, &first));
	}
	vmid_lend(hart, &vmid);
	assert_false(vmid_is_lent(hart, &first));
	assert_int_equal(vmid.number, 0);
	assert_int_equal(hart->arch.vmid_generation, 2);
	assert_int_equal(fake_harts[0].arch.vmid_generation, 1);
}

static void reset_takes_all_back(void **state)
{
	struct vmid vmid = { 0 };

	vmid_lend(&fake_harts[0], &vmid);
	vmid_reset(&fake_harts[0]);
	assert_false(vmid_is_lent(&fake_harts[0], &vmid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_lent_at_first, setup),
		cmocka_unit_test_setup(vmids_of_a_generation_differ, setup),
		cmocka_unit_test_setup(roll_over_comes_after_the_last_one, setup),
		cmocka_unit_test_setup(reset_takes_all_back, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
