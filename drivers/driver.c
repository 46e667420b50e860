/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks the host's device tree and offers each node to the drivers that are compatible with it;
 * finds a device's registers and refuses what cannot be right. Boot hart only, so there is no lock.
 */
#include <arch/mmio.h>
#include <arch/pte.h>
#include <core/finding.h>
#include <core/hostdt.h>
#include <drivers/driver.h>
#include <errno.h>
#include <string.h>

static bool driver_matches(const struct driver *driver, const char *compatible)
{
	for (const char *const *name = driver->compatible; *name; name++)
		if (!strcmp(*name, compatible))
			return true;
	return false;
}

const char *device_problem(int error)
{
	static const struct {
		int error;
		const char *words;
	} each[] = {
		{ EINVAL, "its properties are missing or make no sense" },
		{ ENOENT, "something that it names is not there" },
		{ ENOSPC, "its registers have too little room" },
		{ EADDRINUSE, "its registers would be in RAM" },
		{ ENXIO, "nothing answers at its address" },
		{ ENOMEM, "there is no memory for it" },
		{ EBUSY, "another one is in use" },
		{ ENOTSUP, "it cannot do what is needed" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(each); i++)
		if (each[i].error == -error)
			return each[i].words;
	return "its driver does not take it";
}

static int driver_try(const struct driver *driver, int node)
{
	char path[NODE_PATH_MAX];
	int err = driver->probe(node);

	if (err && err != -ENODEV) {
		hostdt_path_of(node, path, sizeof(path));
		finding_add(FINDING_LEFT_OUT, path, "%s: %s (error %d)", driver->name,
			    device_problem(err), -err);
	}
	return err;
}

/** The driver for @node, by the order of its `compatible`, or NULL. */
static const struct driver *driver_find(const struct driver *const *drivers, int node)
{
	const char *compatible;

	for (unsigned int i = 0; (compatible = hostdt_string(node, "compatible", i)); i++)
		for (const struct driver *const *driver = drivers; *driver; driver++)
			if (driver_matches(*driver, compatible))
				return *driver;
	return NULL;
}

/** Whether all of @chain, which ends at @depth, are enabled. */
static bool chain_enabled(const int *chain, int depth)
{
	while (depth >= 0 && hostdt_enabled(chain[depth]))
		depth--;
	return depth < 0;
}

unsigned int drivers_probe(const struct driver *const *drivers)
{
	int chain[NODE_DEPTH_MAX + 1]; /* from the root to the node */
	unsigned int taken = 0;
	int depth;

	for (int node = hostdt_next(-1, &depth); node >= 0; node = hostdt_next(node, &depth)) {
		const struct driver *driver = driver_find(drivers, node);

		/* Few have a driver, so that is asked first. */
		chain[depth] = node;
		if (driver && chain_enabled(chain, depth) && !driver_try(driver, node))
			taken++;
	}
	return taken;
}

bool drivers_probe_node(const struct driver *const *drivers, int node)
{
	const struct driver *driver = driver_find(drivers, node);

	for (int at = node; driver && at >= 0; at = hostdt_parent(at))
		if (!hostdt_enabled(at))
			return false;
	return driver && !driver_try(driver, node);
}

static bool is_in_ram(uint64_t start, uint64_t size)
{
	hpa_t base;
	uint64_t length;

	for (unsigned int i = 0; !hostdt_memory(i, &base, &length); i++)
		if (start < base.v ? base.v - start < size : start - base.v < length)
			return true;
	return false;
}

int device_range(hpa_t base, uint64_t size)
{
	if (base.v >> PHYSICAL_BITS || size >> PHYSICAL_BITS || (base.v + size) >> PHYSICAL_BITS)
		return -EINVAL;
	return is_in_ram(base.v, size) ? -EADDRINUSE : 0;
}

int device_reg(int node, unsigned int index, uint64_t needed, uint64_t align, hpa_t *base)
{
	uint64_t size;
	int err = hostdt_reg(node, index, base, &size);

	if (err || !is_aligned(base->v, align))
		return -EINVAL;
	return size < needed ? -ENOSPC : device_range(*base, needed);
}

int device_map(int node, unsigned int index, uint64_t needed, uint64_t align, void **registers)
{
	hpa_t base;
	int err = device_reg(node, index, needed, align, &base);

	if (err)
		return err;
	*registers = mmio_map(base, needed);
	return *registers ? 0 : -ENOMEM;
}
