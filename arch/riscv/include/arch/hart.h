/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What RISC-V records for each hart: which optional features this hart has, found by probing
 * under an expected trap, and what its registers hold at the moment. Owned by its hart.
 */
#ifndef ARCH_HART_H
#define ARCH_HART_H

#include <arch/dbtr.h>
#include <arch/isa.h>
#include <core/types.h>

struct hart;
struct vcpu;
struct vmid;

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
	FEATURE_SSSTATEEN, /* sstateen0 to 3, the last three without any bits */
	FEATURE_ZKR, /* seed, readable in HS-mode */
	FEATURE_SSCOFPMF, /* guests get overflow interrupts of counters, and scountovf traps */
	FEATURE_SDTRIG, /* debug triggers, by the firmware's DBTR */
	FEATURE_HTINST, /* htinst is believed; without it instructions are fetched */
	FEATURE_HTVAL, /* htval is, unless it is 0; without it guests' tables are walked */
	/* What the firmware was asked to enable (SBI FWFT), and henvcfg offers to guests. */
	FEATURE_MISALIGNED, /* misaligned accesses of guests come here, or go on to the guest */
	FEATURE_LANDING_PAD, /* henvcfg.LPE */
	FEATURE_SHADOW_STACK, /* henvcfg.SSE, and ssp */
	FEATURE_DOUBLE_TRAP, /* henvcfg.DTE */
	FEATURE_AD_UPDATING, /* henvcfg.ADUE */
	FEATURE_PMLEN_7, /* henvcfg.PMM takes PMLEN 7, or 16 */
	FEATURE_PMLEN_16,
	FEATURE_COUNT
};

/**
 * What registers of VS-mode can hold, one bit each: writable bits, or (..S) values that a field
 * takes. What all harts of a set can hold is the intersection.
 */
enum csr_limit {
	LIMIT_SSTATUS, /* vsstatus, with all of henvcfg that there is */
	LIMIT_STVEC_MODES,
	LIMIT_SCOUNTEREN,
	LIMIT_SENVCFG,
	LIMIT_CBIES, /* of senvcfg */
	LIMIT_PMMS,
	LIMIT_SSTATEEN0,
	LIMIT_SCAUSE,
	LIMIT_SISELECT,
	LIMIT_SATP, /* ASID and PPN */
	LIMIT_SATP_MODES,
	LIMIT_VTYPES, /* pairs of vsew and vlmul, vtype 5:0 */
	LIMIT_COUNT
};

#define FEATURES_PMLEN (BIT(FEATURE_PMLEN_7) | BIT(FEATURE_PMLEN_16))

/** Those that a guest can only turn on by SBI FWFT. */
#define FEATURES_FWFT                                                                      \
	(BIT(FEATURE_LANDING_PAD) | BIT(FEATURE_SHADOW_STACK) | BIT(FEATURE_DOUBLE_TRAP) | \
	 BIT(FEATURE_AD_UPDATING) | FEATURES_PMLEN)

/** Counters of a hart that guests may use; n is that of hpmcounter<n>. */
struct hart_counters {
	uint32_t present; /* one bit each: cycle, instret, and what the firmware lends */
	uint32_t flexible; /* BIT(event): cycles and instructions by others than those two */
	uint8_t width[32]; /* bits */
	uint8_t number[32]; /* that the firmware gives them */
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
	uint64_t broken; /* features that a quirk takes away */
	uint64_t vendor, architecture, implementation; /* mvendorid, marchid, mimpid */
	struct isa_set isa; /* what the device tree says: a hint, but for what has no CSR */
	uint64_t henvcfg; /* writable bits */
	uint64_t hstateen0; /* writable bits; all without FEATURE_HSTATEEN0: nothing is guarded */
	uint64_t hedeleg; /* writable bits */
	uint64_t limits[LIMIT_COUNT];
	uint8_t gstage_modes; /* BIT(levels): 3, 4, 5 */
	bool gstage_bare; /* mode Bare can be set, too */
	uint8_t vmid_bits; /* VMIDLEN, or fewer when told so */
	uint32_t vmid_next; /* that is lent next */
	uint64_t vmid_generation; /* counts the roll-overs, from 1 */
	bool vmid_stale; /* nothing was fenced in this generation yet */
	uint8_t guest_files; /* GEILEN: highest writable bit of hgeie, limited by the IMSIC's reg */
	uint32_t vlenb; /* bytes of a vector register, 0 without vector */
	struct hart_counters counters;
	const char *mmu_type; /* of satp, from the device tree */
	uint32_t cbom_block, cboz_block, cbop_block; /* bytes, 0 without */
	/*
	 * Whose FP and vector registers this hart holds: as arch_vcpu has it, or the hart's own,
	 * which is what no vCPU may see.
	 */
	const void *fp_owner, *vector_owner;
	struct dbtr_hart dbtr;
	const struct vm *vm; /* whose hgatp, hstateen0, hvien and htimedelta it holds, or NULL */
	struct vmid *vmid; /* that it lent, or lends, to that VM */
	uint64_t hgatp; /* as last written */
	uint64_t henvcfg_loaded, htimedelta, hvien; /* likewise */
	uint64_t kept_loaded; /* of hedeleg, bits that are not set now */
	uint32_t never_reserved; /* for an SC that fails */
	uint64_t timer_deadline; /* of the hypervisor's own timer, as last programmed */
	bool probed; /* all of it is known: what it lacks is not accessed any more */
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
	return hart->features & BIT(feature);
}

#endif
