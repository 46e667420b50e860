/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt file as registers of vCPUs, under the numbers that siselect selects (AIA 1.0, 3.7
 * and 3.8). Its state is in memory: vcpu_register_get() and vcpu_register_set() saw to that. The
 * control lock is held, but devices may make identities pending at any time.
 */
#include <arch/csr.h>
#include <arch/vsfile.h>
#include <core/check.h>
#include <core/vm.h>
#include <emulators/swfile.h>
#include <errno.h>

#include "register_groups.h"

static bool file_exists(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->file != NULL;
}

/* eip or eie: with XLEN = 64 the even ones only, two words each; identities that there are. */
static bool array_exists(const struct vcpu *vcpu, unsigned int index)
{
	return vcpu->file && index % 2 == 0 && index / 2 < (vcpu->file->identities + 1) / 64;
}

static uint64_t file_get(const struct vcpu *vcpu, unsigned int select)
{
	uint64_t value = 0;

	CHECK(swfile_rmw(vcpu->file, select, CSR_READ, 0, &value) == 0);
	return value;
}

static int file_set(struct vcpu *vcpu, unsigned int select, uint64_t value)
{
	uint64_t old;

	CHECK(swfile_rmw(vcpu->file, select, CSR_WRITE, value, &old) == 0);
	/* VSEIP follows when it runs. */
	__atomic_fetch_or(&vcpu->pending, PENDING_EXTIRQ, __ATOMIC_SEQ_CST);
	return 0;
}

static int eidelivery_set(struct vcpu *vcpu, unsigned int select, uint64_t value)
{
	return value > 1 ? -EINVAL : file_set(vcpu, select, value);
}

static uint64_t eithreshold_get(const struct vcpu *vcpu, unsigned int select)
{
	(void)select;
	return vcpu->file->threshold;
}

/* As wide as the largest identity takes: of the guest's file, or of a VS-file that it may have. */
static int eithreshold_set(struct vcpu *vcpu, unsigned int select, uint64_t value)
{
	uint64_t largest = vcpu->file->identities;

	(void)select;
	for (unsigned int i = 0; vcpu->vm->vsfiles && i < hart_count; i++)
		if (hartset_has(&vcpu->vm->affinity, i))
			largest = MAX(largest, arch_vsfile_identities(harts[i]));
	if (value > GENMASK(63 - __builtin_clzll(largest), 0))
		return -EINVAL;
	vcpu->file->threshold = (uint32_t)value;
	__atomic_fetch_or(&vcpu->pending, PENDING_EXTIRQ, __ATOMIC_SEQ_CST);
	return 0;
}

static uint64_t eip_get(const struct vcpu *vcpu, unsigned int index)
{
	return file_get(vcpu, ISELECT_EIP0 + index);
}

static uint64_t eie_get(const struct vcpu *vcpu, unsigned int index)
{
	return file_get(vcpu, ISELECT_EIE0 + index);
}

/* There is no identity 0. */
static int eip_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	return index == 0 && value & 1 ? -EINVAL : file_set(vcpu, ISELECT_EIP0 + index, value);
}

static int eie_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	return index == 0 && value & 1 ? -EINVAL : file_set(vcpu, ISELECT_EIE0 + index, value);
}

static const struct register_row rows[] = {
	{ .first = REGISTER(REGISTER_FILE, ISELECT_EIDELIVERY),
	  .count = 1,
	  .base = ISELECT_EIDELIVERY,
	  .name = "eidelivery",
	  .exists = file_exists,
	  .get = file_get,
	  .set = eidelivery_set },
	{ .first = REGISTER(REGISTER_FILE, ISELECT_EITHRESHOLD),
	  .count = 1,
	  .base = ISELECT_EITHRESHOLD,
	  .name = "eithreshold",
	  .exists = file_exists,
	  .get = eithreshold_get,
	  .set = eithreshold_set },
	{ .first = REGISTER(REGISTER_FILE, ISELECT_EIP0),
	  .count = 64,
	  .name = "eip",
	  .exists = array_exists,
	  .get = eip_get,
	  .set = eip_set },
	{ .first = REGISTER(REGISTER_FILE, ISELECT_EIE0),
	  .count = 64,
	  .name = "eie",
	  .exists = array_exists,
	  .get = eie_get,
	  .set = eie_set },
};

const struct register_group registers_file = { rows, ARRAY_SIZE(rows) };
