/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This hart's clock and timer interrupt.
 */
#ifndef ARCH_TIME_H
#define ARCH_TIME_H

#include <arch/csr.h>
#include <core/types.h>

/** Now, in ticks: the `time` CSR. */
static inline uint64_t time_now(void)
{
	return csr_read(CSR_TIME);
}

/** Whether the timer interrupt of this hart is pending. */
static inline bool arch_timer_pending(void)
{
	return csr_read(CSR_SIP) >> IRQ_STI & 1;
}

/**
 * The timer interrupt came: the next arch_timer_set() reaches the hardware, whatever its deadline.
 * An interrupt without a reason would come for ever otherwise: QEMU leaves STIP set when stimecmp
 * is written at the moment it expires, and the firmware's timer ends its interrupt only when set.
 */
void arch_timer_interrupted(void);

/**
 * Makes the timer interrupt of this hart pending from @deadline (ticks) on, by stimecmp or the
 * firmware; UINT64_MAX turns it off.
 */
void arch_timer_set(uint64_t deadline);

#endif
