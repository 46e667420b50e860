/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor: whatever is typed, the terminal shows the text with the cursor in its place.
 * One thread, no lock.
 */
#include "../../core/line.h"

#include <string.h>

#include "fake_terminal.h"
#include "input.h"

static void screen_check(const struct line_editor *editor)
{
	MUST(editor->length <= LINE_MAX_LENGTH && editor->cursor <= editor->length);
	MUST(fake_terminal_shows(editor->text, editor->length, editor->cursor));
}

static void begin(struct line_editor *editor)
{
	fake_terminal_clear();
	line_begin(editor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line_editor *editor = malloc(sizeof(*editor));

	memset(editor, 0xee, sizeof(*editor));
	line_init(editor, fake_terminal_put);
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
