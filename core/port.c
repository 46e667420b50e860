/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host port: where bytes leave and arrive. Owns the beginning of the line that a console has
 * written so far, so that a line of the log in between does not tear it apart. Guarded by
 * port_lock, the innermost lock.
 */
#include "port.h"

#include <arch/firmware.h>
#include <core/lock.h>
#include <drivers/serial.h>
#include <errno.h>
#include <string.h>

/** Longer beginnings of lines are not written again. */
#define PARTIAL_MAX 160

/** Attempts to get the lock before a panic is told without: some tenths of a second. */
#define PATIENCE 10000000

static struct spinlock port_lock = SPINLOCK_INIT(LOCK_PORT);
static struct serial *serial;

static char partial[PARTIAL_MAX];
static size_t partial_length; /* may exceed PARTIAL_MAX: then the line is too long to keep */

void port_open(void)
{
	struct serial *found = serial_init();
	unsigned long flags = spin_lock(&port_lock);

	serial = found;
	spin_unlock(&port_lock, flags);
}

const char *port_name(void)
{
	return serial->name;
}

int port_start(void (*received)(void))
{
	return serial->start(serial, received);
}

static void port_put(const char *text, size_t length)
{
	if (serial)
		serial->write(serial, text, length);
	else
		firmware_console_write(text, length);
}

/** Writes text of ours, in which '\n' stands for a whole new line. */
static void port_put_text(const char *text, size_t length)
{
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t part = end ? (size_t)(end - text) : length;

		if (part)
			port_put(text, part);
		if (!end)
			return;
		port_put("\r\n", 2);
		text += part + 1;
		length -= part + 1;
	}
}

/** Keeps track of the line that a console is in the middle of. */
static void port_track(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			partial_length = 0;
			continue;
		}
		/* What follows a carriage return is written over the line. */
		if (partial_length > 0 && partial_length <= PARTIAL_MAX &&
		    partial[partial_length - 1] == '\r')
			partial_length = 0;
		if (partial_length < PARTIAL_MAX)
			partial[partial_length++] = text[i];
		else
			partial_length = PARTIAL_MAX + 1;
	}
}

void port_write(const void *bytes, size_t count)
{
	unsigned long flags = spin_lock(&port_lock);

	port_put(bytes, count);
	port_track(bytes, count);
	spin_unlock(&port_lock, flags);
}

void port_write_lines(const char *text, size_t length)
{
	unsigned long flags = spin_lock(&port_lock);

	if (partial_length > 0)
		port_put("\r\n", 2);
	port_put_text(text, length);
	if (partial_length > PARTIAL_MAX)
		partial_length = 0;
	if (partial_length > 0)
		port_put(partial, partial_length);
	spin_unlock(&port_lock, flags);
}

void port_end_line(void)
{
	unsigned long flags = spin_lock(&port_lock);

	if (partial_length > 0)
		port_put("\r\n", 2);
	partial_length = 0;
	spin_unlock(&port_lock, flags);
}

size_t port_read(void *buffer, size_t room)
{
	unsigned long flags = spin_lock(&port_lock);
	size_t count = serial ? serial->read(serial, buffer, room) : 0;

	spin_unlock(&port_lock, flags);
	return count;
}

void port_write_last(const char *text, size_t length) NO_THREAD_SAFETY
{
	bool taken = spin_try_here(&port_lock);

	for (unsigned int i = 0; i < PATIENCE && !taken; i++)
		taken = spin_try_here(&port_lock);
	port_put_text(text, length);
	if (taken)
		atomic_store_release(&port_lock.owner, port_lock.owner + 1);
}
