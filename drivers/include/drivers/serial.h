/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's serial port, as the console uses it. One port is in use: the one that the option
 * `console.port` names, or else the device tree's /chosen/stdout-path, or else the alias serial0;
 * where none of them names one, the first that a driver takes; and where there is none that
 * works, the firmware's console. Registers of other ports are never touched: their clocks may be
 * off.
 */
#ifndef DRIVERS_SERIAL_H
#define DRIVERS_SERIAL_H

#include <core/types.h>

struct serial {
	const char *name;
	int node; /* of the host's device tree, -1: none */
	/**
	 * Takes the hardware over from the firmware. Called once, for the port in use. Returns 0,
	 * or -ENXIO when nothing answers at its address.
	 */
	int (*open)(struct serial *port);
	/**
	 * Writes @length bytes, waiting for room in the port's FIFO; a byte that the port does
	 * not take within a bound is dropped. Caller serialises.
	 */
	void (*write)(struct serial *port, const char *text, size_t length);
	/**
	 * Reads what has arrived; returns how many of at most @room bytes. Never waits. Caller
	 * serialises; may run at the same time as write() of a port with a node.
	 */
	size_t (*read)(struct serial *port, char *buffer, size_t room);
	/**
	 * Turns the receive interrupt on; @received is called from it, on the boot hart, and
	 * must read() until less than asked for comes back. Once. Returns 0, or the error of
	 * irq_request(), -ENOENT for a port that has no interrupt: it can be polled then.
	 */
	int (*start)(struct serial *port, void (*received)(void));
};

/** Probes the serial ports and opens the one to use. Never NULL. Boot hart, once. */
struct serial *serial_init(void);

/** One line about the port in use, for reports. */
const char *serial_describe(void);

/** For the drivers: offers a port at @node. The first is used. */
void serial_register(struct serial *port, int node);

/** The firmware's console: SBI DBCN, or the legacy calls. Last resort. */
extern struct serial sbi_serial;

#endif
