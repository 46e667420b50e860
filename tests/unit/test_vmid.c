/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs: a hart lends each of them once in a generation, whatever other harts do, and finds nothing
 * of another root or mode by one that it lends again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <arch/csr.h>
#include <arch/fence.h>
#include <arch/gstage.h>
#include <arch/vmid.h>

#define VMS 40

/* ---- a hart that walks at any time what hgatp has, and keeps it until it is fenced ---- */

#define KEPT 16384

static uint64_t hgatp;
static uint64_t kept[KEPT]; /* by VMID: the hgatp that it was walked with, + 1; 0: nothing */
static uint64_t fences, fenced_vmids; /* of all VMIDs; of all or one */

static unsigned int vmid_in_hgatp(void)
{
	return hgatp >> 44 & (KEPT - 1);
}

static void walk(void)
{
	if (!kept[vmid_in_hgatp()])
		kept[vmid_in_hgatp()] = hgatp + 1;
}

unsigned long fake_csr_read(unsigned int csr)
{
	assert_int_equal(csr, CSR_HGATP);
	return hgatp;
}

void fake_csr_write(unsigned int csr, unsigned long value)
{
	assert_int_equal(csr, CSR_HGATP);
	walk();
	hgatp = value;
}

static void fenced(enum fake_fence what, uint64_t at, uint64_t vmid)
{
	walk();
	if (what == FAKE_FENCE_ALL) {
		memset(kept, 0, sizeof(kept));
		fences++;
	} else {
		assert_int_equal(what, FAKE_FENCE_VMID);
		assert_int_equal(vmid, vmid_in_hgatp());
		kept[vmid] = 0;
	}
	fenced_vmids++;
	walk();
}

static int setup(void **state)
{
	fake_hart_reset();
	for (unsigned int i = 0; i < FAKE_HARTS; i++)
		vmid_reset(&fake_harts[i]);
	fake_fence_hook = fenced;
	memset(kept, 0, sizeof(kept));
	hgatp = fences = fenced_vmids = 0;
	return 0;
}

/* The VM runs: what the hart keeps by its VMID is what its table says. */
static void check_translations(const struct hart *hart, const struct gstage *gstage)
{
	uint64_t own = gstage_hgatp(gstage, gstage->vmids[hart->index].number);

	walk();
	assert_int_equal(hgatp, own);
	assert_int_equal(hart->arch.hgatp, own);
	assert_int_equal(kept[vmid_in_hgatp()], own + 1);
}

/* As csrs_load() and vm_load(). */
static void run(struct hart *hart, struct gstage *gstage)
{
	struct vmid *vmid = &gstage->vmids[hart->index];

	if (!vmid_is_lent(hart, vmid))
		vmid_enter(hart, gstage);
	if (hart->arch.hgatp != gstage_hgatp(gstage, vmid->number)) {
		hart->arch.hgatp = gstage_hgatp(gstage, vmid->number);
		fake_csr_write(CSR_HGATP, hart->arch.hgatp);
	}
	check_translations(hart, gstage);
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
	assert_int_equal(fake_harts[3].arch.vmid_generation, 2);
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
	assert_int_equal(hart->arch.vmid_generation, 3);
	assert_int_equal(fake_harts[0].arch.vmid_generation, 2);
}

static void reset_takes_all_back(void **state)
{
	struct vmid vmid = { 0 };

	vmid_lend(&fake_harts[0], &vmid);
	vmid_reset(&fake_harts[0]);
	assert_false(vmid_is_lent(&fake_harts[0], &vmid));
}

/* Each VM has a root and a mode of its own. */
static void vms_make(struct gstage *vms)
{
	memset(vms, 0, VMS * sizeof(*vms));
	for (unsigned int i = 0; i < VMS; i++) {
		vms[i].root = hpa(KIB(16) * (i + 1));
		vms[i].levels = (uint8_t)(3 + i % 3);
	}
}

static void nothing_is_found_by_a_vmid_that_another_vm_had(void **state)
{
	static const unsigned int widths[] = { 0, 1, 3, 14 };
	static struct gstage vms[VMS];
	struct hart *hart = fake_hart_self;
	uint64_t random = 11;

	for (unsigned int w = 0; w < 4; w++) {
		hart->arch.vmid_bits = (uint8_t)widths[w];
		vmid_reset(hart);
		vms_make(vms);
		for (unsigned int i = 0; i < 20000; i++)
			run(hart, &vms[fake_hart_random(&random) % VMS]);
	}
	/* With VMIDLEN 0 for each other VM, with 14 once. */
	assert_in_range(fences, 19000, 60000);
}

static void nothing_is_found_of_the_time_without_a_table(void **state)
{
	static struct gstage vms[VMS];
	struct hart *hart = fake_hart_self;

	vms_make(vms);
	walk();
	for (unsigned int i = 0; i < VMS; i++) {
		run(hart, &vms[i % 3]);
		vmid_leave(hart);
		assert_int_equal(hgatp, 0);
		assert_int_equal(hart->arch.hgatp, 0);
		walk();
		run(hart, &vms[0]);
	}
}

/* The others for themselves: what was written before is not seen by walks otherwise. */
static void only_the_first_vmid_of_a_generation_fences_all(void **state)
{
	static struct gstage vms[VMS];
	struct hart *hart = fake_hart_self;

	vms_make(vms);
	hart->arch.vmid_bits = 3;
	for (unsigned int i = 0; i < 16; i++) {
		run(hart, &vms[i]);
		assert_int_equal(fences, i / 8 + 1);
		assert_int_equal(fenced_vmids, i + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_lent_at_first, setup),
		cmocka_unit_test_setup(vmids_of_a_generation_differ, setup),
		cmocka_unit_test_setup(roll_over_comes_after_the_last_one, setup),
		cmocka_unit_test_setup(reset_takes_all_back, setup),
		cmocka_unit_test_setup(nothing_is_found_by_a_vmid_that_another_vm_had, setup),
		cmocka_unit_test_setup(nothing_is_found_of_the_time_without_a_table, setup),
		cmocka_unit_test_setup(only_the_first_vmid_of_a_generation_fences_all, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
