/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the payload `plic` share: the sources that can be driven, the UART's "holding
 * register empty" (in loopback) and the RTC's alarm, and the tests with several harts.
 */
#pragma once

#include <stdbool.h>

/* The machine runs no hypervisor, so QEMU's PLIC is looked at. */
extern bool bare;
extern unsigned int uart_source, rtc_source;

/* Finds both devices in the device tree; false if one is missing. */
bool sources_find(void);

/* Makes both ready, and both sources low. */
void devices_open(void);

/* A source is high from then on until it is lowered. */
void uart_raise(void);
void uart_lower(void);
void rtc_raise(void);
void rtc_lower(void);

/* Nothing is pending, claimed or enabled in any S context, and both sources are low. */
void all_quiet(void);

/* In plic_harts.c. */
void test_racing_claims(void);
void test_none_lost(void);
