/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What RISC-V records for each hart: which optional features this hart has, found by probing
 * under an expected trap, and what its registers hold at the moment. Owned by its hart.
 */
#ifndef ARCH_HART_H
#define ARCH_HART_H

#include <arch/isa.h>
#include <core/types.h>

struct hart;
struct vcpu;

/** Optional features of a hart; the boot option `hide=` can take each away. */
enum hart_feature {
	FEATURE_SSTC, /* stimecmp and henvcfg.STCE */
	FEATURE_SSAIA, /* siselect, sireg, stopei, hvictl, ... */
	FEATURE_HENVCFG,
	FEATURE_HSTATEEN0,
	FEATURE_SSTATEEN0,
	FEATURE_SENVCFG,
	FEATURE_FP, /* F and D */
	FEATURE_VECTOR,
	FEATURE_SVINVAL, /* these two as the device tree says */
	FEATURE_SVNAPOT,
	FEATURE_HTINST, /* htinst is believed; without it instructions are fetched */
	FEATURE_COUNT
};

/** What a started hart finds in memory, by hpa, before its address translation is on. */
struct hart_start {
	uint64_t satp;
	uint64_t sp;
	uint64_t tp;
};

struct arch_hart {
	struct hart_start start;
	uint64_t features; /* BIT(enum hart_feature) */
	struct isa_set isa; /* what the device tree says: a hint, but for what has no CSR */
	uint64_t henvcfg; /* writable bits */
	uint64_t hstateen0; /* writable bits; all without FEATURE_HSTATEEN0: nothing is guarded */
	uint64_t hedeleg; /* writable bits */
	uint8_t gstage_modes; /* BIT(levels): 3, 4, 5 */
	uint8_t vmid_bits; /* VMIDLEN, or fewer when told so */
	uint32_t vmid_next; /* that is lent next */
	uint64_t vmid_generation; /* counts the roll-overs, from 1 */
	uint8_t guest_files; /* GEILEN: highest writable bit of hgeie, limited by the IMSIC's reg */
	uint32_t vlenb; /* bytes of a vector register, 0 without vector */
	const char *mmu_type; /* of satp, from the device tree */
	uint32_t cbom_block, cboz_block, cbop_block; /* bytes, 0 without */
	struct vcpu *fp_owner; /* whose FP registers this hart holds */
	struct vcpu *vector_owner;
	uint64_t hgatp; /* as last written */
	uint64_t henvcfg_loaded; /* likewise */
	uint64_t timer_deadline; /* of the hypervisor's own timer, as last programmed */
	bool timer_set; /* and that still holds: no interrupt has come since */
};

static inline struct hart *arch_hart_self(void)
{
	struct hart *self;

	/* volatile: a service thread may go on on another hart after any wait */
	__asm__ volatile("mv %0, tp" : "=r"(self));
	return self;
}

static inline bool arch_hart_has(const struct arch_hart *hart, enum hart_feature feature)
{
	return hart->features >> feature & 1;
}

#endif
