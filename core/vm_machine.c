/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The default machine of a guest: QEMU virt's memory map, its devices and their wiring, and the
 * images and device tree in its memory. Devices guard themselves; their list is fixed before
 * the first vCPU runs.
 */
#include <arch/gstage.h>
#include <core/alloc.h>
#include <core/console.h>
#include <core/guestfdt.h>
#include <core/hostdt.h>
#include <core/log.h>
#include <core/report_log.h>
#include <core/vm.h>
#include <core/vm_parts.h>
#include <drivers/rtc.h>
#include <emulators/devices.h>
#include <emulators/swfile.h>
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#define TEST_BASE 0x100000
#define RTC_BASE 0x101000
#define PLIC_BASE 0x0c000000
#define APLIC_BASE 0x0d000000
#define UART_BASE 0x10000000
#define IMSIC_BASE 0x28000000

#define UART_SOURCE 10
#define RTC_SOURCE 11
#define APLIC_SOURCES 96

_Static_assert(MAX_VCPUS <= PLIC_MAX_VCPUS, "every_vcpu_has_contexts");

#define FDT_ROOM_MAX MIB(2)

/* ---- the IMSIC's pages, one a vCPU ---- */

static uint64_t imsic_read(struct device *device, uint64_t offset, unsigned int width)
{
	/* All of a file's page reads as zero (AIA 1.0, 3.5). */
	if (width != 4 || offset & 3)
		device_odd_access(device);
	return 0;
}

static NOINLINE void imsic_store(struct vcpu *vcpu, uint64_t offset, uint32_t value)
{
	struct vm *vm = vcpu->vm;

	/* The page may be mapped by now, and this hart still knows that it was not. */
	if (vcpu->intfile.hart)
		gstage_fence_here(&vm->gstage, gpa(vm->imsic_base.v + vcpu->index * PAGE_SIZE),
				  PAGE_SIZE);
	intfile_inject(vcpu, swfile_stored_identity(offset, value));
}

static void imsic_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	struct vm *vm = device->vm;
	struct vcpu *vcpu = vm->vcpus[index_mask(offset / PAGE_SIZE, vm->vcpu_count)];

	offset %= PAGE_SIZE;
	if (unlikely(width != 4 || offset & 3)) {
		device_odd_access(device);
		return;
	}
	hart_self()->running->intfile.counts.exits++;
	if (likely(offset == 0 && !vm->vsfiles))
		intfile_inject(vcpu, swfile_stored_identity(0, (uint32_t)value));
	else
		imsic_store(vcpu, offset, (uint32_t)value);
}

static void imsic_reset(struct device *device)
{
	(void)device; /* the files belong to the vCPUs */
}

static void imsic_destroy(struct device *device)
{
	alloc_free(device);
}

static const struct device_ops imsic_ops = {
	.name = "imsic",
	.read = imsic_read,
	.write = imsic_write,
	.reset = imsic_reset,
	.destroy = imsic_destroy,
};

static struct device *imsic_create(struct vm *vm)
{
	struct device *device = alloc_zero(sizeof(*device));

	if (!device)
		return NULL;
	device->ops = &imsic_ops;
	device->vm = vm;
	device->base = gpa(IMSIC_BASE);
	device->size = vm->config.vcpus * PAGE_SIZE;
	spin_init(&device->lock, LOCK_DEVICE);
	return device;
}

/* ---- the wiring ---- */

static void uart_transmit(void *opaque, uint8_t byte)
{
	struct vm *vm = opaque;

	console_write(vm->console, &byte, 1);
}

static void uart_receive_ready(void *opaque, unsigned int room)
{
	struct vm *vm = opaque;

	(void)room;
	console_input_ready(vm->console);
}

static size_t vm_receive(void *opaque, const uint8_t *bytes, size_t count)
{
	struct vm *vm = opaque;

	return vm->uart ? uart_receive(vm->uart, bytes, (unsigned int)count) : count;
}

static void test_request(struct vm *vm, enum reset_request what, unsigned int code)
{
	char reason[sizeof(vm->reason)];

	snprintf(reason, sizeof(reason), "the guest reported failure %u (test device)", code);
	if (what == RESET_FAIL)
		vm_request(vm, VM_REQUEST_FAIL, reason);
	else
		vm_request(vm, what == RESET_REBOOT ? VM_REQUEST_REBOOT : VM_REQUEST_SHUTDOWN,
			   what == RESET_REBOOT ? "reset by the guest (test device)"
						: "powered off by the guest (test device)");
}

/* The RTC's alarm: looked at again after each write, and when it is due. */
static void rtc_alarm_arm(struct vm *vm)
{
	/* Several vCPUs and the timer itself come here. */
	unsigned long flags = spin_lock(&vm->lock);
	uint64_t due = rtc_alarm(vm->rtc);
	uint64_t now = rtc_now_ns();
	uint64_t deadline = TIMER_NEVER;

	if (due != UINT64_MAX)
		deadline = time_now() + (due > now ? us_to_ticks((due - now) / 1000 + 1) : 0);
	timer_arm(&vm->rtc_timer, deadline);
	spin_unlock(&vm->lock, flags);
}

static void rtc_timer_expired(struct timer *timer)
{
	struct vm *vm = container_of(timer, struct vm, rtc_timer);

	rtc_poll(vm->rtc);
	rtc_alarm_arm(vm);
}

static struct device_ops rtc_ops; /* the model's, with the timer behind each write */
static void (*rtc_model_write)(struct device *device, uint64_t offset, unsigned int width,
			       uint64_t value);

static void rtc_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	rtc_model_write(device, offset, width, value);
	rtc_alarm_arm(device->vm);
}

static void rtc_hook(struct device *rtc)
{
	/* Filled once: the devices of other VMs use it. */
	if (!rtc_model_write) {
		rtc_ops = *rtc->ops;
		rtc_ops.write = rtc_write;
		rtc_model_write = rtc->ops->write;
	}
	rtc->ops = &rtc_ops;
}

int vm_add_device(struct vm *vm, struct device *device)
{
	for (unsigned int i = 0; i < vm->device_count; i++) {
		const struct device *other = vm->devices[i];

		if (device->base.v < other->base.v + other->size &&
		    other->base.v < device->base.v + device->size)
			return -EEXIST;
	}
	if (vm->device_count == VM_MAX_DEVICES)
		return -ENOSPC;
	vm->devices[vm->device_count++] = device;
	return 0;
}

struct device *vm_device(struct vm *vm, gpa_t at, unsigned int width)
{
	for (unsigned int i = 0; i < vm->device_count; i++) {
		struct device *device = vm->devices[i];
		uint64_t offset = at.v - device->base.v;

		if (offset < device->size && device->size - offset >= width)
			return device;
	}
	return NULL;
}

void vm_irq_set(struct vm *vm, unsigned int source, bool level)
{
	if (vm->config.irqchip == VM_IRQCHIP_PLIC)
		plic_source_set(vm->irqchip, source, level);
	else
		aplic_source_set(vm->irqchip, source, level);
}

static int add(struct vm *vm, struct device *device)
{
	if (!device)
		return -ENOMEM;
	return vm_add_device(vm, device);
}

static struct device *irqchip_create(struct vm *vm)
{
	const struct aplic_config aplic = {
		.base = gpa(APLIC_BASE),
		.sources = APLIC_SOURCES,
		.vcpus = vm->config.vcpus,
		.msi = vm->imsic,
		.identities = vm->config.interrupt_identities,
	};

	if (vm->config.irqchip == VM_IRQCHIP_PLIC)
		return plic_create(vm, gpa(PLIC_BASE), vm->config.vcpus);
	return aplic_create(vm, &aplic);
}

int vm_machine_create(struct vm *vm)
{
	const struct uart_host uart_host = {
		.transmit = uart_transmit,
		.receive_ready = uart_receive_ready,
		.opaque = vm,
	};
	const struct console_input input = { .receive = vm_receive, .opaque = vm };
	int error;

	vm->console = console_create(vm->name, vm->id, &input);
	timer_init(&vm->rtc_timer, rtc_timer_expired);
	if (!vm->console)
		return -ENOMEM;
	vm->irqchip = irqchip_create(vm);
	error = add(vm, vm->irqchip); /* first, so that it is reset after what drives it */
	if (!error) {
		vm->uart = uart_create(vm, gpa(UART_BASE), UART_SOURCE, &uart_host);
		error = add(vm, vm->uart);
	}
	vm->imsic_base = gpa(IMSIC_BASE);
	if (!error && vm->imsic)
		error = add(vm, imsic_create(vm));
	if (!error) {
		vm->rtc = rtc_create(vm, gpa(RTC_BASE), RTC_SOURCE, rtc_now_ns);
		error = add(vm, vm->rtc);
		if (!error)
			rtc_hook(vm->rtc);
	}
	return error ? error : add(vm, test_create(vm, gpa(TEST_BASE), test_request));
}

void vm_machine_reset(struct vm *vm)
{
	for (unsigned int i = vm->device_count; i-- > 0;)
		vm->devices[i]->ops->reset(vm->devices[i]);
	/* No alarm is set any more: this, or an expiry under way, takes the timer out. */
	if (vm->rtc)
		rtc_alarm_arm(vm);
}

void vm_machine_restored(struct vm *vm)
{
	if (vm->rtc)
		rtc_alarm_arm(vm);
	if (vm->console)
		console_input_ready(vm->console);
}

void vm_machine_destroy(struct vm *vm)
{
	if (vm->console)
		console_destroy(vm->console);
	for (unsigned int i = vm->device_count; i-- > 0;)
		vm->devices[i]->ops->destroy(vm->devices[i]);
	vm->device_count = 0;
}

/* ---- the images ---- */

/* Mixes the host's seed with the time, so that each start of each guest gets another one. */
static void rng_seed_fill(uint8_t *seed, size_t size)
{
	static uint64_t state;
	int chosen = fdt_path_offset(host_fdt, "/chosen");
	int length = 0;
	const uint8_t *host = fdt_getprop(host_fdt, chosen, "rng-seed", &length);

	for (int i = 0; i < length; i++)
		state = (state ^ host[i]) * 0x100000001b3;
	for (size_t i = 0; i < size; i++) {
		uint64_t mixed;

		state += 0x9e3779b97f4a7c15 ^ time_now();
		mixed = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
		mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
		seed[i] = (uint8_t)(mixed >> 56);
	}
}

static struct guest_window window(const struct device *device, unsigned int source)
{
	return (struct guest_window){
		.base = device->base.v,
		.size = device->size,
		.source = source,
	};
}

static int fdt_write(struct vm *vm)
{
	const char *extensions[ISA_COUNT];
	struct guest_machine machine = {
		.aplic_msi = vm->imsic,
		.aplic_sources = APLIC_SOURCES,
		.plic_sources = PLIC_SOURCES,
		.imsic_identities = vm->config.interrupt_identities,
		.uart = window(vm->uart, UART_SOURCE),
		.rtc = window(vm->rtc, RTC_SOURCE),
		.test = { .base = TEST_BASE, .size = PAGE_SIZE },
		.imsic = { .base = IMSIC_BASE, .size = vm->config.vcpus * PAGE_SIZE },
	};
	uint64_t room = MIN(vm->layout.fdt_max_size, FDT_ROOM_MAX);
	void *buffer = alloc_zero(room);
	int size;

	if (!buffer)
		return -ENOMEM;
	if (vm->config.irqchip == VM_IRQCHIP_PLIC)
		machine.plic = window(vm->irqchip, 0);
	else
		machine.aplic = window(vm->irqchip, 0);
	arch_vm_machine(vm, &machine, extensions, ARRAY_SIZE(extensions));
	rng_seed_fill(machine.rng_seed, sizeof(machine.rng_seed));
	size = guestfdt_build(&vm->config, &machine, &vm->layout, buffer, room);
	if (size > 0)
		size = vm_memory_load(vm, vm->layout.fdt_gpa, buffer, (uint64_t)size);
	alloc_free(buffer);
	if (size < 0)
		log_error("%s: its device tree cannot be made: %d", vm->name, size);
	return size;
}

static int file_load(struct vm *vm, gpa_t at, const struct vm_file *file)
{
	return file->name ? vm_memory_load(vm, at, file->data, file->size) : 0;
}

int vm_load(struct vm *vm)
{
	struct report_log report;
	int error;

	/* A saved VM brings all that is in its memory. */
	if (!vm->config.kernel.name)
		return 0;
	report_log_init(&report, vm->name);
	error = vm_layout_compute(&vm->config, &vm->layout, &report.report);
	if (!error)
		error = file_load(vm, vm->layout.kernel_gpa, &vm->config.kernel);
	if (!error)
		error = file_load(vm, vm->layout.ramdisk_gpa, &vm->config.ramdisk);
	for (uint32_t i = 0; i < vm->config.range_count && !error; i++)
		error = file_load(vm, gpa(vm->config.ranges[i].base), &vm->config.ranges[i].file);
	return error ? error : fdt_write(vm);
}
