/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host interrupts: external interrupts of devices and interrupts between harts, whatever
 * controller the machine has (IMSIC, APLIC direct or through MSIs, PLIC, SBI).
 * Handlers run with interrupts off, on the hart that took the interrupt.
 */
#ifndef DRIVERS_IRQCHIP_H
#define DRIVERS_IRQCHIP_H

#include <core/types.h>

typedef void (*irq_handler)(void *opaque);

/** Probes the interrupt controllers. Boot hart, once. Returns 0 (none found is reported). */
int irqchip_init(void);

/** Makes this hart ready to take external interrupts and IPIs. Each hart, after irqchip_init(). */
void irqchip_hart_init(void);

/**
 * Routes interrupt number @index of the device at @node ("interrupts" or
 * "interrupts-extended") to the boot hart and unmasks it.
 * Returns 0, -ENOENT (the node has no such interrupt or its controller has no driver),
 * -ENOSPC (no identity left).
 */
int irq_request(int node, unsigned int index, irq_handler handler, void *opaque);

/** A supervisor external interrupt on this hart: handles what is pending. Interrupts off. */
void irqchip_external(void);

/** Sends an IPI to a hart (index, not id); ends in hart_ipi() there. Any context. */
void ipi_send(unsigned int hart_index);

/** One line that names the controllers in use, for the boot log and `host info`. */
const char *irqchip_describe(void);

/** IMSIC: how many guest interrupt files the `reg` of the IMSIC covers for that hart. 0: none. */
unsigned int imsic_guest_files(unsigned int hart_index);

/* For the drivers themselves. */

/** A controller of wired interrupts. */
struct irqchip {
	int node; /* in the host's device tree */
	/** Routes the source that @cells (of #interrupt-cells) name, and unmasks it. */
	int (*request)(struct irqchip *chip, const uint32_t *cells, unsigned int count,
		       irq_handler handler, void *opaque);
	struct irqchip *next;
};

void irqchip_register(struct irqchip *chip);

/** Sets who handles external interrupts (the root controller), and the per-hart set-up. */
void irqchip_set_root(const char *name, void (*external)(void), void (*hart_init)(void));

/** Sets the way to send IPIs, in place of SBI. */
void irqchip_set_ipi(const char *name, void (*send)(unsigned int hart_index));

/** Called by the way IPIs arrive, on the hart that got one. Defined in core/hart.c. */
void hart_ipi(void);

#endif
