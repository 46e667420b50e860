/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APLIC of the machine in MSI mode: all registers and source modes, and the UART's interrupt
 * all the way to the hart. Skipped when there is no IMSIC (then the APLIC is in direct mode).
 */
#include "lib/aia.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "aplic";

#define SEIP (1ul << IRQ_SEI)
#define SOURCE 20 /* not wired to any device */
#define ID 77
#define UART_IRQ 10
#define UART_ID 33

#define UART_IER 1
#define UART_IIR 2
#define UART_MCR 4
#define UART_LSR 5

static bool bare;
static unsigned long self;
static unsigned int uart_irq;

static uint32_t reg(unsigned int offset)
{
	return *aplic_reg(offset);
}

static void set(unsigned int offset, uint32_t value)
{
	*aplic_reg(offset) = value;
}

/* One bit of a bitmap of which `base` is the first word. */
static bool bit(unsigned int base, unsigned int source)
{
	return reg(base + source / 32 * 4) >> source % 32 & 1;
}

static uint32_t target(unsigned int id)
{
	return (uint32_t)self << 18 | id;
}

/* Waits for an MSI with this identity and claims it; false if none came. */
static bool msi_arrives(unsigned int id)
{
	if (!spin_for(imsic_pending(id), 1))
		return false;
	csr_write(CSR_SISELECT, EIP0 + id / 64 * 2);
	csr_clear(CSR_SIREG, 1ul << (id & 63));
	return true;
}

static bool msi_absent(unsigned int id)
{
	delay_us(300);
	return !imsic_pending(id);
}

static void source_reset(unsigned int source)
{
	set(APLIC_CLRIENUM, source);
	set(APLIC_SOURCECFG(source), SOURCE_INACTIVE);
}

static void test_domain(void)
{
	test_begin("domaincfg");
	set(APLIC_DOMAINCFG, 0);
	CHECK_EQ(reg(APLIC_DOMAINCFG) >> 24, 0x80, "the high byte");
	CHECK(!(reg(APLIC_DOMAINCFG) & DOMAINCFG_IE), "IE cannot be cleared");
	set(APLIC_DOMAINCFG, -1u);
	CHECK(reg(APLIC_DOMAINCFG) & DOMAINCFG_IE, "IE cannot be set");
	CHECK_EQ(reg(APLIC_DOMAINCFG) & ~(DOMAINCFG_IE | DOMAINCFG_DM | 1u), 0x80000000,
		 "the reserved bits");
	set(APLIC_DOMAINCFG, DOMAINCFG_IE | DOMAINCFG_DM);
	CHECK_EQ(reg(APLIC_DOMAINCFG), 0x80000000 | DOMAINCFG_IE | DOMAINCFG_DM, "domaincfg");
	test_end();
}

static void test_sourcecfg(void)
{
	static const unsigned char valid[] = { 1, 1, 0, 0, 1, 1, 1, 1 };

	test_begin("sourcecfg");
	for (unsigned int mode = 0; mode < 8; mode++) {
		set(APLIC_SOURCECFG(SOURCE), mode);
		if (valid[mode])
			CHECK_EQ(reg(APLIC_SOURCECFG(SOURCE)), mode, "sourcecfg");
		else /* QEMU keeps reserved modes. */
			CHECK(bare || valid[reg(APLIC_SOURCECFG(SOURCE)) & 7], "mode %u is kept",
			      mode);
		source_reset(SOURCE);
	}
	/* A leaf domain cannot delegate, so D reads as zero, and the source becomes inactive. */
	set(APLIC_SOURCECFG(SOURCE), 1 << 10 | 1);
	CHECK(!(reg(APLIC_SOURCECFG(SOURCE)) >> 10), "the delegate bit is kept");
	source_reset(SOURCE);
	for (unsigned int source = 1; source <= aia.sources; source++) {
		if (bare && source != SOURCE)
			continue;
		set(APLIC_SOURCECFG(source), SOURCE_DETACHED);
		CHECK_EQ(reg(APLIC_SOURCECFG(source)), SOURCE_DETACHED, "sourcecfg");
		set(APLIC_TARGET(source), target(source));
		CHECK_EQ(reg(APLIC_TARGET(source)), target(source), "target");
		set(APLIC_SOURCECFG(source), SOURCE_INACTIVE);
		if (!bare)
			CHECK_EQ(reg(APLIC_TARGET(source)), 0, "target of an inactive source");
	}
	CHECK_EQ(reg(APLIC_SOURCECFG(aia.sources + 1)), 0, "sourcecfg after the last source");
	set(APLIC_SOURCECFG(aia.sources + 1), 1);
	CHECK_EQ(reg(APLIC_SOURCECFG(aia.sources + 1)), 0, "the same, written");
	test_end();
}

static void test_inactive(void)
{
	test_begin("an inactive source");
	source_reset(SOURCE);
	set(APLIC_SETIENUM, SOURCE);
	set(APLIC_SETIPNUM, SOURCE);
	set(APLIC_SETIPNUM_LE, SOURCE);
	set(APLIC_TARGET(SOURCE), target(ID));
	CHECK(!bit(APLIC_SETIE(0), SOURCE), "can be enabled");
	CHECK(!bit(APLIC_SETIP(0), SOURCE), "can be pending");
	if (!bare) /* QEMU keeps what is written. */
		CHECK_EQ(reg(APLIC_TARGET(SOURCE)), 0, "target");
	CHECK(msi_absent(ID), "sends an MSI");
	test_end();
}

static void test_bitmaps(void)
{
	unsigned int word = SOURCE / 32 * 4;
	uint32_t mask = 1u << SOURCE % 32;

	test_begin("pending and enable bits");
	set(APLIC_SOURCECFG(SOURCE), SOURCE_DETACHED);
	set(APLIC_TARGET(SOURCE), target(ID));
	set(APLIC_SETIENUM, SOURCE);
	CHECK(bit(APLIC_SETIE(0), SOURCE), "setienum");
	set(APLIC_CLRIENUM, SOURCE);
	CHECK(!bit(APLIC_SETIE(0), SOURCE), "clrienum");
	set(APLIC_SETIE(0) + word, mask);
	CHECK(bit(APLIC_SETIE(0), SOURCE), "setie");
	set(APLIC_CLRIE(0) + word, mask);
	CHECK(!bit(APLIC_SETIE(0), SOURCE), "clrie");
	CHECK_EQ(reg(APLIC_CLRIE(0) + word), 0, "what clrie reads");
	set(APLIC_SETIPNUM, SOURCE);
	CHECK(bit(APLIC_SETIP(0), SOURCE), "setipnum");
	set(APLIC_CLRIPNUM, SOURCE);
	CHECK(!bit(APLIC_SETIP(0), SOURCE), "clripnum");
	set(APLIC_SETIP(0) + word, mask);
	CHECK(bit(APLIC_SETIP(0), SOURCE), "setip");
	set(APLIC_IN_CLRIP(0) + word, mask);
	CHECK(!bit(APLIC_SETIP(0), SOURCE), "in_clrip");
	set(APLIC_SETIPNUM_LE, SOURCE);
	CHECK(bit(APLIC_SETIP(0), SOURCE), "setipnum_le");
	set(APLIC_CLRIPNUM, SOURCE);
	if (!bare) {
		set(APLIC_SETIPNUM_BE, __builtin_bswap32(SOURCE));
		CHECK(bit(APLIC_SETIP(0), SOURCE), "setipnum_be");
		set(APLIC_CLRIPNUM, SOURCE);
	}
	set(APLIC_SETIPNUM, 0);
	set(APLIC_SETIPNUM, aia.sources + 1);
	set(APLIC_SETIPNUM, -1u);
	set(APLIC_SETIENUM, aia.sources + 1);
	set(APLIC_SETIPNUM_LE, 2000);
	set(APLIC_SETIP(0), 1);
	set(APLIC_SETIE(0), 1);
	CHECK(!bit(APLIC_SETIP(0), 0) && !bit(APLIC_SETIE(0), 0), "source 0 exists");
	for (unsigned int k = aia.sources / 32 + 1; k < 32; k++) {
		set(APLIC_SETIE(k), -1u);
		CHECK_EQ(reg(APLIC_SETIP(k)) | reg(APLIC_SETIE(k)), 0, "beyond the sources");
	}
	CHECK(msi_absent(ID), "a disabled source sends an MSI");
	source_reset(SOURCE);
	test_end();
}

static void test_forwarding(void)
{
	test_begin("forwarding by msi");
	set(APLIC_SOURCECFG(SOURCE), SOURCE_DETACHED);
	set(APLIC_TARGET(SOURCE), target(ID));
	set(APLIC_SETIENUM, SOURCE);
	for (int i = 0; i < 20; i++) {
		set(APLIC_SETIPNUM, SOURCE);
		CHECK(msi_arrives(ID), "no MSI after setipnum");
		CHECK(!bit(APLIC_SETIP(0), SOURCE), "still pending after the MSI");
	}
	set(APLIC_CLRIENUM, SOURCE);
	set(APLIC_SETIPNUM, SOURCE);
	CHECK(msi_absent(ID), "an MSI though disabled");
	set(APLIC_SETIENUM, SOURCE);
	CHECK(msi_arrives(ID), "no MSI after setienum");
	set(APLIC_DOMAINCFG, DOMAINCFG_DM);
	set(APLIC_SETIPNUM, SOURCE);
	CHECK(msi_absent(ID), "an MSI though the domain is off");
	CHECK(bit(APLIC_SETIP(0), SOURCE), "not pending while the domain is off");
	set(APLIC_DOMAINCFG, DOMAINCFG_DM | DOMAINCFG_IE);
	CHECK(msi_arrives(ID), "no MSI after turning the domain on");
	set(APLIC_TARGET(SOURCE), target(ID + 1));
	set(APLIC_SETIPNUM, SOURCE);
	CHECK(msi_arrives(ID + 1), "no MSI with the new identity");
	CHECK(msi_absent(ID), "an MSI with the old identity");
	source_reset(SOURCE);
	test_end();
	test_begin("each source has its own identity");
	for (unsigned int source = 1; source <= aia.sources; source += bare ? 1000 : 1) {
		set(APLIC_SOURCECFG(source), SOURCE_DETACHED);
		set(APLIC_TARGET(source), target(source + 100));
		set(APLIC_SETIENUM, source);
		set(APLIC_SETIPNUM, source);
		CHECK(msi_arrives(source + 100), "no MSI from source %u", source);
		source_reset(source);
	}
	test_end();
}

static void test_genmsi(void)
{
	test_begin("genmsi");
	for (unsigned int id = 1; id <= aia.ids; id += 23) {
		set(APLIC_GENMSI, target(id));
		CHECK(spin_for(!(reg(APLIC_GENMSI) & GENMSI_BUSY), 1), "busy for ever");
		CHECK(msi_arrives(id), "no MSI with identity %u", id);
	}
	test_end();
}

/* The wire of an unused source is low: with mode LOW it is asserted, with the others it is not. */
static void test_levels(void)
{
	unsigned int word = SOURCE / 32 * 4;
	uint32_t mask = 1u << SOURCE % 32;

	test_begin("level and edge modes");
	set(APLIC_SOURCECFG(SOURCE), SOURCE_HIGH);
	set(APLIC_TARGET(SOURCE), target(ID));
	CHECK(!(reg(APLIC_IN_CLRIP(0) + word) & mask), "rectified input of HIGH");
	CHECK(!bit(APLIC_SETIP(0), SOURCE), "pending with HIGH");
	set(APLIC_SETIPNUM, SOURCE);
	CHECK(!bit(APLIC_SETIP(0), SOURCE), "setipnum works though the wire is low");
	set(APLIC_SETIENUM, SOURCE);
	CHECK(msi_absent(ID), "an MSI from HIGH");
	set(APLIC_SOURCECFG(SOURCE), SOURCE_LOW);
	CHECK(reg(APLIC_IN_CLRIP(0) + word) & mask, "rectified input of LOW");
	set(APLIC_SETIPNUM, SOURCE);
	CHECK(msi_arrives(ID), "no MSI from LOW");
	/* The wire is still asserted; software may ask for another MSI. */
	set(APLIC_SETIPNUM_LE, SOURCE);
	CHECK(msi_arrives(ID), "no second MSI from LOW");
	source_reset(SOURCE);
	set(APLIC_SOURCECFG(SOURCE), SOURCE_RISING);
	set(APLIC_TARGET(SOURCE), target(ID));
	set(APLIC_SETIENUM, SOURCE);
	CHECK(msi_absent(ID), "an MSI from RISING");
	set(APLIC_SETIPNUM, SOURCE);
	CHECK(msi_arrives(ID), "no MSI from RISING after setipnum");
	source_reset(SOURCE);
	set(APLIC_SOURCECFG(SOURCE), SOURCE_FALLING);
	set(APLIC_TARGET(SOURCE), target(ID));
	set(APLIC_SETIENUM, SOURCE);
	if (!msi_absent(ID)) /* the change of the mode may be an edge */
		msi_arrives(ID);
	set(APLIC_SETIPNUM, SOURCE);
	CHECK(msi_arrives(ID), "no MSI from FALLING after setipnum");
	source_reset(SOURCE);
	test_end();
}

static volatile unsigned int uart_interrupts;
static volatile uint8_t *uart;

static bool on_interrupt(struct frame *frame)
{
	unsigned int id;

	(void)frame;
	if (this_hart()->last_cause != IRQ_SEI)
		return false;
	while ((id = imsic_claim()))
		if (id == UART_ID && (uart[UART_IIR] & 0x0f) == 2)
			uart_interrupts++;
	return true;
}

/* Waits in WFI for the next interrupt of the UART. */
static bool uart_fires(void)
{
	unsigned int before = uart_interrupts;
	unsigned long end = time_now() + WAIT_TICKS(5);

	sbi_set_timer(end);
	csr_set(CSR_SIE, SEIP | 1ul << IRQ_STI);
	while (uart_interrupts == before && time_now() < end) {
		if (csr_read(CSR_SIP) & 1ul << IRQ_STI)
			break;
		wfi();
		csr_clear(CSR_SIE, 1ul << IRQ_STI);
		irq_enable();
		irq_disable();
		csr_set(CSR_SIE, 1ul << IRQ_STI);
	}
	csr_write(CSR_SIE, SEIP);
	sbi_set_timer(-1ul);
	return uart_interrupts != before;
}

/* THRE through UART, APLIC, IMSIC and stopei to a handler, as a driver uses it. */
static void test_uart(void)
{
	test_begin("interrupt of the uart");
	imsic_open();
	imsic_enable(UART_ID);
	this_hart()->on_interrupt = on_interrupt;
	uart[UART_IER] = 0;
	uart[UART_MCR] = 8;
	(void)uart[UART_IIR];
	set(APLIC_SOURCECFG(uart_irq), SOURCE_HIGH);
	set(APLIC_TARGET(uart_irq), target(UART_ID));
	set(APLIC_SETIENUM, uart_irq);
	csr_write(CSR_SIE, SEIP);
	for (int i = 0; i < 10; i++) {
		uart[0] = '.';
		uart[UART_IER] = 2;
		CHECK(uart_fires(), "no interrupt for an empty transmitter (%d)", i);
		uart[UART_IER] = 0;
	}
	uart[0] = '\n';
	csr_write(CSR_SIE, 0);
	delay_us(1000);
	imsic_claim();
	CHECK(!(reg(APLIC_IN_CLRIP(0) + uart_irq / 32 * 4) >> uart_irq % 32 & 1),
	      "the wire stays asserted");
	CHECK(!bit(APLIC_SETIP(0), uart_irq), "still pending");
	source_reset(uart_irq);
	test_end();
}

/* Characters come back in loop-back mode, with an interrupt for each. */
static void test_receive(void)
{
	test_begin("received data of the uart");
	uart[UART_MCR] = 0x18;
	uart[0] = 0x41;
	delay_us(2000);
	if (!(uart[UART_LSR] & 1)) {
		test_skip("no loop-back");
	} else {
		CHECK_EQ(uart[0], 0x41, "the character");
		CHECK(!(uart[UART_LSR] & 1), "data ready after reading");
	}
	uart[UART_MCR] = 8;
	test_end();
}

void payload_main(void)
{
	struct fdt_device device;
	const uint8_t *cells;

	bare = sbi_is_bare();
	self = this_hart()->id;
	aia_init();
	if (!aia.has_aplic || !aia.has_imsic || !aia.aplic_msi) {
		test_begin_if("aplic", false,
			      aia.has_aplic ? "no IMSIC in the device tree"
					    : "no APLIC in the device tree");
		return;
	}
	imsic_open();
	test_domain();
	test_sourcecfg();
	test_inactive();
	test_bitmaps();
	test_forwarding();
	test_genmsi();
	test_levels();
	device = fdt_device("ns16550a");
	uart = (volatile uint8_t *)(device.address ? device.address : 0x10000000);
	/* Two cells: the source and the kind of its signal. */
	cells = device.address ? fdt_property(device.path, "interrupts", NULL) : NULL;
	uart_irq = cells ? cells[3] : UART_IRQ;
	test_uart();
	test_receive();
}
