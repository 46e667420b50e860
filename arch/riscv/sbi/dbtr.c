/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI DBTR (SBI 3.0, "Debug Triggers Extension"): what its functions take and refuse, and the
 * triggers of each vCPU. They are out of the hart while a function runs. State of the calling
 * vCPU alone; no lock.
 */
#include <arch/sbi.h>

#include "extensions.h"

#define FID_NUM_TRIGGERS 0
#define FID_SET_SHMEM 1
#define FID_READ 2
#define FID_INSTALL 3
#define FID_UPDATE 4
#define FID_UNINSTALL 5
#define FID_ENABLE 6
#define FID_DISABLE 7

#define MODES (MCONTROL6_S | MCONTROL6_U)
enum { INDEX, TDATA1, TDATA2, TDATA3 };

/** The state of a trigger with that configuration. */
static uint64_t state_of(uint64_t tdata1)
{
	return TRIGGER_MAPPED | (tdata1 & MCONTROL6_S ? TRIGGER_S : 0) |
	       (tdata1 & MCONTROL6_U ? TRIGGER_U : 0);
}

static uint64_t modes_of(uint64_t state)
{
	return (state & TRIGGER_S ? MCONTROL6_S : 0) | (state & TRIGGER_U ? MCONTROL6_U : 0);
}

static struct sbi_result failed(long error, unsigned int index)
{
	return (struct sbi_result){ .error = error, .value = index };
}

static struct sbi_result num_triggers(const struct vcpu *vcpu, uint64_t tdata1)
{
	bool can = !tdata1 || (!dbtr_problem(tdata1, 0) && dbtr_hart_takes(tdata1, 0));

	return sbi_value(can ? vcpu->vm->arch.triggers : 0);
}

static long set_shmem(struct vcpu *vcpu, uint64_t low, uint64_t high, uint64_t flags)
{
	uint64_t size = vcpu->vm->arch.triggers * sizeof(struct dbtr_entry);
	long error = SBI_SUCCESS;

	if (flags)
		return SBI_INVALID_PARAM;
	if (!sbi_shared_memory_ends(low, high))
		error = sbi_shared_memory(vcpu->vm, low, high, size, sizeof(uint64_t),
					  GSTAGE_READ | GSTAGE_WRITE);
	if (!error)
		vcpu->arch.dbtr.shared = low;
	return error;
}

static long read_triggers(struct vcpu *vcpu, uint64_t base, uint64_t count)
{
	const struct dbtr_vcpu *dbtr = &vcpu->arch.dbtr;
	unsigned int triggers = vcpu->vm->arch.triggers;
	struct dbtr_entry entries[DBTR_TRIGGERS];

	if (dbtr->shared == UINT64_MAX)
		return SBI_NO_SHMEM;
	/* The sum has to be less, too, by the letter of the specification. */
	if (base >= triggers || count >= triggers - base)
		return SBI_BAD_RANGE;
	if (!count)
		return SBI_SUCCESS;
	base = index_mask(base, DBTR_TRIGGERS);
	count = index_mask(count, DBTR_TRIGGERS);
	for (unsigned int i = 0; i < count; i++) {
		const struct dbtr_trigger *trigger = &dbtr->triggers[base + i];

		entries[i] = (struct dbtr_entry){ { trigger->state, trigger->tdata1,
						    trigger->tdata2, 0 } };
	}
	return vm_write(vcpu->vm, gpa(dbtr->shared), entries, count * sizeof(entries[0]))
		       ? SBI_NO_SHMEM
		       : SBI_SUCCESS;
}

/** Fetches @count configurations, once: another vCPU may change them meanwhile. */
static long entries_fetch(struct vcpu *vcpu, uint64_t count,
			  struct dbtr_entry entries[DBTR_TRIGGERS])
{
	uint64_t shared = vcpu->arch.dbtr.shared;

	if (shared == UINT64_MAX)
		return SBI_NO_SHMEM;
	if (count >= vcpu->vm->arch.triggers)
		return SBI_BAD_RANGE;
	if (!count)
		return SBI_SUCCESS;
	return vm_read(vcpu->vm, gpa(shared), entries, count * sizeof(entries[0])) ? SBI_NO_SHMEM
										   : SBI_SUCCESS;
}

/** Whether an installed trigger can be as in @entry. @last: no other one comes after it. */
static long entry_problem(const struct dbtr_entry *entry, bool last)
{
	const uint64_t *words = entry->words;
	long error = dbtr_problem(words[TDATA1], words[TDATA3]);

	/* A chain would be incomplete. */
	if (error == SBI_NOT_SUPPORTED && last && words[TDATA1] & MCONTROL6_CHAIN)
		return SBI_INVALID_PARAM;
	if (!error && !dbtr_hart_takes(words[TDATA1], words[TDATA2]))
		return SBI_NOT_SUPPORTED;
	return error;
}

static void trigger_set(struct dbtr_trigger *trigger, const struct dbtr_entry *entry)
{
	*trigger = (struct dbtr_trigger){
		.state = state_of(entry->words[TDATA1]),
		.tdata1 = entry->words[TDATA1],
		.tdata2 = entry->words[TDATA2],
	};
}

/** The first trigger from @from on that is not installed, or the number of all. */
static unsigned int trigger_unused(const struct vcpu *vcpu, unsigned int from)
{
	while (from < vcpu->vm->arch.triggers &&
	       vcpu->arch.dbtr.triggers[from].state & TRIGGER_MAPPED)
		from++;
	return from;
}

/** All or none of them. */
static struct sbi_result install_triggers(struct vcpu *vcpu, uint64_t count)
{
	struct dbtr_entry entries[DBTR_TRIGGERS];
	unsigned int unused = 0;
	long error = entries_fetch(vcpu, count, entries);

	if (error)
		return sbi_error(error);
	for (unsigned int i = 0; i < count; i++, unused++) {
		error = entry_problem(&entries[i], i == count - 1);
		unused = trigger_unused(vcpu, unused);
		if (!error && unused == vcpu->vm->arch.triggers)
			error = SBI_FAILED;
		if (error)
			return failed(error, i);
		entries[i].words[INDEX] = unused;
	}
	for (unsigned int i = 0; i < count; i++) {
		trigger_set(&vcpu->arch.dbtr.triggers[entries[i].words[INDEX]], &entries[i]);
		vm_write(vcpu->vm, gpa(vcpu->arch.dbtr.shared + i * sizeof(entries[0])),
			 &entries[i].words[INDEX], sizeof(uint64_t));
	}
	return sbi_value(0);
}

/** What is wrong with @entry as a change of the trigger that it names. */
static long update_problem(const struct vcpu *vcpu, const struct dbtr_entry *entry, bool last)
{
	uint64_t index = entry->words[INDEX];
	long error;

	if (index >= vcpu->vm->arch.triggers)
		return SBI_INVALID_PARAM;
	index = index_mask(index, DBTR_TRIGGERS);
	if (!(vcpu->arch.dbtr.triggers[index].state & TRIGGER_MAPPED))
		return SBI_FAILED;
	error = entry_problem(entry, last);
	/* Its type and whether it is chained do not change. */
	return error == SBI_FAILED || entry->words[TDATA1] & MCONTROL6_CHAIN ? SBI_INVALID_PARAM
									     : error;
}

static struct sbi_result update_triggers(struct vcpu *vcpu, uint64_t count)
{
	struct dbtr_entry entries[DBTR_TRIGGERS];
	long error = entries_fetch(vcpu, count, entries);

	if (error)
		return sbi_error(error);
	for (unsigned int i = 0; i < count; i++) {
		error = update_problem(vcpu, &entries[i], i == count - 1);
		if (error)
			return failed(error, i);
	}
	for (unsigned int i = 0; i < count; i++) {
		uint64_t index = index_mask(entries[i].words[INDEX], DBTR_TRIGGERS);

		trigger_set(&vcpu->arch.dbtr.triggers[index], &entries[i]);
	}
	return sbi_value(0);
}

static void trigger_change(struct dbtr_trigger *trigger, unsigned long function)
{
	if (function == FID_UNINSTALL)
		*trigger = (struct dbtr_trigger){ 0 };
	else if (function == FID_DISABLE)
		trigger->tdata1 &= ~MODES;
	else if (trigger->state & TRIGGER_MAPPED)
		trigger->tdata1 |= modes_of(trigger->state);
}

/**
 * Uninstalls, enables or disables the triggers @base + i for each bit i of @mask. To enable or
 * disable one that is not installed does nothing, as with other firmware.
 */
static long change_triggers(struct vcpu *vcpu, unsigned long function, uint64_t base, uint64_t mask)
{
	unsigned int triggers = vcpu->vm->arch.triggers;
	struct dbtr_trigger *all = vcpu->arch.dbtr.triggers;

	if (!mask)
		return SBI_SUCCESS;
	if (base >= triggers || mask << base >> base != mask || mask << base >> triggers)
		return SBI_INVALID_PARAM;
	mask <<= base;
	for (unsigned int i = 0; i < triggers; i++)
		if (mask >> i & 1 && function == FID_UNINSTALL && !(all[i].state & TRIGGER_MAPPED))
			return SBI_INVALID_PARAM;
	for (unsigned int i = 0; i < triggers; i++)
		if (mask >> i & 1)
			trigger_change(&all[i], function);
	return SBI_SUCCESS;
}

/** With the guest's triggers out of the hart. */
static struct sbi_result change(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	switch (function) {
	case FID_NUM_TRIGGERS:
		return num_triggers(vcpu, args[0]);
	case FID_INSTALL:
		return install_triggers(vcpu, args[0]);
	case FID_UPDATE:
		return update_triggers(vcpu, args[0]);
	default:
		return sbi_error(change_triggers(vcpu, function, args[0], args[1]));
	}
}

static struct sbi_result dbtr_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	struct sbi_result result;

	switch (function) {
	case FID_SET_SHMEM:
		return sbi_error(set_shmem(vcpu, args[0], args[1], args[2]));
	case FID_READ:
		return sbi_error(read_triggers(vcpu, args[0], args[1]));
	case FID_NUM_TRIGGERS:
	case FID_INSTALL:
	case FID_UPDATE:
	case FID_UNINSTALL:
	case FID_ENABLE:
	case FID_DISABLE:
		dbtr_remove(vcpu);
		result = change(vcpu, function, args);
		dbtr_install(vcpu);
		dbtr_changed(vcpu);
		return result;
	}
	return sbi_error(SBI_NOT_SUPPORTED);
}

void dbtr_changed(struct vcpu *vcpu)
{
	uint64_t state = 0;

	for (unsigned int i = 0; i < DBTR_TRIGGERS; i++)
		state |= vcpu->arch.dbtr.triggers[i].state;
	sbi_switch_set(vcpu, &sbi_dbtr, state & TRIGGER_MAPPED);
}

static bool dbtr_available(const struct vm *vm)
{
	return vm->arch.triggers > 0;
}

static void dbtr_reset(struct vcpu *vcpu)
{
	vcpu->arch.dbtr = (struct dbtr_vcpu){ .shared = UINT64_MAX };
}

const struct sbi_extension sbi_dbtr = {
	.id = SBI_EXT_DBTR,
	.name = "dbtr",
	.available = dbtr_available,
	.call = dbtr_call,
	.vcpu_reset = dbtr_reset,
	.load = dbtr_install,
	.save = dbtr_remove,
};
