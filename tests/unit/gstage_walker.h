/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables as hardware reads them: a walker that knows the privileged specification
 * ("Two-Stage Address Translation", "Svnapot", "Svpbmt") and nothing of the files that write the
 * tables. It fails the test on an entry that hardware would fault on, or could read in two ways:
 * reserved bits, misaligned superpages, W without R, a leaf that is no user page or has A clear.
 */
#ifndef GSTAGE_WALKER_H
#define GSTAGE_WALKER_H

#include <arch/gstage.h>

#define WALKER_LEVELS 5

#define RWX (GSTAGE_READ | GSTAGE_WRITE | GSTAGE_EXECUTE)

struct walk {
	bool mapped;
	uint64_t hpa;
	unsigned int access; /* enum gstage_access */
	uint64_t leaf; /* bytes */
	bool dirty; /* the D bit */
	unsigned int memory_type; /* Svpbmt: 0 as the platform says, 1 no cache, 2 I/O */
	/* The tables on the way, the root first. */
	unsigned int depth;
	uint64_t tables[WALKER_LEVELS];
};

/**
 * fake_hart_reset(), no allocation fails, and there are 64 MiB for tables, which are not zero when
 * they are given first. The number of free pages.
 */
uint64_t walker_memory(void);

/** What is wrong about an entry of a table at @level, 0 being that of pages; NULL: nothing. */
const char *walker_fault(uint64_t entry, unsigned int level);

/** What hardware finds for @at. */
struct walk walker_walk(const struct gstage *gstage, uint64_t at);

/** The same; gstage_walk() agrees. */
struct walk walker_look(struct gstage *gstage, uint64_t at);

/** Leaves of a table that continue each other. Of Svnapot each by itself, once for its 16 pages. */
struct walker_leaves {
	uint64_t at, hpa, size;
	uint64_t leaf; /* the size of each */
	unsigned int access;
	unsigned int memory_type;
};

struct walker_sweep {
	uint64_t pages; /* that tables take, the root 4 */
	uint64_t empty; /* tables with no entry, but the root */
	uint64_t digest; /* of what the tables say, wherever they lie */
};

/**
 * Goes over all entries of all tables, and over all leaves in the order of addresses: @found may be
 * NULL. Each table is in one place only, and gstage->table_pages counts them.
 */
struct walker_sweep walker_sweep(const struct gstage *gstage,
				 void (*found)(void *opaque, const struct walker_leaves *leaves),
				 void *opaque);

#endif
