/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks at a page whose memory the hypervisor changes again and again (its shell's `vm remap`): on
 * all harts, for ever, that what the page shows is never older than what was announced. Tells the
 * page's address first, then now and then how often each hart looked and how many numbers it saw,
 * and at once what it should not see.
 */
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/test.h"

#define PAGE_SIZE 4096ul

const char payload_name[] = "remap";

static volatile unsigned long *page, *announced;

#define LOOKS_TOLD 0x100000ul

static void look(void *argument)
{
	unsigned int hart = __atomic_fetch_add((unsigned int *)argument, 1, __ATOMIC_RELAXED);
	unsigned long looks = 0, reported = 0, last = 0, numbers = 0;

	for (;;) {
		unsigned long least = __atomic_load_n(announced, __ATOMIC_SEQ_CST);
		unsigned long seen = __atomic_load_n(page, __ATOMIC_SEQ_CST);

		if (seen < least && reported++ < 10)
			print("stale: %lu after %lu", seen, least);
		numbers += seen != last;
		last = seen;
		if (!(++looks % LOOKS_TOLD))
			print("hart %u looked %lu times, at %lu, saw %lu", hart, looks, seen,
			      numbers);
	}
}

void payload_main(void)
{
	struct fdt_device memory = fdt_memory();
	unsigned int next = 0;

	page = (volatile unsigned long *)(memory.address + memory.size / 2);
	announced = (volatile unsigned long *)((unsigned long)page + 2 * PAGE_SIZE);
	*page = *announced = 0;
	print("remap me: %#lx, %u harts", (unsigned long)page, hart_count);
	harts_run(hart_count, look, &next, 3600);
}
