/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs. VM 0 of the hardware is shared by those VMs that find none free; they pay with a fence
 * at each load. Guarded by a lock of rank LOCK_GSTAGE.
 */
#include <arch/vmid.h>
#include <core/lock.h>

#define VMID_MAX 16384 /* VMIDMAX is 14 for RV64 */

static struct spinlock vmid_lock = SPINLOCK_INIT(LOCK_GSTAGE);
static uint64_t used[VMID_MAX / 64] = { 1 };
static unsigned int vmid_count = 1;

void vmid_init(unsigned int bits)
{
	vmid_count = 1U << MIN(bits, 14U);
}

unsigned int vmid_alloc(void)
{
	unsigned long flags = spin_lock(&vmid_lock);
	unsigned int vmid = 0;

	for (unsigned int i = 1; i < vmid_count && !vmid; i++)
		if (!(used[i / 64] >> (i % 64) & 1))
			vmid = i;
	used[vmid / 64] |= BIT(vmid % 64);
	spin_unlock(&vmid_lock, flags);
	return vmid;
}

void vmid_free(unsigned int vmid)
{
	unsigned long flags = spin_lock(&vmid_lock);

	if (vmid)
		used[vmid / 64] &= ~BIT(vmid % 64);
	spin_unlock(&vmid_lock, flags);
}
