/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device models of the default machine (QEMU `virt`'s map). Each is made by one function
 * that returns the device, ready to be added to its VM, or NULL when memory is out.
 */
#ifndef EMULATORS_DEVICES_H
#define EMULATORS_DEVICES_H

#include <core/device.h>

/** What a guest's UART needs from its surroundings. */
struct uart_host {
	/** A byte that the guest transmitted. Called with the device's lock held; not NULL. */
	void (*transmit)(void *opaque, uint8_t byte);
	/**
	 * The receiver, which took less than uart_receive() offered, has run empty: there is
	 * room for @room bytes (1 or 16). Lock held, so that uart_receive() is called later, from
	 * elsewhere; may be NULL. Told once for each refusal.
	 */
	void (*receive_ready)(void *opaque, unsigned int room);
	void *opaque;
};

/**
 * ns16550a with 16-byte FIFOs, registers one byte apart in a window of 256 bytes;
 * interrupt-driven in both directions. Level-sensitive, active high, on @source. @host is copied.
 */
struct device *uart_create(struct vm *vm, gpa_t base, unsigned int source,
			   const struct uart_host *host);

/**
 * Offers received bytes to the guest; returns how many of @count were taken: what fits, nothing
 * while the guest has the UART in loopback. Any hart; takes the device's lock.
 */
unsigned int uart_receive(struct device *uart, const uint8_t *bytes, unsigned int count);

/**
 * Goldfish RTC in a window of 4 KiB. @now returns nanoseconds of wall-clock (or since power-on),
 * monotonic; it is called with the device's lock held. A time that the guest sets outlives resets.
 */
struct device *rtc_create(struct vm *vm, gpa_t base, unsigned int source, uint64_t (*now)(void));

/**
 * Called now and then (at least when the alarm that rtc_alarm() told is due) to raise the
 * alarm. Any hart.
 */
void rtc_poll(struct device *rtc);

/**
 * When the alarm is due, in the unit of @now; UINT64_MAX when none is set. A write of the guest
 * to the RTC may change it, so ask again after each. Any hart.
 */
uint64_t rtc_alarm(struct device *rtc);

enum reset_request { RESET_POWEROFF, RESET_REBOOT, RESET_FAIL };

/**
 * sifive_test in a window of 4 KiB: @request is told at a write of 0x5555, 0x7777 or
 * 0x3333 | code << 16 (two bytes wide, code is 0), with no lock held.
 */
struct device *test_create(struct vm *vm, gpa_t base,
			   void (*request)(struct vm *vm, enum reset_request what,
					   unsigned int code));

struct aplic_config {
	gpa_t base;
	unsigned int sources; /* 1 to 1023 */
	unsigned int vcpus; /* valid hart indexes are 0 to vcpus - 1; at most 16384 */
	bool msi; /* MSI mode through vm_msi_send(); otherwise direct mode with IDCs */
	unsigned int identities; /* of the interrupt files, MSI mode only */
};

/**
 * S-level APLIC domain (AIA 1.0, chapter 4), one mode for life as domaincfg.DM is WARL.
 * @config is copied and its ranges are checked. The lock has the rank LOCK_IRQCHIP.
 */
struct device *aplic_create(struct vm *vm, const struct aplic_config *config);

/** Bytes that the APLIC's window needs for @config: a multiple of 4 KiB, 16 KiB or more. */
uint64_t aplic_size(const struct aplic_config *config);

/** Drives source @source of the APLIC; out of range is ignored. Any hart. */
void aplic_source_set(struct device *aplic, unsigned int source, bool level);

#define PLIC_SOURCES 95 /* the highest source */
#define PLIC_MAX_VCPUS 64

/**
 * PLIC (RISC-V PLIC specification 1.0.0) as QEMU's `virt` has it, in a window of 6 MiB: contexts
 * 2h (M, which notifies nobody) and 2h + 1 (S) for each of 1 to PLIC_MAX_VCPUS vCPUs, priorities
 * up to 7, level-sensitive sources. The lock has the rank LOCK_IRQCHIP. Reset it after the
 * devices that drive it: what is high then is pending.
 */
struct device *plic_create(struct vm *vm, gpa_t base, unsigned int vcpus);

/** Drives source @source of the PLIC; out of range is ignored. Any hart. */
void plic_source_set(struct device *plic, unsigned int source, bool level);

#endif
