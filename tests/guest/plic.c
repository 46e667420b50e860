/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC against the RISC-V PLIC specification: every register, gateways, claims, completions,
 * priorities and thresholds at one hart; with several harts in plic_harts.c.
 */
#include "lib/plic.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"
#include "lib/trap.h"
#include "plic_parts.h"

const char payload_name[] = "plic";

#define SEIP (1ul << IRQ_SEI)

static unsigned long self;

/* ---- this hart's context ---- */

static void open(unsigned int source, unsigned int priority)
{
	plic_write(PLIC_PRIORITY(source), priority);
	plic_enable(PLIC_S(self), source, true);
}

static uint32_t claim(void)
{
	return plic_read(PLIC_CLAIM(PLIC_S(self)));
}

static void complete(uint32_t source)
{
	plic_write(PLIC_CLAIM(PLIC_S(self)), source);
}

static bool line(void)
{
	return spin_for(csr_read(CSR_SIP) & SEIP, 1);
}

static bool no_line(void)
{
	delay_us(200);
	return !(csr_read(CSR_SIP) & SEIP);
}

/* ---- registers ---- */

static void test_machine(void)
{
	test_begin("what the machine has");
	CHECK_EQ(plic.address, 0xc000000, "address");
	CHECK_EQ(plic.size, 0x600000, "size");
	CHECK_EQ(plic.sources, 95, "sources");
	if (!bare) {
		CHECK(!fdt_has_extension("ssaia"), "ssaia");
		CHECK(!fdt_device("riscv,aplic").address, "an aplic");
		CHECK(!fdt_device("riscv,imsics").address, "imsics");
		CHECK_EQ(trap_try(csr_read(CSR_STOPEI)).cause, CAUSE_ILLEGAL, "stopei");
		CHECK_EQ(trap_try(csr_read(CSR_SIREG)).cause, CAUSE_ILLEGAL, "sireg");
	}
	if (!bare && args_number("stateen", 1)) {
		CHECK_EQ(trap_try(csr_read(CSR_SISELECT)).cause, CAUSE_ILLEGAL, "siselect");
		CHECK_EQ(trap_try(csr_write(CSR_SISELECT, 0x70)).cause, CAUSE_ILLEGAL, "siselect");
		CHECK_EQ(trap_try(csr_read(CSR_STOPI)).cause, CAUSE_ILLEGAL, "stopi");
	}
	test_end();
}

static void test_registers(void)
{
	test_begin("registers");
	for (unsigned int source = 1; source <= plic.sources; source++) {
		plic_write(PLIC_PRIORITY(source), -1u);
		CHECK_EQ(plic_read(PLIC_PRIORITY(source)), 7, "priority");
		plic_write(PLIC_PRIORITY(source), source % 8);
	}
	for (unsigned int source = 1; source <= plic.sources; source++) {
		CHECK_EQ(plic_read(PLIC_PRIORITY(source)), source % 8, "priority");
		plic_write(PLIC_PRIORITY(source), 0);
	}
	for (unsigned int i = 0; i < 2 * hart_count; i++) {
		unsigned int context = 2 * (unsigned int)hart_ids[i / 2] + i % 2;

		plic_write(PLIC_THRESHOLD(context), -1u);
		CHECK_EQ(plic_read(PLIC_THRESHOLD(context)), 7, "threshold");
		plic_write(PLIC_THRESHOLD(context), i % 8);
		for (unsigned int word = 0; word < 3; word++)
			plic_write(PLIC_ENABLE(context, word), (i + 1) * 0x02040810 << word);
	}
	for (unsigned int i = 0; i < 2 * hart_count; i++) {
		unsigned int context = 2 * (unsigned int)hart_ids[i / 2] + i % 2;

		CHECK_EQ(plic_read(PLIC_THRESHOLD(context)), i % 8, "threshold");
		plic_write(PLIC_THRESHOLD(context), 0);
		for (unsigned int word = 0; word < 3; word++) {
			CHECK_EQ(plic_read(PLIC_ENABLE(context, word)),
				 (i + 1) * 0x02040810 << word, "enables");
			plic_write(PLIC_ENABLE(context, word), 0);
		}
	}
	test_end();
}

static void zero(unsigned int offset)
{
	plic_write(offset, -1u);
	CHECK(plic_read(offset) == 0, "register %#x is not zero", offset);
}

static void test_reserved(void)
{
	unsigned int last = 2 * (unsigned int)hart_ids[hart_count - 1] + 1;

	test_begin("what is not there");
	if (bare) {
		test_skip("QEMU has bits of source 0");
	} else {
		zero(PLIC_PRIORITY(0));
		for (unsigned int source = plic.sources + 1; source < 1024; source++)
			zero(PLIC_PRIORITY(source));
		for (unsigned int word = 0; word < 1024; word++)
			zero(PLIC_PENDING(word));
		for (unsigned int word = 3; word < 32; word++)
			zero(PLIC_ENABLE(last, word));
		plic_write(PLIC_ENABLE(last, 0), -1u);
		CHECK_EQ(plic_read(PLIC_ENABLE(last, 0)), -2u & 0xffffffff, "first enables");
		plic_write(PLIC_ENABLE(last, 0), 0);
		for (unsigned int offset = 8; offset < 0x1000; offset += 4)
			zero(PLIC_THRESHOLD(last) + offset);
		for (unsigned int context = last + 1; context <= last + 40; context++) {
			zero(PLIC_ENABLE(context, context % 32));
			zero(PLIC_THRESHOLD(context));
			zero(PLIC_CLAIM(context));
		}
		zero(0x1ffffc);
		zero((unsigned int)plic.size - 4);
		plic_write(PLIC_CLAIM(last), 0);
		plic_write(PLIC_CLAIM(last), plic.sources + 1);
		plic_write(PLIC_CLAIM(last), -1u);
	}
	test_end();
}

/* Accesses of another width, or not aligned; those may trap, but then on every machine. */
static void odd_accesses(unsigned long at)
{
	struct trap trap;
	unsigned long sum = 0;

	for (unsigned int i = 0; i < 4; i++) {
		*(volatile uint8_t *)(at + i) = 0xff;
		sum |= *(volatile uint8_t *)(at + i);
		*(volatile uint16_t *)(at + (i & 2)) = 0xffff;
		sum |= *(volatile uint16_t *)(at + (i & 2));
	}
	*(volatile uint64_t *)(at & ~7ul) = -1ul;
	sum |= *(volatile uint64_t *)(at & ~7ul);
	CHECK_EQ(sum, 0, "odd loads");
	for (unsigned int i = 1; i < 4; i++) {
		uint32_t value = 0;

		trap = trap_try(__asm__ volatile("sw %0, (%1)" ::"r"(-1), "r"(at + i) : "memory"));
		CHECK(!trap.count || trap.cause == CAUSE_STORE_MISALIGNED, "sw: %lu", trap.cause);
		trap = trap_try(
			__asm__ volatile("lwu %0, (%1)" : "+r"(value) : "r"(at + i) : "memory"));
		CHECK(!trap.count || trap.cause == CAUSE_LOAD_MISALIGNED, "lw: %lu", trap.cause);
		CHECK_EQ(value, 0, "misaligned load");
	}
}

static void test_widths(void)
{
	const unsigned int places[] = { PLIC_PRIORITY(uart_source), PLIC_PENDING(0),
					PLIC_ENABLE(PLIC_S(self), 0), PLIC_THRESHOLD(PLIC_S(self)),
					PLIC_CLAIM(PLIC_S(self)) };

	test_begin("other widths and alignments");
	if (bare) {
		test_skip("QEMU faults them");
	} else {
		devices_open();
		open(uart_source, 5);
		plic_write(PLIC_THRESHOLD(PLIC_S(self)), 3);
		uart_raise();
		for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			odd_accesses(plic.address + places[i]);
		CHECK_EQ(plic_read(PLIC_PRIORITY(uart_source)), 5, "priority");
		CHECK_EQ(plic_read(PLIC_THRESHOLD(PLIC_S(self))), 3, "threshold");
		CHECK_EQ(plic_read(PLIC_ENABLE(PLIC_S(self), 0)), 1 << uart_source, "enables");
		CHECK_EQ(plic_read(PLIC_PENDING(0)), 1 << uart_source, "pending");
		all_quiet();
	}
	test_end();
}

/* ---- gateways, claims, completions ---- */

static void test_level(void)
{
	test_begin("a level that stays");
	devices_open();
	open(uart_source, 1);
	uart_raise();
	for (int i = 0; i < 10; i++) {
		CHECK(line(), "no SEIP");
		CHECK(plic_pending(uart_source), "not pending");
		CHECK_EQ(claim(), uart_source, "claim");
		CHECK(!plic_pending(uart_source), "pending after the claim");
		CHECK(no_line(), "SEIP after the claim");
		CHECK_EQ(claim(), 0, "second claim");
		if (bare) /* QEMU looks at the wire only when the device moves it */
			uart_raise();
		complete(uart_source);
	}
	CHECK_EQ(claim(), uart_source, "last claim");
	uart_lower();
	complete(uart_source);
	CHECK(!plic_pending(uart_source), "pending with the wire low");
	CHECK(no_line(), "SEIP with the wire low");
	uart_raise();
	uart_lower();
	CHECK(line(), "request retracted");
	CHECK_EQ(claim(), uart_source, "claim of what went");
	complete(uart_source);
	CHECK(no_line(), "SEIP at the end");
	all_quiet();
	test_end();
}

static void test_completion(void)
{
	unsigned int mine = PLIC_S(self), other = PLIC_S(hart_ids[hart_count - 1]);

	if (!test_begin_if("completions", !bare, "QEMU completes what is not enabled, too"))
		return;
	devices_open();
	open(uart_source, 1);
	open(rtc_source, 2);
	complete(uart_source);
	uart_raise();
	rtc_raise();
	CHECK_EQ(claim(), rtc_source, "first claim");
	complete(uart_source); /* not claimed */
	CHECK(plic_pending(uart_source), "completed before its claim");
	CHECK_EQ(claim(), uart_source, "second claim");
	plic_enable(mine, uart_source, false);
	complete(uart_source);
	plic_enable(mine, uart_source, true);
	CHECK(!plic_pending(uart_source), "completed while not enabled");
	if (other != mine) {
		plic_write(PLIC_CLAIM(other), uart_source);
		CHECK(!plic_pending(uart_source), "completed by a context without it");
		plic_enable(other, uart_source, true);
		plic_write(PLIC_CLAIM(other), uart_source);
		CHECK(plic_pending(uart_source), "not completed by another context");
		plic_enable(other, uart_source, false);
		CHECK_EQ(claim(), uart_source, "third claim");
	}
	complete(0);
	complete(plic.sources + 1);
	complete(0x10000 + uart_source);
	CHECK(!plic_pending(uart_source), "completed by a number that is none");
	uart_lower();
	rtc_lower();
	complete(rtc_source);
	complete(uart_source);
	CHECK_EQ(claim(), 0, "claim at the end");
	all_quiet();
	test_end();
}

static void test_priorities(void)
{
	unsigned int low = uart_source < rtc_source ? uart_source : rtc_source;
	unsigned int high = uart_source + rtc_source - low;

	test_begin("priorities and thresholds");
	devices_open();
	uart_raise();
	rtc_raise();
	CHECK(plic_pending(uart_source) && plic_pending(rtc_source), "not pending");
	open(low, 1);
	open(high, 2);
	CHECK_EQ(claim(), high, "higher priority");
	CHECK_EQ(claim(), low, "lower priority");
	all_quiet();
	devices_open();
	uart_raise();
	rtc_raise();
	open(low, 3);
	open(high, 3);
	for (unsigned int threshold = 0; threshold < 8; threshold++) {
		plic_write(PLIC_THRESHOLD(PLIC_S(self)), threshold);
		if (threshold < 3)
			CHECK(line(), "no SEIP at threshold %u", threshold);
		else
			CHECK(no_line(), "SEIP at threshold %u", threshold);
	}
	if (bare) /* a claim there looks at the threshold */
		plic_write(PLIC_THRESHOLD(PLIC_S(self)), 0);
	CHECK_EQ(claim(), low, "lower source");
	CHECK_EQ(claim(), high, "higher source");
	all_quiet();
	devices_open();
	uart_raise();
	open(uart_source, 0);
	CHECK(no_line(), "SEIP at priority 0");
	CHECK_EQ(claim(), 0, "claim at priority 0");
	plic_write(PLIC_PRIORITY(uart_source), 1);
	CHECK(line(), "no SEIP at priority 1");
	all_quiet();
	test_end();
}

static void test_machine_context(void)
{
	test_begin("the machine's context");
	if (bare) {
		test_skip("it would interrupt the firmware");
	} else {
		devices_open();
		plic_write(PLIC_PRIORITY(uart_source), 1);
		plic_enable(PLIC_M(self), uart_source, true);
		uart_raise();
		CHECK(no_line(), "SEIP");
		CHECK_EQ(claim(), 0, "claim in the other context");
		CHECK_EQ(plic_read(PLIC_CLAIM(PLIC_M(self))), uart_source, "claim");
		uart_lower();
		plic_write(PLIC_CLAIM(PLIC_M(self)), uart_source);
		plic_enable(PLIC_M(self), uart_source, false);
		all_quiet();
	}
	test_end();
}

void payload_main(void)
{
	bare = sbi_is_bare();
	self = this_hart()->id;
	plic_init();
	if (!plic.address || !sources_find()) {
		test_begin_if("plic", false, "no PLIC with UART and RTC in the device tree");
		return;
	}
	test_machine();
	test_registers();
	test_reserved();
	test_widths();
	test_level();
	test_completion();
	test_priorities();
	test_machine_context();
	test_racing_claims();
	test_none_lost();
}
