# SPDX-License-Identifier: BSD-2-Clause
obj-y += sbi.o base.o time.o ipi.o rfence.o hsm.o srst.o dbcn.o
