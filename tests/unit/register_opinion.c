/* SPDX-License-Identifier: BSD-2-Clause */
/* What each register is and takes, as far as the specifications say: a second opinion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "register_world.h"

#include <arch/csr.h>
#include <arch/sbi.h>
#include <arch/vsfile.h>

static bool has(const struct vcpu *vcpu, enum hart_feature feature)
{
	return vcpu->arch.features & BIT(feature);
}

static bool has_csr(const struct vcpu *vcpu, uint32_t csr)
{
	switch (csr) {
	case 0x011: /* ssp */
		return has(vcpu, FEATURE_SHADOW_STACK);
	case 0x100: /* sstatus, sie, stvec, scounteren, sscratch, sepc, scause, stval, sip, satp */
	case 0x104:
	case 0x105:
	case 0x106:
	case 0x140:
	case 0x141:
	case 0x142:
	case 0x143:
	case 0x144:
	case 0x180:
		return true;
	case 0x10a: /* senvcfg */
		return has(vcpu, FEATURE_SENVCFG);
	case 0x10c: /* sstateen0 */
		return has(vcpu, FEATURE_SSTATEEN0);
	case 0x14d: /* stimecmp */
		return has(vcpu, FEATURE_SSTC);
	case 0x150: /* siselect */
		return has(vcpu, FEATURE_SSAIA);
	}
	return false;
}

static bool has_file(const struct vcpu *vcpu, uint32_t select)
{
	if (!vcpu->file)
		return false;
	if (select == 0x70 || select == 0x72)
		return true;
	if (select < 0x80 || select > 0xff || select & 1)
		return false;
	return (select & 0x3f) * 32 < vcpu->file->identities;
}

/* Double trap, PMU overflow, local and global software event, 16 numbers each; masks. */
static bool has_sse(const struct vcpu *vcpu, uint32_t index)
{
	unsigned int event = index / 16, attribute = index % 16;

	if (!vcpu->vm->sbi_enabled || event > 3)
		return index == 0x100 && vcpu->vm->sbi_enabled;
	if (event == 0 && !has(vcpu, FEATURE_DOUBLE_TRAP))
		return false;
	if (event == 1 && !has(vcpu, FEATURE_SSCOFPMF))
		return false;
	return event == 3 ? vcpu->index == 0 && attribute < 12 : attribute < 10 && attribute != 3;
}

static bool takes_sse(uint32_t index, uint64_t value)
{
	static const uint64_t all = UINT64_MAX;
	static const uint64_t bits[16] = {
		7, UINT32_MAX, 1, all, all - 1, all, all, 63, all, all, 1
	};

	if (index == 0x100)
		return value < 2;
	if (index % 16 == 3 || index % 16 == 11)
		return value < WORLD_VCPUS;
	return !(value & ~bits[index % 16]);
}

/* Whether the harts have what feature @index of FWFT is for. */
static bool has_fwft(const struct vcpu *vcpu, uint32_t index)
{
	static const uint64_t needs[] = {
		BIT(FEATURE_MISALIGNED),   BIT(FEATURE_LANDING_PAD),
		BIT(FEATURE_SHADOW_STACK), BIT(FEATURE_DOUBLE_TRAP),
		BIT(FEATURE_AD_UPDATING),  BIT(FEATURE_PMLEN_7) | BIT(FEATURE_PMLEN_16),
	};

	return vcpu->vm->sbi_enabled && !world.without_fwft && index < ARRAY_SIZE(needs) &&
	       vcpu->arch.features & needs[index];
}

/* The address of its memory, then state, tdata1 and tdata2 of two triggers, 256 numbers each. */
static bool has_dbtr(const struct vcpu *vcpu, uint32_t index)
{
	return has(vcpu, FEATURE_SDTRIG) &&
	       (!index || (index / 256 < 4 && index >= 256 && index % 256 < 2));
}

static bool takes_dbtr(uint32_t index, uint64_t value)
{
	switch (index / 256) {
	case 0:
		return value == UINT64_MAX || (value < MIB(1) - 64 && !(value & 7));
	case 1:
		return value < 8;
	case 2:
		/* mcontrol6: select, size, match, s, u, execute, store, load */
		return !value || (value >> 60 == 6 && !(value << 4 >> 4 & ~UINT64_C(0x27079f)));
	}
	return true;
}

/* Bits, values, events, data, flags of each counter; what is started, what ran over, memory. */
static bool has_pmu(const struct vcpu *vcpu, uint32_t index)
{
	if (!vcpu->arch.pmu)
		return false;
	if (index < 0x20)
		return index != 1;
	return index < 0x120 ? (index - 0x20) % 0x40 != 1 : index <= 0x122;
}

static bool takes_pmu(uint32_t index, uint64_t value)
{
	bool firmware = ((index - 0x20) & 0x3f) >= 32;

	if (index < 0x20)
		return value <= 64;
	if (index == 0x120)
		return !(value & 2);
	if (index == 0x121)
		return !(value & 7) && !(value >> 32);
	if (index == 0x122)
		return value == UINT64_MAX || !(value & 0xfff);
	if (index < 0x60)
		return true;
	if (index >= 0xe0)
		return value < 0x100;
	if (index >= 0xa0)
		return firmware ? value == 0 : !(value >> 56);
	if (firmware)
		return value == 0 || (value >= 0xf0000 && value <= 0xf0015);
	return value <= 10 || value == 0x20000 || value == 0x30000 ||
	       (value >= 0x10000 && value < 0x10038 && (value & 6) != 6);
}

unsigned int world_width(const struct vcpu *vcpu, uint32_t number)
{
	uint32_t index = number & 0xffffff;
	bool there = false;

	switch (number >> 24) {
	case 1:
		there = index <= 33 || (index == 34 && has(vcpu, FEATURE_LANDING_PAD));
		break;
	case 2:
		there = has_csr(vcpu, index);
		break;
	case 3:
		there = has_file(vcpu, index);
		break;
	case 4:
		there = has(vcpu, FEATURE_FP) && index <= 32;
		break;
	case 5:
		if (has(vcpu, FEATURE_VECTOR) && index < 32)
			return WORLD_VLENB;
		there = has(vcpu, FEATURE_VECTOR) && index <= 36;
		break;
	case 6:
		there = index < 2 || (index == 2 && !has(vcpu, FEATURE_SSTC));
		break;
	case 7:
		there = (index & 3) < 3 && has_fwft(vcpu, index >> 2);
		break;
	case 8:
		there = (index >= 0x50000 && index <= 0x50002) ||
			((index == 0x10000 || index == 0x10001 || index == 0x60000) &&
			 vcpu->vm->sbi_enabled) ||
			(index >> 16 == 2 && has_sse(vcpu, index & 0xffff)) ||
			(index >> 16 == 3 && has_pmu(vcpu, index & 0xffff)) ||
			(index >> 16 == 4 && has_dbtr(vcpu, index & 0xffff));
		break;
	}
	return there ? 8 : 0;
}

static bool takes_sstatus(const struct vcpu *vcpu, uint64_t value)
{
	uint64_t held = 0x8c0122; /* MXR, SUM, SPP, SPIE, SIE, SPELP */
	bool fs = (value >> 13 & 3) == 3, vs = (value >> 9 & 3) == 3;

	held |= has(vcpu, FEATURE_FP) ? 0x6000 : 0;
	held |= has(vcpu, FEATURE_VECTOR) ? 0x600 : 0;
	held |= has(vcpu, FEATURE_DOUBLE_TRAP) ? 0x1000000 : 0;
	return (value >> 32 & 3) == 2 && (value >> 63) == (fs || vs) &&
	       !(value & ~held & ~(3ul << 32) & ~(1ul << 63));
}

static bool takes_csr(const struct vcpu *vcpu, uint32_t csr, uint64_t value)
{
	switch (csr) {
	case 0x100:
		return takes_sstatus(vcpu, value);
	case 0x104:
		return !(value & ~0x222ul);
	case 0x105:
		return (value & 3) < 2;
	case 0x106:
		return !(value & ~0xffff0007ul);
	case 0x10a:
		return !(value & ~0x3000000f1ul) && (value >> 4 & 3) != 2 && (value >> 32 & 1) == 0;
	case 0x10c:
		return !(value & ~(has(vcpu, FEATURE_HSTATEEN0) ? 4ul : 5ul));
	case 0x141:
		return !(value & 1);
	case 0x142:
		return !(value << 1 >> 7);
	case 0x144:
		return !(value & ~2ul);
	case 0x150:
		return value <= 0x1ff;
	case 0x180:
		return (value >> 60 == 0 || value >> 60 == 8 || value >> 60 == 10) &&
		       !(value << 4 >> 4 >> 49) && !(value >> 40 & 0xf);
	}
	return true;
}

static bool takes_file(const struct vcpu *vcpu, uint32_t select, uint64_t value)
{
	uint64_t largest = MAX(vcpu->file->identities,
			       vcpu->vm->vsfiles ? world.vsfile_identities : 0);

	if (select == 0x70)
		return value <= 1;
	if (select == 0x72) {
		while (largest & (largest + 1))
			largest |= largest >> 1;
		return value <= largest;
	}
	return (select != 0x80 && select != 0xc0) || !(value & 1);
}

static uint64_t elements(uint64_t vtype)
{
	static const unsigned int eighths[] = { 8, 16, 32, 64, 0, 1, 2, 4 };

	return vtype >> 63 ? 0 : WORLD_VLENB * eighths[vtype & 7] / (8u << (vtype >> 3 & 7));
}

static bool takes_vector(const struct vcpu *vcpu, uint32_t index, uint64_t value)
{
	switch (index) {
	case 32:
		return value == BIT(63) ||
		       (value <= 0xff && vcpu->vm->arch.limits[LIMIT_VTYPES] >> (value & 0x3f) & 1);
	case 33:
		return value <= elements(vcpu->arch.vtype);
	case 34:
		return value < 8 * WORLD_VLENB;
	case 35:
		return value < 8;
	default:
		return index < 32 || value == WORLD_VLENB;
	}
}

static bool takes_fwft(const struct vcpu *vcpu, uint32_t index, uint64_t value)
{
	const struct fwft *fwft = &vcpu->arch.fwft;
	uint32_t feature = index >> 2;
	bool locked = fwft->locked >> feature & 1, enabled = fwft->enabled >> feature & 1;

	if ((index & 3) == 0)
		return value == 1 || (value == 0 && !locked && !fwft->values[feature]);
	if (value == 0)
		return true;
	if (!enabled || (index & 3) == 1 || feature != 5)
		return enabled && value == 1;
	return (value == 7 && has(vcpu, FEATURE_PMLEN_7)) ||
	       (value == 16 && has(vcpu, FEATURE_PMLEN_16));
}

bool world_takes(const struct vcpu *vcpu, uint32_t number, uint64_t value)
{
	uint32_t index = number & 0xffffff;

	switch (number >> 24) {
	case 1:
		if (index == 0)
			return !(value & 1);
		if (index == 32 || index == 34)
			return value < 2;
		return index < 32 || value < 3 || value == 4;
	case 2:
		return takes_csr(vcpu, index, value);
	case 3:
		return takes_file(vcpu, index, value);
	case 4:
		return index < 32 || value < 256;
	case 5:
		return takes_vector(vcpu, index, value);
	case 6:
		return index != 1 || value == timebase;
	case 7:
		return takes_fwft(vcpu, index, value);
	default:
		if (index >> 16 == 2)
			return takes_sse(index & 0xffff, value);
		if (index >> 16 == 3)
			return takes_pmu(index & 0xffff, value);
		if (index >> 16 == 4)
			return takes_dbtr(index & 0xffff, value);
		if (index == 0x10000)
			return value == UINT64_MAX || value % 64 == 0;
		return (index != 0x50002 && index != 0x60000) || value < 2;
	}
}

uint64_t world_legal(const struct vcpu *vcpu, uint32_t number, uint64_t random)
{
	static const uint64_t bases[] = { 0, UINT64_C(2) << 32, BIT(63),
					  BIT(63) | UINT64_C(2) << 32,
					  BIT(63) | UINT64_C(2) << 60 };
	static const uint64_t masks[] = { ~UINT64_C(0), 0xffffffffff, 0x18c6722, 0xf1, 0x1ff,
					  0xff,		63,	      7,	 1,    0 };

	if (number == REGISTER(REGISTER_VECTOR, 36))
		return WORLD_VLENB;
	if (number == REGISTER(REGISTER_TIMER, 1))
		return timebase;
	if (number >> 24 == 7 && !world_takes(vcpu, number, 0))
		return 1;
	if (number == REGISTER(REGISTER_FWFT, 22) && world_takes(vcpu, number, 9 + (random & 7)))
		return 9 + (random & 7);
	/* Less and less of it, until it fits. */
	for (unsigned int i = 0; i < ARRAY_SIZE(masks); i++)
		for (unsigned int j = 0; j < ARRAY_SIZE(bases); j++) {
			uint64_t even = (random & masks[i]) | bases[j];

			if (world_takes(vcpu, number, even))
				return even;
			if (world_takes(vcpu, number, even & ~UINT64_C(1)))
				return even & ~UINT64_C(1);
		}
	fail_msg("no value for %#x", (unsigned int)number);
	return 0;
}
