/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell: a thread that reads lines from its own console and runs commands. The ring of typed
 * bytes has one writer (the console's thread) and one reader (the shell's), so it needs no lock;
 * everything else belongs to the shell's thread.
 */
#include <core/console.h>

#include "command.h"
#include "line.h"

#include <core/log.h>
#include <core/thread.h>
#include <core/timer.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TYPED_SIZE 64
#define PROMPT "hartvisor> "
#define PIECE 160 /* longer lines go out in several */

static uint8_t typed[TYPED_SIZE];
static uint32_t typed_in, typed_out; /* bytes ever; atomic */
static struct thread *thread;
static struct line_editor editor;

static size_t shell_receive(void *opaque, const uint8_t *bytes, size_t count)
{
	uint32_t out = __atomic_load_n(&typed_out, __ATOMIC_ACQUIRE);
	uint32_t in = typed_in;
	size_t taken = 0;

	while (taken < count && in - out < TYPED_SIZE)
		typed[in++ % TYPED_SIZE] = bytes[taken++];
	__atomic_store_n(&typed_in, in, __ATOMIC_RELEASE);
	if (taken > 0)
		thread_wake(thread);
	return taken;
}

/** The next typed byte; waits for it. */
static uint8_t shell_read(void)
{
	uint8_t byte;

	while (__atomic_load_n(&typed_in, __ATOMIC_ACQUIRE) == typed_out) {
		console_input_ready(console_shell());
		thread_wait(TIMER_NEVER);
	}
	byte = typed[typed_out % TYPED_SIZE];
	__atomic_store_n(&typed_out, typed_out + 1, __ATOMIC_RELEASE);
	return byte;
}

bool shell_interrupted(void)
{
	return __atomic_load_n(&typed_in, __ATOMIC_ACQUIRE) != typed_out;
}

static void shell_put(const char *text, size_t length)
{
	console_write(console_shell(), (const uint8_t *)text, length);
}

/* A line goes out together with its end: a message in between would have it written twice. */
void shell_write(const char *text, size_t length)
{
	char line[PIECE + 2];

	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t part = MIN(end ? (size_t)(end - text) : length, PIECE);
		size_t ends = text + part == end;

		memcpy(line, text, part);
		memcpy(line + part, "\r\n", 2 * ends);
		shell_put(line, part + 2 * ends);
		text += part + ends;
		length -= part + ends;
	}
}

void shell_printf(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	shell_write(text, strlen(text));
}

static void shell_run(void *opaque)
{
	line_init(&editor, shell_put);
	for (;;) {
		enum line_result result;

		line_begin(&editor);
		shell_put(PROMPT, strlen(PROMPT));
		do {
			result = line_type(&editor, shell_read());
		} while (result == LINE_EDITING);
		if (result == LINE_DONE)
			command_run(editor.text);
	}
}

void shell_start(void)
{
	const struct console_input input = { .receive = shell_receive };

	thread = thread_create("shell", shell_run, NULL);
	if (!thread) {
		log_error("shell: out of memory for the thread");
		return;
	}
	console_shell_input(&input);
}
