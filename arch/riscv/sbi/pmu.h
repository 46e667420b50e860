/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of SBI PMU have in common: shared memory of snapshots and of event information.
 * All for the calling vCPU; no lock.
 */
#ifndef SBI_PMU_H
#define SBI_PMU_H

#include <arch/pmu.h>
#include <arch/sbi.h>

/** FID 7 and FID 8, with their arguments. */
struct sbi_result pmu_snapshot_set(struct vcpu *vcpu, uint64_t low, uint64_t high, uint64_t flags);
struct sbi_result pmu_event_get_info(struct vcpu *vcpu, const uint64_t *args);

/**
 * The values of stopped counters @set from the shared memory, or to it, with the bitmap of those
 * that ran over. They are numbered from @base on there.
 */
void pmu_snapshot_read(struct vcpu *vcpu, unsigned int base, uint64_t set);
void pmu_snapshot_write(struct vcpu *vcpu, unsigned int base, uint64_t set);

#endif
