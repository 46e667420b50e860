/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks at a page whose memory the hypervisor changes again and again (its shell's `vm remap`): on
 * all harts, for ever, that what the page shows is never older than what was announced. Tells the
 * page's address first, then now and then how often it looked, and at once what it should not see.
 */
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/test.h"

#define PAGE_SIZE 4096ul

const char payload_name[] = "remap";

static volatile unsigned long *page, *announced;

static void look(void *argument)
{
	unsigned long looks = 0, reported = 0;

	(void)argument;
	for (;;) {
		unsigned long least = __atomic_load_n(announced, __ATOMIC_SEQ_CST);
		unsigned long seen = __atomic_load_n(page, __ATOMIC_SEQ_CST);

		if (seen < least && reported++ < 10)
			print("stale: %lu after %lu", seen, least);
		if (!(++looks & 0xffffff))
			print("looked %lu times, at %lu", looks, seen);
	}
}

void payload_main(void)
{
	struct fdt_device memory = fdt_memory();

	page = (volatile unsigned long *)(memory.address + memory.size / 2);
	announced = (volatile unsigned long *)((unsigned long)page + 2 * PAGE_SIZE);
	*page = *announced = 0;
	print("remap me: %#lx, %u harts", (unsigned long)page, hart_count);
	harts_run(hart_count, look, 0, 3600);
}
