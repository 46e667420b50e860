/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's serial port, as the console uses it. One port is in use: the one that the device
 * tree's /chosen/stdout-path names; where it names none, the first that a driver takes. Registers
 * of other ports are never touched: their clocks may be off.
 */
#ifndef DRIVERS_SERIAL_H
#define DRIVERS_SERIAL_H

#include <core/types.h>

struct serial {
	const char *name;
	/** Takes the hardware over from the firmware. Called once, for the port in use. */
	void (*open)(struct serial *port);
	/**
	 * Writes @length bytes, waiting for room in the port's FIFO; a byte that the port does
	 * not take within a bound is dropped. Caller serialises.
	 */
	void (*write)(struct serial *port, const char *text, size_t length);
	/**
	 * Reads what has arrived; returns how many of at most @room bytes. Never waits. Caller
	 * serialises; may run at the same time as write().
	 */
	size_t (*read)(struct serial *port, char *buffer, size_t room);
	/**
	 * Turns the receive interrupt on; @received is called from it, on the boot hart, and
	 * must read() until less than asked for comes back. Once. Returns 0, or the error of
	 * irq_request(): the port can be polled then.
	 */
	int (*start)(struct serial *port, void (*received)(void));
};

/**
 * Probes the serial ports and opens the one to use. NULL when there is none, or when the one that
 * stdout-path names has no driver (the SBI console is used then). Boot hart, once.
 */
struct serial *serial_init(void);

/** For the drivers: offers a port at @node. */
void serial_register(struct serial *port, int node);

#endif
