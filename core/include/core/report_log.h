/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A report whose messages go to the log, with the name of whom they concern. No lock: it belongs
 * to the one who parses.
 */
#ifndef CORE_REPORT_LOG_H
#define CORE_REPORT_LOG_H

#include <core/report.h>

struct report_log {
	struct report report; /* what is handed to the parser */
	const char *subject; /* "bundle", "VM debian": begins each line */
};

/** @subject must live as long as the report, and may be changed in between. */
void report_log_init(struct report_log *log, const char *subject);

#endif
