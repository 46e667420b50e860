/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Supervisor software events: their states, and which of them a vCPU takes when. Everything is
 * guarded by the lock of the VM's events, which is held for a bounded and short time.
 *
 * A global event that is pending and enabled is given to one vCPU, its target: the preferred one
 * if that is unmasked; otherwise, unless the guest has chosen that one and it is not stopped, any
 * that is. It is given to another when its target masks events or stops, and waits while there is
 * none to take it. A vCPU that is told (PENDING_SSE) looks for itself.
 */
#include <arch/csr.h>
#include <arch/sbi.h>
#include <arch/sse.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned long sse_lock(struct vcpu *vcpu) ACQUIRES(vcpu->vm->arch.sse.lock)
{
	return spin_lock(&vcpu->vm->arch.sse.lock);
}

static void sse_unlock(struct vcpu *vcpu, unsigned long flags) RELEASES(vcpu->vm->arch.sse.lock)
{
	spin_unlock(&vcpu->vm->arch.sse.lock, flags);
}

static void state_set(struct sse_event *event, enum sse_state state)
{
	event->attributes[SSE_STATUS] &= ~(uint64_t)SSE_STATUS_STATE;
	event->attributes[SSE_STATUS] |= state;
}

/** Pending and enabled: to be delivered as soon as a vCPU can take it. */
static bool is_due(const struct sse_event *event)
{
	return event->attributes[SSE_STATUS] == (SSE_ENABLED | SSE_STATUS_PENDING);
}

static bool is_due_here(struct vcpu *vcpu, enum sse_kind kind)
{
	const struct sse_event *event = sse_event(vcpu, kind);

	return is_due(event) && (kind < SSE_LOCAL_KINDS || event->target == vcpu);
}

static bool is_running_here(struct vcpu *vcpu, enum sse_kind kind)
{
	const struct sse_event *event = sse_event(vcpu, kind);

	return sse_event_state(event) == SSE_RUNNING &&
	       (kind < SSE_LOCAL_KINDS || event->runner == vcpu->index);
}

/** SBI 3.0, "Software Event Priority": the lower value, and the lower id of two that are equal. */
static bool precedes(struct vcpu *vcpu, enum sse_kind kind, enum sse_kind other)
{
	uint64_t a = sse_event(vcpu, kind)->attributes[SSE_PRIORITY];
	uint64_t b = sse_event(vcpu, other)->attributes[SSE_PRIORITY];

	return a < b || (a == b && kind < other);
}

/** The event with the highest priority of those that fit, or SSE_KINDS. */
static enum sse_kind highest(struct vcpu *vcpu, bool (*fits)(struct vcpu *, enum sse_kind))
{
	enum sse_kind found = SSE_KINDS;

	for (unsigned int i = 0; i < SSE_KINDS; i++)
		if (fits(vcpu, (enum sse_kind)i) &&
		    (found == SSE_KINDS || precedes(vcpu, (enum sse_kind)i, found)))
			found = (enum sse_kind)i;
	return found;
}

/** Whether nothing that @vcpu runs keeps it from taking that event. */
static bool may_preempt(struct vcpu *vcpu, enum sse_kind kind)
{
	enum sse_kind running = highest(vcpu, is_running_here);

	return running == SSE_KINDS || precedes(vcpu, kind, running);
}

/** What to deliver to @vcpu now, or SSE_KINDS. */
static enum sse_kind next_locked(struct vcpu *vcpu)
{
	enum sse_kind kind = highest(vcpu, is_due_here);

	if (!vcpu->arch.sse.unmasked || kind == SSE_KINDS || !may_preempt(vcpu, kind))
		return SSE_KINDS;
	return kind;
}

static uint32_t hsm_state(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->hsm, __ATOMIC_SEQ_CST);
}

static bool is_stopped(const struct vcpu *vcpu)
{
	uint32_t hsm = hsm_state(vcpu);

	return hsm == HSM_STOPPED || hsm == HSM_STOP_PENDING;
}

/** Who takes a global event: one that does not have to be woken first, if there is a choice. */
static struct vcpu *target_choose(const struct vm *vm, const struct sse_event *event)
{
	uint64_t index = index_mask(event->attributes[SSE_PREFERRED_HART], vm->vcpu_count);
	struct vcpu *preferred = vm->vcpus[index];
	struct vcpu *found = NULL;

	if (preferred->arch.sse.unmasked)
		return preferred;
	if (event->directed && !is_stopped(preferred))
		return NULL;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *vcpu = vm->vcpus[i];

		if (!vcpu->arch.sse.unmasked)
			continue;
		if (hsm_state(vcpu) == HSM_STARTED)
			return vcpu;
		found = found ? found : vcpu;
	}
	return found;
}

/** The event may have become due: tells who takes it. */
static void announce(struct vcpu *vcpu, enum sse_kind kind)
{
	struct sse_event *event = sse_event(vcpu, kind);

	if (!is_due(event))
		return;
	if (kind >= SSE_LOCAL_KINDS) {
		if (event->target)
			return;
		vcpu = event->target = target_choose(vcpu->vm, event);
	}
	if (vcpu)
		vcpu_notify(vcpu, PENDING_SSE);
}

static void announce_global(struct vcpu *vcpu)
{
	for (unsigned int i = SSE_LOCAL_KINDS; i < SSE_KINDS; i++)
		announce(vcpu, (enum sse_kind)i);
}

/** @vcpu does not take events any more: what was to come to it goes to others. */
static void mask_locked(struct vcpu *vcpu)
{
	vcpu->arch.sse.unmasked = false;
	for (unsigned int i = SSE_LOCAL_KINDS; i < SSE_KINDS; i++) {
		struct sse_event *event = sse_event(vcpu, (enum sse_kind)i);

		if (event->target == vcpu)
			event->target = NULL;
	}
	announce_global(vcpu);
}

/** @vcpu takes events: those that wait for somebody, and those that prefer it. */
static void unmask_locked(struct vcpu *vcpu)
{
	vcpu->arch.sse.unmasked = true;
	for (unsigned int i = SSE_LOCAL_KINDS; i < SSE_KINDS; i++) {
		struct sse_event *event = sse_event(vcpu, (enum sse_kind)i);

		if (event->attributes[SSE_PREFERRED_HART] == vcpu->index)
			event->target = NULL;
	}
	announce_global(vcpu);
	vcpu_notify(vcpu, PENDING_SSE);
}

/** Moves the event from one state to another, if it is in the first. */
static long transition(struct vcpu *vcpu, enum sse_kind kind, enum sse_state from,
		       enum sse_state to)
{
	struct sse_event *event = sse_event(vcpu, kind);
	unsigned long flags = sse_lock(vcpu);
	bool ok = sse_event_state(event) == from;

	if (ok) {
		state_set(event, to);
		event->target = NULL;
		announce(vcpu, kind);
	}
	sse_unlock(vcpu, flags);
	return ok ? SBI_SUCCESS : SBI_INVALID_STATE;
}

long sse_register(struct vcpu *vcpu, enum sse_kind kind, uint64_t pc, uint64_t arg)
{
	struct sse_event *event = sse_event(vcpu, kind);
	unsigned long flags = sse_lock(vcpu);
	bool ok = sse_event_state(event) == SSE_UNUSED;

	if (ok) {
		event->attributes[SSE_ENTRY_PC] = pc;
		event->attributes[SSE_ENTRY_ARG] = arg;
		state_set(event, SSE_REGISTERED);
	}
	sse_unlock(vcpu, flags);
	return ok ? SBI_SUCCESS : SBI_INVALID_STATE;
}

long sse_unregister(struct vcpu *vcpu, enum sse_kind kind)
{
	return transition(vcpu, kind, SSE_REGISTERED, SSE_UNUSED);
}

long sse_enable(struct vcpu *vcpu, enum sse_kind kind)
{
	return transition(vcpu, kind, SSE_REGISTERED, SSE_ENABLED);
}

long sse_disable(struct vcpu *vcpu, enum sse_kind kind)
{
	return transition(vcpu, kind, SSE_ENABLED, SSE_REGISTERED);
}

long sse_unmask(struct vcpu *vcpu)
{
	unsigned long flags = sse_lock(vcpu);
	bool ok = !vcpu->arch.sse.unmasked;

	if (ok)
		unmask_locked(vcpu);
	sse_unlock(vcpu, flags);
	return ok ? SBI_SUCCESS : SBI_ALREADY_STARTED;
}

long sse_mask(struct vcpu *vcpu)
{
	unsigned long flags = sse_lock(vcpu);
	bool ok = vcpu->arch.sse.unmasked;

	if (ok)
		mask_locked(vcpu);
	sse_unlock(vcpu, flags);
	return ok ? SBI_SUCCESS : SBI_ALREADY_STOPPED;
}

void sse_read(struct vcpu *vcpu, enum sse_kind kind, uint64_t values[SSE_ATTRIBUTES])
{
	unsigned long flags = sse_lock(vcpu);

	memcpy(values, sse_event(vcpu, kind)->attributes, SSE_ATTRIBUTES * sizeof(*values));
	sse_unlock(vcpu, flags);
	values[SSE_STATUS] |= SSE_STATUS_INJECT;
	if (kind < SSE_LOCAL_KINDS)
		values[SSE_PREFERRED_HART] = vcpu->index;
}

/** SBI 3.0, table "SSE Event Attributes": who may write what, and when. */
static long attribute_check(struct vcpu *vcpu, enum sse_kind kind, unsigned int attribute,
			    uint64_t value)
{
	bool legal = true, running = false;

	switch (attribute) {
	case SSE_PRIORITY:
		legal = value <= UINT32_MAX;
		break;
	case SSE_CONFIG:
		legal = !(value & ~(uint64_t)SSE_CONFIG_ONESHOT);
		break;
	case SSE_PREFERRED_HART:
		if (kind < SSE_LOCAL_KINDS)
			return SBI_DENIED;
		legal = value < vcpu->vm->vcpu_count;
		break;
	case SSE_INTERRUPTED_FLAGS:
		legal = !(value & ~(uint64_t)SSE_FLAGS);
		running = true;
		break;
	case SSE_INTERRUPTED_SEPC:
	case SSE_INTERRUPTED_A6:
	case SSE_INTERRUPTED_A7:
		running = true;
		break;
	default:
		return SBI_DENIED;
	}
	if (!legal)
		return SBI_INVALID_PARAM;
	if (running ? !is_running_here(vcpu, kind)
		    : sse_event_state(sse_event(vcpu, kind)) > SSE_REGISTERED)
		return SBI_INVALID_STATE;
	return SBI_SUCCESS;
}

long sse_write(struct vcpu *vcpu, enum sse_kind kind, unsigned int first, unsigned int count,
	       const uint64_t *values)
{
	struct sse_event *event = sse_event(vcpu, kind);
	unsigned long flags = sse_lock(vcpu);
	long error = SBI_SUCCESS;

	for (unsigned int i = 0; i < count && !error; i++)
		error = attribute_check(vcpu, kind, first + i, values[i]);
	if (!error) {
		memcpy(&event->attributes[first], values, count * sizeof(*values));
		event->directed |= first <= SSE_PREFERRED_HART &&
				   first + count > SSE_PREFERRED_HART;
	}
	sse_unlock(vcpu, flags);
	return error;
}

void sse_inject(struct vcpu *vcpu, enum sse_kind kind)
{
	unsigned long flags = sse_lock(vcpu);

	sse_event(vcpu, kind)->attributes[SSE_STATUS] |= SSE_STATUS_PENDING;
	announce(vcpu, kind);
	sse_unlock(vcpu, flags);
}

/** The event's handler is done, or never will be. */
static void finish(struct vcpu *vcpu, enum sse_kind kind)
{
	struct sse_event *event = sse_event(vcpu, kind);
	bool once = event->attributes[SSE_CONFIG] & SSE_CONFIG_ONESHOT;

	state_set(event, once ? SSE_REGISTERED : SSE_ENABLED);
	announce(vcpu, kind);
}

bool sse_complete(struct vcpu *vcpu)
{
	unsigned long flags = sse_lock(vcpu);
	enum sse_kind kind = highest(vcpu, is_running_here);

	if (kind != SSE_KINDS) {
		sse_leave(vcpu, sse_event(vcpu, kind));
		finish(vcpu, kind);
	}
	sse_unlock(vcpu, flags);
	if (kind == SSE_KINDS)
		return false;
	/* One that waited for this one to end. */
	vcpu_notify(vcpu, PENDING_SSE);
	return true;
}

void sse_deliver(struct vcpu *vcpu)
{
	unsigned long flags;
	enum sse_kind kind;

	if (hsm_state(vcpu) != HSM_STARTED)
		return;
	flags = sse_lock(vcpu);
	announce_global(vcpu);
	kind = next_locked(vcpu);
	if (kind != SSE_KINDS) {
		struct sse_event *event = sse_event(vcpu, kind);

		event->attributes[SSE_STATUS] = SSE_RUNNING;
		event->target = NULL;
		event->runner = vcpu->index;
		sse_enter(vcpu, event);
	}
	sse_unlock(vcpu, flags);
}

bool sse_ready(struct vcpu *vcpu)
{
	unsigned long flags;
	bool ready;

	if (!vcpu->arch.sse.unmasked)
		return false;
	flags = sse_lock(vcpu);
	ready = next_locked(vcpu) != SSE_KINDS;
	sse_unlock(vcpu, flags);
	return ready;
}

void sse_stop(struct vcpu *vcpu)
{
	unsigned long flags;

	if (!sbi_find(vcpu->vm, SBI_EXT_SSE))
		return;
	flags = sse_lock(vcpu);
	mask_locked(vcpu);
	for (unsigned int i = SSE_LOCAL_KINDS; i < SSE_KINDS; i++)
		if (is_running_here(vcpu, (enum sse_kind)i))
			finish(vcpu, (enum sse_kind)i);
	memset(vcpu->arch.sse.events, 0, sizeof(vcpu->arch.sse.events));
	sse_unlock(vcpu, flags);
}

/** Makes an event of the loaded vCPU pending if it @fits. Whether it does. */
static bool inject_if(struct vcpu *vcpu, enum sse_kind kind,
		      bool (*fits)(struct vcpu *, enum sse_kind))
{
	unsigned long flags;
	bool fit;

	if (!sbi_find(vcpu->vm, SBI_EXT_SSE) || !sse_exists(vcpu, kind))
		return false;
	flags = sse_lock(vcpu);
	fit = fits(vcpu, kind);
	if (fit) {
		sse_event(vcpu, kind)->attributes[SSE_STATUS] |= SSE_STATUS_PENDING;
		announce(vcpu, kind);
	}
	sse_unlock(vcpu, flags);
	return fit;
}

static bool is_used(struct vcpu *vcpu, enum sse_kind kind)
{
	return sse_event_state(sse_event(vcpu, kind)) >= SSE_ENABLED;
}

bool sse_pmu_overflow(struct vcpu *vcpu)
{
	return inject_if(vcpu, SSE_PMU_OVERFLOW, is_used);
}

/** Before the vCPU goes on: what it would do next has just failed. */
static bool can_take_now(struct vcpu *vcpu, enum sse_kind kind)
{
	return vcpu->arch.sse.unmasked && sse_event_state(sse_event(vcpu, kind)) == SSE_ENABLED &&
	       may_preempt(vcpu, kind);
}

void arch_vcpu_double_trap(struct vcpu *vcpu, uint64_t cause)
{
	char reason[80];

	if (inject_if(vcpu, SSE_DOUBLE_TRAP, can_take_now))
		return;
	snprintf(reason, sizeof(reason), "vCPU %u: double trap at 0x%" PRIx64 ", cause %" PRIu64,
		 vcpu->index, (uint64_t)csr_read(CSR_SEPC), cause);
	vm_request(vcpu->vm, VM_REQUEST_FAIL, reason);
	vcpu_leave(vcpu, LEAVE_PARK);
}
