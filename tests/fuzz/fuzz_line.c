/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor: whatever is typed, the terminal shows the text with the cursor in its place.
 * One thread, no lock.
 */
#include "../../core/line.h"

#include <string.h>

#include "input.h"

static char row[512];
static size_t column;

static void put(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		switch (text[i]) {
		case '\r':
			column = 0;
			break;
		case '\n':
			memset(row, ' ', sizeof(row));
			break;
		case '\b':
			MUST(column > 0);
			column--;
			break;
		case '\a':
			break;
		default:
			MUST(text[i] >= ' ' && text[i] <= '~' && column < sizeof(row));
			row[column++] = text[i];
		}
	}
}

static void screen_check(const struct line_editor *editor)
{
	MUST(editor->length <= LINE_MAX_LENGTH && editor->cursor <= editor->length);
	MUST(column == editor->cursor);
	MUST(memcmp(row, editor->text, editor->length) == 0);
	for (size_t i = editor->length; i <= LINE_MAX_LENGTH; i++)
		MUST(row[i] == ' ');
}

static void begin(struct line_editor *editor)
{
	memset(row, ' ', sizeof(row));
	column = 0;
	line_begin(editor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line_editor *editor = malloc(sizeof(*editor));

	memset(editor, 0xee, sizeof(*editor));
	line_init(editor, put);
	begin(editor);
	for (size_t i = 0; i < size; i++) {
		switch (line_type(editor, data[i])) {
		case LINE_EDITING:
			screen_check(editor);
			break;
		case LINE_DONE:
			MUST(strlen(editor->text) <= LINE_MAX_LENGTH);
			begin(editor);
			break;
		case LINE_CANCELLED:
			begin(editor);
			break;
		}
	}
	free(editor);
	return 0;
}
