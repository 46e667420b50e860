/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest accesses outside of RAM: decoded from htinst or from the instruction itself, and done
 * by the device whose window it is.
 */
#include <arch/exit.h>
#include <arch/fp.h>
#include <arch/insn.h>
#include <arch/trap.h>
#include <core/device.h>
#include <core/vm.h>

/* htinst of a fault in the guest's own page-table walk; bit 5 set for a write of A or D. */
#define HTINST_WALK_READ 0x3000
#define HTINST_WALK_WRITE 0x3020

/* HLVX.HU with an expected trap: 16 bits at @at. */
static bool fetch_half(uint64_t at, uint32_t *half)
{
	unsigned long ok = 0, value = 0;

	__asm__ volatile(
		"1: .insn r 0x73, 4, 0x32, %0, %2, x3\n\tli %1, 1\n2:\n\t" EXTABLE("1b", "2b")
		: "=&r"(value), "+r"(ok)
		: "r"(at)
		: "memory");
	*half = (uint32_t)value & 0xffff;
	return ok;
}

bool guest_fetch(uint32_t *insn)
{
	uint64_t sepc = csr_read(CSR_SEPC);
	uint64_t sstatus = csr_read(CSR_SSTATUS);
	uint64_t hstatus = csr_read(CSR_HSTATUS);
	uint32_t low, high = 0;
	bool done = fetch_half(sepc, &low);

	if (done && (low & 3) == 3)
		done = fetch_half(sepc + 2, &high);
	if (!done) {
		/* The trap that was expected has overwritten what the return to the guest needs. */
		csr_write(CSR_SEPC, sepc);
		csr_write(CSR_SSTATUS, sstatus);
		csr_write(CSR_HSTATUS, hstatus);
		return false;
	}
	*insn = low | high << 16;
	return true;
}

static void access_fault(struct vcpu *vcpu, uint64_t cause, uint64_t stval)
{
	vcpu->vm->bad_accesses++;
	arch_vcpu_inject(vcpu, cause == CAUSE_LOAD_GUEST ? CAUSE_LOAD_ACCESS : CAUSE_STORE_ACCESS,
			 stval);
}

void exit_fetch(struct vcpu *vcpu)
{
	vcpu->vm->bad_accesses++;
	arch_vcpu_inject(vcpu, CAUSE_FETCH_ACCESS, csr_read(CSR_STVAL));
}

static uint64_t store_value(const struct vcpu *vcpu, const struct mem_access *access)
{
	uint64_t value = access->kind == MEM_FP_STORE ? fp_read(access->reg)
						      : arch_vcpu_reg(&vcpu->arch, access->reg);

	return access->width == 8 ? value : value & GENMASK(8 * access->width - 1, 0);
}

static void load_done(struct vcpu *vcpu, const struct mem_access *access, uint64_t raw)
{
	uint64_t value = insn_load_value(access, raw);

	if (access->kind == MEM_LOAD) {
		arch_vcpu_set_reg(&vcpu->arch, access->reg, value);
		return;
	}
	fp_write(access->reg, value);
	csr_set(CSR_VSSTATUS, SSTATUS_FS);
}

/*
 * Whether the access is the one that faulted, and can be done. A fetched instruction need not be:
 * a sibling may have replaced it since.
 */
static bool access_fits(const struct vcpu *vcpu, const struct mem_access *access, uint64_t cause)
{
	bool load = access->kind == MEM_LOAD || access->kind == MEM_FP_LOAD;
	bool fp = access->kind == MEM_FP_LOAD || access->kind == MEM_FP_STORE;

	return access->kind != MEM_REFUSED && load == (cause == CAUSE_LOAD_GUEST) &&
	       (!fp || vcpu->arch.features >> FEATURE_FP & 1);
}

/* The instruction from htinst, where that is believed, otherwise fetched. */
static bool access_decode(const struct vcpu *vcpu, uint64_t htinst, struct mem_access *access)
{
	uint32_t insn;

	if (likely(vcpu->arch.features >> FEATURE_HTINST & 1) && insn_decode_htinst(htinst, access))
		return true;
	if (!guest_fetch(&insn))
		return false;
	*access = insn_decode(insn);
	return true;
}

void exit_access(struct vcpu *vcpu, uint64_t cause)
{
	uint64_t stval = csr_read(CSR_STVAL);
	uint64_t htinst = csr_read(CSR_HTINST);
	gpa_t at = gpa(csr_read(CSR_HTVAL) << 2 | (stval & 3));
	struct mem_access access;
	struct device *device;

	if (htinst == HTINST_WALK_READ || htinst == HTINST_WALK_WRITE) {
		access_fault(vcpu, cause, stval);
		return;
	}
	device = vm_device(vcpu->vm, at, 1);
	if (!device) {
		access_fault(vcpu, cause, stval);
		return;
	}
	if (!access_decode(vcpu, htinst, &access))
		return; /* the page went away: the guest's next fetch faults by itself */
	if (!access_fits(vcpu, &access, cause) ||
	    at.v - device->base.v + access.width > device->size) {
		access_fault(vcpu, cause, stval);
		return;
	}
	if (cause == CAUSE_LOAD_GUEST)
		load_done(vcpu, &access,
			  device->ops->read(device, at.v - device->base.v, access.width));
	else
		device->ops->write(device, at.v - device->base.v, access.width,
				   store_value(vcpu, &access));
	csr_write(CSR_SEPC, csr_read(CSR_SEPC) + access.length);
}
