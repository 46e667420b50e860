/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal of who types a line: one row, drawn as the editor says. One thread. */
#ifndef FAKE_TERMINAL_H
#define FAKE_TERMINAL_H

#include <core/types.h>

struct fake_terminal {
	char row[512];
	size_t column;
	unsigned int bells;
	bool broken; /* it got what a terminal cannot draw, or not there */
};

extern struct fake_terminal terminal;

/** An empty row. */
void fake_terminal_clear(void);

/** What an editor's output goes to. */
void fake_terminal_put(const char *text, size_t length);

/** Whether the row is @text and nothing else, the cursor is there, and nothing was broken. */
bool fake_terminal_shows(const char *text, size_t length, size_t cursor);

#endif
