/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the APLIC driver needs of the IMSIC: identities for its interrupts on the boot hart, and
 * the numbers by which an APLIC knows the harts. No lock of its own: see each function.
 */
#ifndef DRIVERS_IRQCHIP_IMSIC_H
#define DRIVERS_IRQCHIP_IMSIC_H

#include <drivers/irqchip.h>
#include <errno.h>

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
