/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walker of gstage_walker.h. Bits are written as numbers here: a wrong name in the tree's
 * headers must not hide.
 *
 *   63 62-61 60-54    53-10 9-8 7 6 5 4 3 2 1 0
 *   N  PBMT  reserved  PPN  RSW D A G U X W R V
 */
#include "gstage_walker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <core/page.h>
#include <errno.h>
#include <string.h>

#define ARENA_PAGES (FAKE_ARENA_SIZE / 4096)

uint64_t walker_memory(void)
{
	static bool added;

	fake_hart_reset();
	fake_allocations_fail_after(-1);
	if (!added) {
		fake_arena_soil(FAKE_ARENA_BASE, MIB(64));
		page_add(hpa(FAKE_ARENA_BASE), MIB(64));
	}
	added = true;
	return page_free_count();
}

static uint64_t entry_size(unsigned int level)
{
	return UINT64_C(1) << (12 + 9 * level);
}

static uint64_t entry_ppn(uint64_t entry)
{
	return entry >> 10 & ((UINT64_C(1) << 44) - 1);
}

static bool entry_valid(uint64_t entry)
{
	return entry & 1;
}

static bool entry_is_leaf(uint64_t entry)
{
	return entry & 0xe;
}

static bool entry_is_napot(uint64_t entry)
{
	return entry >> 63;
}

static const uint64_t *table_at(uint64_t table)
{
	return hpa_to_hva(hpa(table));
}

static const char *leaf_fault(uint64_t entry, unsigned int level)
{
	uint64_t ppn = entry_ppn(entry);

	if (entry >> 54 & 0x7f)
		return "bits 60 to 54 are reserved";
	if ((entry >> 61 & 3) == 3)
		return "a reserved memory type";
	if ((entry & 6) == 4)
		return "W without R";
	if (!(entry & 0x10))
		return "a leaf without U: every access of a guest is one of a user";
	if (entry & 0x20)
		return "G is reserved in G-stage tables";
	if (!(entry & 0x40))
		return "a leaf with A clear";
	if (ppn & ((UINT64_C(1) << 9 * level) - 1))
		return "a misaligned superpage";
	if (entry_is_napot(entry) && (level || (ppn & 15) != 8))
		return "a reserved Svnapot encoding";
	return NULL;
}

const char *walker_fault(uint64_t entry, unsigned int level)
{
	if (!entry_valid(entry))
		return entry & ~UINT64_C(0x300) ? "bits in an entry that is not valid" : NULL;
	if (entry_is_leaf(entry))
		return leaf_fault(entry, level);
	if (entry >> 54)
		return "reserved bits of a pointer";
	if (entry & 0x3fe)
		return "D, A, U are reserved in a pointer, and nothing of ours is there";
	if (level == 0)
		return "a pointer below the last level";
	if (entry_ppn(entry) * 4096 - FAKE_ARENA_BASE >= FAKE_ARENA_SIZE)
		return "a table that is not in RAM";
	return NULL;
}

/* The entry, which is as the specification wants it. The 16 of a Svnapot leaf are the same. */
static uint64_t entry_checked(const uint64_t *table, uint64_t index, unsigned int level)
{
	uint64_t entry = table[index];
	const char *fault = walker_fault(entry, level);

	for (uint64_t i = index & ~UINT64_C(15); entry_is_napot(entry) && i <= (index | 15); i++)
		if (table[i] != entry)
			fault = "Svnapot entries that differ";
	if (fault)
		fail_msg("entry %#lx of the table at %#lx, level %u: %#lx: %s", (long)index,
			 (long)hva_to_hpa(table).v, level, (long)entry, fault);
	return entry;
}

static uint64_t leaf_bytes(uint64_t entry, unsigned int level)
{
	return entry_is_napot(entry) ? 65536 : entry_size(level);
}

/* Where the leaf begins: Svnapot has its size in the low bits of the PPN. */
static uint64_t leaf_base(uint64_t entry)
{
	return (entry_ppn(entry) & ~(entry_is_napot(entry) ? UINT64_C(15) : 0)) * 4096;
}

struct walk walker_walk(const struct gstage *gstage, uint64_t at)
{
	unsigned int level = gstage->levels - 1u;
	uint64_t index = at >> (12 + 9 * level);
	struct walk walk = { .tables[0] = gstage->root.v };

	assert_in_range(gstage->levels, 3, WALKER_LEVELS);
	assert_int_equal(gstage->root.v % 16384, 0);
	/* The root's index has two bits more; bits above those fault. */
	if (index >= 2048)
		return walk;
	for (;;) {
		uint64_t entry = entry_checked(table_at(walk.tables[walk.depth++]), index, level);

		if (!entry_valid(entry))
			return walk;
		if (entry_is_leaf(entry)) {
			walk.mapped = true;
			walk.leaf = leaf_bytes(entry, level);
			walk.hpa = leaf_base(entry) + at % walk.leaf;
			walk.access = entry >> 1 & 7;
			walk.dirty = entry >> 7 & 1;
			walk.memory_type = entry >> 61 & 3;
			return walk;
		}
		walk.tables[walk.depth] = entry_ppn(entry) * 4096;
		level--;
		index = at >> (12 + 9 * level) & 511;
	}
}

struct walk walker_look(struct gstage *gstage, uint64_t at)
{
	struct walk found = walker_walk(gstage, at);
	unsigned int access;
	hpa_t to;

	if (!found.mapped) {
		assert_int_equal(gstage_walk(gstage, gpa(at), &to, &access), -ENOENT);
		return found;
	}
	assert_int_equal(gstage_walk(gstage, gpa(at), &to, &access), 0);
	assert_int_equal(to.v, found.hpa);
	assert_int_equal(access, found.access);
	return found;
}

/* ---- sweeps ---- */

struct sweeping {
	struct walker_sweep sum;
	void (*found)(void *opaque, const struct walker_leaves *leaves);
	void *opaque;
	/* The last sweep that saw a page as a table, and the number of this one. */
	uint32_t seen[ARENA_PAGES], number;
};

static void see_table(struct sweeping *sweeping, uint64_t table, uint64_t pages)
{
	uint64_t first = (table - FAKE_ARENA_BASE) / 4096;

	for (uint64_t page = first; page < first + pages; page++) {
		if (sweeping->seen[page] == sweeping->number)
			fail_msg("the page at %#lx is a table twice", (long)table);
		sweeping->seen[page] = sweeping->number;
	}
	sweeping->sum.pages += pages;
}

static uint64_t mix(uint64_t sum, uint64_t value)
{
	sum = (sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 29;
}

/* How many leaves continue the one at @index: they differ in nothing but the address. */
static uint64_t leaves_alike(const uint64_t *entries, uint64_t index, uint64_t count,
			     unsigned int level)
{
	uint64_t step = entry_size(level) / 4096 << 10, entry = entries[index], n = 1;

	while (index + n < count && entries[index + n] == entry + n * step &&
	       !(entries[index + n] >> 54))
		n++;
	return n;
}

static void leaves_found(struct sweeping *sweeping, uint64_t at, uint64_t entry, uint64_t count,
			 unsigned int level)
{
	struct walker_leaves leaves = {
		.at = at,
		.hpa = leaf_base(entry),
		.leaf = leaf_bytes(entry, level),
		.size = count * leaf_bytes(entry, level),
		.access = entry >> 1 & 7,
		.memory_type = entry >> 61 & 3,
	};

	/* A Svnapot leaf once. */
	if (sweeping->found && at % leaves.leaf == 0)
		sweeping->found(sweeping->opaque, &leaves);
}

static void sweep_table(struct sweeping *sweeping, uint64_t table, unsigned int level,
			uint64_t count, uint64_t base)
{
	const uint64_t *entries = table_at(table);
	struct walker_sweep *sum = &sweeping->sum;
	bool empty = true;

	see_table(sweeping, table, count / 512);
	for (uint64_t i = 0, n; i < count; i += n) {
		uint64_t entry = entries[i], at;

		n = 1;
		if (!entry)
			continue;
		empty = false;
		at = base + i * entry_size(level);
		entry_checked(entries, i, level);
		if (entry_is_leaf(entry)) {
			n = leaves_alike(entries, i, count, level);
			leaves_found(sweeping, at, entry, n, level);
			sum->digest = mix(mix(sum->digest, i << 32 | n), entry);
			continue;
		}
		sum->digest = mix(mix(sum->digest, i), level);
		sweep_table(sweeping, entry_ppn(entry) * 4096, level - 1, 512, at);
	}
	sum->digest = mix(sum->digest, level);
	sum->empty += empty && count == 512;
}

struct walker_sweep walker_sweep(const struct gstage *gstage,
				 void (*found)(void *opaque, const struct walker_leaves *leaves),
				 void *opaque)
{
	static struct sweeping sweeping;

	memset(&sweeping.sum, 0, sizeof(sweeping.sum));
	sweeping.number++;
	sweeping.found = found;
	sweeping.opaque = opaque;
	sweep_table(&sweeping, gstage->root.v, gstage->levels - 1u, 2048, 0);
	assert_int_equal(sweeping.sum.pages, gstage->table_pages);
	return sweeping.sum;
}
