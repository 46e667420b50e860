/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands about the registers of vCPUs: `vcpu regs`, `vcpu get`, `vcpu set`. Each runs with
 * the life-cycle lock (vm_control_lock()) held, so that what is paused stays so.
 */
#include "command.h"

#include <arch/registers.h>
#include <core/number.h>
#include <core/vm.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What a command is about. The control lock guards it. */
static struct {
	struct vcpu *vcpu;
	const char *prefix;
	uint32_t number;
	char name[REGISTER_NAME_MAX];
	unsigned int size;
	uint8_t value[REGISTER_WIDTH_MAX];
} at;

static void register_print(uint32_t number, const char *name, unsigned int size)
{
	int error = vcpu_register_get(at.vcpu, number, at.value, size);

	shell_printf("0x%08" PRIx32 " %-20s ", number, name);
	shell_printf(error ? "?" : "0x");
	for (unsigned int i = size; !error && i-- > 0;)
		shell_printf("%02x", at.value[i]);
	shell_printf("\n");
}

/* The vCPU that two words mean, if its registers can be looked at; otherwise says why not. */
static bool vcpu_find(char *const *argv)
{
	struct vm *vm = vm_find(argv[0]);
	uint64_t index;

	at.vcpu = NULL;
	if (!vm)
		shell_printf("There is no VM \"%.32s\".\n", argv[0]);
	else if (!number_parse(argv[1], &index) || index >= vm->vcpu_count)
		shell_printf("%s has no vCPU \"%.32s\".\n", vm->name, argv[1]);
	else if (!vm->held)
		shell_printf("%s is %s: its registers are to be had while it is paused.\n",
			     vm->name, vm_state_name(vm->state));
	else
		at.vcpu = vm->vcpus[index];
	return at.vcpu != NULL;
}

/* ---- vcpu regs ---- */

static void regs_each(void *opaque, uint32_t number, const char *name, unsigned int size)
{
	unsigned int *count = opaque;

	if (strncmp(name, at.prefix, strlen(at.prefix)) != 0)
		return;
	register_print(number, name, size);
	++*count;
}

int vcpu_regs_run(unsigned int argc, char *const *argv)
{
	unsigned int count = 0;

	vm_control_lock();
	at.prefix = argc > 2 ? argv[2] : "";
	if (vcpu_find(argv)) {
		vcpu_register_list(at.vcpu, regs_each, &count);
		if (!count)
			shell_printf("No register of this vCPU begins with \"%.32s\".\n",
				     at.prefix);
	}
	vm_control_unlock();
	return 0;
}

/* ---- vcpu get, vcpu set ---- */

static void found_each(void *opaque, uint32_t number, const char *name, unsigned int size)
{
	bool *found = opaque;

	if (number != at.number)
		return;
	memcpy(at.name, name, strlen(name) + 1);
	at.size = size;
	*found = true;
}

/* The register that @text names or numbers, if the vCPU has it; otherwise says that it has not. */
static bool register_find(const char *text)
{
	bool found = false;
	uint64_t number;

	if (!number_parse(text, &number))
		number = (uint64_t)vcpu_register_number(at.vcpu, text);
	at.number = (uint32_t)number;
	if (number <= UINT32_MAX)
		vcpu_register_list(at.vcpu, found_each, &found);
	if (!found)
		shell_printf("\"%.32s\" is no register of this vCPU.\n", text);
	return found;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hexadecimal digits, as many as there are. 0, -EINVAL, or -EMSGSIZE: wider than the register. */
static int hex_parse(const char *digits)
{
	size_t length;

	if (!*digits)
		return -EINVAL;
	for (const char *c = digits; *c; c++)
		if (digit_value(*c) < 0)
			return -EINVAL;
	while (*digits == '0')
		digits++;
	length = strlen(digits);
	if (length > 2 * at.size)
		return -EMSGSIZE;
	memset(at.value, 0, at.size);
	for (size_t i = 0; i < length; i++)
		at.value[i / 2] |= (uint8_t)(digit_value(digits[length - 1 - i]) << i % 2 * 4);
	return 0;
}

static int value_parse(const char *text)
{
	uint64_t value;

	if (text[0] == '0' && (text[1] | 0x20) == 'x')
		return hex_parse(text + 2);
	if (!number_parse(text, &value))
		return -EINVAL;
	memset(at.value, 0, at.size);
	memcpy(at.value, &value, MIN(at.size, sizeof(value)));
	return 0;
}

static void register_set(const char *text)
{
	int error = value_parse(text);

	if (error == -EINVAL) {
		shell_printf("\"%.64s\" is no number.\n", text);
		return;
	}
	if (!error)
		error = vcpu_register_set(at.vcpu, at.number, at.value, at.size);
	if (error == -EMSGSIZE)
		shell_printf("%s has %u bytes.\n", at.name, at.size);
	else if (error)
		shell_printf("%s cannot be \"%.64s\".\n", at.name, text);
	else
		register_print(at.number, at.name, at.size);
}

static int with_register(char *const *argv, const char *value)
{
	vm_control_lock();
	if (vcpu_find(argv) && register_find(argv[2])) {
		if (value)
			register_set(value);
		else
			register_print(at.number, at.name, at.size);
	}
	vm_control_unlock();
	return 0;
}

int vcpu_get_run(unsigned int argc, char *const *argv)
{
	(void)argc;
	return with_register(argv, NULL);
}

int vcpu_set_run(unsigned int argc, char *const *argv)
{
	(void)argc;
	return with_register(argv, argv[3]);
}
