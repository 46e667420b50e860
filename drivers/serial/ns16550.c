/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UARTs of the 16550 family, polled for output and interrupt-driven for input. The baud rate and
 * the line's format stay as the firmware left them. The console's lock serialises all users.
 */
#include <arch/mmio.h>
#include <core/alloc.h>
#include <core/hostdt.h>
#include <core/log.h>
#include <drivers/driver.h>
#include <drivers/irqchip.h>
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
#define IER_UNIT_ENABLE 0x40 /* XScale only: without it the UART is off */
#define IIR_ID 0x0f
#define IIR_BUSY 0x07 /* DesignWare only: acknowledged by reading USR */
#define IIR_TIMEOUT 0x0c
#define IIR_FIFO 0xc0 /* both set: the FIFO is on and works */
#define FCR_ENABLE 0x01 /* trigger at 1 byte */
#define MCR_OUT2 0x08 /* gates the interrupt line on some boards */
#define LSR_DATA 0x01
#define LSR_ROOM 0x20 /* THR, or the whole FIFO, is empty */
#define LSR_IDLE 0x40 /* and the shift register as well */

/* Each read of LSR takes 100 ns or more; a FIFO at 9600 baud takes 17 ms to drain. */
#define WAIT_READS 1000000
#define FIFO_DEPTH 16

struct ns16550 {
	struct serial serial;
	int node;
	uint8_t *base;
	unsigned int shift, width; /* of a register: log2 of the distance, bytes */
	unsigned int depth; /* of the transmit FIFO */
	uint32_t ier; /* bits that are always set */
	bool designware;
	bool stuck; /* the port did not take a byte in time: do not wait again */
	void (*received)(void);
};

static struct ns16550 *ns16550_of(struct serial *serial)
{
	return container_of(serial, struct ns16550, serial);
}

static uint32_t reg_read(const struct ns16550 *port, unsigned int reg)
{
	const uint8_t *address = port->base + ((size_t)reg << port->shift);

	return port->width == 4 ? mmio_read32(address) : mmio_read8(address);
}

static void reg_write(struct ns16550 *port, unsigned int reg, uint32_t value)
{
	uint8_t *address = port->base + ((size_t)reg << port->shift);

	if (port->width == 4)
		mmio_write32(address, value);
	else
		mmio_write8(address, (uint8_t)value);
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

static void ns16550_open(struct serial *serial)
{
	struct ns16550 *port = ns16550_of(serial);

	/* What the firmware still has in the FIFO may be lost when the FIFO is switched on. */
	lsr_wait(port, LSR_IDLE);
	reg_write(port, REG_IER, port->ier);
	reg_write(port, REG_IIR, FCR_ENABLE);
	port->depth = (reg_read(port, REG_IIR) & IIR_FIFO) == IIR_FIFO ? FIFO_DEPTH : 1;
}

static void ns16550_write(struct serial *serial, const char *text, size_t length)
{
	struct ns16550 *port = ns16550_of(serial);

	while (length) {
		size_t burst = MIN(length, port->depth);

		length -= burst;
		if (!lsr_wait(port, LSR_ROOM)) {
			text += burst;
			continue;
		}
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

	if (port->designware && id == IIR_BUSY)
		reg_read(port, REG_USR);
	/* A DesignWare UART can time out on an empty FIFO: only a read of RBR ends that. */
	if (port->designware && id == IIR_TIMEOUT && !(reg_read(port, REG_LSR) & LSR_DATA))
		reg_read(port, REG_DATA);
	port->received();
}

static int ns16550_start(struct serial *serial, void (*received)(void))
{
	struct ns16550 *port = ns16550_of(serial);
	int err;

	port->received = received;
	err = irq_request(port->node, 0, ns16550_interrupt, port);
	if (err)
		return err;
	reg_write(port, REG_MCR, reg_read(port, REG_MCR) | MCR_OUT2);
	reg_write(port, REG_IER, port->ier | IER_RECEIVE);
	return 0;
}

static int ns16550_probe(int node)
{
	bool xscale = hostdt_compatible(node, "intel,xscale-uart");
	uint32_t shift = hostdt_u32(node, "reg-shift", xscale ? 2 : 0);
	uint32_t width = hostdt_u32(node, "reg-io-width", 1);
	uint32_t offset = hostdt_u32(node, "reg-offset", 0);
	struct ns16550 *port;
	uint64_t size;
	hpa_t base;
	int err = hostdt_reg(node, 0, &base, &size);

	if (err)
		return err;
	if (shift > 4 || (width != 1 && width != 4) || (width == 4 && shift < 2) ||
	    offset >= size || size - offset < REG_COUNT << shift)
		return -EINVAL;
	if ((base.v + offset) % width)
		return -EINVAL;
	port = alloc_zero(sizeof(*port));
	if (!port)
		return -ENOMEM;
	port->serial = (struct serial){
		.name = "ns16550",
		.open = ns16550_open,
		.write = ns16550_write,
		.read = ns16550_read,
		.start = ns16550_start,
	};
	size = MIN(size - offset, (uint64_t)(REG_USR + 1) << shift);
	port->base = mmio_map(hpa(base.v + offset), size);
	if (!port->base) {
		alloc_free(port);
		return -ENOMEM;
	}
	port->node = node;
	port->shift = shift;
	port->width = width;
	port->depth = 1;
	port->ier = xscale ? IER_UNIT_ENABLE : 0;
	port->designware = hostdt_compatible(node, "snps,dw-apb-uart") &&
			   size == (uint64_t)(REG_USR + 1) << shift;
	serial_register(&port->serial, node);
	return 0;
}

static const char *const ns16550_compatible[] = {
	"ns16550a", "ns16550", "snps,dw-apb-uart", "intel,xscale-uart", NULL,
};

const struct driver ns16550_driver = {
	.name = "ns16550",
	.compatible = ns16550_compatible,
	.probe = ns16550_probe,
};
