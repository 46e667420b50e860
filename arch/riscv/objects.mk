# SPDX-License-Identifier: BSD-2-Clause
obj-y += head.o boot.o mmu.o probe.o trap.o hstrap.o exit.o exit_mmio.o exit_csr.o
obj-y += vcpu.o fp.o vector.o gstage.o gstage_change.o gstage_dirty.o vmid.o machine.o describe.o thread.o time.o
obj-y += vsfile.o insn.o isa.o firmware.o stack_protector.o
