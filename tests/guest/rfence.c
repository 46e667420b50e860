/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remote fences: errors, and their effect on harts that run with a page table or code that this
 * hart changes under them.
 */
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/sv39.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "rfence";

enum {
	FENCE_I,
	SFENCE_VMA,
	SFENCE_VMA_ASID,
	HFENCE_GVMA_VMID,
	HFENCE_GVMA,
	HFENCE_VVMA_ASID,
	HFENCE_VVMA
};

#define WINDOW 0x1000000000ul /* where the changing page is mapped */
#define ASID 3

enum command { WAIT, READ, CALL, QUIT };

static bool bare;
static unsigned long self, peers;
static uint64_t *root;
static struct barrier barrier;
static volatile enum command command;
static volatile unsigned long sequence;
static volatile unsigned long done[MAX_HARTS], result[MAX_HARTS];
static unsigned long pages[2][512] __attribute__((aligned(4096)));
static volatile uint32_t code[2] __attribute__((aligned(64)));

static long rfence(unsigned long fid, unsigned long mask, unsigned long base, unsigned long start,
		   unsigned long size, unsigned long asid)
{
	return sbi_call6(SBI_RFENCE, fid, mask, base, start, size, asid, 0).error;
}

/* Called on the other harts: does what it is told, under the shared page table. */
static void worker(void *argument)
{
	unsigned long id = this_hart()->id, seen = 0;

	(void)argument;
	sv39_use(root, ASID);
	done[id] = 0;
	for (;;) {
		while (sequence == seen)
			relax();
		seen = sequence;
		fence();
		if (command == QUIT)
			break;
		if (command == READ)
			result[id] = *(volatile unsigned long *)WINDOW;
		else if (command == CALL)
			result[id] = ((unsigned long (*)(void))(unsigned long)code)();
		fence();
		done[id] = seen;
	}
	sv39_use(NULL, 0);
}

/* Has all workers do something and waits for them. */
static bool tell(enum command what)
{
	bool ok = true;

	command = what;
	fence();
	sequence++;
	for (unsigned int i = 0; what != QUIT && i < hart_count; i++)
		if (hart_ids[i] != self)
			ok &= wait_for(done[hart_ids[i]] == sequence, 10);
	fence();
	return ok;
}

static void expect_results(unsigned long wanted, const char *what)
{
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != self)
			CHECK(result[hart_ids[i]] == wanted, "%s: hart %lu sees %#lx, not %#lx",
			      what, hart_ids[i], result[hart_ids[i]], wanted);
}

static void test_errors(void)
{
	unsigned long unknown = hart_ids[hart_count - 1] + 1;

	test_begin("errors");
	for (unsigned long fid = FENCE_I; fid <= SFENCE_VMA_ASID; fid++) {
		CHECK_EQ(rfence(fid, 1, self, 0, -1ul, 0), 0, "this hart");
		CHECK_EQ(rfence(fid, 0, -1ul, 0, -1ul, 0), 0, "all harts, empty mask");
		CHECK_EQ(rfence(fid, 0, 0, 0, -1ul, 0), 0, "no hart");
		CHECK_EQ(rfence(fid, 1, unknown, 0, -1ul, 0), SBI_ERR_INVALID_PARAM,
			 "an unknown hart");
		if (!bare) /* OpenSBI cuts ids off. */
			CHECK_EQ(rfence(fid, 1, 1ul << 40, 0, -1ul, 0), SBI_ERR_INVALID_PARAM,
				 "base 2^40");
		CHECK_EQ(rfence(fid, 1ul << 63, self, 0, -1ul, 0), SBI_ERR_INVALID_PARAM, "bit 63");
	}
	for (unsigned long fid = HFENCE_GVMA_VMID; !bare && fid <= HFENCE_VVMA; fid++)
		CHECK_EQ(rfence(fid, 1, self, 0, -1ul, 0), SBI_ERR_NOT_SUPPORTED, "hfence");
	test_end();
	test_begin("ranges");
	CHECK_EQ(rfence(SFENCE_VMA, 0, -1ul, 0, 0, 0), 0, "0, 0");
	CHECK_EQ(rfence(SFENCE_VMA, 0, -1ul, WINDOW, 4096, 0), 0, "one page");
	CHECK_EQ(rfence(SFENCE_VMA, 0, -1ul, WINDOW + 123, 1, 0), 0, "a byte");
	CHECK_EQ(rfence(SFENCE_VMA, 0, -1ul, 0x80000000, 1ul << 30, 0), 0, "1 GiB");
	CHECK_EQ(rfence(SFENCE_VMA, 0, -1ul, -4096ul, 4096, 0), 0, "the last page");
	CHECK_EQ(rfence(SFENCE_VMA, 0, -1ul, 0, -1ul, 0), 0, "everything");
	CHECK_EQ(rfence(SFENCE_VMA_ASID, 0, -1ul, WINDOW, 4096, 0xffff), 0, "the last ASID");
	test_end();
}

static void test_remap(unsigned long fid, unsigned long start, unsigned long size, const char *what)
{
	test_begin(what);
	for (unsigned long round = 0; round < 20; round++) {
		bool all = round & 1;

		sv39_map(root, WINDOW, (uint64_t)pages[round & 1], SIZE_4K, PTE_RW);
		fence();
		CHECK_EQ(rfence(fid, all ? 0 : peers, all ? -1ul : 0, start, size, ASID), 0,
			 "error");
		CHECK(tell(READ), "a hart does not answer");
		expect_results(100 + (round & 1), what);
	}
	test_end();
}

static void test_code(void)
{
	test_begin("remote fence.i");
	for (uint32_t round = 0; round < 20; round++) {
		code[0] = (round + 1) << 20 | 10 << 7 | 0x13; /* li a0, round + 1 */
		code[1] = 0x00008067;    /* ret */
		fence();
		CHECK_EQ(rfence(FENCE_I, round & 1 ? 0 : peers, round & 1 ? -1ul : 0, 0, 0, 0), 0,
			 "error");
		CHECK(tell(CALL), "a hart does not answer");
		expect_results(round + 1, "fence.i");
	}
	test_end();
}

static void fence_storm(void *argument)
{
	unsigned long failed = 0;

	(void)argument;
	for (unsigned long i = 0; i < 60; i++)
		failed += rfence(i % 3, 0, -1ul, WINDOW, 4096 << (i % 8), ASID) != 0;
	result[this_hart()->id] = failed;
	/* OpenSBI waits for ever when a hart stops while another one fences it. */
	if (bare)
		barrier_wait(&barrier, hart_count);
}

/* All harts fence all harts at once: nobody waits for ever. */
static void test_storm(void)
{
	test_begin("all harts at once");
	CHECK(harts_run(hart_count, fence_storm, NULL, 20), "a hart did not end");
	for (unsigned int i = 0; i < hart_count; i++)
		CHECK_EQ(result[hart_ids[i]], 0, "failed fences");
	test_end();
}

void payload_main(void)
{
	bool ok = true;

	bare = sbi_is_bare();
	self = this_hart()->id;
	pages[0][0] = 100;
	pages[1][0] = 101;
	test_errors();
	test_storm();
	if (hart_count < 2) {
		test_begin_if("remote effect", false, "one hart only");
		return;
	}
	root = sv39_create_identity();
	sv39_map(root, WINDOW, (uint64_t)pages[1], SIZE_4K, PTE_RW);
	for (unsigned int i = 0; i < hart_count; i++) {
		if (hart_ids[i] == self)
			continue;
		peers |= 1ul << hart_ids[i];
		ok &= hart_start(hart_ids[i], worker, NULL) == 0;
	}
	ok &= tell(READ);
	test_remap(SFENCE_VMA, WINDOW, 4096, "remote sfence.vma of a page");
	test_remap(SFENCE_VMA, 0, 0, "remote sfence.vma, 0 and 0");
	test_remap(SFENCE_VMA, 0, -1ul, "remote sfence.vma of everything");
	test_remap(SFENCE_VMA, WINDOW - SIZE_2M, 2 * SIZE_2M, "remote sfence.vma of 4 MiB");
	test_remap(SFENCE_VMA_ASID, WINDOW, 4096, "remote sfence.vma of a page by ASID");
	test_remap(SFENCE_VMA_ASID, 0, -1ul, "remote sfence.vma of an ASID");
	test_code();
	test_begin("all harts stop");
	tell(QUIT);
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != self)
			ok &= hart_join(hart_ids[i], 10);
	CHECK(ok, "a hart did not start or stop");
	test_end();
}
