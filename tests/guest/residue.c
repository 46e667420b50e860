/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks at each doubleword of its RAM that is not its own image or device tree for what another VM
 * left there, then writes to all of it. Arguments: fill=<0|1> (1), stay=<0|1> (0): 1 to sleep
 * instead of shutting down.
 */
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/test.h"

const char payload_name[] = "residue";

#define PAGE 4096ul
#define PATTERN 0x5ec2e7005ec2e700ul

static bool is_own(uint64_t page)
{
	extern char _image_start[], _image_end[];

	return (page + PAGE > (uint64_t)_image_start && page < (uint64_t)_image_end) ||
	       (page + PAGE > fdt_address() && page < fdt_address() + fdt_size());
}

static unsigned long scan(uint64_t start, uint64_t end)
{
	unsigned long found = 0;

	for (uint64_t page = start; page < end; page += PAGE) {
		const unsigned long *words = (const unsigned long *)page;

		if (is_own(page))
			continue;
		for (unsigned int i = 0; i < PAGE / 8; i++)
			if (words[i] && found++ < 8)
				print("  %#lx at %#lx", words[i], (unsigned long)&words[i]);
	}
	return found;
}

static void fill(uint64_t start, uint64_t end)
{
	for (uint64_t page = start; page < end; page += PAGE) {
		unsigned long *words = (unsigned long *)page;

		for (unsigned int i = 0; !is_own(page) && i < PAGE / 8; i++)
			words[i] = PATTERN | i;
	}
}

void payload_main(void)
{
	struct fdt_device memory = fdt_memory();
	uint64_t end = memory.address + memory.size;

	test_begin("all of the ram is zero");
	CHECK_EQ(scan(memory.address, end), 0, "doublewords that are not zero");
	test_end();
	if (args_number("fill", 1))
		fill(memory.address, end);
	print("residue ready");
	while (args_number("stay", 0))
		wfi();
}
