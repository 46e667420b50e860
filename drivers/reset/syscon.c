/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "syscon-poweroff" and "syscon-reboot": a value is written to a register of a system controller
 * that the node names by `regmap`, or else is a child of. Nothing is written or read before.
 */
#include <core/hostdt.h>
#include <drivers/driver.h>
#include <drivers/register.h>
#include <drivers/reset.h>
#include <errno.h>

/* A property of one cell. 0, -ENOENT (there is none), or -EINVAL (of another length). */
static int cell_read(int node, const char *name, uint32_t *cell)
{
	uint32_t length;

	if (!hostdt_property(node, name, &length))
		return -ENOENT;
	*cell = hostdt_u32(node, name, 0);
	return length == 4 ? 0 : -EINVAL;
}

/* What the bindings say of `value` and `mask` when one of them is missing. */
static int value_read(int node, struct reset_write *write)
{
	uint32_t bits = UINT32_MAX;
	int value = cell_read(node, "value", &write->value);
	int mask = cell_read(node, "mask", &bits);

	if (value == -EINVAL || mask == -EINVAL || (value && mask))
		return -EINVAL;
	write->mask = value ? UINT32_MAX : bits;
	if (value) /* an old form, in which the mask is the value */
		write->value = bits;
	return 0;
}

static int syscon_probe(enum reset_action action, int node)
{
	struct reset_write write;
	uint32_t offset = hostdt_u32(node, "offset", hostdt_u32(node, "reg", UINT32_MAX));
	int controller = hostdt_phandle(node, "regmap");
	void *registers;
	int err = value_read(node, &write);

	if (controller == -ENOENT) /* no such property */
		controller = hostdt_parent(node);
	if (controller < 0 || !hostdt_compatible(controller, "syscon"))
		return -ENOENT;
	write.width = hostdt_u32(controller, "reg-io-width", 4);
	if (err || offset >= GIB(1) || !register_width_valid(write.width) || offset % write.width)
		return -EINVAL;
	err = device_map(controller, 0, (uint64_t)offset + write.width, write.width, &registers);
	if (err)
		return err;
	write.address = (char *)registers + offset;
	return reset_register(action, node, &write);
}

static int poweroff_probe(int node)
{
	return syscon_probe(RESET_POWEROFF, node);
}

static int reboot_probe(int node)
{
	return syscon_probe(RESET_REBOOT, node);
}

static const char *const poweroff_compatible[] = { "syscon-poweroff", NULL };
static const char *const reboot_compatible[] = { "syscon-reboot", NULL };

const struct driver syscon_poweroff_driver = {
	.name = "syscon-poweroff",
	.compatible = poweroff_compatible,
	.probe = poweroff_probe,
};

const struct driver syscon_reboot_driver = {
	.name = "syscon-reboot",
	.compatible = reboot_compatible,
	.probe = reboot_probe,
};
