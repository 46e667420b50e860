/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own messages. Each line gets a time stamp and the hart's number, goes to the
 * log ring and to the console. Guarded by the log's own lock, which is the innermost of all.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <core/types.h>

/** Longest message, in bytes; what is longer is cut. */
#define LOG_LINE 256

/** One message, without a line feed. Any context, any hart, any lock held. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * A message that a guest can cause: at most a few a second for each place in the source, and a
 * count of those that were left out.
 */
struct log_limit {
	uint64_t window; /* start, in ticks of time */
	uint32_t count;
	uint32_t suppressed;
};

bool log_limit_pass(struct log_limit *limit);

#define log_limited(fmt, ...)                         \
	do {                                          \
		static struct log_limit log_limit_;   \
		if (log_limit_pass(&log_limit_))      \
			log_warn(fmt, ##__VA_ARGS__); \
	} while (0)

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO };

/**
 * Where log output goes; the host port when nobody says otherwise, which is the firmware's
 * console until console_init(). @write gets whole lines with their '\n'. It is called with the
 * log's lock held: of locks it may take the port's only.
 */
void log_set_sink(void (*write)(const char *text, size_t length));

/**
 * Which messages are shown ("error", "warn", "info": this one and what is worse); the ring has
 * all of them. Returns 0, or -EINVAL for another word. While booting.
 */
int log_set_level(const char *name);

/**
 * Copies what the ring has from *@position on, at most @room bytes, and moves *@position behind
 * it; 0 is the oldest, and what the ring has lost is passed over. Returns how many bytes. Any
 * context.
 */
size_t log_read(uint64_t *position, char *buffer, size_t room);

#endif
