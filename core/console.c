/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console multiplexer: which console has the host port (the focus), what each has written
 * (its ring) and what was typed to it. console_lock guards all of it. Output of the focused
 * console goes to the port at once, unless its ring is still being shown: then the console's
 * thread shows what was written meanwhile, too.
 */
#include <core/console.h>

#include "port.h"
#include "typed.h"

#include <core/alloc.h>
#include <core/check.h>
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
#define PULL_US 5000000 /* who reads asks again sooner than this */
#define LINE_SIZE 128
#define ESCAPE_DEFAULT ('t' & 0x1f)

_Static_assert((CONSOLE_RING_SIZE & (CONSOLE_RING_SIZE - 1)) == 0, "ring positions are masked");

struct console {
	struct list link;
	char name[32];
	unsigned int id;
	struct console_input input;
	uint8_t *ring;
	size_t ring_size; /* a power of two */
	uint64_t written; /* bytes ever */
	struct typed typed;
	uint64_t pulled_until; /* console_read() is in use: nothing is offered */
	uint64_t lost;
	bool offer; /* typed bytes wait and receive may have room */
	bool offering; /* receive is running */
	char line[LINE_SIZE]; /* of output without the focus, for console.show=all */
	size_t line_length;
};

static struct spinlock console_lock = SPINLOCK_INIT(LOCK_CONSOLE);
static struct list consoles = { &consoles, &consoles }; /* of the guests, in order of creation */
static uint8_t shell_ring[SHELL_RING_SIZE];
static struct console shell = {
	.link = { &shell.link, &shell.link },
	.name = "shell",
	.ring = shell_ring,
	.ring_size = SHELL_RING_SIZE,
};
static struct console *focus = &shell;
static bool claimed; /* false while booting: nobody's output is shown yet */
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

static void ring_append(struct console *console, const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		size_t at = console->written & (console->ring_size - 1);
		size_t part = MIN(count, console->ring_size - at);

		memcpy(console->ring + at, bytes, part);
		console->written += part;
		bytes += part;
		count -= part;
	}
}

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

/** The oldest byte that the ring still has. */
static uint64_t ring_begin(const struct console *console)
{
	return console->written > console->ring_size ? console->written - console->ring_size : 0;
}

/** Shows the next piece of the focused console's ring. False when all of it is shown. */
static bool show_some(void) REQUIRES(console_lock)
{
	uint64_t begin = ring_begin(focus);
	size_t at, count;

	if (!claimed)
		return false;
	shown = MAX(shown, begin);
	at = shown & (focus->ring_size - 1);
	count = MIN(MIN((uint64_t)SHOW_CHUNK, focus->written - shown), focus->ring_size - at);
	if (count > 0)
		port_write(focus->ring + at, count);
	shown += count;
	return shown != focus->written;
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

/** Where to begin showing: with a whole line when the ring has lost the beginning. */
static uint64_t show_begin(const struct console *console)
{
	uint64_t begin = ring_begin(console);

	for (uint64_t at = begin; begin && at < console->written; at++)
		if (console->ring[at & (console->ring_size - 1)] == '\n')
			return at + 1;
	return begin;
}

/** Without a worker there is nobody else to show the ring. Then it is done at once. */
static void focus_set(struct console *console) REQUIRES(console_lock)
{
	focus = console;
	claimed = true;
	console->line_length = 0;
	shown = show_begin(console);
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

void console_write(struct console *console, const uint8_t *bytes, size_t count)
{
	unsigned long flags = spin_lock(&console_lock);
	bool direct = claimed && console == focus && shown == console->written;

	ring_append(console, bytes, count);
	if (direct) {
		port_write(bytes, count);
		shown = console->written;
	} else if (show_all && console != focus && console != &shell) {
		lines_append(console, bytes, count);
	}
	spin_unlock(&console_lock, flags);
}

size_t console_read_ring(struct console *console, uint64_t *position, uint8_t *buffer, size_t room)
{
	unsigned long flags = spin_lock(&console_lock);
	size_t count;

	*position = MAX(*position, ring_begin(console));
	count = *position < console->written ? MIN(room, console->written - *position) : 0;
	for (size_t i = 0; i < count; i++)
		buffer[i] = console->ring[(*position)++ & (console->ring_size - 1)];
	spin_unlock(&console_lock, flags);
	return count;
}

struct console_counts console_counts(struct console *console)
{
	unsigned long flags = spin_lock(&console_lock);
	struct console_counts counts = { .written = console->written, .lost = console->lost };

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

size_t console_read(struct console *console, uint8_t *bytes, size_t room)
{
	unsigned long flags = spin_lock(&console_lock);
	/* What is being offered at this moment is not to be had twice. */
	size_t count = console->offering ? 0 : typed_peek(&console->typed, bytes, room);

	console->typed.out += count;
	console->offer = false;
	console->pulled_until = time_now() + us_to_ticks(PULL_US);
	spin_unlock(&console_lock, flags);
	return count;
}

/** Hands bytes to @console's receive, with the lock released; the lock is held again after it. */
static unsigned long offer_to(struct console *console, unsigned long flags)
	REQUIRES(console_lock) NO_THREAD_SAFETY
{
	uint8_t bytes[64];
	size_t count = typed_peek(&console->typed, bytes, sizeof(bytes)), taken;

	console->offer = false;
	console->offering = true;
	spin_unlock(&console_lock, flags);
	taken = console->input.receive(console->input.opaque, bytes, count);
	flags = spin_lock(&console_lock);
	console->offering = false;
	console->typed.out += MIN(taken, count);
	/* Room that came up meanwhile has set offer again. */
	if (taken >= count && !typed_empty(&console->typed))
		console->offer = true;
	return flags;
}

static struct console *console_to_offer(void) REQUIRES(console_lock)
{
	if (shell.offer)
		return &shell;
	list_for_each(item, &consoles) {
		struct console *console = container_of(item, struct console, link);

		if (console->offer)
			return console;
	}
	return NULL;
}

/** Only the worker offers, so that receive is called once at a time and bytes stay in order. */
static void offer_all(void) NO_THREAD_SAFETY
{
	unsigned long flags = spin_lock(&console_lock);
	struct console *console;

	while ((console = console_to_offer()) != NULL)
		flags = offer_to(console, flags);
	spin_unlock(&console_lock, flags);
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
		offer_all();
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
	claimed = false;
	if (!port_open())
		log_warn("console: no serial port; the firmware's console is for output only");
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
	if (error == 0 || error == -ENODEV)
		return;
	log_warn("console: the port has no interrupt (error %d) and is polled", -error);
	polling = true;
	thread_wake(worker);
}

struct console *console_create(const char *name, unsigned int id, const struct console_input *input)
{
	struct console *console = alloc_zero(sizeof(*console));
	unsigned long flags;

	if (!console)
		return NULL;
	console->ring_size = CONSOLE_RING_SIZE;
	console->ring = alloc_zero(console->ring_size);
	if (!console->ring) {
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

void console_destroy(struct console *console)
{
	unsigned long flags = spin_lock(&console_lock);

	CHECK(console != &shell);
	list_remove(&console->link);
	if (focus == console) {
		notice("--- VM %u, %s, is gone ---\n", console->id, console->name);
		focus_set(&shell);
	}
	while (console->offering) {
		spin_unlock(&console_lock, flags);
		thread_sleep(100);
		flags = spin_lock(&console_lock);
	}
	spin_unlock(&console_lock, flags);
	if (worker)
		thread_wake(worker);
	alloc_free(console->ring);
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
