/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's messages: formats a line, keeps it in a ring for `host log` and hands it to
 * the sink. Guarded by log_lock; only the port's lock is taken while it is held.
 */
#include <core/log.h>

#include "port.h"

#include <core/hart.h>
#include <core/lock.h>
#include <core/text.h>
#include <core/timer.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOG_RING_SIZE KIB(32)
#define LOG_PREFIX_MAX 64
#define LIMIT_PER_SECOND 5

_Static_assert((LOG_RING_SIZE & (LOG_RING_SIZE - 1)) == 0, "positions are masked");

static struct spinlock log_lock = SPINLOCK_INIT(LOCK_LOG);
static char ring[LOG_RING_SIZE];
static uint64_t written; /* bytes ever put into the ring */
static void (*sink)(const char *text, size_t length) = port_write_lines;
static enum log_level shown_level = LOG_INFO;

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
};

static const char *const level_marks[] = {
	[LOG_ERROR] = "error: ",
	[LOG_WARN] = "warning: ",
	[LOG_INFO] = "",
};

static int log_format_prefix(char *line, size_t room, enum log_level level)
{
	/* The time base is not known before the device tree was read. */
	uint64_t us = timebase ? ticks_to_us(time_now()) : 0;
	const struct hart *hart = hart_self();

	return snprintf(line, room, "[%5" PRIu64 ".%06" PRIu64 "] hart %" PRIu64 ": %s",
			us / 1000000, us % 1000000, hart ? hart->id : 0, level_marks[level]);
}

static void log_append(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		ring[written++ % LOG_RING_SIZE] = text[i];
}

static void log_message(enum log_level level, const char *fmt, va_list args)
{
	char line[LOG_PREFIX_MAX + LOG_LINE + 1];
	size_t prefix = (size_t)log_format_prefix(line, LOG_PREFIX_MAX, level);
	unsigned long flags;
	size_t length;

	vsnprintf(line + prefix, LOG_LINE, fmt, args);
	/* Some of the text comes from guests and bundles. */
	text_tame(line + prefix);
	length = prefix + strlen(line + prefix);
	line[length++] = '\n';

	flags = spin_lock(&log_lock);
	log_append(line, length);
	if (level <= shown_level)
		sink(line, length);
	spin_unlock(&log_lock, flags);
}

void log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_message(LOG_INFO, fmt, args);
	va_end(args);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_message(LOG_WARN, fmt, args);
	va_end(args);
}

void log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_message(LOG_ERROR, fmt, args);
	va_end(args);
}

bool log_limit_pass(struct log_limit *limit)
{
	uint64_t now = time_now();
	uint64_t start = __atomic_load_n(&limit->window, __ATOMIC_RELAXED);
	uint32_t missed;

	/* Harts that race for a new window may let one message more through. */
	if (start == 0 || now - start >= timebase) {
		if (__atomic_compare_exchange_n(&limit->window, &start, now ? now : 1, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			__atomic_store_n(&limit->count, 0, __ATOMIC_RELAXED);
			missed = __atomic_exchange_n(&limit->suppressed, 0, __ATOMIC_RELAXED);
			if (missed)
				log_warn("%" PRIu32 " messages like the next were left out",
					 missed);
		}
	}
	if (__atomic_add_fetch(&limit->count, 1, __ATOMIC_RELAXED) <= LIMIT_PER_SECOND)
		return true;
	__atomic_fetch_add(&limit->suppressed, 1, __ATOMIC_RELAXED);
	return false;
}

void log_set_sink(void (*write)(const char *text, size_t length))
{
	unsigned long flags = spin_lock(&log_lock);

	sink = write;
	spin_unlock(&log_lock, flags);
}

int log_set_level(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			shown_level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

size_t log_read(uint64_t *position, char *buffer, size_t room)
{
	unsigned long flags = spin_lock(&log_lock);
	size_t count;

	if (written - *position > LOG_RING_SIZE)
		*position = written - LOG_RING_SIZE;
	count = MIN(room, written - *position);
	for (size_t i = 0; i < count; i++)
		buffer[i] = ring[(*position)++ % LOG_RING_SIZE];
	spin_unlock(&log_lock, flags);
	return count;
}
