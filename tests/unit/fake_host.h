/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's surroundings in unit tests of core: one hart, a clock that the test sets, a
 * serial port that is two buffers, spinlocks that check their order, and threads that run when
 * the test says so. Owned by the test; no lock.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <core/thread.h>
#include <core/types.h>

#define FAKE_TIMEBASE 10000000

/** Everything back to the beginning; the port exists and has an interrupt. */
void fake_host_reset(void);

/** The clock, in ticks. */
void fake_time_set(uint64_t ticks);

/** What was written to the port (and to the firmware's console) since the last fake_clear(). */
const char *fake_output(void);
size_t fake_output_length(void);
void fake_clear(void);

/** Types at the port: bytes wait there until console_poll(). */
void fake_type(const char *text);
void fake_type_bytes(const void *bytes, size_t count);

/** Whether there is a port, and what its start function returns. */
void fake_port(bool exists, int start_result);
/** What the port calls when something arrives; NULL before it was started. */
extern void (*fake_received)(void);
/** How much was written through the firmware's console, in bytes. */
size_t fake_firmware_bytes(void);

/** Allocations fail from now on, or not. Number of objects that are not freed. */
void fake_memory_out(bool out);
size_t fake_objects(void);

/** Runs the thread @name until it waits. False when there is none. */
bool fake_thread_run(const char *name);
/** Whether thread_wake() was called for it since it ran last. */
bool fake_thread_woken(const char *name);
/** thread_create() fails from now on. */
void fake_threads_out(bool out);

/** Called by thread_sleep(), so that a test can let something happen meanwhile; may be NULL. */
extern void (*fake_slept)(void);

bool fake_no_lock_held(void);

#endif
