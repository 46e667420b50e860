/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats messages about an input and hands them to whoever collects them. Owns no state: the
 * report belongs to the one who parses. No lock.
 */
#include <core/report.h>

#include <core/text.h>

#include <stdarg.h>
#include <stdio.h>

static void report_emit(struct report *report, enum report_level level, const char *fmt,
			va_list args)
{
	char message[REPORT_MESSAGE_MAX];

	vsnprintf(message, sizeof(message), fmt, args);
	/* Names come from the input. */
	text_tame(message);
	report->emit(report, level, message);
}

void report_error(struct report *report, const char *fmt, ...)
{
	va_list args;

	report->errors++;
	va_start(args, fmt);
	report_emit(report, REPORT_ERROR, fmt, args);
	va_end(args);
}

void report_warning(struct report *report, const char *fmt, ...)
{
	va_list args;

	report->warnings++;
	va_start(args, fmt);
	report_emit(report, REPORT_WARNING, fmt, args);
	va_end(args);
}
