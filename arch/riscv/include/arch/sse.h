/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Supervisor software events of guests (SBI 3.0, "Supervisor Software Events Extension"): which
 * there are, their state, and how a vCPU is interrupted by one. The lock of struct sse_vm guards
 * all state of the VM's events, those of its vCPUs included.
 *
 *              register        enable         deliver
 *      UNUSED ----------> REG. -------> EN. ----------> RUNNING
 *             <----------      <-------     <----------    |
 *             unregister |     disable        complete     |
 *                        +---------------------------------+
 *                               complete of a one-shot event
 *
 * That an event is pending is apart from its state: it is set by the event's source, whatever the
 * state, and cleared only when the event is delivered.
 */
#ifndef ARCH_SSE_H
#define ARCH_SSE_H

#include <core/lock.h>

struct vcpu;
struct vm;

/** The events that exist, ascending by event id; those local to a hart come first. */
enum sse_kind {
	SSE_DOUBLE_TRAP,
	SSE_PMU_OVERFLOW,
	SSE_SOFTWARE_LOCAL,
	SSE_SOFTWARE_GLOBAL,
	SSE_KINDS,
};

#define SSE_LOCAL_KINDS SSE_SOFTWARE_GLOBAL
#define SSE_GLOBAL_KINDS (SSE_KINDS - SSE_LOCAL_KINDS)

enum sse_state { SSE_UNUSED, SSE_REGISTERED, SSE_ENABLED, SSE_RUNNING };

/** Attribute ids (SBI 3.0, table "SSE Event Attributes"). */
enum sse_attribute {
	SSE_STATUS,
	SSE_PRIORITY,
	SSE_CONFIG,
	SSE_PREFERRED_HART,
	SSE_ENTRY_PC,
	SSE_ENTRY_ARG,
	SSE_INTERRUPTED_SEPC,
	SSE_INTERRUPTED_FLAGS,
	SSE_INTERRUPTED_A6,
	SSE_INTERRUPTED_A7,
	SSE_ATTRIBUTES,
};

/* STATUS */
#define SSE_STATUS_STATE 0x3
#define SSE_STATUS_PENDING 0x4
#define SSE_STATUS_INJECT 0x8
/* CONFIG */
#define SSE_CONFIG_ONESHOT 0x1
/* INTERRUPTED_FLAGS */
#define SSE_FLAGS_SPP 0x1
#define SSE_FLAGS_SPIE 0x2
#define SSE_FLAGS_SPV 0x4
#define SSE_FLAGS_SPVP 0x8
#define SSE_FLAGS_SPELP 0x10
#define SSE_FLAGS_SDT 0x20
#define SSE_FLAGS 0x3f

struct sse_event {
	/* By attribute id. STATUS without INJECT; PREFERRED_HART of global events only. */
	uint64_t attributes[SSE_ATTRIBUTES];
	/* Of global events only: */
	bool directed; /* the guest has said which hart is preferred */
	struct vcpu *target; /* that is going to run it, as it is pending and enabled; or NULL */
	unsigned int runner; /* index of the vCPU that runs it, while it is RUNNING */
};

/** Of a vCPU. */
struct sse_vcpu {
	bool unmasked; /* ready to receive events; not while it is stopped */
	struct sse_event events[SSE_LOCAL_KINDS];
};

/** Of a VM. */
struct sse_vm {
	struct spinlock lock;
	struct sse_event events[SSE_GLOBAL_KINDS];
};

/** Whether a vCPU of a VM with SSE can have events of that kind. */
bool sse_exists(const struct vcpu *vcpu, enum sse_kind kind);

/** The event of that kind of @vcpu, or of its VM. */
struct sse_event *sse_event(struct vcpu *vcpu, enum sse_kind kind);

static inline enum sse_state sse_event_state(const struct sse_event *event)
{
	return (enum sse_state)(event->attributes[SSE_STATUS] & SSE_STATUS_STATE);
}

/* What the functions of SBI do. They take the lock. Each returns its SBI error. */

long sse_register(struct vcpu *vcpu, enum sse_kind kind, uint64_t pc, uint64_t arg);
long sse_unregister(struct vcpu *vcpu, enum sse_kind kind);
long sse_enable(struct vcpu *vcpu, enum sse_kind kind);
long sse_disable(struct vcpu *vcpu, enum sse_kind kind);
long sse_unmask(struct vcpu *vcpu);
long sse_mask(struct vcpu *vcpu);
void sse_read(struct vcpu *vcpu, enum sse_kind kind, uint64_t values[SSE_ATTRIBUTES]);
/** Writes attributes @first to @first + @count - 1, all or (if one cannot be) none. */
long sse_write(struct vcpu *vcpu, enum sse_kind kind, unsigned int first, unsigned int count,
	       const uint64_t *values);

/** The event becomes pending: on @vcpu, or for its VM if it is a global one. Any context. */
void sse_inject(struct vcpu *vcpu, enum sse_kind kind);

/**
 * The loaded vCPU, in an environment call, goes back to where the event with the highest priority
 * that it runs has interrupted it: pc, privilege mode, a6, a7, vsepc, vsstatus. False when it runs
 * none, and nothing has changed.
 */
bool sse_complete(struct vcpu *vcpu);

/** Work of PENDING_SSE: delivers an event to the loaded vCPU if one may be. Interrupts off. */
void sse_deliver(struct vcpu *vcpu);

/** Whether sse_deliver() would deliver one to @vcpu once it is started: a suspend ends. */
bool sse_ready(struct vcpu *vcpu);

/**
 * The vCPU stops (HSM): its events are as after a reset, and masked. A global one that it runs is
 * complete; one that was on its way to it goes to another.
 */
void sse_stop(struct vcpu *vcpu);

/**
 * A counter of the loaded vCPU has overflowed. True when that becomes a software event, as the
 * guest has enabled it; false when the guest is to get its interrupt.
 */
bool sse_pmu_overflow(struct vcpu *vcpu);

/**
 * A trap of the loaded vCPU found its vsstatus.SDT set (Ssdbltrp): sepc is where that was, and
 * @cause what the trap was to be. Becomes a software event if the guest can take it; otherwise
 * the VM fails.
 */
void arch_vcpu_double_trap(struct vcpu *vcpu, uint64_t cause);

/* In sse_entry.c: what an event does to the loaded vCPU. The lock is held. */

/** Saves what the event interrupts in its attributes, and goes to its handler. */
void sse_enter(struct vcpu *vcpu, struct sse_event *event);
/** Goes back to what the event has interrupted, as its attributes say now. */
void sse_leave(struct vcpu *vcpu, const struct sse_event *event);

#endif
