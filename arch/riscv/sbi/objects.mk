# SPDX-License-Identifier: BSD-2-Clause
obj-y += sbi.o shmem.o base.o time.o ipi.o rfence.o hsm.o srst.o dbcn.o susp.o fwft.o
obj-y += sse.o sse_event.o sse_entry.o sse_kind.o
obj-y += pmu.o pmu_shmem.o dbtr.o dbtr_hart.o dbtr_rules.o
obj-y += sta.o legacy.o
light-y += time.o ipi.o rfence.o hsm.o fwft.o
cold-y += dbtr.o dbtr_rules.o legacy.o shmem.o srst.o sse_event.o susp.o
