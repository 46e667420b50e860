/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stolen time: errors of set_shmem, what becomes of the record, and how much of the time that a
 * busy hart wants it does not get, as "stolen <n> of <n> us". Arguments: ms=<n> of being busy
 * (200), least=<n> and most=<n> percent that may be stolen of it (0 and 100).
 */
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>
#include <string.h>

const char payload_name[] = "sta";

#define NONE (-1ul)

struct record {
	uint32_t sequence;
	uint32_t flags;
	uint64_t steal;
	uint8_t preempted;
	uint8_t pad[47];
};

/* Two records, and something on both sides. */
static volatile struct record records[4] __attribute__((aligned(4096)));

#define MINE (&records[1])
#define PEERS (&records[2])

static unsigned long self, peer;
static volatile bool running, leave;

static long set_shmem(unsigned long low, unsigned long high, unsigned long flags)
{
	return sbi_call(SBI_STA, 0, low, high, flags).error;
}

/* steal, as a guest has to read it. */
static uint64_t steal(const volatile struct record *record)
{
	uint32_t sequence;
	uint64_t value;

	do {
		sequence = record->sequence;
		__asm__ volatile("fence r, r" : : : "memory");
		value = record->steal;
		__asm__ volatile("fence r, r" : : : "memory");
	} while (sequence & 1 || sequence != record->sequence);
	return value;
}

static bool all_bytes(const volatile void *at, uint8_t byte, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (((const volatile uint8_t *)at)[i] != byte)
			return false;
	return true;
}

static void busy(unsigned long ticks)
{
	unsigned long end = time_now() + ticks;

	while (time_now() < end)
		;
}

static void test_errors(void)
{
	unsigned long at = (unsigned long)MINE;

	test_begin("errors");
	memset((void *)records, 0x5a, sizeof(records));
	CHECK_EQ(set_shmem(at, 0, 1), SBI_ERR_INVALID_PARAM, "flag 0");
	CHECK_EQ(set_shmem(at, 0, 1ul << 63), SBI_ERR_INVALID_PARAM, "flag 63");
	CHECK_EQ(set_shmem(NONE, NONE, 1), SBI_ERR_INVALID_PARAM, "the end with a flag");
	for (unsigned long off = 1; off < 64; off++)
		CHECK_EQ(set_shmem(at + off, 0, 0), SBI_ERR_INVALID_PARAM, "not aligned");
	CHECK_EQ(set_shmem(NONE, 0, 0), SBI_ERR_INVALID_PARAM, "low -1 only");
	CHECK_EQ(set_shmem(at, NONE, 0), SBI_ERR_INVALID_ADDRESS, "high -1 only");
	CHECK_EQ(set_shmem(at, 1, 0), SBI_ERR_INVALID_ADDRESS, "high part");
	CHECK_EQ(set_shmem(0x10000000, 0, 0), SBI_ERR_INVALID_ADDRESS, "a device");
	CHECK_EQ(set_shmem(0x08000000, 0, 0), SBI_ERR_INVALID_ADDRESS, "nothing");
	CHECK_EQ(set_shmem(-64ul, 0, 0), SBI_ERR_INVALID_ADDRESS, "-64");
	CHECK_EQ(set_shmem(1ul << 60, 0, 0), SBI_ERR_INVALID_ADDRESS, "2^60");
	CHECK_EQ(sbi_call(SBI_STA, 1, at, 0, 0).error, SBI_ERR_NOT_SUPPORTED, "function 1");
	relax();
	CHECK(all_bytes(records, 0x5a, sizeof(records)), "something was written");
	test_end();
}

static void test_record(void)
{
	uint32_t sequence;

	test_begin("record");
	CHECK_EQ(set_shmem((unsigned long)MINE, 0, 0), 0, "error of set_shmem");
	CHECK_EQ(MINE->sequence & 1, 0, "sequence, odd");
	CHECK_EQ(MINE->flags, 0, "flags");
	CHECK_EQ(MINE->preempted, 0, "preempted");
	CHECK(all_bytes(MINE->pad, 0, sizeof(MINE->pad)), "the padding is not zero");
	CHECK(all_bytes(&records[0], 0x5a, 64), "something before it was written");
	CHECK(all_bytes(&records[2], 0x5a, 64), "something behind it was written");
	sequence = MINE->sequence;
	for (int i = 0; i < 10; i++)
		relax();
	CHECK_EQ(MINE->sequence & 1, 0, "sequence, odd");
	print("  %u updates", (MINE->sequence - sequence) / 2);
	CHECK_EQ(set_shmem(NONE, NONE, 0), 0, "error of the end");
	memset((void *)MINE, 0x5a, 64);
	for (int i = 0; i < 10; i++)
		relax();
	CHECK(all_bytes(MINE, 0x5a, 64), "it was written after the end");
	CHECK_EQ(set_shmem(NONE, NONE, 0), 0, "error of a second end");
	test_end();
}

static void stay_busy(void *argument)
{
	(void)argument;
	set_shmem((unsigned long)PEERS, 0, 0);
	running = true;
	while (!leave)
		;
}

static void test_stopped(void)
{
	if (!test_begin_if("record of a hart that stops", hart_count > 1, "one hart only"))
		return;
	running = leave = false;
	CHECK_EQ(hart_start(peer, stay_busy, NULL), 0, "error of start");
	CHECK(wait_for(running, 5), "the hart does not run");
	leave = true;
	CHECK(hart_join(peer, 5), "the hart does not end");
	memset((void *)PEERS, 0x5a, 64);
	for (int i = 0; i < 3; i++) {
		running = false;
		relax();
	}
	CHECK(all_bytes(PEERS, 0x5a, 64), "it was written after the stop");
	test_end();
}

static void test_stolen(void)
{
	unsigned long us = ticks_per_second / 1000000;
	unsigned long wanted = args_number("ms", 200) * 1000;
	unsigned long least = args_number("least", 0), most = args_number("most", 100);
	uint64_t start, stolen, before = 0;
	bool grows = true;

	test_begin("stolen time");
	start = time_now();
	CHECK_EQ(set_shmem((unsigned long)MINE, 0, 0), 0, "error of set_shmem");
	while (time_now() - start < wanted * us) {
		busy(us * 100);
		grows &= steal(MINE) >= before;
		before = steal(MINE);
		CHECK_EQ(MINE->preempted, 0, "preempted, while it runs");
	}
	stolen = steal(MINE) / 1000;
	wanted = (time_now() - start) / us;
	print("stolen %lu of %lu us", (unsigned long)stolen, wanted);
	CHECK(grows, "it was less after a while");
	CHECK(stolen <= wanted, "more than there was");
	CHECK(stolen * 100 >= wanted * least, "less than %lu percent", least);
	CHECK(stolen * 100 <= wanted * most, "more than %lu percent", most);
	/* Who sleeps is not stolen from; that another had the hart when it woke is. */
	before = steal(MINE);
	start = time_now();
	for (int i = 0; i < 20; i++)
		relax();
	print("stolen %lu of %lu us asleep", (unsigned long)(steal(MINE) - before) / 1000,
	      (time_now() - start) / us);
	set_shmem(NONE, NONE, 0);
	test_end();
}

/* On one hart of the machine the other one cannot run while this one looks. */
static void test_preempted(void)
{
	unsigned long ms = ticks_per_second / 1000, seen = 0, looks = 0, end;

	if (!test_begin_if("preempted", hart_count > 1, "one hart only"))
		return;
	running = leave = false;
	CHECK_EQ(hart_start(peer, stay_busy, NULL), 0, "error of start");
	CHECK(wait_for(running, 5), "the hart does not run");
	end = time_now() + 100 * ms;
	do {
		uint8_t preempted = PEERS->preempted;

		CHECK(preempted <= 1, "preempted is %u", preempted);
		seen += preempted;
		looks++;
	} while (time_now() < end);
	leave = true;
	CHECK(hart_join(peer, 5), "the hart does not end");
	print("preempted in %lu of 100 looks", seen * 100 / looks);
	CHECK(seen * 100 / looks >= args_number("preempted", 0), "that is too few");
	test_end();
}

void payload_main(void)
{
	self = this_hart()->id;
	peer = hart_peer();
	if (!sbi_probe(SBI_STA)) {
		test_begin("stolen time");
		CHECK_EQ(set_shmem((unsigned long)MINE, 0, 0), SBI_ERR_NOT_SUPPORTED, "error");
		test_skip("the extension is not there");
		test_end();
		return;
	}
	test_errors();
	test_record();
	test_stopped();
	test_stolen();
	test_preempted();
}
