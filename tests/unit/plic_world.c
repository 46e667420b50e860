/* SPDX-License-Identifier: BSD-2-Clause */
#include "plic_world.h"

struct vm *vm;
struct device *plic;

int plic_begin(void **state)
{
	(void)state;
	vm = fake_vm_create();
	plic = plic_create(vm, gpa(0xc000000), VCPUS);
	return plic == NULL;
}

int plic_end(void **state)
{
	(void)state;
	device_destroy(plic);
	return 0;
}
