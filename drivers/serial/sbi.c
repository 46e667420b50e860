/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's console as a serial port: for machines whose UART has no driver, or that have
 * none (HTIF). It has no interrupt and is polled. The caller's lock serialises all calls.
 */
#include <arch/firmware.h>
#include <drivers/serial.h>
#include <errno.h>

static int sbi_open(struct serial *port)
{
	return 0;
}

static void sbi_write(struct serial *port, const char *text, size_t length)
{
	firmware_console_write(text, length);
}

static size_t sbi_read(struct serial *port, char *buffer, size_t room)
{
	return firmware_console_read(buffer, room);
}

static int sbi_start(struct serial *port, void (*received)(void))
{
	return -ENOENT;
}

struct serial sbi_serial = {
	.name = "the firmware's console",
	.node = -1,
	.open = sbi_open,
	.write = sbi_write,
	.read = sbi_read,
	.start = sbi_start,
};
