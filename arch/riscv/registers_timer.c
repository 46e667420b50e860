/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time as registers of vCPUs: the VM's offset, the frequency, and the timer of a vCPU that has no
 * Sstc. The VM's vCPUs are in no hart; the control lock is held.
 */
#include <arch/csr.h>
#include <arch/hart.h>
#include <core/vcpu_timer.h>
#include <core/vm.h>
#include <errno.h>

#include "register_groups.h"

static bool deadline_exists(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return !(vcpu->arch.features & BIT(FEATURE_SSTC));
}

static uint64_t deadline_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->timer_deadline;
}

/* As arch_vcpu_set_timer() of the vCPU itself: the timer that was is over. */
static int deadline_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	(void)index;
	vcpu->arch.hvip &= ~HVIP_VSTIP;
	__atomic_fetch_and(&vcpu->pending, ~(uint32_t)PENDING_TIMER, __ATOMIC_SEQ_CST);
	vcpu_timer_set(vcpu, value);
	return 0;
}

static uint64_t offset_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->vm->time_offset;
}

static int offset_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	struct vm *vm = vcpu->vm;

	(void)index;
	vm->time_offset = value;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *each = vm->vcpus[i];

		each->arch.hart = NULL; /* htimedelta is loaded at its next run */
		if (deadline_exists(each, 0))
			deadline_set(each, 0, each->timer_deadline);
	}
	return 0;
}

static uint64_t frequency_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)vcpu;
	(void)index;
	return timebase;
}

static const struct register_row rows[] = {
	{ .first = REGISTER(REGISTER_TIMER, REGISTER_TIME_OFFSET),
	  .count = 1,
	  .name = "time.offset",
	  .get = offset_get,
	  .set = offset_set },
	{ .first = REGISTER(REGISTER_TIMER, REGISTER_TIME_FREQUENCY),
	  .count = 1,
	  .name = "time.frequency",
	  .get = frequency_get },
	{ .first = REGISTER(REGISTER_TIMER, REGISTER_TIME_DEADLINE),
	  .count = 1,
	  .name = "time.deadline",
	  .exists = deadline_exists,
	  .get = deadline_get,
	  .set = deadline_set },
};

const struct register_group registers_timer = { rows, ARRAY_SIZE(rows) };
