/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters of vCPUs: their values, and what they have of their hart's counters while the vCPU is
 * loaded. All of it belongs to the hart that has the vCPU loaded; no lock.
 */
#include <arch/pmu.h>
#include <arch/sbi.h>
#include <arch/sse.h>
#include <core/hart.h>
#include <core/log.h>
#include <inttypes.h>

#include "sbi/extensions.h"

/** What all guests may read when nothing else is said: the hart's own. */
#define HCOUNTEREN_ALL 7

static bool may_overflow(const struct vcpu *vcpu)
{
	return arch_vcpu_has(&vcpu->arch, FEATURE_SSCOFPMF);
}

uint64_t pmu_present(const struct pmu *pmu)
{
	uint64_t present = PMU_FIRMWARE;

	for (unsigned int i = 0; i < PMU_FIRMWARE_FIRST; i++)
		present |= pmu->counters[i].width ? BIT(i) : 0;
	return present;
}

/** Fixed counters that have an event: the guest reads its own, not the hart's. */
static uint32_t fixed_in_use(const struct pmu *pmu)
{
	uint32_t set = 0;

	for_each_counter(n, PMU_FIXED) set |= pmu->counters[n].event ? (uint32_t)BIT(n) : 0;
	return set;
}

static uint64_t width_mask(const struct pmu_counter *counter)
{
	return UINT64_MAX >> (64 - counter->width);
}

uint64_t pmu_value(const struct pmu *pmu, unsigned int counter)
{
	const struct pmu_counter *own = &pmu->counters[counter];

	if (counter >= PMU_FIRMWARE_FIRST || !(pmu->running >> counter & 1))
		return own->value;
	if (PMU_FIXED >> counter & 1)
		return pmu_host_read(counter) - pmu->base[counter];
	return pmu_host_read(counter) & width_mask(own);
}

/* ---- the hart's counters ---- */

/** Sets this hart for what counts now: who reads which CSR, and whether overflows interrupt. */
static void hart_set(const struct vcpu *vcpu, bool loaded)
{
	const struct pmu *pmu = vcpu->arch.pmu;
	uint32_t programmable = pmu->running & (uint32_t)PMU_PROGRAMMABLE;

	csr_write(CSR_HCOUNTEREN,
		  loaded ? (HCOUNTEREN_ALL & ~fixed_in_use(pmu)) | programmable : HCOUNTEREN_ALL);
	if (!may_overflow(vcpu))
		return;
	if (programmable)
		csr_set(CSR_SIE, BIT(IRQ_LCOFI));
	else
		csr_clear(CSR_SIE, BIT(IRQ_LCOFI));
}

/** The guest is told once for each counter, until that is started again. */
static void overflows_collect(struct vcpu *vcpu)
{
	struct pmu *pmu = vcpu->arch.pmu;
	uint32_t overflowed;

	if (!may_overflow(vcpu))
		return;
	overflowed = pmu_host_overflows() & pmu->running & ~pmu->overflowed;
	if (!overflowed)
		return;
	pmu->overflowed |= overflowed;
	if (!sse_pmu_overflow(vcpu))
		csr_set(CSR_HVIP, BIT(IRQ_LCOFI));
	/* It may be on its way to sleep, and has looked at its interrupts. */
	__atomic_fetch_or(&vcpu->pending, PENDING_EXTIRQ, __ATOMIC_SEQ_CST);
}

void pmu_interrupt(void)
{
	struct vcpu *vcpu = hart_self()->running;

	if (vcpu && vcpu->arch.pmu)
		overflows_collect(vcpu);
	else
		csr_clear(CSR_SIE, BIT(IRQ_LCOFI));
}

static bool counter_run(struct pmu *pmu, unsigned int n)
{
	struct pmu_counter *counter = &pmu->counters[n];

	/* Registers can be set to what no guest can configure. */
	if (!counter->width || counter->event == PMU_EVENT_NONE)
		return false;
	if (PMU_FIXED >> n & 1) {
		if (!(hart_self()->arch.counters.present >> n & 1))
			return false;
		pmu->base[n] = pmu_host_read(n) - counter->value;
	} else if (pmu_host_configure((uint32_t)BIT(n), counter->flags, counter->event,
				      counter->data) < 0) {
		return false;
	} else if (!pmu_host_start(n, counter->value)) {
		pmu_host_release((uint32_t)BIT(n));
		return false;
	}
	pmu->running |= (uint32_t)BIT(n);
	return true;
}

/** Those of @set run on this hart now. Returns the ones that cannot. */
static uint32_t hardware_start(struct vcpu *vcpu, uint32_t set)
{
	struct pmu *pmu = vcpu->arch.pmu;
	uint32_t refused = 0;

	/* While the interrupt is pending, no other raises it (OF stays set). */
	if (set & PMU_PROGRAMMABLE)
		overflows_collect(vcpu);
	for_each_counter(n, set) if (!counter_run(pmu, (unsigned int)n))
		refused |= (uint32_t)BIT(n);
	return refused;
}

/** Those of @set that run on this hart do so no more; what they counted is in memory. */
static void hardware_stop(struct vcpu *vcpu, uint32_t set)
{
	struct pmu *pmu = vcpu->arch.pmu;
	uint32_t programmable;

	set &= pmu->running;
	programmable = set & (uint32_t)PMU_PROGRAMMABLE;
	for_each_counter(n, set) pmu->counters[n].value = pmu_value(pmu, (unsigned int)n);
	if (programmable) {
		overflows_collect(vcpu);
		pmu_host_release(programmable);
	}
	pmu->running &= ~set;
}

int pmu_match(struct vcpu *vcpu, uint32_t candidates, unsigned int flags, uint32_t event,
	      uint64_t data)
{
	const struct hart_counters *counters = &hart_self()->arch.counters;
	int counter = -1;

	(void)vcpu;
	if (event > PMU_EVENT_INSTRUCTIONS || counters->flexible >> event & 1)
		counter = pmu_host_configure(candidates, flags, event, data);
	if (counter >= 0)
		pmu_host_release((uint32_t)BIT(counter));
	else if (event == PMU_EVENT_CYCLES && candidates & BIT(PMU_CYCLE))
		counter = PMU_CYCLE;
	else if (event == PMU_EVENT_INSTRUCTIONS && candidates & BIT(PMU_INSTRET))
		counter = PMU_INSTRET;
	return counter;
}

bool pmu_event_supported(struct vcpu *vcpu, uint32_t event, uint64_t data)
{
	return pmu_match(vcpu, (uint32_t)pmu_present(vcpu->arch.pmu), 0, event, data) >= 0;
}

uint64_t pmu_start(struct vcpu *vcpu, uint64_t set)
{
	struct pmu *pmu = vcpu->arch.pmu;
	uint64_t refused = hardware_start(vcpu, (uint32_t)set);

	pmu->overflowed &= ~(uint32_t)set;
	pmu->started |= set & ~refused;
	pmu_changed(vcpu);
	hart_set(vcpu, true);
	return refused;
}

void pmu_stop(struct vcpu *vcpu, uint64_t set)
{
	hardware_stop(vcpu, (uint32_t)set);
	vcpu->arch.pmu->started &= ~set;
	pmu_changed(vcpu);
	hart_set(vcpu, true);
}

void pmu_forget(struct vcpu *vcpu, uint64_t set)
{
	for_each_counter(n, set) vcpu->arch.pmu->counters[n].event = PMU_EVENT_NONE;
	pmu_changed(vcpu);
	hart_set(vcpu, true);
}

void pmu_changed(struct vcpu *vcpu)
{
	struct pmu *pmu = vcpu->arch.pmu;

	vcpu->arch.pmu_events = 0;
	for_each_counter(n, pmu->started & PMU_FIRMWARE)
		vcpu->arch.pmu_events |= (uint32_t)BIT(pmu->counters[n].event & 0x1f);
	sbi_switch_set(vcpu, &sbi_pmu, (uint32_t)pmu->started || fixed_in_use(pmu));
}

void pmu_load(struct vcpu *vcpu)
{
	struct pmu *pmu = vcpu->arch.pmu;
	uint32_t refused = hardware_start(vcpu, (uint32_t)pmu->started);

	for_each_counter(n, refused) log_limited("%s: vCPU %u: counter %u stops: hart %" PRIu64
						 " cannot count event 0x%" PRIx32,
						 vcpu->vm->name, vcpu->index, (unsigned int)n,
						 hart_self()->id, pmu->counters[n].event);
	pmu->started &= ~(uint64_t)refused;
	hart_set(vcpu, true);
}

void pmu_save(struct vcpu *vcpu)
{
	hardware_stop(vcpu, vcpu->arch.pmu->running);
	hart_set(vcpu, false);
}

void pmu_reset(struct vcpu *vcpu)
{
	struct pmu *pmu = vcpu->arch.pmu;

	for (unsigned int i = 0; i < PMU_COUNTERS; i++)
		pmu->counters[i] = (struct pmu_counter){ .width = pmu->counters[i].width };
	pmu->started = pmu->running = pmu->overflowed = 0;
	pmu->snapshot = PMU_NO_SNAPSHOT;
	vcpu->arch.pmu_events = 0;
}

bool pmu_csr_read(const struct vcpu *vcpu, unsigned int csr, bool user, uint64_t *value)
{
	const struct pmu *pmu = vcpu->arch.pmu;
	unsigned int counter = csr - CSR_CYCLE;

	if (!pmu)
		return false;
	if (csr == CSR_SCOUNTOVF) {
		*value = pmu->overflowed;
		return !user && may_overflow(vcpu);
	}
	if (!(pmu_present(pmu) >> counter & 1) ||
	    (user && !(csr_read(CSR_SCOUNTEREN) >> counter & 1)))
		return false;
	*value = pmu_value(pmu, (unsigned int)index_mask(counter, PMU_FIRMWARE_FIRST));
	return true;
}
