/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the payload `mmio` share: where devices are, loads and stores as single
 * instructions, and the tests of the devices themselves.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SOURCE 20 /* an APLIC source that no device uses, as the nine behind it */

/* 0: there is none. There always is a UART. */
extern unsigned long uart, rtc, reset;

/* Runs a load into `rd` with rs1 = address and checks the result and all other registers. */
void expect_load(uint32_t instruction, unsigned int rd, unsigned int rs1, unsigned long base,
		 unsigned long wanted, bool user);

/* Runs a store with rs1 = base and rs2 = value; all registers keep their values. */
void expect_store(uint32_t instruction, unsigned int rs1, unsigned long base, unsigned int rs2,
		  unsigned long value);

/* In mmio_devices.c. */
void test_rtc(void);
void test_reset_device(void);
void test_uart(void);
void test_all_harts(void);
