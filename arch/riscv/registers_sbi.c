/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of vCPUs: stolen time and system suspend. The vCPU is in no hart and the control lock
 * is held.
 */
#include <arch/sbi.h>
#include <core/vm.h>
#include <errno.h>

#include "register_groups.h"

/* ---- STA ---- */

static bool has_sta(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return sbi_find(vcpu->vm, SBI_EXT_STA);
}

static uint64_t sta_get(const struct vcpu *vcpu, unsigned int index)
{
	return index == REGISTER_STA_MEMORY ? vcpu->arch.sta_memory : sbi_sta_stolen(vcpu);
}

static int sta_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	if (index == REGISTER_STA_MEMORY)
		return sbi_sta_move(vcpu, value);
	sbi_sta_stolen_set(vcpu, value);
	return 0;
}

#define STA(index, text)                                           \
	{                                                          \
		.first = REGISTER_OF_SBI(REGISTER_SBI_STA, index), \
		.count = 1,                                        \
		.base = (index),                                   \
		.name = (text),                                    \
		.exists = has_sta,                                 \
		.get = sta_get,                                    \
		.set = sta_set,                                    \
	}

static const struct register_row sta_rows[] = {
	STA(REGISTER_STA_MEMORY, "sta.memory"),
	STA(REGISTER_STA_STEAL, "sta.steal"),
};

/* ---- SUSP ---- */

static bool has_susp(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return sbi_find(vcpu->vm, SBI_EXT_SUSP);
}

static uint64_t susp_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->suspends_vm;
}

static int susp_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	(void)index;
	if (value > 1)
		return -EINVAL;
	vcpu->suspends_vm = value;
	return 0;
}

static const struct register_row susp_rows[] = {
	{ .first = REGISTER_OF_SBI(REGISTER_SBI_SUSP, REGISTER_SUSP_SUSPENDED),
	  .count = 1,
	  .name = "susp.suspended",
	  .exists = has_susp,
	  .get = susp_get,
	  .set = susp_set },
};

const struct register_group registers_sta = { sta_rows, ARRAY_SIZE(sta_rows) };
const struct register_group registers_susp = { susp_rows, ARRAY_SIZE(susp_rows) };
