/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI TIME (SBI 3.0, "Timer Extension"). The timer belongs to the calling vCPU; no lock.
 */
#include <arch/sbi.h>

#include "extensions.h"

#define FID_SET_TIMER 0

static struct sbi_result time_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	if (unlikely(function != FID_SET_TIMER))
		return sbi_error(SBI_NOT_SUPPORTED);
	arch_vcpu_set_timer(vcpu, args[0]);
	return sbi_value(0);
}

const struct sbi_extension sbi_time = {
	.id = SBI_EXT_TIME,
	.name = "time",
	.call = time_call,
};
