/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI FWFT against tables written from the specification (SBI 3.0, "Firmware Features Extension",
 * and of the privileged one "henvcfg"): errors in their order, values, locks, resets, and the bits
 * that each value stands for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_sbi.h"

#include <arch/fwft.h>

#define LOCK 1

/* For each feature: its values but 0, which hart feature each needs, what henvcfg then is. */
static const struct {
	uint64_t feature, value, needs, henvcfg;
} table[] = {
	{ 0, 1, BIT(FEATURE_MISALIGNED), 0 },
	{ 1, 1, BIT(FEATURE_LANDING_PAD), UINT64_C(1) << 2 },
	{ 2, 1, BIT(FEATURE_SHADOW_STACK), UINT64_C(1) << 3 },
	{ 3, 1, BIT(FEATURE_DOUBLE_TRAP), UINT64_C(1) << 59 },
	{ 4, 1, BIT(FEATURE_AD_UPDATING), UINT64_C(1) << 61 },
	{ 5, 7, BIT(FEATURE_PMLEN_7), UINT64_C(2) << 32 },
	{ 5, 16, BIT(FEATURE_PMLEN_16), UINT64_C(3) << 32 },
};

#define EVERY (BIT(FEATURE_COUNT) - 1)
#define BASE_HENVCFG (UINT64_C(1) << 63 | 0xc0)

static void start(uint64_t features)
{
	fake_sbi_setup(2);
	fake.vm.arch.kept = 0x50;
	for (unsigned int i = 0; i < 2; i++) {
		fake.vcpus[i].arch.features = features;
		fake.vcpus[i].arch.henvcfg = BASE_HENVCFG;
		fake.vcpus[i].arch.kept = 0x50;
		sbi_vcpu_destroy(&fake.vcpus[i]);
		assert_int_equal(sbi_vcpu_init(&fake.vcpus[i]), 0);
		sbi_vcpu_reset(&fake.vcpus[i]);
	}
	fake_trace();
}

static int setup(void **state)
{
	start(EVERY);
	return 0;
}

static long set(uint64_t feature, uint64_t value, uint64_t flags)
{
	struct sbi_result result = fake_call(0, SBI_EXT_FWFT, 0, feature, value, flags, 0, 0);

	assert_int_equal(result.value, 0);
	return result.error;
}

static void assert_get(unsigned int vcpu, uint64_t feature, long error, uint64_t value)
{
	struct sbi_result result = fake_call(vcpu, SBI_EXT_FWFT, 1, feature, -1, -1, -1, -1);

	assert_int_equal(result.error, error);
	assert_int_equal(result.value, value);
}

static void other_functions_and_features_are_errors(void **state)
{
	static const uint32_t reserved[] = { 6,		 0x3fffffff, 0x40000000, 0x7fffffff,
					     0x80000000, 0xbfffffff, 0xc0000000, 0xffffffff };

	for (unsigned int bit = 1; bit < 64; bit++)
		assert_int_equal(fake_call(0, SBI_EXT_FWFT, BIT(bit), 0, 0, 0, 0, 0).error,
				 SBI_NOT_SUPPORTED);
	for (unsigned int i = 0; i < ARRAY_SIZE(reserved); i++) {
		assert_int_equal(set(reserved[i], 0, 0), SBI_DENIED);
		assert_int_equal(set(reserved[i], 99, 2), SBI_DENIED);
		assert_get(0, reserved[i], SBI_DENIED, 0);
		assert_get(0, reserved[i] | UINT64_C(5) << 40, SBI_DENIED, 0);
	}
	assert_string_equal(fake_trace(), "");
}

static void upper_half_of_a_number_is_ignored(void **state)
{
	assert_int_equal(set(1 | BIT(32) | BIT(63), 1, 0), 0);
	assert_get(0, 1, 0, 1);
	assert_get(0, UINT64_C(0xffffffff00000001), 0, 1);
}

static void each_value_stands_for_its_bits(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(table); i++) {
		start(EVERY);
		assert_get(0, table[i].feature, 0, 0);
		assert_int_equal(set(table[i].feature, table[i].value, 0), 0);
		assert_get(0, table[i].feature, 0, table[i].value);
		assert_get(1, table[i].feature, 0, 0);
		assert_int_equal(fake.vcpus[0].arch.henvcfg, BASE_HENVCFG | table[i].henvcfg);
		assert_int_equal(fake.vcpus[1].arch.henvcfg, BASE_HENVCFG);
		assert_int_equal(fake.vcpus[0].arch.kept, table[i].feature ? 0x50 : 0);
		assert_int_equal(set(table[i].feature, 0, 0), 0);
		assert_int_equal(fake.vcpus[0].arch.henvcfg, BASE_HENVCFG);
		assert_int_equal(fake.vcpus[0].arch.kept, 0x50);
	}
}

static void all_at_once_do_not_disturb_each_other(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(set(table[i].feature, table[i].value, 0), 0);
	assert_int_equal(fake.vcpus[0].arch.henvcfg,
			 BASE_HENVCFG | UINT64_C(0xc) | UINT64_C(3) << 32 | UINT64_C(5) << 59);
	assert_int_equal(set(5, 7, 0), 0);
	assert_int_equal(fake.vcpus[0].arch.henvcfg,
			 BASE_HENVCFG | UINT64_C(0xc) | UINT64_C(2) << 32 | UINT64_C(5) << 59);
}

static bool is_value(uint64_t features, uint64_t feature, uint64_t value)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].feature == feature && table[i].value == value)
			return features & table[i].needs;
	return value == 0;
}

static bool is_supported(uint64_t features, uint64_t feature)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].feature == feature && features & table[i].needs)
			return true;
	return false;
}

/* By each single feature of the harts missing, and being the only one. */
static void missing_dependencies_come_before_all_else(void **state)
{
	for (unsigned int n = 0; n < 2 * FEATURE_COUNT; n++) {
		uint64_t features = n % 2 ? EVERY & ~BIT(n / 2) : BIT(n / 2);

		start(features);
		for (uint64_t feature = 0; feature < 6; feature++) {
			long other = is_supported(features, feature) ? 0 : SBI_NOT_SUPPORTED;

			assert_get(0, feature, other, 0);
			assert_int_equal(set(feature, 99, 2), other ? other : SBI_INVALID_PARAM);
			for (uint64_t value = 0; value < 20; value++)
				assert_int_equal(set(feature, value, 0),
						 other ? other
						 : is_value(features, feature, value)
							 ? 0
							 : SBI_INVALID_PARAM);
		}
	}
}

static void wrong_values_and_flags_change_nothing(void **state)
{
	for (uint64_t feature = 0; feature < 6; feature++) {
		uint64_t value = feature == 5 ? 16 : 1;

		assert_int_equal(set(feature, value, 0), 0);
		fake_trace();
		for (unsigned int bit = 1; bit < 64; bit++) {
			assert_int_equal(set(feature, 0, BIT(bit)), SBI_INVALID_PARAM);
			assert_int_equal(set(feature, 0, BIT(bit) | LOCK), SBI_INVALID_PARAM);
			if (!is_value(EVERY, feature, BIT(bit)))
				assert_int_equal(set(feature, BIT(bit), LOCK), SBI_INVALID_PARAM);
			if (bit >= 32)
				assert_int_equal(set(feature, BIT(bit) | 1, 0), SBI_INVALID_PARAM);
		}
		assert_get(0, feature, 0, value);
		assert_string_equal(fake_trace(), "");
		assert_int_equal(set(feature, 0, 0), 0); /* no lock was left */
	}
}

static void lock_comes_after_flags_and_before_values(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(table); i++) {
		uint64_t feature = table[i].feature, value = table[i].value;

		start(EVERY);
		assert_int_equal(set(feature, value, LOCK), 0);
		fake_trace();
		assert_int_equal(set(feature, 0, 2), SBI_INVALID_PARAM);
		assert_int_equal(set(feature, 0, 0), SBI_DENIED_LOCKED);
		assert_int_equal(set(feature, 99, 0), SBI_DENIED_LOCKED);
		assert_int_equal(set(feature, value, 0), SBI_DENIED_LOCKED);
		assert_int_equal(set(feature, value, LOCK), SBI_DENIED_LOCKED);
		assert_string_equal(fake_trace(), "");
		assert_get(0, feature, 0, value);
		/* Others of the vCPU, and the sibling's, are not. */
		assert_int_equal(set((feature + 1) % 6, 0, 0), 0);
		assert_int_equal(fake_call(1, SBI_EXT_FWFT, 0, feature, 0, 0, 0, 0).error, 0);
	}
}

static void start_of_the_hart_clears_values_and_locks(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(table); i++)
		set(table[i].feature, table[i].value, LOCK);
	sbi_vcpu_reset(&fake.vcpus[0]);
	for (uint64_t feature = 0; feature < 6; feature++) {
		assert_get(0, feature, 0, 0);
		assert_int_equal(set(feature, 0, 0), 0);
	}
}

/* SBI 3.0, "Firmware Features Extension": a hart keeps them over each kind of suspend. */
static void suspend_keeps_values_and_locks(void **state)
{
	static const uint64_t suspends[][3] = {
		{ SBI_EXT_HSM, 3, 0 },
		{ SBI_EXT_HSM, 3, 0x80000000 },
		{ SBI_EXT_SUSP, 0, 0 },
	};

	for (unsigned int n = 0; n < ARRAY_SIZE(suspends) * ARRAY_SIZE(table) * 2; n++) {
		const uint64_t *call = suspends[n / 2 % ARRAY_SIZE(suspends)];
		unsigned int i = n / 2 / ARRAY_SIZE(suspends);
		uint64_t feature = table[i].feature, flags = n % 2;

		start(EVERY);
		assert_int_equal(set(feature, table[i].value, flags), 0);
		fake.vcpus[1].hsm = HSM_STOPPED;
		fake_call(0, call[0], call[1], call[2], 0x80000100, 0, 0, 0);
		assert_int_equal(fake.vcpus[0].hsm, HSM_SUSPENDED);
		fake.interrupt_pending = true;
		assert_true(sbi_hsm_resume(&fake.vcpus[0]));
		assert_int_equal(fake.vcpus[0].hsm, HSM_STARTED);
		assert_get(0, feature, 0, table[i].value);
		assert_int_equal(fake.vcpus[0].arch.henvcfg, BASE_HENVCFG | table[i].henvcfg);
		assert_int_equal(fake.vcpus[0].arch.kept, feature ? 0x50 : 0);
		assert_int_equal(set(feature, 0, 0), flags ? SBI_DENIED_LOCKED : 0);
	}
}

static void redirected_accesses_stay_the_guests(void **state)
{
	fake.vm.arch.kept = fake.vcpus[0].arch.kept = 0;
	assert_int_equal(set(0, 1, 0), 0);
	assert_int_equal(set(0, 0, 0), 0);
	assert_int_equal(fake.vcpus[0].arch.kept, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(other_functions_and_features_are_errors),
		TEST(upper_half_of_a_number_is_ignored),
		TEST(each_value_stands_for_its_bits),
		TEST(all_at_once_do_not_disturb_each_other),
		TEST(missing_dependencies_come_before_all_else),
		TEST(wrong_values_and_flags_change_nothing),
		TEST(lock_comes_after_flags_and_before_values),
		TEST(start_of_the_hart_clears_values_and_locks),
		TEST(suspend_keeps_values_and_locks),
		TEST(redirected_accesses_stay_the_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
