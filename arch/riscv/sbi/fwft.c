/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI FWFT (SBI 3.0, "Firmware Features Extension"). A feature is a row of a table: its values,
 * what each needs of the harts, and what it means there. vcpu->arch.fwft belongs to the hart that
 * runs the vCPU, or to whoever holds it; no lock.
 */
#include <arch/csr.h>
#include <arch/sbi.h>
#include <core/light.h>
#include <errno.h>
#include <string.h>

#include "extensions.h"

#define FID_SET 0
#define FID_GET 1

/** A value other than 0, which every feature has, and is what it is reset to. */
struct fwft_value {
	uint8_t value;
	uint8_t needs; /* enum hart_feature */
	uint64_t bits; /* what apply() is given for it, and 0 for the value 0 */
};

struct fwft_row {
	struct fwft_value values[2];
	unsigned int count;
	uint64_t field; /* of henvcfg, for apply() */
	void (*apply)(struct vcpu *vcpu, const struct fwft_row *row, uint64_t bits);
};

static void henvcfg_apply(struct vcpu *vcpu, const struct fwft_row *row, uint64_t bits)
{
	arch_vcpu_set_henvcfg(vcpu, row->field, bits);
}

/** Where misaligned accesses are not done for it, the guest gets the exceptions in any case. */
static void delegation_apply(struct vcpu *vcpu, const struct fwft_row *row, uint64_t bits)
{
	(void)row;
	arch_vcpu_set_kept(vcpu, vcpu->vm->arch.kept & ~bits);
}

#define HENVCFG_BIT(bit, feature)                  \
	{                                          \
		.values = { { 1, feature, bit } }, \
		.count = 1,                        \
		.field = (bit),                    \
		.apply = henvcfg_apply,            \
	}

static const struct fwft_row rows[FWFT_FEATURES] = {
	[FWFT_MISALIGNED_EXC_DELEG] = {
		.values = { { 1, FEATURE_MISALIGNED, CAUSES_MISALIGNED } },
		.count = 1,
		.apply = delegation_apply,
	},
	[FWFT_LANDING_PAD] = HENVCFG_BIT(HENVCFG_LPE, FEATURE_LANDING_PAD),
	[FWFT_SHADOW_STACK] = HENVCFG_BIT(HENVCFG_SSE, FEATURE_SHADOW_STACK),
	[FWFT_DOUBLE_TRAP] = HENVCFG_BIT(HENVCFG_DTE, FEATURE_DOUBLE_TRAP),
	[FWFT_PTE_AD_HW_UPDATING] = HENVCFG_BIT(HENVCFG_ADUE, FEATURE_AD_UPDATING),
	[FWFT_POINTER_MASKING_PMLEN] = {
		.values = { { 7, FEATURE_PMLEN_7, HENVCFG_PMM_7 },
			    { 16, FEATURE_PMLEN_16, HENVCFG_PMM_16 } },
		.count = 2,
		.field = HENVCFG_PMM,
		.apply = henvcfg_apply,
	},
};

/** The row's value @value if the vCPU can have it; NULL if it cannot, or it is 0. */
static const struct fwft_value *value_find(const struct vcpu *vcpu, const struct fwft_row *row,
					   uint64_t value)
{
	for (unsigned int i = 0; i < row->count; i++)
		if (row->values[i].value == value &&
		    vcpu->arch.features & BIT(row->values[i].needs))
			return &row->values[i];
	return NULL;
}

bool fwft_supported(const struct vcpu *vcpu, unsigned int feature)
{
	const struct fwft_row *row = &rows[feature];

	for (unsigned int i = 0; i < row->count; i++)
		if (vcpu->arch.features & BIT(row->values[i].needs))
			return true;
	return false;
}

int fwft_value_set(struct vcpu *vcpu, unsigned int feature, uint64_t value)
{
	const struct fwft_row *row = &rows[feature];
	const struct fwft_value *found = value_find(vcpu, row, value);

	if (value && !found)
		return -EINVAL;
	vcpu->arch.fwft.values[feature] = (uint8_t)value;
	row->apply(vcpu, row, found ? found->bits : 0);
	return 0;
}

/** Feature numbers have 32 bits, whatever the register has. SBI_SUCCESS: it is an index of rows. */
static inline long feature_check(const struct vcpu *vcpu, uint32_t feature)
{
	if (feature >= FWFT_FEATURES)
		return SBI_DENIED;
	return vcpu->arch.fwft.enabled >> feature & 1 ? SBI_SUCCESS : SBI_NOT_SUPPORTED;
}

/*
 * The specification lets an equal value succeed, and says that a locked one can no longer be
 * modified. What is locked is refused here, whatever the value: so do OpenSBI and KVM.
 */
static struct sbi_result fwft_set(struct vcpu *vcpu, uint32_t feature, uint64_t value,
				  uint64_t flags)
{
	struct fwft *fwft = &vcpu->arch.fwft;
	long error = feature_check(vcpu, feature);

	if (error)
		return sbi_error(error);
	feature = index_mask(feature, FWFT_FEATURES);
	if (flags & ~(uint64_t)FWFT_FLAG_LOCK)
		return sbi_error(SBI_INVALID_PARAM);
	if (fwft->locked >> feature & 1)
		return sbi_error(SBI_DENIED_LOCKED);
	if (fwft_value_set(vcpu, feature, value))
		return sbi_error(SBI_INVALID_PARAM);
	if (flags & FWFT_FLAG_LOCK)
		fwft->locked |= (uint8_t)BIT(feature);
	return sbi_value(0);
}

LIGHT static struct sbi_result fwft_light(struct vcpu *vcpu, unsigned long function,
					  const uint64_t *args)
{
	uint32_t feature = (uint32_t)args[0];
	long error;

	if (function != FID_GET)
		return sbi_heavy();
	error = feature_check(vcpu, feature);
	return error ? sbi_error(error)
		     : sbi_value(vcpu->arch.fwft.values[index_mask(feature, FWFT_FEATURES)]);
}

static struct sbi_result fwft_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	if (function == FID_SET)
		return fwft_set(vcpu, (uint32_t)args[0], args[1], args[2]);
	return sbi_error(SBI_NOT_SUPPORTED);
}

static int fwft_vcpu_init(struct vcpu *vcpu)
{
	for (unsigned int i = 0; i < FWFT_FEATURES; i++)
		if (fwft_supported(vcpu, i))
			vcpu->arch.fwft.enabled |= (uint8_t)BIT(i);
	return 0;
}

/** Values and locks last over each suspend. arch_vcpu_reset() has reset what they stand for. */
static void fwft_vcpu_reset(struct vcpu *vcpu)
{
	vcpu->arch.fwft.locked = 0;
	memset(vcpu->arch.fwft.values, 0, sizeof(vcpu->arch.fwft.values));
}

const struct sbi_extension sbi_fwft = {
	.id = SBI_EXT_FWFT,
	.name = "fwft",
	.light = fwft_light,
	.call = fwft_call,
	.vcpu_init = fwft_vcpu_init,
	.vcpu_reset = fwft_vcpu_reset,
};
