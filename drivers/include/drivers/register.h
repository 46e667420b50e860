/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers whose width is said by the device tree (`reg-io-width`): 1, 2 or 4 bytes, accessed as
 * <arch/mmio.h> says. No lock.
 */
#ifndef DRIVERS_REGISTER_H
#define DRIVERS_REGISTER_H

#include <arch/mmio.h>

static inline bool register_width_valid(uint32_t width)
{
	return width == 1 || width == 2 || width == 4;
}

static inline uint32_t register_read(const void *address, unsigned int width)
{
	switch (width) {
	case 4:
		return mmio_read32(address);
	case 2:
		return mmio_read16(address);
	default:
		return mmio_read8(address);
	}
}

static inline void register_write(void *address, unsigned int width, uint32_t value)
{
	switch (width) {
	case 4:
		mmio_write32(address, value);
		break;
	case 2:
		mmio_write16(address, (uint16_t)value);
		break;
	default:
		mmio_write8(address, (uint8_t)value);
		break;
	}
}

/** A first read where a device may not be. False when it traps. */
static inline bool register_try_read(const void *address, unsigned int width, uint32_t *value)
{
	uint16_t half;
	uint8_t byte;
	bool ok;

	switch (width) {
	case 4:
		return mmio_try_read32(address, value);
	case 2:
		ok = mmio_try_read16(address, &half);
		*value = half;
		return ok;
	default:
		ok = mmio_try_read8(address, &byte);
		*value = byte;
		return ok;
	}
}

#endif
