# SPDX-License-Identifier: BSD-2-Clause
# `test_<name>-y` is what tests/unit/test_<name>.c is compiled with.

# The devices that guests see.
test_swfile-y := emulators/swfile.c tests/unit/fake_device.c
test_swfile_producers-y := $(test_swfile-y)
aplic := emulators/aplic.c emulators/aplic_light.c emulators/aplic_direct.c emulators/aplic_state.c tests/unit/fake_device.c
test_aplic-y := tests/unit/aplic_world.c $(aplic)
test_aplic_random-y := $(test_aplic-y)
test_aplic_direct-y := $(test_aplic-y)
plic := emulators/plic.c emulators/plic_state.c tests/unit/fake_device.c
test_plic-y := tests/unit/plic_world.c $(plic)
test_plic_claims-y := $(test_plic-y)
test_plic_random-y := $(plic)
test_uart-y := emulators/uart.c emulators/uart_light.c tests/unit/fake_device.c
test_rtc-y := emulators/rtc.c tests/unit/fake_device.c
test_reset_device-y := emulators/reset.c tests/unit/fake_device.c
test_device_chain-y := emulators/swfile.c emulators/uart.c emulators/uart_light.c $(aplic)

test_insn-y := arch/riscv/insn.c
test_bundle-y := core/bundle.c core/report.c tests/unit/cpio.c
save_reader := core/save_image.c core/save_config.c core/checksum.c
test_vmdesc-y := core/vmdesc.c core/vmdesc_harts.c core/vmdesc_kinds.c core/vmdesc_layout.c core/vmdesc_property.c \
	core/vmdesc_ranges.c core/vmdesc_set.c core/vmdesc_write.c $(save_reader) \
	core/bundle.c core/report.c tests/unit/cpio.c tests/unit/vmtree.c
test_save_config-y := core/save_writer.c $(test_vmdesc-y)
$(foreach part,damage layout property ranges set show,$(eval test_vmdesc_$(part)-y := $(test_vmdesc-y)))
test_guestfdt-y := core/guestfdt.c core/guestfdt_isa.c core/fdt_writer.c tests/unit/guest_tree.c $(test_vmdesc-y)
test_guestfdt_devices-y := $(test_guestfdt-y)
test_guestfdt_room-y := $(test_guestfdt-y)
test_save_image-y := tests/unit/save_sample.c core/save_image.c core/save_writer.c core/checksum.c core/report.c tests/unit/cpio.c
test_save_device-y := emulators/plic.c emulators/plic_state.c emulators/uart.c emulators/uart_light.c emulators/rtc.c $(aplic)
# Runs the packer too.
test_hvpack-y := tools/hvpack/archive.c tools/hvpack/input.c $(test_bundle-y)
$(O)/unit/test_hvpack: | $(O)/host/hvpack
test_hostdt-y := core/hostdt.c core/hostdt_tree.c
test_bundle_place-y := core/bundle_place.c core/report.c core/hostdt.c core/hostdt_tree.c tests/unit/cpio.c

# Log, console and shell.
test_log-y := core/log.c core/port.c core/report.c core/report_log.c tests/unit/fake_host.c
test_finding-y := core/finding.c core/log.c core/port.c tests/unit/fake_host.c
test_options-y := core/options.c core/vmdesc_harts.c core/number.c core/log.c core/port.c tests/unit/fake_host.c
console := core/console.c core/console_input.c core/finding.c $(test_options-y)
test_console-y := tests/unit/console_world.c $(console)
test_console_input-y := $(test_console-y)
test_line-y := core/line.c tests/unit/fake_terminal.c
test_shell-y := core/shell.c core/line.c core/command.c core/command_vm.c core/command_host.c core/command_files.c \
	core/command_mem.c core/command_regs.c tests/unit/fake_registers.c tests/unit/shell_world.c \
	arch/riscv/describe.c arch/riscv/isa.c $(console)
$(foreach part,host regs vm,$(eval test_command_$(part)-y := $(test_shell-y)))

# Drivers of the host's devices.
driver := drivers/driver.c drivers/quirks.c core/hostdt.c core/hostdt_tree.c core/finding.c \
	$(test_options-y) tests/unit/fake_mmio.c
test_host_serial-y := $(addprefix drivers/serial/,serial.c ns16550.c sifive.c sbi.c) $(driver)
test_host_plic-y := drivers/irqchip/plic.c $(driver)
test_host_reset-y := drivers/reset/reset.c drivers/reset/syscon.c $(driver)

# What guests see of SBI and of the ISA.
test_sbi-y := $(wildcard arch/riscv/sbi/*.c) arch/riscv/pmu.c arch/riscv/pmu_event.c arch/riscv/pmu_host.c \
	tests/unit/fake_dbtr.c tests/unit/fake_pmu.c \
	tests/unit/fake_sbi.c
$(foreach part,calls dbcn hsm,$(eval test_sbi_$(part)-y := $(test_sbi-y)))
test_fwft-y := $(test_sbi-y)
test_sbi_sta-y := arch/riscv/registers_sbi.c $(test_sbi-y)
test_sbi_legacy-y := $(test_sbi-y)
test_sse-y := tests/unit/fake_sse.c $(test_sbi-y)
test_sse_entry-y := $(test_sse-y)
test_sse_random-y := $(test_sse-y)
test_pmu-y := tests/unit/pmu_guest.c $(test_sbi-y)
$(foreach part,hart memory overflow,$(eval test_pmu_$(part)-y := $(test_pmu-y)))
test_dbtr-y := $(test_sbi-y)
test_isa-y := arch/riscv/isa.c
test_doctor-y := arch/riscv/doctor.c arch/riscv/describe.c arch/riscv/isa.c arch/riscv/quirks.c \
	core/finding.c $(test_options-y)

page := core/page.c core/page_owner.c

# Memory, time and the scheduler, on the real spinlocks. The tests of page and alloc include what
# they test.
fake_machine := core/lock.c tests/unit/fake_hart.c
FAKE_FAILING := -Wl,--wrap=page_alloc,--wrap=page_alloc_zero,--wrap=alloc_zero
test_page-y := core/page_owner.c $(fake_machine)
test_page_owner-y := $(fake_machine)
test_page_random-y := $(fake_machine)
# Boards by their device trees, as booting sees them.
test_machines-y := core/hart_find.c core/hostdt.c core/hostdt_tree.c arch/riscv/ram.c arch/riscv/isa.c \
	drivers/irqchip/imsic_layout.c tests/unit/fake_boot.c
test_harts_find-y := $(test_machines-y)
test_quirks-y := arch/riscv/quirks.c
test_hart_power-y := core/hart_power.c tests/unit/fake_hart.c
test_imsic_layout-y := drivers/irqchip/imsic_layout.c core/hostdt.c core/hostdt_tree.c
test_alloc-y := $(page) $(fake_machine)
test_vmid-y := arch/riscv/vmid.c $(fake_machine)
test_timer-y := core/timer.c core/alloc.c $(page) $(fake_machine)
test_vcpu_timer-y := core/vcpu_timer.c core/timer.c core/alloc.c $(page) $(fake_machine)
gstage := arch/riscv/gstage.c arch/riscv/vmid.c $(page) core/alloc.c \
	arch/riscv/gstage_change.c arch/riscv/gstage_dirty.c core/hart.c core/timer.c \
	tests/unit/gstage_walker.c tests/unit/fake_failing.c $(fake_machine)
test_gstage-y := tests/unit/gstage_world.c $(gstage)
test_gstage_ranges-y := $(test_gstage-y)
FAKE_OWNER := ,--wrap=page_owner,--wrap=page_owner_next
test_gstage_model-y := tests/unit/fake_owner.c $(gstage)
test_gstage_dirty-y := $(gstage)
test_gstage_walker-y := $(gstage)
test_gstage_random-y := tests/unit/fake_owner.c $(gstage)
test_gstage_fence-y := tests/unit/fake_tlb.c $(gstage)
test_gstage-libs := $(FAKE_FAILING)
test_gstage_ranges-libs := $(FAKE_FAILING)
test_gstage_model-libs := $(FAKE_FAILING)$(FAKE_OWNER)
test_gstage_dirty-libs := $(FAKE_FAILING)
test_gstage_walker-libs := $(FAKE_FAILING)
test_gstage_random-libs := $(FAKE_FAILING)$(FAKE_OWNER)
test_gstage_fence-libs := $(FAKE_FAILING),--wrap=page_free,--wrap=page_free_hva
sched := core/sched.c core/sched_loop.c core/sched_place.c core/sched_take.c core/hart.c core/timer.c core/alloc.c $(page) $(fake_machine)
test_sched-y := tests/unit/sched_world.c $(sched)
test_sched_harts-y := $(test_sched-y)
test_sched_turns-y := $(test_sched-y)
test_sched_notify-y := $(test_sched-y)
profile := core/profile.c core/profile_table.c tests/unit/fake_profile.c
test_profile-y := $(profile) core/hart.c core/timer.c core/alloc.c $(page) tests/unit/fake_failing.c $(fake_machine)
test_profile-libs := $(FAKE_FAILING)
test_sched_races-y := core/hart_power.c $(profile) $(sched)
vm_world := $(addprefix core/,hart_files.c intfile.c intfile_policy.c number.c vm.c vm_affinity.c vm_roomy.c vm_memory.c \
		piece.c shared_region.c vm_machine.c vcpu.c vcpu_timer.c timer.c hart.c alloc.c page.c page_owner.c \
		guestfdt.c guestfdt_isa.c fdt_writer.c hostdt.c hostdt_tree.c report_log.c report.c bundle.c \
		vmdesc.c vmdesc_harts.c vmdesc_kinds.c vmdesc_layout.c vmdesc_property.c vmdesc_ranges.c vmdesc_set.c vmdesc_write.c) \
	$(save_reader) $(addprefix core/,save_writer.c vm_save.c vm_restore.c vm_restore_check.c vm_restore_registers.c) \
	$(addprefix arch/riscv/,gstage.c gstage_change.c gstage_dirty.c vmid.c machine.c isa.c describe.c) \
	$(addprefix emulators/,aplic.c aplic_light.c aplic_direct.c aplic_state.c plic.c plic_state.c swfile.c uart.c uart_light.c rtc.c reset.c) \
	tests/unit/fake_vsfile.c tests/unit/fake_failing.c tests/unit/vm_world.c $(profile) $(fake_machine)
$(foreach part,create life affinity memory ranges devices save,\
	$(eval test_vm_$(part)-y := $(vm_world))$(eval test_vm_$(part)-libs := $(FAKE_FAILING)))
test_vm_save-libs := $(FAKE_FAILING),--wrap=vm_control_yield
test_vm_offer-y := arch/riscv/offer_report.c $(vm_world)
test_vm_offer-libs := $(FAKE_FAILING)

test_intfile-y := tests/unit/intfile_world.c core/intfile.c core/hart_files.c core/timer.c core/hart.c $(page) core/alloc.c \
	arch/riscv/gstage.c arch/riscv/gstage_change.c arch/riscv/gstage_dirty.c arch/riscv/vmid.c emulators/swfile.c tests/unit/fake_vsfile.c \
	tests/unit/gstage_walker.c tests/unit/fake_failing.c $(fake_machine)
test_intfile-libs := $(FAKE_FAILING)
test_intfile_steps-y := $(test_intfile-y)
test_intfile_steps-libs := $(FAKE_FAILING)

test_intfile_policy-y := core/intfile_policy.c core/hart_files.c core/hart.c core/timer.c $(page) core/alloc.c \
	tests/unit/policy_world.c $(fake_machine)
test_intfile_promises-y := $(test_intfile_policy-y)

# Exits of guests.
test_exit_csr-y := arch/riscv/exit_csr.c arch/riscv/exit_light.c arch/riscv/exit_satp.c emulators/swfile.c \
	tests/unit/csr_exit.c tests/unit/fake_exit.c
test_exit_satp-y := $(test_exit_csr-y)
test_exit_misaligned-y := arch/riscv/exit_misaligned.c arch/riscv/insn.c tests/unit/fake_exit.c
test_guest_walk-y := arch/riscv/guest_walk.c tests/unit/fake_exit.c
test_exit_msi-y := arch/riscv/exit_light.c emulators/swfile.c tests/unit/fake_exit.c
test_exit_mmio-y := arch/riscv/exit_light.c arch/riscv/insn.c emulators/swfile.c tests/unit/fake_exit.c
test_read_virtual-y := arch/riscv/exit_misaligned.c arch/riscv/insn.c tests/unit/fake_exit.c

# What a vCPU has, by number.
test_registers-y := $(addprefix arch/riscv/,registers.c registers_core.c registers_csr.c registers_file.c \
		registers_fpv.c registers_fwft.c registers_pmu.c pmu_event.c registers_sbi.c registers_sse.c registers_dbtr.c registers_timer.c sbi/fwft.c \
		sbi/sse_kind.c sbi/dbtr_rules.c) \
	emulators/swfile.c tests/unit/register_opinion.c tests/unit/register_world.c $(fake_machine)
test_registers_set-y := $(test_registers-y)
