# SPDX-License-Identifier: BSD-2-Clause
obj-y += init.o lock.o hart.o hart_power.o page.o page_owner.o page_clean.o alloc.o sched.o timer.o thread.o
obj-y += hart_files.o intfile.o intfile_policy.o command_files.o
obj-y += piece.o shared_region.o
obj-y += vm.o vm_affinity.o vm_memory.o vm_machine.o vm_manager.o vm_dirty.o vcpu.o
obj-y += bundle.o vmdesc.o vmdesc_harts.o vmdesc_layout.o vmdesc_property.o vmdesc_ranges.o
obj-y += guestfdt.o guestfdt_isa.o
obj-y += report.o hostdt.o hostdt_tree.o port.o log.o number.o options.o console.o panic.o report_log.o
obj-y += crash.o shell.o line.o command.o command_vm.o command_dirty.o command_remap.o command_host.o command_mem.o
