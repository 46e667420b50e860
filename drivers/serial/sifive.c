/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SiFive's UART (FU540-C000 manual, chapter 13), polled for output and interrupt-driven for input.
 * The baud rate stays as the firmware left it. The console's lock serialises all users.
 */
#include <arch/mmio.h>
#include <core/alloc.h>
#include <core/finding.h>
#include <core/hostdt.h>
#include <drivers/driver.h>
#include <drivers/irqchip.h>
#include <drivers/serial.h>
#include <errno.h>

#define TXDATA 0x00
#define TXDATA_FULL BIT(31)
#define RXDATA 0x04
#define RXDATA_EMPTY BIT(31)
#define TXCTRL 0x08
#define RXCTRL 0x0c
#define CTRL_ENABLE 1U
#define RXCTRL_WATERMARK (7U << 16) /* interrupt when there is more than that */
#define IE 0x10
#define IE_RECEIVE 2U
#define REGISTERS 0x1c

/* Each read takes 100 ns or more; a byte at 9600 baud takes 1 ms to go out. */
#define WAIT_READS 100000

struct sifive_uart {
	struct serial serial;
	char *base;
	bool stuck; /* the port did not take a byte in time: do not wait again */
	void (*received)(void);
};

static struct sifive_uart *uart_of(struct serial *serial)
{
	return container_of(serial, struct sifive_uart, serial);
}

static int sifive_open(struct serial *serial)
{
	struct sifive_uart *port = uart_of(serial);
	uint32_t control;

	if (!mmio_try_read32(port->base + TXCTRL, &control))
		return -ENXIO;
	mmio_write32(port->base + IE, 0);
	mmio_write32(port->base + TXCTRL, control | CTRL_ENABLE);
	control = mmio_read32(port->base + RXCTRL);
	mmio_write32(port->base + RXCTRL, (control & ~RXCTRL_WATERMARK) | CTRL_ENABLE);
	return 0;
}

static bool has_room(struct sifive_uart *port)
{
	for (unsigned int reads = port->stuck ? 1 : WAIT_READS; reads; reads--) {
		if (!(mmio_read32(port->base + TXDATA) & TXDATA_FULL)) {
			port->stuck = false;
			return true;
		}
	}
	port->stuck = true;
	return false;
}

static void sifive_write(struct serial *serial, const char *text, size_t length)
{
	struct sifive_uart *port = uart_of(serial);

	for (size_t i = 0; i < length; i++)
		if (has_room(port))
			mmio_write32(port->base + TXDATA, (uint8_t)text[i]);
}

static size_t sifive_read(struct serial *serial, char *buffer, size_t room)
{
	struct sifive_uart *port = uart_of(serial);
	size_t count = 0;

	while (count < room) {
		/* Reading takes the byte: both come at once. */
		uint32_t data = mmio_read32(port->base + RXDATA);

		if (data & RXDATA_EMPTY)
			break;
		buffer[count++] = (char)data;
	}
	return count;
}

static void sifive_interrupt(void *opaque)
{
	struct sifive_uart *port = opaque;

	port->received();
}

static int sifive_start(struct serial *serial, void (*received)(void))
{
	struct sifive_uart *port = uart_of(serial);
	int err;

	port->received = received;
	err = irq_request(serial->node, 0, sifive_interrupt, port);
	if (!err)
		mmio_write32(port->base + IE, IE_RECEIVE);
	return err;
}

static int sifive_probe(int node)
{
	struct sifive_uart *port = alloc_zero(sizeof(*port));
	void *base;
	int err;

	if (!port)
		return -ENOMEM;
	err = device_map(node, 0, REGISTERS, 4, &base);
	if (err) {
		alloc_free(port);
		return err;
	}
	port->base = base;
	port->serial = (struct serial){
		.name = "sifive-uart",
		.open = sifive_open,
		.write = sifive_write,
		.read = sifive_read,
		.start = sifive_start,
	};
	serial_register(&port->serial, node);
	return 0;
}

static const char *const sifive_compatible[] = { "sifive,uart0", NULL };

const struct driver sifive_uart_driver = {
	.name = "sifive-uart",
	.compatible = sifive_compatible,
	.probe = sifive_probe,
};
