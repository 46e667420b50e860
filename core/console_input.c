/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How what was typed to a console comes to who reads it: offered by the console's thread, or
 * pulled, or taken whole when a VM is saved. Guarded by console_lock.
 */
#include "console_parts.h"

#include <core/thread.h>
#include <core/timer.h>

#define PULL_US 5000000 /* who reads asks again sooner than this */

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

_Static_assert(CONSOLE_TYPED_MAX == TYPED_SIZE, "all_that_waits_is_saved");

unsigned long console_offered_wait(struct console *console, unsigned long flags) NO_THREAD_SAFETY
{
	while (console->offering) {
		spin_unlock(&console_lock, flags);
		thread_sleep(100);
		flags = spin_lock(&console_lock);
	}
	return flags;
}

size_t console_typed(struct console *console, uint8_t *bytes) NO_THREAD_SAFETY
{
	unsigned long flags = console_offered_wait(console, spin_lock(&console_lock));
	size_t count = typed_peek(&console->typed, bytes, TYPED_SIZE);

	spin_unlock(&console_lock, flags);
	return count;
}

void console_typed_replace(struct console *console, const uint8_t *bytes,
			   size_t count) NO_THREAD_SAFETY
{
	unsigned long flags = console_offered_wait(console, spin_lock(&console_lock));

	console->typed.out = console->typed.in;
	for (size_t i = 0; i < count; i++)
		typed_put(&console->typed, bytes[i]);
	spin_unlock(&console_lock, flags);
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
	struct console *shell = console_shell();

	if (shell->offer)
		return shell;
	list_for_each(item, &consoles) {
		struct console *console = container_of(item, struct console, link);

		if (console->offer)
			return console;
	}
	return NULL;
}

void console_offer_all(void) NO_THREAD_SAFETY
{
	unsigned long flags = spin_lock(&console_lock);
	struct console *console;

	while ((console = console_to_offer()) != NULL)
		flags = offer_to(console, flags);
	spin_unlock(&console_lock, flags);
}
