/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest accesses outside of RAM: decoded from htinst or from the instruction itself, and done
 * by the device whose window it is.
 */
#include <arch/exit.h>
#include <arch/exit_mmio.h>
#include <arch/fp.h>
#include <arch/insn.h>
#include <arch/trap.h>
#include <core/device.h>
#include <core/vm.h>
#include <errno.h>

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
	struct trap_return saved = trap_return_save();
	uint32_t low, high = 0;
	bool done = fetch_half(saved.sepc, &low);

	if (done && (low & 3) == 3)
		done = fetch_half(saved.sepc + 2, &high);
	if (!done) {
		trap_return_restore(&saved);
		return false;
	}
	*insn = low | high << 16;
	return true;
}

void exit_access_fault(struct vcpu *vcpu, uint64_t cause, uint64_t stval)
{
	vcpu->vm->bad_accesses++;
	arch_vcpu_inject(vcpu, cause == CAUSE_LOAD_GUEST ? CAUSE_LOAD_ACCESS : CAUSE_STORE_ACCESS,
			 stval);
}

uint64_t exit_store_value(const struct vcpu *vcpu, const struct mem_access *access)
{
	uint64_t value = access->kind == MEM_FP_STORE ? fp_read(access->reg)
						      : arch_vcpu_reg(&vcpu->arch, access->reg);

	return access->width == 8 ? value : value & GENMASK(8 * access->width - 1, 0);
}

void exit_load_done(struct vcpu *vcpu, const struct mem_access *access, uint64_t raw)
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
	       (!fp || arch_vcpu_has(&vcpu->arch, FEATURE_FP));
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

	if (likely(arch_vcpu_has(&vcpu->arch, FEATURE_HTINST)))
		access = insn_decode_htinst(htinst);
	return likely(access.kind != MEM_UNKNOWN) ? access : access_fetch();
}

/* What was accessed, and how. */
struct fault {
	gpa_t at;
	unsigned int access; /* one bit of enum gstage_access */
	bool in_walk; /* by the guest's own page-table walk */
};

/* False when the guest may just try again. */
static bool fault_find(struct vcpu *vcpu, unsigned int access, struct fault *fault)
{
	uint64_t htinst = csr_read(CSR_HTINST);
	int error = 0;

	fault->at = exit_fault_address();
	fault->access = access;
	fault->in_walk = htinst == HTINST_WALK_READ || htinst == HTINST_WALK_WRITE;
	if (unlikely(!csr_read(CSR_HTVAL) || !arch_vcpu_has(&vcpu->arch, FEATURE_HTVAL))) {
		error = guest_walk(vcpu, csr_read(CSR_STVAL), &fault->access, &fault->at);
		fault->in_walk |= error == -EFAULT;
	} else if (fault->in_walk) {
		/* It reads or writes, whatever it was for. */
		fault->access = htinst == HTINST_WALK_WRITE ? GSTAGE_WRITE : GSTAGE_READ;
	}
	return error != -ENOENT;
}

static bool memory_allows(struct vcpu *vcpu, const struct fault *fault)
{
	return gstage_retry(&vcpu->vm->gstage, fault->at, fault->access);
}

bool exit_memory_allows(struct vcpu *vcpu, unsigned int access)
{
	struct fault fault;

	return !fault_find(vcpu, access, &fault) || memory_allows(vcpu, &fault);
}

void exit_fetch(struct vcpu *vcpu)
{
	if (exit_memory_allows(vcpu, GSTAGE_EXECUTE))
		return;
	vcpu->vm->bad_accesses++;
	arch_vcpu_inject(vcpu, CAUSE_FETCH_ACCESS, csr_read(CSR_STVAL));
}

static void access_do(struct vcpu *vcpu, struct device *device, uint64_t offset,
		      const struct mem_access *access)
{
	bool load = access->kind == MEM_LOAD || access->kind == MEM_FP_LOAD;

	if (load)
		exit_load_done(vcpu, access, device->ops->read(device, offset, access->width));
	else
		device->ops->write(device, offset, access->width, exit_store_value(vcpu, access));
	csr_write(CSR_SEPC, csr_read(CSR_SEPC) + access->length);
}

/* The long way, for every access. */
static NOINLINE bool access(struct vcpu *vcpu, uint64_t cause, uint64_t known)
{
	uint64_t stval = csr_read(CSR_STVAL);
	struct mem_access access;
	struct device *device;
	struct fault fault;

	if (!fault_find(vcpu, cause == CAUSE_STORE_GUEST ? GSTAGE_WRITE : GSTAGE_READ, &fault))
		return true;
	device = vm_device(vcpu->vm, fault.at, 1);
	if (!device && memory_allows(vcpu, &fault))
		return true;
	if (fault.in_walk || !device) {
		exit_access_fault(vcpu, cause, stval);
		return true;
	}
	access = access_decode(vcpu, csr_read(CSR_HTINST));
	if (access.kind == MEM_UNKNOWN)
		return true; /* the page went away: the guest's next fetch faults by itself */
	if (!access_fits(vcpu, &access, cause) || !device_holds(device, fault.at, access.width)) {
		exit_access_fault(vcpu, cause, stval);
		return true;
	}
	if (!(known >> access.reg & 1))
		return false;
	if (arch_vcpu_tells_accesses(&vcpu->arch))
		*vcpu_device_slot(vcpu, fault.at) = device;
	access_do(vcpu, device, fault.at.v - device->base.v, &access);
	return true;
}

bool exit_load(struct vcpu *vcpu, uint64_t known)
{
	uint64_t htinst = csr_read(CSR_HTINST);
	unsigned int width = htinst_width(htinst);
	gpa_t at = exit_fault_address();
	struct device *device = *vcpu_device_slot(vcpu, at);
	uint64_t raw;

	if (unlikely(!device || !device_holds(device, at, width) || !htinst_is_plain_load(htinst) ||
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
	gpa_t at = exit_fault_address();
	struct device *device = *vcpu_device_slot(vcpu, at);

	if (unlikely(!device || !device_holds(device, at, width) ||
		     !htinst_is_plain_store(htinst) || !(known >> htinst_rs2(htinst) & 1)))
		return access(vcpu, CAUSE_STORE_GUEST, known);
	csr_write(CSR_SEPC, csr_read(CSR_SEPC) + htinst_length(htinst));
	device->ops->write(device, at.v - device->base.v, width,
			   arch_vcpu_reg(&vcpu->arch, htinst_rs2(htinst)) << unused >> unused);
	return true;
}
