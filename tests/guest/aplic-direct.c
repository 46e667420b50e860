/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APLIC in direct mode, as machines without IMSIC have it: the interrupt delivery control of
 * each hart (AIA 1.0, 4.8), priorities, threshold, force, and the UART's interrupt at a hart.
 */
#include "lib/aia.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "aplic-direct";

#define SEIP (1ul << IRQ_SEI)
#define SOURCE 20 /* not wired to any device */
#define OTHER 21
#define UART_IRQ 10

#define IDC(hart) (0x4000 + 32 * (unsigned int)(hart))
#define IDELIVERY 0x00
#define IFORCE 0x04
#define ITHRESHOLD 0x08
#define TOPI 0x18
#define CLAIMI 0x1c

static bool bare;
static unsigned long self;
static volatile uint8_t *uart;
static unsigned int uart_irq;
static volatile unsigned long taken[MAX_HARTS];
static volatile uint32_t claimed[MAX_HARTS];
static volatile bool stop;
static struct barrier barrier;

static uint32_t reg(unsigned int offset)
{
	return *aplic_reg(offset);
}

static void set(unsigned int offset, uint32_t value)
{
	*aplic_reg(offset) = value;
}

static void source_open(unsigned int source, unsigned long hart, unsigned int priority)
{
	set(APLIC_SOURCECFG(source), SOURCE_DETACHED);
	set(APLIC_TARGET(source), (uint32_t)hart << 18 | priority);
	set(APLIC_SETIENUM, source);
}

static void source_close(unsigned int source)
{
	set(APLIC_CLRIENUM, source);
	set(APLIC_CLRIPNUM, source);
	set(APLIC_SOURCECFG(source), SOURCE_INACTIVE);
}

static void idc_open(unsigned long hart)
{
	set(IDC(hart) + ITHRESHOLD, 0);
	set(IDC(hart) + IFORCE, 0);
	set(IDC(hart) + IDELIVERY, 1);
}

static bool pending(void)
{
	return spin_for(csr_read(CSR_SIP) & SEIP, 1);
}

static bool quiet(void)
{
	delay_us(200);
	return !(csr_read(CSR_SIP) & SEIP);
}

static void test_claim(void)
{
	test_begin("claims and priorities");
	source_open(SOURCE, self, 7);
	source_open(OTHER, self, 3);
	CHECK_EQ(reg(APLIC_TARGET(SOURCE)), self << 18 | 7, "target");
	CHECK_EQ(reg(IDC(self) + TOPI), 0, "topi with nothing pending");
	set(APLIC_SETIPNUM, SOURCE);
	CHECK(pending(), "no SEIP");
	CHECK_EQ(reg(IDC(self) + TOPI), SOURCE << 16 | 7, "topi");
	set(APLIC_SETIPNUM, OTHER);
	CHECK_EQ(reg(IDC(self) + TOPI), OTHER << 16 | 3, "topi of the better priority");
	CHECK_EQ(reg(IDC(self) + CLAIMI), OTHER << 16 | 3, "first claim");
	CHECK_EQ(reg(IDC(self) + CLAIMI), SOURCE << 16 | 7, "second claim");
	CHECK_EQ(reg(IDC(self) + CLAIMI), 0, "third claim");
	CHECK(quiet(), "SEIP after the claims");
	/* With equal priorities the lower number comes first. */
	set(APLIC_TARGET(OTHER), (uint32_t)self << 18 | 7);
	set(APLIC_SETIPNUM, OTHER);
	set(APLIC_SETIPNUM, SOURCE);
	CHECK_EQ(reg(IDC(self) + CLAIMI), SOURCE << 16 | 7, "lower source");
	CHECK_EQ(reg(IDC(self) + CLAIMI), OTHER << 16 | 7, "higher source");
	set(APLIC_TARGET(SOURCE), (uint32_t)self << 18);
	CHECK_EQ(reg(APLIC_TARGET(SOURCE)) & 0xff, 1, "priority 0 becomes");
	source_close(SOURCE);
	source_close(OTHER);
	test_end();
}

static void test_gates(void)
{
	test_begin("threshold, delivery, enables");
	source_open(SOURCE, self, 5);
	set(APLIC_SETIPNUM, SOURCE);
	CHECK(pending(), "no SEIP");
	set(IDC(self) + ITHRESHOLD, 5);
	CHECK(quiet(), "SEIP at threshold 5");
	CHECK_EQ(reg(IDC(self) + TOPI), 0, "topi at threshold 5");
	set(IDC(self) + ITHRESHOLD, 6);
	CHECK(pending(), "no SEIP at threshold 6");
	set(IDC(self) + ITHRESHOLD, 0);
	set(IDC(self) + IDELIVERY, 0);
	CHECK(quiet(), "SEIP with delivery off");
	set(IDC(self) + IDELIVERY, 1);
	CHECK(pending(), "no SEIP with delivery on");
	set(APLIC_DOMAINCFG, 0);
	CHECK(quiet(), "SEIP with the domain off");
	set(APLIC_DOMAINCFG, DOMAINCFG_IE);
	CHECK(pending(), "no SEIP with the domain on");
	set(APLIC_CLRIENUM, SOURCE);
	CHECK(quiet(), "SEIP of a disabled source");
	set(APLIC_SETIENUM, SOURCE);
	CHECK(pending(), "no SEIP of the source enabled again");
	CHECK_EQ(reg(IDC(self) + CLAIMI), SOURCE << 16 | 5, "claim");
	set(IDC(self) + IFORCE, 1);
	CHECK(pending(), "iforce does nothing");
	CHECK_EQ(reg(IDC(self) + CLAIMI), 0, "claim of a forced one");
	CHECK(quiet(), "iforce stays after a claim");
	CHECK_EQ(reg(IDC(self) + IFORCE), 0, "iforce");
	source_close(SOURCE);
	test_end();
}

static bool on_interrupt(struct frame *frame)
{
	struct hart *hart = this_hart();
	bool some = false;
	uint32_t claim;

	(void)frame;
	if (hart->last_cause == IRQ_SSI) {
		csr_clear(CSR_SIP, 1ul << IRQ_SSI);
		return true;
	}
	if (hart->last_cause != IRQ_SEI)
		return false;
	/* QEMU reports a level once more after its end. */
	while ((claim = reg(IDC(hart->id) + CLAIMI))) {
		claimed[hart->id] = claim;
		if (claim >> 16 == uart_irq)
			uart[1] = 0;
		some = true;
	}
	taken[hart->id] += some;
	return true;
}

static void test_uart(void)
{
	test_begin("interrupt of the uart");
	uart[1] = 0;
	uart[4] = 8;
	set(APLIC_SOURCECFG(uart_irq), SOURCE_HIGH);
	set(APLIC_TARGET(uart_irq), (uint32_t)self << 18 | 1);
	set(APLIC_SETIENUM, uart_irq);
	for (int i = 0; i < 10; i++) {
		unsigned long before = taken[self];

		uart[0] = '.';
		csr_set(CSR_SIE, SEIP);
		uart[1] = 2;
		irq_enable();
		spin_for(taken[self] != before, 1);
		irq_disable();
		CHECK_EQ(taken[self], before + 1, "interrupts taken");
		CHECK_EQ(claimed[self] >> 16, uart_irq, "claimed source");
	}
	uart[0] = '\n';
	csr_write(CSR_SIE, 0);
	CHECK(quiet(), "SEIP with the wire low");
	source_close(uart_irq);
	test_end();
}

static void receive(void *argument)
{
	(void)argument;
	this_hart()->on_interrupt = on_interrupt;
	idc_open(this_hart()->id);
	barrier_wait(&barrier, hart_count);
	csr_write(CSR_SIE, SEIP | 1ul << IRQ_SSI);
	while (!stop) {
		wfi();
		irq_enable();
		irq_disable();
	}
}

static void test_harts(void)
{
	bool ok = true;

	test_begin("each hart");
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != self)
			ok &= hart_start(hart_ids[i], receive, NULL) == 0;
	barrier_wait(&barrier, hart_count);
	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < hart_count; i++) {
			unsigned long id = hart_ids[i], before = taken[id];

			if (id == self)
				continue;
			source_open(SOURCE, id, 5);
			set(APLIC_SETIPNUM, SOURCE);
			CHECK(wait_for(taken[id] > before, 5), "hart %lu takes nothing", id);
			CHECK_EQ(claimed[id], SOURCE << 16 | 5, "what it claims");
			source_close(SOURCE);
		}
	}
	stop = true;
	sbi_send_ipi(0, -1ul);
	csr_clear(CSR_SIP, 1ul << IRQ_SSI);
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != self)
			ok &= hart_join(hart_ids[i], 10);
	CHECK(ok, "a hart did not start or stop");
	test_end();
}

static void test_idc_errors(void)
{
	test_begin("delivery controls of nobody");
	set(IDC(self) + TOPI, -1u);
	CHECK_EQ(reg(IDC(self) + 0x0c), 0, "a reserved register");
	if (!bare) {
		unsigned long none = hart_ids[hart_count - 1] + 1;

		set(IDC(none) + IDELIVERY, 1);
		CHECK_EQ(reg(IDC(none) + IDELIVERY), 0, "idelivery of no hart");
		CHECK_EQ(reg(IDC(none) + CLAIMI), 0, "claimi of no hart");
	}
	test_end();
}

void payload_main(void)
{
	struct fdt_device device;
	const uint8_t *cells;

	bare = sbi_is_bare();
	self = this_hart()->id;
	aia_init();
	if (!aia.has_aplic || aia.aplic_msi) {
		test_begin_if("aplic in direct mode", false,
			      aia.has_aplic ? "it forwards by MSI" : "no APLIC in the device tree");
		return;
	}
	device = fdt_device("ns16550a");
	cells = device.address ? fdt_property(device.path, "interrupts", NULL) : NULL;
	uart = (volatile uint8_t *)(device.address ? device.address : 0x10000000);
	uart_irq = cells ? cells[3] : UART_IRQ;
	this_hart()->on_interrupt = on_interrupt;
	set(APLIC_DOMAINCFG, DOMAINCFG_IE);
	idc_open(self);
	test_claim();
	test_gates();
	test_uart();
	test_idc_errors();
	test_harts();
}
