# SPDX-License-Identifier: BSD-2-Clause
# `test_<name>-y` is what tests/unit/test_<name>.c is compiled with.

# The devices that guests see.
test_swfile-y := emulators/swfile.c tests/unit/fake_device.c
test_swfile_producers-y := $(test_swfile-y)
test_aplic-y := emulators/aplic.c emulators/aplic_direct.c tests/unit/fake_device.c
test_aplic_random-y := $(test_aplic-y)
test_aplic_direct-y := $(test_aplic-y)
test_uart-y := emulators/uart.c tests/unit/fake_device.c
test_rtc-y := emulators/rtc.c tests/unit/fake_device.c
test_reset_device-y := emulators/reset.c tests/unit/fake_device.c
test_device_chain-y := emulators/swfile.c emulators/uart.c $(test_aplic-y)

test_insn-y := arch/riscv/insn.c
test_bundle-y := core/bundle.c core/report.c tests/unit/cpio.c
test_vmdesc-y := core/vmdesc.c core/vmdesc_harts.c core/vmdesc_layout.c core/vmdesc_property.c \
	core/vmdesc_ranges.c core/bundle.c core/report.c tests/unit/cpio.c tests/unit/vmtree.c
test_vmdesc_layout-y := $(test_vmdesc-y)
test_guestfdt-y := core/guestfdt.c core/guestfdt_isa.c $(test_vmdesc-y)
# Runs the packer too.
test_hvpack-y := tools/hvpack/archive.c tools/hvpack/input.c $(test_bundle-y)
$(O)/unit/test_hvpack: | $(O)/host/hvpack
test_hostdt-y := core/hostdt.c core/hostdt_tree.c

# Log, console and shell.
test_log-y := core/log.c core/port.c core/report.c core/report_log.c tests/unit/fake_host.c
test_options-y := core/options.c core/vmdesc_harts.c core/number.c core/log.c core/port.c tests/unit/fake_host.c
test_console-y := core/console.c $(test_options-y)
test_line-y := core/line.c
test_shell-y := core/shell.c core/line.c core/command.c core/command_vm.c core/command_host.c core/command_files.c \
	core/command_mem.c \
	arch/riscv/describe.c $(test_console-y)

# What guests see of SBI and of the ISA.
test_sbi-y := $(addprefix arch/riscv/sbi/,base.c dbcn.c hsm.c ipi.c rfence.c sbi.c srst.c time.c) \
	tests/unit/fake_sbi.c
test_isa-y := arch/riscv/isa.c

page := core/page.c core/page_owner.c

# Memory, time and the scheduler, on the real spinlocks. The tests of page and alloc include what
# they test.
fake_machine := core/lock.c tests/unit/fake_hart.c
FAKE_FAILING := -Wl,--wrap=page_alloc,--wrap=page_alloc_zero,--wrap=alloc_zero
test_page-y := core/page_owner.c $(fake_machine)
test_page_owner-y := $(fake_machine)
test_imsic_layout-y := drivers/irqchip/imsic_layout.c core/hostdt.c core/hostdt_tree.c
test_alloc-y := $(page) $(fake_machine)
test_vmid-y := arch/riscv/vmid.c $(fake_machine)
test_timer-y := core/timer.c core/alloc.c $(page) $(fake_machine)
test_gstage-y := arch/riscv/gstage.c arch/riscv/vmid.c $(page) core/alloc.c \
	arch/riscv/gstage_change.c arch/riscv/gstage_dirty.c core/hart.c core/timer.c \
	tests/unit/gstage_walker.c tests/unit/fake_failing.c $(fake_machine)
test_gstage_model-y := $(test_gstage-y)
test_gstage_dirty-y := $(test_gstage-y)
test_gstage_walker-y := $(test_gstage-y)
test_gstage_random-y := $(test_gstage-y)
test_gstage_fence-y := tests/unit/fake_tlb.c $(test_gstage-y)
test_gstage-libs := $(FAKE_FAILING)
test_gstage_model-libs := $(FAKE_FAILING)
test_gstage_dirty-libs := $(FAKE_FAILING)
test_gstage_walker-libs := $(FAKE_FAILING)
test_gstage_random-libs := $(FAKE_FAILING)
test_gstage_fence-libs := $(FAKE_FAILING),--wrap=page_free,--wrap=page_free_hva
test_sched-y := core/sched.c core/hart.c core/timer.c core/alloc.c $(page) $(fake_machine)
test_sched_races-y := core/hart_power.c $(test_sched-y)
test_vm-y := $(addprefix core/,hart_files.c intfile.c intfile_policy.c number.c vm.c vm_affinity.c vm_memory.c \
		piece.c shared_region.c vm_machine.c vcpu.c timer.c hart.c alloc.c page.c page_owner.c \
		guestfdt.c guestfdt_isa.c hostdt.c hostdt_tree.c report_log.c report.c bundle.c \
		vmdesc.c vmdesc_harts.c vmdesc_layout.c vmdesc_property.c vmdesc_ranges.c) \
	$(addprefix arch/riscv/,gstage.c gstage_change.c gstage_dirty.c vmid.c machine.c isa.c describe.c) \
	$(addprefix emulators/,aplic.c aplic_direct.c swfile.c uart.c rtc.c reset.c) \
	tests/unit/fake_vsfile.c tests/unit/fake_failing.c $(fake_machine)
test_vm-libs := $(FAKE_FAILING)

test_intfile-y := core/intfile.c core/hart_files.c core/timer.c core/hart.c $(page) core/alloc.c \
	arch/riscv/gstage.c arch/riscv/gstage_change.c arch/riscv/gstage_dirty.c arch/riscv/vmid.c emulators/swfile.c tests/unit/fake_vsfile.c \
	$(fake_machine)

test_intfile_policy-y := core/intfile_policy.c core/hart_files.c core/hart.c core/timer.c $(page) core/alloc.c $(fake_machine)

# Exits of guests.
test_exit_csr-y := arch/riscv/exit_csr.c emulators/swfile.c tests/unit/fake_exit.c
test_exit_mmio-y := arch/riscv/insn.c tests/unit/fake_exit.c
