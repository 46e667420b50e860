/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI BASE (SBI 3.0, "Base Extension"): which SBI this is, what it has, on which machine. Its
 * answers are put into a table while booting and do not change; no lock.
 */
#include <arch/sbi.h>
#include <core/version.h>

#include "extensions.h"

#define FID_SPEC_VERSION 0
#define FID_IMPL_ID 1
#define FID_IMPL_VERSION 2
#define FID_PROBE 3
#define FID_MVENDORID 4
#define FID_MARCHID 5
#define FID_MIMPID 6

/** It takes more than a look into the table. */
#define NO_ANSWER UINT64_MAX

static unsigned long answers[SBI_ANSWERS] = {
	[FID_SPEC_VERSION] = SBI_SPEC_VERSION, [FID_IMPL_ID] = SBI_IMPL_ID,
	[FID_IMPL_VERSION] = VERSION_NUMBER,   [FID_PROBE] = NO_ANSWER,
	[FID_MIMPID + 1] = NO_ANSWER, /* the last one: base_call() knows what is behind it */
};

static void base_init(void)
{
	answers[FID_MVENDORID] = firmware_mvendorid();
	answers[FID_MARCHID] = firmware_marchid();
	answers[FID_MIMPID] = firmware_mimpid();
}

_Static_assert(FID_MIMPID + 2 == SBI_ANSWERS, "each_function_has_its_answer");

/** What the table has no answer for; a value with bit 63 set, such as an id of a vendor, too. */
static struct sbi_result base_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	if (function == FID_PROBE)
		return sbi_value(sbi_find(vcpu->vm, args[0]) != NULL);
	if (function > FID_MIMPID)
		return sbi_error(SBI_NOT_SUPPORTED);
	return sbi_value(answers[index_mask(function, SBI_ANSWERS)]);
}

const struct sbi_extension sbi_base = {
	.id = SBI_EXT_BASE,
	.name = "base",
	.init = base_init,
	.answers = answers,
	.call = base_call,
};
