/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where messages about an input go: the log on the target, stderr in the packer, an array in a
 * unit test. A parser names what is wrong and where, and the receiver adds whom it concerns. No
 * lock: a report belongs to the one who parses.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

enum report_level { REPORT_WARNING, REPORT_ERROR };

/** Longer messages are cut. */
#define REPORT_MESSAGE_MAX 256

struct report {
	/** @message is one line without a newline, printable whatever the input was. */
	void (*emit)(struct report *report, enum report_level level, const char *message);
	unsigned int errors; /* told so far */
	unsigned int warnings;
};

/** Tells an error; the input, or the part of it that the message names, is refused. */
void report_error(struct report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** Tells something suspicious that is ignored. */
void report_warning(struct report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
