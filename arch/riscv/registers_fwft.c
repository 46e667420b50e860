/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI FWFT as registers of vCPUs: for each feature that the harts can do whether it is offered,
 * its flags and its value. Locks bind the guest only. The vCPU is in no hart; the control lock is
 * held.
 */
#include <arch/sbi.h>
#include <core/vm.h>
#include <errno.h>

#include "register_groups.h"

/* The index is that of the register in its class. */
#define FEATURE(index) ((index) >> 2)
#define KIND(index) ((index) & 3)

static bool exists(const struct vcpu *vcpu, unsigned int index)
{
	return fwft_supported(vcpu, FEATURE(index)) && sbi_find(vcpu->vm, SBI_EXT_FWFT);
}

static uint64_t get(const struct vcpu *vcpu, unsigned int index)
{
	const struct fwft *fwft = &vcpu->arch.fwft;

	switch (KIND(index)) {
	case REGISTER_FWFT_ENABLED:
		return fwft->enabled >> FEATURE(index) & 1;
	case REGISTER_FWFT_FLAGS:
		return fwft->locked >> FEATURE(index) & 1 ? FWFT_FLAG_LOCK : 0;
	default:
		return fwft->values[FEATURE(index)];
	}
}

static void bit_set(uint8_t *set, unsigned int bit, bool value)
{
	*set = (uint8_t)((*set & ~BIT(bit)) | (uint64_t)value << bit);
}

/* What is not offered is 0 and not locked, and only such a feature can be withdrawn. */
static int enabled_set(struct vcpu *vcpu, unsigned int feature, uint64_t value)
{
	struct fwft *fwft = &vcpu->arch.fwft;

	if (value > 1 || (!value && (fwft->values[feature] || fwft->locked >> feature & 1)))
		return -EINVAL;
	bit_set(&fwft->enabled, feature, value);
	return 0;
}

static int set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	struct fwft *fwft = &vcpu->arch.fwft;

	if (KIND(index) == REGISTER_FWFT_ENABLED)
		return enabled_set(vcpu, FEATURE(index), value);
	if (value && !(fwft->enabled >> FEATURE(index) & 1))
		return -EINVAL;
	if (KIND(index) == REGISTER_FWFT_VALUE)
		return fwft_value_set(vcpu, FEATURE(index), value);
	if (value & ~(uint64_t)FWFT_FLAG_LOCK)
		return -EINVAL;
	bit_set(&fwft->locked, FEATURE(index), value);
	return 0;
}

#define ROW(feature, kind, text)                                                         \
	{                                                                                \
		.first = REGISTER(REGISTER_FWFT, (unsigned int)(feature) << 2 | (kind)), \
		.count = 1,                                                              \
		.base = (unsigned int)(feature) << 2 | (kind),                           \
		.name = (text),                                                          \
		.exists = exists,                                                        \
		.get = get,                                                              \
		.set = set,                                                              \
	}

#define ROWS(feature, text)                                               \
	ROW(feature, REGISTER_FWFT_ENABLED, "fwft." text ".enabled"),     \
		ROW(feature, REGISTER_FWFT_FLAGS, "fwft." text ".flags"), \
		ROW(feature, REGISTER_FWFT_VALUE, "fwft." text ".value")

static const struct register_row rows[] = {
	ROWS(FWFT_MISALIGNED_EXC_DELEG, "misaligned-exc-deleg"),
	ROWS(FWFT_LANDING_PAD, "landing-pad"),
	ROWS(FWFT_SHADOW_STACK, "shadow-stack"),
	ROWS(FWFT_DOUBLE_TRAP, "double-trap"),
	ROWS(FWFT_PTE_AD_HW_UPDATING, "pte-ad-hw-updating"),
	ROWS(FWFT_POINTER_MASKING_PMLEN, "pointer-masking-pmlen"),
};

const struct register_group registers_fwft = { rows, ARRAY_SIZE(rows) };
