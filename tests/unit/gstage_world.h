/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One G-stage table for the tests of them, which none has made yet when a test begins, and which
 * must leave no page behind. One thread.
 */
#ifndef GSTAGE_WORLD_H
#define GSTAGE_WORLD_H

#include "gstage_walker.h"

#include <arch/gstage.h>

/* Somewhere that no table is: mapped memory is never touched. */
#define HOST UINT64_C(0x4000000000)
#define OWNER page_owner_vm(1)

extern struct gstage gstage;
extern uint64_t free_before; /* pages; as many have to be free after the test */

/** Both return 0. */
int gstage_setup(void **state);
int gstage_teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, gstage_setup, gstage_teardown)

/** Where @at leads; both walks agree. */
static inline struct walk look(uint64_t at)
{
	return walker_look(&gstage, at);
}

static inline int map(uint64_t at, uint64_t to, uint64_t size)
{
	return gstage_map(&gstage, gpa(at), hpa(to), size, RWX);
}

/** What all of the tables say, which are sound. */
uint64_t gstage_digest(void);

#endif
