/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer of a hart: stimecmp where it exists (Sstc), the firmware otherwise.
 */
#include <arch/firmware.h>
#include <arch/time.h>
#include <core/hart.h>
#include <core/timer.h>

void arch_timer_interrupted(void)
{
	hart_self()->arch.timer_set = false;
}

void arch_timer_set(uint64_t deadline)
{
	struct arch_hart *arch = &hart_self()->arch;

	if (arch->timer_set && arch->timer_deadline == deadline)
		return;
	arch->timer_set = true;
	arch->timer_deadline = deadline;
	if (arch_hart_has(arch, FEATURE_SSTC))
		csr_write(CSR_STIMECMP, deadline);
	else
		firmware_set_timer(deadline);
}
