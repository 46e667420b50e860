/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest interrupt files of the fake harts: registers in memory, which the functions of
 * arch/vsfile.h act on as the AIA says. Each access is checked: a file is read and written on its
 * own hart only, and a store goes anywhere. Pending bits are atomic, so threads may be harts.
 */
#ifndef FAKE_VSFILE_H
#define FAKE_VSFILE_H

#include "fake_hart.h"

#define FAKE_LINES 64

struct fake_vsfile {
	uint64_t pending[4], enabled[4]; /* 255 identities */
	uint64_t threshold, delivery;
	bool watched;
};

extern struct fake_vsfile fake_vsfiles[FAKE_HARTS][FAKE_LINES];
extern unsigned int fake_vsfile_identities; /* of all of them; 0: no files */

/** All registers hold rubbish, as after power-on. */
void fake_vsfile_reset(void);

#endif
