/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver of the host's PLIC, with a PLIC that is acted out: contexts of all kinds of boards,
 * claims of one with UR-CP100's erratum, edges of C900's.
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
#include <core/hart.h>
#include <core/hostdt.h>
#include <drivers/driver.h>
#include <errno.h>

#define BASE 0xc000000
#define SOURCES 160

static uint32_t pending[8], enabled[32][8], priority[SOURCES + 1], claimed;
static unsigned int context; /* that is claimed from */
static bool erratum; /* several at a time give a wrong source */
static bool locked; /* enables are written with the lock held from now on */
static bool level[SOURCES + 1]; /* raises its source for as long as it is set */
static struct irqchip *registered;
static void (*external)(void);
static void (*hart_init)(void);
static char trace[1024];
static struct hart the_hart_here;

size_t firmware_console_read(char *text, size_t room)
{
	return 0;
}

void irqchip_register(struct irqchip *chip)
{
	registered = chip;
}

int irqchip_set_root(const char *name, void (*handle)(void), void (*init)(void))
{
	external = handle;
	hart_init = init;
	return 0;
}

bool irqchip_boot_hart(void)
{
	return true;
}

/* ---- the PLIC ---- */

static uint32_t claim(void)
{
	unsigned int best = 0, count = 0;

	for (unsigned int i = SOURCES; i; i--)
		if ((pending[i / 32] & enabled[context][i / 32]) >> (i % 32) & 1 && priority[i]) {
			best = i;
			count++;
		}
	if (erratum && count > 1)
		fail_msg("a claim while %u sources are pending and enabled", count);
	if (!best)
		return 0;
	pending[best / 32] &= ~(1U << best % 32);
	claimed = best;
	snprintf(trace + strlen(trace), sizeof(trace) - strlen(trace), "claim %u;", best);
	return best;
}

static uint64_t plic_read(uint64_t offset, unsigned int bytes)
{
	assert_int_equal(bytes, 4);
	if (offset < 0x1000)
		return priority[offset / 4];
	if (offset < 0x1080)
		return pending[(offset - 0x1000) / 4];
	if (offset < 0x200000)
		return enabled[(offset - 0x2000) / 0x80][offset % 0x80 / 4];
	if (offset == 0x200000 + context * 0x1000UL)
		return 7;
	assert_int_equal(offset, 0x200004 + context * 0x1000UL);
	return claim();
}

static void plic_write(uint64_t offset, unsigned int bytes, uint64_t value)
{
	assert_int_equal(bytes, 4);
	if (offset < 0x1000) {
		assert_true(offset / 4 && offset / 4 <= SOURCES);
		priority[offset / 4] = (uint32_t)value;
	} else if (offset < 0x200000) {
		assert_true(!locked || !fake_no_lock_held());
		enabled[(offset - 0x2000) / 0x80][offset % 0x80 / 4] = (uint32_t)value;
	} else if (offset == 0x200004 + context * 0x1000UL) {
		assert_int_equal(value, claimed);
		/* Of a source that is not enabled it would be ignored. */
		assert_true(enabled[context][value / 32] >> (value % 32) & 1);
		if (level[value])
			pending[value / 32] |= 1U << value % 32;
		snprintf(trace + strlen(trace), sizeof(trace) - strlen(trace), "complete;");
	} else {
		assert_int_equal(offset, 0x200000 + context * 0x1000UL);
	}
}

static int setup(void **state)
{
	fake_host_reset();
	memset(pending, 0, sizeof(pending));
	memset(enabled, 0, sizeof(enabled));
	memset(level, 0, sizeof(level));
	memset(priority, 0xff, sizeof(priority));
	erratum = locked = false;
	trace[0] = '\0';
	registered = NULL;
	external = NULL;
	the_hart_here = (struct hart){ .id = 0x10 };
	fake_hart_self = &the_hart_here;
	fake_device = (struct fake_device){ BASE, 0x4000000, false, plic_read, plic_write };
	return 0;
}

#define CPU(id, label)                                                   \
	"cpu@" #id " { device_type = \"cpu\"; reg = <0x" #id ">; " label \
	": interrupt-controller { compatible = \"riscv,cpu-intc\"; #interrupt-cells = <1>; }; };"

static int probe(const char *properties)
{
	static const struct driver *const drivers[] = { &plic_driver, NULL };
	char source[2048];

	snprintf(source, sizeof(source),
		 "/ { #address-cells = <2>; #size-cells = <2>;"
		 "memory@80000000 { device_type = \"memory\"; reg = <0 0x80000000 0 0x10000000>; };"
		 "cpus { #address-cells = <1>; #size-cells = <0>; %s %s };"
		 "p: plic@c000000 { compatible = \"sifive,plic-1.0.0\";"
		 "reg = <0 0xc000000 0 0x4000000>;"
		 "riscv,ndev = <160>;"
		 "#interrupt-cells = <1>; interrupt-controller; }; }; &p { %s };",
		 CPU(0, "a"), CPU(10, "b"), properties);
	fake_tree(source);
	return drivers_probe(drivers) == 1 ? 0 : -1;
}

static void contexts_are_found_on_boards_of_all_kinds(void **state)
{
	static const struct {
		const char *parents;
		unsigned int context;
	} each[] = {
		{ "interrupts-extended = <&a 11>, <&a 9>, <&b 11>, <&b 9>;", 3 },
		/* the first hart has no S-mode */
		{ "interrupts-extended = <&a 11>, <&b 11>, <&b 9>;", 2 },
		/* three a hart */
		{ "interrupts-extended = <&a 11>, <&a 9>, <&a 10>, <&b 11>, <&b 9>, <&b 10>;", 4 },
		/* contexts that are not connected */
		{ "interrupts-extended = <&a 0xffffffff>, <&a 0xffffffff>, <&b 11>, <&b 9>;", 3 },
		/* a hart that is nobody's */
		{ "interrupts-extended = <&a 11>, <0x1234 9>, <0 0>, <&b 11>, <&b 9>;", 4 },
		{ "interrupts-extended = <&b 9>;", 0 },
	};

	for (unsigned int i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		setup(state);
		context = each[i].context;
		memset(enabled[context], 0xff, sizeof(enabled[context]));
		assert_int_equal(probe(each[i].parents), 0);
		assert_int_equal(enabled[context][0] | enabled[context][5], 0);
		hart_init();
	}
}

static unsigned int handled;

static void handler(void *opaque)
{
	const unsigned int *source = opaque;

	handled++;
	level[*source] = false;
	snprintf(trace + strlen(trace), sizeof(trace) - strlen(trace), "handle %u;", *source);
}

/** Leaves the level as it is. */
static void storm(void *opaque)
{
	handled++;
	trace[0] = '\0';
}

static int request(unsigned int *source, uint32_t type, struct irq_action *action)
{
	uint32_t cells[2] = { *source, type };

	*action = (struct irq_action){ .handler = handler, .opaque = source, .chip = registered };
	return registered->request(registered, cells, type ? 2 : 1, action);
}

#define PARENTS "interrupts-extended = <&a 11>, <&a 9>, <&b 11>, <&b 9>;"

static void claims_are_alone_with_the_erratum(void **state)
{
	static unsigned int sources[] = { 10, 11, 40, 160 };
	static struct irq_action actions[4];

	context = 3;
	erratum = true;
	assert_int_equal(
		probe("compatible = \"ultrarisc,dp1000-plic\", \"ultrarisc,cp100-plic\";" PARENTS),
		0);
	assert_non_null(strstr(fake_findings(FINDING_QUIRK), "UR-CP100 claim erratum"));
	locked = true;
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(request(&sources[i], 0, &actions[i]), 0);
	for (unsigned int i = 0; i < 4; i++)
		pending[sources[i] / 32] |= 1U << sources[i] % 32;
	pending[1] |= 1; /* pending, but nobody's */
	handled = 0;
	external();
	assert_int_equal(handled, 4);
	assert_string_equal(trace, "claim 10;handle 10;complete;claim 11;handle 11;complete;"
				   "claim 40;handle 40;complete;claim 160;handle 160;complete;");
	assert_int_equal(enabled[3][0], 1U << 10 | 1U << 11);
	assert_int_equal(enabled[3][1], 1U << 8);
	assert_int_equal(enabled[3][5], 1U);
}

static void without_the_erratum_enables_stay(void **state)
{
	static unsigned int sources[] = { 10, 11 };
	static struct irq_action actions[2];

	context = 3;
	assert_int_equal(probe(PARENTS), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(request(&sources[i], 0, &actions[i]), 0);
		pending[0] |= 1U << sources[i];
	}
	external();
	assert_string_equal(trace, "claim 10;handle 10;complete;claim 11;handle 11;complete;");
	assert_int_equal(request(&sources[0], 0, &actions[0]), -EBUSY);
}

static void edges_complete_first_where_the_gateway_knows_edges(void **state)
{
	static unsigned int sources[] = { 10, 11 };
	static struct irq_action actions[2];

	context = 3;
	assert_int_equal(probe("compatible = \"sophgo,sg2044-plic\", \"thead,c900-plic\";" PARENTS),
			 0);
	assert_int_equal(request(&sources[0], 1, &actions[0]), 0);
	assert_int_equal(request(&sources[1], 4, &actions[1]), 0);
	pending[0] = 3U << 10;
	external();
	assert_string_equal(trace, "claim 10;complete;handle 10;claim 11;handle 11;complete;");
}

static void a_storm_ends(void **state)
{
	static unsigned int source = 10;
	static struct irq_action action;

	context = 3;
	assert_int_equal(probe(PARENTS), 0);
	assert_int_equal(request(&source, 0, &action), 0);
	action.handler = storm;
	level[10] = true;
	pending[0] = 1U << 10;
	handled = 0;
	external();
	assert_true(handled > 1 && handled < 1000);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const each[] = {
		"riscv,ndev = <0>;" PARENTS,
		"riscv,ndev = <1024>;" PARENTS,
		"riscv,ndev = <0xffffffff>;" PARENTS,
		"/delete-property/ riscv,ndev;" PARENTS,
		"reg = <0 0xc000000 0 0x200000>;" PARENTS,
		"reg = <0 0xc000000 0 0x203000>;" PARENTS,
		"reg = <0 0xc000800 0 0x4000000>;" PARENTS,
		"reg = <0 0x7ff00000 0 0x4000000>;" PARENTS,
		"reg = <0xffffffff 0xff000000 0 0x1000000>;" PARENTS,
		"/delete-property/ reg;" PARENTS,
		"",
		"interrupts-extended = <1>;",
		"interrupts-extended = [01 02 03];",
		"interrupts-extended = <&a 11>, <&a 9>;",
		"interrupts-extended = <&b 11>;",
	};

	context = 3;
	for (unsigned int i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		if (!probe(each[i]))
			fail_msg("%s: is used", each[i]);
		assert_null(registered);
	}
	assert_int_equal(fake_objects(), 0);
	assert_null(strstr(fake_findings(FINDING_LEFT_OUT), "something that it names"));
	fake_device.silent = true;
	assert_int_equal(probe(PARENTS), -1);
	assert_non_null(strstr(fake_findings(FINDING_LEFT_OUT),
			       "/plic@c000000: plic: nothing answers at its address"));
}

static void a_request_that_makes_no_sense_is_refused(void **state)
{
	static unsigned int sources[] = { 0, 161, UINT32_MAX };
	static struct irq_action action;
	uint32_t cells[3] = { 10, 4, 0 };

	context = 3;
	assert_int_equal(probe(PARENTS), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(request(&sources[i], 0, &action), -EINVAL);
	assert_int_equal(registered->request(registered, cells, 3, &action), -EINVAL);
	assert_int_equal(registered->request(registered, cells, 0, &action), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_makes_no_sense_is_refused, setup),
		cmocka_unit_test_setup(contexts_are_found_on_boards_of_all_kinds, setup),
		cmocka_unit_test_setup(claims_are_alone_with_the_erratum, setup),
		cmocka_unit_test_setup(without_the_erratum_enables_stay, setup),
		cmocka_unit_test_setup(edges_complete_first_where_the_gateway_knows_edges, setup),
		cmocka_unit_test_setup(a_storm_ends, setup),
		cmocka_unit_test_setup(a_request_that_makes_no_sense_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
