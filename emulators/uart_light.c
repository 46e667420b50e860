/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's UART: registers whose reading changes nothing, or that only keep what is written, by
 * light functions (<core/light.h>). device.lock guards all of it.
 */
#include <core/light.h>

#include "uart.h"

LIGHT int uart_peek(const struct uart *uart, uint64_t reg)
{
	bool divisor = uart->lcr & LCR_DLAB;
	uint8_t cause;

	switch (reg) {
	case REG_LSR:
		return uart->overrun ? -1 : uart_lsr(uart);
	case REG_IIR_FCR:
		cause = uart_cause(uart);
		return cause == IIR_THRE ? -1 : cause | (uart->fifos ? IIR_FIFOS : 0);
	case REG_IER_DLM:
		return divisor ? uart->dlm : uart->ier;
	case REG_LCR:
		return uart->lcr;
	case REG_MCR:
		return uart->mcr;
	case REG_MSR:
		return uart->deltas ? -1 : uart->modem;
	case REG_SCR:
		return uart->scr;
	default:
		return divisor ? uart->dll : -1;
	}
}

LIGHT bool uart_put(struct uart *uart, uint64_t reg, uint8_t value)
{
	switch (reg) {
	case REG_RBR_THR_DLL:
		if (!(uart->lcr & LCR_DLAB))
			return false;
		uart->dll = value;
		return true;
	case REG_IER_DLM:
		if (!(uart->lcr & LCR_DLAB))
			return false;
		uart->dlm = value;
		return true;
	case REG_LCR:
		uart->lcr = value;
		return true;
	case REG_SCR:
		uart->scr = value;
		return true;
	case REG_LSR:
	case REG_MSR:
		return true; /* writable for factory tests only */
	default:
		return false;
	}
}

LIGHT int64_t uart_read_light(struct device *device, uint64_t offset, unsigned int width)
{
	struct uart *uart = uart_of(device);
	int value;

	if (width != 1 || offset >= UART_REGISTERS || !light_lock(&uart->device.lock))
		return -1;
	value = uart_peek(uart, offset);
	light_unlock(&uart->device.lock);
	return value;
}

LIGHT bool uart_write_light(struct device *device, uint64_t offset, unsigned int width,
			    uint64_t value)
{
	struct uart *uart = uart_of(device);
	bool done;

	/* A byte that is transmitted goes to the console. */
	if (width != 1 || offset == REG_RBR_THR_DLL || offset >= UART_REGISTERS ||
	    !light_lock(&uart->device.lock))
		return false;
	done = uart_put(uart, offset, (uint8_t)value);
	light_unlock(&uart->device.lock);
	return done;
}
