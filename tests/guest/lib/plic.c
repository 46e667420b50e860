/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the PLIC. `plic` is written once, before other harts run.
 */
#include "plic.h"
#include "fdt.h"

struct plic plic;

void plic_init(void)
{
	struct fdt_device device = fdt_device("sifive,plic-1.0.0");

	if (!device.address)
		return;
	plic.address = device.address;
	plic.size = device.size;
	plic.sources = (unsigned int)fdt_number(device.path, "riscv,ndev", 0);
}

void plic_enable(unsigned int context, unsigned int source, bool on)
{
	unsigned int word = PLIC_ENABLE(context, source / 32);
	uint32_t bit = UINT32_C(1) << source % 32;

	plic_write(word, on ? plic_read(word) | bit : plic_read(word) & ~bit);
}

bool plic_pending(unsigned int source)
{
	return plic_read(PLIC_PENDING(source / 32)) >> source % 32 & 1;
}
