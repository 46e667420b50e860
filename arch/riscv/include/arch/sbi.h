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
#define SBI_NO_SHMEM (-9)
#define SBI_INVALID_STATE (-10)
#define SBI_BAD_RANGE (-11)
#define SBI_TIMEOUT (-12)
#define SBI_IO (-13)
#define SBI_DENIED_LOCKED (-14)

/** An extension id that no extension has. */
#define SBI_EXT_NONE UINT64_MAX

/** What light() of an extension leaves to call(). No error of the specification is positive. */
#define SBI_HEAVY 1

/** Entries of a table of answers. Assembly masks a function number with one less. */
#define SBI_ANSWERS 8

/** SBI implementation id of this hypervisor: not (yet) assigned by the specification. */
#define SBI_IMPL_ID 0x48565352
#define SBI_SPEC_VERSION 0x03000000

struct sbi_extension {
	unsigned long id; /* EID */
	const char *name;
	/** NULL: nothing to do. Called once by sbi_init(). */
	void (*init)(void);
	/** NULL: always. Whether this VM has it. */
	bool (*available)(const struct vm *vm);
	/**
	 * NULL, or what functions 0 to SBI_ANSWERS - 1 give back, whatever their arguments are:
	 * trap_entry answers them itself. Of a value with bit 63 set, call() is asked.
	 */
	const unsigned long *answers;
	/**
	 * NULL, or a light function (<core/light.h>) that is asked before call(), for what can be
	 * done in a few steps. SBI_HEAVY: it is not one for that, and nothing has been done.
	 */
	struct sbi_result (*light)(struct vcpu *vcpu, unsigned long function, const uint64_t *args);
	/**
	 * Function @function (FID) with @args a0 to a5. The result goes to a0 and a1.
	 * Must not return an error that the specification does not list for the function.
	 */
	struct sbi_result (*call)(struct vcpu *vcpu, unsigned long function, const uint64_t *args);

	/* The state that it keeps of each vCPU of a VM that has it. Each may be NULL. */

	/** Makes that state. 0 or -ENOMEM. Thread context. */
	int (*vcpu_init)(struct vcpu *vcpu);
	/** Gives it back; also after vcpu_init() of it or of another extension failed. */
	void (*vcpu_destroy)(struct vcpu *vcpu);
	/** Power-on, reset, HSM start: the vCPU is loaded nowhere. Any context. */
	void (*vcpu_reset)(struct vcpu *vcpu);
	/**
	 * For a vCPU with sbi_switch_set(): it comes to this hart, all its CSRs are loaded; it
	 * leaves this hart, its CSRs are still there. Interrupts off.
	 */
	void (*load)(struct vcpu *vcpu);
	void (*save)(struct vcpu *vcpu);
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

/** The hooks of the same names of all extensions that the vCPU's VM has. */
int sbi_vcpu_init(struct vcpu *vcpu);
void sbi_vcpu_destroy(struct vcpu *vcpu);
void sbi_vcpu_reset(struct vcpu *vcpu);
void sbi_vcpu_load(struct vcpu *vcpu);
void sbi_vcpu_save(struct vcpu *vcpu);

/**
 * Whether @extension has something to do when @vcpu comes to a hart or leaves one. Nothing after
 * a reset. On the hart that has the vCPU loaded, or while it is held.
 */
void sbi_switch_set(struct vcpu *vcpu, const struct sbi_extension *extension, bool on);

/** The extension @id if this VM has it, or NULL. */
const struct sbi_extension *sbi_find(const struct vm *vm, unsigned long id);

/**
 * One call of the loaded vCPU: dispatches on a7 and a6 and writes a0 and a1. sepc was already
 * moved past the ecall. Of most calls trap_entry does the same itself.
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

/** What an extension leaves to its call(). */
static inline struct sbi_result sbi_heavy(void)
{
	return sbi_error(SBI_HEAVY);
}

/**
 * The vCPUs that a hart mask names (SBI 3.0, "Hart list parameter"): bit i of @mask is vCPU
 * @base + i, @base = -1 means all. Checked whole before anything is sent.
 * Returns 0 with one bit a vCPU in *@vcpus, or SBI_INVALID_PARAM.
 */
static inline long sbi_hart_mask(const struct vm *vm, uint64_t mask, uint64_t base, uint64_t *vcpus)
{
	unsigned int last = vm->vcpu_count - 1;

	if (unlikely(base >= MAX_VCPUS)) {
		*vcpus = base == UINT64_MAX ? GENMASK(last, 0) : 0;
		return base == UINT64_MAX || !mask ? SBI_SUCCESS : SBI_INVALID_PARAM;
	}
	*vcpus = mask << base;
	return *vcpus >> base != mask || *vcpus >> last >> 1 ? SBI_INVALID_PARAM : SBI_SUCCESS;
}

/** Whether a hart mask names the calling vCPU and nobody else. */
static inline bool sbi_hart_mask_is_self(const struct vcpu *vcpu, uint64_t mask, uint64_t base)
{
	uint64_t index = vcpu->index;

	return base <= index && mask == BIT(index - base);
}

/**
 * Checks a range of memory that a guest names (SBI 3.0, "Shared memory physical address range
 * parameter"): @size bytes at @high:@low, at a multiple of @alignment (a power of two), which the
 * guest has @access (enum gstage_access) to. What is valid stays so as long as the VM exists. No
 * bytes at all are valid wherever they are.
 *
 * What an extension writes there has to be told to the log of writes: vm_write() does that, and
 * who writes through vm_ram() calls gstage_written() after it.
 *
 * Returns 0, SBI_INVALID_PARAM (alignment), or SBI_INVALID_ADDRESS (beyond XLEN bits, wraps
 * around, not memory of the VM from end to end, or not with that access). Both are what the
 * specification wants of most functions; DBCN wants SBI_INVALID_PARAM for all.
 */
long sbi_shared_memory(const struct vm *vm, uint64_t low, uint64_t high, uint64_t size,
		       uint64_t alignment, unsigned int access);

/** Whether a shared memory argument is all ones: the guest ends the use of one. */
static inline bool sbi_shared_memory_ends(uint64_t low, uint64_t high)
{
	return (low & high) == UINT64_MAX;
}

/**
 * Ends a HSM suspend, if something is pending that ends it. To be called for a vCPU with hsm ==
 * HSM_SUSPENDED that is loaded and whose pending work (arch_vcpu_sync()) is done, instead of
 * entering the guest at once. Interrupts off.
 * Returns true when the guest is to be entered: hsm is HSM_STARTED, and after a suspend without
 * retention the registers are those of its resume address. False when it was woken for nothing
 * (a fence, a pause): it goes back to sleep, vcpu_leave(LEAVE_BLOCK) was called.
 */
bool sbi_hsm_resume(struct vcpu *vcpu);

/** Whether a vCPU of @vm can begin at @at: its memory, at the alignment of an instruction. */
bool sbi_entry_valid(const struct vm *vm, uint64_t at);

/**
 * Suspends the caller until an interrupt is pending that it has enabled; vcpu->suspend_resets and
 * suspends_vm say how. Returns what a0 and a1 are to be: the guest reads them after the resume, at
 * @at (with @opaque) if it comes without retention. May resume at once.
 */
struct sbi_result sbi_hsm_suspend(struct vcpu *vcpu, uint64_t at, uint64_t opaque);

/**
 * Moves the record of stolen time of a held vCPU to @memory (gpa), or ends it (UINT64_MAX), without
 * writing there. Nothing was stolen yet. 0, or -EINVAL (no memory that a record can be in).
 */
int sbi_sta_move(struct vcpu *vcpu, uint64_t memory);

/** The time, in ns, that counts as stolen from the vCPU so far. To set it the vCPU is held. */
uint64_t sbi_sta_stolen(const struct vcpu *vcpu);
void sbi_sta_stolen_set(struct vcpu *vcpu, uint64_t ns);

/* What the architecture offers to the extensions, all for the loaded (calling) vCPU. */

/** Sets the guest's timer to @deadline (ticks, VM's time), by vstimecmp or the emulated timer. */
void arch_vcpu_set_timer(struct vcpu *vcpu, uint64_t deadline);

/** Sets VSSIP of the calling vCPU itself. Light, as the fences below. */
void arch_vcpu_raise_ssip(struct vcpu *vcpu);

/** Clears VSSIP of the calling vCPU itself. Returns whether it was set. */
bool arch_vcpu_clear_ssip(struct vcpu *vcpu);

/**
 * Reads the 8 bytes at @at, a virtual address of the calling vCPU, as the guest itself would.
 * False when it cannot: it was given the exception that it would have had, at the ECALL, or does
 * the ECALL again. The caller leaves a0 and a1 as they are then.
 */
bool arch_vcpu_read_virtual(struct vcpu *vcpu, uint64_t at, uint64_t *value);

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

/** Ids of the machine for BASE: mvendorid, marchid and mimpid of the boot hart. */
unsigned long firmware_mvendorid(void);
unsigned long firmware_marchid(void);
unsigned long firmware_mimpid(void);

#endif
