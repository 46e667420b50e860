/* SPDX-License-Identifier: BSD-2-Clause */
/* The devices of VMs, and the PLIC instead of the AIA. One thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vm_world.h"

#include <core/vm_parts.h>
#include <errno.h>

static void devices_do_not_overlap(void **state)
{
	struct vm *vm = world_create();
	struct device others[VM_MAX_DEVICES + 1];
	unsigned int count = vm->device_count;

	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++) {
		others[i] = *vm->devices[0];
		others[i].base.v += others[i].size - 1 + i;
		others[i].size = 1;
	}
	assert_int_equal(vm_add_device(vm, &others[0]), -EEXIST);
	for (unsigned int i = 1; i <= VM_MAX_DEVICES - count; i++)
		assert_int_equal(vm_add_device(vm, &others[i]), 0);
	assert_int_equal(vm_add_device(vm, &others[VM_MAX_DEVICES]), -ENOSPC);
	vm->device_count = count;
	vm_destroy(vm);
}

static const struct device *device_named(const struct vm *vm, const char *name)
{
	for (unsigned int i = 0; i < vm->device_count; i++)
		if (strcmp(vm->devices[i]->ops->name, name) == 0)
			return vm->devices[i];
	return NULL;
}

static void plic_stands_in_for_the_aia(void **state)
{
	uint64_t hstateen0 = harts[0]->arch.hstateen0;
	struct vm *vm;

	harts[0]->arch.hstateen0 = UINT64_MAX;
	world.config.irqchip = VM_IRQCHIP_PLIC;
	vm = world_create();
	assert_false(vm->imsic);
	assert_false(vm->vsfiles);
	assert_null(vm->vcpus[0]->file);
	assert_int_equal(vm->arch.features & BIT(FEATURE_SSAIA), 0);
	/* CSRIND, AIA, IMSIC (AIA 1.0, 2.5) */
	assert_int_equal(vm->arch.hstateen0 >> 58 & 7, 0);
	assert_null(device_named(vm, "aplic"));
	assert_null(device_named(vm, "imsic"));
	assert_ptr_equal(device_named(vm, "plic"), vm->irqchip);
	assert_int_equal(vm->irqchip->base.v, 0xc000000);
	assert_int_equal(vm->irqchip->size, 0x600000);
	assert_string_equal(intfile_policy_name(vm), "PLIC");
	vm_msi_send(vm, 0, 1);
	vm_destroy(vm);
	harts[0]->arch.hstateen0 = hstateen0;
}

static void plic_write(struct vm *vm, uint64_t offset, uint32_t value)
{
	vm->irqchip->ops->write(vm->irqchip, offset, 4, value);
}

static void plic_drives_the_vcpus(void **state)
{
	struct vm *vm;

	world.config.irqchip = VM_IRQCHIP_PLIC;
	vm = world_create();
	plic_write(vm, 4 * 10, 1);
	plic_write(vm, 0x2000 + 3 * 0x80, BIT(10));
	vm_irq_set(vm, 10, true);
	assert_false(vm->vcpus[0]->extirq);
	assert_true(vm->vcpus[1]->extirq);
	assert_true(vm->vcpus[1]->pending & PENDING_EXTIRQ);
	assert_int_equal(vm->irqchip->ops->read(vm->irqchip, 0x203004, 4), 10);
	assert_false(vm->vcpus[1]->extirq);
	vm_irq_set(vm, 10, false);
	vm_irq_set(vm, 0, true);
	vm_irq_set(vm, 96, true);
	vm_destroy(vm);
}

/* The UART's interrupt is high when the guest ends, and none when it begins anew. */
static void plic_is_quiet_after_a_reset(void **state)
{
	struct vm *vm;

	world.config.irqchip = VM_IRQCHIP_PLIC;
	vm = world_create();
	assert_int_equal(vm_start(vm), 0);
	plic_write(vm, 4 * 10, 1);
	plic_write(vm, 0x2080, BIT(10));
	vm->uart->ops->write(vm->uart, 1, 1, 2);
	assert_true(vm->vcpus[0]->extirq);
	assert_int_equal(vm_reset(vm), 0);
	assert_false(vm->vcpus[0]->extirq);
	assert_int_equal(vm->irqchip->ops->read(vm->irqchip, 0x1000, 4), 0);
	vm_destroy(vm);
}

static void device_is_found_by_the_whole_of_an_access(void **state)
{
	struct vm *vm = world_create();
	struct device *uart = vm->uart;

	assert_ptr_equal(vm_device(vm, uart->base, 1), uart);
	assert_ptr_equal(vm_device(vm, gpa(uart->base.v + uart->size - 1), 1), uart);
	assert_null(vm_device(vm, gpa(uart->base.v + uart->size - 1), 2));
	assert_null(vm_device(vm, gpa(uart->base.v - 1), 1));
	assert_null(vm_device(vm, gpa(uart->base.v + uart->size), 1));
	assert_null(vm_device(vm, gpa(WORLD_BASE), 1));
	assert_null(vm_device(vm, gpa(UINT64_MAX), 1));
	vm_destroy(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(devices_do_not_overlap),
		TEST(plic_stands_in_for_the_aia),
		TEST(plic_drives_the_vcpus),
		TEST(plic_is_quiet_after_a_reset),
		TEST(device_is_found_by_the_whole_of_an_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
