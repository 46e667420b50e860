/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of vCPUs: counters (SBI PMU). A saved counter exists wherever it is restored; on harts
 * that cannot count its event it stops at the vCPU's next run, with its value. The vCPU is in no
 * hart and the control lock is held.
 *
 *   0x000 + n  bits of hardware counter n, 0: there is none      0x120  counters that are started
 *   0x020 + n  its value          0x0a0 + n  event_data          0x121  those that ran over
 *   0x060 + n  event_idx          0x0e0 + n  config_flags        0x122  snapshot memory
 */
#include <arch/pmu.h>
#include <errno.h>

#include "register_groups.h"

#define WIDTHS 0x000
#define VALUES 0x020
#define EVENTS 0x060
#define DATA 0x0a0
#define FLAGS 0x0e0
#define STARTED 0x120
#define OVERFLOWED 0x121
#define SNAPSHOT 0x122

static bool pmu_exists(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->arch.pmu != NULL;
}

static uint64_t width_get(const struct vcpu *vcpu, unsigned int index)
{
	return vcpu->arch.pmu->counters[index].width;
}

static int width_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	if (value > 64)
		return -EINVAL;
	vcpu->arch.pmu->counters[index].width = (uint8_t)value;
	return 0;
}

static uint64_t value_get(const struct vcpu *vcpu, unsigned int index)
{
	return vcpu->arch.pmu->counters[index].value;
}

static int value_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	vcpu->arch.pmu->counters[index].value = value;
	return 0;
}

static uint64_t event_get(const struct vcpu *vcpu, unsigned int index)
{
	return vcpu->arch.pmu->counters[index].event;
}

static int event_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	bool fits = index < PMU_FIRMWARE_FIRST ? pmu_event_is_hardware(value, 0)
					       : pmu_event_is_firmware(value, 0);

	if (value != PMU_EVENT_NONE && !fits)
		return -EINVAL;
	vcpu->arch.pmu->counters[index].event = (uint32_t)value;
	pmu_changed(vcpu);
	return 0;
}

static uint64_t data_get(const struct vcpu *vcpu, unsigned int index)
{
	return vcpu->arch.pmu->counters[index].data;
}

/** As much as a raw event of any kind has. */
static int data_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	if (value >> 56 || (index >= PMU_FIRMWARE_FIRST && value))
		return -EINVAL;
	vcpu->arch.pmu->counters[index].data = value;
	return 0;
}

static uint64_t flags_get(const struct vcpu *vcpu, unsigned int index)
{
	return vcpu->arch.pmu->counters[index].flags;
}

static int flags_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	if (value > PMU_CONFIG_FLAGS)
		return -EINVAL;
	vcpu->arch.pmu->counters[index].flags = (uint8_t)value;
	return 0;
}

static uint64_t started_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->arch.pmu->started;
}

static int started_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	(void)index;
	if (value & ~(PMU_FIXED | PMU_PROGRAMMABLE | PMU_FIRMWARE))
		return -EINVAL;
	vcpu->arch.pmu->started = value;
	pmu_changed(vcpu);
	return 0;
}

static uint64_t overflowed_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->arch.pmu->overflowed;
}

static int overflowed_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	(void)index;
	if (value & ~PMU_PROGRAMMABLE)
		return -EINVAL;
	vcpu->arch.pmu->overflowed = (uint32_t)value;
	return 0;
}

static uint64_t snapshot_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->arch.pmu->snapshot;
}

/** Whether it is the guest's memory is looked at with each use. */
static int snapshot_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	(void)index;
	if (value != PMU_NO_SNAPSHOT && !is_aligned(value, PAGE_SIZE))
		return -EINVAL;
	vcpu->arch.pmu->snapshot = value;
	return 0;
}

#define ROW(at, from, number, text, what)                                  \
	{                                                                  \
		.first = REGISTER_OF_SBI(REGISTER_SBI_PMU, (at) + (from)), \
		.count = (number),                                         \
		.base = (from),                                            \
		.name = (text),                                            \
		.exists = pmu_exists,                                      \
		.get = what##_get,                                         \
		.set = what##_set,                                         \
	}
/* Counter 1 would be time, which is none. */
#define ROWS(at, end, text, what) ROW(at, 0, 1, text "0", what), ROW(at, 2, (end) - 2, text, what)

static const struct register_row rows[] = {
	ROWS(WIDTHS, PMU_FIRMWARE_FIRST, "pmu.width", width),
	ROWS(VALUES, PMU_COUNTERS, "pmu.value", value),
	ROWS(EVENTS, PMU_COUNTERS, "pmu.event", event),
	ROWS(DATA, PMU_COUNTERS, "pmu.data", data),
	ROWS(FLAGS, PMU_COUNTERS, "pmu.flags", flags),
	ROW(STARTED, 0, 1, "pmu.started", started),
	ROW(OVERFLOWED, 0, 1, "pmu.overflowed", overflowed),
	ROW(SNAPSHOT, 0, 1, "pmu.snapshot", snapshot),
};

const struct register_group registers_pmu = { rows, ARRAY_SIZE(rows) };
