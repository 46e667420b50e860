# SPDX-License-Identifier: BSD-2-Clause
obj-y += driver.o quirks.o
cold-y += driver.o quirks.o
