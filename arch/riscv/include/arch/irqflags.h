/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This hart's interrupt enable, and the two ways of waiting: for a moment, and for an interrupt.
 */
#ifndef ARCH_IRQFLAGS_H
#define ARCH_IRQFLAGS_H

#include <arch/csr.h>
#include <core/types.h>

/** Turns interrupts off; returns what arch_irq_restore() needs. */
static inline unsigned long arch_irq_save(void)
{
	return csr_read_clear(CSR_SSTATUS, SSTATUS_SIE) & SSTATUS_SIE;
}

static inline void arch_irq_restore(unsigned long flags)
{
	csr_set(CSR_SSTATUS, flags);
}

static inline void arch_irq_disable(void)
{
	csr_clear(CSR_SSTATUS, SSTATUS_SIE);
}

static inline void arch_irq_enable(void)
{
	csr_set(CSR_SSTATUS, SSTATUS_SIE);
}

/** Whether the hart takes no interrupts now. */
static inline bool arch_irqs_off(void)
{
	return !(csr_read(CSR_SSTATUS) & SSTATUS_SIE);
}

/** The kinds of interrupts that this hart takes from now on: software, timer, external. */
static inline void arch_irq_sources_enable(void)
{
	csr_set(CSR_SIE, 1UL << IRQ_SSI | 1UL << IRQ_STI | 1UL << IRQ_SEI);
}

/** A hint that this hart spins. */
static inline void arch_relax(void)
{
	/* pause (Zihintpause), a hint where it does not exist */
	__asm__ volatile(".4byte 0x0100000f" ::: "memory");
}

/** Waits until an interrupt is pending that is enabled in sie, whether or not it is taken. */
static inline void arch_wait(void)
{
	__asm__ volatile("wfi" ::: "memory");
}

#endif
