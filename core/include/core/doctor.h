/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report about the machine that a user pastes into a bug report. No lock: see doctor.c.
 */
#ifndef CORE_DOCTOR_H
#define CORE_DOCTOR_H

/**
 * Calls @line for each line of the report, without a line feed. All of it was found out before:
 * nothing is probed, but that the firmware is asked again which extensions it has. One caller at a
 * time: while booting, or the shell's thread.
 */
void doctor_report(void (*line)(const char *text));

/** The same into the log, with the option `doctor=boot`. */
void doctor_boot(void);

/** The same when nothing can run here, in any case. */
void doctor_log(void);

#endif
