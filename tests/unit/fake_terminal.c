/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_terminal.h"

#include <string.h>

struct fake_terminal terminal;

void fake_terminal_clear(void)
{
	memset(&terminal, 0, sizeof(terminal));
	memset(terminal.row, ' ', sizeof(terminal.row));
}

static void put_one(char byte)
{
	switch (byte) {
	case '\r':
		terminal.column = 0;
		break;
	case '\n':
		memset(terminal.row, ' ', sizeof(terminal.row));
		break;
	case '\b':
		terminal.broken |= terminal.column == 0;
		terminal.column -= terminal.column != 0;
		break;
	case '\a':
		terminal.bells++;
		break;
	default:
		terminal.broken |= byte < ' ' || byte > '~' ||
				   terminal.column >= sizeof(terminal.row);
		if (!terminal.broken)
			terminal.row[terminal.column++] = byte;
	}
}

void fake_terminal_put(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		put_one(text[i]);
}

bool fake_terminal_shows(const char *text, size_t length, size_t cursor)
{
	if (terminal.broken || terminal.column != cursor || memcmp(terminal.row, text, length) != 0)
		return false;
	for (size_t i = length; i < sizeof(terminal.row); i++)
		if (terminal.row[i] != ' ')
			return false;
	return true;
}
