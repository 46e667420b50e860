/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Goldfish RTC: reading and setting the time as Linux does, the alarm and its interrupt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <emulators/devices.h>

#include "fake_device.h"

#define TIME_LOW 0x00
#define TIME_HIGH 0x04
#define ALARM_LOW 0x08
#define ALARM_HIGH 0x0c
#define IRQ_ENABLED 0x10
#define CLEAR_ALARM 0x14
#define ALARM_STATUS 0x18
#define CLEAR_INTERRUPT 0x1c

#define SOURCE 11

static struct vm *vm;
static struct device *rtc;
static uint64_t host_time;

static uint64_t now(void)
{
	return host_time;
}

static int set_up(void **state)
{
	(void)state;
	vm = fake_vm_create();
	host_time = 1000;
	rtc = rtc_create(vm, gpa(0x101000), SOURCE, now);
	return rtc == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	device_destroy(rtc);
	return 0;
}

static uint32_t get(uint64_t offset)
{
	return (uint32_t)device_read(rtc, offset, 4);
}

static void put(uint64_t offset, uint32_t value)
{
	device_write(rtc, offset, 4, value);
}

static uint64_t read_time(void)
{
	uint64_t low = get(TIME_LOW);

	return low | (uint64_t)get(TIME_HIGH) << 32;
}

static void set_time(uint64_t time)
{
	put(TIME_HIGH, time >> 32);
	put(TIME_LOW, (uint32_t)time);
}

static void set_alarm(uint64_t time)
{
	put(ALARM_HIGH, time >> 32);
	put(ALARM_LOW, (uint32_t)time);
}

static void time_is_the_hosts_until_it_is_set(void **state)
{
	(void)state;
	host_time = UINT64_C(0x1234567890abcdef);
	assert_int_equal(read_time(), host_time);
}

static void low_half_latches_the_high_half(void **state)
{
	(void)state;
	host_time = UINT64_C(0x1ffffffff);
	assert_int_equal(get(TIME_LOW), 0xffffffff);
	host_time++;
	assert_int_equal(get(TIME_HIGH), 1);
	assert_int_equal(get(TIME_LOW), 0);
	assert_int_equal(get(TIME_HIGH), 2);
}

static void time_that_is_set_goes_on_from_there(void **state)
{
	(void)state;
	host_time = UINT64_C(0x5fffffff0);
	set_time(UINT64_C(1700000000000000000));
	assert_int_equal(read_time(), UINT64_C(1700000000000000000));
	host_time += 12345;
	assert_int_equal(read_time(), UINT64_C(1700000000000012345));
	set_time(3);
	assert_int_equal(read_time(), 3);
}

static void time_that_is_set_outlives_a_reset(void **state)
{
	(void)state;
	set_time(UINT64_C(0x700000000));
	rtc->ops->reset(rtc);
	assert_int_equal(read_time(), UINT64_C(0x700000000));
}

static void alarm_raises_the_interrupt_when_due(void **state)
{
	(void)state;
	set_alarm(5000);
	put(IRQ_ENABLED, 1);
	assert_int_equal(get(ALARM_STATUS), 1);
	assert_int_equal(get(ALARM_LOW), 5000);
	assert_int_equal(rtc_alarm(rtc), 5000);
	host_time = 4999;
	rtc_poll(rtc);
	assert_false(vm->irq[SOURCE]);
	host_time = 5000;
	rtc_poll(rtc);
	assert_true(vm->irq[SOURCE]);
	assert_int_equal(get(ALARM_STATUS), 0);
	assert_int_equal(rtc_alarm(rtc), UINT64_MAX);
	put(CLEAR_INTERRUPT, 1);
	assert_false(vm->irq[SOURCE]);
	rtc_poll(rtc);
	assert_false(vm->irq[SOURCE]);
}

static void alarm_in_the_past_fires_at_once(void **state)
{
	(void)state;
	put(IRQ_ENABLED, 1);
	set_alarm(1000);
	assert_true(vm->irq[SOURCE]);
	assert_int_equal(get(ALARM_STATUS), 0);
}

static void interrupt_waits_for_its_enable(void **state)
{
	(void)state;
	set_alarm(1);
	assert_false(vm->irq[SOURCE]);
	put(IRQ_ENABLED, 0xffffffff);
	assert_int_equal(get(IRQ_ENABLED), 1);
	assert_true(vm->irq[SOURCE]);
	put(IRQ_ENABLED, 0);
	assert_false(vm->irq[SOURCE]);
}

static void cleared_alarm_never_fires(void **state)
{
	(void)state;
	put(IRQ_ENABLED, 1);
	set_alarm(5000);
	put(CLEAR_ALARM, 1);
	assert_int_equal(get(ALARM_STATUS), 0);
	assert_int_equal(rtc_alarm(rtc), UINT64_MAX);
	host_time = 9000;
	rtc_poll(rtc);
	assert_false(vm->irq[SOURCE]);
}

static void alarm_follows_the_guests_clock(void **state)
{
	(void)state;
	set_time(UINT64_C(1700000000000000000));
	set_alarm(UINT64_C(1700000000000000500));
	assert_int_equal(rtc_alarm(rtc), 1500);
	set_time(UINT64_C(1700000000000000100));
	assert_int_equal(rtc_alarm(rtc), 1400);
	put(IRQ_ENABLED, 1);
	set_time(UINT64_C(1700000000000000500));
	assert_true(vm->irq[SOURCE]);
}

static void alarm_beyond_the_hosts_clock_is_never_due(void **state)
{
	(void)state;
	set_alarm(UINT64_MAX);
	assert_int_equal(rtc_alarm(rtc), UINT64_MAX);
	set_time(10);
	host_time = UINT64_MAX - 5;
	set_time(10);
	set_alarm(1000);
	assert_int_equal(rtc_alarm(rtc), UINT64_MAX);
}

static void reset_disarms_and_lowers_the_interrupt(void **state)
{
	(void)state;
	put(IRQ_ENABLED, 1);
	set_alarm(1);
	set_alarm(UINT64_C(0x900000000));
	assert_true(vm->irq[SOURCE]);
	rtc->ops->reset(rtc);
	assert_false(vm->irq[SOURCE]);
	assert_int_equal(get(ALARM_STATUS), 0);
	assert_int_equal(get(ALARM_HIGH), 0);
	assert_int_equal(get(IRQ_ENABLED), 0);
}

static void odd_accesses_read_zero_do_nothing_and_are_counted(void **state)
{
	uint64_t count = 0;

	(void)state;
	put(IRQ_ENABLED, 1);
	for (uint64_t offset = 0; offset < rtc->size; offset++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			if (offset + width > rtc->size ||
			    (width == 4 && offset % 4 == 0 && offset < 0x20))
				continue;
			device_write(rtc, offset, width, 0);
			assert_int_equal(device_read(rtc, offset, width), 0);
			count += 2;
		}
	}
	assert_int_equal(rtc->odd_accesses, count);
	assert_int_equal(get(IRQ_ENABLED), 1);
	assert_int_equal(get(ALARM_STATUS), 0);
	assert_int_equal(read_time(), 1000);
}

static void random_accesses_leave_no_alarm_overdue(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t r = fake_random(&seed);
		uint64_t offset = (r >> 8 & 0x1f) * 2;
		unsigned int width = r & 1 ? 4 : 1u << (r >> 1 & 3);

		host_time += r >> 50;
		if (r & 8)
			device_write(rtc, offset, width, fake_random(&seed) >> (r >> 32 & 63));
		else
			device_read(rtc, offset, width);
		rtc_poll(rtc);
		assert_true(rtc_alarm(rtc) > host_time);
		assert_true(!vm->irq[SOURCE] || get(IRQ_ENABLED));
	}
	put(IRQ_ENABLED, 1);
	put(CLEAR_ALARM, 1);
	put(CLEAR_INTERRUPT, 1);
	assert_false(vm->irq[SOURCE]);
	set_alarm(0);
	assert_true(vm->irq[SOURCE]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(time_is_the_hosts_until_it_is_set),
		TEST(low_half_latches_the_high_half),
		TEST(time_that_is_set_goes_on_from_there),
		TEST(time_that_is_set_outlives_a_reset),
		TEST(alarm_raises_the_interrupt_when_due),
		TEST(alarm_in_the_past_fires_at_once),
		TEST(interrupt_waits_for_its_enable),
		TEST(cleared_alarm_never_fires),
		TEST(alarm_follows_the_guests_clock),
		TEST(alarm_beyond_the_hosts_clock_is_never_due),
		TEST(reset_disarms_and_lowers_the_interrupt),
		TEST(odd_accesses_read_zero_do_nothing_and_are_counted),
		TEST(random_accesses_leave_no_alarm_overdue),
	};

	return cmocka_run_group_tests_name("rtc", tests, NULL, NULL);
}
