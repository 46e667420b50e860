/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmitting half of a 16550, and the console that it writes to. `uart_lock` guards both.
 */
#include "../../system/programs/linux.h"
#include "kvm.h"
#include "vmm.h"

#define IER_THRI 0x02
#define IIR_NONE 0x01
#define IIR_THRI 0x02
#define IIR_FIFO 0xc0
#define FCR_ENABLE 0x01
#define LCR_DLAB 0x80
#define LSR_EMPTY 0x60
#define MCR_LOOP 0x10
#define MSR_CONNECTED 0xb0

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR, REGISTERS };

static int uart_lock;
static uint8_t registers[REGISTERS], divisor[2], fcr;
static bool empty_pending, line_high;
static char buffer[512];
static unsigned int buffered;

static void lock(void)
{
	while (__atomic_exchange_n(&uart_lock, 1, __ATOMIC_ACQUIRE))
		syscall(SYS_SCHED_YIELD, 0, 0, 0, 0, 0, 0);
}

static void unlock(void)
{
	__atomic_store_n(&uart_lock, 0, __ATOMIC_RELEASE);
}

static void flush(void)
{
	if (buffered)
		linux_write(buffer, buffered);
	buffered = 0;
}

static void put_byte(char c)
{
	buffer[buffered++] = c;
	if (c == '\n' || buffered == sizeof(buffer))
		flush();
}

void console_put(char c)
{
	lock();
	put_byte(c);
	unlock();
}

void console_flush(void)
{
	lock();
	flush();
	unlock();
}

static void line_update(void)
{
	bool high = (registers[IER] & IER_THRI) && empty_pending;
	struct kvm_irq_level level = { .irq = UART_IRQ, .level = high };

	if (high != line_high)
		must(linux_ioctl(machine.vm, KVM_IRQ_LINE, &level), "KVM_IRQ_LINE");
	line_high = high;
}

static uint8_t identify(void)
{
	uint8_t value = (fcr & FCR_ENABLE) ? IIR_FIFO : 0;

	if (!((registers[IER] & IER_THRI) && empty_pending))
		return value | IIR_NONE;
	empty_pending = false;
	return value | IIR_THRI;
}

/* The outputs of MCR come back as inputs in the loop. */
static uint8_t modem_status(void)
{
	uint8_t mcr = registers[MCR];

	if (!(mcr & MCR_LOOP))
		return MSR_CONNECTED;
	return (uint8_t)((mcr & 0x0c) << 4 | (mcr & 0x02) << 3 | (mcr & 0x01) << 5);
}

uint8_t uart_load(unsigned int offset)
{
	uint8_t value = 0;

	lock();
	if ((registers[LCR] & LCR_DLAB) && offset <= IER)
		value = divisor[offset];
	else if (offset == IIR_FCR)
		value = identify();
	else if (offset == LSR)
		value = LSR_EMPTY;
	else if (offset == MSR)
		value = modem_status();
	else if (offset != RBR_THR && offset < REGISTERS)
		value = registers[offset];
	line_update();
	unlock();
	return value;
}

void uart_store(unsigned int offset, uint8_t value)
{
	lock();
	if ((registers[LCR] & LCR_DLAB) && offset <= IER) {
		divisor[offset] = value;
	} else if (offset == RBR_THR) {
		put_byte((char)value);
		empty_pending = true;
	} else if (offset == IIR_FCR) {
		fcr = value;
	} else if (offset < REGISTERS) {
		empty_pending |= offset == IER && (value & ~registers[IER] & IER_THRI);
		registers[offset] = value;
	}
	line_update();
	unlock();
}
