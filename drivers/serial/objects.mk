# SPDX-License-Identifier: BSD-2-Clause
obj-y += serial.o
obj-$(DRIVER_NS16550) += ns16550.o
