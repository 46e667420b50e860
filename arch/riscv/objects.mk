# SPDX-License-Identifier: BSD-2-Clause
obj-y += head.o boot.o mmu.o ram.o probe.o trap.o trap_profiled.o hstrap.o light.o exit_light.o exit.o exit_mmio.o exit_misaligned.o guest_byte.o guest_walk.o exit_csr.o exit_satp.o
obj-y += vcpu.o vcpu_switch.o environment.o fp.o vector.o gstage.o gstage_change.o gstage_dirty.o vmid.o machine.o describe.o thread.o time.o
obj-y += probe_limits.o probe_fwft.o registers.o registers_core.o registers_csr.o registers_file.o registers_fpv.o
obj-y += registers_timer.o registers_fwft.o registers_sse.o registers_dbtr.o registers_sbi.o probe_triggers.o
obj-y += doctor.o offer_report.o quirks.o vsfile.o insn.o isa.o seed.o firmware.o stack_protector.o
obj-y += profile.o profile_names.o
obj-y += pmu.o pmu_event.o pmu_host.o registers_pmu.o
# Of light functions, see <core/light.h>.
light-y += light.o exit_light.o seed.o
# Made small instead of quick.
cold-y += $(filter registers% probe%,$(obj-y)) boot.o profile_names.o machine.o describe.o doctor.o offer_report.o quirks.o isa.o mmu.o ram.o
