/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arithmetic of profiles: exits by their reasons, and shares of time. Tables belong to the
 * hart that runs the vCPU; who reads them beside it may see an exit half.
 */
#include <core/profile.h>
#include <string.h>

/* How far from its first place a reason may be. */
#define PROBES 8

static struct exit_stat *find(struct exit_table *table, uint64_t reason)
{
	uint64_t first = reason * UINT64_C(0x9e3779b97f4a7c15) >> (64 - EXIT_STATS_BITS);

	for (unsigned int i = 0; i < PROBES; i++) {
		struct exit_stat *stat = &table->stats[(first + i) % EXIT_STATS];

		if (stat->reason == reason)
			return stat;
		if (stat->reason == EXIT_REASON_NONE) {
			stat->reason = reason;
			return stat;
		}
	}
	table->other.reason = EXIT_REASON_OTHER;
	return &table->other;
}

static void clear_if_asked(struct exit_table *table)
{
	if (likely(!__atomic_load_n(&table->clear, __ATOMIC_RELAXED)))
		return;
	memset(&table->time, 0, sizeof(table->time));
	memset(&table->other, 0, sizeof(table->other));
	memset(table->stats, 0, sizeof(table->stats));
	__atomic_store_n(&table->clear, 0, __ATOMIC_RELEASE);
}

void exit_table_add_time(struct exit_table *table, uint64_t guest, uint64_t exits)
{
	clear_if_asked(table);
	table->time.guest += guest;
	table->time.exits += exits;
}

void exit_table_add(struct exit_table *table, uint64_t reason, uint64_t instructions,
		    uint64_t ticks)
{
	struct exit_stat *stat;

	clear_if_asked(table);
	table->time.count++;
	stat = find(table, reason);
	if (!stat->count || instructions < stat->least)
		stat->least = instructions;
	if (instructions > stat->most)
		stat->most = instructions;
	stat->sum += instructions;
	stat->ticks += ticks;
	__atomic_store_n(&stat->count, stat->count + 1, __ATOMIC_RELEASE);
}

static bool is_before(const struct exit_stat *a, const struct exit_stat *b)
{
	return a->ticks != b->ticks ? a->ticks > b->ticks : a->sum > b->sum;
}

static unsigned int insert(struct exit_stat *rows, unsigned int count, const struct exit_stat *stat)
{
	unsigned int at = count;
	struct exit_stat row;

	if (!__atomic_load_n(&stat->count, __ATOMIC_ACQUIRE))
		return count;
	row = *stat;
	while (at > 0 && is_before(&row, &rows[at - 1])) {
		rows[at] = rows[at - 1];
		at--;
	}
	rows[at] = row;
	return count + 1;
}

unsigned int exit_table_read(const struct exit_table *table, struct exit_stat *rows)
{
	unsigned int count;

	if (__atomic_load_n(&table->clear, __ATOMIC_ACQUIRE))
		return 0;
	count = insert(rows, 0, &table->other);
	for (unsigned int i = 0; i < EXIT_STATS; i++)
		count = insert(rows, count, &table->stats[i]);
	return count;
}

struct profile_time exit_table_time(const struct exit_table *table)
{
	if (__atomic_load_n(&table->clear, __ATOMIC_ACQUIRE))
		return (struct profile_time){ 0 };
	return table->time;
}

unsigned int permille(uint64_t part, uint64_t whole)
{
	if (part >= whole)
		return whole ? 1000 : 0;
	/* part < whole: 1000 at most either way. */
	if (whole > UINT64_MAX / 1000)
		return (unsigned int)(part / (whole / 1000));
	return (unsigned int)(part * 1000 / whole);
}

struct hart_shares hart_shares_of(const struct hart_sample *before, const struct hart_sample *after)
{
	uint64_t whole = after->now - before->now;
	struct hart_shares shares;

	shares.guest = permille(after->sum.guest - before->sum.guest, whole);
	shares.idle = MIN(permille(after->idle - before->idle, whole), 1000 - shares.guest);
	shares.hypervisor = 1000 - shares.guest - shares.idle;
	shares.exits = after->sum.count - before->sum.count;
	return shares;
}
