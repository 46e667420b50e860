/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All short sequences of changes of a G-stage table, each with every failure of an allocation,
 * against a model. Host memory is the VM's but for a page in it and all behind it; each range is
 * tried with these, too. The borders of all ranges cut the addresses into atoms, which every change
 * treats as one: what the model says about an atom it says about each of its pages. After each
 * change all tables are compared with the model, entry by entry.
 *
 * What tables say decides how they go on. So a sequence is only continued if it is the first that
 * gave its tables: this leaves out nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "fake_owner.h"
#include "gstage_walker.h"

#include <core/page.h>
#include <errno.h>

#define RW (GSTAGE_READ | GSTAGE_WRITE)
/* Somewhere that no table is: mapped memory is never touched. */
#define HOST GIB(1024)
#define OWNER (PAGE_OWNER_VM + 1)
#define HOLE GIB(1536)
#define OWN_END GIB(2048)
/* Stands for the first address that a mode does not reach. */
#define LIMIT BIT(62)

#define MAX_OPS 128
#define MAX_ATOMS 128
#define MAX_DEPTH 4
#define MAX_STATES 65536
#define SEEN (4 * MAX_STATES)

static const struct fake_owned owned[] = {
	{ GIB(511), HOLE - GIB(511), OWNER },
	{ HOLE, KIB(4), FAKE_OWNED_WITHIN(PAGE_OWNER_FIRMWARE, OWNER) },
	{ HOLE + KIB(4), OWN_END - HOLE - KIB(4), OWNER },
	{ OWN_END, GIB(1024), PAGE_OWNER_VM + 2 },
};

enum what { MAP, UNMAP, PROTECT, MERGE };

struct op {
	enum what what;
	uint64_t at, to, size;
	unsigned int access;
};

/* A range, which is unmapped, protected and merged, and where it is mapped to. */
struct range {
	uint64_t at, size;
	uint64_t to[2]; /* 0: none */
};

/* How a state is reached from an empty table. */
struct state {
	unsigned int length;
	struct {
		const struct op *op;
		long failing; /* the allocation that fails, or -1 */
	} steps[MAX_DEPTH];
};

struct atom {
	uint64_t at, end;
	uint64_t to; /* of its first page */
	unsigned int access; /* 0: not mapped */
};

static struct gstage gstage;
static unsigned int levels;
static uint64_t limit, free_before;
static struct op ops[MAX_OPS];
static unsigned int op_count;
static struct atom atoms[MAX_ATOMS];
static unsigned int atom_count;
static struct state states[MAX_STATES];
static unsigned int state_count;
static uint64_t seen[SEEN];
static uint64_t transitions;

/* What is tried, for the message of a failure. */
static struct now {
	const struct state *state;
	const struct op *op;
	long failing;
} now;

static int setup(void **state)
{
	free_before = walker_memory();
	fake_owners_set(owned, ARRAY_SIZE(owned));
	return 0;
}

/* ---- the model ---- */

static bool in_range(const struct op *op)
{
	return op->at <= limit && op->size <= limit - op->at;
}

static bool concerns(const struct op *op, const struct atom *atom)
{
	return atom->at >= op->at && atom->end <= op->at + op->size;
}

static int model_result(const struct op *op)
{
	if (!in_range(op))
		return -ERANGE;
	if (op->what == MAP && op->size && !fake_owner_has(op->to, op->size, OWNER))
		return -EPERM;
	for (unsigned int i = 0; op->what == MAP && i < atom_count; i++)
		if (concerns(op, &atoms[i]) && atoms[i].access)
			return -EEXIST;
	return 0;
}

static void model_apply(const struct op *op)
{
	for (unsigned int i = 0; i < atom_count; i++) {
		struct atom *atom = &atoms[i];

		if (!concerns(op, atom))
			continue;
		if (op->what == MAP)
			atom->to = op->to + (atom->at - op->at);
		if (op->what == UNMAP)
			atom->access = 0;
		else if (op->what == MAP || (op->what == PROTECT && atom->access))
			atom->access = op->access;
	}
}

static int border_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void atoms_make(void)
{
	uint64_t borders[2 * MAX_OPS + 2] = { 0, limit };
	unsigned int count = 2;

	for (unsigned int i = 0; i < op_count; i++) {
		if (!in_range(&ops[i]))
			continue;
		borders[count++] = ops[i].at;
		borders[count++] = ops[i].at + ops[i].size;
	}
	qsort(borders, count, sizeof(borders[0]), border_compare);
	atom_count = 0;
	for (unsigned int i = 0; i + 1 < count; i++) {
		if (borders[i] == borders[i + 1])
			continue;
		assert_true(atom_count < MAX_ATOMS);
		atoms[atom_count++] = (struct atom){ .at = borders[i], .end = borders[i + 1] };
	}
}

/* ---- the tables say what the model does ---- */

/* What is found from @at to @end, as the model says; @access 0: nothing is mapped there. */
static void check_found(uint64_t at, uint64_t end, uint64_t to, unsigned int access)
{
	for (unsigned int i = 0; i < atom_count; i++) {
		const struct atom *atom = &atoms[i];

		if (at == end || atom->end <= at || atom->at >= end)
			continue;
		if (atom->access != access || (access && atom->to - atom->at != to - at))
			fail_msg("%#lx to %#lx are mapped to %#lx, access %u; from %#lx: %#lx, %u",
				 (long)at, (long)end, (long)to, access, (long)atom->at,
				 (long)atom->to, atom->access);
	}
}

static void leaves_found(void *opaque, const struct walker_leaves *leaves)
{
	uint64_t *checked = opaque; /* all before is */
	uint64_t end = leaves->at + leaves->size;

	assert_int_equal(leaves->memory_type, 0);
	assert_true(fake_owner_has(leaves->hpa, leaves->size, OWNER));
	check_found(*checked, leaves->at, 0, 0);
	check_found(leaves->at, end, leaves->hpa, leaves->access);
	*checked = end;
}

static void check_point(const struct atom *atom, uint64_t at)
{
	struct walk found = walker_look(&gstage, at);

	assert_int_equal(found.mapped, atom->access != 0);
	if (!found.mapped)
		return;
	assert_int_equal(found.hpa, atom->to + (at - atom->at));
	assert_int_equal(found.access, atom->access);
}

/* Each page is as the model says, tables are those that it takes. The digest of the tables. */
static uint64_t check_tables(void)
{
	uint64_t checked = 0;
	struct walker_sweep sweep = walker_sweep(&gstage, leaves_found, &checked);

	check_found(checked, limit, 0, 0);
	assert_int_equal(page_free_count() + sweep.pages, free_before);
	assert_int_equal(sweep.empty, 0);
	for (unsigned int i = 0; i < atom_count; i++) {
		check_point(&atoms[i], atoms[i].at);
		check_point(&atoms[i], atoms[i].end - 1);
	}
	assert_false(walker_look(&gstage, limit).mapped);
	assert_false(walker_look(&gstage, UINT64_MAX).mapped);
	return sweep.digest;
}

/* Whether one leaf could map @size bytes at @at. */
static bool could_be_leaf(uint64_t at, uint64_t size)
{
	const struct atom *first = NULL;

	for (unsigned int i = 0; i < atom_count; i++) {
		const struct atom *atom = &atoms[i];

		if (atom->end <= at || atom->at >= at + size)
			continue;
		if (!first)
			first = atom;
		if (!atom->access || atom->access != first->access ||
		    atom->to - atom->at != first->to - first->at)
			return false;
	}
	return (first->to - first->at) % size == 0;
}

/* No leaf in the range is smaller than it must be: MAP and MERGE promise that. */
static void check_leaves_are_large(const struct op *op)
{
	static const uint64_t sizes[] = { MIB(2), GIB(1), GIB(512) };

	for (unsigned int i = 0; i < atom_count; i++) {
		if (!concerns(op, &atoms[i]) || !atoms[i].access)
			continue;
		for (unsigned int level = 1; level < levels && level < 4; level++) {
			uint64_t size = sizes[level - 1];
			uint64_t block = align_down(atoms[i].at, size);

			if (block >= op->at && block + size <= op->at + op->size &&
			    could_be_leaf(block, size))
				assert_true(walker_walk(&gstage, block).leaf >= size);
		}
	}
}

/* ---- sequences ---- */

static int perform(const struct op *op)
{
	switch (op->what) {
	case MAP:
		return gstage_map(&gstage, gpa(op->at), hpa(op->to), op->size, op->access);
	case UNMAP:
		return gstage_unmap(&gstage, gpa(op->at), op->size);
	case PROTECT:
		return gstage_protect(&gstage, gpa(op->at), op->size, op->access);
	default:
		gstage_merge(&gstage, gpa(op->at), op->size);
		return 0;
	}
}

/* An empty table, and the steps of a state on it, which were checked before. */
static void state_enter(const struct state *state)
{
	memset(&gstage, 0, sizeof(gstage));
	assert_int_equal(gstage_init(&gstage, levels, OWNER), 0);
	hartset_add(&gstage.harts, 0);
	for (unsigned int i = 0; i < atom_count; i++)
		atoms[i].access = 0;
	for (unsigned int i = 0; i < state->length; i++) {
		fake_allocations_fail_after(state->steps[i].failing);
		if (perform(state->steps[i].op) == 0)
			model_apply(state->steps[i].op);
		fake_allocations_fail_after(-1);
	}
}

static void state_leave(void)
{
	gstage_destroy(&gstage);
	assert_int_equal(page_free_count(), free_before);
	assert_int_equal(fake_harts[0].lock_ranks, 0);
}

/* True for tables that were not seen before. */
static bool see(uint64_t digest)
{
	uint64_t i = digest % SEEN;

	for (digest += digest == 0; seen[i]; i = (i + 1) % SEEN)
		if (seen[i] == digest)
			return false;
	seen[i] = digest;
	return true;
}

static void state_add(const struct state *from, const struct op *op, long failing)
{
	struct state *state = &states[state_count++];

	assert_true(state_count < MAX_STATES);
	*state = *from;
	state->steps[state->length].op = op;
	state->steps[state->length++].failing = failing;
}

/* One change with one failure, and all that must be true afterwards. The digest of the tables. */
static uint64_t try_once(const struct op *op, long failing, bool *short_of_memory)
{
	uint64_t free = page_free_count(), tables = gstage.table_pages;
	int wanted = model_result(op), result;

	fake_allocations_fail_after(failing);
	result = perform(op);
	*short_of_memory = fake_allocation_failed();
	fake_allocations_fail_after(-1);
	/* A range that is taken may be found to be so before memory is out. */
	if (*short_of_memory && (wanted == 0 || result == -ENOMEM))
		wanted = -ENOMEM;
	assert_int_equal(result, wanted);
	if (result) {
		/* What was split and could be merged may have been. */
		assert_true(page_free_count() >= free);
		return check_tables();
	}
	model_apply(op);
	if (op->what != MAP)
		assert_true(gstage.table_pages <= tables + (op->what == MERGE ? 0 : 2 * levels));
	if (op->what == MAP || op->what == MERGE)
		check_leaves_are_large(op);
	return check_tables();
}

/* A change of a state, with no failure and with each that there is. */
static void try_all(const struct state *state, const struct op *op, uint64_t before, bool last)
{
	bool short_of_memory = true;

	for (long failing = 0; short_of_memory; failing++) {
		uint64_t after;

		now = (struct now){ state, op, failing };
		after = try_once(op, failing, &short_of_memory);
		transitions++;
		if (after == before)
			continue;
		if (!last && see(after))
			state_add(state, op, failing);
		state_leave();
		state_enter(state);
	}
}

static void try_all_sequences(unsigned int depth)
{
	static const struct state empty;

	memset(seen, 0, sizeof(seen));
	states[0] = empty;
	state_count = 1;
	for (unsigned int i = 0; i < state_count; i++) {
		const struct state *state = &states[i];
		uint64_t before;

		state_enter(state);
		before = check_tables();
		if (i == 0)
			see(before);
		for (unsigned int j = 0; j < op_count; j++)
			try_all(state, &ops[j], before, state->length + 1 == depth);
		state_leave();
	}
	now.op = NULL;
}

static int teardown(void **state)
{
	static const char *const names[] = { "map", "unmap", "protect", "merge" };

	fake_allocations_fail_after(-1);
	if (!now.op)
		return 0;
	print_message("failed with %u levels, after:\n", levels);
	for (unsigned int i = 0; i <= now.state->length; i++) {
		bool last = i == now.state->length;
		const struct op *op = last ? now.op : now.state->steps[i].op;
		long failing = last ? now.failing : now.state->steps[i].failing;

		print_message("  %s %#lx size %#lx to %#lx access %u, allocation %ld fails\n",
			      names[op->what], (long)op->at, (long)op->size, (long)op->to,
			      op->access, failing);
	}
	now.op = NULL;
	return 0;
}

/* ---- changes ---- */

static void op_add(enum what what, const struct range *range, uint64_t to, unsigned int access)
{
	struct op op = { what, range->at, to, range->size, access };

	if (op.at >= LIMIT / 2)
		op.at = limit - (LIMIT - op.at);
	if (what == MERGE && !in_range(&op))
		return;
	assert_true(op_count < MAX_OPS);
	ops[op_count++] = op;
}

static void sequences_of(const struct range *ranges, unsigned int count, unsigned int depth)
{
	for (levels = 3; levels <= 5; levels++) {
		limit = BIT(gstage_gpa_bits(levels));
		op_count = 0;
		transitions = 0;
		for (unsigned int i = 0; i < count; i++) {
			const struct range *range = &ranges[i];

			op_add(MAP, range, range->to[0], RWX);
			if (range->to[1])
				op_add(MAP, range, range->to[1], RW);
			/* Only the last page is not its own, or only one in the middle. */
			op_add(MAP, range, OWN_END + KIB(4) - range->size, RWX);
			op_add(MAP, range, HOLE - align_down(range->size / 2, KIB(4)), RWX);
			op_add(UNMAP, range, 0, 0);
			op_add(PROTECT, range, 0, RWX);
			op_add(PROTECT, range, 0, GSTAGE_READ);
			op_add(MERGE, range, 0, 0);
		}
		atoms_make();
		try_all_sequences(depth);
		print_message("%u levels: %u states, %lu changes\n", levels, state_count,
			      (long)transitions);
	}
}

static void sequences_at_the_borders_of_leaves(void **state)
{
	static const struct range ranges[] = {
		{ 0, KIB(4), { HOST } },
		{ MIB(2) - KIB(4), KIB(4), { HOST + MIB(2) - KIB(4) } },
		{ GIB(1) - KIB(4), KIB(4), { HOST + GIB(1) - KIB(4) } },
		{ 0, MIB(2) - KIB(4), { HOST } },
		{ KIB(64), KIB(64), { HOST + KIB(64), HOST + KIB(68) } },
		{ KIB(68), KIB(64), { HOST + KIB(68) } },
		{ MIB(2), MIB(2), { HOST + MIB(2), HOST + MIB(2) + KIB(4) } },
		{ MIB(2), MIB(2) + KIB(4), { HOST + MIB(2) } },
		{ MIB(2) - KIB(4), KIB(8), { HOST + MIB(2) - KIB(4) } },
		{ GIB(1) - KIB(4), KIB(8), { HOST + GIB(1) - KIB(4) } },
		{ GIB(1) - MIB(2), MIB(4), { HOST + GIB(1) - MIB(2) } },
		{ GIB(1), GIB(1), { HOST + GIB(1), HOST + GIB(1) + MIB(2) } },
		{ 0, GIB(2), { HOST } },
	};

	sequences_of(ranges, ARRAY_SIZE(ranges), 4);
}

static void sequences_at_the_limit(void **state)
{
	static const struct range ranges[] = {
		{ 0, KIB(4), { HOST } },
		{ LIMIT - KIB(4), KIB(4), { HOST + GIB(1) - KIB(4) } },
		{ LIMIT - MIB(2), MIB(2) - KIB(4), { HOST + GIB(1) - MIB(2) } },
		{ LIMIT - GIB(1), GIB(1), { HOST } },
		{ LIMIT - GIB(1) - KIB(4), KIB(8), { HOST - KIB(4) } },
		{ LIMIT - KIB(4), KIB(8), { HOST } },
		{ LIMIT - GIB(1), GIB(1) + KIB(4), { HOST } },
		{ LIMIT, KIB(4), { HOST } },
		{ LIMIT, 0, { HOST } },
	};

	sequences_of(ranges, ARRAY_SIZE(ranges), 4);
}

static void sequences_in_a_leaf_of_512_gib(void **state)
{
	static const struct range ranges[] = {
		{ GIB(512), GIB(512), { GIB(512) } },
		{ GIB(513) - MIB(2) - KIB(4), KIB(8), { GIB(513) - MIB(2) - KIB(4) } },
		{ GIB(512) - KIB(4), KIB(8), { GIB(512) - KIB(4) } },
		{ GIB(1024) - KIB(4), KIB(4), { GIB(1024) - KIB(4) } },
	};

	sequences_of(ranges, ARRAY_SIZE(ranges), 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sequences_at_the_borders_of_leaves),
		TEST(sequences_at_the_limit),
		TEST(sequences_in_a_leaf_of_512_gib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
