/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SBI that a guest sees (SBI 3.0). Each extension is a table entry in a file of its own in
 * arch/riscv/sbi/. Calls run on the exit path: bounded time, interrupts off, no waiting but in
 * vcpu_flush_running(). Arguments are a0 to a5 of the loaded vCPU, vcpu->arch.regs[10..15].
 */
#ifndef ARCH_SBI_H
#define ARCH_SBI_H

#include <arch/firmware.h>
#include <core/vm.h>

#define SBI_SUCCESS 0
#define SBI_FAILED (-1)
#define SBI_NOT_SUPPORTED (-2)
#define SBI_INVALID_PARAM (-3)
#define SBI_DENIED (-4)
#define SBI_INVALID_ADDRESS (-5)
#define SBI_ALREADY_AVAILABLE (-6)
#define SBI_ALREADY_STARTED (-7)
#define SBI_ALREADY_STOPPED (-8)

/** SBI implementation id of this hypervisor: not (yet) assigned by the specification. */
#define SBI_IMPL_ID 0x48565352
/** Its version: major, minor and patch level in a byte each. */
#define SBI_IMPL_VERSION 0x00000100
#define SBI_SPEC_VERSION 0x03000000

struct sbi_extension {
	unsigned long id; /* EID */
	const char *name;
	/** NULL: nothing to do. Called once by sbi_init(). */
	void (*init)(void);
	/** NULL: always. Whether this VM has it. */
	bool (*available)(const struct vm *vm);
	/**
	 * Function @function (FID) with @args a0 to a5. The result goes to a0 and a1.
	 * Must not return an error that the specification does not list for the function.
	 */
	struct sbi_result (*call)(struct vcpu *vcpu, unsigned long function, const uint64_t *args);
};

/** All extensions, ending with NULL; the table is in sbi.c. */
extern const struct sbi_extension *const sbi_extensions[];

/**
 * Builds the dispatch table and initialises the extensions. Boot hart, once, after
 * firmware_init() and before the first VM is made.
 */
void sbi_init(void);

/** Decides which extensions @vm has. When the VM is made, before its first vCPU runs. */
void sbi_vm_init(struct vm *vm);

/** The extension @id if this VM has it, or NULL. */
const struct sbi_extension *sbi_find(const struct vm *vm, unsigned long id);

/**
 * One call of the loaded vCPU: dispatches on a7 and a6 and writes a0 and a1. sepc was already
 * moved past the ecall.
 */
void sbi_call(struct vcpu *vcpu);

static inline struct sbi_result sbi_error(long error)
{
	return (struct sbi_result){ .error = error, .value = 0 };
}

static inline struct sbi_result sbi_value(unsigned long value)
{
	return (struct sbi_result){ .error = SBI_SUCCESS, .value = value };
}

/**
 * The vCPUs that a hart mask names (SBI 3.0, "Hart list parameter"): bit i of @mask is vCPU
 * @base + i, @base = -1 means all. Checked whole before anything is sent.
 * Returns 0 with one bit a vCPU in *@vcpus, or SBI_INVALID_PARAM.
 */
long sbi_hart_mask(const struct vm *vm, uint64_t mask, uint64_t base, uint64_t *vcpus);

/**
 * Ends a HSM suspend, if something is pending that ends it. To be called for a vCPU with hsm ==
 * HSM_SUSPENDED that is loaded and whose pending work (arch_vcpu_sync()) is done, instead of
 * entering the guest at once. Interrupts off.
 * Returns true when the guest is to be entered: hsm is HSM_STARTED, and after a suspend without
 * retention the registers are those of its resume address. False when it was woken for nothing
 * (a fence, a pause): it goes back to sleep, vcpu_leave(LEAVE_BLOCK) was called.
 */
bool sbi_hsm_resume(struct vcpu *vcpu);

/* What the architecture offers to the extensions, all for the loaded (calling) vCPU. */

/** Sets the guest's timer to @deadline (ticks), by vstimecmp or the emulated timer. */
void arch_vcpu_set_timer(struct vcpu *vcpu, uint64_t deadline);

/** Sets VSSIP of the calling vCPU itself. */
void arch_vcpu_raise_ssip(struct vcpu *vcpu);

/**
 * Makes the vCPU go on in VS-mode at @pc with a0, a1 and vsatp = 0, vsstatus.SIE = 0. All else
 * stays as it is. For a loaded vCPU, unlike arch_vcpu_reset().
 */
void arch_vcpu_restart(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1);

/**
 * Fences of the calling vCPU on its own hart: VS-stage range, or everything for size -1. @start
 * and @size are multiples of the page size, and a range is at most SBI_FENCE_RANGE bytes long.
 */
#define SBI_FENCE_RANGE (64 * PAGE_SIZE)
void arch_vcpu_fence_i(void);
void arch_vcpu_sfence(uint64_t start, uint64_t size);
void arch_vcpu_sfence_asid(uint64_t start, uint64_t size, uint64_t asid);

/** The calling vCPU leaves its hart after this call and is put away as @how says. */
void vcpu_leave(struct vcpu *vcpu, enum sched_leave how);

/** Ids of the machine for BASE: the host's mvendorid, marchid, mimpid of this hart's firmware. */
unsigned long firmware_mvendorid(void);
unsigned long firmware_marchid(void);
unsigned long firmware_mimpid(void);

#endif
