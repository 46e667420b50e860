/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks the host's device tree and offers each node to the drivers that are compatible with it.
 * Boot hart only, so there is no lock.
 */
#include <core/hostdt.h>
#include <core/log.h>
#include <drivers/driver.h>
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

static bool driver_matches(const struct driver *driver, const char *compatible)
{
	for (const char *const *name = driver->compatible; *name; name++)
		if (!strcmp(*name, compatible))
			return true;
	return false;
}

/** Writes the path of @node, as far as there is room. */
static void path_format(int node, char *path, size_t room)
{
	if (fdt_get_path(host_fdt, node, path, (int)room))
		snprintf(path, room, "node at %d", node);
}

static int driver_try(const struct driver *driver, int node)
{
	char path[96];
	int err = driver->probe(node);

	if (err && err != -ENODEV) {
		path_format(node, path, sizeof(path));
		log_warn("%s: %s cannot be used (error %d)", path, driver->name, err);
	}
	return err;
}

/** Offers @node to the drivers, in the order of its `compatible`. Returns whether one took it. */
static bool node_probe(const struct driver *const *drivers, int node)
{
	const char *compatible;

	for (unsigned int i = 0; (compatible = hostdt_string(node, "compatible", i)); i++) {
		for (const struct driver *const *driver = drivers; *driver; driver++) {
			if (driver_matches(*driver, compatible))
				return !driver_try(*driver, node);
		}
	}
	return false;
}

unsigned int drivers_probe(const struct driver *const *drivers)
{
	unsigned int taken = 0;
	int hidden = INT32_MAX; /* depth of the disabled node that the walk is inside of */
	int depth;

	for (int node = hostdt_next(-1, &depth); node >= 0; node = hostdt_next(node, &depth)) {
		if (depth > hidden)
			continue;
		hidden = hostdt_enabled(node) ? INT32_MAX : depth;
		if (depth < hidden && node_probe(drivers, node))
			taken++;
	}
	return taken;
}
