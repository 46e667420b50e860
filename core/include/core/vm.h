/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual machines: their life, their vCPUs, memory and devices.
 *
 *   created --> running <--> paused
 *                  |            |
 *                  +-> stopped, failed --(reset)--> running
 *
 * vm->lock guards the state and the reason. Long operations (create, reset, destroy, pause)
 * belong to service threads and are serialised by the VM manager (vm_manager in vm_manager.c).
 * Memory layout and the list of devices are fixed before the first vCPU runs.
 */
#ifndef CORE_VM_H
#define CORE_VM_H

#include <arch/gstage.h>
#include <arch/vcpu.h>
#include <core/device.h>
#include <core/intfile.h>
#include <core/list.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/timer.h>
#include <core/vmdesc.h>

#define MAX_VCPUS 64
#define VM_MAX_DEVICES 8
#define VM_MAX_CHUNKS 256
#define VM_MAX_RANGES (1 + VM_RANGES_MAX)

enum vm_state { VM_CREATED, VM_RUNNING, VM_PAUSED, VM_STOPPED, VM_FAILED };

/** What a guest or the hypervisor asked to happen with a VM; done by the VM manager. */
enum vm_request {
	VM_REQUEST_NONE,
	VM_REQUEST_SHUTDOWN, /* ends well */
	VM_REQUEST_FAIL, /* ends badly, reason kept */
	VM_REQUEST_REBOOT,
};

/** Whose host memory it is that a guest sees in a range. */
enum vm_range_owner { VM_OWNER_VM, VM_OWNER_REGION };

/** A range of a guest's memory: its RAM, or one of those that its description adds. */
struct vm_range {
	gpa_t gpa; /* a multiple of 4 KiB, as the size */
	uint64_t size;
	unsigned int access; /* enum gstage_access: what the guest may do there */
	enum vm_range_owner owner;
	struct shared_region *region; /* VM_OWNER_REGION; NULL until it is there */
	const struct vm_range_config *config; /* NULL: the RAM from memory-base on */
};

/** Host memory that backs a part of a range: physically contiguous. */
struct vm_chunk {
	gpa_t gpa;
	hpa_t hpa;
	uint64_t size;
	const struct vm_range *range;
};

enum hsm_state {
	HSM_STARTED = 0,
	HSM_STOPPED = 1,
	HSM_START_PENDING = 2,
	HSM_STOP_PENDING = 3,
	HSM_SUSPENDED = 4,
	HSM_SUSPEND_PENDING = 5,
	HSM_RESUME_PENDING = 6,
};

/** Work that a vCPU has to do before it enters the guest again; bits of vcpu->pending. */
enum vcpu_pending {
	PENDING_EXTIRQ = 1 << 0, /* its interrupt file or line changed */
	PENDING_SSIP = 1 << 1, /* a software interrupt was sent to it */
	PENDING_TIMER = 1 << 2, /* its emulated timer expired */
	PENDING_FENCE_I = 1 << 3,
	PENDING_SFENCE = 1 << 4, /* VS-stage translations of the whole VMID */
	PENDING_SFENCE_ASID = 1 << 8, /* the same; the guest asked for one ASID */
	PENDING_FILE = 1 << 6, /* a VS-file may be free for it */
	PENDING_SSE = 1 << 7, /* a software event may be due */
	PENDING_LEAVE = 1 << 5, /* go to the scheduler instead of the guest */
};

/** Devices that a vCPU uses by turns lie in different parts: its UART, IMSIC and APLIC or PLIC. */
#define VCPU_DEVICE_SLOTS 4
#define VCPU_DEVICE_SLOT_SHIFT 26

#define NO_MSI_PAGE gpa(UINT64_MAX)

struct vcpu {
	/* What exits look at comes first. */
	uint64_t exits; /* statistics */
	uint32_t pending; /* enum vcpu_pending; atomic */
	uint32_t hsm; /* enum hsm_state; atomic */
	struct vm *vm;
	unsigned int index; /* and hart id inside the VM */
	uint64_t timer_deadline; /* emulated timer (no Sstc), in the VM's time; TIMER_NEVER: off */
	struct swfile *file; /* its SW-file, or NULL without IMSIC */
	struct intfile intfile; /* where its interrupt state is */
	gpa_t msi_page; /* of its SW-file, if its stores there are MSIs to itself; or NO_MSI_PAGE */
	/* What it accessed last in each part of its address space; NULL: it has to be looked up. */
	struct device *devices[VCPU_DEVICE_SLOTS];
	/* Before the large one, where an instruction reaches. */
	struct sched_entity sched;
	struct timer timer; /* see <core/vcpu_timer.h> */
	struct arch_vcpu arch;
	uint32_t extirq; /* line level without an interrupt file (APLIC direct, PLIC); atomic */
	/* Start state for HSM start and non-retentive resume. */
	uint64_t start_pc, start_opaque;
	bool suspend_resets; /* HSM_SUSPENDED without retention: resumes at start_pc */
	bool suspends_vm; /* HSM_SUSPENDED, and with it the VM: suspended to RAM */
	struct profile_time profile; /* of the hart that runs it; see <core/profile.h> */
	struct exit_table *exit_table; /* NULL: its exits were never counted; control lock */
};

struct vm {
	struct list link; /* in the list of VMs */
	struct spinlock lock;
	/* What exits look at comes first. */
	uint64_t sbi_enabled; /* the SBI extensions it has, one bit a slot; set by sbi_vm_init() */
	bool vsfiles; /* its vCPUs may have VS-files */
	unsigned int vcpu_count;
	struct vcpu *vcpus[MAX_VCPUS];
	uint64_t time_offset; /* its time minus the host's, modulo 2^64; while it is held */
	unsigned int id; /* small number for the shell and consoles, 0 to 9 and on */
	char name[VM_NAME_MAX + 1];
	enum vm_state state;
	char reason[96]; /* why it is paused, stopped or failed */
	uint32_t request; /* enum vm_request; atomic */
	char request_reason[96]; /* guarded by the lock */
	bool held; /* its vCPUs may not run; control lock */
	struct log_limit limit; /* of messages that the guest causes; control lock */
	bool ended_badly;
	bool profiled; /* the exits of its vCPUs are counted; control lock */
	struct profile_time profile_mark, spent; /* of `host top`; control lock */
	struct vm_config config;
	void *description; /* that config points into, if it came with a saved VM; or NULL */
	struct vm_layout layout;
	struct arch_vm arch;
	struct gstage gstage;
	struct vm_range ranges[VM_MAX_RANGES]; /* ascending and disjoint */
	unsigned int range_count;
	struct vm_chunk chunks[VM_MAX_CHUNKS]; /* of all ranges, ascending, without gaps in one */
	unsigned int chunk_count;
	struct device *devices[VM_MAX_DEVICES];
	unsigned int device_count;
	struct device *irqchip; /* one of the devices: the APLIC or PLIC */
	gpa_t imsic_base; /* of the pages of its vCPUs' interrupt files */
	bool reserved; /* each of its vCPUs has a VS-file promised; control lock */
	bool no_vsfile; /* paused because a hart could not keep that promise; control lock */
	struct hartset producers; /* harts that have stored into VS-files of its vCPUs */
	const struct msi_writer *msi_writer; /* what writes MSIs to its vCPUs by itself; or NULL */
	bool imsic; /* its vCPUs have interrupt files; otherwise `irqchip` drives them */
	struct device *uart;
	struct device *rtc;
	struct timer rtc_timer; /* the RTC's alarm */
	struct console *console;
	uint32_t active; /* vCPUs that are not stopped; atomic */
	struct hartset affinity;
	uint64_t resets; /* statistics */
	uint64_t bad_accesses; /* accesses that nothing claimed */
};

/* Life cycle. Thread context, no spinlock held; may take long. */

/**
 * Creates a VM from its parsed description and loads its images. On failure the reason was
 * reported with the VM's name, and nothing is left over.
 * Returns the VM (state created), or NULL.
 */
struct vm *vm_create(const struct vm_config *config);

/** Starts a created VM's boot vCPU. 0, -EBUSY in any other state. */
int vm_start(struct vm *vm);

/** Stops all vCPUs, waits until none runs. 0, -EBUSY when not running. @reason is kept. */
int vm_pause(struct vm *vm, const char *reason);

/** 0, -EBUSY when not paused. */
int vm_resume(struct vm *vm);

/** Back to power-on with the images loaded anew, then runs. Any state. 0 or an error. */
int vm_reset(struct vm *vm);

/** Stops it and gives everything back. Any state. The VM is gone afterwards. */
void vm_destroy(struct vm *vm);

/**
 * Lets its vCPUs run on the harts of the @count @ranges only, 0 to VM_AFFINITY_MAX of them, or on
 * every hart with 0. Returns when they have left all others. Each hart has to be there and to have
 * what the vCPUs were given when the VM was created, and one has to be on-line. Any state.
 * 0, -ENOENT, -ENOTSUP, or -ENOSPC (no promise of interrupt files can be made there): reported,
 * and nothing has changed. Control lock.
 */
int vm_set_affinity(struct vm *vm, const struct hart_range *ranges, unsigned int count);

/** VMs, affinities or harts came or went: which have room (sched_set_roomy())? Control lock. */
void vm_roomy_update(void);

/** Asks the VM manager for what a guest wants; any context. The vCPUs stop running soon. */
void vm_request(struct vm *vm, enum vm_request what, const char *reason);

/** VMs by number or name; NULL when there is none. Thread context. */
struct vm *vm_find(const char *name_or_id);

/** The VM of that name, or NULL. Control lock. */
struct vm *vm_find_name(const char *name);

/** The next VM after @vm in order of creation (NULL: the first). Thread context. */
struct vm *vm_next(struct vm *vm);

const char *vm_state_name(enum vm_state state);

/** Whether the guest has suspended its machine to RAM: it waits for an interrupt. Any context. */
bool vm_is_suspended(const struct vm *vm);

/**
 * Starts the VM manager thread: creates the VMs of the bundle at boot, serves vm_request(), and
 * powers off after the last VM when `poweroff=last-vm` is given.
 */
void vm_manager_start(void);

/**
 * Creates the VM that the bundle describes under @name, and starts it unless its description says
 * otherwise. 0, -ENOENT (no such description), -EEXIST, or -EINVAL (the reason is in the log).
 * Thread context, control lock held.
 */
int vm_manager_create(const char *name);

/** The same, but never starts it; *@vm is the VM. */
int vm_manager_make(const char *name, struct vm **vm);

/** The bundle, or NULL. */
const struct bundle *vm_manager_bundle(void);

/** Serialises life-cycle operations of threads (shell and manager). Thread context. */
void vm_control_lock(void);
void vm_control_unlock(void);
/** Lets others have it that wait. What the caller relies on has to hold still afterwards. */
void vm_control_yield(void);

/** The name of a range: that of its node, or "memory" of the RAM from memory-base on. */
static inline const char *vm_range_name(const struct vm_range *range)
{
	return range->config ? range->config->name : "memory";
}

/* Guest memory, by guest-physical address. Any context. */

/**
 * Host address of guest memory at @at, and in *@room how many contiguous bytes follow.
 * NULL when it is not memory of this VM, or the guest has not @access (enum gstage_access) to it.
 */
void *vm_ram(const struct vm *vm, gpa_t at, unsigned int access, uint64_t *room);

/**
 * Whether [at, at + size) is memory of this VM, in one range or in several without a gap, and the
 * guest has @access to all of it. Wrap-around is not. size 0: false.
 */
bool vm_is_ram(const struct vm *vm, gpa_t at, uint64_t size, unsigned int access);

/**
 * Copies for the guest; 0, or -EFAULT when part of the range is no memory that it may read or
 * write itself (nothing was copied then).
 */
int vm_read(struct vm *vm, gpa_t at, void *to, uint64_t size);
int vm_write(struct vm *vm, gpa_t at, const void *from, uint64_t size);

/* Which pages of its memory a VM writes; what it shares is not logged. Control lock. */

static inline bool vm_chunk_is_logged(const struct vm_chunk *chunk)
{
	return chunk->range->owner == VM_OWNER_VM && chunk->range->access & GSTAGE_WRITE;
}

/**
 * Begins to log writes: nothing counts as written at first. 0, -EBUSY when that is on already,
 * or -ENOMEM.
 */
int vm_dirty_start(struct vm *vm);
void vm_dirty_stop(struct vm *vm);
bool vm_dirty_is_on(const struct vm *vm);

/**
 * Reads and clears the log: calls @run for each run of pages that were written since it was read
 * last, ascending, each within one chunk. What is written before the call of @run for a page is
 * there when @run looks; what is written later comes with the next read. Returns the number of
 * pages.
 */
uint64_t vm_dirty_read(struct vm *vm, void (*run)(void *opaque, gpa_t at, uint64_t size),
		       void *opaque);

/* Time: the host's plus an offset, which changes only while the VM is held. Any context. */

/** What its vCPUs read from the time CSR now. In ticks. */
static inline uint64_t vm_time(const struct vm *vm)
{
	return time_now() + vm->time_offset;
}

/**
 * The host's time when the VM's is @at: now if that has passed, TIMER_NEVER for TIMER_NEVER and for
 * what does not come. In ticks.
 */
static ALWAYS_INLINE uint64_t vm_time_to_host(const struct vm *vm, uint64_t at)
{
	uint64_t host, guest;

	if (at == TIMER_NEVER)
		return TIMER_NEVER;
	host = time_now();
	guest = host + vm->time_offset;
	if (at <= guest)
		return host;
	return __builtin_add_overflow(host, at - guest, &host) ? TIMER_NEVER : host;
}

/* Devices. */

/** Adds a device; -ENOSPC, -EEXIST on an overlap. Before the first vCPU runs. */
int vm_add_device(struct vm *vm, struct device *device);

/** The device whose window holds [at, at + width), or NULL. */
struct device *vm_device(struct vm *vm, gpa_t at, unsigned int width);

/** Where the device at @at is remembered, if @vcpu accessed it last of those that share a slot. */
static inline struct device **vcpu_device_slot(struct vcpu *vcpu, gpa_t at)
{
	return &vcpu->devices[at.v >> VCPU_DEVICE_SLOT_SHIFT & (VCPU_DEVICE_SLOTS - 1)];
}

/* vCPUs. Any context. */

/**
 * Tells a vCPU of pending work: wakes it, or makes it leave the guest. Never blocks.
 * @bits: enum vcpu_pending.
 */
void vcpu_notify(struct vcpu *vcpu, uint32_t bits);

/**
 * HSM start: @vcpu begins at @pc with a0 = its id and a1 = @opaque.
 * 0, -EALREADY (started), -EINPROGRESS (start pending), -EBUSY (other states).
 */
int vcpu_start(struct vcpu *vcpu, uint64_t pc, uint64_t opaque);

/** Makes a vCPU of @vm, PARKED and stopped. NULL when memory is out. Thread context. */
struct vcpu *vcpu_create(struct vm *vm, unsigned int index);

/** Gives back what vcpu_create() made. It is held and runs nowhere. Thread context. */
void vcpu_destroy(struct vcpu *vcpu);

/** Power-on state: stopped, nothing pending. It is held and runs nowhere. */
void vcpu_reset(struct vcpu *vcpu);

/* For the scheduler, on the hart that runs the vCPU. */

/** It is about to run: its interrupt file comes here, which may have to wait for other harts. */
void vcpu_prepare(struct vcpu *vcpu);
/** Loads the vCPU and enters the guest. Returns only if it has to leave before that. */
void vcpu_run(struct vcpu *vcpu);
/** It waits for an interrupt: sets its wake-up timer. Its state is saved. */
void vcpu_block(struct vcpu *vcpu);
/** Whether something came before it was BLOCKED, which was said before a full fence. */
static inline bool vcpu_must_wake(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->pending, __ATOMIC_RELAXED) != 0;
}

/** It was PARKED at its own wish: HSM stop is complete now. */
void vcpu_parked(struct vcpu *vcpu);

/** Makes harts that are inside the guest with one of @vcpus leave it once, and waits for that. */
void vcpu_flush_running(struct vm *vm, const uint64_t *vcpu_mask);

#endif
