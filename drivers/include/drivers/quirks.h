/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults and oddities of host devices that a driver has to know about: rows of one table, found
 * by `compatible`. No lock: the table never changes.
 */
#ifndef DRIVERS_QUIRKS_H
#define DRIVERS_QUIRKS_H

#include <core/types.h>

/** BIT(n) of device_quirks(). */
enum device_quirk {
	QUIRK_UART_UNIT_ENABLE, /* the UART is off while IER bit 6 is 0 */
	QUIRK_UART_BUSY, /* interrupt 7 (busy) has to be acknowledged by reading USR */
	QUIRK_UART_EMPTY_TIMEOUT, /* a time-out with an empty FIFO ends by reading RBR only */
	QUIRK_PLIC_CLAIM, /* claims are right only while one source is enabled */
	QUIRK_PLIC_EDGE, /* edges are told by a second cell, and complete before they are handled */
};

/** The quirks of the device at @node of the host's tree, as a set of BIT(enum device_quirk). */
uint64_t device_quirks(int node);

/** Adds those of @quirks that the device at @node has to the findings: it is in use. Boot hart. */
void device_quirks_tell(int node, uint64_t quirks);

static inline bool quirk_has(uint64_t quirks, enum device_quirk quirk)
{
	return quirks >> quirk & 1;
}

#endif
