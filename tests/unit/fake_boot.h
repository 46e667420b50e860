/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What surrounds the reading of the host's device tree while booting: the table of harts, a stack
 * and queues for each, regions, options, and the log. One thread.
 */
#ifndef FAKE_BOOT_H
#define FAKE_BOOT_H

#include <core/hart.h>

/** What was logged, lines that end with '\n'; cut when it is long. */
extern char fake_boot_log[8192];

/** Memory for a hart's timers is out. */
extern bool fake_boot_memory_out;

/** Bit n: the option `hide` takes all from the hart with id n. */
extern uint64_t fake_boot_hidden;

/** Only the hart that boots is there, with that id, as init() leaves it; nothing is logged. */
void fake_boot_reset(uint64_t boot_hart_id);

#endif
