/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host port below the log and the console: the serial port once there is one, the
 * firmware's console before. Only log.c, console.c and panic.c use it. Its lock (LOCK_PORT) is
 * the innermost of all, so that a line of the log can go out whatever is held.
 */
#ifndef CORE_PORT_H
#define CORE_PORT_H

#include <core/types.h>

/** Looks for a serial port and goes over to it. Boot hart. */
void port_open(void);

/** After port_open(): the name of what is in use. */
const char *port_name(void);

/** Turns the receive interrupt on. Returns 0, or a negative errno when one has to poll. */
int port_start(void (*received)(void));

/** Writes bytes of a console as they are. Any context. */
void port_write(const void *bytes, size_t count);

/**
 * Writes whole lines of ours, each with its '\n': they begin in the first column, and what a
 * console had written of a line is written again after them. Any context.
 */
void port_write_lines(const char *text, size_t length);

/** Another console writes now: begins a new line and forgets about the one before. Any context. */
void port_end_line(void);

/** What has arrived, at most @room bytes; returns how many. Never waits. Any context. */
size_t port_read(void *buffer, size_t room);

/**
 * For panic(): remembers nothing; '\n' becomes a new line. Waits for a hart that is writing, but
 * not for ever.
 */
void port_write_last(const char *text, size_t length);

#endif
