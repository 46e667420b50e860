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

#define UART_SIZE 0x100
#define UART_REGISTERS 8
#define FIFO_SIZE 16u

enum uart_register {
	REG_RBR_THR_DLL = 0,
	REG_IER_DLM = 1,
	REG_IIR_FCR = 2,
	REG_LCR = 3,
	REG_MCR = 4,
	REG_LSR = 5,
	REG_MSR = 6,
	REG_SCR = 7,
};

#define IER_RDA 0x01
#define IER_THRE 0x02
#define IER_LINE 0x04
#define IER_MODEM 0x08
#define IER_MASK 0x0f

#define IIR_NONE 0x01
#define IIR_MODEM 0x00
#define IIR_THRE 0x02
#define IIR_RDA 0x04
#define IIR_LINE 0x06
#define IIR_TIMEOUT 0x0c
#define IIR_FIFOS 0xc0

#define FCR_ENABLE 0x01
#define FCR_CLEAR_RX 0x02

#define LCR_DLAB 0x80

#define MCR_DTR 0x01
#define MCR_RTS 0x02
#define MCR_OUT1 0x04
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define MCR_MASK 0x1f

#define LSR_READY 0x01
#define LSR_OVERRUN 0x02
#define LSR_THR_EMPTY 0x20
#define LSR_IDLE 0x40

/* The deltas of MSR are four bits below the inputs that they belong to. */
#define MSR_CTS 0x10
#define MSR_DSR 0x20
#define MSR_RI 0x40
#define MSR_DCD 0x80

struct uart {
	struct device device;
	struct uart_host host;
	unsigned int source;
	bool line; /* as vm_irq_set() was told last */
	bool starved; /* the host has been refused bytes */
	bool thre_pending;
	bool overrun;
	bool fifos;
	uint8_t trigger; /* bytes */
	uint8_t ier, lcr, mcr, scr, dll, dlm;
	uint8_t modem; /* inputs of MSR, 7:4 */
	uint8_t deltas; /* of MSR, 3:0 */
	uint8_t count; /* bytes received */
	uint8_t head; /* index of the oldest */
	uint8_t received[FIFO_SIZE];
};

static struct uart *uart_of(struct device *device)
{
	return container_of(device, struct uart, device);
}

static unsigned int depth(const struct uart *uart)
{
	return uart->fifos ? FIFO_SIZE : 1;
}

/** The interrupt identification of the most urgent cause (PC16550D, table IV). */
static uint8_t cause(const struct uart *uart)
{
	if ((uart->ier & IER_LINE) && uart->overrun)
		return IIR_LINE;
	if ((uart->ier & IER_RDA) && uart->count != 0) {
		if (!uart->fifos || uart->count >= uart->trigger)
			return IIR_RDA;
		return IIR_TIMEOUT;
	}
	if ((uart->ier & IER_THRE) && uart->thre_pending)
		return IIR_THRE;
	if ((uart->ier & IER_MODEM) && uart->deltas != 0)
		return IIR_MODEM;
	return IIR_NONE;
}

static void update_line(struct uart *uart) REQUIRES(uart->device.lock)
{
	bool line = cause(uart) != IIR_NONE;

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

static uint8_t iir_read(struct uart *uart) REQUIRES(uart->device.lock)
{
	uint8_t iir = cause(uart);

	if (iir == IIR_THRE)
		uart->thre_pending = false;
	return iir | (uart->fifos ? IIR_FIFOS : 0);
}

static uint8_t lsr_read(struct uart *uart) REQUIRES(uart->device.lock)
{
	uint8_t lsr = LSR_THR_EMPTY | LSR_IDLE;

	if (uart->count != 0)
		lsr |= LSR_READY;
	if (uart->overrun)
		lsr |= LSR_OVERRUN;
	uart->overrun = false;
	return lsr;
}

static uint8_t msr_read(struct uart *uart) REQUIRES(uart->device.lock)
{
	uint8_t msr = uart->modem | uart->deltas;

	uart->deltas = 0;
	return msr;
}

static uint8_t register_read(struct uart *uart, enum uart_register reg) REQUIRES(uart->device.lock)
{
	switch (reg) {
	case REG_RBR_THR_DLL:
		return uart->lcr & LCR_DLAB ? uart->dll : receiver_pop(uart);
	case REG_IER_DLM:
		return uart->lcr & LCR_DLAB ? uart->dlm : uart->ier;
	case REG_IIR_FCR:
		return iir_read(uart);
	case REG_LCR:
		return uart->lcr;
	case REG_MCR:
		return uart->mcr;
	case REG_LSR:
		return lsr_read(uart);
	case REG_MSR:
		return msr_read(uart);
	case REG_SCR:
		return uart->scr;
	}
	return 0;
}

static void register_write(struct uart *uart, enum uart_register reg, uint8_t value)
	REQUIRES(uart->device.lock)
{
	switch (reg) {
	case REG_RBR_THR_DLL:
		if (uart->lcr & LCR_DLAB)
			uart->dll = value;
		else
			transmit(uart, value);
		break;
	case REG_IER_DLM:
		if (uart->lcr & LCR_DLAB)
			uart->dlm = value;
		else
			ier_write(uart, value);
		break;
	case REG_IIR_FCR:
		fcr_write(uart, value);
		break;
	case REG_LCR:
		uart->lcr = value;
		break;
	case REG_MCR:
		mcr_write(uart, value);
		break;
	case REG_SCR:
		uart->scr = value;
		break;
	case REG_LSR:
	case REG_MSR:
		break; /* writable for factory tests only */
	}
}

static bool access_is_odd(struct device *device, uint64_t offset, unsigned int width)
{
	if (likely(width == 1 && offset < UART_REGISTERS))
		return false;
	device_odd_access(device);
	return true;
}

/** Whether reading a register, with that result, may have changed a cause or made room. */
static bool read_changes(uint64_t offset, uint64_t value)
{
	return offset == REG_RBR_THR_DLL || offset == REG_IIR_FCR || offset == REG_MSR ||
	       (offset == REG_LSR && (value & LSR_OVERRUN));
}

static uint64_t uart_read(struct device *device, uint64_t offset, unsigned int width)
{
	struct uart *uart = uart_of(device);
	unsigned long flags;
	uint8_t value;

	if (access_is_odd(device, offset, width))
		return 0;
	flags = spin_lock(&uart->device.lock);
	value = register_read(uart, (enum uart_register)offset);
	if (read_changes(offset, value)) {
		update_line(uart);
		update_flow(uart);
	}
	spin_unlock(&uart->device.lock, flags);
	return value;
}

static void uart_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	struct uart *uart = uart_of(device);
	unsigned long flags;

	if (access_is_odd(device, offset, width))
		return;
	flags = spin_lock(&uart->device.lock);
	register_write(uart, (enum uart_register)offset, (uint8_t)value);
	update_line(uart);
	update_flow(uart);
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

static const struct device_ops uart_ops = {
	.name = "uart",
	.read = uart_read,
	.write = uart_write,
	.reset = uart_reset,
	.destroy = uart_destroy,
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
