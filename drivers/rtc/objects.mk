# SPDX-License-Identifier: BSD-2-Clause
obj-y += rtc.o
obj-$(DRIVER_GOLDFISH_RTC) += goldfish.o
cold-y += $(obj-y)
