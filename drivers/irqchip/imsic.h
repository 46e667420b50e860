/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout of an IMSIC's pages, and what the APLIC driver needs of the IMSIC: identities for its
 * interrupts on the boot hart, and the numbers by which an APLIC knows the harts. No lock of its
 * own: see each function.
 */
#ifndef DRIVERS_IRQCHIP_IMSIC_H
#define DRIVERS_IRQCHIP_IMSIC_H

#include <drivers/irqchip.h>
#include <errno.h>

/**
 * Finds the pages of the hart that is number @number of the IMSIC at @node. The pages of the harts
 * follow each other through the windows of `reg`, 4096 << @guest_bits (0 to 7) bytes apart.
 * A window that ends early leaves out the last files of its last hart; the next hart is in the
 * next window.
 * @pages gets how many there are, 1 to 1 << @guest_bits: the hart's own and its guest files.
 * Returns 0, -ENOENT (reg ends before), -EINVAL (malformed, or not even one page).
 */
int imsic_pages_find(int node, unsigned int guest_bits, unsigned int number, hpa_t *base,
		     unsigned int *pages);

#ifdef DRIVER_IMSIC
/** Whether @phandle is that of the IMSIC in use. */
bool imsic_has_phandle(uint32_t phandle);

/**
 * Takes an identity of the boot hart's file for @action. Returns it (2 or more), -ENOSPC, or
 * -ENOENT when the boot hart has no Ssaia. The caller serialises.
 */
int imsic_identity_take(struct irq_action *action);

/** The boot hart as an APLIC's target register numbers it (AIA 1.0, 4.9.1). 0 to 0x3fff. */
uint32_t imsic_boot_target(void);
#else
static inline bool imsic_has_phandle(uint32_t phandle)
{
	(void)phandle;
	return false;
}

static inline int imsic_identity_take(struct irq_action *action)
{
	(void)action;
	return -ENOSPC;
}

static inline uint32_t imsic_boot_target(void)
{
	return 0;
}
#endif

#endif
