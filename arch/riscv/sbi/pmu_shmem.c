/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared memory of SBI PMU (SBI 3.0, "Set PMU snapshot shared memory", "Get PMU Event info").
 * Other vCPUs may write to it meanwhile: each word is read once. No lock.
 */
#include "pmu.h"

/*
 * Snapshot: 0x000 bitmap of counters that ran over, 0x008 values of 64 counters; both are
 * numbered from counter_idx_base on.
 */
#define SNAPSHOT_VALUES 8

/** More events in one call would take too long: a guest can make another one. */
#define EVENTS_MAX 256
#define EVENT_RESERVED (~(uint32_t)GENMASK(19, 0))

struct event_info {
	uint32_t event; /* 19:0 event_idx */
	uint32_t output; /* 0: supported */
	uint64_t data;
};

_Static_assert(sizeof(struct event_info) == 16, "the guest sees it");

struct sbi_result pmu_snapshot_set(struct vcpu *vcpu, uint64_t low, uint64_t high, uint64_t flags)
{
	long error = SBI_SUCCESS;

	if (flags)
		return sbi_error(SBI_INVALID_PARAM);
	if (sbi_shared_memory_ends(low, high)) {
		vcpu->arch.pmu->snapshot = PMU_NO_SNAPSHOT;
		return sbi_value(0);
	}
	error = sbi_shared_memory(vcpu->vm, low, high, PAGE_SIZE, PAGE_SIZE,
				  GSTAGE_READ | GSTAGE_WRITE);
	if (error)
		return sbi_error(error);
	vcpu->arch.pmu->snapshot = low;
	return sbi_value(0);
}

static gpa_t snapshot_value(const struct pmu *pmu, unsigned int index)
{
	return gpa(pmu->snapshot + SNAPSHOT_VALUES + 8UL * index);
}

void pmu_snapshot_read(struct vcpu *vcpu, unsigned int base, uint64_t set)
{
	struct pmu *pmu = vcpu->arch.pmu;
	uint64_t value;

	for (; set; set &= set - 1) {
		unsigned int counter = (unsigned int)__builtin_ctzll(set);

		if (!vm_read(vcpu->vm, snapshot_value(pmu, counter - base), &value, sizeof(value)))
			pmu_set_value(&pmu->counters[counter], value);
	}
}

void pmu_snapshot_write(struct vcpu *vcpu, unsigned int base, uint64_t set)
{
	const struct pmu *pmu = vcpu->arch.pmu;
	uint64_t overflowed = base < PMU_FIRMWARE_FIRST ? pmu->overflowed >> base : 0;

	vm_write(vcpu->vm, gpa(pmu->snapshot), &overflowed, sizeof(overflowed));
	for (; set; set &= set - 1) {
		unsigned int counter = (unsigned int)__builtin_ctzll(set);

		vm_write(vcpu->vm, snapshot_value(pmu, counter - base),
			 &pmu->counters[counter].value, sizeof(uint64_t));
	}
}

static bool event_supported(struct vcpu *vcpu, uint32_t event, uint64_t data)
{
	if (pmu_event_is_firmware(event, data))
		return true;
	return pmu_event_is_hardware(event, data) && pmu_event_supported(vcpu, event, data);
}

/** Whether no reserved bit is set in @count entries at @at. */
static bool entries_valid(struct vm *vm, gpa_t at, uint64_t count)
{
	struct event_info info;

	for (uint64_t i = 0; i < count; i++)
		if (vm_read(vm, gpa(at.v + i * sizeof(info)), &info, sizeof(info)) ||
		    info.event & EVENT_RESERVED)
			return false;
	return true;
}

static void entries_answer(struct vcpu *vcpu, gpa_t at, uint64_t count)
{
	struct event_info info;

	for (uint64_t i = 0; i < count; i++, at.v += sizeof(info)) {
		if (vm_read(vcpu->vm, at, &info, sizeof(info)))
			continue;
		info.output = event_supported(vcpu, info.event & ~EVENT_RESERVED, info.data);
		vm_write(vcpu->vm, gpa(at.v + offsetof(struct event_info, output)), &info.output,
			 sizeof(info.output));
	}
}

struct sbi_result pmu_event_get_info(struct vcpu *vcpu, const uint64_t *args)
{
	uint64_t low = args[0], count = args[2], size;
	long error;

	if (args[3] || !count || !is_aligned(low, sizeof(struct event_info)))
		return sbi_error(SBI_INVALID_PARAM);
	if (__builtin_mul_overflow(count, sizeof(struct event_info), &size))
		return sbi_error(SBI_INVALID_ADDRESS);
	error = sbi_shared_memory(vcpu->vm, low, args[1], size, sizeof(struct event_info),
				  GSTAGE_READ | GSTAGE_WRITE);
	if (error)
		return sbi_error(error);
	if (count > EVENTS_MAX)
		return sbi_error(SBI_FAILED);
	if (!entries_valid(vcpu->vm, gpa(low), count))
		return sbi_error(SBI_INVALID_PARAM);
	/* What can be counted does not depend on what is being counted. */
	pmu_save(vcpu);
	entries_answer(vcpu, gpa(low), count);
	pmu_load(vcpu);
	return sbi_value(0);
}
