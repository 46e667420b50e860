# SPDX-License-Identifier: BSD-2-Clause
# `fuzz_<name>-y` is what tests/fuzz/fuzz_<name>.c is compiled with.

fuzz_description := core/bundle.c core/report.c core/vmdesc.c core/vmdesc_harts.c \
	core/vmdesc_kinds.c core/vmdesc_layout.c core/vmdesc_property.c core/vmdesc_ranges.c core/vmdesc_set.c core/vmdesc_write.c $(save_reader) \
	core/guestfdt.c core/guestfdt_isa.c core/fdt_writer.c tests/unit/cpio.c

fuzz_bundle-y := $(fuzz_description) tests/fuzz/tree.c
fuzz_guestfdt-y := $(fuzz_description)
fuzz_hostdt-y := core/hart_find.c core/hostdt.c core/hostdt_tree.c core/bundle_place.c core/report.c \
	arch/riscv/ram.c arch/riscv/isa.c \
	$(wildcard drivers/*.c drivers/*/*.c) \
	tests/fuzz/tree.c tests/fuzz/damage.c tests/fuzz/fake_boards.c
fuzz_options-y := $(test_options-y)

fuzz_insn-y := $(test_insn-y)
fuzz_sbi-y := $(test_sbi-y)
fuzz_sbi_state-y := $(test_sbi-y)

fuzz_swfile-y := emulators/swfile.c tests/unit/fake_device.c
fuzz_aplic-y := $(aplic)
fuzz_plic-y := $(plic)
fuzz_uart-y := $(test_uart-y)
fuzz_rtc-y := $(test_rtc-y)

fuzz_registers-y := core/vm_restore_registers.c core/save_image.c core/save_writer.c core/checksum.c core/report.c tests/unit/cpio.c \
	$(test_registers-y)

fuzz_line-y := $(test_line-y)
fuzz_console-y := $(console)
fuzz_shell-y := $(test_shell-y)

fuzz_restore-y := core/save_writer.c $(fuzz_description) emulators/uart.c emulators/uart_light.c emulators/rtc.c emulators/plic.c emulators/plic_state.c \
	$(aplic)
