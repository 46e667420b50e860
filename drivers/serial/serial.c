/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chooses the serial port that the console uses. Boot hart only, so there is no lock.
 */
#include <core/hostdt.h>
#include <drivers/driver.h>
#include <drivers/serial.h>

static const struct driver *const serial_drivers[] = {
#ifdef DRIVER_NS16550
	&ns16550_driver,
#endif
	NULL,
};

static struct serial *chosen;
static int stdout_node;

void serial_register(struct serial *port, int node)
{
	if (stdout_node >= 0 ? node == stdout_node : !chosen)
		chosen = port;
}

struct serial *serial_init(void)
{
	stdout_node = hostdt_stdout();
	drivers_probe(serial_drivers);
	if (chosen)
		chosen->open(chosen);
	return chosen;
}
