/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs of a hart, lent one after the other. All of it belongs to that hart.
 */
#include <arch/fence.h>
#include <arch/vmid.h>

void vmid_reset(struct hart *hart)
{
	hfence_gvma_all();
	hart->arch.vmid_generation++;
	hart->arch.vmid_next = 0;
}

void vmid_lend(struct hart *hart, struct vmid *vmid)
{
	if (hart->arch.vmid_next >> hart->arch.vmid_bits)
		vmid_reset(hart);
	vmid->number = hart->arch.vmid_next++;
	vmid->generation = hart->arch.vmid_generation;
}
