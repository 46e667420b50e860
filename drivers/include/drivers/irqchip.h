/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host interrupts: external interrupts of devices and interrupts between harts, whatever
 * controller the machine has (IMSIC, APLIC direct or through MSIs, PLIC, SBI). Devices interrupt
 * the boot hart only. Handlers run with interrupts off and no lock held, on the hart that took
 * the interrupt.
 */
#ifndef DRIVERS_IRQCHIP_H
#define DRIVERS_IRQCHIP_H

#include <core/types.h>

typedef void (*irq_handler)(void *opaque);

/** Probes the interrupt controllers. Boot hart, once, when harts[] is complete. */
void irqchip_init(void);

/**
 * Makes this hart ready to take external interrupts and IPIs: whatever was pending in its
 * controller is dropped, and SEIE and SSIE are set in sie. Each hart, after irqchip_init() and the
 * probing of its own features, with interrupts off and before others send it IPIs.
 */
void irqchip_hart_init(void);

/**
 * Routes interrupt number @index of the device at @node ("interrupts" or
 * "interrupts-extended") to the boot hart and unmasks it. There is no way back. Any hart, after
 * the boot hart's irqchip_hart_init(); allocates memory.
 * Returns 0, -ENOENT (the node has no such interrupt or its controller has no driver), -EINVAL
 * (malformed), -EBUSY (taken already), -ENOSPC (no identity left), -ENOMEM.
 */
int irq_request(int node, unsigned int index, irq_handler handler, void *opaque);

/** A supervisor external interrupt on this hart: handles what is pending. Interrupts off. */
void irqchip_external(void);

/**
 * Sends an IPI to a hart (index, not id), ordered after all earlier memory accesses of this one.
 * By IMSIC it comes as an external interrupt and irqchip_external() calls hart_ipi(); by SBI as a
 * supervisor software interrupt, which the trap handler clears and turns into hart_ipi().
 * Any context.
 */
void ipi_send(unsigned int hart_index);

/** One line that names the controllers in use, for the boot log and `host info`. */
const char *irqchip_describe(void);

#ifdef DRIVER_IMSIC
/**
 * IMSIC: how many guest interrupt files the `reg` of the IMSIC covers for that hart, at most 63.
 * 0 when there is none. (How many of them there really are, hgeie says.)
 */
unsigned int imsic_guest_files(unsigned int hart_index);

/**
 * The page of an interrupt file: @file 0 is the hart's own (S level), 1 to imsic_guest_files() are
 * its guest files. Returns 0 or -ENOENT.
 */
int imsic_page(unsigned int hart_index, unsigned int file, hpa_t *page);

/** Highest identity of all guest interrupt files, 64 n - 1. */
unsigned int imsic_guest_identities(void);

/** Makes @identity pending in a file that there is, as an MSI. Any hart. */
void imsic_file_store(unsigned int hart_index, unsigned int file, unsigned int identity);

/** Waits until this hart's stores to that file have arrived. */
void imsic_file_barrier(unsigned int hart_index, unsigned int file);
#else
static inline int imsic_page(unsigned int hart_index, unsigned int file, hpa_t *page)
{
	(void)hart_index;
	(void)file;
	(void)page;
	return -1;
}

static inline unsigned int imsic_guest_identities(void)
{
	return 0;
}

static inline void imsic_file_store(unsigned int hart_index, unsigned int file,
				    unsigned int identity)
{
	(void)hart_index;
	(void)file;
	(void)identity;
}

static inline void imsic_file_barrier(unsigned int hart_index, unsigned int file)
{
	(void)hart_index;
	(void)file;
}

static inline unsigned int imsic_guest_files(unsigned int hart_index)
{
	(void)hart_index;
	return 0;
}
#endif

/* For the drivers themselves. */

struct irqchip;

/** One device interrupt: who handles it, and what its controllers have to know about it. */
struct irq_action {
	irq_handler handler;
	void *opaque;
	struct irqchip *chip;
	uint32_t source; /* number at @chip */
	/** What to do at @chip after the handler, when an MSI brought the interrupt, or NULL. */
	void (*handled)(struct irq_action *action);
};

/** Runs the handler and the controller's work after it. */
static inline void irq_handle(struct irq_action *action)
{
	action->handler(action->opaque);
	if (action->handled)
		action->handled(action);
}

/** A controller of wired interrupts. */
struct irqchip {
	int node; /* in the host's device tree */
	const char *name;
	/**
	 * Routes the source that the @count @cells (#interrupt-cells) name to @action, and
	 * unmasks it. Errors as irq_request(). Called with a lock of rank LOCK_HOST_DEVICE held.
	 */
	int (*request)(struct irqchip *chip, const uint32_t *cells, unsigned int count,
		       struct irq_action *action);
	struct irqchip *next;
};

void irqchip_register(struct irqchip *chip);

/**
 * Sets who handles external interrupts, and the set-up of each hart. Returns 0, or -EBUSY when
 * there is one already.
 */
int irqchip_set_root(const char *name, void (*external)(void), void (*hart_init)(void));

/** Sets the way to send IPIs, in place of SBI. */
void irqchip_set_ipi(const char *name, void (*send)(unsigned int hart_index));

/** Whether this hart is the one that gets the interrupts of devices. */
bool irqchip_boot_hart(void);

#endif
