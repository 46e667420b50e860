/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's clock under any sequence of accesses while time passes: an alarm that is told to the
 * host comes when it is due and not before, and the interrupt is there while it should. One thread.
 */
#include <emulators/devices.h>
#include <string.h>

#include "fake_device.h"
#include "input.h"

#define SOURCE 11
#define TIME_LOW 0x00
#define TIME_HIGH 0x04
#define ALARM_LOW 0x08
#define ALARM_HIGH 0x0c
#define IRQ_ENABLED 0x10
#define ALARM_STATUS 0x18

static struct vm *vm;
static struct device *rtc;
static uint64_t host_time;

static uint64_t now(void)
{
	return host_time;
}

static uint32_t get(uint64_t offset)
{
	return (uint32_t)device_read(rtc, offset, 4);
}

static uint64_t pair(uint64_t low)
{
	uint64_t value = get(low);

	return value | (uint64_t)get(low + 4) << 32;
}

static void check(void)
{
	uint64_t due;

	rtc_poll(rtc);
	due = rtc_alarm(rtc);
	MUST(due > host_time);
	if (get(ALARM_STATUS))
		MUST(pair(ALARM_LOW) > pair(TIME_LOW));
	else
		MUST(due == UINT64_MAX);
	MUST(!vm->irq[SOURCE] || get(IRQ_ENABLED));
}

static void wait_for_alarm(void)
{
	uint64_t due = rtc_alarm(rtc);
	bool enabled = get(IRQ_ENABLED), level = vm->irq[SOURCE];

	if (due == UINT64_MAX)
		return;
	host_time = due - 1;
	rtc_poll(rtc);
	MUST(rtc_alarm(rtc) == due && vm->irq[SOURCE] == level);
	host_time = due;
	rtc_poll(rtc);
	MUST(!get(ALARM_STATUS) && vm->irq[SOURCE] == enabled);
}

static void access(struct input *input)
{
	unsigned int width = input_below(input, 4) ? 4 : 1U << input_below(input, 4);
	uint64_t offset = input_below(input, 4) ? 4 * input_below(input, 9)
						: input_below(input, 0x1000 - 8);
	uint64_t value = input_number(input);

	device_read(rtc, offset, width);
	if (input_below(input, 4))
		device_write(rtc, offset, width, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	vm = fake_vm_create();
	host_time = input_number(&input) / 2;
	rtc = rtc_create(vm, gpa(0x101000), SOURCE, now);
	MUST(rtc);
	while (input.left) {
		uint64_t step;

		switch (input_below(&input, 4)) {
		case 0:
			step = input_number(&input);
			if (step < UINT64_MAX / 2 - host_time / 2)
				host_time += step;
			break;
		case 1:
			wait_for_alarm();
			break;
		default:
			access(&input);
		}
		check();
	}
	device_destroy(rtc);
	return 0;
}
