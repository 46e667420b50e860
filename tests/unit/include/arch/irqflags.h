/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands before the real <arch/irqflags.h> in unit tests: a flag for each thread, which acts as
 * a hart, and waiting that the test does. See fake_hart.h.
 */
#ifndef FAKE_ARCH_IRQFLAGS_H
#define FAKE_ARCH_IRQFLAGS_H

#include <stdbool.h>

extern _Thread_local bool fake_irq_on;

/** Waits, for a moment and for an interrupt, as the test likes. */
void fake_relax(void);
void fake_wait(void);

static inline unsigned long arch_irq_save(void)
{
	bool on = fake_irq_on;

	fake_irq_on = false;
	return on;
}

static inline void arch_irq_restore(unsigned long flags)
{
	fake_irq_on |= flags != 0;
}

static inline void arch_irq_disable(void)
{
	fake_irq_on = false;
}

static inline void arch_irq_enable(void)
{
	fake_irq_on = true;
}

static inline bool arch_irqs_off(void)
{
	return !fake_irq_on;
}

static inline void arch_irq_sources_enable(void)
{
}

static inline void arch_relax(void)
{
	fake_relax();
}

static inline void arch_wait(void)
{
	fake_wait();
}

#endif
