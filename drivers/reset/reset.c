/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chooses how the machine is powered off and rebooted: the firmware first, which knows most. Set
 * while booting; no lock.
 */
#include <arch/firmware.h>
#include <core/finding.h>
#include <core/hostdt.h>
#include <core/timer.h>
#include <drivers/driver.h>
#include <drivers/register.h>
#include <drivers/reset.h>
#include <errno.h>
#include <stdio.h>

#define WAIT_US 1000000 /* a power controller takes its time */

static const struct driver *const reset_drivers[] = {
#ifdef DRIVER_SYSCON_RESET
	&syscon_poweroff_driver,
	&syscon_reboot_driver,
#endif
	NULL,
};

static struct reset_write writes[RESET_ACTIONS];
static char paths[RESET_ACTIONS][NODE_PATH_MAX];
static char description[2 * NODE_PATH_MAX + 64];

int reset_register(enum reset_action action, int node, const struct reset_write *write)
{
	if (writes[action].address)
		return -EBUSY;
	writes[action] = *write;
	hostdt_path_of(node, paths[action], sizeof(paths[action]));
	return 0;
}

static const char *way(enum reset_action action)
{
	if (firmware_has_reset())
		return "SBI SRST";
	if (writes[action].address)
		return paths[action];
	if (action == RESET_POWEROFF && firmware_has_legacy_shutdown())
		return "SBI legacy shutdown";
	return "none";
}

void reset_init(void)
{
	drivers_probe(reset_drivers);
	snprintf(description, sizeof(description), "power-off: %s, reboot: %s", way(RESET_POWEROFF),
		 way(RESET_REBOOT));
	if (firmware_has_reset())
		return;
	if (!writes[RESET_POWEROFF].address && !firmware_has_legacy_shutdown())
		finding_add(FINDING_LESS, "machine", "nothing can power it off: it will halt");
	if (!writes[RESET_REBOOT].address)
		finding_add(FINDING_LESS, "machine", "nothing can reboot it: it will halt");
}

const char *reset_describe(void)
{
	return description;
}

static void write_do(const struct reset_write *write)
{
	uint64_t end = time_now() + us_to_ticks(WAIT_US);
	uint32_t value = write->value & write->mask;
	uint32_t all = write->width == 4 ? UINT32_MAX : (uint32_t)(BIT(8 * write->width) - 1);

	if (!write->address)
		return;
	if ((write->mask & all) != all)
		value |= register_read(write->address, write->width) & ~write->mask;
	register_write(write->address, write->width, value);
	while (time_now() < end)
		;
}

void machine_poweroff(bool failure)
{
	if (firmware_has_reset())
		firmware_shutdown(failure);
	write_do(&writes[RESET_POWEROFF]);
	firmware_legacy_shutdown();
}

void machine_reboot(void)
{
	if (firmware_has_reset())
		firmware_reboot();
	write_do(&writes[RESET_REBOOT]);
}
