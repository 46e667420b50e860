/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices behind the two sources of the PLIC that can be driven. Found once, before other
 * harts run.
 */
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/plic.h"
#include "plic_parts.h"

#include <stddef.h>

#define UART_IER 1
#define UART_IIR 2
#define UART_MCR 4
#define IER_THRE 2
#define MCR_LOOP 0x10
#define MCR_OUT2 8

#define RTC_ALARM_LOW 0x08
#define RTC_ALARM_HIGH 0x0c
#define RTC_IRQ_ENABLED 0x10
#define RTC_CLEAR_ALARM 0x14
#define RTC_CLEAR_INTERRUPT 0x1c

bool bare;
unsigned int uart_source, rtc_source;

static volatile uint8_t *uart;
static volatile uint32_t *rtc;

static unsigned int source_of(const struct fdt_device *device)
{
	const uint8_t *cells = fdt_property(device->path, "interrupts", NULL);

	return cells ? cells[3] : 0;
}

bool sources_find(void)
{
	struct fdt_device device = fdt_device("ns16550a");

	uart = (volatile uint8_t *)device.address;
	uart_source = device.address ? source_of(&device) : 0;
	device = fdt_device("google,goldfish-rtc");
	rtc = (volatile uint32_t *)device.address;
	rtc_source = device.address ? source_of(&device) : 0;
	return uart_source && rtc_source;
}

void uart_raise(void)
{
	uart[UART_IER] = 0;
	uart[UART_IER] = IER_THRE;
}

void uart_lower(void)
{
	(void)uart[UART_IIR];
}

void rtc_raise(void)
{
	rtc[RTC_ALARM_HIGH / 4] = 0;
	rtc[RTC_ALARM_LOW / 4] = 0; /* in the past */
}

void rtc_lower(void)
{
	rtc[RTC_CLEAR_INTERRUPT / 4] = 1;
}

void devices_open(void)
{
	uart[UART_MCR] = MCR_LOOP;
	uart[UART_IER] = 0;
	rtc[RTC_IRQ_ENABLED / 4] = 1;
	rtc_lower();
}

static void devices_close(void)
{
	uart[UART_IER] = 0;
	uart[UART_MCR] = MCR_OUT2;
	rtc[RTC_CLEAR_ALARM / 4] = 1;
	rtc[RTC_IRQ_ENABLED / 4] = 0;
	rtc_lower();
}

static void close_context(unsigned int context)
{
	uint32_t source;

	for (unsigned int word = 0; word <= plic.sources / 32; word++)
		plic_write(PLIC_ENABLE(context, word), -1u);
	plic_write(PLIC_THRESHOLD(context), 0);
	while ((source = plic_read(PLIC_CLAIM(context))))
		plic_write(PLIC_CLAIM(context), source);
	for (unsigned int word = 0; word <= plic.sources / 32; word++)
		plic_write(PLIC_ENABLE(context, word), 0);
}

void all_quiet(void)
{
	unsigned long self = this_hart()->id;

	devices_close();
	plic_write(PLIC_PRIORITY(uart_source), 7);
	plic_write(PLIC_PRIORITY(rtc_source), 7);
	plic_enable(PLIC_S(self), uart_source, true);
	plic_enable(PLIC_S(self), rtc_source, true);
	plic_write(PLIC_CLAIM(PLIC_S(self)), uart_source);
	plic_write(PLIC_CLAIM(PLIC_S(self)), rtc_source);
	for (unsigned int i = 0; i < hart_count; i++)
		close_context(PLIC_S(hart_ids[i]));
}
