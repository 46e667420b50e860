/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console multiplexer: typed bytes, output, focus, and guests that come, go and take what they
 * like. Each guest's ring has what it wrote, and nobody gets bytes after he has gone. The console's
 * thread runs when the input says so; one at a time.
 */
#include "../../core/port.h"

#include <core/console.h>
#include <core/log.h>
#include <core/options.h>
#include <string.h>

#include "fake_host.h"
#include "input.h"

#define GUESTS 3
#define RING 65536
#define TYPED_MOST 16384 /* in one input: what the fake port has room for */

static struct guest {
	struct console *console;
	size_t room;
	size_t written;
	uint8_t output[RING];
} guests[GUESTS];

static uint64_t ticks;

static size_t receive(void *opaque, const uint8_t *bytes, size_t count)
{
	struct guest *guest = opaque;
	size_t taken = MIN(count, guest->room);
	volatile uint8_t sum = 0;

	MUST(guest->console && count > 0 && fake_no_lock_held());
	for (size_t i = 0; i < count; i++)
		sum ^= bytes[i];
	guest->room -= taken;
	return taken;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fake_host_reset();
	options_init("");
	console_init();
	console_start();
	log_set_sink(port_write_lines);
	return 0;
}

static void guest_come_or_go(unsigned int index)
{
	struct guest *guest = &guests[index];
	const struct console_input functions = { receive, guest };

	if (guest->console) {
		console_destroy(guest->console);
		guest->console = NULL;
		return;
	}
	guest->written = guest->room = 0;
	guest->console = console_create("guest", index, index == 2 ? NULL : &functions);
	MUST(guest->console);
}

static void guest_write(struct guest *guest, const uint8_t *bytes, size_t count)
{
	if (!guest->console || guest->written + count > RING)
		return;
	memcpy(guest->output + guest->written, bytes, count);
	guest->written += count;
	console_write(guest->console, bytes, count);
}

static void ring_check(struct guest *guest)
{
	uint8_t bytes[100];
	uint64_t position = 0;
	size_t at = 0, count;

	if (!guest->console)
		return;
	MUST(console_counts(guest->console).written == guest->written);
	while ((count = console_read_ring(guest->console, &position, UINT64_MAX, bytes,
					  sizeof(bytes)))) {
		MUST(at + count <= guest->written);
		MUST(memcmp(bytes, guest->output + at, count) == 0);
		at += count;
	}
	MUST(at == guest->written);
}

static void work(void)
{
	console_poll();
	fake_thread_run("console");
	MUST(fake_no_lock_held());
}

static void step(struct input *input)
{
	struct guest *guest = &guests[input_below(input, GUESTS)];
	static size_t typed;
	const uint8_t *bytes;
	uint8_t buffer[32];
	size_t count;

	switch (input_below(input, 8)) {
	case 0:
		guest_come_or_go((unsigned int)(guest - guests));
		break;
	case 1:
		bytes = input_bytes(input, input_below(input, 100), &count);
		guest_write(guest, bytes, count);
		break;
	case 2:
	case 3:
		bytes = input_bytes(input, input_below(input, 32), &count);
		if (typed + count <= TYPED_MOST)
			fake_type_bytes(bytes, count);
		break;
	case 4:
		console_focus(guest->console);
		break;
	case 5:
		guest->room = input_below(input, 64);
		if (guest->console)
			console_input_ready(guest->console);
		break;
	case 6:
		if (guest->console)
			console_read(guest->console, buffer, input_below(input, sizeof(buffer)));
		break;
	default:
		fake_time_set(ticks += input_number(input) & 0xffffffff);
		work();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, MIN(size, (size_t)TYPED_MOST) };

	while (input.left) {
		step(&input);
		MUST(fake_no_lock_held());
		fake_clear();
	}
	for (unsigned int i = 0; i < GUESTS; i++) {
		ring_check(&guests[i]);
		if (guests[i].console)
			guest_come_or_go(i);
	}
	MUST(fake_objects() == 0);
	/* Whatever was typed is taken from the port in the end, and no prefix is left open. */
	console_focus(NULL);
	for (unsigned int i = 0; i < 8; i++) {
		fake_time_set(ticks += FAKE_TIMEBASE * UINT64_C(60));
		work();
	}
	fake_type("\r");
	work();
	fake_clear();
	return 0;
}
