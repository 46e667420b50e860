/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UARTs of the 16550 family, polled for output and interrupt-driven for input. The baud rate and
 * the line's format stay as the firmware left them. The console's lock serialises all users.
 */
#include <core/alloc.h>
#include <core/finding.h>
#include <core/hostdt.h>
#include <drivers/driver.h>
#include <drivers/irqchip.h>
#include <drivers/quirks.h>
#include <drivers/register.h>
#include <drivers/serial.h>
#include <errno.h>

/* Register numbers. */
#define REG_DATA 0U /* RBR, THR */
#define REG_IER 1U
#define REG_IIR 2U /* FCR when written */
#define REG_MCR 4U
#define REG_LSR 5U
#define REG_COUNT 8U
#define REG_USR 0x1fU /* DesignWare only */

#define IER_RECEIVE 0x01
#define IER_UNIT_ENABLE 0x40 /* QUIRK_UART_UNIT_ENABLE */
#define IIR_ID 0x0f
#define IIR_BUSY 0x07 /* QUIRK_UART_BUSY: acknowledged by reading USR */
#define IIR_TIMEOUT 0x0c
#define IIR_FIFO 0xc0 /* both set: the FIFO is on and works */
#define FCR_ENABLE 0x01 /* trigger at 1 byte */
#define MCR_OUT2 0x08 /* gates the interrupt line on some boards */
#define LSR_DATA 0x01
#define LSR_ROOM 0x20 /* THR, or the whole FIFO, is empty */
#define LSR_IDLE 0x40 /* and the shift register as well */
#define LSR_NOBODY 0xff /* all bits at once mean that nothing drives the bus */

/* Each read of LSR takes 100 ns or more; a FIFO at 9600 baud takes 17 ms to drain. */
#define WAIT_READS 1000000
#define FIFO_DEPTH 16

struct ns16550 {
	struct serial serial;
	uint8_t *base;
	unsigned int shift, width; /* of a register: log2 of the distance, bytes */
	unsigned int depth; /* of the transmit FIFO */
	unsigned int room; /* there at least: since it was seen empty so many bytes are missing */
	uint32_t ier; /* bits that are always set */
	uint64_t quirks; /* BIT(enum device_quirk) */
	bool stuck; /* the port did not take a byte in time: do not wait again */
	void (*received)(void);
};

static struct ns16550 *ns16550_of(struct serial *serial)
{
	return container_of(serial, struct ns16550, serial);
}

static uint8_t *reg_address(const struct ns16550 *port, unsigned int reg)
{
	return port->base + ((size_t)reg << port->shift);
}

static uint32_t reg_read(const struct ns16550 *port, unsigned int reg)
{
	return register_read(reg_address(port, reg), port->width);
}

static void reg_write(struct ns16550 *port, unsigned int reg, uint32_t value)
{
	register_write(reg_address(port, reg), port->width, value);
}

/** Whether there is something at the address. */
static bool port_answers(const struct ns16550 *port)
{
	const uint8_t *lsr = reg_address(port, REG_LSR);
	uint32_t value;

	return register_try_read(lsr, port->width, &value) && (uint8_t)value != LSR_NOBODY;
}

/** Waits until one of @bits of LSR is set. Returns false when that took too long. */
static bool lsr_wait(struct ns16550 *port, uint32_t bits)
{
	for (unsigned int reads = port->stuck ? 1 : WAIT_READS; reads; reads--) {
		if (reg_read(port, REG_LSR) & bits) {
			port->stuck = false;
			return true;
		}
	}
	port->stuck = true;
	return false;
}

static int ns16550_open(struct serial *serial)
{
	struct ns16550 *port = ns16550_of(serial);

	if (!port_answers(port))
		return -ENXIO;
	device_quirks_tell(serial->node, port->quirks);
	/* What the firmware still has in the FIFO may be lost when the FIFO is switched on. */
	lsr_wait(port, LSR_IDLE);
	reg_write(port, REG_IER, port->ier);
	reg_write(port, REG_IIR, FCR_ENABLE);
	port->depth = (reg_read(port, REG_IIR) & IIR_FIFO) == IIR_FIFO ? FIFO_DEPTH : 1;
	return 0;
}

static void ns16550_write(struct serial *serial, const char *text, size_t length)
{
	struct ns16550 *port = ns16550_of(serial);

	while (length) {
		size_t burst;

		/* A guest writes byte by byte: each that finds room waits for no other. */
		if (!port->room && lsr_wait(port, LSR_ROOM))
			port->room = port->depth;
		burst = MIN(length, port->room ? port->room : port->depth);
		length -= burst;
		if (!port->room) {
			text += burst;
			continue;
		}
		port->room -= (unsigned int)burst;
		while (burst--)
			reg_write(port, REG_DATA, (uint8_t)*text++);
	}
}

static size_t ns16550_read(struct serial *serial, char *buffer, size_t room)
{
	struct ns16550 *port = ns16550_of(serial);
	size_t count = 0;

	while (count < room && reg_read(port, REG_LSR) & LSR_DATA)
		buffer[count++] = (char)reg_read(port, REG_DATA);
	return count;
}

static void ns16550_interrupt(void *opaque)
{
	struct ns16550 *port = opaque;
	uint32_t id = reg_read(port, REG_IIR) & IIR_ID;

	if (quirk_has(port->quirks, QUIRK_UART_BUSY) && id == IIR_BUSY)
		reg_read(port, REG_USR);
	if (quirk_has(port->quirks, QUIRK_UART_EMPTY_TIMEOUT) && id == IIR_TIMEOUT &&
	    !(reg_read(port, REG_LSR) & LSR_DATA))
		reg_read(port, REG_DATA);
	port->received();
}

static int ns16550_start(struct serial *serial, void (*received)(void))
{
	struct ns16550 *port = ns16550_of(serial);
	int err;

	port->received = received;
	err = irq_request(serial->node, 0, ns16550_interrupt, port);
	if (err)
		return err;
	reg_write(port, REG_MCR, reg_read(port, REG_MCR) | MCR_OUT2);
	reg_write(port, REG_IER, port->ier | IER_RECEIVE);
	return 0;
}

/** Where the registers are and how they are accessed. Returns 0 or a negative errno. */
static int geometry_read(struct ns16550 *port, int node)
{
	uint32_t offset = hostdt_u32(node, "reg-offset", 0);
	uint64_t needed;
	uint32_t length;
	hpa_t base;
	void *registers;
	int err;

	port->shift = hostdt_u32(node, "reg-shift",
				 quirk_has(port->quirks, QUIRK_UART_UNIT_ENABLE) ? 2 : 0);
	port->width = hostdt_u32(node, "reg-io-width", 1);
	if (port->shift > 4 || !register_width_valid(port->width) ||
	    port->width > 1U << port->shift || offset % port->width ||
	    hostdt_property(node, "big-endian", &length))
		return -EINVAL;
	needed = (uint64_t)REG_COUNT << port->shift;
	/* USR is there when `reg` says so. */
	if (quirk_has(port->quirks, QUIRK_UART_BUSY)) {
		uint64_t more = (uint64_t)(REG_USR + 1) << port->shift;

		if (device_reg(node, 0, offset + more, port->width, &base))
			port->quirks &= ~BIT(QUIRK_UART_BUSY);
		else
			needed = more;
	}
	err = device_map(node, 0, offset + needed, port->width, &registers);
	if (!err)
		port->base = (uint8_t *)registers + offset;
	return err;
}

static int ns16550_probe(int node)
{
	struct ns16550 *port = alloc_zero(sizeof(*port));
	int err;

	if (!port)
		return -ENOMEM;
	port->quirks = device_quirks(node);
	err = geometry_read(port, node);
	if (err) {
		alloc_free(port);
		return err;
	}
	port->serial = (struct serial){
		.name = "ns16550",
		.open = ns16550_open,
		.write = ns16550_write,
		.read = ns16550_read,
		.start = ns16550_start,
	};
	port->depth = 1;
	port->ier = quirk_has(port->quirks, QUIRK_UART_UNIT_ENABLE) ? IER_UNIT_ENABLE : 0;
	serial_register(&port->serial, node);
	return 0;
}

static const char *const ns16550_compatible[] = {
	"ns16550a",	    "ns16550",
	"ns16450",	    "ns8250",
	"snps,dw-apb-uart", "intel,xscale-uart",
	"mrvl,mmp-uart",    "spacemit,k1-uart",
	"spacemit,k3-uart", NULL,
};

const struct driver ns16550_driver = {
	.name = "ns16550",
	.compatible = ns16550_compatible,
	.probe = ns16550_probe,
};
