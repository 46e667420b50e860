/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events of counters: which there are (SBI 3.0, "Performance Monitoring Unit Extension"), and
 * firmware events that happen to vCPUs. No lock: a vCPU's counters belong to its hart.
 */
#include <arch/pmu.h>

bool pmu_event_is_hardware(uint64_t event, uint64_t data)
{
	uint64_t code = event & 0xffff;

	switch (event >> 16) {
	case PMU_TYPE_GENERAL:
		return code >= PMU_EVENT_CYCLES && code <= 10 && !data;
	case PMU_TYPE_CACHE:
		return code >> 3 < 7 && (code >> 1 & 3) < 3 && !data;
	case PMU_TYPE_RAW:
		return !code && !(data >> 48);
	case PMU_TYPE_RAW_V2:
		return !code && !(data >> 56);
	}
	return false;
}

bool pmu_event_is_firmware(uint64_t event, uint64_t data)
{
	return event >> 16 == PMU_TYPE_FIRMWARE && (event & 0xffff) < PMU_FW_COUNT && !data;
}

void pmu_count(struct vcpu *vcpu, enum pmu_firmware_event event, unsigned int count)
{
	struct pmu *pmu = vcpu->arch.pmu;

	if (!(vcpu->arch.pmu_events >> event & 1))
		return;
	for_each_counter(n, pmu->started & PMU_FIRMWARE) if (pmu->counters[n].event ==
							     PMU_EVENT(PMU_TYPE_FIRMWARE, event))
		pmu->counters[n]
			.value += count;
}

void pmu_exception(struct vcpu *vcpu, uint64_t cause)
{
	static const uint8_t events[] = {
		[CAUSE_ILLEGAL] = PMU_FW_ILLEGAL_INSN,
		[CAUSE_LOAD_MISALIGNED] = PMU_FW_MISALIGNED_LOAD,
		[CAUSE_LOAD_ACCESS] = PMU_FW_ACCESS_LOAD,
		[CAUSE_STORE_MISALIGNED] = PMU_FW_MISALIGNED_STORE,
		[CAUSE_STORE_ACCESS] = PMU_FW_ACCESS_STORE,
	};
	uint64_t counted = BIT(CAUSE_ILLEGAL) | BIT(CAUSE_LOAD_MISALIGNED) |
			   BIT(CAUSE_LOAD_ACCESS) | BIT(CAUSE_STORE_MISALIGNED) |
			   BIT(CAUSE_STORE_ACCESS);

	if (cause < ARRAY_SIZE(events) && counted >> cause & 1)
		pmu_count(vcpu, events[cause], 1);
}
