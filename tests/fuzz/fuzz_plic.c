/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's PLIC under any sequence of accesses and wire changes. After each, its registers hold
 * what they may, each claim is the one that they ask for, and each vCPU's line follows from them.
 * One thread.
 */
#include <string.h>

#include "fake_device.h"
#include "input.h"
#include "plic_registers.h"

#define VCPUS 3
#define CONTEXTS (2 * VCPUS)

static struct vm *vm;
static struct device *plic;
static bool wires[NDEV + 1];

static uint32_t get(uint64_t offset)
{
	return (uint32_t)device_read(plic, offset, 4);
}

static bool bit(uint64_t first, unsigned int source)
{
	return get(first + source / 32 * 4) >> source % 32 & 1;
}

/* What a claim has to give, if only priorities above @threshold count. */
static uint32_t best(unsigned int context, uint32_t threshold)
{
	uint32_t found = 0;

	for (unsigned int source = NDEV; source >= 1; source--) {
		uint32_t priority = get(PRIORITY(source));

		if (bit(PENDING(0), source) && bit(ENABLE(context, 0), source) &&
		    priority > threshold && priority >= (found ? get(PRIORITY(found)) : 1))
			found = source;
	}
	return found;
}

static void check(void)
{
	MUST(!get(PRIORITY(0)) && !(get(PENDING(0)) & 1));
	for (unsigned int source = 1; source <= NDEV; source++)
		MUST(get(PRIORITY(source)) <= 7);
	for (unsigned int context = 0; context < CONTEXTS; context++) {
		MUST(get(THRESHOLD(context)) <= 7);
		MUST(!(get(ENABLE(context, 0)) & 1) && !get(ENABLE(context, 3)));
	}
	for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++)
		MUST(vm->extirq[vcpu] == (best(S(vcpu), get(THRESHOLD(S(vcpu)))) != 0));
	MUST(!get(PENDING(3)) && !get(PRIORITY(NDEV + 1)));
	MUST(!get(THRESHOLD(CONTEXTS)) && !get(CLAIM(CONTEXTS)) && !get(ENABLE(CONTEXTS, 0)));
}

/* A register, more often than not one that matters. */
static uint64_t register_choose(struct input *input)
{
	unsigned int source = input_below(input, NDEV + 3);
	unsigned int context = input_below(input, CONTEXTS + 1);
	const uint64_t at[] = {
		PRIORITY(source),   PENDING(source / 32), ENABLE(context, source / 32),
		THRESHOLD(context), CLAIM(context),	  CLAIM(context) + 4,
	};

	return at[input_below(input, ARRAY_SIZE(at))];
}

static bool is_claim(uint64_t offset, unsigned int width)
{
	return width == 4 && offset >= CLAIM(0) && offset < CLAIM(CONTEXTS) && offset % 0x1000 == 4;
}

static void any_access(struct input *input)
{
	unsigned int width = 1U << input_below(input, 4);
	uint64_t offset = register_choose(input) + input_below(input, 4);

	if (!input_below(input, 4))
		offset = input_take(input, 3) % (plic->size - width + 1);
	if (input_below(input, 2))
		device_write(plic, offset, width, input_number(input));
	else if (!is_claim(offset, width))
		device_read(plic, offset, width);
}

static void claim_check(unsigned int context)
{
	uint32_t expected = best(context, 0), source = get(CLAIM(context));

	MUST(source == expected);
	MUST(!source || !bit(PENDING(0), source));
}

static void complete_check(unsigned int context, uint32_t source)
{
	bool enabled = source && source <= NDEV && bit(ENABLE(context, 0), source);
	bool pending = source && source <= NDEV && bit(PENDING(0), source);

	device_write(plic, CLAIM(context), 4, source);
	if (source && source <= NDEV)
		MUST(bit(PENDING(0), source) == (pending || (enabled && wires[source])));
}

static void wire_set(unsigned int source, bool level)
{
	plic_source_set(plic, source, level);
	if (source <= NDEV)
		wires[source] = level;
}

static void reset_check(void)
{
	plic->ops->reset(plic);
	for (unsigned int source = 1; source <= NDEV; source++)
		MUST(bit(PENDING(0), source) == wires[source] && !get(PRIORITY(source)));
	for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++)
		MUST(!vm->extirq[vcpu]);
}

static void step(struct input *input)
{
	unsigned int source = input_below(input, NDEV + 3);

	switch (input_below(input, 8)) {
	case 0:
		any_access(input);
		break;
	case 1:
	case 2:
		wire_set(source, input_below(input, 2));
		break;
	case 3:
		claim_check(input_below(input, CONTEXTS));
		break;
	case 4:
		complete_check(input_below(input, CONTEXTS), source);
		break;
	case 5:
		if (!input_below(input, 16))
			reset_check();
		break;
	default:
		device_write(plic, register_choose(input), 4, input_number(input));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	vm = fake_vm_create();
	plic = plic_create(vm, gpa(0xc000000), VCPUS);
	MUST(plic);
	memset(wires, 0, sizeof(wires));
	for (unsigned int steps = 0; input.left && steps < 200; steps++) {
		step(&input);
		check();
	}
	device_destroy(plic);
	return 0;
}
