/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI STA (SBI 3.0, "Steal-time Accounting Extension"): tells a vCPU in its memory how long it was
 * ready and did not run. The record is written by the hart that the vCPU comes to or leaves, never
 * while it sleeps; the guest may write there, too, which harms nobody else. No lock.
 */
#include <arch/sbi.h>
#include <core/timer.h>
#include <errno.h>

#include "extensions.h"

#define FID_SET_SHMEM 0

#define ALIGNMENT 64
#define NONE UINT64_MAX

/** What the guest reads, little-endian. */
struct sta_record {
	uint32_t sequence; /* odd while steal is written */
	uint32_t flags; /* 0 */
	uint64_t steal; /* ns */
	uint8_t preempted;
	uint8_t pad[47]; /* 0 */
};

_Static_assert(sizeof(struct sta_record) == ALIGNMENT, "a_record_lies_in_one_page");

static struct sta_record *record_of(const struct vcpu *vcpu)
{
	uint64_t room;

	return vm_ram(vcpu->vm, gpa(vcpu->arch.sta_memory), GSTAGE_WRITE, &room);
}

static void record_written(struct vcpu *vcpu)
{
	gstage_written(&vcpu->vm->gstage, gpa(vcpu->arch.sta_memory), sizeof(struct sta_record));
}

uint64_t sbi_sta_stolen(const struct vcpu *vcpu)
{
	const struct arch_vcpu *arch = &vcpu->arch;

	if (arch->sta_memory == NONE)
		return arch->sta_before;
	return arch->sta_before + ticks_to_ns(vcpu->sched.waited - arch->sta_begin);
}

void sbi_sta_stolen_set(struct vcpu *vcpu, uint64_t ns)
{
	vcpu->arch.sta_before = ns;
	vcpu->arch.sta_begin = vcpu->sched.waited;
}

/** It runs on: preempted is 0 before that. A reader finds sequence odd or changed meanwhile. */
static void sta_load(struct vcpu *vcpu)
{
	struct sta_record *record = record_of(vcpu);
	uint32_t odd;

	if (!record)
		return;
	odd = (__atomic_load_n(&record->sequence, __ATOMIC_RELAXED) + 1) | 1;
	__atomic_store_n(&record->sequence, odd, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&record->steal, sbi_sta_stolen(vcpu), __ATOMIC_RELAXED);
	__atomic_store_n(&record->preempted, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&record->sequence, odd + 1, __ATOMIC_RELEASE);
	record_written(vcpu);
}

static void sta_save(struct vcpu *vcpu)
{
	struct sta_record *record = record_of(vcpu);

	if (!record || vcpu->sched.leave != LEAVE_PREEMPTED)
		return;
	__atomic_store_n(&record->preempted, 1, __ATOMIC_RELAXED);
	record_written(vcpu);
}

static void sta_reset(struct vcpu *vcpu)
{
	vcpu->arch.sta_memory = NONE;
	sbi_sta_stolen_set(vcpu, 0);
}

static void sta_set(struct vcpu *vcpu, uint64_t memory)
{
	vcpu->arch.sta_memory = memory;
	sbi_sta_stolen_set(vcpu, 0);
	sbi_switch_set(vcpu, &sbi_sta, memory != NONE);
}

static long record_check(const struct vm *vm, uint64_t low, uint64_t high)
{
	return sbi_shared_memory(vm, low, high, sizeof(struct sta_record), ALIGNMENT, GSTAGE_WRITE);
}

int sbi_sta_move(struct vcpu *vcpu, uint64_t memory)
{
	if (memory != NONE && record_check(vcpu->vm, memory, 0))
		return -EINVAL;
	sta_set(vcpu, memory);
	return 0;
}

static long sta_set_shmem(struct vcpu *vcpu, uint64_t low, uint64_t high, uint64_t flags)
{
	static const struct sta_record empty;
	long error;

	if (flags)
		return SBI_INVALID_PARAM;
	if (sbi_shared_memory_ends(low, high)) {
		sta_set(vcpu, NONE);
		return SBI_SUCCESS;
	}
	error = record_check(vcpu->vm, low, high);
	if (error)
		return error;
	if (vm_write(vcpu->vm, gpa(low), &empty, sizeof(empty)))
		return SBI_INVALID_ADDRESS;
	sta_set(vcpu, low);
	return SBI_SUCCESS;
}

static struct sbi_result sta_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	if (function != FID_SET_SHMEM)
		return sbi_error(SBI_NOT_SUPPORTED);
	return sbi_error(sta_set_shmem(vcpu, args[0], args[1], args[2]));
}

const struct sbi_extension sbi_sta = {
	.id = SBI_EXT_STA,
	.name = "sta",
	.call = sta_call,
	.vcpu_reset = sta_reset,
	.load = sta_load,
	.save = sta_save,
};
