# SPDX-License-Identifier: BSD-2-Clause
# The devices that guests see.
obj-y += aplic.o
obj-y += aplic_direct.o
obj-y += aplic_light.o
obj-y += aplic_state.o
obj-y += plic.o
obj-y += plic_state.o
obj-y += reset.o
obj-y += rtc.o
obj-y += swfile.o
obj-y += uart.o
obj-y += uart_light.o
# Of light functions, see <core/light.h>.
light-y += aplic_light.o swfile.o uart_light.o
cold-y += aplic_state.o plic_state.o reset.o rtc.o
