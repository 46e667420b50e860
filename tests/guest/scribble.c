/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes all over a quarter of its RAM, on all its harts, and reads back what it wrote: for tests
 * that log, copy or move the memory of a guest. Each hart has words of its own in each page.
 * Arguments: count=<writes of each hart> (100000; 0 for ever), dwell=<writes to a page in a row>
 * (1), key=1: for ever, but ends when a key is typed; sweep=1: one hart writes page by page
 * instead, once for each key that is typed, and tells how long that took.
 */
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#define PAGE_SIZE 4096ul
#define WORDS (PAGE_SIZE / 8)
#define UART_RBR 0
#define UART_LSR 5
#define UART_LSR_DR 1

const char payload_name[] = "scribble";

static unsigned long base, pages, count, dwell;
static volatile uint8_t *uart;
static volatile bool by_key, ended;
static volatile unsigned long lost[MAX_HARTS];

static unsigned long random_next(unsigned long *state)
{
	unsigned long z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static volatile unsigned long *word_of(unsigned long page, unsigned long hart)
{
	return (volatile unsigned long *)(base + page * PAGE_SIZE) + hart % WORDS;
}

/* A value that is not where it was written: what is there, and where it is. */
static void report(unsigned long page, unsigned long value, unsigned long found)
{
	unsigned long hart = this_hart()->id;

	print("hart %lu: page %lu has %#lx, not %#lx, then %#lx", hart, page, found, value,
	      *word_of(page, hart));
	for (unsigned long p = 0; p < pages; p++)
		for (unsigned long word = 0; word < WORDS; word++)
			if (*word_of(p, word) == value)
				print("it is in page %lu, word %lu", p, word);
}

static bool typed(void)
{
	return uart[UART_LSR] & UART_LSR_DR;
}

/* What it writes to a page says when: it must find the last of that there. */
static void scribble(void *argument)
{
	unsigned long hart = this_hart()->id, state = hart;
	unsigned long page = 0, last = *word_of(0, hart);

	(void)argument;
	for (unsigned long i = 1; by_key ? !ended : !count || i <= count; i++) {
		unsigned long found = *word_of(page, hart);

		if (found != last && lost[hart]++ < 4)
			report(page, last, found);
		if (i % dwell == 0)
			page = random_next(&state) % pages;
		last = i << 8 | hart;
		*word_of(page, hart) = last;
		if (by_key && hart == boot_hart && i % 65536 == 0)
			ended = typed();
	}
}

static unsigned long sweep_once(void)
{
	unsigned long begin = time_now();

	for (unsigned long page = 0; page < pages; page++)
		*word_of(page, 0) = page;
	return time_now() - begin;
}

static void sweep(void)
{
	for (unsigned int i = 1;; i++) {
		while (!typed())
			relax();
		(void)uart[UART_RBR];
		print("sweep %u of %lu pages: %lu ticks", i, pages, sweep_once());
	}
}

void payload_main(void)
{
	struct fdt_device memory = fdt_memory();

	base = memory.address + memory.size / 2;
	pages = memory.size / 4 / PAGE_SIZE;
	dwell = args_number("dwell", 1);
	count = args_number("count", 100000);
	by_key = args_number("key", 0);
	uart = (volatile uint8_t *)fdt_device("ns16550a").address;
	print("scribble on %lu pages at %#lx, %u harts", pages, base, hart_count);
	if (args_number("sweep", 0))
		sweep();
	test_begin("scribble");
	CHECK(harts_run(hart_count, scribble, 0, 3600), "a hart did not end");
	for (unsigned int i = 0; i < hart_count; i++)
		CHECK_EQ(lost[hart_ids[i]], 0, "number of lost writes");
	test_end();
}
