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
#include <string.h>

static bool driver_matches(const struct driver *driver, const char *compatible)
{
	for (const char *const *name = driver->compatible; *name; name++)
		if (!strcmp(*name, compatible))
			return true;
	return false;
}

static int driver_try(const struct driver *driver, int node)
{
	char path[96];
	int err = driver->probe(node);

	if (err && err != -ENODEV) {
		if (fdt_get_path(host_fdt, node, path, sizeof(path)))
			strcpy(path, "(a long path)");
		log_warn("%s: %s cannot be used (error %d)", path, driver->name, err);
	}
	return err;
}

/** Offers @node to the drivers, in the order of its `compatible`. Returns whether one took it. */
static bool node_probe(const struct driver *const *drivers, int node)
{
	const char *compatible;

	for (int i = 0; (compatible = fdt_stringlist_get(host_fdt, node, "compatible", i, NULL));
	     i++) {
		for (const struct driver *const *driver = drivers; *driver; driver++) {
			if (!driver_matches(*driver, compatible))
				continue;
			return !driver_try(*driver, node);
		}
	}
	return false;
}

unsigned int drivers_probe(const struct driver *const *drivers)
{
	unsigned int taken = 0;
	int hidden = INT32_MAX; /* depth of the disabled node that the walk is inside of */
	int depth = 0;

	for (int node = fdt_next_node(host_fdt, -1, &depth); node >= 0;
	     node = fdt_next_node(host_fdt, node, &depth)) {
		if (depth > hidden)
			continue;
		hidden = hostdt_enabled(node) ? INT32_MAX : depth;
		if (depth < hidden && node_probe(drivers, node))
			taken++;
	}
	return taken;
}
