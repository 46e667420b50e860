/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the SBI that a guest sees: how extensions are found, masks of harts, and memory that is
 * shared, as SBI 3.0 has them and called the way the exit path does.
 */
#include "fake_sbi.h"

#include <arch/sbi_list.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- dispatch -------------------------------------------------------------------------------- */

static void each_extension_is_found_by_its_id_alone(void **state)
{
	uint64_t id = 1;

	for (unsigned int i = 0; i < SBI_LIST_COUNT; i++) {
		unsigned long own = sbi_extensions[i]->id;

		assert_ptr_equal(sbi_find(&fake.vm, own), sbi_extensions[i]);
		assert_null(sbi_find(&fake.vm, own + 1));
		assert_null(sbi_find(&fake.vm, own | BIT(32)));
		assert_null(sbi_find(&fake.vm, own | BIT(63)));
	}
	for (unsigned int i = 0; i < 100000; i++) {
		id = id * UINT64_C(6364136223846793005) + 1442695040888963407;
		assert_null(sbi_find(&fake.vm, id));
	}
}

static void unknown_extensions_and_functions_are_not_supported(void **state)
{
	static const uint64_t ids[] = {
		0, 1, 8, 0xf, 0x11, 0x43505043, 0x4e41434c, 0xb000000, ALL
	};
	static const uint64_t functions[] = { 10, 100, 0x80000000, BIT(32), INT64_MAX, ALL };

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		for (unsigned int f = 0; f < 9; f++)
			assert_int_equal(fake_call(0, ids[i], f, 0, 0, 0, 0, 0).error,
					 SBI_NOT_SUPPORTED);
	for (unsigned int i = 0; i < SBI_LIST_COUNT; i++)
		for (unsigned int f = 0; f < ARRAY_SIZE(functions); f++)
			assert_int_equal(fake_call(0, sbi_extensions[i]->id, functions[f], ALL, ALL,
						   0, ALL, 0)
						 .error,
					 SBI_NOT_SUPPORTED);
	assert_string_equal(fake_trace(), "");
}

static void an_extension_that_a_vm_lacks_is_not_there(void **state)
{
	uint64_t all = fake.vm.sbi_enabled;
	unsigned int found = 0;

	for (unsigned int slot = 0; slot < 64; slot++) {
		fake.vm.sbi_enabled = all & ~BIT(slot);
		if (sbi_find(&fake.vm, SBI_EXT_TIME))
			continue;
		found++;
		CALL(TIME, 0, 5, 0, 0, 0, 0, SBI_NOT_SUPPORTED, 0, "");
		CALL(BASE, 3, SBI_EXT_TIME, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
		CALL(BASE, 3, SBI_EXT_IPI, 0, 0, 0, 0, SBI_SUCCESS, 1, "");
	}
	assert_int_equal(found, 1);
	fake.vm.sbi_enabled = 0;
	CALL(BASE, 0, 0, 0, 0, 0, 0, SBI_NOT_SUPPORTED, 0, "");
}

static void an_extension_that_is_switched_off_is_not_there(void **state)
{
	char text[256];

	for (unsigned int off = SBI_LIST_base + 1; off < SBI_LIST_COUNT; off++) {
		fake.vm.config.sbi_disabled = BIT(off);
		sbi_vm_init(&fake.vm);
		for (unsigned int i = 0; i < SBI_LIST_COUNT; i++)
			CALL(BASE, 3, sbi_extensions[i]->id, 0, 0, 0, 0, SBI_SUCCESS, i != off, "");
		assert_int_equal(fake_call(0, sbi_extensions[off]->id, 0, 0, 0, 0, 0, 0).error,
				 SBI_NOT_SUPPORTED);
		assert_string_equal(fake_trace(), "");
	}
	fake.vm.config.sbi_disabled = ~(BIT(SBI_LIST_base) | BIT(SBI_LIST_hsm));
	sbi_vm_init(&fake.vm);
	assert_string_equal(arch_vm_sbi(&fake.vm, text, sizeof(text)), "base hsm");
	assert_string_equal(arch_vm_sbi(&fake.vm, text, 7), "base h");
	assert_string_equal(arch_vm_sbi(&fake.vm, text, 1), "");
}

/** As trap_entry looks it up. */
static const struct sbi_extension *entry_find(const struct vcpu *vcpu, unsigned long id)
{
	const struct sbi_extension *found =
		vcpu->arch.sbi_slots[id * vcpu->arch.sbi_factor >> (64 - SBI_SLOT_BITS)];

	assert_non_null(found);
	return found->id == id ? found : NULL;
}

static void trap_entry_finds_what_the_vm_has(void **state)
{
	for (unsigned int off = SBI_LIST_base; off < SBI_LIST_COUNT; off++) {
		fake_sbi_setup(2);
		fake.vm.config.sbi_disabled = off == SBI_LIST_base ? 0 : BIT(off);
		sbi_vm_init(&fake.vm);
		sbi_vcpu_destroy(&fake.vcpus[1]);
		assert_int_equal(sbi_vcpu_init(&fake.vcpus[1]), 0);
		for (unsigned int i = 0; sbi_extensions[i]; i++) {
			unsigned long id = sbi_extensions[i]->id;

			assert_ptr_equal(entry_find(&fake.vcpus[1], id), sbi_find(&fake.vm, id));
			assert_null(entry_find(&fake.vcpus[1], id | BIT(32)));
		}
		/* What no extension has is that of empty slots, which answer nothing. */
		for (unsigned int slot = 0; slot < SBI_SLOTS; slot++) {
			const struct sbi_extension *found = fake.vcpus[1].arch.sbi_slots[slot];

			if (found->id == SBI_EXT_NONE)
				assert_true(!found->answers && !found->light);
		}
		CALL(BASE, 3, SBI_EXT_NONE, 0, 0, 0, 0, SBI_SUCCESS, 0, "");
		assert_int_equal(fake_call(0, SBI_EXT_NONE, 0, 0, 0, 0, 0, 0).error,
				 SBI_NOT_SUPPORTED);
	}
}

static void what_is_too_heavy_for_light_has_done_nothing(void **state)
{
	static const uint64_t values[] = { 0, 1, 2, 3, 4, 5, 7, 64, 0x1000, BIT(63), ALL - 1, ALL };
	unsigned int light = 0;

	for (unsigned int i = 0; i < 100000; i++) {
		const struct sbi_extension *extension = sbi_extensions[i % SBI_LIST_COUNT];
		uint64_t args[8];
		struct sbi_result result;

		for (unsigned int arg = 0; arg < ARRAY_SIZE(args); arg++)
			args[arg] = values[(unsigned int)rand() % ARRAY_SIZE(values)];
		args[6] = (unsigned int)rand() % 12;
		args[7] = extension->id;
		if (!extension->light)
			continue;
		fake.no_light_timer = i & 64;
		fake.vcpus[0].arch.pmu_events = i & 128;
		memcpy(&fake.vcpus[0].arch.regs[REG_A0], args, sizeof(args));
		result = extension->light(&fake.vcpus[0], args[6], args);
		assert_true(result.error <= SBI_HEAVY);
		if (result.error == SBI_HEAVY)
			assert_string_equal(fake_trace(), "");
		else
			light++;
		fake_trace();
		assert_memory_equal(&fake.vcpus[0].arch.regs[REG_A0], args, sizeof(args));
		assert_int_equal(fake.vcpus[0].pending, 0);
	}
	assert_true(light > 1000);
}

static void ranges_of_others_are_not_supported(void **state)
{
	/* Experimental, vendor, firmware: each end of each. */
	static const uint64_t ids[] = { 0x08000000, 0x08ffffff, 0x09000000, 0x09ffffff,
					0x0a000000, 0x0affffff, 0x0a565352, 0x0b000000 };

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		CALL(BASE, 3, ids[i], 0, 0, 0, 0, SBI_SUCCESS, 0, "");
		for (unsigned int f = 0; f < 4; f++)
			assert_int_equal(fake_call(0, ids[i], f, ALL, 0, ALL, 0, 0).error,
					 SBI_NOT_SUPPORTED);
	}
	assert_string_equal(fake_trace(), "");
}

/* ---- hart masks ------------------------------------------------------------------------------ */

static void mask_of(uint64_t mask, uint64_t base, long error, uint64_t vcpus)
{
	uint64_t result = 0;

	assert_int_equal(sbi_hart_mask(&fake.vm, mask, base, &result), error);
	if (!error)
		assert_int_equal(result, vcpus);
}

static void a_hart_mask_names_vcpus_from_its_base_on(void **state)
{
	mask_of(1, 0, 0, 1);
	mask_of(0xf, 0, 0, 0xf);
	mask_of(1, 3, 0, 8);
	mask_of(3, 2, 0, 0xc);
	fake_sbi_setup(64);
	mask_of(ALL, 0, 0, ALL);
	mask_of(1, 63, 0, BIT(63));
	mask_of(BIT(62), 1, 0, BIT(63));
	fake_sbi_setup(1);
	mask_of(1, 0, 0, 1);
	mask_of(2, 0, SBI_INVALID_PARAM, 0);
}

static void base_minus_one_names_all_whatever_the_mask(void **state)
{
	mask_of(0, ALL, 0, 0xf);
	mask_of(ALL, ALL, 0, 0xf);
	fake_sbi_setup(64);
	mask_of(0, ALL, 0, ALL);
}

/* Of IPIs for one way of it: the caller as the base. */
static void light_is_for_masks_that_name_the_caller_alone(void **state)
{
	const struct sbi_extension *const each[] = { sbi_find(&fake.vm, SBI_EXT_IPI),
						     sbi_find(&fake.vm, SBI_EXT_RFENCE) };
	static const uint64_t masks[] = { 0, 1, 2, 3, 4, 6, 8, 12, BIT(63), BIT(63) | 1, ALL };
	static const uint64_t bases[] = { 0, 1, 2, 3, 4, 63, 64, BIT(32), BIT(63), ALL - 1, ALL };

	for (unsigned int caller = 0; caller < fake.vm.vcpu_count; caller++)
		for (unsigned int i = 0; i < ARRAY_SIZE(masks) * ARRAY_SIZE(bases); i++) {
			uint64_t args[8] = { masks[i % ARRAY_SIZE(masks)],
					     bases[i / ARRAY_SIZE(masks)] };
			uint64_t vcpus;
			bool alone = !sbi_hart_mask(&fake.vm, args[0], args[1], &vcpus) &&
				     args[1] != ALL && vcpus == BIT(caller);

			for (unsigned int e = 0; e < ARRAY_SIZE(each); e++) {
				bool light = alone && (each[e]->id != SBI_EXT_IPI || args[0] == 1);

				assert_int_equal(each[e]->light(&fake.vcpus[caller], 0, args).error,
						 light ? SBI_SUCCESS : SBI_HEAVY);
			}
		}
	fake_trace();
}

static void an_empty_mask_is_valid_at_any_base(void **state)
{
	mask_of(0, 0, 0, 0);
	mask_of(0, 4, 0, 0);
	mask_of(0, 1000, 0, 0);
	mask_of(0, ALL - 1, 0, 0);
}

static void a_mask_that_names_no_vcpu_is_invalid(void **state)
{
	mask_of(0x10, 0, SBI_INVALID_PARAM, 0);
	mask_of(0x1f, 0, SBI_INVALID_PARAM, 0);
	mask_of(1, 4, SBI_INVALID_PARAM, 0);
	mask_of(3, 3, SBI_INVALID_PARAM, 0);
	mask_of(1, 64, SBI_INVALID_PARAM, 0);
	mask_of(1, 1000, SBI_INVALID_PARAM, 0);
	mask_of(1, BIT(32), SBI_INVALID_PARAM, 0);
	mask_of(1, ALL - 1, SBI_INVALID_PARAM, 0);
	mask_of(4, ALL - 1, SBI_INVALID_PARAM, 0);
	/* Bits that a shift would lose. */
	mask_of(BIT(63) | 1, 1, SBI_INVALID_PARAM, 0);
	mask_of(BIT(63), 63, SBI_INVALID_PARAM, 0);
	fake_sbi_setup(64);
	mask_of(3, 63, SBI_INVALID_PARAM, 0);
}

/* ---- shared memory --------------------------------------------------------------------------- */

static void shared_memory_lies_in_memory_that_the_guest_may_access(void **state)
{
	static const struct {
		uint64_t low, high, size, alignment;
		unsigned int access;
		long error;
	} cases[] = {
		{ FAKE_RAM_BASE, 0, 64, 64, GSTAGE_WRITE, SBI_SUCCESS },
		{ FAKE_RAM_BASE, 0, FAKE_RAM_SIZE, 4096, GSTAGE_READ | GSTAGE_WRITE, SBI_SUCCESS },
		{ RAM_END - 64, 0, 64, 64, GSTAGE_WRITE, SBI_SUCCESS },
		{ RAM_END - 1, 0, 1, 1, GSTAGE_READ, SBI_SUCCESS },
		{ FAKE_ROM_BASE, 0, 64, 64, GSTAGE_READ, SBI_SUCCESS },
		/* No memory at all. */
		{ 0, 0, 0, 64, GSTAGE_WRITE, SBI_SUCCESS },
		{ 64, ALL, 0, 64, GSTAGE_WRITE, SBI_SUCCESS },
		/* Alignment, which is looked at first. */
		{ FAKE_RAM_BASE + 1, 0, 64, 64, GSTAGE_WRITE, SBI_INVALID_PARAM },
		{ FAKE_RAM_BASE + 32, 0, 64, 64, GSTAGE_WRITE, SBI_INVALID_PARAM },
		{ FAKE_RAM_BASE + 2048, 0, 64, 4096, GSTAGE_WRITE, SBI_INVALID_PARAM },
		{ 1, 1, 64, 2, GSTAGE_WRITE, SBI_INVALID_PARAM },
		{ 1, 0, 0, 2, GSTAGE_WRITE, SBI_INVALID_PARAM },
		/* Each end, each bit of the high part, wrap-around. */
		{ FAKE_RAM_BASE - 1, 0, 64, 1, GSTAGE_READ, SBI_INVALID_ADDRESS },
		{ FAKE_RAM_BASE - 64, 0, 64, 64, GSTAGE_READ, SBI_INVALID_ADDRESS },
		{ RAM_END - 63, 0, 64, 1, GSTAGE_READ, SBI_INVALID_ADDRESS },
		{ RAM_END, 0, 64, 64, GSTAGE_READ, SBI_INVALID_ADDRESS },
		{ FAKE_RAM_BASE, 0, FAKE_RAM_SIZE + 1, 1, GSTAGE_READ, SBI_INVALID_ADDRESS },
		{ FAKE_RAM_BASE, 0, ALL, 1, GSTAGE_READ, SBI_INVALID_ADDRESS },
		{ FAKE_RAM_BASE, 0, -FAKE_RAM_BASE, 1, GSTAGE_READ, SBI_INVALID_ADDRESS },
		{ FAKE_RAM_BASE, 1, 64, 64, GSTAGE_READ, SBI_INVALID_ADDRESS },
		{ FAKE_RAM_BASE, BIT(63), 64, 64, GSTAGE_READ, SBI_INVALID_ADDRESS },
		{ ALL - 63, 0, 64, 64, GSTAGE_READ, SBI_INVALID_ADDRESS },
		{ ALL, ALL, 64, 1, GSTAGE_READ, SBI_INVALID_ADDRESS },
		/* Access. */
		{ FAKE_ROM_BASE, 0, 64, 64, GSTAGE_WRITE, SBI_INVALID_ADDRESS },
		{ FAKE_ROM_BASE, 0, 64, 64, GSTAGE_READ | GSTAGE_WRITE, SBI_INVALID_ADDRESS },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(sbi_shared_memory(&fake.vm, cases[i].low, cases[i].high,
						   cases[i].size, cases[i].alignment,
						   cases[i].access),
				 cases[i].error);
	assert_true(sbi_shared_memory_ends(ALL, ALL));
	assert_false(sbi_shared_memory_ends(ALL, 0));
	assert_false(sbi_shared_memory_ends(ALL, ALL - 1));
	assert_false(sbi_shared_memory_ends(ALL - 1, ALL));
}

#define TEST(name) cmocka_unit_test_setup(name, fake_sbi_four_vcpus)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_extension_is_found_by_its_id_alone),
		TEST(unknown_extensions_and_functions_are_not_supported),
		TEST(an_extension_that_a_vm_lacks_is_not_there),
		TEST(an_extension_that_is_switched_off_is_not_there),
		TEST(trap_entry_finds_what_the_vm_has),
		TEST(what_is_too_heavy_for_light_has_done_nothing),
		TEST(ranges_of_others_are_not_supported),
		TEST(a_hart_mask_names_vcpus_from_its_base_on),
		TEST(base_minus_one_names_all_whatever_the_mask),
		TEST(light_is_for_masks_that_name_the_caller_alone),
		TEST(an_empty_mask_is_valid_at_any_base),
		TEST(a_mask_that_names_no_vcpu_is_invalid),
		TEST(shared_memory_lies_in_memory_that_the_guest_may_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
