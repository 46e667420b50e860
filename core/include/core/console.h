/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console multiplexer: the consoles of the guests and the hypervisor's shell share the one
 * host port. The prefix Ctrl-t chooses. Each console keeps its last output in a ring, shown when
 * it gets the focus. One lock guards all of it.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <core/types.h>

struct console;

/** Who gets the bytes that are typed while a console has the focus. */
struct console_input {
	/**
	 * Takes up to @count bytes, returns how many; the rest is offered again after
	 * console_input_ready(). Thread context, no lock held, one call at a time.
	 */
	size_t (*receive)(void *opaque, const uint8_t *bytes, size_t count);
	void *opaque;
};

/**
 * Takes over the host port from the firmware's console. Until somebody gets the focus, or a key is
 * pressed, only the log is shown. Boot hart, interrupts off.
 */
void console_init(void);

/**
 * Starts the thread that hands out typed bytes, shows the ring of a console that gets the focus,
 * and polls a port without an interrupt. Before it nothing is received. Thread or boot context.
 */
void console_start(void);

/**
 * A console named @name, with number @id for Ctrl-t <id>. @input is copied; NULL when nothing
 * can be typed. NULL when memory is out. Thread context.
 */
struct console *console_create(const char *name, unsigned int id,
			       const struct console_input *input);

/**
 * Takes the console away; when it had the focus the shell gets it. Afterwards its receive is not
 * running and will not be called. Waits: thread context, no spinlock, not from receive itself.
 */
void console_destroy(struct console *console);

/** Output of a guest or of the shell. Any context; a device's lock may be held. */
void console_write(struct console *console, const uint8_t *bytes, size_t count);

/** There is room for typed bytes again: receive is called soon, by the console's thread. Any
 * context; a device's lock may be held. */
void console_input_ready(struct console *console);

/**
 * Takes up to @room typed bytes that receive has not taken, returns how many. For some seconds
 * after it receive is offered nothing unless it asks, so that who polls gets what is typed. Any
 * context.
 */
size_t console_read(struct console *console, uint8_t *bytes, size_t room);

/** The most typed bytes that wait at a console. */
#define CONSOLE_TYPED_MAX 2048

/**
 * Copies the typed bytes that wait, at most CONSOLE_TYPED_MAX, and leaves them there; returns how
 * many. Puts @count others (at most as many) in their place. Thread context.
 */
size_t console_typed(struct console *console, uint8_t *bytes);
void console_typed_replace(struct console *console, const uint8_t *bytes, size_t count);

/** Gives @console (NULL: the shell) the focus and shows its ring. Any context. */
void console_focus(struct console *console);

/** The same when booting is done, unless an operator has gone somewhere by a key. */
void console_focus_first(struct console *console);

/** Whether what @console writes is shown. Any context. */
bool console_has_focus(struct console *console);

/** The shell's own console. */
struct console *console_shell(void);

/** Says who gets what is typed to the shell. While booting. */
void console_shell_input(const struct console_input *input);

/**
 * Copies what the ring has from *@position up to @end, at most @room bytes, and moves *@position
 * behind it; 0 is the oldest. If the ring has lost some of it, it goes on with the first whole line
 * that is left. Returns how many bytes; 0 at @end.
 */
size_t console_read_ring(struct console *console, uint64_t *position, uint64_t end, uint8_t *buffer,
			 size_t room);

struct console_counts {
	uint64_t written; /* bytes of output, ever */
	uint64_t lost; /* typed bytes that found no room */
};

struct console_counts console_counts(struct console *console);

/** Shows what the focused console has written but not shown yet: before the machine ends. Any
 * thread. */
void console_flush(void);

/** The host port's receive interrupt, or a poll when it has none. Interrupts off. */
void console_poll(void);

/** Starts the shell's thread. */
void shell_start(void);

/** Output of a shell command, to whoever gave it. Thread context. */
void shell_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** A shell command: a table entry. */
struct command {
	const char *name; /* "vm list" */
	const char *arguments; /* "<vm>" for the usage line, or "" */
	const char *help;
	/** argv[0] is the word after the name. Returns 0 or a negative errno, printed. */
	int (*run)(unsigned int argc, char *const *argv);
};

#endif
