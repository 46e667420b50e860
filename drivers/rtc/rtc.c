/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wall clock: what the host's clock said while booting, and the time since then.
 */
#include <core/timer.h>
#include <drivers/driver.h>
#include <drivers/rtc.h>

static const struct driver *const rtc_drivers[] = {
#ifdef DRIVER_GOLDFISH_RTC
	&goldfish_rtc_driver,
#endif
	NULL,
};

static uint64_t base_ns; /* wall-clock time at the zero of `time` */

static uint64_t uptime_ns(void)
{
	uint64_t now = time_now();

	return now / timebase * 1000000000 + now % timebase * 1000000000 / timebase;
}

void rtc_set(uint64_t ns)
{
	uint64_t uptime = uptime_ns();

	base_ns = ns > uptime ? ns - uptime : 0;
}

uint64_t rtc_now_ns(void)
{
	return base_ns + uptime_ns();
}

void rtc_init(void)
{
	drivers_probe(rtc_drivers);
}
