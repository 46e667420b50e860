/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC of this machine, found in the device tree by plic_init(), and its registers as the
 * RISC-V PLIC specification names them; contexts as QEMU's `virt` numbers them. Written once
 * before other harts run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PLIC_PRIORITY(source) (4 * (unsigned int)(source))
#define PLIC_PENDING(word) (0x1000 + 4 * (unsigned int)(word))
#define PLIC_ENABLE(context, word) \
	(0x2000 + 0x80 * (unsigned int)(context) + 4 * (unsigned int)(word))
#define PLIC_THRESHOLD(context) (0x200000 + 0x1000 * (unsigned int)(context))
#define PLIC_CLAIM(context) (0x200004 + 0x1000 * (unsigned int)(context))

#define PLIC_M(hart) (2 * (unsigned int)(hart))
#define PLIC_S(hart) (2 * (unsigned int)(hart) + 1)

struct plic {
	unsigned long address; /* 0: there is none */
	unsigned long size;
	unsigned int sources; /* the highest */
};

extern struct plic plic;

/* Fills in `plic` from the device tree. */
void plic_init(void);

/* Whether `source` interrupts context `context`. One hart at a time for each context. */
void plic_enable(unsigned int context, unsigned int source, bool on);

bool plic_pending(unsigned int source);

static inline uint32_t plic_read(unsigned int offset)
{
	return *(volatile uint32_t *)(plic.address + offset);
}

static inline void plic_write(unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(plic.address + offset) = value;
}
