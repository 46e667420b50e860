/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "console_world.h"

#include "../../core/port.h"
#include "fake_host.h"

#include <core/log.h>
#include <core/options.h>

struct guest guests[3];

static size_t receive(void *opaque, const uint8_t *bytes, size_t count)
{
	struct guest *guest = opaque;
	size_t taken = MIN(count, guest->room);

	assert_true(fake_no_lock_held());
	memcpy(guest->taken + guest->count, bytes, taken);
	guest->count += taken;
	guest->room -= taken;
	guest->calls++;
	return taken;
}

static void guest_create(unsigned int id)
{
	static const char *const names[] = { "zero", "one", "two" };
	const struct console_input input = { .receive = receive, .opaque = &guests[id] };

	guests[id].console = console_create(names[id], id, &input);
	guests[id].room = sizeof(guests[id].taken);
	assert_non_null(guests[id].console);
}

void write_text(struct console *console, const char *text)
{
	console_write(console, (const uint8_t *)text, strlen(text));
}

void work(void)
{
	assert_true(fake_thread_run("console"));
	assert_true(fake_no_lock_held());
}

void type(const char *text)
{
	fake_type(text);
	console_poll();
	work();
}

int console_setup(void **state)
{
	fake_host_reset();
	log_set_sink(port_write_lines);
	memset(guests, 0, sizeof(guests));
	options_init("");
	console_init();
	console_start();
	console_focus(NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(guests); i++)
		guest_create(i);
	work();
	fake_clear();
	return 0;
}

int console_teardown(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(guests); i++) {
		if (guests[i].console)
			console_destroy(guests[i].console);
	}
	assert_int_equal(fake_objects(), 0);
	return 0;
}
