/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who owns host memory that no bank of the page allocator has, so that terabytes of it can be
 * somebody's: the test says it. Needs the linker's --wrap for page_owner() and page_owner_next().
 * One thread.
 */
#ifndef FAKE_OWNER_H
#define FAKE_OWNER_H

#include <core/page.h>

/* Whose a page is that ranges have in the middle: only debug builds look there. */
#ifdef DEBUG
#define FAKE_OWNED_WITHIN(owner, otherwise) (owner)
#else
#define FAKE_OWNED_WITHIN(owner, otherwise) (otherwise)
#endif

struct fake_owned {
	uint64_t at, size; /* bytes, pages */
	uint16_t owner;
};

/** From now on, in the order of addresses. What is not in @owned is as page_owner() has it. */
void fake_owners_set(const struct fake_owned *owned, unsigned int count);

/** Whether all of a range is @owner's. */
bool fake_owner_has(uint64_t at, uint64_t size, uint16_t owner);

#endif
