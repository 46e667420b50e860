# SPDX-License-Identifier: BSD-2-Clause
obj-y += irqchip.o
obj-$(DRIVER_IMSIC) += imsic.o imsic_layout.o
obj-$(DRIVER_APLIC) += aplic.o
obj-$(DRIVER_PLIC) += plic.o
