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
#include <emulators/swfile.h>

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

/**
 * A misaligned load or store (cause 4 or 6) that the guest does not take itself: done for it, with
 * its own translation and permissions. What is no plain load or store (LR, SC, AMO, vector) stays
 * the guest's exception.
 */
bool exit_misaligned(struct vcpu *vcpu, uint64_t cause, uint64_t known);

/** A virtual-instruction exception: WFI, CSRs that are acted out; otherwise illegal. */
bool exit_instruction(struct vcpu *vcpu, uint64_t known);

/*
 * On a hart where satp and fences trap, because it has more modes than the VM was given. Only for
 * VS-mode.
 */

/** Does what a CSR instruction wants with satp, and returns what that was before. */
uint64_t exit_satp(struct vcpu *vcpu, enum csr_op op, uint64_t operand);

/** Whether @insn is an SFENCE.VMA or SINVAL.VMA that the guest has. exit_fence() does it. */
bool exit_is_fence(const struct vcpu *vcpu, uint32_t insn);
bool exit_fence(struct vcpu *vcpu, uint32_t insn, uint64_t known);

/**
 * Polls this hart's entropy source: OPST in bits 31:30, entropy in 15:0, as the seed CSR has them.
 * All harts of the VM have FEATURE_ZKR. Light.
 */
uint64_t seed_read(void);

/**
 * Reads the instruction at sepc of the guest, 16 or 32 bits, with the guest's own translation
 * and execute permission (HLVX.HU). False when it cannot be fetched any more.
 */
bool guest_fetch(uint32_t *insn);

/**
 * Where the tables that the guest on this hart uses take @va, for *@access (one bit of enum
 * gstage_access): *@at. A and D are set on the way. 0; -EFAULT if a table is not memory that can be
 * read, or written for A and D: *@at and *@access are those of the walk then; -ENOENT if the guest
 * does not map @va any more.
 */
int guest_walk(struct vcpu *vcpu, uint64_t va, unsigned int *access, gpa_t *at);

/* A guest-page fault of an access of the guest, by htval, stval and htinst. */

/**
 * Whether memory allows @access (enum gstage_access) to where it was: by now, or now that a write
 * was logged.
 */
bool exit_memory_allows(struct vcpu *vcpu, unsigned int access);

/** It goes on to the guest as an access fault, for CAUSE_LOAD_GUEST or CAUSE_STORE_GUEST. */
void exit_access_fault(struct vcpu *vcpu, uint64_t cause, uint64_t stval);

struct mem_access;

/** What a store writes, and where a load puts the bytes @raw. */
uint64_t exit_store_value(const struct vcpu *vcpu, const struct mem_access *access);
void exit_load_done(struct vcpu *vcpu, const struct mem_access *access, uint64_t raw);

/**
 * Reads or writes the byte at @at of the guest, as the privilege that it had at the exit, with its
 * own translation. False when that has trapped: scause, stval, htval and htinst say why. To be
 * called between trap_return_save() and trap_return_restore().
 */
bool guest_load_byte(uint64_t at, uint8_t *byte);
bool guest_store_byte(uint64_t at, uint8_t byte);

#endif
