# SPDX-License-Identifier: BSD-2-Clause
# `fuzz_<name>-y` is what tests/fuzz/fuzz_<name>.c is compiled with.

fuzz_description := core/bundle.c core/report.c core/vmdesc.c core/vmdesc_harts.c \
	core/vmdesc_layout.c core/vmdesc_property.c core/vmdesc_ranges.c \
	core/guestfdt.c core/guestfdt_isa.c tests/unit/cpio.c

fuzz_bundle-y := $(fuzz_description) tests/fuzz/tree.c
fuzz_guestfdt-y := $(fuzz_description)
fuzz_hostdt-y := core/hostdt.c core/hostdt_tree.c arch/riscv/isa.c \
	drivers/irqchip/imsic_layout.c tests/fuzz/tree.c
fuzz_options-y := $(test_options-y)

fuzz_insn-y := $(test_insn-y)
fuzz_sbi-y := $(test_sbi-y)

fuzz_swfile-y := emulators/swfile.c tests/unit/fake_device.c
fuzz_aplic-y := $(test_aplic-y)
fuzz_uart-y := $(test_uart-y)
fuzz_rtc-y := $(test_rtc-y)

fuzz_line-y := $(test_line-y)
fuzz_console-y := $(test_console-y)
fuzz_shell-y := $(test_shell-y)
