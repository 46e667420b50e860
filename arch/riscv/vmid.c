/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs of a hart, lent one after the other, and hgatp, which says which of them is walked. All of
 * it belongs to that hart.
 */
#include <arch/csr.h>
#include <arch/fence.h>
#include <arch/gstage.h>
#include <arch/vmid.h>

void vmid_reset(struct hart *hart)
{
	hart->arch.vmid_generation++;
	hart->arch.vmid_next = 0;
	hart->arch.vmid_stale = true;
}

void vmid_lend(struct hart *hart, struct vmid *vmid)
{
	if (hart->arch.vmid_next >> hart->arch.vmid_bits)
		vmid_reset(hart);
	vmid->number = hart->arch.vmid_next++;
	vmid->generation = hart->arch.vmid_generation;
}

static void hgatp_set(struct hart *hart, uint64_t hgatp)
{
	csr_write(CSR_HGATP, hgatp);
	hart->arch.hgatp = hgatp;
}

void vmid_enter(struct hart *hart, struct gstage *gstage)
{
	struct vmid *vmid = &gstage->vmids[hart->index];

	vmid_lend(hart, vmid);
	hgatp_set(hart, gstage_hgatp(gstage, vmid->number));
	/*
	 * Not before: until then the hart may walk what hgatp had, by a VMID that is lent again.
	 * Otherwise nothing is cached, but walks are ordered behind what others wrote until now.
	 */
	if (hart->arch.vmid_stale)
		hfence_gvma_all();
	else
		hfence_gvma_vmid(vmid->number);
	hart->arch.vmid_stale = false;
}

void vmid_leave(struct hart *hart)
{
	hgatp_set(hart, 0);
	hfence_gvma_all();
	/* Mode Bare is one of VMID 0, too. */
	vmid_reset(hart);
}
