/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three registers, the same for all vCPUs, for tests of what uses registers. One thread, no lock.
 */
#include <arch/registers.h>
#include <core/vm.h>
#include <errno.h>
#include <string.h>

static struct {
	uint32_t number;
	const char *name;
	unsigned int size;
	uint8_t value[16];
} fake_registers[] = {
	{ 0x01000000, "pc", 8, { 0x10, 0x32 } },
	{ 0x05000000, "v0", 16, { 1, 2, 3, [15] = 0xfe } },
	{ 0x06000001, "time.frequency", 8, { 100 } },
};

static int fake_find(struct vcpu *vcpu, uint32_t number, size_t size, unsigned int *index)
{
	for (*index = 0; *index < ARRAY_SIZE(fake_registers); ++*index)
		if (fake_registers[*index].number == number)
			break;
	if (*index == ARRAY_SIZE(fake_registers))
		return -ENOENT;
	if (size != fake_registers[*index].size)
		return -EMSGSIZE;
	return vcpu->vm->held ? 0 : -EBUSY;
}

int vcpu_register_get(struct vcpu *vcpu, uint32_t number, void *value, size_t size)
{
	unsigned int index;
	int error = fake_find(vcpu, number, size, &index);

	if (!error)
		memcpy(value, fake_registers[index].value, size);
	return error;
}

/* pc is even, and the frequency is what it is. */
int vcpu_register_set(struct vcpu *vcpu, uint32_t number, const void *value, size_t size)
{
	unsigned int index;
	int error = fake_find(vcpu, number, size, &index);

	if (error)
		return error;
	if ((index == 0 && *(const uint8_t *)value & 1) ||
	    (index == 2 && memcmp(value, fake_registers[index].value, size) != 0))
		return -EINVAL;
	memcpy(fake_registers[index].value, value, size);
	return 0;
}

void vcpu_register_list(const struct vcpu *vcpu,
			void (*each)(void *opaque, uint32_t number, const char *name,
				     unsigned int size),
			void *opaque)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(fake_registers); i++)
		each(opaque, fake_registers[i].number, fake_registers[i].name,
		     fake_registers[i].size);
}

int64_t vcpu_register_number(const struct vcpu *vcpu, const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(fake_registers); i++)
		if (strcmp(fake_registers[i].name, name) == 0)
			return fake_registers[i].number;
	return -ENOENT;
}
