/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer of a vCPU. With Sstc the guest has its own, and vcpu->timer is armed only while it
 * sleeps. Without, the timer is emulated: vcpu->timer_deadline is what the guest asked for, in its
 * own time, and vcpu->timer is armed for that moment or for one before it. Guests move deadlines
 * more often than they let them pass, and mostly away: then what is armed stays, and is armed anew
 * when it comes too early.
 *
 * All of it belongs to the hart that runs the vCPU, or to whoever holds it.
 */
#ifndef CORE_VCPU_TIMER_H
#define CORE_VCPU_TIMER_H

#include <core/vm.h>

void vcpu_timer_init(struct vcpu *vcpu);

/** No deadline, nothing armed. */
void vcpu_timer_stop(struct vcpu *vcpu);

/** Without Sstc: the guest's timer is due at @deadline, in its time; TIMER_NEVER: never. */
void vcpu_timer_set(struct vcpu *vcpu, uint64_t deadline);

/**
 * The same, if nothing has to be armed for it: takes no lock and calls nothing. False otherwise,
 * and nothing has been done.
 */
static ALWAYS_INLINE bool vcpu_timer_move(struct vcpu *vcpu, uint64_t deadline)
{
	uint64_t host = vm_time_to_host(vcpu->vm, deadline);

	/* If it expires at this moment, PENDING_TIMER comes after this. */
	if (host != TIMER_NEVER && !timer_comes_by(&vcpu->timer, host))
		return false;
	vcpu->timer_deadline = deadline;
	return true;
}

/** For PENDING_TIMER: whether the deadline has come. If not, what came was too early: arms it. */
bool vcpu_timer_due(struct vcpu *vcpu);

/** Whether the timer may wake the vCPU, whose state is saved. */
static inline bool vcpu_timer_matters(const struct vcpu *vcpu)
{
	return !(vcpu->arch.features & BIT(FEATURE_SSTC)) || arch_vcpu_takes_timer(&vcpu->arch);
}

/**
 * The vCPU, which the timer may wake, is going to sleep; its state is saved. It is to be woken in
 * time, and not before.
 */
void vcpu_timer_sleep(struct vcpu *vcpu);

#endif
