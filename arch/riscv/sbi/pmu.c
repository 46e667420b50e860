/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI PMU (SBI 3.0, "Performance Monitoring Unit Extension"): the calls. The counters themselves
 * are in arch/riscv/pmu.c; they belong to the calling vCPU. No lock.
 */
#include "pmu.h"

#include <core/alloc.h>
#include <errno.h>

#include "extensions.h"

#define FID_NUM_COUNTERS 0
#define FID_GET_INFO 1
#define FID_CONFIG_MATCHING 2
#define FID_START 3
#define FID_STOP 4
#define FID_FW_READ 5
#define FID_FW_READ_HI 6
#define FID_SNAPSHOT_SET_SHMEM 7
#define FID_EVENT_GET_INFO 8

/* counter_info: type 63, width - 1 17:12, csr 11:0 */
#define INFO_FIRMWARE BIT(63)
#define INFO_WIDTH_SHIFT 12

/** The counters that @mask names from @base on; false when there are none, or one is invalid. */
static bool set_decode(const struct pmu *pmu, uint64_t base, uint64_t mask, uint64_t *set)
{
	if (!mask || base >= PMU_COUNTERS || mask << base >> base != mask)
		return false;
	*set = mask << base;
	return !(*set & ~pmu_present(pmu));
}

static struct sbi_result get_info(const struct pmu *pmu, uint64_t counter)
{
	uint64_t info;

	if (counter >= PMU_COUNTERS || !(pmu_present(pmu) >> counter & 1))
		return sbi_error(SBI_INVALID_PARAM);
	counter = index_mask(counter, PMU_COUNTERS);
	info = (uint64_t)(pmu->counters[counter].width - 1) << INFO_WIDTH_SHIFT;
	info |= counter >= PMU_FIRMWARE_FIRST ? INFO_FIRMWARE : CSR_CYCLE + counter;
	return sbi_value(info);
}

/** The counters of @set that have no event. */
static uint64_t without_event(const struct pmu *pmu, uint64_t set)
{
	for (uint64_t left = set; left; left &= left - 1)
		if (pmu->counters[__builtin_ctzll(left)].event != PMU_EVENT_NONE)
			set &= ~(left & -left);
	return set;
}

/**
 * Those of @set that an event may be given to. A stopped counter that has one already is only
 * taken when it is named alone: who names many wants one that is free.
 */
static uint64_t candidates(const struct pmu *pmu, uint64_t set, uint64_t flags)
{
	if (flags & PMU_SKIP_MATCH)
		set &= -set;
	return (set & (set - 1) ? without_event(pmu, set) : set) & ~pmu->started;
}

/** The counter that is to count an event, or -1. */
static int match(struct vcpu *vcpu, uint64_t set, uint64_t flags, uint64_t event, uint64_t data)
{
	if (pmu_event_is_firmware(event, data))
		return set & PMU_FIRMWARE ? __builtin_ctzll(set & PMU_FIRMWARE) : -1;
	if (!pmu_event_is_hardware(event, data) || !(uint32_t)set)
		return -1;
	return pmu_match(vcpu, (uint32_t)set, (unsigned int)flags, (uint32_t)event, data);
}

static struct sbi_result config_matching(struct vcpu *vcpu, const uint64_t *args)
{
	struct pmu *pmu = vcpu->arch.pmu;
	uint64_t flags = args[2], set;
	struct pmu_counter *counter;
	int found;

	if (!set_decode(pmu, args[0], args[1], &set) || flags & ~(uint64_t)PMU_CONFIG_FLAGS)
		return sbi_error(SBI_INVALID_PARAM);
	found = match(vcpu, candidates(pmu, set, flags), flags, args[3], args[4]);
	if (found < 0)
		return sbi_error(SBI_NOT_SUPPORTED);
	counter = &pmu->counters[found];
	counter->event = (uint32_t)args[3];
	counter->data = args[4];
	counter->flags = (uint8_t)flags;
	if (flags & PMU_CLEAR_VALUE)
		counter->value = 0;
	pmu->overflowed &= ~(uint32_t)BIT(found);
	/* It counts for this vCPU alone from now on, started or not. */
	if (pmu_start(vcpu, flags & PMU_AUTO_START ? BIT(found) : 0)) {
		pmu_forget(vcpu, BIT(found));
		return sbi_error(SBI_NOT_SUPPORTED);
	}
	return sbi_value((unsigned long)found);
}

/**
 * A quirk of Linux: after an overflow it starts its counters from the snapshot with this base
 * where it means 0, and does not look at the error (pmu_sbi_start_ovf_ctrs_snapshot(), 6.10 and
 * later). Nothing would be sampled after the first time.
 */
#define LINUX_RESTART_BASE (64 * 64)

static uint64_t start_base(const struct pmu *pmu, uint64_t base, uint64_t flags)
{
	bool quirk = base == LINUX_RESTART_BASE && flags == PMU_START_SNAPSHOT &&
		     pmu->snapshot != PMU_NO_SNAPSHOT;

	return quirk ? 0 : base;
}

static struct sbi_result counters_start(struct vcpu *vcpu, const uint64_t *args)
{
	struct pmu *pmu = vcpu->arch.pmu;
	uint64_t flags = args[2], base = start_base(pmu, args[0], flags), set, started;

	if (!set_decode(pmu, base, args[1], &set) || without_event(pmu, set) ||
	    flags & ~(uint64_t)(PMU_START_SET_VALUE | PMU_START_SNAPSHOT) ||
	    flags == (PMU_START_SET_VALUE | PMU_START_SNAPSHOT))
		return sbi_error(SBI_INVALID_PARAM);
	if (flags & PMU_START_SNAPSHOT && pmu->snapshot == PMU_NO_SNAPSHOT)
		return sbi_error(SBI_NO_SHMEM);
	/* The others are started all the same: the set is not one operation. */
	started = set & pmu->started;
	set &= ~started;
	if (flags & PMU_START_SNAPSHOT)
		pmu_snapshot_read(vcpu, (unsigned int)base, set);
	for (uint64_t left = set; left && flags & PMU_START_SET_VALUE; left &= left - 1)
		pmu_set_value(&pmu->counters[__builtin_ctzll(left)], args[3]);
	if (pmu_start(vcpu, set))
		return sbi_error(SBI_INVALID_PARAM);
	return started ? sbi_error(SBI_ALREADY_STARTED) : sbi_value(0);
}

static struct sbi_result counters_stop(struct vcpu *vcpu, const uint64_t *args)
{
	struct pmu *pmu = vcpu->arch.pmu;
	uint64_t flags = args[2], set, stopped;

	if (!set_decode(pmu, args[0], args[1], &set) ||
	    flags & ~(uint64_t)(PMU_STOP_RESET | PMU_STOP_SNAPSHOT))
		return sbi_error(SBI_INVALID_PARAM);
	if (flags & PMU_STOP_SNAPSHOT && pmu->snapshot == PMU_NO_SNAPSHOT)
		return sbi_error(SBI_NO_SHMEM);
	stopped = set & ~pmu->started;
	pmu_stop(vcpu, set);
	if (flags & PMU_STOP_SNAPSHOT)
		pmu_snapshot_write(vcpu, (unsigned int)args[0], set);
	if (flags & PMU_STOP_RESET)
		pmu_forget(vcpu, set);
	return stopped ? sbi_error(SBI_ALREADY_STOPPED) : sbi_value(0);
}

static struct sbi_result fw_read(const struct pmu *pmu, uint64_t counter, unsigned int shift)
{
	if (counter >= PMU_COUNTERS || counter < PMU_FIRMWARE_FIRST)
		return sbi_error(SBI_INVALID_PARAM);
	counter = index_mask(counter, PMU_COUNTERS);
	/* All of a counter fits into the value: there is no high part. */
	return sbi_value(shift ? 0 : pmu->counters[counter].value);
}

static struct sbi_result pmu_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	switch (function) {
	case FID_NUM_COUNTERS:
		return sbi_value(PMU_COUNTERS);
	case FID_GET_INFO:
		return get_info(vcpu->arch.pmu, args[0]);
	case FID_CONFIG_MATCHING:
		return config_matching(vcpu, args);
	case FID_START:
		return counters_start(vcpu, args);
	case FID_STOP:
		return counters_stop(vcpu, args);
	case FID_FW_READ:
		return fw_read(vcpu->arch.pmu, args[0], 0);
	case FID_FW_READ_HI:
		return fw_read(vcpu->arch.pmu, args[0], 32);
	case FID_SNAPSHOT_SET_SHMEM:
		return pmu_snapshot_set(vcpu, args[0], args[1], args[2]);
	case FID_EVENT_GET_INFO:
		return pmu_event_get_info(vcpu, args);
	}
	return sbi_error(SBI_NOT_SUPPORTED);
}

static int pmu_vcpu_init(struct vcpu *vcpu)
{
	const struct arch_vm *vm = &vcpu->vm->arch;
	struct pmu *pmu = alloc_zero(sizeof(*pmu));

	if (!pmu)
		return -ENOMEM;
	for (unsigned int i = 0; i < PMU_COUNTERS; i++) {
		if (i >= PMU_FIRMWARE_FIRST)
			pmu->counters[i].width = 64;
		else if (vm->counters >> i & 1)
			pmu->counters[i].width = vm->counter_width[i];
	}
	vcpu->arch.pmu = pmu;
	return 0;
}

static void pmu_vcpu_destroy(struct vcpu *vcpu)
{
	alloc_free(vcpu->arch.pmu);
	vcpu->arch.pmu = NULL;
}

const struct sbi_extension sbi_pmu = {
	.id = SBI_EXT_PMU,
	.name = "pmu",
	.call = pmu_call,
	.vcpu_init = pmu_vcpu_init,
	.vcpu_destroy = pmu_vcpu_destroy,
	.vcpu_reset = pmu_reset,
	.load = pmu_load,
	.save = pmu_save,
};
