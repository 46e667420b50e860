/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of vCPUs: debug triggers. The vCPU is in no hart and the control lock is held.
 *
 *   0: address of the shared memory, all ones without    word << 8 | trigger, word 1: state,
 *   2: tdata1, 3: tdata2
 */
#include <arch/sbi.h>
#include <core/vm.h>
#include <errno.h>

#include "register_groups.h"

enum { SHARED, STATE, TDATA1, TDATA2 };

static bool shared_exists(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->vm->arch.triggers > 0;
}

static bool trigger_exists(const struct vcpu *vcpu, unsigned int index)
{
	return (index & 0xff) < vcpu->vm->arch.triggers;
}

static uint64_t shared_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->arch.dbtr.shared;
}

/* As the guest itself could have set it. */
static int shared_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	uint64_t size = vcpu->vm->arch.triggers * sizeof(struct dbtr_entry);

	(void)index;
	if (value != UINT64_MAX && sbi_shared_memory(vcpu->vm, value, 0, size, sizeof(uint64_t),
						     GSTAGE_READ | GSTAGE_WRITE))
		return -EINVAL;
	vcpu->arch.dbtr.shared = value;
	return 0;
}

static uint64_t trigger_get(const struct vcpu *vcpu, unsigned int index)
{
	const struct dbtr_trigger *trigger = &vcpu->arch.dbtr.triggers[index & 0xff];

	switch (index >> 8) {
	case STATE:
		return trigger->state;
	case TDATA1:
		return trigger->tdata1;
	default:
		return trigger->tdata2;
	}
}

static int trigger_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	struct dbtr_trigger *trigger = &vcpu->arch.dbtr.triggers[index & 0xff];

	switch (index >> 8) {
	case STATE:
		if (value & ~(TRIGGER_MAPPED | TRIGGER_S | TRIGGER_U))
			return -EINVAL;
		trigger->state = value;
		dbtr_changed(vcpu);
		return 0;
	case TDATA1:
		if (value && dbtr_problem(value, 0))
			return -EINVAL;
		trigger->tdata1 = value;
		return 0;
	default:
		trigger->tdata2 = value;
		return 0;
	}
}

#define ROW(word, trigger, text)                                                      \
	{                                                                             \
		.first = REGISTER_OF_SBI(REGISTER_SBI_DBTR, (word) << 8 | (trigger)), \
		.count = 1,                                                           \
		.base = (word) << 8 | (trigger),                                      \
		.name = text,                                                         \
		.exists = trigger_exists,                                             \
		.get = trigger_get,                                                   \
		.set = trigger_set,                                                   \
	}
#define ROWS(word, text)                                                                          \
	ROW(word, 0, "dbtr.0." text), ROW(word, 1, "dbtr.1." text), ROW(word, 2, "dbtr.2." text), \
		ROW(word, 3, "dbtr.3." text), ROW(word, 4, "dbtr.4." text),                       \
		ROW(word, 5, "dbtr.5." text), ROW(word, 6, "dbtr.6." text),                       \
		ROW(word, 7, "dbtr.7." text)

_Static_assert(DBTR_TRIGGERS == 8, "each trigger has its rows");

static const struct register_row rows[] = {
	{ .first = REGISTER_OF_SBI(REGISTER_SBI_DBTR, SHARED),
	  .count = 1,
	  .name = "dbtr.shared-memory",
	  .exists = shared_exists,
	  .get = shared_get,
	  .set = shared_set },
	ROWS(STATE, "state"),
	ROWS(TDATA1, "tdata1"),
	ROWS(TDATA2, "tdata2"),
};

const struct register_group registers_dbtr = { rows, ARRAY_SIZE(rows) };
