/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps: what the entry saves of the hypervisor's own state, and instructions that may fault.
 * An instruction that may fault has an entry in the table of expected traps (section .extable):
 * its address and where to go on. Everything here belongs to the hart that takes the trap.
 */
#ifndef ARCH_TRAP_H
#define ARCH_TRAP_H

#include <arch/csr.h>
#include <core/types.h>

struct vcpu;

/** What trap_entry saves when the hypervisor itself is interrupted. Assembly knows the layout. */
struct trap_frame {
	uint64_t ra, t[7], a[8];
	uint64_t sepc, sstatus;
	uint64_t sp; /* before the trap, for messages */
	uint64_t reserved;
};

/** Assembly: registers an expected trap at local label @from that continues at label @to. */
#define EXTABLE(from, to)                  \
	".pushsection .extable, \"a\"\n\t" \
	".balign 8\n\t"                    \
	".8byte " from ", " to "\n\t"      \
	".popsection\n\t"

/** Reads a CSR that may not exist. False (and *@value untouched) when it does not. */
#define csr_try_read(csr, value)                                                                  \
	({                                                                                        \
		unsigned long try_ok_ = 0, try_value_ = 0;                                        \
		__asm__ volatile(                                                                 \
			"1: csrr %0, " CSR_STRING(csr) "\n\tli %1, 1\n2:\n\t" EXTABLE("1b", "2b") \
			: "=&r"(try_value_), "+r"(try_ok_)::"memory");                            \
		if (try_ok_)                                                                      \
			*(value) = try_value_;                                                    \
		try_ok_ != 0;                                                                     \
	})

/** Writes 0 to a CSR that may not exist and reads it at once. False when it does not. */
#define csr_try_swap_zero(csr, value)                                                          \
	({                                                                                     \
		unsigned long try_ok_ = 0, try_value_ = 0;                                     \
		__asm__ volatile("1: csrrw %0, " CSR_STRING(                                   \
					 csr) ", zero\n\tli %1, 1\n2:\n\t" EXTABLE("1b", "2b") \
				 : "=&r"(try_value_), "+r"(try_ok_)::"memory");                \
		if (try_ok_)                                                                   \
			*(value) = try_value_;                                                 \
		try_ok_ != 0;                                                                  \
	})

/** Writes a CSR that may not exist. False when it does not. */
#define csr_try_write(csr, value)                                                                 \
	({                                                                                        \
		unsigned long try_ok_ = 0;                                                        \
		__asm__ volatile(                                                                 \
			"1: csrw " CSR_STRING(csr) ", %1\n\tli %0, 1\n2:\n\t" EXTABLE("1b", "2b") \
			: "+r"(try_ok_)                                                           \
			: "r"((unsigned long)(value))                                             \
			: "memory");                                                              \
		try_ok_ != 0;                                                                     \
	})

/** What the return to the guest needs, and a trap that is expected overwrites. */
struct trap_return {
	uint64_t sepc, sstatus, hstatus;
};

/** Before an exit executes what may trap: saves that, and makes it no double trap (Ssdbltrp). */
static inline struct trap_return trap_return_save(void)
{
	csr_clear(CSR_SSTATUS, SSTATUS_SDT);
	return (struct trap_return){
		.sepc = csr_read(CSR_SEPC),
		.sstatus = csr_read(CSR_SSTATUS),
		.hstatus = csr_read(CSR_HSTATUS),
	};
}

/** After it has trapped. */
static inline void trap_return_restore(const struct trap_return *saved)
{
	csr_write(CSR_SEPC, saved->sepc);
	csr_write(CSR_SSTATUS, saved->sstatus);
	csr_write(CSR_HSTATUS, saved->hstatus);
}

/* Exits, called by trap_entry on the hart's stack. */

/** An interrupt of the host arrived while the guest ran. */
void exit_interrupt(struct vcpu *vcpu, uint64_t cause);

/** An environment call from VS-mode. Callee-saved registers of the guest are live. */
void exit_ecall(struct vcpu *vcpu);

/**
 * Everything else. @known: the registers that are in vcpu->arch.regs, one bit each, see
 * <arch/exit.h>. False when that is not enough.
 */
bool exit_trap(struct vcpu *vcpu, uint64_t cause, uint64_t known);

/** After exit_trap() gave false: vcpu->arch.regs holds all registers now. */
void exit_trap_again(struct vcpu *vcpu, uint64_t cause);

/** There is pending work or the scheduler wants the hart. Returns whether to leave. */
bool exit_pending(struct vcpu *vcpu);

/** An interrupt of the host, whoever was interrupted. Interrupts off. */
void host_interrupt(uint64_t cause);

/** trap_entry found that a stack ran into its guard. */
_Noreturn void host_stack_overflow(void);

/** A trap of the hypervisor itself. */
void host_trap(struct trap_frame *frame, uint64_t cause);

#endif
