/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of device models in saved VMs, little-endian. A layout that changes gets another
 * version in device_ops.state_version. Reserved fields are 0. Layouts only, so no lock.
 */
#ifndef EMULATORS_STATE_H
#define EMULATORS_STATE_H

#include <core/types.h>

/** "uart", version 1. */
struct uart_state {
	uint8_t ier, lcr, mcr, scr, dll, dlm; /* registers */
	uint8_t modem; /* MSR, 7:4 */
	uint8_t deltas; /* MSR, 3:0 */
	uint8_t fifos; /* 1: on */
	uint8_t trigger; /* bytes: 1, 4, 8, 14 */
	uint8_t thre_pending;
	uint8_t overrun;
	uint8_t starved; /* who sends has bytes that found no room */
	uint8_t count; /* bytes received, 0 to 16 */
	uint8_t reserved[2];
	uint8_t received[16]; /* the oldest first */
};

/** "rtc", version 1. */
struct rtc_state {
	uint64_t offset; /* the guest's clock less the host's, nanoseconds modulo 2^64 */
	uint64_t time; /* the guest's clock when it was saved: it does not go back */
	uint64_t alarm; /* in the guest's time */
	uint32_t time_high; /* the latch */
	uint8_t armed, pending, enabled;
	uint8_t reserved;
};

/** "aplic", version 1: this, a struct of each source from 1 on, a struct of each IDC. */
struct aplic_state {
	uint32_t sources;
	uint32_t idcs; /* one a vCPU in direct mode, 0 in MSI mode */
	uint8_t msi;
	uint8_t enable; /* domaincfg.IE */
	uint8_t reserved[2];
	uint32_t genmsi;
};

#define APLIC_STATE_INPUT 1 /* the level of the wire */
#define APLIC_STATE_PENDING 2
#define APLIC_STATE_ENABLED 4

struct aplic_source_state {
	uint32_t target;
	uint8_t mode; /* sourcecfg.SM */
	uint8_t bits; /* APLIC_STATE_INPUT... */
	uint8_t reserved[2];
};

struct aplic_idc_state {
	uint8_t threshold;
	uint8_t delivery;
	uint8_t force;
	uint8_t reserved[5];
};

/** "plic", version 1: this, then a struct of each context. Bit n of a bitmap is source n. */
struct plic_state {
	uint32_t sources; /* the highest: 95 */
	uint32_t contexts; /* two a vCPU, M first */
	uint32_t input[3]; /* the levels of the wires */
	uint32_t pending[3];
	uint32_t claimed[3]; /* and not completed */
	uint32_t reserved;
	uint8_t priority[96]; /* by source */
};

struct plic_context_state {
	uint32_t enabled[3];
	uint8_t threshold;
	uint8_t reserved[3];
};

_Static_assert(sizeof(struct uart_state) == 32, "uart_state_is_32_bytes");
_Static_assert(sizeof(struct rtc_state) == 32, "rtc_state_is_32_bytes");
_Static_assert(sizeof(struct aplic_state) == 16, "aplic_state_is_16_bytes");
_Static_assert(sizeof(struct aplic_source_state) == 8, "aplic_source_state_is_8_bytes");
_Static_assert(sizeof(struct aplic_idc_state) == 8, "aplic_idc_state_is_8_bytes");
_Static_assert(sizeof(struct plic_state) == 144, "plic_state_is_144_bytes");
_Static_assert(sizeof(struct plic_context_state) == 16, "plic_context_state_is_16_bytes");

#endif
