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

/* The instruction as it is in the guest's memory; MEM_UNKNOWN when it cannot be fetched. */
static struct mem_access access_fetch(void)
{
	uint32_t insn;

	return guest_fetch(&insn) ? insn_decode(insn) : (struct mem_access){ .kind = MEM_UNKNOWN };
}

/* The instruction from htinst, where that is believed, otherwise fetched. */
static struct mem_access access_decode(const struct vcpu *vcpu, uint64_t htinst)
{
	struct mem_access access = { .kind = MEM_UNKNOWN };

	if (likely(vcpu->arch.features >> FEATURE_HTINST & 1))
		access = insn_decode_htinst(htinst);
	return likely(access.kind != MEM_UNKNOWN) ? access : access_fetch();
}

static gpa_t fault_address(void)
{
	return gpa(csr_read(CSR_HTVAL) << 2 | (csr_read(CSR_STVAL) & 3));
}

/* Whether memory allows the access that faulted: by now, or now that a write was logged. */
static bool memory_allows(struct vcpu *vcpu, unsigned int access)
{
	uint64_t htinst = csr_read(CSR_HTINST);

	/* The guest's own page-table walk reads or writes, whatever it was for. */
	if (htinst == HTINST_WALK_WRITE)
		access = GSTAGE_WRITE;
	else if (htinst == HTINST_WALK_READ)
		access = GSTAGE_READ;
	return gstage_retry(&vcpu->vm->gstage, fault_address(), access);
}

void exit_fetch(struct vcpu *vcpu)
{
	if (memory_allows(vcpu, GSTAGE_EXECUTE))
		return;
	vcpu->vm->bad_accesses++;
	arch_vcpu_inject(vcpu, CAUSE_FETCH_ACCESS, csr_read(CSR_STVAL));
}

static bool holds(const struct device *device, gpa_t at, unsigned int width)
{
	uint64_t offset = at.v - device->base.v;

	return offset < device->size && device->size - offset >= width;
}

static void access_do(struct vcpu *vcpu, struct device *device, uint64_t offset,
		      const struct mem_access *access)
{
	bool load = access->kind == MEM_LOAD || access->kind == MEM_FP_LOAD;

	if (load)
		load_done(vcpu, access, device->ops->read(device, offset, access->width));
	else
		device->ops->write(device, offset, access->width, store_value(vcpu, access));
	csr_write(CSR_SEPC, csr_read(CSR_SEPC) + access->length);
}

/* The long way, for every access. */
static NOINLINE bool access(struct vcpu *vcpu, uint64_t cause, uint64_t known)
{
	uint64_t stval = csr_read(CSR_STVAL);
	uint64_t htinst = csr_read(CSR_HTINST);
	gpa_t at = fault_address();
	struct device *device = vm_device(vcpu->vm, at, 1);
	struct mem_access access;

	if (!device && memory_allows(vcpu, cause == CAUSE_STORE_GUEST ? GSTAGE_WRITE : GSTAGE_READ))
		return true;
	if (htinst == HTINST_WALK_READ || htinst == HTINST_WALK_WRITE || !device) {
		access_fault(vcpu, cause, stval);
		return true;
	}
	access = access_decode(vcpu, htinst);
	if (access.kind == MEM_UNKNOWN)
		return true; /* the page went away: the guest's next fetch faults by itself */
	if (!access_fits(vcpu, &access, cause) || !holds(device, at, access.width)) {
		access_fault(vcpu, cause, stval);
		return true;
	}
	if (!(known >> access.reg & 1))
		return false;
	if (vcpu->arch.features >> FEATURE_HTINST & 1)
		vcpu->device = device;
	access_do(vcpu, device, at.v - device->base.v, &access);
	return true;
}

bool exit_load(struct vcpu *vcpu, uint64_t known)
{
	uint64_t htinst = csr_read(CSR_HTINST);
	unsigned int width = htinst_width(htinst);
	struct device *device = vcpu->device;
	gpa_t at = fault_address();
	uint64_t raw;

	if (unlikely(!device || !holds(device, at, width) || !htinst_is_plain_load(htinst) ||
		     !(known >> htinst_rd(htinst) & 1)))
		return access(vcpu, CAUSE_LOAD_GUEST, known);
	csr_write(CSR_SEPC, csr_read(CSR_SEPC) + htinst_length(htinst));
	raw = device->ops->read(device, at.v - device->base.v, width);
	arch_vcpu_set_reg(&vcpu->arch, htinst_rd(htinst), htinst_load_value(htinst, raw));
	return true;
}

bool exit_store(struct vcpu *vcpu, uint64_t known)
{
	uint64_t htinst = csr_read(CSR_HTINST);
	unsigned int width = htinst_width(htinst), unused = 64 - 8 * width;
	struct device *device = vcpu->device;
	gpa_t at = fault_address();

	if (unlikely(!device || !holds(device, at, width) || !htinst_is_plain_store(htinst) ||
		     !(known >> htinst_rs2(htinst) & 1)))
		return access(vcpu, CAUSE_STORE_GUEST, known);
	csr_write(CSR_SEPC, csr_read(CSR_SEPC) + htinst_length(htinst));
	device->ops->write(device, at.v - device->base.v, width,
			   arch_vcpu_reg(&vcpu->arch, htinst_rs2(htinst)) << unused >> unused);
	return true;
}
