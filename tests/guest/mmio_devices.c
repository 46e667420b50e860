/* SPDX-License-Identifier: BSD-2-Clause */
/* The devices themselves: UART, RTC and reset, and registers that all harts write at once. */
#include "lib/aia.h"
#include "lib/code.h"
#include "lib/hart.h"
#include "lib/test.h"
#include "mmio_parts.h"

#include <stddef.h>

#define RTC_LOW 0
#define RTC_HIGH 4
#define RTC_ALARM_LOW 0x08
#define RTC_ALARM_HIGH 0x0c
#define RTC_IRQ_ENABLED 0x10
#define RTC_CLEAR_ALARM 0x14
#define RTC_CLEAR_INTERRUPT 0x1c
#define HAMMER_ROUNDS 2000

void test_rtc(void)
{
	volatile uint32_t *low = (volatile uint32_t *)(rtc + RTC_LOW);
	volatile uint32_t *high = (volatile uint32_t *)(rtc + RTC_HIGH);
	uint64_t first, second, least, most, ns;

	test_begin("rtc");
	if (!rtc) {
		test_skip("no google,goldfish-rtc in the device tree");
	} else {
		ns = 1000000000 / ticks_per_second;
		most = time_now();
		first = *low;
		first |= (uint64_t)*high << 32;
		least = time_now();
		delay_us(2000);
		least = (time_now() - least) * ns;
		second = *low;
		second |= (uint64_t)*high << 32;
		most = (time_now() - most) * ns;
		/* QEMU's own goes by the clock of its host, which may be adjusted. */
		CHECK(second - first >= least - 1000000 &&
			      second - first <= most + most / 100 + 1000000,
		      "%lu to %lu ns of the time are %lu ns", least, most, second - first);
		print("  %lu s since 1970", second / 1000000000);
	}
	test_end();
}

void test_reset_device(void)
{
	test_begin("reset device");
	if (!reset) {
		test_skip("no sifive,test1 in the device tree");
	} else {
		expect_store(code_s(OP_STORE, 2, 10, 11, 0), 10, reset, 11, 0);
		expect_store(code_s(OP_STORE, 2, 10, 11, 0), 10, reset, 11, 0x1234);
		expect_load(code_i(OP_LOAD, 2, 12, 10, 0), 12, 10, reset, 0, false);
	}
	test_end();
}

void test_uart(void)
{
	volatile uint8_t *at = (volatile uint8_t *)uart;
	uint8_t line;

	test_begin("uart");
	CHECK((at[5] & 0x60) == 0x60, "LSR is %#x", at[5]);
	line = at[3];
	at[3] = line | 0x80;
	at[0] = 1;
	at[1] = 0;
	CHECK_EQ(at[0], 1, "divisor, low byte");
	at[3] = 0x03;
	CHECK_EQ(at[3], 3, "LCR");
	CHECK_EQ(at[1], 0, "IER");
	CHECK_EQ(at[2] & 0x0f, 1, "IIR with no interrupt pending");
	test_end();
}

/* Alarms, sources and line settings from all harts at once, as fast as they can. */
static void hammer(void *argument)
{
	unsigned long id = this_hart()->id;

	(void)argument;
	for (uint32_t i = 0; i < HAMMER_ROUNDS; i++) {
		if (rtc) {
			*(volatile uint32_t *)(rtc + RTC_ALARM_HIGH) = i & 1 ? 0x7fffffff : 0;
			*(volatile uint32_t *)(rtc + RTC_ALARM_LOW) = i;
			*(volatile uint32_t *)(rtc + RTC_IRQ_ENABLED) = i & 1;
			*(volatile uint32_t *)(rtc + RTC_CLEAR_INTERRUPT) = 1;
		}
		*(volatile uint8_t *)(uart + 1) = i & 2;
		(void)*(volatile uint8_t *)(uart + 2);
		if (!aia.has_aplic)
			continue;
		*aplic_reg(APLIC_SOURCECFG(SOURCE + 2 + id % 8)) = i % 8;
		*aplic_reg(APLIC_TARGET(SOURCE + 2 + id % 8)) = 1 + i % 64;
		*aplic_reg(APLIC_SETIENUM) = SOURCE + 2 + (uint32_t)id % 8;
		*aplic_reg(APLIC_SETIPNUM) = SOURCE + 2 + (i & 7);
	}
}

void test_all_harts(void)
{
	test_begin("devices from all harts at once");
	CHECK(harts_run(hart_count, hammer, NULL, 20), "a hart did not start or end");
	if (rtc) {
		*(volatile uint32_t *)(rtc + RTC_IRQ_ENABLED) = 0;
		*(volatile uint32_t *)(rtc + RTC_CLEAR_ALARM) = 1;
		*(volatile uint32_t *)(rtc + RTC_CLEAR_INTERRUPT) = 1;
	}
	*(volatile uint8_t *)(uart + 1) = 0;
	for (unsigned int source = SOURCE + 1; aia.has_aplic && source < SOURCE + 10; source++) {
		*aplic_reg(APLIC_CLRIENUM) = source;
		*aplic_reg(APLIC_SOURCECFG(source)) = SOURCE_INACTIVE;
	}
	test_end();
}
