/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a guest's own tables take an address, walked by software: for harts whose htval is 0 after
 * a guest-page fault (without Shtvala). It runs on the hart of the fault.
 */
#include <arch/exit.h>
#include <arch/gstage.h>
#include <arch/pte.h>
#include <core/vm.h>
#include <errno.h>

static int walk_failed(gpa_t entry, unsigned int how, unsigned int *access, gpa_t *at)
{
	*at = entry;
	*access = how;
	return -EFAULT;
}

/* As hardware does that updates A and D (Svadu). Where it does not, they are set at this point. */
static bool bits_update(struct vcpu *vcpu, gpa_t entry, uint64_t pte, bool store)
{
	uint64_t wanted = pte | PTE_A | (store ? PTE_D : 0), room;
	uint64_t *at;

	if (wanted == pte)
		return true;
	at = vm_ram(vcpu->vm, entry, GSTAGE_WRITE, &room);
	if (!at)
		return false;
	/* If a sibling has changed it meanwhile, what it was counts: the access was before that. */
	__atomic_compare_exchange_n(at, &pte, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	gstage_written(&vcpu->vm->gstage, entry, sizeof(*at));
	return true;
}

/*
 * A sibling may have put another leaf there since the fault. What that allows counts; pages of the
 * shadow stack, W without R, can be read as well (Zicfiss).
 */
static bool leaf_allows(uint64_t pte, unsigned int access)
{
	uint64_t status = csr_read(CSR_VSSTATUS) | (csr_read(CSR_SSTATUS) & SSTATUS_MXR);
	uint64_t needs = PTE_R | PTE_W;

	if (access == GSTAGE_WRITE)
		needs = PTE_W;
	else if (access == GSTAGE_EXECUTE)
		needs = PTE_X;
	else if (status & SSTATUS_MXR)
		needs |= PTE_X;
	if (!(pte & needs))
		return false;
	if (!(csr_read(CSR_HSTATUS) & HSTATUS_SPVP))
		return pte & PTE_U;
	return !(pte & PTE_U) || (access != GSTAGE_EXECUTE && status & SSTATUS_SUM);
}

int guest_walk(struct vcpu *vcpu, uint64_t va, unsigned int *access, gpa_t *at)
{
	uint64_t vsatp = csr_read(CSR_VSATP), mode = vsatp >> SATP_MODE_SHIFT, room;
	uint64_t table = (vsatp & SATP_PPN_MASK) << PAGE_SHIFT;
	bool store = *access == GSTAGE_WRITE;

	*at = gpa(va);
	if (mode < SATP_SV39 || mode > SATP_SV57)
		return 0;
	for (unsigned int level = (unsigned int)mode - 5; level-- > 0;) {
		uint64_t span = PAGE_SIZE << 9 * level;
		gpa_t entry = gpa(table + (va / span & 511) * 8);
		const uint64_t *pte = vm_ram(vcpu->vm, entry, GSTAGE_READ, &room);
		uint64_t value = pte ? __atomic_load_n(pte, __ATOMIC_RELAXED) : 0;

		if (!pte)
			return walk_failed(entry, GSTAGE_READ, access, at);
		if (!(value & PTE_V))
			return -ENOENT;
		table = pte_hpa(value).v;
		if (!pte_is_leaf(value))
			continue;
		if (!leaf_allows(value, *access))
			return -ENOENT;
		if (!bits_update(vcpu, entry, value, store))
			return walk_failed(entry, GSTAGE_WRITE, access, at);
		if (value & PTE_N && !level)
			span = PAGE_SIZE * 16;
		*at = gpa(align_down(table, span) | (va & (span - 1)));
		return 0;
	}
	return -ENOENT;
}
