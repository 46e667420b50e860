/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI PMU (SBI 3.0): every function with every error, sets of counters, firmware events against
 * the calls that were made, snapshots and event information in shared memory.
 */
#include "lib/pmu.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sv39.h"
#include "lib/test.h"

#include <stddef.h>
#include <string.h>

const char payload_name[] = "pmu";

#define ALL (-1ul)
#define SBI_ERR_NO_SHMEM -9

static uint8_t page[8192] __attribute__((aligned(4096)));
static unsigned long present; /* counters, one bit each */

/* Calls whose error is known. */
#define FAILS(wanted, function, a0, a1, a2, a3, a4)               \
	CHECK_EQ(pmu(function, a0, a1, a2, a3, a4).error, wanted, \
		 "error of " #function "(" #a0 ", " #a1 ", " #a2 ", " #a3 ", " #a4 ")")

static void test_counters(void)
{
	test_begin("counters");
	CHECK_EQ(pmu(PMU_NUM_COUNTERS, 0, 0, 0, 0, 0).value, COUNTERS, "number of counters");
	for (unsigned long i = 0; i < COUNTERS; i++) {
		struct sbiret info = pmu(PMU_GET_INFO, i, 0, 0, 0, 0);

		if (i >= FIRMWARE_FIRST) {
			CHECK_EQ(info.error, 0, "error of a firmware counter");
			CHECK_EQ(info.value, 1ul << 63 | 63 << 12, "firmware counter");
		} else if (!info.error) {
			CHECK_EQ(info.value & 0xfff, CSR_CYCLE + i, "CSR");
			CHECK_EQ(info.value >> 18, 0, "reserved bits");
		} else {
			CHECK_EQ(info.error, SBI_ERR_INVALID_PARAM, "error of no counter");
		}
		present |= info.error ? 0 : 1ul << i;
	}
	CHECK(!(present & 2), "time is a counter");
	CHECK_EQ(present & 5, 5, "cycle and instret");
	FAILS(SBI_ERR_INVALID_PARAM, PMU_GET_INFO, COUNTERS, 0, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_PARAM, PMU_GET_INFO, ALL, 0, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_PARAM, PMU_GET_INFO, 1ul << 32 | 32, 0, 0, 0, 0);
	FAILS(SBI_ERR_NOT_SUPPORTED, 9, 0, 0, 0, 0, 0);
	FAILS(SBI_ERR_NOT_SUPPORTED, ALL, 0, 0, 0, 0, 0);
	test_end();
}

/* Sets that are none, in each function that takes one. */
static void test_sets(void)
{
	static const struct {
		unsigned long base, mask;
	} wrong[] = {
		{ 0, 0 },	  { 40, 0 },	     { 0, 2 },		{ 1, 1 },
		{ 0, ALL },	  { 64, 1 },	     { 63, 2 },		{ 33, 1ul << 31 },
		{ ALL, 1 },	  { ALL, ALL },	     { ALL - 62, ALL }, { 1ul << 32, 1 },
		{ 1ul << 63, 3 }, { 32, 1ul << 32 }, { 32, ALL },	{ 0, 1ul << 31 },
	};

	test_begin("wrong sets of counters");
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		unsigned long base = wrong[i].base, mask = wrong[i].mask;

		if (base < 64 && mask && mask << base >> base == mask && !(mask << base & ~present))
			continue; /* this machine has that counter */
		FAILS(SBI_ERR_INVALID_PARAM, PMU_CONFIG, base, mask, 0, EVENT_FIRMWARE(5), 0);
		FAILS(SBI_ERR_INVALID_PARAM, PMU_START, base, mask, 0, 0, 0);
		FAILS(SBI_ERR_INVALID_PARAM, PMU_STOP, base, mask, 0, 0, 0);
	}
	test_end();
}

static void test_events(void)
{
	static const unsigned long none[] = {
		0,	 11,	  0xffff,   0x10006,	   0x10038, 0x1ffff,
		0x20001, 0x30001, 0x40000,  0xe0000,	   0xf0016, 0xf00ff,
		0xf0100, 0xfffff, 0x100001, 1ul << 32 | 1, ALL,	    0xf0005 | 1ul << 20,
	};
	static const unsigned long with_data[] = { 1, 2, 0x10019, 0xf0005, 0xf000e, 0xfffff };

	test_begin("events that are none");
	for (unsigned int i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		FAILS(SBI_ERR_NOT_SUPPORTED, PMU_CONFIG, 0, present, 0, none[i], 0);
	for (unsigned int i = 0; i < sizeof(with_data) / sizeof(with_data[0]); i++)
		FAILS(SBI_ERR_NOT_SUPPORTED, PMU_CONFIG, 0, present, 0, with_data[i], 1);
	FAILS(SBI_ERR_NOT_SUPPORTED, PMU_CONFIG, 0, present, 0, 0x20000, 1ul << 48);
	FAILS(SBI_ERR_NOT_SUPPORTED, PMU_CONFIG, 0, present, 0, 0x30000, 1ul << 56);
	FAILS(SBI_ERR_NOT_SUPPORTED, PMU_CONFIG, 0, 5, 0, EVENT_FIRMWARE(5), 0);
	FAILS(SBI_ERR_NOT_SUPPORTED, PMU_CONFIG, 32, 0xff, 0, EVENT_CYCLES, 0);
	for (unsigned int bit = 8; bit < 64; bit++)
		FAILS(SBI_ERR_INVALID_PARAM, PMU_CONFIG, 32, 1, 1ul << bit, EVENT_FIRMWARE(5), 0);
	test_end();
	test_begin("all firmware events");
	for (unsigned long code = 0; code <= 21; code++) {
		long counter = pmu_config(32, 0xffffffff, 0, EVENT_FIRMWARE(code));

		CHECK_EQ(counter, 32 + code, "counter of a firmware event");
	}
	CHECK_EQ(pmu(PMU_STOP, 32, 0xffffffff, STOP_RESET, 0, 0).error, SBI_ERR_ALREADY_STOPPED,
		 "stop of what is not started");
	test_end();
}

static void test_flags(void)
{
	test_begin("flags of config, start and stop");
	CHECK_EQ(pmu_config(33, 7, 0, EVENT_FIRMWARE(5)), 33, "first of three");
	CHECK_EQ(pmu_config(33, 7, 0, EVENT_FIRMWARE(5)), 34, "first without event");
	CHECK_EQ(pmu_config(33, 1, 0, EVENT_FIRMWARE(5)), 33, "named alone");
	CHECK_EQ(pmu_config(33, 7, CONFIG_SKIP_MATCH, EVENT_FIRMWARE(6)), 33, "not matched");
	for (unsigned int bit = 2; bit < 64; bit++) {
		FAILS(SBI_ERR_INVALID_PARAM, PMU_START, 33, 1, 1ul << bit, 0, 0);
		FAILS(SBI_ERR_INVALID_PARAM, PMU_STOP, 33, 1, 1ul << bit, 0, 0);
	}
	FAILS(SBI_ERR_INVALID_PARAM, PMU_START, 33, 1, START_SET_VALUE | START_SNAPSHOT, 0, 0);
	FAILS(SBI_ERR_NO_SHMEM, PMU_START, 33, 1, START_SNAPSHOT, 0, 0);
	FAILS(SBI_ERR_NO_SHMEM, PMU_STOP, 33, 1, STOP_SNAPSHOT, 0, 0);
	FAILS(SBI_ERR_INVALID_PARAM, PMU_START, 35, 1, 0, 0, 0); /* it has no event */
	CHECK_EQ(pmu_start(33, 77), 0, "start");
	CHECK_EQ(pmu_start(33, 88), SBI_ERR_ALREADY_STARTED, "start of what is started");
	FAILS(SBI_ERR_NOT_SUPPORTED, PMU_CONFIG, 33, 1, 0, EVENT_FIRMWARE(5), 0);
	FAILS(SBI_ERR_NOT_SUPPORTED, PMU_CONFIG, 33, 3, CONFIG_SKIP_MATCH, EVENT_FIRMWARE(5), 0);
	CHECK_EQ(pmu_fw_read(33), 77, "value");
	CHECK_EQ(pmu_stop(33, 0), 0, "stop");
	CHECK_EQ(pmu_stop(33, 0), SBI_ERR_ALREADY_STOPPED, "stop of what is stopped");
	CHECK_EQ(pmu_start(33, 99), 0, "start anew");
	CHECK_EQ(pmu(PMU_START, 33, 3, START_SET_VALUE, 5, 0).error, SBI_ERR_ALREADY_STARTED,
		 "start of two of which one is started");
	CHECK_EQ(pmu_fw_read(33), 99, "value of the one");
	CHECK_EQ(pmu_fw_read(34), 5, "value of the other");
	CHECK_EQ(pmu(PMU_STOP, 33, 7, STOP_RESET, 0, 0).error, SBI_ERR_ALREADY_STOPPED,
		 "stop of three of which one is stopped");
	CHECK_EQ(pmu_start(33, 0), SBI_ERR_INVALID_PARAM, "start without event");
	CHECK_EQ(pmu_fw_read(33), 99, "value after the stop");
	CHECK_EQ(pmu_config(33, 1, CONFIG_AUTO_START, EVENT_FIRMWARE(14)), 33, "auto start");
	CHECK_EQ(pmu_fw_read(33), 99, "value that is kept");
	CHECK_EQ(pmu_stop(33, STOP_RESET), 0, "stop of what started by itself");
	CHECK_EQ(pmu_config(33, 1, CONFIG_CLEAR, EVENT_FIRMWARE(14)), 33, "clear");
	CHECK_EQ(pmu_fw_read(33), 0, "value that is cleared");
	pmu_stop(33, STOP_RESET);
	test_end();
}

static void test_read(void)
{
	test_begin("fw_read and fw_read_hi");
	for (unsigned long i = 0; i < COUNTERS; i++) {
		long error = i < FIRMWARE_FIRST ? SBI_ERR_INVALID_PARAM : 0;

		CHECK_EQ(pmu(PMU_FW_READ, i, 0, 0, 0, 0).error, error, "error of fw_read");
		CHECK_EQ(pmu(PMU_FW_READ_HI, i, 0, 0, 0, 0).error, error, "error of fw_read_hi");
	}
	CHECK_EQ(pmu_config(63, 1, 0, EVENT_FIRMWARE(14)), 63, "the last counter");
	CHECK_EQ(pmu_start(63, 0x123456789abcdef0), 0, "start");
	CHECK_EQ(pmu_fw_read(63), 0x123456789abcdef0, "all of it");
	CHECK_EQ(pmu(PMU_FW_READ_HI, 63, 0, 0, 0, 0).value, 0, "high part");
	pmu_stop(63, STOP_RESET);
	FAILS(SBI_ERR_INVALID_PARAM, PMU_FW_READ, COUNTERS, 0, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_PARAM, PMU_FW_READ_HI, ALL, 0, 0, 0, 0);
	test_end();
}

/* Counters 32 to 53 count the events 0 to 21 from here on. */
static void count_all(void)
{
	for (unsigned long code = 0; code <= 21; code++)
		pmu_config(32, 0xffffffff, CONFIG_CLEAR | CONFIG_AUTO_START, EVENT_FIRMWARE(code));
}

#define EVENT(code) pmu_fw_read(32 + (code))

/* Those that were taken and acknowledged: another one is not lost. */
static volatile unsigned long ipis;

static bool on_ipi(struct frame *frame)
{
	(void)frame;
	csr_clear(CSR_SIP, 1 << IRQ_SSI);
	ipis++;
	return true;
}

static volatile unsigned long received[4];

/* The other hart: counts what it gets until it is told to end. */
static volatile bool counting, enough;

static void count_received(void *argument)
{
	(void)argument;
	count_all();
	this_hart()->on_interrupt = on_ipi;
	csr_set(CSR_SIE, 1 << IRQ_SSI);
	irq_enable();
	counting = true;
	while (!enough)
		;
	irq_disable();
	received[0] = EVENT(7);
	received[1] = EVENT(9);
	received[2] = EVENT(11);
	received[3] = EVENT(13);
}

static unsigned long rfence(unsigned long function, unsigned long mask)
{
	return (unsigned long)sbi_call6(SBI_RFENCE, function, mask, 0, 0x80200000, 4096, 1, 0)
		.error;
}

static void test_firmware_self(void)
{
	struct trap trap;

	test_begin("firmware events of one hart");
	count_all();
	for (unsigned int i = 0; i < 7; i++)
		sbi_set_timer(ALL);
	CHECK_EQ(EVENT(5), 7, "set_timer");
	sbi_send_ipi(1ul << boot_hart, 0);
	csr_clear(CSR_SIP, 1 << IRQ_SSI);
	for (unsigned int function = 0; function < 3; function++)
		rfence(function, 1ul << boot_hart);
	for (unsigned int code = 6; code <= 21; code++)
		CHECK(EVENT(code) == 0, "event %u counted %lu of what went to nobody else", code,
		      EVENT(code));
	trap = trap_try(csr_read(0x600)); /* hstatus */
	CHECK_EQ(trap.cause, CAUSE_ILLEGAL, "cause of a CSR that is not there");
	CHECK_EQ(EVENT(4), 1, "illegal instructions");
	trap = trap_try(*(volatile uint32_t *)0x50000000ul);
	CHECK_EQ(trap.cause, CAUSE_LOAD_ACCESS, "cause of a load from nowhere");
	trap = trap_try(*(volatile uint32_t *)0x50000000ul = 0);
	trap = trap_try(*(volatile uint32_t *)0x50000000ul = 0);
	CHECK_EQ(trap.cause, CAUSE_STORE_ACCESS, "cause of a store to nowhere");
	CHECK_EQ(EVENT(2), 1, "load access");
	CHECK_EQ(EVENT(3), 2, "store access");
	CHECK_EQ(EVENT(5), 7, "set_timer after the rest");
	CHECK_EQ(pmu(PMU_STOP, 32, (1 << 22) - 1, STOP_RESET, 0, 0).error, 0, "stop");
	sbi_set_timer(ALL);
	CHECK_EQ(EVENT(5), 7, "set_timer after the stop");
	test_end();
}

static void test_firmware_others(void)
{
	unsigned long other = hart_peer();

	if (!test_begin_if("firmware events between harts", hart_count > 1, "one hart"))
		return;
	CHECK_EQ(hart_start(other, count_received, NULL), 0, "start");
	while (!counting)
		;
	count_all();
	for (unsigned int i = 0; i < 3; i++) {
		unsigned long before = ipis;

		sbi_send_ipi(1ul << other | 1ul << boot_hart, 0);
		csr_clear(CSR_SIP, 1 << IRQ_SSI);
		CHECK(wait_for(ipis != before, 10), "no IPI came");
	}
	for (unsigned int i = 0; i < 4; i++)
		rfence(0, 1ul << other);
	for (unsigned int i = 0; i < 5; i++)
		rfence(1, 1ul << other | 1ul << boot_hart);
	for (unsigned int i = 0; i < 6; i++)
		rfence(2, 1ul << other);
	enough = true;
	CHECK(hart_join(other, 10), "it did not end");
	CHECK_EQ(EVENT(6), 3, "IPIs sent");
	CHECK_EQ(EVENT(7), 0, "IPIs received");
	CHECK_EQ(EVENT(8), 4, "FENCE.I sent");
	CHECK_EQ(EVENT(10), 5, "SFENCE.VMA sent");
	CHECK_EQ(EVENT(12), 6, "SFENCE.VMA with ASID sent");
	CHECK_EQ(received[0], 3, "IPIs received by the other");
	CHECK(received[1] >= 1 && received[1] <= 4, "%lu FENCE.I received", received[1]);
	CHECK(received[2] >= 1 && received[2] <= 5, "%lu SFENCE.VMA received", received[2]);
	CHECK(received[3] >= 1 && received[3] <= 6, "%lu with ASID received", received[3]);
	pmu(PMU_STOP, 32, (1 << 22) - 1, STOP_RESET, 0, 0);
	test_end();
}

static volatile unsigned long left_over;

static void look(void *argument)
{
	(void)argument;
	left_over = pmu_fw_read(32) | pmu_fw_read(37);
	/* None has an event: each can be had. */
	for (unsigned int i = 32; i < 64; i++)
		left_over |= pmu_config(32, 0xffffffff, 0, EVENT_FIRMWARE(5)) != (long)i;
}

static void test_reset(void)
{
	unsigned long other = hart_peer();

	test_begin("a hart begins without events");
	if (hart_count < 2)
		test_skip("one hart");
	for (unsigned int i = 0; i < 2 && hart_count > 1; i++) {
		CHECK_EQ(hart_start(other, look, NULL), 0, "start");
		CHECK(hart_join(other, 10), "it did not end");
		CHECK_EQ(left_over, 0, "what is left over");
	}
	test_end();
}

static void test_snapshot(void)
{
	volatile uint64_t *words = (volatile uint64_t *)page;
	unsigned long top = fdt_memory().address + fdt_memory().size;
	unsigned long low = (unsigned long)page;

	test_begin("snapshot");
	FAILS(SBI_ERR_INVALID_PARAM, PMU_SET_SHMEM, low, 0, 1, 0, 0);
	FAILS(SBI_ERR_INVALID_PARAM, PMU_SET_SHMEM, ALL, ALL, 1, 0, 0);
	FAILS(SBI_ERR_INVALID_PARAM, PMU_SET_SHMEM, low + 8, 0, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_PARAM, PMU_SET_SHMEM, ALL, 0, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_SET_SHMEM, low, 1, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_SET_SHMEM, 0, 0, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_SET_SHMEM, 0x10000000, 0, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_SET_SHMEM, top, 0, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_SET_SHMEM, -4096ul, 0, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_SET_SHMEM, 0, ALL, 0, 0, 0);
	CHECK_EQ(pmu_config(40, 1, CONFIG_CLEAR, EVENT_FIRMWARE(5)), 40, "config");
	CHECK_EQ(pmu_config(42, 1, CONFIG_CLEAR, EVENT_FIRMWARE(5)), 42, "config");
	FAILS(SBI_ERR_NO_SHMEM, PMU_START, 40, 1, START_SNAPSHOT, 0, 0);
	FAILS(0, PMU_SET_SHMEM, low, 0, 0, 0, 0);
	memset(page, 0xa5, sizeof(page));
	words[1 + 1] = 1000;
	words[1 + 3] = 2000;
	FAILS(0, PMU_START, 39, 0xa, START_SNAPSHOT, 0, 0);
	sbi_set_timer(ALL);
	CHECK_EQ(pmu_fw_read(40), 1001, "value from memory");
	CHECK_EQ(pmu_fw_read(42), 2001, "value from memory");
	FAILS(0, PMU_STOP, 38, 0x14, STOP_SNAPSHOT | STOP_RESET, 0, 0);
	CHECK_EQ(words[0], 0, "bitmap");
	CHECK_EQ(words[1 + 2], 1001, "value in memory");
	CHECK_EQ(words[1 + 4], 2001, "value in memory");
	for (unsigned int i = 1; i < sizeof(page) / 8; i++) {
		bool written = i == 3 || i == 5, ours = i == 2 || i == 4;

		CHECK(written || ours || words[i] == 0xa5a5a5a5a5a5a5a5, "word %u was written", i);
	}
	FAILS(0, PMU_SET_SHMEM, ALL, ALL, 0, 0, 0);
	FAILS(SBI_ERR_NO_SHMEM, PMU_STOP, 40, 1, STOP_SNAPSHOT, 0, 0);
	test_end();
}

struct event_info {
	uint32_t event, output;
	uint64_t data;
};

static void test_event_info(void)
{
	static const struct event_info asked[] = {
		{ 0, 0, 0 },
		{ 1, 1, 0 },
		{ 2, 1, 0 },
		{ 1, 0, 5 },
		{ 11, 0, 0 },
		{ 0xf0000, 1, 0 },
		{ 0xf0015, 1, 0 },
		{ 0xf0016, 0, 0 },
		{ 0xf0005, 0, 1 },
		{ 0xfffff, 0, 0 },
		{ 0x40000, 0, 0 },
		{ 0x20001, 0, 0 },
		{ 0x20000, 0, 1ul << 48 },
	};
	struct event_info *infos = (struct event_info *)page;
	unsigned long count = sizeof(asked) / sizeof(asked[0]), low = (unsigned long)page;

	test_begin("event_get_info");
	memcpy(infos, asked, sizeof(asked));
	for (unsigned int i = 0; i < count; i++)
		infos[i].output = 0xffffffff;
	FAILS(SBI_ERR_INVALID_PARAM, PMU_EVENT_INFO, low, 0, count, 1, 0);
	FAILS(SBI_ERR_INVALID_PARAM, PMU_EVENT_INFO, low, 0, 0, 0, 0);
	FAILS(SBI_ERR_INVALID_PARAM, PMU_EVENT_INFO, low + 8, 0, 1, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_EVENT_INFO, low, 1, 1, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_EVENT_INFO, 0x10000000, 0, 1, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_EVENT_INFO, low, 0, 1ul << 60, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_EVENT_INFO, low, 0, ALL, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_EVENT_INFO, -16ul, 0, 1, 0, 0);
	FAILS(SBI_ERR_INVALID_ADDRESS, PMU_EVENT_INFO, -16ul, 0, 2, 0, 0);
	CHECK_EQ(infos[1].output, 0xffffffff, "output after an error");
	FAILS(0, PMU_EVENT_INFO, low, 0, count, 0, 0);
	for (unsigned int i = 0; i < count; i++)
		CHECK(infos[i].output == asked[i].output && infos[i].event == asked[i].event &&
			      infos[i].data == asked[i].data,
		      "event %#x: %#x", asked[i].event, infos[i].output);
	for (unsigned int bit = 20; bit < 32; bit++) {
		infos[0].output = 0xffffffff;
		infos[1].event = 1 | 1u << bit;
		FAILS(SBI_ERR_INVALID_PARAM, PMU_EVENT_INFO, low, 0, 2, 0, 0);
		CHECK_EQ(infos[0].output, 0xffffffff, "output after an error");
	}
	test_end();
}

void payload_main(void)
{
	if (!sbi_probe(SBI_PMU) || sbi_is_bare()) {
		test_begin_if("pmu", false,
			      sbi_is_bare() ? "OpenSBI numbers its counters otherwise" : "no PMU");
		return;
	}
	test_counters();
	test_sets();
	test_events();
	test_flags();
	test_read();
	test_firmware_self();
	test_firmware_others();
	test_reset();
	test_snapshot();
	test_event_info();
}
