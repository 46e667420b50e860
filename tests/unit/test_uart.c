/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's ns16550a: registers, FIFOs, flow control towards the host, the interrupts and
 * their order, and loopback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <emulators/devices.h>

#include "fake_device.h"

#define RBR 0
#define THR 0
#define DLL 0
#define IER 1
#define DLM 1
#define IIR 2
#define FCR 2
#define LCR 3
#define MCR 4
#define LSR 5
#define MSR 6
#define SCR 7

#define SOURCE 10

static struct vm *vm;
static struct device *uart;

static struct {
	uint8_t sent[64];
	unsigned int sent_count;
	unsigned int ready_count;
	unsigned int room;
} host;

static void transmit(void *opaque, uint8_t byte)
{
	assert_ptr_equal(opaque, &host);
	assert_false(fake_no_lock_held());
	if (host.sent_count < sizeof(host.sent))
		host.sent[host.sent_count] = byte;
	host.sent_count++;
}

static void receive_ready(void *opaque, unsigned int room)
{
	assert_ptr_equal(opaque, &host);
	assert_true(room > 0);
	host.ready_count++;
	host.room = room;
}

static int set_up(void **state)
{
	const struct uart_host functions = { transmit, receive_ready, &host };

	(void)state;
	vm = fake_vm_create();
	memset(&host, 0, sizeof(host));
	uart = uart_create(vm, gpa(0x10000000), SOURCE, &functions);
	return uart == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	device_destroy(uart);
	return 0;
}

static uint8_t get(uint64_t reg)
{
	return (uint8_t)device_read(uart, reg, 1);
}

static void put(uint64_t reg, uint8_t value)
{
	device_write(uart, reg, 1, value);
}

static unsigned int receive(const char *text)
{
	return uart_receive(uart, (const uint8_t *)text, (unsigned int)strlen(text));
}

static void starts_idle_with_all_registers_reset(void **state)
{
	static const uint8_t expected[] = { 0, 0, 0x01, 0, 0, 0x60, 0xb0, 0 };

	(void)state;
	assert_int_equal(uart->size, 0x100);
	for (uint64_t reg = 0; reg < 8; reg++)
		assert_int_equal(get(reg), expected[reg]);
	assert_int_equal(vm->irq_changes, 0);
}

static void bytes_written_are_transmitted_at_once(void **state)
{
	(void)state;
	put(THR, 'h');
	put(THR, 'i');
	assert_int_equal(host.sent_count, 2);
	assert_memory_equal(host.sent, "hi", 2);
	assert_int_equal(get(LSR), 0x60);
}

static void divisor_latch_hides_data_and_ier(void **state)
{
	(void)state;
	put(IER, 0x05);
	put(LCR, 0x83);
	put(DLL, 0x12);
	put(DLM, 0x34);
	assert_int_equal(get(DLL), 0x12);
	assert_int_equal(get(DLM), 0x34);
	put(LCR, 0x03);
	assert_int_equal(get(LCR), 0x03);
	assert_int_equal(get(IER), 0x05);
	assert_int_equal(host.sent_count, 0);
}

static void registers_keep_only_their_bits(void **state)
{
	(void)state;
	put(IER, 0xff);
	put(MCR, 0xef);
	put(SCR, 0xa5);
	put(LSR, 0xff);
	put(MSR, 0xff);
	assert_int_equal(get(IER), 0x0f);
	assert_int_equal(get(MCR), 0x0f);
	assert_int_equal(get(SCR), 0xa5);
	assert_int_equal(get(LSR), 0x60);
	assert_int_equal(get(MSR), 0xb0);
}

static void without_fifos_one_byte_is_taken(void **state)
{
	(void)state;
	assert_int_equal(receive("ab"), 1);
	assert_int_equal(get(LSR), 0x61);
	assert_int_equal(receive("b"), 0);
	assert_int_equal(get(RBR), 'a');
	assert_int_equal(get(LSR), 0x60);
	assert_int_equal(get(RBR), 0);
	assert_int_equal(receive("b"), 1);
	assert_int_equal(get(RBR), 'b');
}

static void fifo_takes_sixteen_bytes_in_order(void **state)
{
	(void)state;
	put(FCR, 0x01);
	assert_int_equal(get(IIR), 0xc1);
	for (unsigned int round = 0; round < 5; round++) {
		assert_int_equal(receive("0123456789abcdefgh"), 16);
		for (unsigned int i = 0; i < 11; i++)
			assert_int_equal(get(RBR), "0123456789abcdef"[i]);
		assert_int_equal(receive("xy"), 2);
		for (unsigned int i = 11; i < 16; i++)
			assert_int_equal(get(RBR), "0123456789abcdef"[i]);
		assert_int_equal(get(RBR), 'x');
		assert_int_equal(get(RBR), 'y');
		assert_int_equal(get(LSR), 0x60);
	}
}

static void host_is_told_once_when_a_refusing_receiver_is_empty(void **state)
{
	(void)state;
	put(FCR, 0x01);
	assert_int_equal(receive("0123456789abcdef"), 16);
	for (unsigned int i = 0; i < 16; i++)
		get(RBR);
	assert_int_equal(host.ready_count, 0);
	assert_int_equal(receive("0123456789abcdefg"), 16);
	for (unsigned int i = 0; i < 15; i++)
		get(RBR);
	assert_int_equal(host.ready_count, 0);
	get(RBR);
	get(LSR);
	assert_int_equal(host.ready_count, 1);
	assert_int_equal(host.room, 16);
}

static void clearing_the_fifo_makes_room_too(void **state)
{
	(void)state;
	put(FCR, 0x01);
	receive("0123456789abcdefg");
	put(FCR, 0x03);
	assert_int_equal(get(LSR), 0x60);
	assert_int_equal(host.ready_count, 1);
	receive("abc");
	put(FCR, 0x02); /* without the enable bit: FIFOs off, which also clears them */
	assert_int_equal(get(LSR), 0x60);
	assert_int_equal(get(IIR), 0x01);
}

static void host_that_needs_no_flow_control_is_allowed(void **state)
{
	const struct uart_host functions = { transmit, NULL, &host };
	struct device *other = uart_create(vm, gpa(0), SOURCE, &functions);

	(void)state;
	assert_int_equal(uart_receive(other, (const uint8_t *)"ab", 2), 1);
	assert_int_equal(device_read(other, RBR, 1), 'a');
	device_destroy(other);
}

static void received_data_raises_the_interrupt_at_the_trigger_level(void **state)
{
	static const unsigned int triggers[] = { 1, 4, 8, 14 };

	(void)state;
	put(IER, 0x01);
	for (unsigned int i = 0; i < 4; i++) {
		put(FCR, (uint8_t)(i << 6 | 0x03));
		for (unsigned int n = 1; n <= 16; n++) {
			receive("x");
			assert_true(vm->irq[SOURCE]);
			/* Below the level it is the character timeout, and at once. */
			assert_int_equal(get(IIR), n < triggers[i] ? 0xcc : 0xc4);
		}
		for (unsigned int n = 16; n >= 1; n--) {
			assert_true(vm->irq[SOURCE]);
			assert_int_equal(get(IIR), n < triggers[i] ? 0xcc : 0xc4);
			get(RBR);
		}
		assert_false(vm->irq[SOURCE]);
		assert_int_equal(get(IIR), 0xc1);
	}
}

static void received_data_needs_its_enable(void **state)
{
	(void)state;
	receive("x");
	assert_false(vm->irq[SOURCE]);
	put(IER, 0x01);
	assert_true(vm->irq[SOURCE]);
	assert_int_equal(get(IIR), 0x04);
	put(IER, 0x00);
	assert_false(vm->irq[SOURCE]);
}

static void enabling_the_transmit_interrupt_raises_it(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		put(IER, 0x02);
		assert_true(vm->irq[SOURCE]);
		assert_int_equal(get(IIR), 0x02);
		assert_false(vm->irq[SOURCE]);
		assert_int_equal(get(IIR), 0x01);
		put(IER, 0x02);
		assert_false(vm->irq[SOURCE]);
		put(IER, 0x00);
	}
}

static void transmitting_raises_the_interrupt_again(void **state)
{
	(void)state;
	put(THR, 'x');
	assert_false(vm->irq[SOURCE]);
	put(IER, 0x02);
	get(IIR);
	put(THR, 'y');
	assert_true(vm->irq[SOURCE]);
	assert_int_equal(get(IIR), 0x02);
	assert_false(vm->irq[SOURCE]);
}

static void reading_iir_clears_the_transmit_interrupt_only_when_it_is_reported(void **state)
{
	(void)state;
	put(IER, 0x03);
	receive("x");
	assert_int_equal(get(IIR), 0x04);
	get(RBR);
	assert_true(vm->irq[SOURCE]);
	assert_int_equal(get(IIR), 0x02);
	assert_false(vm->irq[SOURCE]);
}

static void interrupts_are_reported_in_their_order(void **state)
{
	(void)state;
	put(IER, 0x0f);
	put(FCR, 0x81);
	put(MCR, 0x10); /* loopback: the modem's inputs fall, and 17 bytes overrun */
	for (unsigned int i = 0; i < 17; i++)
		put(THR, (uint8_t)i);
	assert_int_equal(get(IIR), 0xc6);
	assert_int_equal(get(LSR), 0x63);
	assert_int_equal(get(LSR), 0x61);
	assert_int_equal(get(IIR), 0xc4);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(get(RBR), i);
	assert_int_equal(get(IIR), 0xc2);
	assert_int_equal(get(IIR), 0xc0);
	assert_int_equal(get(MSR), 0x0b);
	assert_int_equal(get(IIR), 0xc1);
	assert_false(vm->irq[SOURCE]);
	assert_int_equal(host.sent_count, 0);
}

static void overrun_without_fifos_keeps_the_newest_byte(void **state)
{
	(void)state;
	put(MCR, 0x10);
	put(THR, 'a');
	put(THR, 'b');
	assert_int_equal(get(LSR), 0x63);
	assert_int_equal(get(RBR), 'b');
	assert_int_equal(get(LSR), 0x60);
}

static void loopback_turns_the_modem_outputs_into_inputs(void **state)
{
	static const struct {
		uint8_t mcr, msr;
	} cases[] = { { 0x10, 0x00 }, { 0x11, 0x20 }, { 0x12, 0x10 }, { 0x14, 0x40 },
		      { 0x18, 0x80 }, { 0x1a, 0x90 }, { 0x1f, 0xf0 }, { 0x0f, 0xb0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put(MCR, cases[i].mcr);
		assert_int_equal(get(MSR) & 0xf0, cases[i].msr);
	}
}

static void modem_deltas_mark_changes_until_they_are_read(void **state)
{
	(void)state;
	put(MCR, 0x1f);
	assert_int_equal(get(MSR), 0xf0); /* a rising ring indicator is no event */
	put(MCR, 0x1b);
	assert_int_equal(get(MSR), 0xb4);
	put(MCR, 0x1a);
	put(MCR, 0x1b);
	assert_int_equal(get(MSR), 0xb2);
	assert_int_equal(get(MSR), 0xb0);
}

static void modem_interrupt_follows_the_deltas(void **state)
{
	(void)state;
	put(IER, 0x08);
	put(MCR, 0x10);
	assert_true(vm->irq[SOURCE]);
	assert_int_equal(get(IIR), 0x00);
	get(MSR);
	assert_false(vm->irq[SOURCE]);
}

static void loopback_cuts_the_host_off_and_resumes_afterwards(void **state)
{
	(void)state;
	put(MCR, 0x10);
	assert_int_equal(receive("x"), 0);
	put(THR, 'a');
	assert_int_equal(get(RBR), 'a');
	assert_int_equal(host.ready_count, 0);
	put(MCR, 0x00);
	assert_int_equal(host.ready_count, 1);
	assert_int_equal(receive("x"), 1);
	assert_int_equal(host.sent_count, 0);
}

static void reset_lowers_the_interrupt_and_drops_what_was_received(void **state)
{
	(void)state;
	put(FCR, 0x01);
	put(IER, 0x01);
	put(MCR, 0x0b);
	receive("abc");
	assert_true(vm->irq[SOURCE]);
	uart->ops->reset(uart);
	assert_false(vm->irq[SOURCE]);
	assert_int_equal(get(LSR), 0x60);
	assert_int_equal(get(IIR), 0x01);
	assert_int_equal(get(IER), 0);
	assert_int_equal(get(MCR), 0);
}

static void odd_accesses_read_zero_do_nothing_and_are_counted(void **state)
{
	uint64_t count = 0;

	(void)state;
	put(SCR, 0xa5);
	receive("x");
	for (uint64_t offset = 0; offset < uart->size; offset++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			if (offset + width > uart->size || (width == 1 && offset < 8))
				continue;
			device_write(uart, offset, width, 0x7f7f7f7f7f7f7f7f);
			assert_int_equal(device_read(uart, offset, width), 0);
			count += 2;
		}
	}
	assert_int_equal(uart->odd_accesses, count);
	assert_int_equal(host.sent_count, 0);
	assert_int_equal(get(SCR), 0xa5);
	assert_int_equal(get(IER), 0);
	assert_int_equal(get(RBR), 'x');
}

static void random_accesses_keep_the_interrupt_in_step(void **state)
{
	static const uint8_t bytes[24];
	uint64_t seed = 5;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t r = fake_random(&seed);
		unsigned int width = r & 0x70 ? 1 : 1u << (r & 3);
		uint64_t offset = r & 0x80 ? r >> 8 & 7 : (r >> 8 & 0xff) % (0x101 - width);

		if (r & 4)
			device_write(uart, offset, width, r >> 16);
		else
			device_read(uart, offset, width);
		if (r & 8)
			assert_true(uart_receive(uart, bytes, r >> 40 & 15) <= 16);
		if (r >> 50 & 1)
			continue;
		/* The IIR tells what the line tells; reading it may only end a THRE interrupt. */
		bool line = vm->irq[SOURCE];
		uint8_t iir = get(IIR) & 0x0f;

		assert_int_equal(line, !(iir & 1));
		assert_true(vm->irq[SOURCE] == line || iir == 0x02);
	}
}

static void creation_without_memory_gives_nothing(void **state)
{
	const struct uart_host functions = { transmit, NULL, NULL };

	(void)state;
	fake_memory_out(true);
	assert_null(uart_create(vm, gpa(0), SOURCE, &functions));
	fake_memory_out(false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(starts_idle_with_all_registers_reset),
		TEST(bytes_written_are_transmitted_at_once),
		TEST(divisor_latch_hides_data_and_ier),
		TEST(registers_keep_only_their_bits),
		TEST(without_fifos_one_byte_is_taken),
		TEST(fifo_takes_sixteen_bytes_in_order),
		TEST(host_is_told_once_when_a_refusing_receiver_is_empty),
		TEST(clearing_the_fifo_makes_room_too),
		TEST(host_that_needs_no_flow_control_is_allowed),
		TEST(received_data_raises_the_interrupt_at_the_trigger_level),
		TEST(received_data_needs_its_enable),
		TEST(enabling_the_transmit_interrupt_raises_it),
		TEST(transmitting_raises_the_interrupt_again),
		TEST(reading_iir_clears_the_transmit_interrupt_only_when_it_is_reported),
		TEST(interrupts_are_reported_in_their_order),
		TEST(overrun_without_fifos_keeps_the_newest_byte),
		TEST(loopback_turns_the_modem_outputs_into_inputs),
		TEST(modem_deltas_mark_changes_until_they_are_read),
		TEST(modem_interrupt_follows_the_deltas),
		TEST(loopback_cuts_the_host_off_and_resumes_afterwards),
		TEST(reset_lowers_the_interrupt_and_drops_what_was_received),
		TEST(odd_accesses_read_zero_do_nothing_and_are_counted),
		TEST(random_accesses_keep_the_interrupt_in_step),
		TEST(creation_without_memory_gives_nothing),
	};

	int failed = cmocka_run_group_tests_name("uart", tests, NULL, NULL);

	fake_light = true;
	return failed + cmocka_run_group_tests_name("uart, light", tests, NULL, NULL);
}
