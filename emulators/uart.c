/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's ns16550a (National Semiconductor PC16550D): eight byte registers, FIFOs of 16
 * bytes, interrupts in both directions. A byte is transmitted the moment it is written.
 * device.lock guards everything; the host's functions are called with it held.
 *
 * Two liberties: the character timeout is raised at once instead of after four characters'
 * time, and the receiver takes no byte that it has no room for, so that only loopback overruns.
 */
#include <core/alloc.h>
#include <emulators/devices.h>

#include "state.h"
#include "uart.h"

static unsigned int depth(const struct uart *uart)
{
	return uart->fifos ? FIFO_SIZE : 1;
}

static void update_line(struct uart *uart) REQUIRES(uart->device.lock)
{
	bool line = uart_cause(uart) != IIR_NONE;

	if (line == uart->line)
		return;
	uart->line = line;
	vm_irq_set(uart->device.vm, uart->source, line);
}

/** Tells the host once that the receiver which refused bytes has run empty. */
static void update_flow(struct uart *uart) REQUIRES(uart->device.lock)
{
	if (!uart->starved || uart->count != 0 || (uart->mcr & MCR_LOOP))
		return;
	uart->starved = false;
	if (uart->host.receive_ready != NULL)
		uart->host.receive_ready(uart->host.opaque, depth(uart));
}

static void receiver_push(struct uart *uart, uint8_t byte) REQUIRES(uart->device.lock)
{
	uart->received[(uart->head + uart->count) % FIFO_SIZE] = byte;
	uart->count++;
}

static void receiver_clear(struct uart *uart) REQUIRES(uart->device.lock)
{
	uart->head = 0;
	uart->count = 0;
}

static uint8_t receiver_pop(struct uart *uart) REQUIRES(uart->device.lock)
{
	uint8_t byte = uart->received[uart->head];

	if (uart->count == 0)
		return 0;
	uart->head = (uart->head + 1) % FIFO_SIZE;
	uart->count--;
	return byte;
}

static void loop_back(struct uart *uart, uint8_t byte) REQUIRES(uart->device.lock)
{
	if (uart->count < depth(uart)) {
		receiver_push(uart, byte);
		return;
	}
	uart->overrun = true;
	/* Without FIFOs the new byte replaces the old one, with them it is the one lost. */
	if (!uart->fifos)
		uart->received[uart->head] = byte;
}

static void transmit(struct uart *uart, uint8_t byte) REQUIRES(uart->device.lock)
{
	if (uart->mcr & MCR_LOOP)
		loop_back(uart, byte);
	else
		uart->host.transmit(uart->host.opaque, byte);
	uart->thre_pending = true;
}

static void ier_write(struct uart *uart, uint8_t value) REQUIRES(uart->device.lock)
{
	value &= IER_MASK;
	/* The holding register is always empty: enabling its interrupt raises it. */
	if ((value & IER_THRE) != (uart->ier & IER_THRE))
		uart->thre_pending = value & IER_THRE;
	uart->ier = value;
}

static void fcr_write(struct uart *uart, uint8_t value) REQUIRES(uart->device.lock)
{
	static const uint8_t triggers[] = { 1, 4, 8, 14 };
	bool fifos = value & FCR_ENABLE;

	/* The other bits count only together with the enable bit. */
	if (fifos != uart->fifos || (fifos && (value & FCR_CLEAR_RX)))
		receiver_clear(uart);
	uart->fifos = fifos;
	if (fifos)
		uart->trigger = triggers[value >> 6];
}

/** In loopback the modem's inputs are the outputs of MCR; otherwise a peer is always there. */
static void mcr_write(struct uart *uart, uint8_t value) REQUIRES(uart->device.lock)
{
	uint8_t modem = MSR_CTS | MSR_DSR | MSR_DCD;
	uint8_t changed;

	uart->mcr = value & MCR_MASK;
	if (uart->mcr & MCR_LOOP)
		modem = (value & MCR_RTS ? MSR_CTS : 0) | (value & MCR_DTR ? MSR_DSR : 0) |
			(value & MCR_OUT1 ? MSR_RI : 0) | (value & MCR_OUT2 ? MSR_DCD : 0);
	changed = uart->modem ^ modem;
	/* The ring indicator's delta marks its trailing edge only. */
	if (modem & MSR_RI)
		changed &= (uint8_t)~MSR_RI;
	uart->deltas |= changed >> 4;
	uart->modem = modem;
}

/** Reads a register that reading changes: uart_peek() has left it. */
static uint8_t register_take(struct uart *uart, enum uart_register reg) REQUIRES(uart->device.lock)
{
	uint8_t value = 0;

	switch (reg) {
	case REG_RBR_THR_DLL:
		return receiver_pop(uart);
	case REG_IIR_FCR:
		uart->thre_pending = false;
		return IIR_THRE | (uart->fifos ? IIR_FIFOS : 0);
	case REG_LSR:
		value = uart_lsr(uart);
		uart->overrun = false;
		return value;
	case REG_MSR:
		value = uart->modem | uart->deltas;
		uart->deltas = 0;
		return value;
	default:
		return 0;
	}
}

/** Writes a register that does more than keep its value: uart_put() has left it. */
static void register_write(struct uart *uart, enum uart_register reg, uint8_t value)
	REQUIRES(uart->device.lock)
{
	switch (reg) {
	case REG_RBR_THR_DLL:
		transmit(uart, value);
		break;
	case REG_IER_DLM:
		ier_write(uart, value);
		break;
	case REG_IIR_FCR:
		fcr_write(uart, value);
		break;
	case REG_MCR:
		mcr_write(uart, value);
		break;
	default:
		break;
	}
}

static bool access_is_odd(struct device *device, uint64_t offset, unsigned int width)
{
	if (likely(width == 1 && offset < UART_REGISTERS))
		return false;
	device_odd_access(device);
	return true;
}

static uint64_t uart_read(struct device *device, uint64_t offset, unsigned int width)
{
	struct uart *uart = uart_of(device);
	unsigned long flags;
	int value;

	if (access_is_odd(device, offset, width))
		return 0;
	flags = spin_lock(&uart->device.lock);
	value = uart_peek(uart, offset);
	if (value < 0) {
		value = register_take(uart, (enum uart_register)offset);
		update_line(uart);
		update_flow(uart);
	}
	spin_unlock(&uart->device.lock, flags);
	return (uint64_t)value;
}

static void uart_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	struct uart *uart = uart_of(device);
	unsigned long flags;

	if (access_is_odd(device, offset, width))
		return;
	flags = spin_lock(&uart->device.lock);
	if (!uart_put(uart, offset, (uint8_t)value)) {
		register_write(uart, (enum uart_register)offset, (uint8_t)value);
		update_line(uart);
		update_flow(uart);
	}
	spin_unlock(&uart->device.lock, flags);
}

unsigned int uart_receive(struct device *device, const uint8_t *bytes, unsigned int count)
{
	struct uart *uart = uart_of(device);
	unsigned long flags = spin_lock(&uart->device.lock);
	unsigned int taken = 0;

	/* In loopback the serial input is cut off. */
	if (!(uart->mcr & MCR_LOOP)) {
		while (taken < count && uart->count < depth(uart))
			receiver_push(uart, bytes[taken++]);
		update_line(uart);
	}
	if (taken < count)
		uart->starved = true;
	spin_unlock(&uart->device.lock, flags);
	return taken;
}

static void state_reset(struct uart *uart) REQUIRES(uart->device.lock)
{
	receiver_clear(uart);
	uart->ier = 0;
	uart->lcr = 0;
	uart->mcr = 0;
	uart->scr = 0;
	uart->dll = 0;
	uart->dlm = 0;
	uart->fifos = false;
	uart->trigger = 1;
	uart->overrun = false;
	uart->thre_pending = false;
	uart->modem = MSR_CTS | MSR_DSR | MSR_DCD;
	uart->deltas = 0;
}

static void uart_reset(struct device *device)
{
	struct uart *uart = uart_of(device);
	unsigned long flags = spin_lock(&uart->device.lock);

	state_reset(uart);
	update_line(uart);
	update_flow(uart);
	spin_unlock(&uart->device.lock, flags);
}

static void uart_destroy(struct device *device)
{
	alloc_free(uart_of(device));
}

static size_t uart_state_size(const struct device *device)
{
	(void)device;
	return sizeof(struct uart_state);
}

static void uart_save(struct device *device, void *to)
{
	struct uart_state *state = to;
	struct uart *uart = uart_of(device);
	unsigned long flags = spin_lock(&uart->device.lock);

	*state = (struct uart_state){
		.ier = uart->ier,
		.lcr = uart->lcr,
		.mcr = uart->mcr,
		.scr = uart->scr,
		.dll = uart->dll,
		.dlm = uart->dlm,
		.modem = uart->modem,
		.deltas = uart->deltas,
		.fifos = uart->fifos,
		.trigger = uart->trigger,
		.thre_pending = uart->thre_pending,
		.overrun = uart->overrun,
		.starved = uart->starved,
		.count = uart->count,
	};
	for (unsigned int i = 0; i < uart->count; i++)
		state->received[i] = uart->received[(uart->head + i) % FIFO_SIZE];
	spin_unlock(&uart->device.lock, flags);
}

static const char *uart_check(const struct device *device, const void *from, size_t size)
{
	const struct uart_state *state = from;

	(void)device;
	if (size != sizeof(*state))
		return "its size is another";
	if (state->fifos > 1 || state->thre_pending > 1 || state->overrun > 1 ||
	    state->starved > 1 || state->reserved[0] || state->reserved[1])
		return "a flag is neither 0 nor 1";
	if (state->count > (state->fifos ? FIFO_SIZE : 1))
		return "it has received more than it can hold";
	if (state->trigger != 1 && state->trigger != 4 && state->trigger != 8 &&
	    state->trigger != 14)
		return "the trigger level cannot be";
	if (state->ier & ~IER_MASK || state->mcr & ~MCR_MASK || state->modem & 0x0f ||
	    state->deltas & 0xf0)
		return "a register has bits that it does not have";
	return NULL;
}

static void uart_restore(struct device *device, const void *from)
{
	const struct uart_state *state = from;
	struct uart *uart = uart_of(device);
	unsigned long flags = spin_lock(&uart->device.lock);

	uart->ier = state->ier;
	uart->lcr = state->lcr;
	uart->mcr = state->mcr;
	uart->scr = state->scr;
	uart->dll = state->dll;
	uart->dlm = state->dlm;
	uart->modem = state->modem;
	uart->deltas = state->deltas;
	uart->fifos = state->fifos;
	uart->trigger = state->trigger;
	uart->thre_pending = state->thre_pending;
	uart->overrun = state->overrun;
	uart->starved = state->starved;
	receiver_clear(uart);
	for (unsigned int i = 0; i < state->count; i++)
		receiver_push(uart, state->received[i]);
	uart->line = uart_cause(uart) != IIR_NONE;
	vm_irq_set(uart->device.vm, uart->source, uart->line);
	update_flow(uart);
	spin_unlock(&uart->device.lock, flags);
}

static const struct device_ops uart_ops = {
	.name = "uart",
	.read = uart_read,
	.write = uart_write,
	DEVICE_LIGHT(uart),
	.reset = uart_reset,
	.destroy = uart_destroy,
	.state_version = 1,
	.state_size = uart_state_size,
	.save = uart_save,
	.check = uart_check,
	.restore = uart_restore,
};

struct device *uart_create(struct vm *vm, gpa_t base, unsigned int source,
			   const struct uart_host *host)
{
	struct uart *uart = alloc_zero(sizeof(*uart));

	if (uart == NULL)
		return NULL;
	uart->device.ops = &uart_ops;
	uart->device.vm = vm;
	uart->device.base = base;
	uart->device.size = UART_SIZE;
	spin_init(&uart->device.lock, LOCK_DEVICE);
	uart->host = *host;
	uart->source = source;
	uart_reset(&uart->device);
	return &uart->device;
}
