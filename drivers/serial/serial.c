/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chooses the serial port that the console uses. Boot hart only, so there is no lock.
 */
#include <core/finding.h>
#include <core/hostdt.h>
#include <core/options.h>
#include <drivers/driver.h>
#include <drivers/serial.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct driver *const serial_drivers[] = {
#ifdef DRIVER_NS16550
	&ns16550_driver,
#endif
#ifdef DRIVER_SIFIVE_UART
	&sifive_uart_driver,
#endif
	NULL,
};

static struct serial *chosen;
static char description[NODE_PATH_MAX + 64];

void serial_register(struct serial *port, int node)
{
	port->node = node;
	if (!chosen)
		chosen = port;
}

/** The node to use, -1 for any, or -ENOENT for none: the firmware's console. */
static int node_wanted(void)
{
	const char *path = option_get("console.port");
	int node;

	if (path && !strcmp(path, "sbi"))
		return -ENOENT;
	if (path) {
		node = hostdt_path_or_alias(path);
		if (node >= 0)
			return node;
		finding_add(FINDING_LESS, "console", "console.port=%s: there is no such node",
			    path);
	}
	node = hostdt_stdout();
	if (node >= 0)
		return node;
	if (hostdt_string(hostdt_path("/chosen"), "stdout-path", 0))
		finding_add(FINDING_LESS, "console", "stdout-path names no node");
	node = hostdt_path_or_alias("serial0");
	return node >= 0 ? node : -1;
}

static void describe(const struct serial *port)
{
	char path[NODE_PATH_MAX];

	if (port->node >= 0) {
		hostdt_path_of(port->node, path, sizeof(path));
		snprintf(description, sizeof(description), "%s at %s", port->name, path);
	} else {
		snprintf(description, sizeof(description), "%s", port->name);
	}
}

struct serial *serial_init(void)
{
	int wanted = node_wanted(), err;
	char path[NODE_PATH_MAX];

	chosen = NULL;
	if (wanted >= 0 && !drivers_probe_node(serial_drivers, wanted)) {
		hostdt_path_of(wanted, path, sizeof(path));
		finding_add(FINDING_LESS, path, "the console's port has no driver that works");
	}
	if (wanted == -1)
		drivers_probe(serial_drivers);
	err = chosen ? chosen->open(chosen) : 0;
	if (err) {
		hostdt_path_of(chosen->node, path, sizeof(path));
		finding_add(FINDING_LEFT_OUT, path, "%s: %s (error %d)", chosen->name,
			    device_problem(err), -err);
	}
	if (!chosen || err)
		chosen = &sbi_serial;
	describe(chosen);
	return chosen;
}

const char *serial_describe(void)
{
	return description;
}
