/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test hook `crash=<kind>`: the hypervisor breaks one of its own rules, to show that this is
 * noticed and ends as the option `panic` says. Nothing happens without the option. No lock.
 */
#ifndef CORE_CRASH_H
#define CORE_CRASH_H

/** Starts the thread that does what the option says, if it was given. Boot hart, at its end. */
void crash_start(void);

#endif
