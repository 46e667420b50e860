/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long the phases of booting took. Only the boot hart stamps, until the manager's thread does;
 * each phase ends before the next begins, so there is no lock.
 */
#ifndef CORE_BOOT_PHASES_H
#define CORE_BOOT_PHASES_H

#include <core/types.h>

/** The hypervisor's first instruction was executed at @time (ticks). */
void boot_phases_begin(uint64_t time);

/** The phase @name, a constant, ends now. More than BOOT_PHASES_MAX are not told apart. */
void boot_phase_end(const char *name);

/** One line in the log: each phase with its microseconds, and all together. */
void boot_phases_report(void);

#define BOOT_PHASES_MAX 12

#endif
