/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's real-time clock, read once while booting. No lock: it does not change afterwards.
 */
#ifndef DRIVERS_RTC_H
#define DRIVERS_RTC_H

#include <core/types.h>

/** Probes the clocks. Boot hart, once. Without one the wall clock begins with power-on. */
void rtc_init(void);

/** Wall-clock time in nanoseconds since 1970, or since power-on without a clock. Monotonic. */
uint64_t rtc_now_ns(void);

/** For the drivers: it is @ns nanoseconds since 1970 at this moment. */
void rtc_set(uint64_t ns);

#endif
