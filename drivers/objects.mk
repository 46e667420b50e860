# SPDX-License-Identifier: BSD-2-Clause
obj-y += driver.o
