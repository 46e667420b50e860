/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reset device: which writes ask for what, and that nothing else asks for anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <emulators/devices.h>

#include "fake_device.h"

static struct vm *vm;
static struct device *test;

static struct {
	unsigned int count;
	enum reset_request what;
	unsigned int code;
} asked;

static void request(struct vm *whose, enum reset_request what, unsigned int code)
{
	assert_ptr_equal(whose, vm);
	/* Whoever stops a VM takes locks that come before a device's. */
	assert_true(fake_no_lock_held());
	asked.count++;
	asked.what = what;
	asked.code = code;
}

static int set_up(void **state)
{
	(void)state;
	vm = fake_vm_create();
	asked.count = 0;
	test = test_create(vm, gpa(0x100000), request);
	return test == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	device_destroy(test);
	return 0;
}

static bool asks(unsigned int width, uint64_t value, enum reset_request what, unsigned int code)
{
	asked.count = 0;
	device_write(test, 0, width, value);
	return asked.count == 1 && asked.what == what && asked.code == code;
}

static void the_three_values_ask_for_what_they_mean(void **state)
{
	(void)state;
	assert_int_equal(test->size, 0x1000);
	assert_int_equal(test->base.v, 0x100000);
	assert_true(asks(4, 0x5555, RESET_POWEROFF, 0));
	assert_true(asks(4, 0x7777, RESET_REBOOT, 0));
	assert_true(asks(4, 0x3333, RESET_FAIL, 0));
	assert_true(asks(4, 0x12343333, RESET_FAIL, 0x1234));
	assert_true(asks(4, 0xffff5555, RESET_POWEROFF, 0));
}

static void two_bytes_are_enough(void **state)
{
	(void)state;
	assert_true(asks(2, 0x5555, RESET_POWEROFF, 0));
	assert_true(asks(2, 0x7777, RESET_REBOOT, 0));
	assert_true(asks(2, 0x12343333, RESET_FAIL, 0));
	assert_int_equal(test->odd_accesses, 0);
}

static void other_values_ask_for_nothing(void **state)
{
	(void)state;
	for (uint64_t value = 0; value < 0x10000; value++) {
		if (value != 0x3333 && value != 0x5555 && value != 0x7777)
			device_write(test, 0, 4, value);
	}
	assert_int_equal(asked.count, 0);
	assert_int_equal(test->odd_accesses, 0);
}

static void reads_are_zero(void **state)
{
	(void)state;
	assert_int_equal(device_read(test, 0, 4), 0);
	assert_int_equal(device_read(test, 0, 2), 0);
	assert_int_equal(test->odd_accesses, 0);
}

static void odd_accesses_ask_for_nothing_and_are_counted(void **state)
{
	uint64_t count = 0;

	(void)state;
	for (uint64_t offset = 0; offset < test->size; offset++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			if (offset + width > test->size ||
			    (offset == 0 && (width == 2 || width == 4)))
				continue;
			device_write(test, offset, width, 0x5555555555555555);
			assert_int_equal(device_read(test, offset, width), 0);
			count += 2;
		}
	}
	assert_int_equal(test->odd_accesses, count);
	assert_int_equal(asked.count, 0);
}

static void reset_asks_for_nothing(void **state)
{
	(void)state;
	test->ops->reset(test);
	assert_int_equal(asked.count, 0);
}

static void creation_without_memory_gives_nothing(void **state)
{
	(void)state;
	fake_memory_out(true);
	assert_null(test_create(vm, gpa(0), request));
	fake_memory_out(false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_three_values_ask_for_what_they_mean),
		TEST(two_bytes_are_enough),
		TEST(other_values_ask_for_nothing),
		TEST(reads_are_zero),
		TEST(odd_accesses_ask_for_nothing_and_are_counted),
		TEST(reset_asks_for_nothing),
		TEST(creation_without_memory_gives_nothing),
	};

	return cmocka_run_group_tests_name("reset device", tests, NULL, NULL);
}
