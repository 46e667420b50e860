/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI BASE (SBI 3.0, "Base Extension"): which SBI this is, what it has, on which machine. Its
 * answers are put into a table while booting and do not change; no lock.
 */
#include <arch/sbi.h>

#include "extensions.h"

#define FID_SPEC_VERSION 0
#define FID_IMPL_ID 1
#define FID_IMPL_VERSION 2
#define FID_PROBE 3
#define FID_MVENDORID 4
#define FID_MARCHID 5
#define FID_MIMPID 6

static unsigned long answers[] = {
	[FID_SPEC_VERSION] = SBI_SPEC_VERSION,
	[FID_IMPL_ID] = SBI_IMPL_ID,
	[FID_IMPL_VERSION] = SBI_IMPL_VERSION,
	[FID_MIMPID] = 0,
};

static void base_init(void)
{
	answers[FID_MVENDORID] = firmware_mvendorid();
	answers[FID_MARCHID] = firmware_marchid();
	answers[FID_MIMPID] = firmware_mimpid();
}

static struct sbi_result base_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	if (unlikely(function >= ARRAY_SIZE(answers)))
		return sbi_error(SBI_NOT_SUPPORTED);
	if (unlikely(function == FID_PROBE))
		return sbi_value(sbi_find(vcpu->vm, args[0]) != NULL);
	return sbi_value(answers[index_mask(function, ARRAY_SIZE(answers))]);
}

const struct sbi_extension sbi_base = {
	.id = SBI_EXT_BASE,
	.name = "base",
	.init = base_init,
	.call = base_call,
};
