/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was found out about the machine and is not kept anywhere else: devices in use, faults that
 * are known and worked around, what is missing, what was left out and why. Anybody adds a line;
 * `host doctor` prints them all. Guarded by the list's own lock; nothing is ever taken out.
 */
#ifndef CORE_FINDING_H
#define CORE_FINDING_H

#include <core/types.h>

enum finding_kind {
	FINDING_DEVICE, /* a device in use: its driver, and where and how. Logged only if lost */
	FINDING_QUIRK, /* a fault of hardware or firmware, and what is done about it. Logged */
	FINDING_LESS, /* something is missing or wrong: what does without it. Logged as a warning */
	FINDING_LEFT_OUT, /* a hart, device or memory that is not used, and why. Likewise */
	FINDING_KINDS
};

/** The longest line, without what it is about; what is longer is cut. */
#define FINDING_MAX 160

/**
 * Adds one line about @where ("memory", "hart 5", a node's path), in a form such as "disabled by
 * the device tree": what is before it, "<where>: left out: ", comes by itself. The same line about
 * the same is kept once. When the list is full, the line is only logged, and counted as lost.
 * Any context, as early as the log; allocates nothing. Texts of the device tree may be in it.
 */
void finding_add(enum finding_kind kind, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * The same about a hart that takes part, by index. The same words about several harts become one
 * line that names them all; they are logged for the first.
 */
void finding_add_hart(enum finding_kind kind, unsigned int hart_index, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** Calls @line for each finding of @kind, in the order of their coming. Thread context. */
void findings_describe(enum finding_kind kind, void (*line)(const char *text));

/** How many of a kind there are. */
unsigned int findings_count(enum finding_kind kind);

/** How many found no room. */
unsigned int findings_lost(void);

#endif
