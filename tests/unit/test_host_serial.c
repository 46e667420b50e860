/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host serial ports: which one is chosen, and each UART's registers, acted out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"
#include "fake_mmio.h"

#include <arch/firmware.h>
#include <core/options.h>
#include <drivers/serial.h>
#include <errno.h>

#define HEAD "/ { #address-cells = <2>; #size-cells = <2>; "
#define RAM "memory@80000000 { device_type = \"memory\"; reg = <0 0x80000000 0 0x10000000>; }; "
#define BASE 0x10000000

static const char *typed; /* what the device has received */
static char sent[256];
static size_t sent_count;
static unsigned int fifo_room, busy_acknowledged, rbr_reads, shift, width;
static uint8_t ier, iir, lsr_more;
static unsigned int received, lsr_reads;
static bool never_room;

size_t firmware_console_read(char *text, size_t room)
{
	*text = 'f';
	return 1;
}

/* ---- a 16550 ---- */

static uint64_t uart_read(uint64_t offset, unsigned int bytes)
{
	unsigned int reg = (unsigned int)(offset >> shift);

	assert_int_equal(bytes, width);
	assert_int_equal(offset % (1U << shift), 0);
	switch (reg) {
	case 0:
		rbr_reads++;
		return *typed ? (uint8_t)*typed++ : 0;
	case 1:
		return ier;
	case 2:
		return iir;
	case 4:
		return 0;
	case 5:
		fifo_room = 16;
		lsr_reads++;
		if (never_room)
			return 0;
		return 0x60U | lsr_more | (*typed ? 1 : 0);
	case 0x1f:
		busy_acknowledged++;
		return 0;
	}
	fail_msg("register %u read", reg);
	return 0;
}

static void uart_write(uint64_t offset, unsigned int bytes, uint64_t value)
{
	unsigned int reg = (unsigned int)(offset >> shift);

	assert_int_equal(bytes, width);
	assert_true(reg == 0 || reg == 1 || reg == 2 || reg == 4);
	if (reg == 1)
		ier = (uint8_t)value;
	if (reg == 0) {
		assert_true(fifo_room-- > 0);
		sent[sent_count++] = (char)value;
	}
}

static int setup(void **state)
{
	fake_host_reset();
	options_init("");
	fake_device = (struct fake_device){ BASE, 0x100, false, uart_read, uart_write };
	typed = "";
	sent_count = fifo_room = busy_acknowledged = rbr_reads = received = 0;
	memset(sent, 0, sizeof(sent));
	shift = 0;
	width = 1;
	ier = lsr_more = 0;
	iir = 0xc1;
	return 0;
}

static void on_received(void)
{
	received++;
}

static struct serial *uart(const char *properties)
{
	char source[1024];

	snprintf(source, sizeof(source),
		 HEAD RAM "u: serial@10000000 { reg = <0 0x10000000 0 0x100>; }; }; &u { %s };",
		 properties);
	fake_tree(source);
	return serial_init();
}

static void assert_works(struct serial *port)
{
	char buffer[8] = "";

	assert_ptr_not_equal(port, &sbi_serial);
	typed = "in";
	port->write(port, "a text of more than sixteen", 27);
	assert_string_equal(sent, "a text of more than sixteen");
	assert_int_equal(port->read(port, buffer, sizeof(buffer)), 2);
	assert_string_equal(buffer, "in");
	assert_int_equal(port->start(port, on_received), 0);
	assert_true(ier & 1);
}

static void bytes_one_by_one_fill_the_fifo(void **state)
{
	struct serial *port = uart("compatible = \"ns16550a\";");

	lsr_reads = 0;
	for (unsigned int i = 0; i < 32; i++)
		port->write(port, "x", 1);
	assert_int_equal(sent_count, 32);
	assert_int_equal(lsr_reads, 2);
	port->write(port, "12345", 5);
	port->write(port, "a text of twenty one.", 21);
	assert_int_equal(sent_count, 58);
	assert_int_equal(lsr_reads, 4);
	/* One without a FIFO has room for one byte. */
	setup(state);
	iir = 0x01;
	port = uart("compatible = \"ns16550a\";");
	lsr_reads = 0;
	for (unsigned int i = 0; i < 4; i++)
		port->write(port, "x", 1);
	assert_int_equal(sent_count, 4);
	assert_int_equal(lsr_reads, 4);
}

static void each_width_and_shift_works(void **state)
{
	for (shift = 0; shift <= 4; shift++)
		for (width = 1; width <= 4 && width <= 1U << shift; width *= 2) {
			char properties[128];
			unsigned int s = shift, w = width;

			setup(state);
			shift = s;
			width = w;
			snprintf(
				properties, sizeof(properties),
				"compatible = \"ns16550a\"; reg-shift = <%u>; reg-io-width = <%u>;",
				s, w);
			assert_works(uart(properties));
			assert_int_equal(ier, 1);
		}
}

static void xscale_stays_on(void **state)
{
	shift = 2;
	width = 4;
	assert_works(uart("compatible = \"spacemit,k3-uart\", \"intel,xscale-uart\";"
			  "reg-shift = <2>; reg-io-width = <4>;"));
	assert_int_equal(ier, 0x41);
	assert_non_null(strstr(fake_findings(FINDING_QUIRK), "IER.UUE"));
}

static void designware_interrupts_end(void **state)
{
	struct serial *port;

	shift = 2;
	width = 4;
	port = uart("compatible = \"eswin,eic7700-uart\", \"snps,dw-apb-uart\";"
		    "reg-shift = <2>; reg-io-width = <4>;");
	assert_works(port);
	iir = 0xc7;
	fake_irq_handler(fake_irq_opaque);
	assert_int_equal(busy_acknowledged, 1);
	iir = 0xcc;
	rbr_reads = 0;
	fake_irq_handler(fake_irq_opaque);
	assert_int_equal(rbr_reads, 1);
	assert_int_equal(received, 2);
	typed = "x"; /* then it is for whoever reads */
	fake_irq_handler(fake_irq_opaque);
	assert_int_equal(rbr_reads, 1);
}

static void others_have_no_usr(void **state)
{
	struct serial *port = uart("compatible = \"ns16550a\";");

	assert_works(port);
	iir = 0xc7;
	fake_irq_handler(fake_irq_opaque);
	assert_int_equal(busy_acknowledged, 0);
}

static void a_port_that_takes_nothing_costs_time_once(void **state)
{
	struct serial *port = uart("compatible = \"ns16550a\";");
	unsigned int first;

	assert_ptr_not_equal(port, &sbi_serial);
	never_room = true;
	lsr_reads = 0;
	port->write(port, "x", 1);
	first = lsr_reads;
	assert_true(first > 1000);
	port->write(port, "xyz and more than sixteen", 25);
	assert_true(lsr_reads < first + 10);
	never_room = false;
	port->write(port, "x", 1);
	assert_string_equal(sent, "x");
}

static void absurd_properties_leave_the_firmwares_console(void **state)
{
	static const char *const each[] = {
		"compatible = \"ns16550a\"; reg-shift = <5>;",
		"compatible = \"ns16550a\"; reg-shift = <0xffffffff>;",
		"compatible = \"ns16550a\"; reg-io-width = <0>;",
		"compatible = \"ns16550a\"; reg-io-width = <3>;",
		"compatible = \"ns16550a\"; reg-io-width = <8>; reg-shift = <3>;",
		"compatible = \"ns16550a\"; reg-io-width = <4>;",
		"compatible = \"ns16550a\"; reg-io-width = <4>; reg-shift = <2>; reg-offset = <2>;",
		"compatible = \"ns16550a\"; reg-offset = <0xfffffff0>;",
		"compatible = \"ns16550a\"; reg-offset = <0xf9>;",
		"compatible = \"ns16550a\"; reg-io-width = <4>; reg-shift = <2>; big-endian;",
		"compatible = \"ns16550a\"; /delete-property/ reg;",
		"compatible = \"ns16550a\"; reg = <0>;",
		"compatible = \"ns16550a\"; reg = <0 0x10000000 0 0>;",
		"compatible = \"ns16550a\"; reg = <0 0x10000000 0 7>;",
		"compatible = \"ns16550a\"; reg = <0xffffffff 0xfffffff8 0 8>;",
		"compatible = \"ns16550a\"; reg = <0x1000000 0 0 0x100>;",
		"compatible = \"ns16550a\"; reg = <0 0x80001000 0 0x100>;",
		"compatible = \"ns16550a\"; reg = <0 0x7ffffffc 0 0x100>;",
		"compatible = \"ns16550a\"; reg-shift = <2>; reg-io-width = <4>;"
		"reg = <0 0x10000002 0 0x80>;",
		"compatible = \"sifive,uart0\"; reg = <0 0x10000000 0 0x18>;",
		"compatible = \"sifive,uart0\"; reg = <0 0x10000001 0 0x20>;",
		"compatible = \"vendor,unknown\";",
		"status = \"disabled\"; compatible = \"ns16550a\";",
	};

	size_t before = fake_objects();

	for (unsigned int i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		if (uart(each[i]) != &sbi_serial)
			fail_msg("%s: is used", each[i]);
		assert_int_equal(fake_mapped, 0);
	}
	assert_int_equal(fake_objects(), before);
	assert_non_null(strstr(fake_findings(FINDING_LEFT_OUT),
			       "/serial@10000000: ns16550: its registers would be in RAM"));
	assert_null(strstr(fake_findings(FINDING_LEFT_OUT), "something that it names"));
}

static void nothing_there_leaves_the_firmwares_console(void **state)
{
	size_t before;
	char byte;

	fake_device.silent = true;
	assert_ptr_equal(uart("compatible = \"ns16550a\";"), &sbi_serial);
	assert_ptr_equal(uart("compatible = \"sifive,uart0\";"), &sbi_serial);
	fake_device.silent = false;
	lsr_more = 0xff; /* as a bus without a device reads */
	assert_ptr_equal(uart("compatible = \"ns16550a\";"), &sbi_serial);
	assert_non_null(strstr(fake_findings(FINDING_LEFT_OUT), "nothing answers at its address"));
	assert_int_equal(sbi_serial.read(&sbi_serial, &byte, 1), 1);
	assert_int_equal(byte, 'f');
	assert_int_equal(sbi_serial.start(&sbi_serial, on_received), -ENOENT);
	before = fake_firmware_bytes();
	sbi_serial.write(&sbi_serial, "xyz", 3);
	assert_int_equal(fake_firmware_bytes() - before, 3);
}

/* ---- SiFive's ---- */

static bool full;
static uint32_t txctrl = 0x50000, rxctrl = 0x70000, ie;

static uint64_t sifive_read(uint64_t offset, unsigned int bytes)
{
	assert_int_equal(bytes, 4);
	switch (offset) {
	case 0:
		return full ? BIT(31) : 0;
	case 4:
		return *typed ? (uint8_t)*typed++ : BIT(31);
	case 8:
		return txctrl;
	case 12:
		return rxctrl;
	}
	fail_msg("offset %u read", (unsigned int)offset);
	return 0;
}

static void sifive_write(uint64_t offset, unsigned int bytes, uint64_t value)
{
	assert_int_equal(bytes, 4);
	if (offset == 0)
		sent[sent_count++] = (char)value;
	else if (offset == 8)
		txctrl = (uint32_t)value;
	else if (offset == 12)
		rxctrl = (uint32_t)value;
	else if (offset == 16)
		ie = (uint32_t)value;
	else
		fail_msg("offset %u written", (unsigned int)offset);
}

static void sifive_works_and_does_not_wait_for_ever(void **state)
{
	struct serial *port;
	char buffer[4] = "";

	fake_device.read = sifive_read;
	fake_device.write = sifive_write;
	port = uart("compatible = \"sifive,fu540-c000-uart\", \"sifive,uart0\";");
	assert_ptr_not_equal(port, &sbi_serial);
	assert_int_equal(txctrl, 0x50001); /* the watermark is the firmware's */
	assert_int_equal(rxctrl, 1); /* interrupt at the first byte */
	port->write(port, "out", 3);
	assert_string_equal(sent, "out");
	typed = "in";
	assert_int_equal(port->read(port, buffer, sizeof(buffer)), 2);
	assert_string_equal(buffer, "in");
	fake_irq_result = -ENOENT;
	assert_int_equal(port->start(port, on_received), -ENOENT);
	assert_int_equal(ie, 0);
	fake_irq_result = 0;
	assert_int_equal(port->start(port, on_received), 0);
	assert_int_equal(ie, 2);
	fake_irq_handler(fake_irq_opaque);
	assert_int_equal(received, 1);
	full = true;
	port->write(port, "lost", 4);
	full = false;
	port->write(port, "!", 1);
	assert_string_equal(sent, "out!");
}

/* ---- which port ---- */

#define TWO                                                                                \
	"a: serial@10000000 { compatible = \"ns16550a\"; reg = <0 0x10000000 0 0x100>; };" \
	"b: serial@10001000 { compatible = \"ns16550a\"; reg = <0 0x10001000 0 0x100>; };" \
	"other@10002000 { compatible = \"vendor,other\"; reg = <0 0x10002000 0 0x100>; };"

static const char *chosen(const char *more, const char *options, uint64_t base)
{
	char source[2048];

	fake_device.base = base;
	options_init(options);
	snprintf(source, sizeof(source), HEAD RAM TWO "%s };", more);
	fake_tree(source);
	serial_init();
	return serial_describe();
}

static void the_port_is_chosen(void **state)
{
	static const struct {
		const char *tree, *options;
		uint64_t base;
		const char *port;
	} each[] = {
		{ "", "", BASE, "ns16550 at /serial@10000000" },
		{ "chosen { };", "", BASE, "ns16550 at /serial@10000000" },
		/* A bank that goes past the last physical address is no RAM. */
		{ "memory@0 { device_type = \"memory\"; reg = <0 0 0x2000000 0>; };", "", BASE,
		  "ns16550 at /serial@10000000" },
		{ "chosen { stdout-path = \"/serial@10001000\"; };", "", BASE + 0x1000,
		  "ns16550 at /serial@10001000" },
		{ "chosen { stdout-path = \"/serial@10001000:115200n8\"; };", "", BASE + 0x1000,
		  "ns16550 at /serial@10001000" },
		{ "chosen { linux,stdout-path = \"/serial@10001000\"; };", "", BASE + 0x1000,
		  "ns16550 at /serial@10001000" },
		{ "aliases { serial1 = &b; }; chosen { stdout-path = \"serial1:115200\"; };", "",
		  BASE + 0x1000, "ns16550 at /serial@10001000" },
		{ "aliases { serial0 = &b; };", "", BASE + 0x1000, "ns16550 at /serial@10001000" },
		{ "chosen { stdout-path = \"/nowhere\"; };", "", BASE,
		  "ns16550 at /serial@10000000" },
		{ "chosen { stdout-path = <1 2 3>; };", "", BASE, "ns16550 at /serial@10000000" },
		{ "chosen { stdout-path = \"/other@10002000\"; };", "", BASE,
		  "the firmware's console" },
		{ "chosen { stdout-path = \"/serial@10000000\"; };", "console.port=sbi", BASE,
		  "the firmware's console" },
		{ "chosen { stdout-path = \"/serial@10000000\"; };",
		  "console.port=/serial@10001000", BASE + 0x1000, "ns16550 at /serial@10001000" },
		{ "chosen { stdout-path = \"/serial@10000000\"; };", "console.port=nowhere", BASE,
		  "ns16550 at /serial@10000000" },
	};

	for (unsigned int i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		assert_string_equal(chosen(each[i].tree, each[i].options, each[i].base),
				    each[i].port);
	assert_non_null(strstr(fake_findings(FINDING_LESS), "stdout-path names no node"));
	assert_non_null(strstr(fake_findings(FINDING_LESS),
			       "/other@10002000: the console's port has no driver that works"));
}

/* They say nothing of how well the machine can be used. */
static void ports_that_nobody_wants_are_not_told(void **state)
{
	static const char more[] =
		"chosen { stdout-path = \"/serial@10001000\"; };"
		"unused@30000000 { compatible = \"snps,dw-apb-uart\";"
		"reg = <0 0x30000000 0 0x100>; };"
		"broken@30001000 { compatible = \"ns16550a\"; reg-shift = <7>; };";

	assert_string_equal(chosen(more, "", BASE + 0x1000), "ns16550 at /serial@10001000");
	assert_null(strstr(fake_findings(FINDING_QUIRK), "@3000"));
	assert_null(strstr(fake_findings(FINDING_LEFT_OUT), "@3000"));
}

static void only_quirks_that_are_worked_around_are_told(void **state)
{
	static const char more[] = "chosen { stdout-path = \"/small@10003000\"; };"
				   "small@10003000 { compatible = \"snps,dw-apb-uart\";"
				   "reg = <0 0x10003000 0 0x10>; };";

	/* Its USR would be beyond `reg`. */
	assert_string_equal(chosen(more, "", BASE + 0x3000), "ns16550 at /small@10003000");
	assert_non_null(strstr(fake_findings(FINDING_QUIRK),
			       "/small@10003000: DesignWare UART: time-outs without data"));
	assert_null(strstr(fake_findings(FINDING_QUIRK), "/small@10003000: DesignWare UART: busy"));
}

static void a_port_inside_a_disabled_bus_is_not_used(void **state)
{
	assert_string_equal(chosen("chosen { stdout-path = \"/bus/serial@10004000\"; };"
				   "bus { #address-cells = <2>; #size-cells = <2>; ranges;"
				   "status = \"disabled\"; serial@10004000 {"
				   "compatible = \"ns16550a\"; reg = <0 0x10004000 0 0x100>; }; };",
				   "", BASE + 0x4000),
			    "the firmware's console");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bytes_one_by_one_fill_the_fifo, setup),
		cmocka_unit_test_setup(each_width_and_shift_works, setup),
		cmocka_unit_test_setup(xscale_stays_on, setup),
		cmocka_unit_test_setup(designware_interrupts_end, setup),
		cmocka_unit_test_setup(others_have_no_usr, setup),
		cmocka_unit_test_setup(a_port_that_takes_nothing_costs_time_once, setup),
		cmocka_unit_test_setup(absurd_properties_leave_the_firmwares_console, setup),
		cmocka_unit_test_setup(nothing_there_leaves_the_firmwares_console, setup),
		cmocka_unit_test_setup(sifive_works_and_does_not_wait_for_ever, setup),
		cmocka_unit_test_setup(the_port_is_chosen, setup),
		cmocka_unit_test_setup(ports_that_nobody_wants_are_not_told, setup),
		cmocka_unit_test_setup(only_quirks_that_are_worked_around_are_told, setup),
		cmocka_unit_test_setup(a_port_inside_a_disabled_bus_is_not_used, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
