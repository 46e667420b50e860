/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Misaligned loads and stores that the hart does not do and the guest does not take itself: done
 * byte by byte, from the lowest address on. A byte that faults ends it with the guest's fault at
 * that byte, and of a store those below are written then, as hardware may do. Interrupts are off
 * and nothing is tried twice: the guest executes the instruction again, if it has to. Also what
 * an SBI call reads from virtual memory.
 */
#include <arch/exit.h>
#include <arch/insn.h>
#include <arch/pmu.h>
#include <arch/sbi.h>
#include <arch/trap.h>
#include <core/vm.h>

static bool is_load(const struct mem_access *access)
{
	return access->kind == MEM_LOAD || access->kind == MEM_FP_LOAD;
}

/* Whether it is the access that was misaligned, and can be done here. stval could be just 0. */
static bool access_fits(const struct vcpu *vcpu, const struct mem_access *access, uint64_t cause,
			uint64_t at)
{
	bool fp = access->kind == MEM_FP_LOAD || access->kind == MEM_FP_STORE;

	return access->kind != MEM_REFUSED && at & (access->width - 1U) &&
	       is_load(access) == (cause == CAUSE_LOAD_MISALIGNED) &&
	       (!fp || arch_vcpu_has(&vcpu->arch, FEATURE_FP));
}

/* A byte has trapped, as scause and the others say. */
static void byte_faulted(struct vcpu *vcpu)
{
	uint64_t cause = csr_read(CSR_SCAUSE), stval = csr_read(CSR_STVAL);

	if (cause != CAUSE_LOAD_GUEST && cause != CAUSE_STORE_GUEST)
		arch_vcpu_inject(vcpu, cause, stval);
	else if (!exit_memory_allows(vcpu, cause == CAUSE_LOAD_GUEST ? GSTAGE_READ : GSTAGE_WRITE))
		exit_access_fault(vcpu, cause, stval);
}

/* All bytes of the access at @at. False when one has trapped. */
static bool bytes_move(uint64_t at, const struct mem_access *access, uint64_t *value)
{
	for (unsigned int i = 0; i < access->width; i++) {
		uint8_t byte = (uint8_t)(*value >> 8 * i);

		if (is_load(access) ? !guest_load_byte(at + i, &byte)
				    : !guest_store_byte(at + i, byte))
			return false;
		if (is_load(access))
			*value |= (uint64_t)byte << 8 * i;
	}
	return true;
}

bool exit_misaligned(struct vcpu *vcpu, uint64_t cause, uint64_t known)
{
	uint64_t at = csr_read(CSR_STVAL), value = 0;
	struct trap_return saved;
	struct mem_access access;
	uint32_t insn;
	bool done;

	if (!guest_fetch(&insn))
		return true; /* the page went away: the guest's next fetch faults by itself */
	access = insn_decode(insn);
	if (!access_fits(vcpu, &access, cause, at)) {
		arch_vcpu_inject(vcpu, cause, at);
		return true;
	}
	if (!(known >> access.reg & 1))
		return false;
	if (!is_load(&access))
		value = exit_store_value(vcpu, &access);
	saved = trap_return_save();
	done = bytes_move(at, &access, &value);
	if (!done) {
		trap_return_restore(&saved);
		byte_faulted(vcpu);
		return true;
	}
	if (unlikely(vcpu->arch.pmu_events))
		pmu_exception(vcpu, cause);
	if (is_load(&access))
		exit_load_done(vcpu, &access, value);
	csr_write(CSR_SEPC, saved.sepc + access.length);
	return true;
}

bool arch_vcpu_read_virtual(struct vcpu *vcpu, uint64_t at, uint64_t *value)
{
	static const struct mem_access load = { .kind = MEM_LOAD, .width = 8 };
	struct trap_return saved = trap_return_save();
	uint64_t read = 0;

	if (bytes_move(at, &load, &read)) {
		*value = read;
		return true;
	}
	trap_return_restore(&saved);
	/* An ECALL is never compressed. */
	csr_write(CSR_SEPC, saved.sepc - 4);
	byte_faulted(vcpu);
	return false;
}
