/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of fake_owner.h. One thread.
 */
#include "fake_owner.h"

uint16_t __wrap_page_owner(hpa_t at);
uint16_t __real_page_owner(hpa_t at);
hpa_t __wrap_page_owner_next(hpa_t at);
hpa_t __real_page_owner_next(hpa_t at);

static const struct fake_owned *table;
static unsigned int table_count;

void fake_owners_set(const struct fake_owned *owned, unsigned int count)
{
	table = owned;
	table_count = count;
}

static const struct fake_owned *owned_at(uint64_t at)
{
	for (unsigned int i = 0; i < table_count; i++)
		if (at - table[i].at < table[i].size)
			return &table[i];
	return NULL;
}

uint16_t __wrap_page_owner(hpa_t at)
{
	const struct fake_owned *owned = owned_at(at.v);

	return owned ? owned->owner : __real_page_owner(at);
}

hpa_t __wrap_page_owner_next(hpa_t at)
{
	const struct fake_owned *owned = owned_at(at.v);
	hpa_t next;

	if (owned)
		return hpa(owned->at + owned->size);
	next = __real_page_owner_next(at);
	for (unsigned int i = 0; i < table_count; i++)
		if (table[i].at > at.v && table[i].at < next.v)
			next = hpa(table[i].at);
	return next;
}

bool fake_owner_has(uint64_t at, uint64_t size, uint16_t owner)
{
	for (uint64_t end = at + size; at < end;) {
		const struct fake_owned *owned = owned_at(at);

		if (!owned || owned->owner != owner)
			return false;
		at = owned->at + owned->size;
	}
	return true;
}
