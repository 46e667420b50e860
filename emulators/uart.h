/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two halves of the guest's UART share: uart.c owns it, uart_light.c does what needs few
 * steps. Everything that changes is guarded by device.lock.
 */
#ifndef EMULATORS_UART_H
#define EMULATORS_UART_H

#include <core/device.h>
#include <core/types.h>
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

static inline struct uart *uart_of(struct device *device)
{
	return container_of(device, struct uart, device);
}

/** The interrupt identification of the most urgent cause (PC16550D, table IV). */
static inline uint8_t uart_cause(const struct uart *uart)
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

/** What LSR shows. */
static inline uint8_t uart_lsr(const struct uart *uart)
{
	return LSR_THR_EMPTY | LSR_IDLE | (uart->count != 0 ? LSR_READY : 0) |
	       (uart->overrun ? LSR_OVERRUN : 0);
}

/* Light functions (<core/light.h>), in uart_light.c. @reg is one of enum uart_register. */

/** Reads a register if that changes nothing. Otherwise negative. */
int uart_peek(const struct uart *uart, uint64_t reg) REQUIRES(uart->device.lock);

/** Writes a register that only keeps its value. Otherwise false, and nothing is done. */
bool uart_put(struct uart *uart, uint64_t reg, uint8_t value) REQUIRES(uart->device.lock);

int64_t uart_read_light(struct device *device, uint64_t offset, unsigned int width);
bool uart_write_light(struct device *device, uint64_t offset, unsigned int width, uint64_t value);

#endif
