/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the console have in common: a console, and the lock that guards them all. */
#ifndef CORE_CONSOLE_PARTS_H
#define CORE_CONSOLE_PARTS_H

#include "ring.h"
#include "typed.h"

#include <core/console.h>
#include <core/list.h>
#include <core/lock.h>

#define LINE_SIZE 128

struct console {
	struct list link;
	char name[32];
	unsigned int id;
	struct console_input input;
	struct ring ring;
	struct typed typed;
	uint64_t pulled_until; /* console_read() is in use: nothing is offered */
	uint64_t lost;
	bool offer; /* typed bytes wait and receive may have room */
	bool offering; /* receive is running */
	char line[LINE_SIZE]; /* of output without the focus, for console.show=all */
	size_t line_length;
};

extern struct spinlock console_lock;
extern struct list consoles; /* of the guests, in order of creation */

/**
 * Hands what was typed to those who have room for it. Only the console's thread does, so that
 * receive is called once at a time and bytes stay in order. No lock is held.
 */
void console_offer_all(void);

/**
 * Waits until receive of @console is not running. A thread's; the lock is held before and after,
 * not meanwhile. Returns what the lock saved.
 */
unsigned long console_offered_wait(struct console *console, unsigned long flags)
	REQUIRES(console_lock);

#endif
