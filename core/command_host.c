/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands about the machine: harts, memory, log, options, and its end. But for the one that
 * switches harts, which takes the life-cycle lock, they only read.
 */
#include "command.h"

#include <arch/describe.h>
#include <arch/firmware.h>
#include <core/doctor.h>
#include <core/hart_power.h>
#include <core/log.h>
#include <core/number.h>
#include <core/options.h>
#include <core/sched.h>
#include <core/timer.h>
#include <core/version.h>
#include <core/vm.h>
#include <drivers/irqchip.h>
#include <drivers/reset.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct hart *hart_named(const char *text)
{
	uint64_t id;

	return number_parse(text, &id) ? hart_by_id(id) : NULL;
}

static void print_line(const char *text)
{
	shell_printf("  %s\n", text);
}

static void print_hart(const struct hart *hart)
{
	shell_printf("hart %" PRIu64 ": %s", hart->id, hart_state_name(hart));
	if (hart->absent_reason)
		shell_printf(" (%s)", hart->absent_reason);
	shell_printf("\n");
	if (hart_online(hart))
		arch_hart_describe(hart, print_line);
}

static int host_info_run(unsigned int argc, char *const *argv)
{
	shell_printf("%s\n", VERSION_STRING);
	shell_printf("firmware:\n");
	arch_firmware_describe(print_line);
	shell_printf("interrupts: %s\n", irqchip_describe());
	shell_printf("timebase: %" PRIu64 " Hz, up for %" PRIu64 " s\n", timebase,
		     timebase ? time_now() / timebase : 0);
	print_memory();
	for (unsigned int i = 0; i < hart_count; i++)
		print_hart(harts[i]);
	return 0;
}

static void print_report(const char *text)
{
	shell_printf("%s\n", text);
}

static int host_doctor_run(unsigned int argc, char *const *argv)
{
	doctor_report(print_report);
	return 0;
}

static int host_isa_run(unsigned int argc, char *const *argv)
{
	arch_offer_report(print_report);
	return 0;
}

static int host_harts_run(unsigned int argc, char *const *argv)
{
	shell_printf("%4s %-8s %7s %12s\n", "hart", "state", "waiting", "idle seconds");
	for (unsigned int i = 0; i < hart_count; i++) {
		const struct hart *hart = harts[i];

		shell_printf("%4" PRIu64 " %-8s", hart->id, hart_state_name(hart));
		if (hart_online(hart))
			shell_printf(" %7u %12" PRIu64 "\n", sched_waiting(hart),
				     timebase ? sched_idle_ticks(hart) / timebase : 0);
		else
			shell_printf(" %s\n", hart->absent_reason ? hart->absent_reason : "");
	}
	return 0;
}

static int hart_switch(struct hart *hart, bool on)
{
	int error = on ? hart_power_on(hart) : hart_power_off(hart);

	if (error == -EINVAL)
		shell_printf("Hart %" PRIu64 " is %s.\n", hart->id, hart_state_name(hart));
	return 0;
}

static int host_hart_run(unsigned int argc, char *const *argv)
{
	struct hart *hart = hart_named(argv[1]);
	bool on = strcmp(argv[0], "on") == 0;
	int result;

	if (!on && strcmp(argv[0], "off") != 0) {
		shell_printf("On or off? host hart on|off <hart>\n");
		return 0;
	}
	if (!hart) {
		shell_printf("There is no hart %.20s.\n", argv[1]);
		return 0;
	}
	vm_control_lock();
	result = hart_switch(hart, on);
	vm_control_unlock();
	return result;
}

static int host_log_run(unsigned int argc, char *const *argv)
{
	uint64_t position = 0;
	char text[256];
	size_t count;

	while ((count = log_read(&position, text, sizeof(text))) > 0)
		shell_write(text, count);
	return 0;
}

static int host_options_run(unsigned int argc, char *const *argv)
{
	for (unsigned int i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];
		const char *value = option_get(option->name);

		shell_printf("  %s=%s\n      %s\n", option->name, option->value, option->help);
		if (value)
			shell_printf("      given: \"%s\"\n", value);
	}
	return 0;
}

static int host_poweroff_run(unsigned int argc, char *const *argv)
{
	log_info("the operator powers the machine off");
	console_flush();
	machine_poweroff(false);
	shell_printf("Nothing powers this machine off: switch it off.\n");
	return 0;
}

static int host_reboot_run(unsigned int argc, char *const *argv)
{
	log_info("the operator reboots the machine");
	console_flush();
	machine_reboot();
	shell_printf("Nothing reboots this machine: switch it off and on.\n");
	return 0;
}

const struct command host_commands[] = {
	{ "host doctor", "", "all that is known about the machine, for bug reports",
	  host_doctor_run },
	{ "host info", "", "version, firmware, memory and what each hart has", host_info_run },
	{ "host isa", "", "extensions that guests are offered, and why not others", host_isa_run },
	{ "host files", "[hart] [n]", "guest interrupt files; of a hart: use only n",
	  host_files_run },
	{ "host hart", "<on|off> <hart>", "take a hart in, or out: its work goes to others",
	  host_hart_run },
	{ "host top", "[seconds] [rounds]", "who has the harts: guests, hypervisor, nobody",
	  host_top_run },
	{ "host harts", "", "what each hart does", host_harts_run },
	{ "host mem", "[address]", "who has the memory, or the page of an address", host_mem_run },
	{ "host log", "", "the hypervisor's own messages", host_log_run },
	{ "host options", "", "options of the command line", host_options_run },
	{ "host poweroff", "", "end all VMs at once and power off", host_poweroff_run },
	{ "host reboot", "", "end all VMs at once and start again", host_reboot_run },
	{ 0 },
};
