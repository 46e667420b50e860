/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor: printable ASCII, backspace, Ctrl-a/c/e/k/u/w, the arrows, Home, End, Delete
 * and a history. Whatever else is typed is ignored, whole escape sequences at a time. No lock.
 */
#include "line.h"

#include <string.h>

#define CTRL(letter) ((letter) & 0x1f)
#define ESCAPE 0x1b
#define DELETE 0x7f

enum line_sequence {
	SEQUENCE_NONE,
	SEQUENCE_ESCAPE, /* ESC was typed */
	SEQUENCE_SS3, /* ESC O: one byte more */
	SEQUENCE_CSI, /* ESC [: parameters, then a byte from @ to ~ */
};

static void put(struct line_editor *editor, const char *text, size_t length)
{
	if (length > 0)
		editor->put(text, length);
}

static void put_back(struct line_editor *editor, size_t count)
{
	while (count-- > 0)
		put(editor, "\b", 1);
}

static void move_left(struct line_editor *editor, size_t count)
{
	editor->cursor -= count;
	put_back(editor, count);
}

static void move_right(struct line_editor *editor, size_t count)
{
	put(editor, editor->text + editor->cursor, count);
	editor->cursor += count;
}

/** Writes what is behind the cursor again, and @blanks over what was there. */
static void put_tail(struct line_editor *editor, size_t blanks)
{
	size_t tail = editor->length - editor->cursor;

	put(editor, editor->text + editor->cursor, tail);
	for (size_t i = 0; i < blanks; i++)
		put(editor, " ", 1);
	put_back(editor, tail + blanks);
}

static void text_insert(struct line_editor *editor, char byte)
{
	if (editor->length == LINE_MAX_LENGTH) {
		put(editor, "\a", 1);
		return;
	}
	memmove(editor->text + editor->cursor + 1, editor->text + editor->cursor,
		editor->length - editor->cursor);
	editor->text[editor->cursor] = byte;
	editor->length++;
	move_right(editor, 1);
	put_tail(editor, 0);
}

/** Deletes @count bytes from the cursor on. */
static void text_delete(struct line_editor *editor, size_t count)
{
	count = MIN(count, editor->length - editor->cursor);
	if (count == 0)
		return;
	memmove(editor->text + editor->cursor, editor->text + editor->cursor + count,
		editor->length - editor->cursor - count);
	editor->length -= count;
	put_tail(editor, count);
}

static void text_delete_before(struct line_editor *editor, size_t count)
{
	move_left(editor, count);
	text_delete(editor, count);
}

static size_t word_before(const struct line_editor *editor)
{
	size_t at = editor->cursor;

	while (at > 0 && editor->text[at - 1] == ' ')
		at--;
	while (at > 0 && editor->text[at - 1] != ' ')
		at--;
	return editor->cursor - at;
}

/* ---- history ---- */

static char *history_line(struct line_editor *editor, unsigned int back)
{
	return editor->history[(editor->history_count - back) % LINE_HISTORY];
}

/** Remembers the line, unless it is empty or the same as the last one. */
static void history_add(struct line_editor *editor)
{
	if (editor->length == 0)
		return;
	if (editor->history_count > 0 && strcmp(history_line(editor, 1), editor->text) == 0)
		return;
	memcpy(history_line(editor, 0), editor->text, editor->length + 1);
	editor->history_count++;
}

/** Shows the line that is @back lines ago; what was being typed is not kept. */
static void history_show(struct line_editor *editor, unsigned int back)
{
	const char *line = back ? history_line(editor, back) : "";

	if (back > editor->history_count || back > LINE_HISTORY) {
		put(editor, "\a", 1);
		return;
	}
	editor->history_back = back;
	move_left(editor, editor->cursor);
	text_delete(editor, editor->length);
	while (*line)
		text_insert(editor, *line++);
}

/* ---- keys ---- */

static void key_up(struct line_editor *editor)
{
	history_show(editor, editor->history_back + 1);
}

static void key_down(struct line_editor *editor)
{
	if (editor->history_back > 0)
		history_show(editor, editor->history_back - 1);
}

/** The last byte of an escape sequence. */
static void type_sequence_end(struct line_editor *editor, uint8_t byte)
{
	switch (byte) {
	case 'A':
		key_up(editor);
		break;
	case 'B':
		key_down(editor);
		break;
	case 'C':
		move_right(editor, editor->cursor < editor->length);
		break;
	case 'D':
		move_left(editor, editor->cursor > 0);
		break;
	case 'H':
		move_left(editor, editor->cursor);
		break;
	case 'F':
		move_right(editor, editor->length - editor->cursor);
		break;
	case '~':
		if (editor->parameter == '3')
			text_delete(editor, 1);
		break;
	}
}

/** True when the byte was part of an escape sequence. */
static bool type_sequence(struct line_editor *editor, uint8_t byte)
{
	unsigned int sequence = editor->sequence;

	editor->sequence = SEQUENCE_NONE;
	if (sequence == SEQUENCE_NONE || byte < ' ' || byte > '~')
		return false;
	if (sequence == SEQUENCE_ESCAPE) {
		editor->parameter = 0;
		if (byte == '[')
			editor->sequence = SEQUENCE_CSI;
		else if (byte == 'O')
			editor->sequence = SEQUENCE_SS3;
	} else if (sequence == SEQUENCE_CSI && byte < '@') {
		editor->sequence = SEQUENCE_CSI;
		editor->parameter = (char)byte;
	} else {
		type_sequence_end(editor, byte);
	}
	return true;
}

static void type_control(struct line_editor *editor, uint8_t byte)
{
	switch (byte) {
	case ESCAPE:
		editor->sequence = SEQUENCE_ESCAPE;
		break;
	case '\b':
	case DELETE:
		text_delete_before(editor, editor->cursor > 0);
		break;
	case CTRL('a'):
		move_left(editor, editor->cursor);
		break;
	case CTRL('e'):
		move_right(editor, editor->length - editor->cursor);
		break;
	case CTRL('k'):
		text_delete(editor, editor->length);
		break;
	case CTRL('n'):
		key_down(editor);
		break;
	case CTRL('p'):
		key_up(editor);
		break;
	case CTRL('u'):
		text_delete_before(editor, editor->cursor);
		break;
	case CTRL('w'):
		text_delete_before(editor, word_before(editor));
		break;
	}
}

void line_init(struct line_editor *editor, void (*put_bytes)(const char *text, size_t length))
{
	memset(editor, 0, sizeof(*editor));
	editor->put = put_bytes;
}

void line_begin(struct line_editor *editor)
{
	editor->length = 0;
	editor->cursor = 0;
	editor->history_back = 0;
}

enum line_result line_type(struct line_editor *editor, uint8_t byte)
{
	bool after_return = editor->ended_by_return;

	editor->ended_by_return = false;
	if (type_sequence(editor, byte))
		return LINE_EDITING;
	if (byte == '\n' && after_return)
		return LINE_EDITING;
	if (byte == '\r' || byte == '\n') {
		editor->ended_by_return = byte == '\r';
		editor->text[editor->length] = '\0';
		put(editor, "\r\n", 2);
		history_add(editor);
		return LINE_DONE;
	}
	if (byte == CTRL('c')) {
		put(editor, "^C\r\n", 4);
		return LINE_CANCELLED;
	}
	if (byte >= ' ' && byte < DELETE)
		text_insert(editor, (char)byte);
	else
		type_control(editor, byte);
	return LINE_EDITING;
}
