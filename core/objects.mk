# SPDX-License-Identifier: BSD-2-Clause
obj-y += init.o boot_phases.o lock.o hart.o hart_find.o hart_power.o page.o page_owner.o page_clean.o alloc.o sched.o sched_loop.o sched_place.o sched_take.o timer.o bits.o thread.o
obj-y += hart_files.o intfile.o intfile_policy.o command_files.o
obj-y += piece.o shared_region.o
obj-y += vm.o vm_affinity.o vm_roomy.o vm_memory.o vm_machine.o vm_manager.o vm_dirty.o vcpu.o vcpu_timer.o
obj-y += bundle.o bundle_place.o vmdesc.o vmdesc_harts.o vmdesc_layout.o vmdesc_property.o vmdesc_kinds.o vmdesc_ranges.o vmdesc_set.o
obj-y += command_regs.o
obj-y += guestfdt.o guestfdt_isa.o fdt_writer.o
obj-y += doctor.o finding.o report.o hostdt.o hostdt_tree.o port.o log.o number.o options.o console.o console_input.o panic.o report_log.o
obj-y += checksum.o save_area.o vm_save.o vm_restore.o vm_restore_check.o vm_restore_registers.o command_save.o save_send.o save_config.o save_image.o save_writer.o vmdesc_write.o
obj-y += crash.o shell.o line.o profile.o profile_table.o command_profile.o command.o command_vm.o command_dirty.o command_remap.o command_host.o command_mem.o
# Made small instead of quick: commands, and what is done once for the machine, a hart or a VM.
cold-y += $(filter command% vmdesc% report% save_area% save_config% save_send%,$(obj-y)) shell.o line.o options.o number.o
cold-y += crash.o panic.o init.o boot_phases.o doctor.o finding.o vm_affinity.o vm_manager.o vm_restore_check.o vm_restore_registers.o bundle_place.o
cold-y += vm.o vm_save.o vm_restore.o bundle.o guestfdt.o guestfdt_isa.o fdt_writer.o hostdt.o
cold-y += log.o vm_machine.o save_image.o shared_region.o hart_find.o hart_power.o intfile_policy.o page_owner.o vm_memory.o
