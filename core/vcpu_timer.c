/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer of a vCPU (<core/vcpu_timer.h>). No lock; its timer may expire on another hart
 * meanwhile, which tells the vCPU to look at its deadline and touches nothing else.
 */
#include <core/vcpu_timer.h>

static bool has_sstc(const struct vcpu *vcpu)
{
	return vcpu->arch.features & BIT(FEATURE_SSTC);
}

static void expired(struct timer *timer)
{
	struct vcpu *vcpu = container_of(timer, struct vcpu, timer);

	if (has_sstc(vcpu))
		sched_wake(&vcpu->sched);
	else
		vcpu_notify(vcpu, PENDING_TIMER);
}

void vcpu_timer_init(struct vcpu *vcpu)
{
	timer_init(&vcpu->timer, expired);
	vcpu->timer_deadline = TIMER_NEVER;
}

void vcpu_timer_stop(struct vcpu *vcpu)
{
	timer_cancel(&vcpu->timer);
	vcpu->timer_deadline = TIMER_NEVER;
}

void vcpu_timer_set(struct vcpu *vcpu, uint64_t deadline)
{
	vcpu->timer_deadline = deadline;
	timer_arm(&vcpu->timer, vm_time_to_host(vcpu->vm, deadline));
}

bool vcpu_timer_due(struct vcpu *vcpu)
{
	if (vm_time(vcpu->vm) >= vcpu->timer_deadline)
		return true;
	vcpu_timer_set(vcpu, vcpu->timer_deadline);
	return false;
}

void vcpu_timer_sleep(struct vcpu *vcpu)
{
	uint64_t host;

	if (has_sstc(vcpu)) {
		host = arch_vcpu_wakeup(vcpu);
		if (host != TIMER_NEVER)
			timer_arm(&vcpu->timer, host);
		return;
	}
	host = vm_time_to_host(vcpu->vm, vcpu->timer_deadline);
	if (timer_comes_by(&vcpu->timer, host) && vcpu->timer.deadline != host)
		timer_arm(&vcpu->timer, host);
}
