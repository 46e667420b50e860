/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt file of a vCPU: its IMSIC state, which is in exactly one place, a guest interrupt
 * file of a hart (VS-file) or memory (SW-file), and moves between them without losing anything.
 *
 * Whoever moves it takes `busy`. Producers on any hart take `lock` while they look where it is and
 * deliver; the mover takes it to change that. To a VS-file (on its hart, the vCPU loaded there):
 *   clear the new file -> map the guest's page to it -> producers use it -> what writes MSIs by
 *   itself uses it (struct msi_writer) -> the SW-file's pending bits are added, then what it
 *   enables, its threshold, last its delivery.
 * Back to the SW-file (from any hart):
 *   producers use the SW-file -> unmap the page -> fence on all harts that may hold the
 *   translation, and wait there for stores under way -> what writes MSIs by itself is pointed
 *   elsewhere -> drain the file on its hart -> the line is free.
 * So a store lands in the old place before that is drained, or in the new one. A file that moves
 * to another hart does both. AIA 1.0, "Migrating a virtual hart to a different guest interrupt
 * file"; the order is model-checked (tests/model).
 */
#ifndef CORE_INTFILE_H
#define CORE_INTFILE_H

#include <core/hart.h>
#include <core/lock.h>
#include <core/types.h>

struct vcpu;
struct vm;

/**
 * What writes MSIs to the vCPUs of a VM by itself, past intfile_inject(): an IOMMU that translates
 * those of a device, an APLIC of the host whose targets are files of guests.
 */
struct msi_writer {
	/**
	 * MSIs for @vcpu go to file @line of @hart from now on, or, @hart NULL, to no file: they
	 * are kept (a memory-resident interrupt file) or given to intfile_inject(). Those that
	 * were written before have arrived when it returns; what was kept is in vcpu->file then
	 * (swfile_add_word()). When it is called a new file is mapped, and empty with its delivery
	 * off; an old one has not been drained. Interrupts off, no lock; it may wait for other
	 * harts and serve their calls. AIA 1.0, "Migrating a virtual hart to a different guest
	 * interrupt file", step 3.
	 */
	void (*retarget)(struct vcpu *vcpu, struct hart *hart, unsigned int line);
};

struct intfile_counts {
	uint64_t hits; /* loaded where its VS-file was */
	uint64_t found; /* loaded, and got a VS-file there */
	uint64_t software; /* loaded with the SW-file for want of a line */
	uint64_t promotions; /* SW-file to VS-file: found, or offered while it ran */
	uint64_t stolen; /* times that its line was taken for another vCPU */
	uint64_t handovers; /* times that it came from a VS-file of another hart */
	uint64_t wakes; /* by SGEI */
	uint64_t exits; /* stores to interrupt files, or accesses to its own, that trapped */
};

struct intfile {
	struct spinlock lock;
	struct hart *hart; /* whose VS-file; NULL: the SW-file. Changed with lock and busy */
	unsigned int line; /* the last one, while in the SW-file */
	uint32_t busy; /* being moved; atomic */
	struct hart *home; /* where a line is reserved for it (interrupt-files = "hardware") */
	struct hart *next_home; /* while that is planned */
	bool watched; /* the hart interrupts when something comes; that hart's */
	struct intfile_counts counts;
};

/** A new vCPU's: in the SW-file. */
void intfile_init(struct intfile *file);

/**
 * A new VM's: decides whether it may use VS-files, and makes the tables for its pages. 0, -ENOMEM
 * or -ENOTSUP (reported). Thread context, control lock.
 */
int intfile_vm_init(struct vm *vm);

/** Gives back what intfile_vm_reserve() reserved. Thread context, control lock. */
void intfile_vm_unreserve(struct vm *vm);

/**
 * With interrupt-files = "hardware", and unless it has them: reserves a line for each vCPU. 0, or
 * -ENOSPC, reported if @report says so. Thread context, control lock.
 */
int intfile_vm_reserve(struct vm *vm, bool report);

/**
 * Lets the vCPUs of @vm run on the harts of @set only. With interrupt-files = "hardware" what was
 * promised is promised anew there: -ENOSPC (reported), and nothing has changed, if that is not
 * possible; otherwise 0. One of the harts is on-line. Thread context, control lock.
 */
int intfile_vm_set_affinity(struct vm *vm, const struct hartset *set);

/** After that, when the vCPUs have left: their files leave other harts, too. The same context. */
void intfile_vm_follow(struct vm *vm);

/** For messages: where the vCPUs of @vm have their interrupt state. */
const char *intfile_policy_name(const struct vm *vm);

/** Resumes VMs that wait for files and now get them. Thread context, control lock. */
void intfile_resume_waiting(void);

/** Before @vcpu is loaded on this hart: finds it a file here. Interrupts off, no lock held. */
void intfile_load(struct vcpu *vcpu);

/** The loaded @vcpu has no VS-file, and one may be free now. Interrupts off, no lock held. */
void intfile_retry(struct vcpu *vcpu);

/** @vcpu, which this hart has just saved, sleeps until an interrupt comes. Interrupts off. */
void intfile_sleep(struct vcpu *vcpu);

/** @hart has a free line: what runs there on its SW-file for want of one is told. Any context. */
void intfile_offer(struct hart *hart);

/** Moves the state to the SW-file, whatever the vCPU does. Any context without a spinlock. */
void intfile_evict(struct vcpu *vcpu);

/**
 * Makes @identity pending and tells the vCPU. One that does not exist is ignored. Interrupts off;
 * locks up to LOCK_INTFILE may be held.
 */
void intfile_inject(struct vcpu *vcpu, unsigned int identity);

/** SGEI on this hart. Interrupts off. */
void intfile_interrupt(void);

/**
 * Lets @hart give out lines up to @limit only. vCPUs on higher lines lose them; those that insist
 * move to other harts, or their VM is paused. -EINVAL: the hart has not so many. Thread context,
 * control lock.
 */
int intfile_set_limit(struct hart *hart, unsigned int limit);

/** @hart goes off-line: takes all its files away, as a limit of 0. Thread context, control lock. */
void intfile_hart_leave(struct hart *hart);

/** @hart is back on-line with the limit that it had. Thread context, control lock. */
void intfile_hart_join(struct hart *hart);

#endif
