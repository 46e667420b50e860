/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI FWFT: each feature with each value, flag, lock and error, over starts and suspends of a
 * hart, and what it does: to misaligned accesses, landing pads, shadow stacks, traps in traps, A
 * and D of page tables, and the upper bits of addresses.
 * Arguments: offered=<n> is the set of features that there have to be, one bit each (0x3f);
 * masks=0 says that PMLEN does nothing here (QEMU 10 in VS-mode);
 * double=<n> ends with a double trap, of the hart (1) or of an exception that the hypervisor
 * raises (2); ms=<n> is how long siblings with different features run side by side (200);
 * misaligned=<n> does nothing but misaligned LR and SC, with that value of the feature.
 */
#include "fwft_parts.h"
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "fwft";

#define LOCK 1ul
#define DENIED_LOCKED -14

const char *const feature_names[FEATURES] = { "misaligned",  "landing-pad", "shadow-stack",
					      "double-trap", "ad-updating", "pmlen" };

unsigned long offered;
bool masks;
static bool bare;

const unsigned long feature_values[FEATURES][3] = { { 1 }, { 1 }, { 1 }, { 1 }, { 1 }, { 7, 16 } };

struct sbiret fwft_get(unsigned long feature)
{
	return sbi_call(SBI_FWFT, 1, feature, 0, 0);
}

__attribute__((noinline)) long fwft_set(unsigned long feature, unsigned long value,
					unsigned long flags)
{
	return sbi_call(SBI_FWFT, 0, feature, value, flags).error;
}

/* OpenSBI keeps landing pads over a start, where this payload has none. */
static bool can_lock(unsigned int feature)
{
	return has(feature) && !(bare && feature == LANDING_PAD);
}

static void check_get(unsigned int feature, long wanted)
{
	struct sbiret ret = fwft_get(feature);

	CHECK(ret.error == 0 && ret.value == wanted, "%s is %ld (error %ld), not %ld",
	      feature_names[feature], ret.value, ret.error, wanted);
}

/* ---- calls ---- */

static void test_offered(void)
{
	test_begin("exactly what is there is offered, and is 0");
	for (unsigned int i = 0; i < FEATURES; i++) {
		if (has(i)) {
			check_get(i, 0);
			continue;
		}
		CHECK_EQ(fwft_get(i).error, SBI_ERR_NOT_SUPPORTED, feature_names[i]);
		CHECK_EQ(fwft_get(i).value, 0, feature_names[i]);
		CHECK_EQ(fwft_set(i, 0, 0), SBI_ERR_NOT_SUPPORTED, feature_names[i]);
		CHECK_EQ(fwft_set(i, 1, 2), SBI_ERR_NOT_SUPPORTED, feature_names[i]);
	}
	test_end();
}

static void test_numbers(void)
{
	static const unsigned long numbers[] = { 6,	     0x3fffffff, 0x40000000, 0x7fffffff,
						 0x80000000, 0x80000001, 0xbfffffff, 0xc0000000,
						 0xc0000005, 0xffffffff };

	test_begin("other features are denied, and numbers have 32 bits");
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		CHECK_EQ(fwft_get(numbers[i]).error, SBI_ERR_DENIED, "get");
		CHECK_EQ(fwft_get(numbers[i]).value, 0, "value of a failed get");
		CHECK_EQ(fwft_set(numbers[i], 0, 0), SBI_ERR_DENIED, "set");
		CHECK_EQ(fwft_set(numbers[i], 0, -1ul), SBI_ERR_DENIED, "set with flags");
	}
	for (unsigned int i = 0; i < FEATURES; i++) {
		CHECK_EQ(fwft_get(i | 1ul << 32).error, fwft_get(i).error, feature_names[i]);
		CHECK_EQ(fwft_get(i | 0xffffffff00000000).error, fwft_get(i).error,
			 feature_names[i]);
	}
	for (unsigned long fid = 2; fid < 1ul << 40; fid = fid * 3 + 1)
		CHECK_EQ(sbi_call(SBI_FWFT, fid, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED,
			 "unknown function");
	test_end();
}

static bool is_value(unsigned int feature, unsigned long value)
{
	return value == 0 || value == feature_values[feature][0] ||
	       value == feature_values[feature][1];
}

static void check_values(unsigned int feature)
{
	unsigned long held = 0;

	for (unsigned int i = 0; i < 64 + 40; i++) {
		unsigned long value = i < 40 ? i : 1ul << (i - 40);
		long wanted = is_value(feature, value) ? SBI_SUCCESS : SBI_ERR_INVALID_PARAM;
		long error = fwft_set(feature, value, 0);

		held = error ? held : value;
		CHECK(error == wanted, "%s = %#lx: %ld", feature_names[feature], value, error);
		check_get(feature, (long)held);
	}
	CHECK_EQ(fwft_set(feature, -1ul, 0), SBI_ERR_INVALID_PARAM, feature_names[feature]);
	for (unsigned int bit = 1; bit < 64; bit++) {
		CHECK_EQ(fwft_set(feature, 0, 1ul << bit), SBI_ERR_INVALID_PARAM,
			 feature_names[feature]);
		CHECK_EQ(fwft_set(feature, 99, 1ul << bit | LOCK), SBI_ERR_INVALID_PARAM, "flags");
	}
	check_get(feature, (long)held);
	CHECK_EQ(fwft_set(feature, 0, 0), 0, feature_names[feature]);
	CHECK_EQ(fwft_set(feature, 99, LOCK), SBI_ERR_INVALID_PARAM, "lock with a wrong value");
	CHECK_EQ(fwft_set(feature, 0, 0), 0, "set after a lock that failed");
}

static void test_values(void)
{
	test_begin("values and flags");
	for (unsigned int i = 0; i < FEATURES; i++)
		if (has(i))
			check_values(i);
	test_end();
}

/* ---- starts and suspends ---- */

static volatile struct {
	long value[FEATURES], set[FEATURES], again[FEATURES], flags[FEATURES], other[FEATURES];
	long after[FEATURES];
} seen;

static unsigned long locked_value(unsigned int feature, unsigned long round)
{
	return round % 3 == 2 ? 0 : feature_values[feature][feature == PMLEN ? round % 2 : 0];
}

/* On another hart: what it finds, and what it does to it. All of it is gone when it starts anew. */
static void lock_all(void *argument)
{
	unsigned long round = (unsigned long)argument;

	for (unsigned int i = 0; i < FEATURES; i++) {
		if (!can_lock(i))
			continue;
		seen.value[i] = fwft_get(i).value;
		seen.set[i] = fwft_set(i, locked_value(i, round), LOCK);
		seen.again[i] = fwft_set(i, locked_value(i, round), LOCK);
		seen.other[i] = fwft_set(i, 99, 0);
		seen.flags[i] = fwft_set(i, 0, 2);
		seen.after[i] = fwft_get(i).value;
	}
}

static void test_locks(void)
{
	unsigned long peer = hart_peer();

	if (!test_begin_if("locks hold until the hart starts anew, and are its own", hart_count > 1,
			   "one hart only"))
		return;
	for (unsigned long round = 0; round < 6; round++) {
		CHECK_EQ(hart_start(peer, lock_all, (void *)round), 0, "start");
		CHECK(hart_join(peer, 10), "the peer does not stop");
		for (unsigned int i = 0; i < FEATURES; i++) {
			if (!can_lock(i))
				continue;
			/* OpenSBI keeps the values of two of them. */
			CHECK(bare || seen.value[i] == 0, "%s is %ld at the start",
			      feature_names[i], seen.value[i]);
			CHECK_EQ(seen.set[i], 0, feature_names[i]);
			CHECK_EQ(seen.again[i], DENIED_LOCKED, feature_names[i]);
			CHECK_EQ(seen.other[i], DENIED_LOCKED, feature_names[i]);
			CHECK_EQ(seen.flags[i], SBI_ERR_INVALID_PARAM, feature_names[i]);
			CHECK_EQ(seen.after[i], (long)locked_value(i, round), feature_names[i]);
			check_get(i, 0);
		}
	}
	test_end();
}

static const struct {
	unsigned long extension, type;
} suspends[] = {
	{ SBI_HSM, HSM_SUSPEND_RETENTIVE },
	{ SBI_HSM, HSM_SUSPEND_NON_RETENTIVE },
	{ SBI_SUSP, 0 },
};

#define SUSPENDS (sizeof(suspends) / sizeof(suspends[0]))

static void suspend(unsigned int kind)
{
	csr_write(CSR_SIE, 1 << IRQ_STI);
	sbi_set_timer(time_now() + ticks_per_second / 1000);
	hart_suspend(suspends[kind].extension, suspends[kind].type);
	sbi_set_timer(-1ul);
	csr_write(CSR_SIE, 0);
}

/* Landing pads only meanwhile: what prints is compiled without. */
static void check_landing_pad(unsigned int kind, unsigned long value)
{
	struct sbiret after;
	long error = fwft_set(LANDING_PAD, value, 0);

	suspend(kind);
	after = fwft_get(LANDING_PAD);
	CHECK_EQ(fwft_set(LANDING_PAD, 0, 0), 0, "landing pads off again");
	CHECK_EQ(error, 0, "landing pads");
	CHECK(after.error == 0 && after.value == (long)value, "landing-pad is %ld, not %lu",
	      after.value, value);
}

static bool lasts(unsigned int feature)
{
	return has(feature) && feature != LANDING_PAD;
}

/* What two of them do is there again, too, not the value alone. */
static void check_effects(unsigned long round)
{
	struct trap trap;

	CHECK(!(csr_read(CSR_SSTATUS) & SSTATUS_SDT), "SDT is set");
	if (has(DOUBLE_TRAP)) {
		csr_set(CSR_SSTATUS, SSTATUS_SDT);
		CHECK_EQ(!!(csr_read(CSR_SSTATUS) & SSTATUS_SDT), locked_value(DOUBLE_TRAP, round),
			 "SDT after a suspend");
		csr_clear(CSR_SSTATUS, SSTATUS_SDT);
	}
	if (has(SHADOW_STACK)) {
		trap = trap_try((void)csr_read(CSR_SSP));
		CHECK_EQ(!trap.count, locked_value(SHADOW_STACK, round), "ssp after a suspend");
	}
}

static void check_suspends(unsigned long round, unsigned long flags)
{
	for (unsigned int i = 0; i < FEATURES; i++)
		if (lasts(i))
			CHECK_EQ(fwft_set(i, locked_value(i, round), flags), 0, feature_names[i]);
	for (unsigned int n = 0; n < SUSPENDS; n++) {
		if (!sbi_probe(suspends[n].extension))
			continue;
		if (has(LANDING_PAD))
			check_landing_pad(n, locked_value(LANDING_PAD, round));
		else
			suspend(n);
		check_effects(round);
		for (unsigned int i = 0; i < FEATURES; i++) {
			if (!lasts(i))
				continue;
			check_get(i, (long)locked_value(i, round));
			CHECK_EQ(fwft_set(i, locked_value(i, round), 0), flags ? DENIED_LOCKED : 0,
				 feature_names[i]);
		}
	}
}

static void lock_landing_pad(void *argument)
{
	(void)argument;
	seen.set[LANDING_PAD] = fwft_set(LANDING_PAD, 1, LOCK);
	suspend(0);
	seen.value[LANDING_PAD] = fwft_get(LANDING_PAD).value;
	seen.again[LANDING_PAD] = fwft_set(LANDING_PAD, 0, 0);
}

/* The last one: this hart is not started anew. */
static void test_suspend(void)
{
	unsigned long peer = hart_peer();

	if (!test_begin_if("values and locks last over a suspend", !bare, "OpenSBI"))
		return;
	if (has(LANDING_PAD) && hart_count > 1) {
		CHECK_EQ(hart_start(peer, lock_landing_pad, NULL), 0, "start");
		CHECK(hart_join(peer, 10), "the peer does not stop");
		CHECK_EQ(seen.set[LANDING_PAD], 0, "locked landing pads");
		CHECK_EQ(seen.value[LANDING_PAD], 1, "landing pads after a suspend");
		CHECK_EQ(seen.again[LANDING_PAD], DENIED_LOCKED, "locked landing pads after it");
	}
	for (unsigned long round = 0; round < 6; round++)
		check_suspends(round, 0);
	check_suspends(1, LOCK);
	test_end();
}

/* ---- the end ---- */

static bool trap_again(struct frame *frame)
{
	(void)frame;
	/* A breakpoint is the hart's own; the CSR is one that the hypervisor makes illegal. */
	if (args_number("double", 0) == 1)
		__asm__ volatile("ebreak");
	else
		(void)csr_read(0x600);
	return true;
}

static void double_trap(void)
{
	fwft_set(DOUBLE_TRAP, 1, 0);
	this_hart()->on_exception = trap_again;
	print("double trap follows");
	__asm__ volatile(".4byte 0xffffffff");
	print("no double trap");
}

void payload_main(void)
{
	offered = args_number("offered", 0x3f);
	masks = args_number("masks", 1);
	bare = sbi_is_bare();
	if (!sbi_probe(SBI_FWFT)) {
		test_begin_if("FWFT", false, "there is none");
		return;
	}
	if (args_number("misaligned", 2) < 2) {
		misaligned_only(args_number("misaligned", 2));
		return;
	}
	test_offered();
	test_numbers();
	test_values();
	test_misaligned();
	test_landing_pad();
	test_shadow_stack();
	test_sdt();
	test_ad_updating();
	test_pmlen();
	test_side_by_side();
	test_locks();
	test_suspend();
	if (args_number("double", 0))
		double_trap();
}
