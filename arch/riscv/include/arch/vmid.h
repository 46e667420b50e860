/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs. Each hart has its own and lends them to the VMs that it runs; with its last one lent it
 * takes all of them back and begins a new generation. So harts may differ in VMIDLEN, which may
 * be 0, and a roll-over is nobody else's business.
 */
#ifndef ARCH_VMID_H
#define ARCH_VMID_H

#include <core/hart.h>

/** A VMID that a hart lent to a VM; all zeroes: none. Only that hart looks at it. */
struct vmid {
	uint64_t generation; /* of the hart, when it lent the VMID */
	uint32_t number;
};

/** Whether @hart, which is this hart, still lends the VMID; otherwise it holds nothing of it. */
static inline bool vmid_is_lent(const struct hart *hart, const struct vmid *vmid)
{
	return vmid->generation == hart->arch.vmid_generation;
}

/**
 * Lends a VMID of this hart, @hart. Its G-stage translations are none; VS-stage ones may be left of
 * the one that had it before: HFENCE.VVMA once it is in hgatp. vsatp is 0.
 */
void vmid_lend(struct hart *hart, struct vmid *vmid);

/** Begins a new generation: this hart, @hart, holds translations of no VMID any more. */
void vmid_reset(struct hart *hart);

#endif
