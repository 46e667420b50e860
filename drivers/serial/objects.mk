# SPDX-License-Identifier: BSD-2-Clause
obj-y += serial.o sbi.o
obj-$(DRIVER_NS16550) += ns16550.o
obj-$(DRIVER_SIFIVE_UART) += sifive.o
