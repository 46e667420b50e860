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

#define log_limited(fmt, ...)                                 \
	do {                                                  \
		static struct log_limit log_limit_;           \
		if (log_limit_pass(&log_limit_))              \
			log_warn(fmt, ##__VA_ARGS__);         \
	} while (0)

/**
 * Where log output goes: the firmware's console at first, the console multiplexer later.
 * @write is called with the log's lock held and must take no lock of a lower rank.
 */
void log_set_sink(void (*write)(const char *text, size_t length));

#endif
