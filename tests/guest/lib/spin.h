/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standing still with chosen registers (spin.S). A struct spin belongs to one hart.
 */
#pragma once

/* Offsets in struct spin that assembly uses. */
#define SPIN_FOUND 256
#define SPIN_CONTEXT 512

#ifndef __ASSEMBLER__

#include <stdint.h>

struct spin {
	uint64_t loaded[32]; /* x1 to x31 while it stands still */
	uint64_t found[32]; /* what they were in the end */
	uint64_t context[32];
};

/*
 * Loads x1 to x31 and stays at spin_here until somebody outside sets pc to spin_end and sscratch to
 * the address of the struct. Interrupts must be off; sscratch is lost.
 */
void spin_run(struct spin *spin);

extern const char spin_here[], spin_end[];

#endif
