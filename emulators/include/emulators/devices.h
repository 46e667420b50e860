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
	/** A byte that the guest transmitted. Called with the device's lock held. */
	void (*transmit)(void *opaque, uint8_t byte);
	/** There is room for @room received bytes again (0 < room). Lock held; may be NULL. */
	void (*receive_ready)(void *opaque, unsigned int room);
	void *opaque;
};

/** ns16550a with 16-byte FIFOs, registers one byte apart; interrupt-driven in both directions. */
struct device *uart_create(struct vm *vm, gpa_t base, unsigned int source,
			   const struct uart_host *host);

/** Offers received bytes to the guest; returns how many of @count were taken. Any hart. */
unsigned int uart_receive(struct device *uart, const uint8_t *bytes, unsigned int count);

/** Goldfish RTC. @now returns nanoseconds of wall-clock (or since power-on), monotonic. */
struct device *rtc_create(struct vm *vm, gpa_t base, unsigned int source, uint64_t (*now)(void));

/**
 * Called now and then (at least when the alarm that rtc_alarm() told is due) to raise the
 * alarm. Any hart.
 */
void rtc_poll(struct device *rtc);

/** When the alarm is due, in the unit of @now; UINT64_MAX when none is set. */
uint64_t rtc_alarm(struct device *rtc);

enum reset_request { RESET_POWEROFF, RESET_REBOOT, RESET_FAIL };

/** sifive_test: @request is told at a write of 0x5555, 0x7777 or 0x3333 | code << 16. */
struct device *test_create(struct vm *vm, gpa_t base,
			   void (*request)(struct vm *vm, enum reset_request what, unsigned int code));

struct aplic_config {
	gpa_t base;
	unsigned int sources; /* 1 to 1023 */
	unsigned int vcpus; /* valid hart indexes are 0 to vcpus - 1 */
	bool msi; /* MSI mode through vm_msi_send(); otherwise direct mode with IDCs */
	unsigned int identities; /* of the interrupt files, MSI mode only */
};

/** S-level APLIC domain (AIA 1.0, chapter 4), one mode for life as domaincfg.DM is WARL. */
struct device *aplic_create(struct vm *vm, const struct aplic_config *config);

/** Bytes that the APLIC's window needs for @config. */
uint64_t aplic_size(const struct aplic_config *config);

/** Drives source @source of the APLIC; out of range is ignored. Any hart. */
void aplic_source_set(struct device *aplic, unsigned int source, bool level);

#endif
