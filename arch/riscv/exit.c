/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits from guests: what C does between trap_entry and the return to the guest. Interrupts are
 * off, the vCPU is loaded, and everything ends in bounded time.
 */
#include <arch/exit.h>
#include <arch/sbi.h>
#include <arch/sse.h>
#include <arch/trap.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/log.h>
#include <core/vm.h>
#include <inttypes.h>

void exit_interrupt(struct vcpu *vcpu, uint64_t cause)
{
	vcpu->exits++;
	host_interrupt(cause);
}

void exit_ecall(struct vcpu *vcpu)
{
	vcpu->exits++;
	csr_write(CSR_SEPC, csr_read(CSR_SEPC) + 4);
	sbi_call(vcpu);
}

bool exit_trap(struct vcpu *vcpu, uint64_t cause, uint64_t known)
{
	vcpu->exits++;
	if (cause == CAUSE_VIRTUAL_INSN)
		return exit_instruction(vcpu, known);
	if (cause == CAUSE_STORE_GUEST)
		return exit_store(vcpu, known);
	if (cause == CAUSE_LOAD_GUEST)
		return exit_load(vcpu, known);
	if (cause == CAUSE_LOAD_MISALIGNED || cause == CAUSE_STORE_MISALIGNED)
		return exit_misaligned(vcpu, cause, known);
	if (cause == CAUSE_FETCH_GUEST)
		exit_fetch(vcpu);
	else if (cause == CAUSE_DOUBLE_TRAP)
		/* Firmware hands it on, with the cause of the second trap ('Ssdbltrp'). */
		arch_vcpu_double_trap(vcpu, csr_read(CSR_HTVAL));
	else
		/* Delegated wherever the hart allows that; the guest's own affair in any case. */
		arch_vcpu_inject(vcpu, cause, csr_read(CSR_STVAL));
	return true;
}

void exit_trap_again(struct vcpu *vcpu, uint64_t cause)
{
	vcpu->exits--;
	CHECK(exit_trap(vcpu, cause, REGS_ALL));
}

bool exit_pending(struct vcpu *vcpu)
{
	struct hart *hart = hart_self();
	uint32_t bits = __atomic_exchange_n(&vcpu->pending, 0, __ATOMIC_SEQ_CST);

	if (bits & PENDING_LEAVE) {
		/* What came meanwhile is done at the next run, and keeps it from sleeping. */
		if (bits & ~PENDING_LEAVE)
			__atomic_fetch_or(&vcpu->pending, bits & ~PENDING_LEAVE, __ATOMIC_SEQ_CST);
		return true;
	}
	arch_vcpu_sync(vcpu, bits);
	if (likely(!__atomic_load_n(&hart->resched, __ATOMIC_SEQ_CST)) || !sched_should_leave(hart))
		return false;
	/* Its file may have asked for it meanwhile: it leaves now, once. */
	__atomic_fetch_and(&vcpu->pending, ~PENDING_LEAVE, __ATOMIC_SEQ_CST);
	return true;
}
