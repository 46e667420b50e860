/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls into the host's SBI firmware. An address of a guest is never handed to it: what the
 * firmware reads or writes goes through an aligned page of ours. No lock.
 */
#ifndef ARCH_FIRMWARE_H
#define ARCH_FIRMWARE_H

#include <core/types.h>

struct sbi_result {
	long error;
	unsigned long value;
};

#define SBI_EXT_LEGACY_PUTCHAR 0x01
#define SBI_EXT_BASE 0x10
#define SBI_EXT_TIME 0x54494d45
#define SBI_EXT_IPI 0x735049
#define SBI_EXT_RFENCE 0x52464e43
#define SBI_EXT_HSM 0x48534d
#define SBI_EXT_SRST 0x53525354
#define SBI_EXT_DBCN 0x4442434e

/** One SBI call of the host (SBI 3.0, "Binary Encoding"). */
struct sbi_result firmware_call(unsigned long extension, unsigned long function, unsigned long a0,
				unsigned long a1, unsigned long a2, unsigned long a3);

/** Finds out what the firmware offers. Boot hart, once, before anything below is used. */
void firmware_init(void);

/** Whether the firmware has @extension, and its version and implementation, for `host info`. */
bool firmware_has(unsigned long extension);
unsigned long firmware_spec_version(void);
unsigned long firmware_impl_id(void);
unsigned long firmware_impl_version(void);

/** Writes to the firmware's console, by DBCN through a bounce page or legacy putchar. */
void firmware_console_write(const char *text, size_t length);

/** Sends a supervisor software interrupt to the hart with @hart_id. */
void firmware_send_ipi(uint64_t hart_id);

/** Starts a hart at @entry with a1 = @opaque. Returns the SBI error, 0 for success. */
long firmware_hart_start(uint64_t hart_id, hpa_t entry, uint64_t opaque);

/** Stops this hart, whose interrupts are disabled. Returns only if it cannot: the SBI error. */
long firmware_hart_stop(void);

#define FIRMWARE_HART_STOPPED 1 /* of SBI 3.0, "Hart State Management Extension", HSM states */

/** The HSM state of a hart, or a negative SBI error. */
long firmware_hart_status(uint64_t hart_id);

/** Sets the next timer interrupt of this hart, in ticks of `time`. UINT64_MAX: none. */
void firmware_set_timer(uint64_t deadline);

/** Powers off (SRST shutdown) or reboots; returns only when the firmware cannot. */
void firmware_shutdown(bool failure);
void firmware_reboot(void);

#endif
