/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's UART under any sequence of accesses and received bytes, against a queue of what has
 * been received; the interrupt's level and what IIR says never differ. One thread.
 */
#include <emulators/devices.h>
#include <string.h>

#include "fake_device.h"
#include "input.h"

#define SOURCE 10
#define DEPTH 16

static struct vm *vm;
static struct device *uart;
static unsigned int sent, ready;
static uint64_t odd;

static struct {
	uint8_t bytes[DEPTH];
	unsigned int count;
	bool fifos, loop, dlab;
} model;

static void transmit(void *opaque, uint8_t byte)
{
	(void)opaque;
	(void)byte;
	sent++;
}

static void receive_ready(void *opaque, unsigned int room)
{
	(void)opaque;
	MUST(room == (model.fifos ? DEPTH : 1));
	ready++;
}

static unsigned int depth(void)
{
	return model.fifos ? DEPTH : 1;
}

static void receive(struct input *input)
{
	size_t count, room = model.loop ? 0 : depth() - model.count;
	const uint8_t *bytes = input_bytes(input, input_below(input, 20), &count);
	unsigned int taken = uart_receive(uart, bytes, (unsigned int)count);

	MUST(taken == MIN(count, room));
	memcpy(model.bytes + model.count, bytes, taken);
	model.count += taken;
}

static void data_read(uint64_t value)
{
	if (model.dlab)
		return;
	MUST(value == (model.count ? model.bytes[0] : 0));
	if (model.count)
		memmove(model.bytes, model.bytes + 1, --model.count);
}

static void register_read(unsigned int reg)
{
	bool level = vm->irq[SOURCE];
	uint64_t value = device_read(uart, reg, 1);

	switch (reg) {
	case 0:
		data_read(value);
		break;
	case 2:
		MUST(!(value & 1) == level);
		MUST(!!(value & 0xc0) == model.fifos);
		break;
	case 5:
		MUST((value & 0x60) == 0x60 && (value & 1) == (model.count != 0));
		break;
	}
}

static void data_write(uint8_t value, unsigned int sent_before)
{
	MUST(sent == sent_before + (!model.dlab && !model.loop));
	if (model.dlab || !model.loop)
		return;
	if (model.count < depth())
		model.bytes[model.count++] = value;
	else if (!model.fifos)
		model.bytes[0] = value;
}

static void register_write(unsigned int reg, uint8_t value)
{
	unsigned int before = sent, ready_before = ready;

	/* How deep the FIFO is counts for the host as soon as it is written. */
	if (reg == 2) {
		bool fifos = value & 1;

		if (fifos != model.fifos || (fifos && value & 2))
			model.count = 0;
		model.fifos = fifos;
	}
	if (reg == 3)
		model.dlab = value & 0x80;
	device_write(uart, reg, 1, value);
	if (reg == 0)
		data_write(value, before);
	if (reg == 4)
		model.loop = value & 0x10;
	MUST(ready <= ready_before + 1);
}

static void odd_access(struct input *input)
{
	unsigned int width = 1U << input_below(input, 4);
	uint64_t offset = input_below(input, 256) % (uart->size - width + 1);

	if (width == 1 && offset < 8)
		return;
	odd++;
	if (input_below(input, 2))
		device_write(uart, offset, width, input_number(input));
	else
		MUST(device_read(uart, offset, width) == 0);
	MUST(uart->odd_accesses == odd);
}

static void step(struct input *input)
{
	switch (input_below(input, 8)) {
	case 0:
		odd_access(input);
		break;
	case 1:
		receive(input);
		break;
	case 2:
		if (input_below(input, 16))
			break;
		memset(&model, 0, sizeof(model));
		uart->ops->reset(uart);
		MUST(!vm->irq[SOURCE]);
		break;
	case 3:
	case 4:
	case 5:
		register_read(input_below(input, 8));
		break;
	default:
		register_write(input_below(input, 8), (uint8_t)input_take(input, 1));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct uart_host host = { transmit, receive_ready, NULL };
	struct input input = { data, size };

	memset(&model, 0, sizeof(model));
	odd = 0;
	vm = fake_vm_create();
	uart = uart_create(vm, gpa(0x10000000), SOURCE, &host);
	MUST(uart);
	while (input.left)
		step(&input);
	device_destroy(uart);
	return 0;
}
