/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's serial port, as the console uses it. One port is in use: the one that the device
 * tree's /chosen/stdout-path names, otherwise the first that a driver takes.
 */
#ifndef DRIVERS_SERIAL_H
#define DRIVERS_SERIAL_H

#include <core/types.h>

struct serial {
	const char *name;
	/** Writes @length bytes, waiting for room in the port's FIFO. Caller serialises. */
	void (*write)(struct serial *port, const char *text, size_t length);
	/** Reads what has arrived; returns how many of at most @room bytes. Never waits. */
	size_t (*read)(struct serial *port, char *buffer, size_t room);
	/** Turns the receive interrupt on; @received is called from it. Returns 0 or -errno. */
	int (*start)(struct serial *port, void (*received)(void));
};

/** Probes the serial ports. NULL when there is none (the SBI console is used then). */
struct serial *serial_init(void);

/** For the drivers: offers a port at @node. */
void serial_register(struct serial *port, int node);

#endif
