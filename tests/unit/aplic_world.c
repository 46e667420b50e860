/* SPDX-License-Identifier: BSD-2-Clause */
#include "aplic_world.h"

struct vm *vm;
struct device *aplic;

int aplic_begin(const struct aplic_config *config)
{
	vm = fake_vm_create();
	aplic = aplic_create(vm, config);
	return aplic == NULL;
}

int aplic_begin_msi(void **state)
{
	const struct aplic_config config = {
		.base = { 0xd000000 },
		.sources = MSI_SOURCES,
		.vcpus = 4,
		.msi = true,
		.identities = MSI_IDENTITIES,
	};

	(void)state;
	return aplic_begin(&config);
}

int aplic_end(void **state)
{
	(void)state;
	device_destroy(aplic);
	return 0;
}
