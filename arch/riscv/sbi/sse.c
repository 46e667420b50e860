/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI SSE (SBI 3.0, "Supervisor Software Events Extension"): what its functions take and refuse.
 * What they do is in sse_event.c, which has the lock.
 */
#include <arch/sse.h>

#include "extensions.h"

#define FID_READ_ATTRS 0
#define FID_WRITE_ATTRS 1
#define FID_REGISTER 2
#define FID_UNREGISTER 3
#define FID_ENABLE 4
#define FID_DISABLE 5
#define FID_COMPLETE 6
#define FID_INJECT 7
#define FID_HART_UNMASK 8
#define FID_HART_MASK 9

static const uint32_t event_ids[SSE_KINDS] = {
	[SSE_DOUBLE_TRAP] = 0x00000001,
	[SSE_PMU_OVERFLOW] = 0x00010000,
	[SSE_SOFTWARE_LOCAL] = 0xffff0000,
	[SSE_SOFTWARE_GLOBAL] = 0xffff8000,
};

/* RAS events of high and of low priority, local and global: a guest has none. */
static const uint32_t missing_ids[] = { 0x00000000, 0x00008000, 0x00100000, 0x00108000 };

/** The event with that id. SBI_NOT_SUPPORTED: a VM of this machine has none. */
static long event_find(const struct vcpu *vcpu, uint64_t id, enum sse_kind *kind)
{
	for (unsigned int i = 0; i < SSE_KINDS; i++) {
		*kind = (enum sse_kind)i;
		if (event_ids[i] == (uint32_t)id)
			return sse_exists(vcpu, *kind) ? SBI_SUCCESS : SBI_NOT_SUPPORTED;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(missing_ids); i++)
		if (missing_ids[i] == (uint32_t)id)
			return SBI_NOT_SUPPORTED;
	return SBI_INVALID_PARAM;
}

/** Attributes that a call names, and the memory for their values. */
struct range {
	unsigned int first, count;
	gpa_t at;
	uint64_t size;
};

/** @args: base_attr_id, attr_count, phys_lo, phys_hi. */
static long range_decode(const struct vcpu *vcpu, const uint64_t *args, unsigned int access,
			 struct range *range)
{
	uint64_t first = (uint32_t)args[0], count = (uint32_t)args[1];

	if (!count)
		return SBI_INVALID_PARAM;
	if (first + count > SSE_ATTRIBUTES)
		return SBI_BAD_RANGE;
	*range = (struct range){
		.first = (unsigned int)index_mask(first, SSE_ATTRIBUTES),
		.count = (unsigned int)count,
		.at = gpa(args[2]),
		.size = count * sizeof(uint64_t),
	};
	if (sbi_shared_memory(vcpu->vm, args[2], args[3], range->size, sizeof(uint64_t), access))
		return SBI_INVALID_ADDRESS;
	return SBI_SUCCESS;
}

static long attributes_read(struct vcpu *vcpu, enum sse_kind kind, const uint64_t *args)
{
	uint64_t values[SSE_ATTRIBUTES];
	struct range range;
	long error = range_decode(vcpu, args, GSTAGE_WRITE, &range);

	if (error)
		return error;
	sse_read(vcpu, kind, values);
	if (vm_write(vcpu->vm, range.at, &values[range.first], range.size))
		return SBI_INVALID_ADDRESS;
	return SBI_SUCCESS;
}

static long attributes_write(struct vcpu *vcpu, enum sse_kind kind, const uint64_t *args)
{
	uint64_t values[SSE_ATTRIBUTES];
	struct range range;
	long error = range_decode(vcpu, args, GSTAGE_READ, &range);

	if (error)
		return error;
	/* Once: another vCPU may change them meanwhile. */
	if (vm_read(vcpu->vm, range.at, values, range.size))
		return SBI_INVALID_ADDRESS;
	return sse_write(vcpu, kind, range.first, range.count, values);
}

static long event_register(struct vcpu *vcpu, enum sse_kind kind, uint64_t pc, uint64_t arg)
{
	return pc & 1 ? SBI_INVALID_PARAM : sse_register(vcpu, kind, pc, arg);
}

static long event_inject(struct vcpu *caller, enum sse_kind kind, uint64_t id)
{
	struct vcpu *vcpu = caller;

	if (kind < SSE_LOCAL_KINDS) {
		if (id >= caller->vm->vcpu_count)
			return SBI_INVALID_PARAM;
		vcpu = caller->vm->vcpus[index_mask(id, caller->vm->vcpu_count)];
	}
	sse_inject(vcpu, kind);
	return SBI_SUCCESS;
}

/** Functions of an event, which is the first argument. */
static long event_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	enum sse_kind kind;
	long error = event_find(vcpu, args[0], &kind);

	if (error)
		return error;
	switch (function) {
	case FID_READ_ATTRS:
		return attributes_read(vcpu, kind, args + 1);
	case FID_WRITE_ATTRS:
		return attributes_write(vcpu, kind, args + 1);
	case FID_REGISTER:
		return event_register(vcpu, kind, args[1], args[2]);
	case FID_UNREGISTER:
		return sse_unregister(vcpu, kind);
	case FID_ENABLE:
		return sse_enable(vcpu, kind);
	case FID_DISABLE:
		return sse_disable(vcpu, kind);
	default:
		return event_inject(vcpu, kind, args[1]);
	}
}

static struct sbi_result sse_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	switch (function) {
	case FID_COMPLETE:
		/* What was interrupted goes on with the a0 and a1 that its handler gives back. */
		if (sse_complete(vcpu))
			return (struct sbi_result){ (long)args[0], args[1] };
		return sbi_value(0);
	case FID_HART_UNMASK:
		return sbi_error(sse_unmask(vcpu));
	case FID_HART_MASK:
		return sbi_error(sse_mask(vcpu));
	}
	if (function > FID_HART_MASK)
		return sbi_error(SBI_NOT_SUPPORTED);
	return sbi_error(event_call(vcpu, function, args));
}

static int sse_vcpu_init(struct vcpu *vcpu)
{
	if (vcpu->index == 0)
		spin_init(&vcpu->vm->arch.sse.lock, LOCK_SSE);
	return 0;
}

/** A start of one vCPU leaves the global events alone; a reset of the machine does not. */
static void sse_vcpu_reset(struct vcpu *vcpu)
{
	struct sse_vm *sse = &vcpu->vm->arch.sse;
	unsigned long flags;

	if (vcpu->hsm != HSM_START_PENDING) {
		flags = spin_lock(&sse->lock);
		for (unsigned int i = 0; i < SSE_GLOBAL_KINDS; i++)
			sse->events[i] = (struct sse_event){ 0 };
		spin_unlock(&sse->lock, flags);
	}
	sse_stop(vcpu);
}

const struct sbi_extension sbi_sse = {
	.id = SBI_EXT_SSE,
	.name = "sse",
	.call = sse_call,
	.vcpu_init = sse_vcpu_init,
	.vcpu_reset = sse_vcpu_reset,
};
