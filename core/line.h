/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line editor for a terminal: takes bytes as they are typed, echoes them and ends with a line.
 * It knows nothing of where bytes come from and go to. Owned by the one who uses it; no lock.
 */
#ifndef CORE_LINE_H
#define CORE_LINE_H

#include <core/types.h>

#define LINE_MAX_LENGTH 200 /* longer lines are not accepted: the terminal beeps */
#define LINE_HISTORY 8

enum line_result {
	LINE_EDITING,
	LINE_DONE, /* editor->text is a line; line_begin() before the next byte */
	LINE_CANCELLED, /* Ctrl-c */
};

struct line_editor {
	/** Writes to the terminal. */
	void (*put)(const char *text, size_t length);
	char text[LINE_MAX_LENGTH + 1];
	size_t length;
	size_t cursor; /* 0 to length */
	char history[LINE_HISTORY][LINE_MAX_LENGTH + 1]; /* in a circle */
	unsigned int history_count; /* lines ever remembered */
	unsigned int history_back; /* how far back one is; 0: the line being typed */
	unsigned int sequence; /* enum line_sequence: inside an escape sequence */
	char parameter; /* last byte of the sequence's parameters */
	bool ended_by_return; /* a line feed that follows belongs to it */
};

void line_init(struct line_editor *editor, void (*put)(const char *text, size_t length));

/** An empty line; the caller writes the prompt. */
void line_begin(struct line_editor *editor);

/** One typed byte, any value. */
enum line_result line_type(struct line_editor *editor, uint8_t byte);

#endif
