# SPDX-License-Identifier: BSD-2-Clause
obj-y += reset.o
obj-$(DRIVER_SYSCON_RESET) += syscon.o
cold-y += $(obj-y)
