/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end after a broken invariant: says what broke, makes the other harts stop and then does
 * what the option `panic` says. Waits for no lock for ever: whoever panics may hold any of them.
 */
#include <core/check.h>

#include "port.h"

#include <arch/irqflags.h>
#include <core/hart.h>
#include <core/log.h>
#include <core/options.h>
#include <drivers/irqchip.h>
#include <drivers/reset.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint32_t panicking;

static void panic_print(const char *fmt, ...)
{
	char line[LOG_LINE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	port_write_last(line, strlen(line));
}

/** What the hart was doing, as far as that can be told without trusting anything. */
static void panic_print_hart(void)
{
	const struct hart *self = hart_self();

	if (!self) {
		panic_print("hart not known yet\n");
		return;
	}
	panic_print("hart %" PRIu64 ", locks held 0x%x, vCPU %p, thread %p\n", self->id,
		    (unsigned int)self->lock_ranks, (void *)self->running, (void *)self->thread);
}

static void panic_stop_others(void)
{
	for (unsigned int i = 0; i < hart_count; i++) {
		if (harts[i] && harts[i] != hart_self() && hart_answers(harts[i]))
			ipi_send(i);
	}
}

void panic_halt(void)
{
	arch_irq_disable();
	for (;;)
		arch_wait();
}

void panic(const char *fmt, ...)
{
	const char *then = option_get("panic");
	char message[LOG_LINE];
	va_list args;

	arch_irq_disable();
	/* One story at a time; a second panic of the same hart ends here, too. */
	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_ACQ_REL))
		panic_halt();
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	panic_print("\npanic: %s\n", message);
	panic_print_hart();
	panic_stop_others();

	if (then && strcmp(then, "poweroff") == 0)
		machine_poweroff(true);
	if (then && strcmp(then, "reboot") == 0)
		machine_reboot();
	panic_print("The machine is halted.\n");
	panic_halt();
}
