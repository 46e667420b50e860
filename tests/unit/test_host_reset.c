/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the machine ends: the firmware first, then a register of a system controller.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"
#include "fake_mmio.h"

#include <arch/firmware.h>
#include <core/timer.h>
#include <drivers/driver.h>
#include <drivers/reset.h>

#define BASE 0x100000

static char done[256];
static bool has_srst, has_legacy;
static uint32_t held;

size_t firmware_console_read(char *text, size_t room)
{
	return 0;
}

bool firmware_has_reset(void)
{
	return has_srst;
}

bool firmware_has_legacy_shutdown(void)
{
	return has_legacy;
}

void firmware_shutdown(bool failure)
{
	strcat(done, "shutdown;");
}

void firmware_reboot(void)
{
	strcat(done, "reboot;");
}

void firmware_legacy_shutdown(void)
{
	if (has_legacy)
		strcat(done, "legacy;");
}

static uint64_t reg_read(uint64_t offset, unsigned int bytes)
{
	strcat(done, "read;");
	return held;
}

static void reg_write(uint64_t offset, unsigned int bytes, uint64_t value)
{
	snprintf(done + strlen(done), sizeof(done) - strlen(done), "%u bytes 0x%x at 0x%x;", bytes,
		 (unsigned int)value, (unsigned int)offset);
	fake_time_set(time_now() + UINT64_C(100) * FAKE_TIMEBASE);
}

static int setup(void **state)
{
	fake_host_reset();
	fake_device = (struct fake_device){ BASE, 0x1000, false, reg_read, reg_write };
	has_srst = has_legacy = false;
	held = 0;
	done[0] = '\0';
	return 0;
}

/** The nodes of that text are children of the controller if @child, otherwise its brothers. */
static void tree(const char *controller, const char *child, const char *brother)
{
	char source[2048];

	snprintf(source, sizeof(source),
		 "/ { #address-cells = <2>; #size-cells = <2>;"
		 "memory@80000000 { device_type = \"memory\"; reg = <0 0x80000000 0 0x10000000>; };"
		 "c: controller@100000 { compatible = \"sifive,test1\", \"syscon\";"
		 "reg = <0 0x100000 0 0x1000>; %s };"
		 "%s }; &c { %s };",
		 child, brother, controller);
	fake_tree(source);
	reset_init();
}

static const char *power_off(void)
{
	done[0] = '\0';
	machine_poweroff(false);
	return done;
}

static const char *reboot(void)
{
	done[0] = '\0';
	machine_reboot();
	return done;
}

/* The order matters: what is registered stays. */

static void what_makes_no_sense_is_refused(void **state)
{
	static const struct {
		const char *controller, *node;
	} each[] = {
		{ "", "regmap = <0x7777>; offset = <0>; value = <1>;" },
		{ "", "regmap = <&c &c>; offset = <0>; value = <1>;" },
		{ "", "offset = <0>; value = <1>;" }, /* the root is no controller */
		{ "compatible = \"vendor,other\";", "regmap = <&c>; offset = <0>; value = <1>;" },
		{ "", "regmap = <&c>; value = <1>;" },
		{ "", "regmap = <&c>; offset = <0>;" },
		{ "", "regmap = <&c>; offset = <0>; value;" },
		{ "", "regmap = <&c>; offset = <0>; value = <1 2>;" },
		{ "", "regmap = <&c>; offset = <0>; value = <1>; mask = <1 2>;" },
		{ "", "regmap = <&c>; offset = <0>; value = [01]; mask = <1>;" },
		{ "", "regmap = <&c>; offset = <0xffd>; value = <1>;" },
		{ "", "regmap = <&c>; offset = <0x1000>; value = <1>;" },
		{ "", "regmap = <&c>; offset = <0xfffffffc>; value = <1>;" },
		{ "reg-io-width = <3>;", "regmap = <&c>; offset = <0>; value = <1>;" },
		{ "reg-io-width = <8>;", "regmap = <&c>; offset = <0>; value = <1>;" },
		{ "reg = <0 0x80000000 0 0x1000>;", "regmap = <&c>; offset = <0>; value = <1>;" },
		{ "/delete-property/ reg;", "regmap = <&c>; offset = <0>; value = <1>;" },
	};
	char node[256];

	for (unsigned int i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		snprintf(node, sizeof(node), "off { compatible = \"syscon-poweroff\"; %s };",
			 each[i].node);
		tree(each[i].controller, "", node);
		if (*power_off())
			fail_msg("%s: does %s", each[i].node, done);
	}
	assert_int_equal(fake_mapped, 0);
	assert_non_null(strstr(fake_findings(FINDING_LESS), "nothing can power it off"));
}

static void firmware_comes_first_and_legacy_last(void **state)
{
	has_srst = true;
	tree("", "", "");
	assert_string_equal(power_off(), "shutdown;");
	assert_string_equal(reboot(), "reboot;");
	assert_string_equal(reset_describe(), "power-off: SBI SRST, reboot: SBI SRST");
	has_srst = false;
	has_legacy = true;
	assert_string_equal(power_off(), "legacy;");
}

static void registers_are_written(void **state)
{
	tree("", "",
	     "reboot { compatible = \"syscon-reboot\"; regmap = <&c>; offset = <8>;"
	     "value = <0x7777>; mask = <0xff00>; };"
	     "poweroff { compatible = \"syscon-poweroff\"; regmap = <&c>; offset = <4>;"
	     "value = <0x5555>; };");
	assert_string_equal(reset_describe(), "power-off: /poweroff, reboot: /reboot");
	assert_string_equal(power_off(), "4 bytes 0x5555 at 0x4;");
	held = 0x12345678;
	assert_string_equal(reboot(), "read;4 bytes 0x12347778 at 0x8;");
	/* Another one is left out. */
	tree("", "off { compatible = \"syscon-poweroff\"; offset = <0>; mask = <0x99>; };", "");
	assert_string_equal(power_off(), "4 bytes 0x5555 at 0x4;");
	assert_non_null(strstr(fake_findings(FINDING_LEFT_OUT), "another one is in use"));
	has_srst = true;
	assert_string_equal(power_off(), "shutdown;4 bytes 0x5555 at 0x4;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_makes_no_sense_is_refused, setup),
		cmocka_unit_test_setup(firmware_comes_first_and_legacy_last, setup),
		cmocka_unit_test_setup(registers_are_written, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
