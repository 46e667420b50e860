/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts come and go: found in the device tree, started while booting, switched off and on by the
 * operator.
 *
 *              hart_start        hart_arrive           hart_power_off
 *   ABSENT or ------------> STARTING -------> ONLINE ---------------------> LEAVING
 *   OFFLINE                                     ^    too slow, or not stopped  |
 *      ^                                        +------------------------------+
 *      |                              hart_leave                               |
 *      +-----------------------------------------------------------------------+
 *
 * The state is changed by compare-and-swap; who asks holds the control lock, but while booting.
 */
#ifndef CORE_HART_POWER_H
#define CORE_HART_POWER_H

#include <core/hart.h>

/** Adds @hart with that id to harts[]. While the boot hart is alone. */
void hart_insert(struct hart *hart, uint64_t id);

/**
 * Adds the harts of the device tree to harts[], which has the boot hart only, and says which are
 * left out and why. 0; -ENOENT if /cpus does not have the boot hart, -ENOMEM.
 */
int harts_find(void);

/**
 * The next hart of the device tree that may boot in the place of the one with id @but, which has no
 * H: one that takes part, whose ISA has H and from which no option takes it away. *@tried counts
 * the cpu nodes that were looked at, from 0. 0, or -ENOENT when there is no further one.
 */
int hart_find_other(uint64_t but, unsigned int *tried, uint64_t *id);

/**
 * Starts @hart, which was never here or is off, and waits some seconds for it. Says why if it
 * does not come: false. While booting, or in thread context.
 */
bool hart_start(struct hart *hart);

/** This hart, which is started, takes part from now on. False: too late, it was left out. */
bool hart_arrive(void);

/**
 * This hart, which runs nothing, is to leave: sends its work away and stops. Returns when it is
 * to go on instead, or when it could not be stopped. Its own stack, interrupts off.
 */
void hart_leave(void);

/**
 * Takes @hart out: what it has to do moves to other harts, and VMs whose files it had and that
 * insist on files may be paused. 0; -EINVAL if it is not on-line, -EBUSY if something can run
 * nowhere else, -ETIMEDOUT or -EIO if it does not stop; all but -EINVAL reported. Thread context,
 * control lock.
 */
int hart_power_off(struct hart *hart);

/**
 * Takes @hart in again. 0; -EINVAL if it is not off, -EIO (reported) if it does not come. Thread
 * context, control lock.
 */
int hart_power_on(struct hart *hart);

#endif
