/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of vCPUs: supervisor software events. Global events are registers of the first vCPU.
 * The vCPU is in no hart and the control lock is held; other vCPUs of the VM do not run either.
 *
 *   event: number << 4 | attribute id, or one of those below    unmasked: 0x100
 */
#include <arch/sbi.h>
#include <arch/sse.h>
#include <core/vm.h>
#include <errno.h>

#include "register_groups.h"

/* Beside the attributes, for global events. */
#define DIRECTED 10 /* 1: PREFERRED_HART was written */
#define RUNNER 11 /* the vCPU that runs the event while its state is RUNNING */
#define UNMASKED 0x100

static const struct sse_event *event_of(const struct vcpu *vcpu, unsigned int index)
{
	unsigned int kind = index >> 4;

	return kind < SSE_LOCAL_KINDS ? &vcpu->arch.sse.events[kind]
				      : &vcpu->vm->arch.sse.events[kind - SSE_LOCAL_KINDS];
}

static bool event_exists(const struct vcpu *vcpu, unsigned int index)
{
	unsigned int kind = index >> 4, attribute = index & 15;
	bool global = kind >= SSE_LOCAL_KINDS;

	if (!sbi_find(vcpu->vm, SBI_EXT_SSE) || !sse_exists(vcpu, (enum sse_kind)kind))
		return false;
	return global ? vcpu->index == 0
		      : attribute != SSE_PREFERRED_HART && attribute < SSE_ATTRIBUTES;
}

static bool unmasked_exists(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return sbi_find(vcpu->vm, SBI_EXT_SSE) != NULL;
}

static uint64_t event_get(const struct vcpu *vcpu, unsigned int index)
{
	const struct sse_event *event = event_of(vcpu, index);

	switch (index & 15) {
	case DIRECTED:
		return event->directed;
	case RUNNER:
		return event->runner;
	default:
		return event->attributes[index & 15];
	}
}

static bool event_takes(const struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	switch (index & 15) {
	case SSE_STATUS:
		return !(value & ~(uint64_t)(SSE_STATUS_STATE | SSE_STATUS_PENDING));
	case SSE_PRIORITY:
		return value <= UINT32_MAX;
	case SSE_CONFIG:
	case DIRECTED:
		return value <= 1;
	case SSE_PREFERRED_HART:
	case RUNNER:
		return value < vcpu->vm->vcpu_count;
	case SSE_ENTRY_PC:
		return !(value & 1);
	case SSE_INTERRUPTED_FLAGS:
		return !(value & ~(uint64_t)SSE_FLAGS);
	}
	return true;
}

static int event_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	struct sse_event *event = sse_event(vcpu, (enum sse_kind)(index >> 4));

	if (!event_takes(vcpu, index, value))
		return -EINVAL;
	if ((index & 15) == DIRECTED)
		event->directed = value;
	else if ((index & 15) == RUNNER)
		event->runner = (unsigned int)value;
	else
		event->attributes[index & 15] = value;
	/* The first vCPU that looks gives it to somebody. */
	event->target = NULL;
	__atomic_fetch_or(&vcpu->pending, PENDING_SSE, __ATOMIC_SEQ_CST);
	return 0;
}

static uint64_t unmasked_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->arch.sse.unmasked;
}

static int unmasked_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	(void)index;
	if (value > 1)
		return -EINVAL;
	vcpu->arch.sse.unmasked = value;
	for (unsigned int i = 0; i < SSE_GLOBAL_KINDS; i++)
		vcpu->vm->arch.sse.events[i].target = NULL;
	__atomic_fetch_or(&vcpu->pending, PENDING_SSE, __ATOMIC_SEQ_CST);
	return 0;
}

#define ROW(kind, attribute, text)                                                 \
	{                                                                          \
		.first = REGISTER_OF_SBI(REGISTER_SBI_SSE,                         \
					 (unsigned int)(kind) << 4 | (attribute)), \
		.count = 1,                                                        \
		.base = (unsigned int)(kind) << 4 | (attribute),                   \
		.name = (text),                                                    \
		.exists = event_exists,                                            \
		.get = event_get,                                                  \
		.set = event_set,                                                  \
	}
#define ROWS(kind, text)                                                                \
	ROW(kind, SSE_STATUS, text "status"), ROW(kind, SSE_PRIORITY, text "priority"), \
		ROW(kind, SSE_CONFIG, text "config"),                                   \
		ROW(kind, SSE_PREFERRED_HART, text "preferred-hart"),                   \
		ROW(kind, SSE_ENTRY_PC, text "entry-pc"),                               \
		ROW(kind, SSE_ENTRY_ARG, text "entry-arg"),                             \
		ROW(kind, SSE_INTERRUPTED_SEPC, text "interrupted-sepc"),               \
		ROW(kind, SSE_INTERRUPTED_FLAGS, text "interrupted-flags"),             \
		ROW(kind, SSE_INTERRUPTED_A6, text "interrupted-a6"),                   \
		ROW(kind, SSE_INTERRUPTED_A7, text "interrupted-a7"),                   \
		ROW(kind, DIRECTED, text "directed"), ROW(kind, RUNNER, text "runner")

/* The numbers of the events are part of those of the registers: a new one goes behind them. */
_Static_assert(SSE_DOUBLE_TRAP == 0 && SSE_PMU_OVERFLOW == 1 && SSE_SOFTWARE_LOCAL == 2 &&
		       SSE_SOFTWARE_GLOBAL == 3,
	       "numbers of registers do not change");

static const struct register_row rows[] = {
	ROWS(SSE_DOUBLE_TRAP, "sse.double-trap."),
	ROWS(SSE_PMU_OVERFLOW, "sse.pmu-overflow."),
	ROWS(SSE_SOFTWARE_LOCAL, "sse.local."),
	ROWS(SSE_SOFTWARE_GLOBAL, "sse.global."),
	{ .first = REGISTER_OF_SBI(REGISTER_SBI_SSE, UNMASKED),
	  .count = 1,
	  .name = "sse.unmasked",
	  .exists = unmasked_exists,
	  .get = unmasked_get,
	  .set = unmasked_set },
};

const struct register_group registers_sse = { rows, ARRAY_SIZE(rows) };
