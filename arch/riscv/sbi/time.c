/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI TIME (SBI 3.0, "Timer Extension"). The timer belongs to the calling vCPU; no lock.
 */
#include <arch/pmu.h>
#include <arch/sbi.h>
#include <arch/set_timer.h>
#include <core/light.h>

#include "extensions.h"

#define FID_SET_TIMER 0

LIGHT static struct sbi_result time_light(struct vcpu *vcpu, unsigned long function,
					  const uint64_t *args)
{
	if (unlikely(function != FID_SET_TIMER) || unlikely(vcpu->arch.pmu_events) ||
	    !arch_vcpu_set_timer_light(vcpu, args[0]))
		return sbi_heavy();
	return sbi_value(0);
}

static struct sbi_result time_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	if (unlikely(function != FID_SET_TIMER))
		return sbi_error(SBI_NOT_SUPPORTED);
	pmu_firmware_event(vcpu, PMU_FW_SET_TIMER, 1);
	arch_vcpu_set_timer(vcpu, args[0]);
	return sbi_value(0);
}

const struct sbi_extension sbi_time = {
	.id = SBI_EXT_TIME,
	.name = "time",
	.light = time_light,
	.call = time_call,
};
