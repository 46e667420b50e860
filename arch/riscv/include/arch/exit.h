/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of exits that need all registers of the guest. Called by exit_full() with the vCPU
 * loaded and interrupts off; vcpu->arch.regs may be read and changed.
 */
#ifndef ARCH_EXIT_H
#define ARCH_EXIT_H

#include <core/types.h>

struct vcpu;

/** A fetch where no RAM is: instruction access fault. */
void exit_fetch(struct vcpu *vcpu);

/**
 * A load or store (@cause CAUSE_LOAD_GUEST or CAUSE_STORE_GUEST) that the G-stage does not map:
 * done by the device that claims it, otherwise an access fault.
 */
void exit_access(struct vcpu *vcpu, uint64_t cause);

/** A virtual-instruction exception: WFI, CSRs of the interrupt file; otherwise illegal. */
void exit_instruction(struct vcpu *vcpu);

/**
 * Reads the instruction at sepc of the guest, 16 or 32 bits, with the guest's own translation
 * and execute permission (HLVX.HU). False when it cannot be fetched any more.
 */
bool guest_fetch(uint32_t *insn);

#endif
