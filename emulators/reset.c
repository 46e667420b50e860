/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's reset device, a SiFive test finisher ("sifive,test1"): one register whose writes
 * power the VM off, reset it or end it with a failure. It has no state, so its lock is not used.
 */
#include <core/alloc.h>
#include <emulators/devices.h>

#define TEST_SIZE 0x1000

#define STATUS_FAIL 0x3333
#define STATUS_POWEROFF 0x5555
#define STATUS_REBOOT 0x7777

struct test_device {
	struct device device;
	void (*request)(struct vm *vm, enum reset_request what, unsigned int code);
};

/** QEMU's device takes aligned accesses of two and of four bytes; its one register is at 0. */
static bool access_is_odd(struct device *device, uint64_t offset, unsigned int width)
{
	if (offset == 0 && (width == 2 || width == 4))
		return false;
	device_odd_access(device);
	return true;
}

static uint64_t test_read(struct device *device, uint64_t offset, unsigned int width)
{
	(void)access_is_odd(device, offset, width);
	return 0;
}

static void test_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	struct test_device *test = container_of(device, struct test_device, device);
	unsigned int code = width == 4 ? value >> 16 & 0xffff : 0;

	if (access_is_odd(device, offset, width))
		return;
	switch (value & 0xffff) {
	case STATUS_FAIL:
		test->request(device->vm, RESET_FAIL, code);
		break;
	case STATUS_POWEROFF:
		test->request(device->vm, RESET_POWEROFF, 0);
		break;
	case STATUS_REBOOT:
		test->request(device->vm, RESET_REBOOT, 0);
		break;
	default:
		break;
	}
}

static void test_reset(struct device *device)
{
	(void)device;
}

static void test_destroy(struct device *device)
{
	alloc_free(container_of(device, struct test_device, device));
}

static const struct device_ops test_ops = {
	.name = "test",
	.read = test_read,
	.write = test_write,
	.reset = test_reset,
	.destroy = test_destroy,
};

struct device *test_create(struct vm *vm, gpa_t base,
			   void (*request)(struct vm *vm, enum reset_request what,
					   unsigned int code))
{
	struct test_device *test = alloc_zero(sizeof(*test));

	if (test == NULL)
		return NULL;
	test->device.ops = &test_ops;
	test->device.vm = vm;
	test->device.base = base;
	test->device.size = TEST_SIZE;
	spin_init(&test->device.lock, LOCK_DEVICE);
	test->request = request;
	return &test->device;
}
