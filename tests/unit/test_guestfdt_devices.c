/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the devices in the guest's device tree: interrupt controllers, UART, RTC, power. */
#include <core/guestfdt.h>

#include <errno.h>
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "guest_tree.h"

static void with_imsics_the_aplic_sends_messages(void **state)
{
	struct guest *guest = *state;
	const char *aplic = "/soc/interrupt-controller@d000000", *imsics = "/soc/imsics@28000000";

	guest_build(guest);
	assert_text(guest, aplic, "compatible", "riscv,aplic");
	assert_cells(guest, aplic, "reg", C(0), C(0xd000000), C(0), C(0x8000), END);
	assert_cells(guest, aplic, "riscv,num-sources", C(96), END);
	assert_cells(guest, aplic, "#interrupt-cells", C(2), END);
	assert_cells(guest, aplic, "msi-parent", C(phandle_of(guest, imsics)), END);
	assert_no_property(guest, aplic, "interrupts-extended");
	assert_text(guest, imsics, "compatible", "riscv,imsics");
	assert_cells(guest, imsics, "reg", C(0), C(0x28000000), C(0), C(0x2000), END);
	assert_cells(guest, imsics, "riscv,num-ids", C(255), END);
	assert_cells(guest, imsics, "#interrupt-cells", C(0), END);
	assert_cells(guest, imsics, "interrupts-extended",
		     C(phandle_of(guest, "/cpus/cpu@0/interrupt-controller")), C(9),
		     C(phandle_of(guest, "/cpus/cpu@1/interrupt-controller")), C(9), END);
	property(guest, imsics, "msi-controller", NULL);
	property(guest, imsics, "interrupt-controller", NULL);
}

static void without_imsics_the_aplic_drives_the_vcpus(void **state)
{
	struct guest *guest = *state;
	const char *aplic = "/soc/interrupt-controller@d000000";

	guest->machine.aplic_msi = false;
	guest_build(guest);
	assert_cells(guest, aplic, "interrupts-extended",
		     C(phandle_of(guest, "/cpus/cpu@0/interrupt-controller")), C(9),
		     C(phandle_of(guest, "/cpus/cpu@1/interrupt-controller")), C(9), END);
	assert_no_property(guest, aplic, "msi-parent");
	assert_no_node(guest, "/soc/imsics@28000000");
}

/* The guest's APLIC and IMSICs become a PLIC. */
static void plic_make(struct guest *guest)
{
	memset(&guest->machine.aplic, 0, sizeof(guest->machine.aplic));
	memset(&guest->machine.imsic, 0, sizeof(guest->machine.imsic));
	guest->machine.aplic_msi = false;
	guest->machine.plic = (struct guest_window){ 0xc000000, 0x600000, 0 };
	guest->machine.plic_sources = 95;
}

static void plic_is_that_of_qemu(void **state)
{
	static const char compatible[] = "sifive,plic-1.0.0\0riscv,plic0";
	struct guest *guest = *state;
	const char *plic = "/soc/plic@c000000", *serial = "/soc/serial@10000000";
	uint32_t first, second;
	int size;

	plic_make(guest);
	guest_build(guest);
	first = phandle_of(guest, "/cpus/cpu@0/interrupt-controller");
	second = phandle_of(guest, "/cpus/cpu@1/interrupt-controller");
	assert_memory_equal(property(guest, plic, "compatible", &size), compatible,
			    sizeof(compatible));
	assert_int_equal(size, sizeof(compatible));
	assert_cells(guest, plic, "reg", C(0), C(0xc000000), C(0), C(0x600000), END);
	assert_cells(guest, plic, "riscv,ndev", C(95), END);
	assert_cells(guest, plic, "interrupts-extended", C(first), C(11), C(first), C(9), C(second),
		     C(11), C(second), C(9), END);
	assert_cells(guest, plic, "#interrupt-cells", C(1), END);
	assert_cells(guest, plic, "#address-cells", C(0), END);
	property(guest, plic, "interrupt-controller", NULL);
	assert_cells(guest, serial, "interrupt-parent", C(phandle_of(guest, plic)), END);
	assert_cells(guest, serial, "interrupts", C(10), END);
	assert_cells(guest, "/soc/rtc@101000", "interrupts", C(11), END);
	assert_int_equal(fdt_node_offset_by_compatible(guest->blob, -1, "riscv,aplic"),
			 -FDT_ERR_NOTFOUND);
	assert_int_equal(fdt_node_offset_by_compatible(guest->blob, -1, "riscv,imsics"),
			 -FDT_ERR_NOTFOUND);
	assert_int_equal(dtc_complaints(guest->blob, (size_t)guest->result), 0);
}

static void plic_of_most_vcpus_has_room(void **state)
{
	struct guest *guest = *state;
	int size;

	plic_make(guest);
	vmtree_set_u32(&guest->tree, "/vm", "cpus", MAX_VCPUS);
	guest_build(guest);
	assert_true(guest->result > 0);
	property(guest, "/soc/plic@c000000", "interrupts-extended", &size);
	assert_int_equal(size, MAX_VCPUS * 16);
	assert_int_equal(dtc_complaints(guest->blob, (size_t)guest->result), 0);
}

static void aplic_and_plic_together_are_refused(void **state)
{
	struct guest *guest = *state;

	guest->machine.plic = (struct guest_window){ 0xc000000, 0x600000, 0 };
	guest_build(guest);
	assert_int_equal(guest->result, -EINVAL);
}

static void devices_are_where_the_machine_has_them(void **state)
{
	struct guest *guest = *state;
	uint32_t aplic;

	guest_build(guest);
	aplic = phandle_of(guest, "/soc/interrupt-controller@d000000");
	assert_text(guest, "/soc", "compatible", "simple-bus");
	assert_text(guest, "/soc/serial@10000000", "compatible", "ns16550a");
	assert_cells(guest, "/soc/serial@10000000", "reg", C(0), C(0x10000000), C(0), C(0x100),
		     END);
	assert_cells(guest, "/soc/serial@10000000", "clock-frequency", C(3686400), END);
	assert_cells(guest, "/soc/serial@10000000", "interrupt-parent", C(aplic), END);
	assert_cells(guest, "/soc/serial@10000000", "interrupts", C(10), C(4), END);
	assert_text(guest, "/soc/rtc@101000", "compatible", "google,goldfish-rtc");
	assert_cells(guest, "/soc/rtc@101000", "interrupts", C(11), C(4), END);
	assert_int_equal(fdt_node_check_compatible(guest->blob, node_at(guest, "/soc/test@100000"),
						   "syscon"),
			 0);
	assert_cells(guest, "/poweroff", "regmap", C(phandle_of(guest, "/soc/test@100000")), END);
	assert_cells(guest, "/poweroff", "value", C(0x5555), END);
	assert_cells(guest, "/reboot", "value", C(0x7777), END);
}

static void devices_that_are_not_there_have_no_node(void **state)
{
	struct guest *guest = *state;

	memset(&guest->machine.uart, 0, sizeof(guest->machine.uart));
	memset(&guest->machine.rtc, 0, sizeof(guest->machine.rtc));
	memset(&guest->machine.test, 0, sizeof(guest->machine.test));
	memset(&guest->machine.aplic, 0, sizeof(guest->machine.aplic));
	memset(&guest->machine.imsic, 0, sizeof(guest->machine.imsic));
	guest_build(guest);
	assert_int_equal(fdt_first_subnode(guest->blob, node_at(guest, "/soc")), -FDT_ERR_NOTFOUND);
	assert_no_property(guest, "/chosen", "stdout-path");
	assert_no_node(guest, "/poweroff");
	assert_int_equal(dtc_complaints(guest->blob, (size_t)guest->result), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(with_imsics_the_aplic_sends_messages),
		GUEST_TEST(without_imsics_the_aplic_drives_the_vcpus),
		GUEST_TEST(plic_is_that_of_qemu),
		GUEST_TEST(plic_of_most_vcpus_has_room),
		GUEST_TEST(aplic_and_plic_together_are_refused),
		GUEST_TEST(devices_are_where_the_machine_has_them),
		GUEST_TEST(devices_that_are_not_there_have_no_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
