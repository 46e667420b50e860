/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Goldfish RTC of QEMU's machines. Only its time is read; the registers are not kept.
 */
#include <arch/mmio.h>
#include <drivers/driver.h>
#include <drivers/rtc.h>
#include <errno.h>

#define TIME_LOW 0x00 /* reading it latches TIME_HIGH */
#define TIME_HIGH 0x04
#define REGISTERS 0x20

static int goldfish_probe(int node)
{
	void *registers;
	uint32_t low;
	int err = device_map(node, 0, REGISTERS, 4, &registers);

	if (err)
		return err;
	if (!mmio_try_read32((char *)registers + TIME_LOW, &low))
		return -ENXIO;
	rtc_set((uint64_t)mmio_read32((char *)registers + TIME_HIGH) << 32 | low);
	return 0;
}

const struct driver goldfish_rtc_driver = {
	.name = "goldfish-rtc",
	.compatible = (const char *const[]){ "google,goldfish-rtc", NULL },
	.probe = goldfish_probe,
};
