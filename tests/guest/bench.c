/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What operations cost, in instructions, measured from inside: run it under `-icount shift=0`,
 * where one instruction takes 1 ns. Each figure is the median of BATCHES averages and includes the
 * instructions that this payload itself needs for the operation, but not those of the loop.
 * Arguments: rounds=<n> (2000), and parts=<bits>, see enum part. `vcpu_switch…` needs vCPUs that
 * share a hart, `sbi_ipi_other` two that do not.
 */
#include "lib/aia.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/marks.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>
#include <stdio.h>

const char payload_name[] = "bench";

#define MSI_ID 5
#define PAGE_SIZE 4096ul
#define TOUCHED_PAGES 512
#define BATCHES 20
#define IPI_ROUNDS 40 /* the plugin count.c takes the median of the first 20 */

enum part {
	PART_OPERATIONS = 1,
	PART_SWITCH = 2,
	PART_IPI_OTHER = 4,
	PART_IPI_ALL = 8,
	PART_SWITCH_FPV = 16,
	PART_CLAIMS = 32,
};

static unsigned long rounds, per_batch;
static bool have_cycle;
static volatile unsigned long peers_ready;
static bool has_float, has_vector;

unsigned long vector_configure(unsigned long vl, unsigned long vtype);

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

/* The middle one, so that what else happens now and then does not count. Changes their order. */
static unsigned long median(unsigned long *totals)
{
	for (unsigned int i = 1; i < BATCHES; i++)
		for (unsigned int j = i; j > 0 && totals[j - 1] > totals[j]; j--) {
			unsigned long larger = totals[j - 1];

			totals[j - 1] = totals[j];
			totals[j] = larger;
		}
	return totals[BATCHES / 2];
}

/* Runs the statements per_batch times, BATCHES times, and gives the median of what that took. */
#define BATCH_MEDIAN(...)                                               \
	({                                                              \
		unsigned long totals[BATCHES];                          \
		for (unsigned int b = 0; b < BATCHES; b++) {            \
			unsigned long begin = now();                    \
			for (unsigned long i = 0; i < per_batch; i++) { \
				__VA_ARGS__;                            \
			}                                               \
			totals[b] = now() - begin;                      \
		}                                                       \
		median(totals);                                         \
	})

/*
 * Runs the statements `rounds` times after a tenth of that as a warm-up, takes off what an empty
 * loop needs and reports what one time takes.
 */
#define MEASURE(name, ...)                                                          \
	do {                                                                        \
		unsigned long with, without;                                        \
		for (unsigned long i = 0; i < rounds / 10 + 1; i++) {               \
			__VA_ARGS__;                                                \
		}                                                                   \
		with = BATCH_MEDIAN(__VA_ARGS__);                                   \
		without = BATCH_MEDIAN(__asm__ volatile("" : : "r"(i) : "memory")); \
		report(name, with > without ? with - without : 0, per_batch);       \
	} while (0)

/*
 * SBI IPIs and MSIs to itself, up to a handler and back. The handlers have two instructions beside
 * SRET, so that what they cost is not what is measured: s11 counts.
 */
void bench_ipi_vector(void);
void bench_msi_vector(void);

__asm__(".balign 4\nbench_ipi_vector:\n\tcsrci sip, 2\n\taddi s11, s11, 1\n\tsret\n"
	".balign 4\nbench_msi_vector:\n\tcsrwi 0x15c, 0\n\taddi s11, s11, 1\n\tsret");

static void ipi_self(void)
{
	register unsigned long a0 __asm__("a0") = 1;
	register unsigned long a1 __asm__("a1") = this_hart()->id;
	register unsigned long a6 __asm__("a6") = 0;
	register unsigned long a7 __asm__("a7") = SBI_IPI;

	__asm__ volatile("li s11, 0\n\tecall\n1:\tbeqz s11, 1b"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a6), "r"(a7)
			 : "s11", "memory");
}

static void msi_self(volatile uint32_t *page)
{
	__asm__ volatile("li s11, 0\n\tsw %0, (%1)\n1:\tbeqz s11, 1b"
			 :
			 : "r"(MSI_ID), "r"(page)
			 : "s11", "memory");
}

/* Interrupts are on, and taken by @vector, while the statements are measured. */
#define MEASURE_INTERRUPTS(name, vector, irq, ...)             \
	do {                                                   \
		unsigned long stvec = csr_read(CSR_STVEC);     \
		csr_write(CSR_STVEC, (unsigned long)(vector)); \
		csr_write(CSR_SIE, 1 << (irq));                \
		irq_enable();                                  \
		MEASURE(name, __VA_ARGS__);                    \
		irq_disable();                                 \
		csr_write(CSR_SIE, 0);                         \
		csr_write(CSR_STVEC, stvec);                   \
	} while (0)

static void bench_sbi(void)
{
	MEASURE("sbi_null", sbi_call(SBI_BASE, 0, 0, 0, 0));
	MEASURE("sbi_set_timer", sbi_set_timer(-1ul));
	MEASURE("sbi_rfence_self",
		sbi_call6(SBI_RFENCE, 1, 1, this_hart()->id, 0, PAGE_SIZE, 0, 0));
	MEASURE("hsm_status", sbi_call(SBI_HSM, 2, this_hart()->id, 0, 0));
	if (sbi_probe(SBI_FWFT))
		MEASURE("fwft_get", sbi_call(SBI_FWFT, 1, 0, 0, 0));
	MEASURE_INTERRUPTS("sbi_ipi_self", bench_ipi_vector, IRQ_SSI, ipi_self());
	csr_write(CSR_SIE, 1 << IRQ_SSI);
	csr_set(CSR_SIP, 1 << IRQ_SSI);
	MEASURE("wfi_pending", wfi());
	csr_clear(CSR_SIP, 1 << IRQ_SSI);
	csr_write(CSR_SIE, 0);
}

static void bench_interrupt_files(void)
{
	volatile uint32_t *page;

	if (!test_begin_if("interrupt file", aia.has_imsic, "no IMSIC in the device tree"))
		return;
	page = imsic_page(this_hart()->id);
	imsic_open();
	imsic_enable(MSI_ID);
	MEASURE("file_stopei", imsic_claim());
	MEASURE("file_sireg", csr_write(CSR_SISELECT, EIE0); csr_set(CSR_SIREG, 1 << MSI_ID));
	MEASURE("file_msi_claim", *page = MSI_ID; imsic_claim());
	*page = MSI_ID;
	CHECK_EQ(imsic_claim(), MSI_ID, "the claimed identity");
	CHECK_EQ(imsic_claim(), 0, "a second claim");
	MEASURE_INTERRUPTS("file_ipi_self", bench_msi_vector, IRQ_SEI, msi_self(page));
	imsic_disable(MSI_ID);
	test_end();
}

static void bench_devices(void)
{
	unsigned long uart = fdt_device("ns16550a").address;

	if (aia.has_aplic) {
		MEASURE("aplic_read", (void)*aplic_reg(APLIC_DOMAINCFG));
		*aplic_reg(APLIC_SOURCECFG(1)) = SOURCE_DETACHED;
		MEASURE("aplic_write", *aplic_reg(APLIC_TARGET(1)) = MSI_ID);
		*aplic_reg(APLIC_SOURCECFG(1)) = SOURCE_INACTIVE;
	}
	if (uart) {
		MEASURE("uart_read", (void)*(volatile uint8_t *)(uart + 5));
		MEASURE("uart_write", *(volatile uint8_t *)(uart + 7) = 0);
	}
}

/*
 * An APLIC in direct mode of which so many sources are pending and enabled for this hart: the most
 * important is made pending and claimed. The store that makes it pending is included.
 */
static void bench_claims(unsigned long pending)
{
	const unsigned int idc = 0x4000;

	if (!test_begin_if("claims", aia.has_aplic && !aia.aplic_msi, "no APLIC in direct mode"))
		return;
	*aplic_reg(APLIC_DOMAINCFG) = DOMAINCFG_IE;
	*aplic_reg(idc) = 1;
	for (unsigned int source = aia.sources; source > aia.sources - pending; source--) {
		*aplic_reg(APLIC_SOURCECFG(source)) = SOURCE_DETACHED;
		*aplic_reg(APLIC_TARGET(source)) = source > aia.sources - pending + 1 ? 2 : 1;
		*aplic_reg(APLIC_SETIENUM) = source;
		*aplic_reg(APLIC_SETIPNUM) = source;
	}
	MEASURE("aplic_topi", (void)*aplic_reg(idc + 0x18));
	MEASURE("aplic_claim", *aplic_reg(APLIC_SETIPNUM) = aia.sources - (uint32_t)pending + 1;
		(void)*aplic_reg(idc + 0x1c));
	*aplic_reg(APLIC_DOMAINCFG) = 0;
	test_end();
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

/* Makes the units that are on dirty, with few instructions. */
static void fpv_use(void)
{
	if (has_float)
		__asm__ volatile(".option push\n\t.option arch, +d\n\tfmv.d.x fa0, zero\n\t"
				 ".option pop");
	if (has_vector)
		vector_configure(1, 0);
}

static void ball_throw(unsigned long next, bool fpv)
{
	if (fpv)
		fpv_use();
	sbi_send_ipi(1, next);
}

/* As an operating system has it: its file is to wake it, too. */
#define BALL_SIE (1 << IRQ_SSI | 1 << IRQ_SEI)

static void ball_wait_for(unsigned long next, bool fpv)
{
	if (fpv)
		csr_set(CSR_SSTATUS, (has_float ? SSTATUS_FS : 0) | (has_vector ? SSTATUS_VS : 0));
	csr_write(CSR_SIE, BALL_SIE);
	__atomic_add_fetch(&peers_ready, 1, __ATOMIC_RELEASE);
	for (unsigned long i = 0; i < 2 * rounds; i++) {
		ball_catch();
		ball_throw(next, fpv);
	}
}

static void ball_pass(void *argument)
{
	ball_wait_for((unsigned long)argument, false);
}

static void ball_pass_fpv(void *argument)
{
	ball_wait_for((unsigned long)argument, true);
}

/* The id of the hart that comes after the n-th one. */
static unsigned long ring_next(unsigned int n)
{
	return hart_ids[(n + 1) % hart_count];
}

/*
 * vCPUs throw a ball around by SBI IPI and sleep in WFI for its return: one switch is an SBI call,
 * a WFI exit, the change of the vCPU and the delivery of the IPI. With @fpv each of them has FP and
 * vector registers of its own.
 */
static void bench_switch(const char *name, bool fpv)
{
	unsigned int self = 0;
	unsigned long begin = 0;

	if (!test_begin_if(name, hart_count > 1, "needs two vCPUs"))
		return;
	for (unsigned int n = 0; n < hart_count; n++) {
		if (hart_ids[n] == this_hart()->id)
			self = n;
		else
			CHECK_EQ(hart_start(hart_ids[n], fpv ? ball_pass_fpv : ball_pass,
					    (void *)ring_next(n)),
				 0, "error of hart_start");
	}
	CHECK(wait_for(peers_ready == hart_count - 1, 60), "the others did not start");
	peers_ready = 0;
	if (fpv)
		csr_set(CSR_SSTATUS, (has_float ? SSTATUS_FS : 0) | (has_vector ? SSTATUS_VS : 0));
	csr_write(CSR_SIE, BALL_SIE);
	for (unsigned long i = 0; i < 2 * rounds; i++) {
		if (i == rounds)
			begin = now();
		ball_throw(ring_next(self), fpv);
		ball_catch();
	}
	report(name, now() - begin, hart_count * rounds);
	csr_write(CSR_SIE, 0);
	for (unsigned int n = 0; n < hart_count; n++)
		CHECK(n == self || hart_join(hart_ids[n], 10), "a vCPU did not stop");
	test_end();
}

/* Answers each IPI without ever sleeping. */
static void echo(void *argument)
{
	unsigned long peer = (unsigned long)argument;

	csr_write(CSR_SIE, 1 << IRQ_SSI);
	__atomic_add_fetch(&peers_ready, 1, __ATOMIC_RELEASE);
	for (unsigned long i = 0; i < IPI_ROUNDS; i++) {
		while (!(csr_read(CSR_SIP) & 1 << IRQ_SSI))
			__asm__ volatile("" : : : "memory");
		csr_clear(CSR_SIP, 1 << IRQ_SSI);
		sbi_send_ipi(1, peer);
	}
}

/* What a call takes on the caller's hart, which only the plugin can tell: time passes on both. */
static void bench_ipi_other(void)
{
	unsigned long self = this_hart()->id, peer;

	if (!test_begin_if("sbi_ipi_other", hart_count > 1, "needs two harts"))
		return;
	peer = hart_ids[0] == self ? hart_ids[1] : hart_ids[0];
	CHECK_EQ(hart_start(peer, echo, (void *)self), 0, "error of hart_start");
	CHECK(wait_for(peers_ready == 1, 60), "the other one did not start");
	csr_write(CSR_SIE, 1 << IRQ_SSI);
	for (unsigned long i = 0; i < IPI_ROUNDS; i++) {
		mark(MARK_SPAN);
		sbi_send_ipi(1, peer);
		mark(MARK_SPAN_END);
		ball_catch();
	}
	csr_write(CSR_SIE, 0);
	CHECK(hart_join(peer, 10), "the other one did not stop");
	test_end();
}

static volatile unsigned long caught;

static void catch_all(void *argument)
{
	(void)argument;
	csr_write(CSR_SIE, 1 << IRQ_SSI);
	__atomic_add_fetch(&peers_ready, 1, __ATOMIC_RELEASE);
	for (unsigned long i = 0; i < IPI_ROUNDS; i++) {
		ball_catch();
		__atomic_add_fetch(&caught, 1, __ATOMIC_RELEASE);
	}
}

/* What a call takes on the caller's hart that goes to all harts, which sleep. By the plugin. */
static void bench_ipi_all(void)
{
	test_begin("sbi_ipi_all");
	for (unsigned int n = 0; n < hart_count; n++)
		if (hart_ids[n] != this_hart()->id)
			CHECK_EQ(hart_start(hart_ids[n], catch_all, NULL), 0,
				 "error of hart_start");
	CHECK(wait_for(peers_ready == hart_count - 1, 60), "the others did not start");
	for (unsigned long i = 1; i <= IPI_ROUNDS; i++) {
		mark(MARK_SPAN);
		sbi_send_ipi(0, -1ul);
		mark(MARK_SPAN_END);
		csr_clear(CSR_SIP, 1 << IRQ_SSI);
		if (!CHECK(wait_for(caught == i * (hart_count - 1), 60), "an IPI was lost"))
			break;
	}
	test_end();
}

/* Linux 6.12's KVM knows a state of harts that do not exist: only those of the tree count. */
static void harts_of_tree(void)
{
	unsigned int count = 0;
	char path[32];

	for (unsigned int n = 0; n < hart_count; n++) {
		snprintf(path, sizeof(path), "/cpus/cpu@%lx", hart_ids[n]);
		if (fdt_property(path, "reg", NULL))
			hart_ids[count++] = hart_ids[n];
	}
	hart_count = count;
}

void payload_main(void)
{
	struct trap trap = trap_try((void)csr_read(CSR_CYCLE));
	unsigned long parts = args_number("parts", PART_OPERATIONS | PART_SWITCH);

	have_cycle = trap.count == 0;
	rounds = args_number("rounds", 2000);
	per_batch = rounds / BATCHES + 1;
	has_float = fdt_has_extension("d");
	has_vector = fdt_has_extension("v");
	harts_of_tree();
	aia_init();
	print("bench counts %s, %lu rounds", have_cycle ? "cycles" : "nanoseconds", rounds);
	print("bench boot_time %lu", boot_time);
	print("bench timebase %lu", ticks_per_second);
	if (parts & PART_OPERATIONS) {
		bench_sbi();
		bench_interrupt_files();
		bench_devices();
		bench_first_touch();
	}
	if (parts & PART_CLAIMS)
		bench_claims(args_number("pending", 1));
	if (parts & PART_SWITCH)
		bench_switch("vcpu_switch", false);
	if (parts & PART_SWITCH_FPV)
		bench_switch("vcpu_switch_fpv", true);
	if (parts & PART_IPI_OTHER)
		bench_ipi_other();
	if (parts & PART_IPI_ALL)
		bench_ipi_all();
}
