/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The legacy extension: each function with its own conventions, hart masks in virtual memory, and
 * the faults that a guest gets for wrong ones.
 */
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/sv39.h"
#include "lib/test.h"

#include <stddef.h>
#include <string.h>

const char payload_name[] = "legacy";

enum {
	SET_TIMER,
	PUTCHAR,
	GETCHAR,
	CLEAR_IPI,
	SEND_IPI,
	FENCE_I,
	SFENCE_VMA,
	SFENCE_VMA_ASID,
	SHUTDOWN,
	FUNCTIONS
};

#define SSIP (1ul << IRQ_SSI)
#define STIP (1ul << IRQ_STI)
#define A1 0x123456789abcdefful

#define PAGE_FAULT 13
#define ACCESS_FAULT 5

static bool bare;
static unsigned long self, peer;
static unsigned long mask; /* where the guest's pointers point */

/* a6 means nothing, and a1 is kept: checked with each call. */
static long legacy(unsigned long id, unsigned long a0, unsigned long a2, unsigned long a3)
{
	struct sbiret ret = sbi_call6(id, -1ul, a0, A1, a2, a3, 0, 0);

	CHECK_EQ(ret.value, A1, "a1");
	return ret.error;
}

static void test_probe(void)
{
	test_begin("all of it is there");
	for (unsigned long id = 0; id < 16; id++)
		if (id < FUNCTIONS)
			CHECK_EQ(sbi_probe(id), 1, "probe");
		else
			CHECK_EQ(sbi_call(id, 0, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED, "reserved");
	test_end();
}

static void test_timer(void)
{
	unsigned long start = time_now(), ticks = ticks_per_second / 500;

	test_begin("timer");
	CHECK_EQ(legacy(SET_TIMER, start + ticks, 0, 0), 0, "result");
	csr_write(CSR_SIE, STIP);
	while (!(csr_read(CSR_SIP) & STIP))
		wfi();
	CHECK(time_now() >= start + ticks, "it came early");
	CHECK_EQ(legacy(SET_TIMER, -1ul, 0, 0), 0, "result");
	CHECK(!(csr_read(CSR_SIP) & STIP), "it is pending still");
	csr_write(CSR_SIE, 0);
	test_end();
}

static void test_console(void)
{
	test_begin("console");
	for (const char *c = "  by putchar\n"; *c; c++)
		CHECK_EQ(legacy(PUTCHAR, (unsigned char)*c | 0x4200, 0, 0), 0, "result");
	CHECK_EQ(legacy(GETCHAR, 0, 0, 0), -1, "what nobody typed");
	test_end();
}

static void test_ipi(void)
{
	test_begin("interrupts between harts");
	mask = 1ul << self;
	legacy(CLEAR_IPI, 0, 0, 0);
	CHECK_EQ(legacy(CLEAR_IPI, 0, 0, 0), 0, "clear without one");
	CHECK_EQ(legacy(SEND_IPI, (unsigned long)&mask, 0, 0), 0, "send");
	CHECK(wait_for(csr_read(CSR_SIP) & SSIP, 5), "it does not come");
	CHECK(legacy(CLEAR_IPI, 0, 0, 0) > 0, "clear does not say that there was one");
	CHECK(!(csr_read(CSR_SIP) & SSIP), "it is pending still");
	mask = 0;
	CHECK_EQ(legacy(SEND_IPI, (unsigned long)&mask, 0, 0), 0, "send to nobody");
	CHECK(!(csr_read(CSR_SIP) & SSIP), "it came here");
	CHECK_EQ(legacy(SEND_IPI, 0, 0, 0), 0, "send to all");
	CHECK(wait_for(csr_read(CSR_SIP) & SSIP, 5), "it does not come");
	csr_clear(CSR_SIP, SSIP);
	test_end();
}

static volatile bool came, running;

static void wait_for_ipi(void *argument)
{
	(void)argument;
	csr_write(CSR_SIE, SSIP);
	running = true;
	while (!(csr_read(CSR_SIP) & SSIP))
		wfi();
	csr_clear(CSR_SIP, SSIP);
	came = true;
}

static void test_peer(void)
{
	if (!test_begin_if("interrupt to another hart", hart_count > 1, "one hart only"))
		return;
	came = running = false;
	CHECK_EQ(hart_start(peer, wait_for_ipi, NULL), 0, "error of start");
	CHECK(wait_for(running, 5), "the hart does not run");
	mask = 1ul << peer;
	CHECK_EQ(legacy(SEND_IPI, (unsigned long)&mask, 0, 0), 0, "send");
	CHECK(wait_for(came, 5), "it does not come");
	CHECK(hart_join(peer, 5), "the hart does not end");
	test_end();
}

static void test_fences(void)
{
	static unsigned char bytes[16];

	test_begin("fences");
	mask = 1ul << self;
	for (unsigned long id = FENCE_I; id <= SFENCE_VMA_ASID; id++) {
		CHECK_EQ(legacy(id, (unsigned long)&mask, 0x1000, 1), 0, "fence of this hart");
		CHECK_EQ(legacy(id, 0, 0x1000, 1), 0, "fence of all");
	}
	if (!bare) {
		/* Not aligned. */
		memset(bytes, 0, sizeof(bytes));
		bytes[3] = (unsigned char)(1 << self);
		CHECK_EQ(legacy(FENCE_I, (unsigned long)&bytes[3], 0, 0), 0, "fence of this hart");
		mask = 1ul << hart_count;
		for (unsigned long id = SEND_IPI; id <= SFENCE_VMA_ASID; id++)
			CHECK(legacy(id, (unsigned long)&mask, 0x1000, 1) < 0, "no such hart");
		mask = 1ul << self;
		CHECK(legacy(SFENCE_VMA_ASID, (unsigned long)&mask, 0x1000, 0x10000) < 0, "ASID");
	}
	test_end();
}

/* A call with this pointer ends in @cause, at the ECALL, with the pointer as tval. */
static void faults(unsigned long pointer, unsigned long cause, const char *what)
{
	for (unsigned long id = SEND_IPI; id <= SFENCE_VMA_ASID; id++) {
		struct sbiret ret = { 0 };
		struct trap trap = trap_try(ret = sbi_call6(id, 0, pointer, A1, 1, 0, 0, 0));

		CHECK_EQ(trap.count, 1, what);
		CHECK_EQ(trap.cause, cause, what);
		CHECK_EQ(trap.tval, pointer, what);
		CHECK_EQ(*(const uint16_t *)trap.pc, 0x73, "half of the instruction at sepc");
		CHECK_EQ(ret.error, pointer, "a0");
		CHECK_EQ(ret.value, A1, "a1");
	}
}

static void test_faults(void)
{
	if (!test_begin_if("faults of pointers", !bare,
			   "OpenSBI's are those of its own way to read"))
		return;
	faults(0x08000000, ACCESS_FAULT, "nothing");
	faults(0x10000000, ACCESS_FAULT, "a device");
	faults(1ul << 60, ACCESS_FAULT, "2^60");
	test_end();
}

static void test_virtual(void)
{
	uint64_t *root = sv39_create_identity();
	unsigned long page = (unsigned long)&mask & ~4095ul, offset = (unsigned long)&mask & 4095;
	const unsigned long pages = 0x2000000000ul;

	test_begin("pointers are virtual");
	sv39_map(root, pages, page, SIZE_4K, PTE_RW);
	sv39_map(root, pages + 0x1000, page, SIZE_4K, PTE_V | PTE_X | PTE_A);
	sv39_map(root, pages + 0x2000, page, SIZE_4K, PTE_RW | PTE_U);
	sv39_map(root, pages + 0x3000, 0x08000000, SIZE_4K, PTE_RW);
	sv39_use(root, 0);
	mask = 1ul << self;
	CHECK_EQ(legacy(SEND_IPI, pages + offset, 0, 0), 0, "send");
	CHECK(wait_for(csr_read(CSR_SIP) & SSIP, 5), "it does not come");
	csr_clear(CSR_SIP, SSIP);
	if (!bare) {
		faults(pages + 0x1000 + offset, PAGE_FAULT, "a page that cannot be read");
		faults(pages + 0x2000 + offset, PAGE_FAULT, "a page of U-mode");
		faults(pages + 0x3000 + offset, ACCESS_FAULT, "a page of nothing");
		faults(pages + 0x5000 + offset, PAGE_FAULT, "no page");
		faults(0x5555555555555550ul, PAGE_FAULT, "no address");
		csr_set(CSR_SSTATUS, SSTATUS_SUM);
		CHECK_EQ(legacy(SEND_IPI, pages + 0x2000 + offset, 0, 0), 0, "send with SUM");
		csr_clear(CSR_SSTATUS, SSTATUS_SUM);
		csr_set(CSR_SSTATUS, SSTATUS_MXR);
		CHECK_EQ(legacy(SEND_IPI, pages + 0x1000 + offset, 0, 0), 0, "send with MXR");
		csr_clear(CSR_SSTATUS, SSTATUS_MXR);
		csr_clear(CSR_SIP, SSIP);
	}
	sv39_use(NULL, 0);
	test_end();
}

void payload_main(void)
{
	bare = sbi_is_bare();
	self = this_hart()->id;
	peer = hart_peer();
	if (!sbi_probe(SET_TIMER)) {
		test_begin("legacy");
		for (unsigned long id = 0; id < 16; id++)
			CHECK_EQ(sbi_call(id, 0, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED, "error");
		test_skip("it is not there");
		test_end();
		return;
	}
	test_probe();
	test_timer();
	test_console();
	test_ipi();
	test_peer();
	test_fences();
	test_faults();
	test_virtual();
	/* Instead of payload_end(): the last function, when there is nothing to tell. */
	if (args_number("shutdown", 0)) {
		legacy(SHUTDOWN, 0, 0, 0);
		panic("shutdown returned");
	}
}
