/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RISC-V state of a vCPU, and what core asks of the architecture about vCPUs. While a vCPU
 * is loaded its VS CSRs, callee-saved registers, FP and vector state live in the hart; the copy
 * here is then stale. Owned by the hart that has it loaded.
 */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include <arch/isa.h>
#include <core/types.h>

struct vcpu;
struct vm;
struct hart;
struct guest_machine;

/* Indexes of arch_vcpu.regs that have a meaning of their own. */
#define REG_RA 1
#define REG_SP 2
#define REG_GP 3
#define REG_TP 4
#define REG_A0 10
#define REG_A1 11

struct arch_vcpu {
	/* Assembly knows the offsets of these. regs[0] stays zero. */
	uint64_t regs[32];
	struct hart *hart; /* that has it loaded; tp of the trap entry */
	uint64_t sepc;
	uint64_t sstatus; /* SPP, FS and VS matter */
	uint64_t hstatus;

	uint64_t vsstatus, vsie, vstvec, vsscratch, vsepc, vscause, vstval, vsatp;
	uint64_t vstimecmp;
	uint64_t vsiselect;
	uint64_t hvip;
	uint64_t henvcfg, hstateen0;
	uint64_t senvcfg, scounteren, sstateen0;
	uint64_t features; /* BIT(enum hart_feature): what this vCPU was given */
	bool extirq; /* hvip.VSEIP (and hvictl) say that an external interrupt is pending */
	uint8_t fp_state, vector_state; /* EXT_OFF, EXT_CLEAN, EXT_DIRTY of the saved copy */
	uint64_t fp[32];
	uint64_t fcsr;
	uint64_t vstart, vl, vtype, vcsr;
	uint8_t *vector; /* 32 registers of vlenb bytes, or NULL */
};

/** What all vCPUs of a VM have in common: what every hart of its affinity has. */
struct arch_vm {
	uint64_t features; /* BIT(enum hart_feature) */
	uint64_t henvcfg; /* for its vCPUs */
	uint64_t hstateen0;
	struct isa_set isa;
	uint32_t vlenb; /* bytes of a vector register */
	uint32_t cbom_block, cboz_block, cbop_block; /* bytes, 0 without */
	const char *mmu_type; /* of the vCPUs, for the device tree */
};

/** Sets up a new vCPU's state for its VM's features. 0 or -ENOMEM. Thread context. */
int arch_vcpu_init(struct vcpu *vcpu);
void arch_vcpu_destroy(struct vcpu *vcpu);

/** Power-on state: starts in VS-mode at @pc with a0, a1; satp = 0, SIE = 0. Not loaded anywhere. */
void arch_vcpu_reset(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1);

/** Writes the loaded vCPU's state out of this hart; it stays loaded as far as CSRs go. */
void arch_vcpu_save(struct vcpu *vcpu);

/** Loads @vcpu into this hart, as far as it is not loaded already. Interrupts off. */
void arch_vcpu_load(struct vcpu *vcpu);

/** The hart is going to idle: what is loaded must not wake it by its pending interrupts. */
void arch_vcpu_quiesce(struct hart *hart);

/** Does the pending work @bits (enum vcpu_pending) of the loaded vCPU. */
void arch_vcpu_sync(struct vcpu *vcpu, uint32_t bits);

/** Enters the guest with all registers restored. Interrupts off, on the hart's stack. */
_Noreturn void arch_vcpu_enter(struct vcpu *vcpu);

/** The loaded vCPU's interrupt file or line changed by its own doing: recomputes VSEIP. */
void arch_vcpu_extirq_changed(struct vcpu *vcpu);

/** The loaded vCPU's SW-file has something for it now. */
void arch_vcpu_extirq_raise(struct vcpu *vcpu);

/** Whether the loaded vCPU has an interrupt pending and enabled: WFI would not wait. */
bool arch_vcpu_interrupt_pending(struct vcpu *vcpu);

/** When the loaded vCPU's own timer (vstimecmp) will wake it, TIMER_NEVER when it does not. */
uint64_t arch_vcpu_wakeup(struct vcpu *vcpu);

/** Raises an exception in the loaded guest, as if its own hardware had (vstvec, vscause...). */
void arch_vcpu_inject(struct vcpu *vcpu, uint64_t cause, uint64_t stval);

/** General registers of the loaded vCPU in an exit that saved all of them; x0 reads 0. */
static inline uint64_t arch_vcpu_reg(const struct arch_vcpu *arch, unsigned int reg)
{
	return arch->regs[reg & 31];
}

static inline void arch_vcpu_set_reg(struct arch_vcpu *arch, unsigned int reg, uint64_t value)
{
	if (reg & 31)
		arch->regs[reg & 31] = value;
}

/**
 * For a VM: features common to all harts of its affinity, the ISA list for its device tree, the
 * G-stage levels it needs. Called before vCPUs are made. Returns 0 or -ENOTSUP (reported).
 */
int arch_vm_init(struct vm *vm);

/**
 * What @hart lacks of what the vCPUs of @vm were given when it was created, its G-stage mode
 * included: words to go on with after "hart 1 has ", in @text (@size bytes) or constant. NULL: it
 * has all. Thread context, control lock.
 */
const char *arch_vm_problem(const struct vm *vm, const struct hart *hart, char *text, size_t size);

/** On this hart: nothing of @vm (a struct vm *) is loaded any more. Interrupts off. */
void arch_vm_forget(void *vm);

/** Fills in what the architecture knows of the guest's machine, for its device tree. */
void arch_vm_machine(const struct vm *vm, struct guest_machine *machine, const char **extensions,
		     unsigned int room);

#endif
