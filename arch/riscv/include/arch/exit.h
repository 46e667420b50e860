/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of exits. Called by exit_trap() with the vCPU loaded and interrupts off. Of the
 * guest's registers, vcpu->arch.regs has those that C may clobber, and that is enough for nearly
 * all exits; those that C preserves (s0 to s11, and gp) are still in the hart. @known has one bit
 * for each register that is in memory. A function that needs another one returns false, having
 * done nothing, and is called again when all are there.
 */
#ifndef ARCH_EXIT_H
#define ARCH_EXIT_H

#include <core/types.h>

struct vcpu;

#define REGS_ALL UINT64_MAX

/** A fetch where no RAM is: instruction access fault. */
void exit_fetch(struct vcpu *vcpu);

/**
 * A load or a store that the G-stage does not map: done by the device whose window it is,
 * otherwise an access fault.
 */
bool exit_load(struct vcpu *vcpu, uint64_t known);
bool exit_store(struct vcpu *vcpu, uint64_t known);

/** A virtual-instruction exception: WFI, CSRs of the interrupt file; otherwise illegal. */
bool exit_instruction(struct vcpu *vcpu, uint64_t known);

/**
 * Reads the instruction at sepc of the guest, 16 or 32 bits, with the guest's own translation
 * and execute permission (HLVX.HU). False when it cannot be fetched any more.
 */
bool guest_fetch(uint32_t *insn);

#endif
