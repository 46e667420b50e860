/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floating-point and vector registers of vCPUs. The vCPU is in no hart, so that its state is in
 * memory: what was dirty was saved. The control lock is held.
 */
#include <arch/csr.h>
#include <arch/hart.h>
#include <core/vm.h>
#include <errno.h>

#include "register_groups.h"

/* ---- floating point ---- */

static bool fp_exists(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return arch_vcpu_has(&vcpu->arch, FEATURE_FP);
}

static uint64_t f_get(const struct vcpu *vcpu, unsigned int index)
{
	return vcpu->arch.fp[index];
}

static int f_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	vcpu->arch.fp[index] = value;
	return 0;
}

static uint64_t fcsr_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return vcpu->arch.fcsr;
}

/* frm 7:5, fflags 4:0; frm holds reserved rounding modes, too. */
static int fcsr_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	(void)index;
	if (value > 0xff)
		return -EINVAL;
	vcpu->arch.fcsr = value;
	return 0;
}

/* ---- vector ---- */

static bool vector_exists(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return arch_vcpu_has(&vcpu->arch, FEATURE_VECTOR);
}

static void *v_bytes(const struct vcpu *vcpu, unsigned int index, unsigned int *width)
{
	*width = vcpu->vm->arch.vlenb;
	return vcpu->arch.vector + index * *width;
}

/* What vl can be with @vtype: LMUL * VLEN / SEW, both as powers of two. 0 with vill. */
static uint64_t vlmax(const struct vcpu *vcpu, uint64_t vtype)
{
	uint64_t bits = 8 * vcpu->vm->arch.vlenb;
	unsigned int sew = 3 + (vtype >> 3 & 7), lmul = vtype & 7;

	if (vtype & VTYPE_VILL)
		return 0;
	return (lmul & 4 ? bits >> (8 - lmul) : bits << lmul) >> sew;
}

static uint64_t vector_get(const struct vcpu *vcpu, unsigned int index)
{
	switch (index) {
	case REGISTER_VTYPE:
		return vcpu->arch.vtype;
	case REGISTER_VL:
		return vcpu->arch.vl;
	case REGISTER_VSTART:
		return vcpu->arch.vstart;
	case REGISTER_VCSR:
		return vcpu->arch.vcsr;
	default:
		return vcpu->vm->arch.vlenb;
	}
}

/* vill alone; or vma, vta and one of the pairs of SEW and LMUL that all harts have. */
static int vtype_set(struct vcpu *vcpu, uint64_t value)
{
	struct arch_vcpu *arch = &vcpu->arch;
	uint64_t pairs = vcpu->vm->arch.limits[LIMIT_VTYPES];

	if (value != VTYPE_VILL && (value > 0xff || !(pairs >> (value & 63) & 1)))
		return -EINVAL;
	arch->vtype = value;
	arch->vl = MIN(arch->vl, vlmax(vcpu, value));
	return 0;
}

static int vector_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	struct arch_vcpu *arch = &vcpu->arch;
	uint64_t *reg = NULL;
	uint64_t most = 0;

	switch (index) {
	case REGISTER_VTYPE:
		return vtype_set(vcpu, value);
	case REGISTER_VL:
		reg = &arch->vl;
		most = vlmax(vcpu, arch->vtype);
		break;
	case REGISTER_VSTART:
		/* As wide as the index of an element with the largest VLMAX. */
		reg = &arch->vstart;
		most = 8 * vcpu->vm->arch.vlenb - 1;
		break;
	default:
		reg = &arch->vcsr;
		most = 7;
		break;
	}
	if (value > most)
		return -EINVAL;
	*reg = value;
	return 0;
}

static const struct register_row fp_rows[] = {
	{ .first = REGISTER(REGISTER_FP, 0),
	  .count = 32,
	  .name = "f",
	  .exists = fp_exists,
	  .get = f_get,
	  .set = f_set },
	{ .first = REGISTER(REGISTER_FP, 32),
	  .count = 1,
	  .name = "fcsr",
	  .exists = fp_exists,
	  .get = fcsr_get,
	  .set = fcsr_set },
};

#define VECTOR(number, text, setter)                        \
	{                                                   \
		.first = REGISTER(REGISTER_VECTOR, number), \
		.count = 1,                                 \
		.base = (number),                           \
		.name = (text),                             \
		.exists = vector_exists,                    \
		.get = vector_get,                          \
		.set = (setter),                            \
	}

static const struct register_row vector_rows[] = {
	{ .first = REGISTER(REGISTER_VECTOR, 0),
	  .count = 32,
	  .name = "v",
	  .exists = vector_exists,
	  .bytes = v_bytes },
	VECTOR(REGISTER_VTYPE, "vtype", vector_set),
	VECTOR(REGISTER_VL, "vl", vector_set),
	VECTOR(REGISTER_VSTART, "vstart", vector_set),
	VECTOR(REGISTER_VCSR, "vcsr", vector_set),
	VECTOR(REGISTER_VLENB, "vlenb", NULL),
};

const struct register_group registers_fp = { fp_rows, ARRAY_SIZE(fp_rows) };
const struct register_group registers_vector = { vector_rows, ARRAY_SIZE(vector_rows) };
