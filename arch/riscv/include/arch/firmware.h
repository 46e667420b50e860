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

#define SBI_EXT_LEGACY_SET_TIMER 0x00
#define SBI_EXT_LEGACY_PUTCHAR 0x01
#define SBI_EXT_LEGACY_GETCHAR 0x02
#define SBI_EXT_LEGACY_CLEAR_IPI 0x03
#define SBI_EXT_LEGACY_SEND_IPI 0x04
#define SBI_EXT_LEGACY_FENCE_I 0x05
#define SBI_EXT_LEGACY_SFENCE 0x06
#define SBI_EXT_LEGACY_SFENCE_ASID 0x07
#define SBI_EXT_LEGACY_SHUTDOWN 0x08
#define SBI_EXT_BASE 0x10
#define SBI_EXT_TIME 0x54494d45
#define SBI_EXT_IPI 0x735049
#define SBI_EXT_RFENCE 0x52464e43
#define SBI_EXT_HSM 0x48534d
#define SBI_EXT_SRST 0x53525354
#define SBI_EXT_DBCN 0x4442434e
#define SBI_EXT_SUSP 0x53555350
#define SBI_EXT_PMU 0x504d55
#define SBI_EXT_SSE 0x535345
#define SBI_EXT_FWFT 0x46574654
#define SBI_EXT_DBTR 0x44425452
#define SBI_EXT_STA 0x535441

/** One SBI call of the host (SBI 3.0, "Binary Encoding"). */
struct sbi_result firmware_call5(unsigned long extension, unsigned long function, unsigned long a0,
				 unsigned long a1, unsigned long a2, unsigned long a3,
				 unsigned long a4);

static inline struct sbi_result firmware_call(unsigned long extension, unsigned long function,
					      unsigned long a0, unsigned long a1, unsigned long a2,
					      unsigned long a3)
{
	return firmware_call5(extension, function, a0, a1, a2, a3, 0);
}

/** Finds out what the firmware offers. Boot hart, once, before anything below is used. */
void firmware_init(void);

/**
 * Forgets what the option `hide` takes away from the hart with that id: "dbcn", "srst". Boot hart,
 * when the options are known.
 */
void firmware_hide(uint64_t hart_id);

/** Whether the firmware has @extension, and its version and implementation, for `host info`. */
bool firmware_has(unsigned long extension);
unsigned long firmware_spec_version(void);
unsigned long firmware_impl_id(void);
unsigned long firmware_impl_version(void);

/** mvendorid, marchid and mimpid of this hart; 0 where the firmware does not tell. */
void firmware_hart_ids(uint64_t *vendor, uint64_t *architecture, uint64_t *implementation);

/** Writes to the firmware's console, by DBCN through a bounce page or legacy putchar. */
void firmware_console_write(const char *text, size_t length);

/**
 * Reads what was typed at the firmware's console, at most @room bytes, by DBCN or legacy getchar.
 * Never waits. The caller serialises both.
 */
size_t firmware_console_read(char *text, size_t room);

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

/**
 * Sets @feature of this hart to @value, not locked (SBI 3.0, "Firmware Features Extension").
 * Returns the SBI error, 0 for success.
 */
long firmware_feature_set(uint32_t feature, unsigned long value);

/**
 * Powers off (SRST shutdown) or reboots; returns only when the firmware cannot. Others call
 * machine_poweroff() and machine_reboot(), which know other ways, too.
 */
void firmware_shutdown(bool failure);
void firmware_reboot(void);

/** The same by the call of SBI 0.1, where there is one. */
void firmware_legacy_shutdown(void);
bool firmware_has_reset(void);
bool firmware_has_legacy_shutdown(void);

#endif
