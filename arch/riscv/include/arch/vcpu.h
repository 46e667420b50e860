/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RISC-V state of a vCPU, and what core asks of the architecture about vCPUs. While a vCPU
 * is loaded its VS CSRs, callee-saved registers, FP and vector state live in the hart; the copy
 * here is then stale. Owned by the hart that has it loaded.
 */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include <arch/csr.h>
#include <arch/dbtr.h>
#include <arch/fwft.h>
#include <arch/hart.h>
#include <arch/isa.h>
#include <arch/sse.h>
#include <core/types.h>

struct vcpu;
struct vm;
struct hart;
struct guest_machine;
struct pmu;

/** Where SBI extensions are looked up, see struct arch_vcpu and arch/riscv/sbi/sbi.c. */
#define SBI_SLOT_BITS 6
#define SBI_SLOTS (1u << SBI_SLOT_BITS)

struct sbi_extension;

/* Indexes of arch_vcpu.regs that have a meaning of their own. */
#define REG_RA 1
#define REG_SP 2
#define REG_GP 3
#define REG_TP 4
#define REG_A0 10
#define REG_A1 11
#define REG_A6 16
#define REG_A7 17

struct arch_vcpu {
	/* Assembly knows the offsets of these. regs[0] stays zero. */
	uint64_t regs[32];
	struct hart *hart; /* that has it loaded; tp of the trap entry */
	uint64_t sepc;
	uint64_t sstatus; /* SPP, FS and VS matter */
	uint64_t hstatus;
	/* How its ecalls find their extension: a7 * factor, bits 63:58. */
	uint64_t sbi_factor;
	const struct sbi_extension *sbi_slots[SBI_SLOTS];
	uint64_t fp[32];
	uint64_t fcsr;
	uint64_t vstart, vl, vtype, vcsr;
	uint8_t *vector; /* 32 registers of vlenb bytes, or NULL */

	uint64_t vsstatus, vsie, vstvec, vsscratch, vsepc, vscause, vstval, vsatp;
	uint64_t vstimecmp;
	uint64_t vsiselect;
	uint64_t hvip, hvip_bits; /* what of hvip is the vCPU's */
	uint64_t henvcfg, hstateen0;
	uint64_t kept; /* causes that hedeleg could give to the vCPU, but does not */
	uint64_t ssp; /* while henvcfg.SSE is set the hart has it */
	uint64_t senvcfg, scounteren, sstateen0;
	uint64_t features; /* BIT(enum hart_feature): what this vCPU was given */
	struct fwft fwft;
	uint64_t sbi_switch; /* SBI extensions to tell when it comes and goes; sbi_switch_set() */
	struct pmu *pmu; /* its counters, or NULL: the VM has none (<arch/pmu.h>) */
	uint32_t pmu_events; /* one bit for each firmware event that it counts now */
	uint64_t sta_memory; /* gpa of the record of stolen time; UINT64_MAX: none */
	uint64_t sta_before; /* ns stolen before sta_begin */
	uint64_t sta_begin; /* in sched.waited */
	bool extirq; /* hvip.VSEIP (and hvictl) say that an external interrupt is pending */
	/* Whose these registers are: the vCPU, or NULL: of all that have not used them yet. */
	const void *fp_owner, *vector_owner;
	struct sse_vcpu sse;
	struct dbtr_vcpu dbtr;
};

static inline bool arch_vcpu_has(const struct arch_vcpu *vcpu, enum hart_feature feature)
{
	return vcpu->features & BIT(feature);
}

/** What all vCPUs of a VM have in common: what every hart of its affinity has. */
struct arch_vm {
	uint64_t features; /* BIT(enum hart_feature) */
	uint64_t henvcfg; /* of its vCPUs when they start; FWFT adds to it */
	uint64_t kept; /* likewise; see struct arch_vcpu */
	uint64_t hstateen0;
	uint64_t limits[LIMIT_COUNT];
	uint64_t hvien;
	uint32_t counters; /* as hart_counters.present */
	uint8_t counter_width[32];
	uint8_t triggers; /* debug triggers of a vCPU; 0: none */
	struct isa_set isa; /* of what its guest has, that which harts have to say they have */
	struct isa_set offered; /* what its guest has */
	uint32_t vlenb; /* bytes of a vector register */
	uint32_t cbom_block, cboz_block, cbop_block; /* bytes, 0 without */
	const char *mmu_type; /* of the vCPUs, for the device tree */
	struct sse_vm sse;
};

/** An ASID as a guest gives it to a fence: without the bits above ASIDLEN, which do not count. */
static inline uint64_t arch_vm_asid(const struct arch_vm *vm, uint64_t asid)
{
	return asid & vm->limits[LIMIT_SATP] >> SATP_ASID_SHIFT & SATP_ASID_MASK;
}

/** Sets up a new vCPU's state for its VM's features. 0 or -ENOMEM. Thread context. */
int arch_vcpu_init(struct vcpu *vcpu);
void arch_vcpu_destroy(struct vcpu *vcpu);

/** Power-on state: starts in VS-mode at @pc with a0, a1; satp = 0, SIE = 0. Not loaded anywhere. */
void arch_vcpu_reset(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1);

/** Writes the loaded vCPU's state out of this hart; it stays loaded as far as CSRs go. */
void arch_vcpu_save(struct vcpu *vcpu);

/** Loads @vcpu into this hart, as far as it is not loaded already. Interrupts off. */
void arch_vcpu_load(struct vcpu *vcpu);

/**
 * Whether WFI of @vcpu, which runs on this hart or is about to, waits in the guest
 * (hstatus.VTW = 0) or comes here. Interrupts of the hypervisor end the wait in any case.
 */
void arch_vcpu_set_native(struct vcpu *vcpu, bool native);

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

/** With Sstc: whether the vCPU's own timer may wake it. Its state is saved. */
static inline bool arch_vcpu_takes_timer(const struct arch_vcpu *vcpu)
{
	return vcpu->vsie & BIT(IRQ_STI);
}

/** Whether an external interrupt may wake it. Its state is saved. */
static inline bool arch_vcpu_takes_extirq(const struct arch_vcpu *vcpu)
{
	return vcpu->vsie & BIT(IRQ_SEI);
}

/** When (host's time) the loaded vCPU's own timer, vstimecmp, will wake it; TIMER_NEVER: not. */
uint64_t arch_vcpu_wakeup(struct vcpu *vcpu);

/**
 * Changes the @field of henvcfg to @bits, or the causes that do not go to the guest by themselves
 * (@kept), from the guest's next instruction on. What the hart holds that depends on it is fenced.
 * For the vCPU that runs on this hart, or one that is held or not started. Interrupts off.
 */
void arch_vcpu_set_henvcfg(struct vcpu *vcpu, uint64_t field, uint64_t bits);
void arch_vcpu_set_kept(struct vcpu *vcpu, uint64_t kept);

/**
 * Raises an exception in the loaded guest, as if its own hardware had (vstvec, vscause...), with
 * what Zicfilp and Ssdbltrp do at a trap. It may be a double trap.
 */
void arch_vcpu_inject(struct vcpu *vcpu, uint64_t cause, uint64_t stval);

/** Whether htval and htinst say all about an access of the vCPU that traps. */
static inline bool arch_vcpu_tells_accesses(const struct arch_vcpu *arch)
{
	uint64_t both = BIT(FEATURE_HTINST) | BIT(FEATURE_HTVAL);

	return (arch->features & both) == both;
}

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

/**
 * The SBI extensions that the guest of @vm sees, by name, with blanks between: in @text, cut at
 * @size bytes (not 0), which is returned. Any context.
 */
const char *arch_vm_sbi(const struct vm *vm, char *text, size_t size);

/** On this hart: nothing of @vm (a struct vm *) is loaded any more. Interrupts off. */
void arch_vm_forget(void *vm);

/** Fills in what the architecture knows of the guest's machine, for its device tree. */
void arch_vm_machine(const struct vm *vm, struct guest_machine *machine, const char **extensions,
		     unsigned int room);

#endif
