/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages about an input that go to the log: one line each, behind the name of what they
 * concern. Owns nothing and has no lock.
 */
#include <core/report_log.h>

#include <core/log.h>
#include <core/types.h>

static void report_log_emit(struct report *report, enum report_level level, const char *message)
{
	const struct report_log *log = container_of(report, struct report_log, report);

	if (level == REPORT_ERROR)
		log_error("%s: %s", log->subject, message);
	else
		log_warn("%s: %s", log->subject, message);
}

void report_log_init(struct report_log *log, const char *subject)
{
	*log = (struct report_log){ .report.emit = report_log_emit, .subject = subject };
}
