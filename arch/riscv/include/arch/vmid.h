/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs. Each hart has its own and lends them to the VMs that it runs; with its last one lent it
 * takes all of them back and begins a new generation. So harts may differ in VMIDLEN, which may
 * be 0, and a roll-over is nobody else's business.
 */
#ifndef ARCH_VMID_H
#define ARCH_VMID_H

#include <core/hart.h>

struct gstage;

/** A VMID that a hart lent to a VM; all zeroes: none. Only that hart looks at it. */
struct vmid {
	uint64_t generation; /* of the hart, when it lent the VMID */
	uint64_t henvcfg; /* that the hart found its translations with */
	uint32_t number;
	const struct vcpu *last; /* the VM's that ran there last, since it was lent; NULL: none */
};

/** Whether @hart, which is this hart, still lends the VMID; otherwise it holds nothing of it. */
static inline bool vmid_is_lent(const struct hart *hart, const struct vmid *vmid)
{
	return vmid->generation == hart->arch.vmid_generation;
}

/**
 * Lends a VMID of this hart, @hart. In a new generation the hart may hold translations of it until
 * vmid_enter() has fenced them.
 */
void vmid_lend(struct hart *hart, struct vmid *vmid);

/**
 * Lends @gstage a VMID of this hart, @hart, and writes hgatp. With the first one of a generation
 * HFENCE.GVMA follows: writing hgatp orders nothing, and a VMID may come back with another root and
 * mode (privileged specification, "Hypervisor Guest Address Translation and Protection Register").
 * VS-stage translations may be left of the one that had the VMID before: HFENCE.VVMA. vsatp is 0.
 */
void vmid_enter(struct hart *hart, struct gstage *gstage);

/** This hart, @hart, walks no table any more, and holds nothing of any. vsatp is 0. */
void vmid_leave(struct hart *hart);

/**
 * Begins a new generation: this hart, @hart, lends no VMID any more. What it holds of them
 * vmid_enter() fences.
 */
void vmid_reset(struct hart *hart);

#endif
