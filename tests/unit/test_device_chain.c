/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of a wired interrupt through the real models: UART, APLIC in MSI mode and the vCPU's
 * software interrupt file, driven as an operating system's drivers do it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <emulators/swfile.h>

#include "aplic_registers.h"
#include "fake_device.h"

#define SOURCE 10
#define IDENTITY 200
#define TOPEI (IDENTITY << 16 | IDENTITY)

#define UART_DATA 0
#define UART_IER 1
#define UART_IIR 2
#define UART_FCR 2

static struct vm *vm;
static struct device *uart, *aplic;
static struct swfile file;
static unsigned int sent;

static void transmit(void *opaque, uint8_t byte)
{
	(void)opaque;
	(void)byte;
	sent++;
}

static void wire(unsigned int source, bool level)
{
	aplic_source_set(aplic, source, level);
}

static void message(unsigned int vcpu, unsigned int identity)
{
	assert_int_equal(vcpu, 0);
	swfile_inject(&file, identity);
}

static void file_write(unsigned int select, uint64_t value)
{
	uint64_t old;

	assert_int_equal(swfile_rmw(&file, select, CSR_WRITE, value, &old), 0);
}

static int set_up(void **state)
{
	const struct aplic_config config = {
		.sources = 95, .vcpus = 1, .msi = true, .identities = 255
	};
	const struct uart_host host = { .transmit = transmit };

	(void)state;
	vm = fake_vm_create();
	vm->irq_hook = wire;
	vm->msi_hook = message;
	sent = 0;
	uart = uart_create(vm, gpa(0x10000000), SOURCE, &host);
	aplic = aplic_create(vm, &config);
	swfile_init(&file, 255);
	file_write(0xc0 + 2 * (IDENTITY / 64), BIT(IDENTITY % 64));
	file_write(0x70, 1);
	device_write(aplic, SOURCECFG(SOURCE), 4, LEVEL1);
	device_write(aplic, TARGET(SOURCE), 4, IDENTITY);
	device_write(aplic, SETIENUM, 4, SOURCE);
	device_write(aplic, DOMAINCFG, 4, IE);
	device_write(uart, UART_FCR, 1, 0x01);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	device_destroy(uart);
	device_destroy(aplic);
	return 0;
}

/** One interrupt as a driver handles it; returns how many causes the UART told. */
static unsigned int handle(void)
{
	unsigned int causes = 0;
	uint64_t iir;

	assert_true(swfile_line(&file));
	assert_int_equal(swfile_claim(&file), TOPEI);
	while (!((iir = device_read(uart, UART_IIR, 1)) & 1)) {
		causes++;
		if (iir & 4)
			device_read(uart, UART_DATA, 1);
	}
	/* For a level that is still there (AIA 1.0, 4.9.2). */
	device_write(aplic, SETIPNUM_LE, 4, SOURCE);
	return causes;
}

static void received_bytes_arrive_by_one_interrupt(void **state)
{
	(void)state;
	device_write(uart, UART_IER, 1, 0x01);
	assert_false(swfile_line(&file));
	assert_int_equal(uart_receive(uart, (const uint8_t *)"abc", 3), 3);
	assert_int_equal(handle(), 3);
	assert_false(swfile_line(&file));
	assert_int_equal(uart_receive(uart, (const uint8_t *)"d", 1), 1);
	assert_int_equal(handle(), 1);
	assert_false(swfile_line(&file));
}

static void transmitter_asks_for_more_by_interrupt(void **state)
{
	(void)state;
	device_write(uart, UART_IER, 1, 0x02);
	for (unsigned int batch = 1; batch <= 4; batch++) {
		assert_int_equal(handle(), 1);
		assert_false(swfile_line(&file));
		for (unsigned int i = 0; i < 16; i++)
			device_write(uart, UART_DATA, 1, 'x');
		assert_int_equal(sent, batch * 16);
		assert_true(swfile_line(&file));
	}
}

static void level_left_asserted_comes_again_after_setipnum(void **state)
{
	(void)state;
	device_write(uart, UART_IER, 1, 0x01);
	uart_receive(uart, (const uint8_t *)"ab", 2);
	assert_int_equal(swfile_claim(&file), TOPEI);
	device_read(uart, UART_DATA, 1);
	assert_false(swfile_line(&file));
	device_write(aplic, SETIPNUM_LE, 4, SOURCE);
	assert_int_equal(handle(), 1);
	assert_false(swfile_line(&file));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(received_bytes_arrive_by_one_interrupt),
		TEST(transmitter_asks_for_more_by_interrupt),
		TEST(level_left_asserted_comes_again_after_setipnum),
	};

	return cmocka_run_group_tests_name("device chain", tests, NULL, NULL);
}
