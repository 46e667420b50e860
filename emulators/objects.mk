# SPDX-License-Identifier: BSD-2-Clause
# The devices that guests see.
obj-y += aplic.o
obj-y += aplic_direct.o
obj-y += reset.o
obj-y += rtc.o
obj-y += swfile.o
obj-y += uart.o
