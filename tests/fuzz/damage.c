/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See damage.h. Nothing moves: what is to disappear becomes FDT_NOP. No threads, no locks.
 */
#include "damage.h"

#include <libfdt.h>
#include <string.h>

#define PLACES 4096

/** A property, or a node with all that is in it, as offsets from the blob's beginning. */
struct place {
	uint32_t at, end;
	uint32_t value, length; /* of a property */
	bool node;
};

static struct place places[PLACES];
static unsigned int place_count;

static uint32_t cell(const uint8_t *blob, uint32_t at)
{
	return fdt32_ld((const fdt32_t *)(blob + at));
}

static void cell_set(uint8_t *blob, uint32_t at, uint32_t value)
{
	fdt32_st(blob + at, value);
}

/** Finds all properties, and all nodes but the root. */
static void places_find(const uint8_t *blob)
{
	uint32_t base = fdt_off_dt_struct(blob), at = 0;
	unsigned int open[64], depth = 0;
	int next;

	place_count = 0;
	for (;; at = (uint32_t)next) {
		uint32_t tag = fdt_next_tag(blob, (int)at, &next);
		struct place *place = &places[place_count];

		if (next < 0 || tag == FDT_END || place_count == PLACES || depth == 64)
			return;
		if (tag == FDT_PROP || tag == FDT_BEGIN_NODE) {
			*place = (struct place){ base + at, base + (uint32_t)next, 0, 0,
						 tag == FDT_BEGIN_NODE };
			if (tag == FDT_PROP) {
				place->value = base + at + 12;
				place->length = cell(blob, base + at + 4);
			} else {
				open[depth++] = place_count;
			}
			place_count++;
		} else if (tag == FDT_END_NODE && depth) {
			places[open[--depth]].end = base + (uint32_t)next;
		}
	}
}

static void vanish(uint8_t *blob, const struct place *place)
{
	for (uint32_t at = place->at; at < place->end; at += 4)
		cell_set(blob, at, FDT_NOP);
}

/** A number where things go wrong. */
static uint32_t odd_number(uint64_t dice)
{
	switch (dice % 8) {
	case 0:
		return 0;
	case 1:
		return UINT32_MAX - (uint32_t)(dice >> 8) % 4;
	case 2:
		return (uint32_t)1 << (dice >> 8) % 32;
	case 3:
		return (uint32_t)(dice >> 8) % 16;
	case 4:
		return ((uint32_t)1 << (dice >> 8) % 32) - 1;
	default:
		return (uint32_t)(dice >> 8);
	}
}

static void value_change(uint8_t *blob, const struct place *place, uint64_t dice)
{
	uint32_t cells = place->length / 4, i;

	if (!place->length)
		return;
	i = (uint32_t)(dice >> 4) % (cells ? cells : place->length);
	switch (dice & 15) {
	case 0:
		memset(blob + place->value, (int)(dice >> 8), place->length);
		break;
	case 1: /* shorter: the rest of the room is nothing */
		cell_set(blob, place->at + 4, place->length - 1 - i);
		for (uint32_t at = place->value + (place->length - 1 - i + 3) / 4 * 4;
		     at < place->end; at += 4)
			cell_set(blob, at, FDT_NOP);
		break;
	case 2:
	case 3:
		blob[place->value + (dice >> 16) % place->length] ^= (uint8_t)(1
									       << (dice >> 8) % 8);
		break;
	default:
		if (cells)
			cell_set(blob, place->value + 4 * i, odd_number(dice >> 16));
		else
			blob[place->value + i] = (uint8_t)(dice >> 16);
	}
}

bool tree_damage(uint8_t *blob, size_t size, uint64_t dice)
{
	const struct place *place, *other;

	if (fdt_check_full(blob, size))
		return false;
	places_find(blob);
	if (!place_count)
		return false;
	place = &places[dice % place_count];
	other = &places[(dice >> 12) % place_count];
	dice >>= 24;
	if (place->node) {
		/* The root, and what holds all harts, mostly stay. */
		if (place != places && !(dice & 3))
			vanish(blob, place);
	} else if (dice % 16 == 0) {
		vanish(blob, place);
	} else if (dice % 16 == 1 && !other->node) { /* the name of another one */
		cell_set(blob, place->at + 8, cell(blob, other->at + 8));
	} else if (dice % 16 == 2 && !other->node && other->length == place->length) {
		memcpy(blob + place->value, blob + other->value, place->length);
	} else {
		value_change(blob, place, dice >> 4);
	}
	return true;
}
