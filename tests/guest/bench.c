/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What operations cost, in instructions, measured from inside: run it under `-icount shift=0`,
 * where one instruction takes 1 ns. Each figure is an average over many rounds and includes the
 * instructions that this payload itself needs for the operation, but not those of the loop.
 * Argument: rounds=<n> (2000). `vcpu_switch` needs two vCPUs on one hart.
 */
#include "lib/aia.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "bench";

#define MSI_ID 5
#define PAGE_SIZE 4096ul
#define TOUCHED_PAGES 512

static unsigned long rounds;
static bool have_cycle;
static volatile unsigned long ipis;
static volatile bool peer_ready;

/* Instructions so far: the cycle CSR where a guest may read it, otherwise time in ns. */
static unsigned long now(void)
{
	if (have_cycle)
		return csr_read(CSR_CYCLE);
	return time_now() * (1000000000 / ticks_per_second);
}

static void report(const char *name, unsigned long total, unsigned long operations)
{
	print("bench %s %lu", name, (total + operations / 2) / operations);
}

/*
 * Runs the statements `rounds` times after a tenth of that as a warm-up, takes off what an empty
 * loop needs and reports the average.
 */
#define MEASURE(name, ...)                                                 \
	do {                                                               \
		unsigned long begin, with, without;                        \
		for (unsigned long i = 0; i < rounds / 10 + 1; i++) {      \
			__VA_ARGS__;                                       \
		}                                                          \
		begin = now();                                             \
		for (unsigned long i = 0; i < rounds; i++) {               \
			__VA_ARGS__;                                       \
		}                                                          \
		with = now() - begin;                                      \
		begin = now();                                             \
		for (unsigned long i = 0; i < rounds; i++)                 \
			__asm__ volatile("" : : "r"(i) : "memory");        \
		without = now() - begin;                                   \
		report(name, with > without ? with - without : 0, rounds); \
	} while (0)

static bool on_ipi(struct frame *frame)
{
	(void)frame;
	if (this_hart()->last_cause != IRQ_SSI)
		return false;
	csr_clear(CSR_SIP, 1 << IRQ_SSI);
	ipis++;
	return true;
}

static void ipi_self(void)
{
	unsigned long before = ipis;

	sbi_send_ipi(1, this_hart()->id);
	while (ipis == before)
		__asm__ volatile("" : : : "memory");
}

static void bench_sbi(void)
{
	MEASURE("sbi_null", sbi_call(SBI_BASE, 0, 0, 0, 0));
	MEASURE("sbi_set_timer", sbi_set_timer(-1ul));
	MEASURE("sbi_rfence_self",
		sbi_call6(SBI_RFENCE, 1, 1, this_hart()->id, 0, PAGE_SIZE, 0, 0));
	this_hart()->on_interrupt = on_ipi;
	csr_write(CSR_SIE, 1 << IRQ_SSI);
	irq_enable();
	MEASURE("sbi_ipi_self", ipi_self());
	irq_disable();
	csr_write(CSR_SIE, 0);
}

static void bench_interrupt_files(void)
{
	volatile uint32_t *page;

	test_begin("interrupt file");
	if (!aia.has_imsic) {
		test_skip("no IMSIC in the device tree");
		test_end();
		return;
	}
	page = imsic_page(this_hart()->id);
	imsic_open();
	imsic_enable(MSI_ID);
	MEASURE("file_stopei", imsic_claim());
	MEASURE("file_msi_claim", *page = MSI_ID; imsic_claim());
	*page = MSI_ID;
	CHECK_EQ(imsic_claim(), MSI_ID, "the claimed identity");
	CHECK_EQ(imsic_claim(), 0, "a second claim");
	imsic_disable(MSI_ID);
	test_end();
}

static void bench_devices(void)
{
	unsigned long uart = fdt_device("ns16550a").address;

	if (aia.has_aplic)
		MEASURE("aplic_read", (void)*aplic_reg(APLIC_DOMAINCFG));
	if (uart)
		MEASURE("uart_read", (void)*(volatile uint8_t *)(uart + 5));
}

/* One page each of a block of RAM that nothing has used yet, away from image, tree and initrd. */
static void bench_first_touch(void)
{
	struct fdt_device memory = fdt_memory();
	unsigned long length = TOUCHED_PAGES * PAGE_SIZE;
	unsigned long at = memory.address + memory.size / 2 + (memory.size / 4 & -PAGE_SIZE);
	unsigned long begin, with, without;

	at &= -(2ul << 20);
	if (fdt_address() < at + length && at < fdt_address() + fdt_size())
		at -= 2 * length;
	begin = now();
	for (unsigned long i = 0; i < TOUCHED_PAGES; i++)
		*(volatile unsigned long *)(at + i * PAGE_SIZE) = i;
	with = now() - begin;
	begin = now();
	for (unsigned long i = 0; i < TOUCHED_PAGES; i++)
		__asm__ volatile("" : : "r"(at + i * PAGE_SIZE) : "memory");
	without = now() - begin;
	report("first_touch", with > without ? with - without : 0, TOUCHED_PAGES);
}

/* Waits for an IPI in WFI with interrupts off, takes it and returns. */
static void ball_catch(void)
{
	while (!(csr_read(CSR_SIP) & 1 << IRQ_SSI))
		wfi();
	csr_clear(CSR_SIP, 1 << IRQ_SSI);
}

static void ball_return(void *argument)
{
	unsigned long peer = (unsigned long)argument;

	csr_write(CSR_SIE, 1 << IRQ_SSI);
	peer_ready = true;
	for (unsigned long i = 0; i < 2 * rounds; i++) {
		ball_catch();
		sbi_send_ipi(1, peer);
	}
}

/*
 * Two vCPUs throw a ball by SBI IPI and sleep in WFI for its return: one switch is an SBI call, a
 * WFI exit, the change of the vCPU and the delivery of the IPI.
 */
static void bench_switch(void)
{
	unsigned long self = this_hart()->id, peer, begin = 0;

	test_begin("vcpu_switch");
	if (hart_count < 2) {
		test_skip("needs two vCPUs");
		test_end();
		return;
	}
	peer = hart_ids[0] == self ? hart_ids[1] : hart_ids[0];
	CHECK_EQ(hart_start(peer, ball_return, (void *)self), 0, "error of hart_start");
	CHECK(wait_for(peer_ready, 10), "the peer did not start");
	csr_write(CSR_SIE, 1 << IRQ_SSI);
	for (unsigned long i = 0; i < 2 * rounds; i++) {
		if (i == rounds)
			begin = now();
		sbi_send_ipi(1, peer);
		ball_catch();
	}
	report("vcpu_switch", now() - begin, 2 * rounds);
	csr_write(CSR_SIE, 0);
	CHECK(hart_join(peer, 10), "the peer did not stop");
	test_end();
}

void payload_main(void)
{
	struct trap trap = trap_try((void)csr_read(CSR_CYCLE));

	have_cycle = trap.count == 0;
	rounds = args_number("rounds", 2000);
	aia_init();
	print("bench counts %s, %lu rounds", have_cycle ? "cycles" : "nanoseconds", rounds);
	print("bench boot_time %lu", boot_time);
	print("bench timebase %lu", ticks_per_second);
	bench_sbi();
	bench_interrupt_files();
	bench_devices();
	bench_first_touch();
	bench_switch();
}
