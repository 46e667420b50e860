/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console multiplexer: which console has the host port (the focus), what each has written
 * (its ring) and what was typed to it. console_lock guards all of it. Output of the focused
 * console goes to the port at once, unless its ring is still being shown: then the console's
 * thread shows what was written meanwhile, too.
 */
#include <core/console.h>

#include "console_parts.h"
#include "port.h"

#include <core/alloc.h>
#include <core/check.h>
#include <core/finding.h>
#include <core/list.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/options.h>
#include <core/thread.h>
#include <core/timer.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHELL_RING_SIZE KIB(8)
#define SHOW_CHUNK 512 /* bytes written to the port with interrupts off */
#define POLL_US 10000
#define ESCAPE_DEFAULT ('t' & 0x1f)

_Static_assert((CONSOLE_RING_SIZE & (CONSOLE_RING_SIZE - 1)) == 0, "ring positions are masked");

struct spinlock console_lock = SPINLOCK_INIT(LOCK_CONSOLE);
struct list consoles = { &consoles, &consoles };
static uint8_t shell_ring[SHELL_RING_SIZE];
static struct console shell = {
	.link = { &shell.link, &shell.link },
	.name = "shell",
	.ring = { .bytes = shell_ring, .size = SHELL_RING_SIZE },
};
static struct console *focus = &shell;
static bool claimed; /* false while booting: nobody's output is shown yet */
static bool chosen; /* by a key, whatever console it was */
static uint64_t shown; /* how far the output of the focused console went to the port */
static int escape = ESCAPE_DEFAULT; /* the prefix, or OPTION_ESCAPE_NONE */
static bool escape_seen;
static bool show_all; /* whole lines of consoles without the focus are shown, too */
static bool polling; /* the port has no receive interrupt */
static struct thread *worker;

/** How the prefix is typed: "Ctrl-t". Valid until the next call. */
static const char *escape_name(void)
{
	static char name[] = "Ctrl-t";

	name[5] = (char)(escape | 0x40);
	if (name[5] >= 'A' && name[5] <= 'Z')
		name[5] |= 0x20;
	return name;
}

/** A line of ours on the port, at the beginning of a line. */
static void __attribute__((format(printf, 1, 2))) notice(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	port_write_lines(text, strlen(text));
}

static void show_help(void)
{
	const char *name = escape_name();

	notice("%s and then: 0 to 9  console of that VM    n, p  next, previous console\n"
	       "                 q       the shell             ?     this help\n"
	       "                 %s  %s itself\n",
	       name, name, name);
}

/* ---- output ---- */

/** Shows output without the focus: line by line, behind the console's name. */
static void lines_append(struct console *console, const uint8_t *bytes, size_t count)
	REQUIRES(console_lock)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t byte = bytes[i];

		if (byte >= ' ' && byte <= '~')
			console->line[console->line_length++] = (char)byte;
		if (console->line_length < LINE_SIZE && byte != '\n')
			continue;
		notice("%s| %.*s\n", console->name, (int)console->line_length, console->line);
		console->line_length = 0;
	}
}

/** Shows the next piece of the focused console's ring. False when all of it is shown. */
static bool show_some(void) REQUIRES(console_lock)
{
	const uint8_t *piece;
	size_t count;

	if (!claimed)
		return false;
	count = ring_piece(&focus->ring, &shown, SHOW_CHUNK, &piece);
	if (count > 0)
		port_write(piece, count);
	shown += count;
	return shown != focus->ring.written;
}

/** Shows all that is left, with interrupts on in between. */
static void show_rest(void)
{
	bool more;

	do {
		unsigned long flags = spin_lock(&console_lock);

		more = show_some();
		spin_unlock(&console_lock, flags);
	} while (more);
}

/** Without a worker there is nobody else to show the ring. Then it is done at once. */
static void focus_set(struct console *console) REQUIRES(console_lock)
{
	focus = console;
	claimed = true;
	console->line_length = 0;
	shown = ring_begin_line(&console->ring);
	port_end_line();
	if (console == &shell)
		notice("--- shell ---\n");
	else if (escape != OPTION_ESCAPE_NONE)
		notice("--- console of VM %u, %s (%s ? for help) ---\n", console->id, console->name,
		       escape_name());
	else
		notice("--- console of VM %u, %s ---\n", console->id, console->name);
	while (!worker && show_some())
		;
}

void console_focus(struct console *console)
{
	unsigned long flags = spin_lock(&console_lock);

	focus_set(console ? console : &shell);
	spin_unlock(&console_lock, flags);
	if (worker)
		thread_wake(worker);
}

void console_focus_first(struct console *console)
{
	unsigned long flags = spin_lock(&console_lock);

	if (!chosen)
		focus_set(console ? console : &shell);
	spin_unlock(&console_lock, flags);
	if (worker)
		thread_wake(worker);
}

bool console_has_focus(struct console *console)
{
	unsigned long flags = spin_lock(&console_lock);
	bool has = claimed && focus == console;

	spin_unlock(&console_lock, flags);
	return has;
}

void console_write(struct console *console, const uint8_t *bytes, size_t count)
{
	unsigned long flags = spin_lock(&console_lock);
	bool direct = claimed && console == focus && shown == console->ring.written;

	ring_append(&console->ring, bytes, count);
	if (direct) {
		port_write(bytes, count);
		shown = console->ring.written;
	} else if (show_all && console != focus && console != &shell) {
		lines_append(console, bytes, count);
	}
	spin_unlock(&console_lock, flags);
}

size_t console_read_ring(struct console *console, uint64_t *position, uint64_t end, uint8_t *buffer,
			 size_t room)
{
	unsigned long flags = spin_lock(&console_lock);
	uint64_t begin = ring_begin(&console->ring);
	size_t total = 0, count;
	const uint8_t *piece;

	if (*position < begin) {
		*position = ring_begin_line(&console->ring);
		/* A line that is longer than the ring is shown without its beginning. */
		if (*position >= end)
			*position = begin;
	}
	if (*position < end)
		room = MIN(room, end - *position);
	else
		room = 0;
	while ((count = ring_piece(&console->ring, position, room - total, &piece)) > 0) {
		memcpy(buffer + total, piece, count);
		*position += count;
		total += count;
	}
	spin_unlock(&console_lock, flags);
	return total;
}

struct console_counts console_counts(struct console *console)
{
	unsigned long flags = spin_lock(&console_lock);
	struct console_counts counts = { .written = console->ring.written, .lost = console->lost };

	spin_unlock(&console_lock, flags);
	return counts;
}

/* ---- input ---- */

static void type_byte(struct console *console, uint8_t byte) REQUIRES(console_lock)
{
	if (!console->input.receive)
		return;
	if (typed_put(&console->typed, byte))
		console->offer = time_now() >= console->pulled_until;
	else
		console->lost++;
}

static struct console *console_by_id(unsigned int id) REQUIRES(console_lock)
{
	list_for_each(item, &consoles) {
		struct console *console = container_of(item, struct console, link);

		if (console->id == id)
			return console;
	}
	return NULL;
}

/** The console of a guest after or before the focused one, round in a circle. */
static void focus_step(bool forward) REQUIRES(console_lock)
{
	struct list *at = focus == &shell ? &consoles : &focus->link;

	at = forward ? at->next : at->prev;
	if (at == &consoles)
		at = forward ? at->next : at->prev;
	if (at == &consoles)
		notice("--- there is no VM ---\n");
	else
		focus_set(container_of(at, struct console, link));
}

static void escape_command(uint8_t byte) REQUIRES(console_lock)
{
	chosen = true;
	if (byte >= '0' && byte <= '9') {
		struct console *console = console_by_id(byte - '0');

		if (console)
			focus_set(console);
		else
			notice("--- there is no VM %c ---\n", byte);
	} else if (byte == 'n' || byte == 'p') {
		focus_step(byte == 'n');
	} else if (byte == 'q') {
		focus_set(&shell);
	} else if (byte == escape) {
		type_byte(focus, byte);
	} else {
		show_help();
	}
}

#define POLL_BYTES 256
static bool more_typed; /* console_poll() left off; written under the lock */

static void receive_byte(uint8_t byte) REQUIRES(console_lock)
{
	if (escape_seen) {
		escape_seen = false;
		escape_command(byte);
	} else if (byte == escape) {
		escape_seen = true;
	} else {
		if (!claimed)
			focus_set(&shell);
		type_byte(focus, byte);
	}
}

void console_poll(void)
{
	unsigned long flags = spin_lock(&console_lock);
	uint8_t bytes[64];
	size_t count, total = 0;

	/*
	 * Until it is empty, for an edge-triggered interrupt would not come again; but not for
	 * longer than a burst takes with interrupts off: the worker goes on then.
	 */
	while (total < POLL_BYTES && (count = port_read(bytes, sizeof(bytes))) > 0) {
		for (size_t i = 0; i < count; i++)
			receive_byte(bytes[i]);
		total += count;
	}
	more_typed = total >= POLL_BYTES;
	spin_unlock(&console_lock, flags);
	if (total && worker)
		thread_wake(worker);
}

void console_input_ready(struct console *console)
{
	unsigned long flags = spin_lock(&console_lock);
	bool wake = !typed_empty(&console->typed);

	console->offer = wake;
	spin_unlock(&console_lock, flags);
	if (wake && worker)
		thread_wake(worker);
}

void console_flush(void)
{
	show_rest();
}

static void worker_run(void *opaque)
{
	for (;;) {
		if (polling || __atomic_load_n(&more_typed, __ATOMIC_ACQUIRE))
			console_poll();
		console_offer_all();
		show_rest();
		if (!__atomic_load_n(&more_typed, __ATOMIC_ACQUIRE))
			thread_wait(polling ? time_now() + us_to_ticks(POLL_US) : TIMER_NEVER);
	}
}

/* ---- life ---- */

void console_init(void)
{
	const char *value = option_get("console.escape");

	if (value)
		escape = option_parse_escape(value);
	show_all = option_has("console.show", "all");
	claimed = chosen = false;
	port_open();
}

void console_start(void)
{
	int error;

	worker = thread_create("console", worker_run, NULL);
	if (!worker) {
		log_error("console: out of memory for the thread; nothing can be typed");
		return;
	}
	error = port_start(console_poll);
	if (error == 0)
		return;
	finding_add(FINDING_LESS, "console",
		    "%s has no interrupt that can be used (error %d): polled", port_name(), -error);
	polling = true;
	thread_wake(worker);
}

struct console *console_create(const char *name, unsigned int id, const struct console_input *input)
{
	struct console *console = alloc_zero(sizeof(*console));
	unsigned long flags;

	if (!console)
		return NULL;
	console->ring.size = CONSOLE_RING_SIZE;
	console->ring.bytes = alloc_zero(CONSOLE_RING_SIZE);
	if (!console->ring.bytes) {
		alloc_free(console);
		return NULL;
	}
	snprintf(console->name, sizeof(console->name), "%s", name);
	console->id = id;
	if (input)
		console->input = *input;
	flags = spin_lock(&console_lock);
	list_insert(&consoles, &console->link);
	spin_unlock(&console_lock, flags);
	return console;
}

void console_destroy(struct console *console) NO_THREAD_SAFETY
{
	unsigned long flags = spin_lock(&console_lock);

	CHECK(console != &shell);
	list_remove(&console->link);
	if (focus == console) {
		notice("--- VM %u, %s, is gone ---\n", console->id, console->name);
		focus_set(&shell);
	}
	flags = console_offered_wait(console, flags);
	spin_unlock(&console_lock, flags);
	if (worker)
		thread_wake(worker);
	alloc_free(console->ring.bytes);
	alloc_free(console);
}

struct console *console_shell(void)
{
	return &shell;
}

void console_shell_input(const struct console_input *input)
{
	shell.input = *input;
}
