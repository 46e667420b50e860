/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI DBTR: triggers on execution, loads and stores in S- and U-mode, those of each hart its own,
 * their errors, and that they stay over all that a hart does. Arguments: seconds=<n> (1) of the
 * last, role=<n> (1): which of three addresses, for machines with other such guests; 0: none.
 */
#include "lib/code.h"
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <string.h>

const char payload_name[] = "dbtr";

enum { NUM, SHMEM, READ, INSTALL, UPDATE, UNINSTALL, ENABLE, DISABLE };

#define TYPE6 (6ul << 60)
#define LOAD 1ul
#define STORE 2ul
#define EXECUTE 4ul
#define USER (1ul << 3)
#define SUPERVISOR (1ul << 4)
#define INSN_LD code_i(OP_LOAD, 3, 12, 10, 0) /* ld x12, 0(x10) */
#define INSN_SD code_s(OP_STORE, 3, 10, 11, 0) /* sd x11, 0(x10) */

struct entry {
	unsigned long word[4];
};

static struct entry shared[MAX_HARTS][8] __attribute__((aligned(64)));
static unsigned long watched[4] __attribute__((aligned(64)));
static unsigned long triggers;

static struct sbiret call(unsigned long function, unsigned long a0, unsigned long a1)
{
	return sbi_call(SBI_DBTR, function, a0, a1, 0);
}

static long share(void)
{
	return call(SHMEM, (unsigned long)shared[this_hart()->id], 0).error;
}

static long install(unsigned long tdata1, unsigned long tdata2)
{
	struct entry *entry = shared[this_hart()->id];

	*entry = (struct entry){ { -1ul, TYPE6 | tdata1, tdata2, 0 } };
	return call(INSTALL, 1, 0).error;
}

/* Whether the instruction at x10 = `at` runs into a trigger. */
static bool hits(uint32_t instruction, unsigned long *at, bool user)
{
	struct frame frame = code_one(instruction, (unsigned long)at, 0, user);

	CHECK(frame.cause == CAUSE_BREAKPOINT, "cause %lu", frame.cause);
	return !code_completed(&frame);
}

static void check_mode(bool user)
{
	unsigned long mode = user ? USER : SUPERVISOR;

	CHECK_EQ(install(LOAD | mode, (unsigned long)&watched[0]), 0, "install load");
	CHECK(hits(INSN_LD, &watched[0], user), "no hit of a load");
	CHECK(!hits(INSN_LD, &watched[0], !user), "a hit in the other mode");
	CHECK(!hits(INSN_SD, &watched[0], user), "a store hits a trigger on loads");
	CHECK(!hits(INSN_LD, &watched[1], user), "a hit at another address");
	watched[1] = 5;
	CHECK_EQ(install(STORE | mode, (unsigned long)&watched[1]), 0, "install store");
	CHECK(hits(INSN_SD, &watched[1], user), "no hit of a store");
	CHECK_EQ(watched[1], 5, "what was not stored");
	CHECK(!hits(INSN_LD, &watched[1], user), "a load hits a trigger on stores");
	CHECK_EQ(call(DISABLE, 0, 3).error, 0, "disable");
	CHECK(!hits(INSN_LD, &watched[0], user), "a disabled one hits");
	CHECK_EQ(call(ENABLE, 0, 3).error, 0, "enable");
	CHECK(hits(INSN_LD, &watched[0], user), "an enabled one does not hit");
	CHECK_EQ(call(UNINSTALL, 0, 3).error, 0, "uninstall");
	CHECK(!hits(INSN_LD, &watched[0], user), "an uninstalled one hits");
	CHECK_EQ(install(EXECUTE | mode, code_address()), 0, "install execute");
	CHECK(hits(INSN_LD, &watched[0], user), "no hit of an execution");
	CHECK(!hits(INSN_LD, &watched[0], !user), "an execution in the other mode hits");
	CHECK_EQ(call(UNINSTALL, 0, 1).error, 0, "uninstall");
}

static void test_modes(void)
{
	test_begin("triggers hit in the modes that they are for");
	CHECK_EQ(share(), 0, "set_shmem");
	check_mode(false);
	check_mode(true);
	test_end();
}

static void test_state(void)
{
	struct entry *entry = shared[this_hart()->id];

	test_begin("triggers read as they are");
	CHECK_EQ(install(LOAD | SUPERVISOR | USER, 0x123456), 0, "install");
	CHECK_EQ(entry->word[0], 0, "its index");
	CHECK_EQ(call(READ, 0, 1).error, 0, "read");
	CHECK_EQ(entry->word[0], 1 | 2 | 4, "trig_state");
	CHECK_EQ(entry->word[1], TYPE6 | LOAD | SUPERVISOR | USER, "tdata1");
	CHECK_EQ(entry->word[2], 0x123456, "tdata2");
	entry->word[0] = 0;
	entry->word[1] = TYPE6 | STORE | SUPERVISOR;
	entry->word[2] = (unsigned long)&watched[2];
	CHECK_EQ(call(UPDATE, 1, 0).error, 0, "update");
	CHECK(hits(INSN_SD, &watched[2], false), "no hit after an update");
	CHECK_EQ(call(UNINSTALL, 0, 1).error, 0, "uninstall");
	CHECK_EQ(call(READ, 0, 1).error, 0, "read");
	CHECK_EQ(entry->word[0], 0, "trig_state afterwards");
	test_end();
}

static void test_errors(void)
{
	struct entry *entry = shared[this_hart()->id];

	test_begin("errors");
	if (sbi_is_bare())
		test_skip("of OpenSBI are others");
	for (unsigned int i = 0; i < 1 && !sbi_is_bare(); i++) {
		CHECK_EQ(sbi_call(SBI_DBTR, SHMEM, -1, -1, 0).error, 0, "no memory");
		CHECK_EQ(call(INSTALL, 1, 0).error, -9, "install without memory");
		CHECK_EQ(call(READ, 0, 1).error, -9, "read without memory");
		CHECK_EQ(sbi_call(SBI_DBTR, SHMEM, 8, 0, 0).error, -5, "memory that is none");
		CHECK_EQ(sbi_call(SBI_DBTR, SHMEM, 4, 0, 0).error, -3, "memory at 4");
		CHECK_EQ(sbi_call(SBI_DBTR, SHMEM, -1, -1, 1).error, -3, "a flag");
		CHECK_EQ(share(), 0, "set_shmem");
		CHECK_EQ(call(INSTALL, triggers, 0).error, -11, "install as many as there are");
		CHECK_EQ(call(READ, triggers, 1).error, -11, "read behind the last");
		CHECK_EQ(call(UNINSTALL, 0, 1).error, -3, "uninstall what is not");
		CHECK_EQ(call(UNINSTALL, triggers, 1).error, -3, "uninstall behind the last");
		CHECK_EQ(install(LOAD | 1ul << 6, 0), -3, "M-mode");
		CHECK_EQ(install(LOAD | 1ul << 59, 0), -3, "dmode");
		CHECK_EQ(install(LOAD | 1ul << 24, 0), -2, "vs");
		CHECK_EQ(install(LOAD | 1ul << 12, 0), -2, "debug mode");
		*entry = (struct entry){ { 0, 2ul << 60 | LOAD | SUPERVISOR, 0, 0 } };
		CHECK_EQ(call(INSTALL, 1, 0).error, -1, "mcontrol");
		*entry = (struct entry){ { 0, TYPE6 | LOAD | SUPERVISOR, 0, 0 } };
		CHECK_EQ(call(UPDATE, 1, 0).error, -1, "update what is not installed");
		CHECK_EQ(call(8, 0, 0).error, -2, "function 8");
		for (unsigned long n = 0; n < triggers; n++)
			CHECK_EQ(install(LOAD | SUPERVISOR, n), 0, "install");
		CHECK_EQ(install(LOAD | SUPERVISOR, 0), -1, "one more");
		CHECK_EQ(call(UNINSTALL, 0, (1ul << triggers) - 1).error, 0, "uninstall all");
	}
	test_end();
}

static bool other_hit, other_installed, other_own;

static void on_other(void *argument)
{
	(void)argument;
	other_hit = hits(INSN_LD, &watched[0], false);
	other_installed = !share() && !install(LOAD | SUPERVISOR, (unsigned long)&watched[1]);
	other_own = hits(INSN_LD, &watched[1], false);
}

/* A hart that stops loses them: it starts as after a reset. */
static void test_harts(void)
{
	unsigned long other = hart_peer();

	test_begin("each hart has its own until it stops");
	if (hart_count < 2 || sbi_is_bare())
		test_skip("one hart, or OpenSBI, which keeps them");
	for (unsigned int i = 0; i < 3 && hart_count > 1 && !sbi_is_bare(); i++) {
		CHECK_EQ(install(LOAD | SUPERVISOR, (unsigned long)&watched[0]), 0, "install");
		CHECK_EQ(hart_start(other, on_other, NULL), 0, "hart_start");
		CHECK(hart_join(other, 10), "the other hart does not end");
		CHECK(!other_hit, "the other hart hits");
		CHECK(other_installed && other_own, "the other hart has no trigger");
		CHECK(hits(INSN_LD, &watched[0], false), "no hit here");
		CHECK(!hits(INSN_LD, &watched[1], false), "a hit of the other's");
		CHECK_EQ(call(UNINSTALL, 0, 1).error, 0, "uninstall");
	}
	test_end();
}

/* Sleeps in between, so that others run here and this hart may go on elsewhere. */
static void test_stay(unsigned long role, unsigned long seconds)
{
	unsigned long end = time_now() + seconds * ticks_per_second, rounds = 0;

	test_begin("they stay over sleep, and nobody else's come");
	if (role)
		CHECK_EQ(install(LOAD | SUPERVISOR, (unsigned long)&watched[role]), 0, "install");
	print("  its own trigger is installed");
	do {
		for (unsigned long n = 1; n <= 3; n++)
			CHECK_EQ(hits(INSN_LD, &watched[n], false), n == role, "a hit");
		relax();
		rounds++;
	} while (time_now() < end);
	print("  %lu rounds", rounds);
	if (role)
		CHECK_EQ(call(UNINSTALL, 0, 1).error, 0, "uninstall");
	test_end();
}

void payload_main(void)
{
	struct sbiret ret = call(NUM, 0, 0);

	test_begin("there are triggers");
	triggers = ret.error ? 0 : (unsigned long)ret.value;
	if (!sbi_probe(SBI_DBTR))
		test_skip("no DBTR");
	else if (CHECK(triggers > 1, "%ld of them, error %ld", ret.value, ret.error))
		CHECK_EQ(call(NUM, TYPE6 | LOAD | SUPERVISOR, 0).value, triggers, "of mcontrol6");
	test_end();
	if (triggers < 2)
		return;
	test_modes();
	test_state();
	test_errors();
	test_harts();
	test_stay(args_number("role", 1) & 3, args_number("seconds", 1));
}
