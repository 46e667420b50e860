/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console (DBCN, or the UART where there is none), the counters of the tests, the start and
 * the end of a payload. `console_lock` guards the console and its buffer.
 */
#include "test.h"
#include "csr.h"
#include "fdt.h"
#include "hart.h"
#include "sbi.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES_PER_TEST 8
#define UART_DEFAULT 0x10000000ul
#define SIFIVE_TEST 0x100000ul

const char *payload_args = "";

static int console_lock;
static bool console_dbcn;
static unsigned long console_uart;

static struct {
	const char *name;
	unsigned int failures;
	bool skipped;
	char message[160];
} test;

static unsigned int passed, failed, skipped;

static void console_write(const char *text, unsigned long length)
{
	while (console_dbcn && length > 0) {
		struct sbiret ret = sbi_call(SBI_DBCN, 0, length, (unsigned long)text, 0);

		if (ret.error || ret.value < 0 || (unsigned long)ret.value > length)
			break;
		text += ret.value;
		length -= (unsigned long)ret.value;
	}
	for (; length > 0; length--, text++) {
		while (!(*(volatile uint8_t *)(console_uart + 5) & 0x20))
			;
		*(volatile uint8_t *)console_uart = (uint8_t)*text;
	}
}

static void print_list(const char *format, va_list list)
{
	static char buffer[256] __attribute__((aligned(256)));
	unsigned long length;

	lock(&console_lock);
	vsnprintf(buffer, sizeof(buffer) - 1, format, list);
	length = strlen(buffer);
	buffer[length++] = '\n';
	console_write(buffer, length);
	unlock(&console_lock);
}

void print(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	print_list(format, list);
	va_end(list);
}

unsigned long args_number(const char *name, unsigned long fallback)
{
	size_t length = strlen(name);

	for (const char *at = payload_args; (at = strstr(at, name)); at++)
		if ((at == payload_args || at[-1] == ' ') && at[length] == '=')
			return strtoul(at + length + 1, NULL, 0);
	return fallback;
}

void test_begin(const char *name)
{
	memset(&test, 0, sizeof(test));
	test.name = name;
}

void test_skip(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(test.message, sizeof(test.message), format, list);
	va_end(list);
	test.skipped = true;
}

bool test_begin_if(const char *name, bool possible, const char *reason)
{
	test_begin(name);
	if (possible)
		return true;
	test_skip("%s", reason);
	test_end();
	return false;
}

void check_failed(const char *file, int line, const char *format, ...)
{
	char message[sizeof(test.message)];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	if (strrchr(file, '/'))
		file = strrchr(file, '/') + 1;
	if (test.failures == 0)
		strcpy(test.message, message);
	if (test.failures++ < MESSAGES_PER_TEST)
		print("  %s:%d: %s", file, line, message);
}

void test_end(void)
{
	if (test.failures) {
		failed++;
		print("FAIL %s: %s%s", test.name, test.message,
		      test.failures > 1 ? " (and more)" : "");
	} else if (test.skipped) {
		skipped++;
		print("SKIP %s: %s", test.name, test.message);
	} else {
		passed++;
		print("PASS %s", test.name);
	}
	test.name = NULL;
}

void panic(const char *format, ...)
{
	char message[160];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	unlock(&console_lock);
	failed++;
	print("FAIL %s: hart %lu: %s", test.name ? test.name : payload_name, this_hart()->id,
	      message);
	payload_end();
}

void payload_end(void)
{
	print("payload %s: %u passed, %u failed, %u skipped", payload_name, passed, failed,
	      skipped);
	sbi_call(SBI_SRST, 0, 0, failed ? 1 : 0, 0);
	*(volatile uint32_t *)SIFIVE_TEST = failed ? 0x13333 : 0x5555;
	for (;;)
		wfi();
}

/* Called by start.S on the boot hart. */
void payload_start(unsigned long hart_id, const void *tree);
void payload_start(unsigned long hart_id, const void *tree)
{
	const char *args;

	if (hart_id >= MAX_HARTS)
		for (;;)
			wfi();
	fdt_init(tree);
	console_dbcn = sbi_probe(SBI_DBCN);
	console_uart = fdt_device("ns16550a").address;
	if (!console_uart)
		console_uart = UART_DEFAULT;
	args = fdt_property("/chosen", "bootargs", NULL);
	if (args)
		payload_args = args;
	harts_init(hart_id);
	payload_main();
	payload_end();
}
