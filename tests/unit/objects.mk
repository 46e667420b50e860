# SPDX-License-Identifier: BSD-2-Clause
# Unit tests: `tests` lists them, `<test>-y` is what each is compiled from.

# The devices that guests see.
tests += test_swfile
test_swfile-y := emulators/swfile.c tests/unit/fake_device.c tests/unit/test_swfile.c
tests += test_aplic
test_aplic-y := emulators/aplic.c emulators/aplic_direct.c tests/unit/fake_device.c \
	tests/unit/test_aplic.c
tests += test_aplic_direct
test_aplic_direct-y := emulators/aplic.c emulators/aplic_direct.c tests/unit/fake_device.c \
	tests/unit/test_aplic_direct.c
tests += test_uart
test_uart-y := emulators/aplic.c emulators/aplic_direct.c emulators/uart.c \
	tests/unit/fake_device.c tests/unit/test_uart.c
tests += test_rtc
test_rtc-y := emulators/rtc.c tests/unit/fake_device.c tests/unit/test_rtc.c
tests += test_reset_device
test_reset_device-y := emulators/reset.c tests/unit/fake_device.c tests/unit/test_reset_device.c
test_insn-y := arch/riscv/insn.c
test_bundle-y := core/bundle.c core/report.c tests/unit/cpio.c
test_vmdesc-y := core/vmdesc.c core/vmdesc_harts.c core/vmdesc_layout.c core/vmdesc_property.c \
	core/bundle.c core/report.c tests/unit/cpio.c
test_guestfdt-y := core/guestfdt.c core/guestfdt_isa.c $(test_vmdesc-y)
test_hostdt-y := core/hostdt.c
