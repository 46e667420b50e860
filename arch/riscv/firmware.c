/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls into the host's SBI firmware. What the firmware offers is asked once, while booting, and
 * does not change; the bounce page of the console is guarded by the log's lock, or by whoever
 * took over the console. The firmware is only ever given addresses of that one page.
 */
#include <arch/firmware.h>
#include <arch/mmu.h>
#include <arch/sbi.h>
#include <core/options.h>
#include <string.h>

/* Functions, by extension (SBI 3.0). */
#define BASE_SPEC_VERSION 0
#define BASE_IMPL_ID 1
#define BASE_IMPL_VERSION 2
#define BASE_PROBE 3
#define BASE_MVENDORID 4
#define BASE_MARCHID 5
#define BASE_MIMPID 6
#define TIME_SET_TIMER 0
#define IPI_SEND 0
#define HSM_START 0
#define HSM_STOP 1
#define HSM_GET_STATUS 2
#define SRST_RESET 0
#define FWFT_SET 0
#define DBCN_WRITE 0
#define DBCN_READ 1

#define SRST_SHUTDOWN 0
#define SRST_COLD_REBOOT 1
#define SRST_NO_REASON 0
#define SRST_SYSTEM_FAILURE 1

/* A console that takes nothing this often is left alone: the rest of the text is lost. */
#define CONSOLE_RETRIES 100000

static struct {
	unsigned long spec_version;
	unsigned long impl_id;
	unsigned long impl_version;
	unsigned long mvendorid;
	unsigned long marchid;
	unsigned long mimpid;
	bool has_console; /* DBCN */
	bool has_reset; /* SRST */
	bool has_legacy_shutdown;
	hpa_t bounce;
} firmware;

static uint8_t bounce_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

struct sbi_result firmware_call5(unsigned long extension, unsigned long function, unsigned long a0,
				 unsigned long a1, unsigned long a2, unsigned long a3,
				 unsigned long a4)
{
	register unsigned long reg_a0 __asm__("a0") = a0;
	register unsigned long reg_a1 __asm__("a1") = a1;
	register unsigned long reg_a2 __asm__("a2") = a2;
	register unsigned long reg_a3 __asm__("a3") = a3;
	register unsigned long reg_a4 __asm__("a4") = a4;
	register unsigned long reg_a6 __asm__("a6") = function;
	register unsigned long reg_a7 __asm__("a7") = extension;

	__asm__ volatile("ecall"
			 : "+r"(reg_a0), "+r"(reg_a1)
			 : "r"(reg_a2), "r"(reg_a3), "r"(reg_a4), "r"(reg_a6), "r"(reg_a7)
			 : "memory");
	return (struct sbi_result){ .error = (long)reg_a0, .value = reg_a1 };
}

/** A value that BASE gives; 0 when the firmware has no BASE (SBI 0.1). */
static unsigned long base_value(unsigned long function)
{
	struct sbi_result result = firmware_call(SBI_EXT_BASE, function, 0, 0, 0, 0);

	return result.error == SBI_SUCCESS ? result.value : 0;
}

void firmware_init(void)
{
	firmware.spec_version = base_value(BASE_SPEC_VERSION);
	firmware.impl_id = base_value(BASE_IMPL_ID);
	firmware.impl_version = base_value(BASE_IMPL_VERSION);
	firmware.mvendorid = base_value(BASE_MVENDORID);
	firmware.marchid = base_value(BASE_MARCHID);
	firmware.mimpid = base_value(BASE_MIMPID);
	firmware.bounce = hva_to_hpa(bounce_page);
	firmware.has_console = firmware_has(SBI_EXT_DBCN);
	firmware.has_reset = firmware_has(SBI_EXT_SRST);
	/* Before version 0.2 nobody could be asked. */
	firmware.has_legacy_shutdown = !firmware.spec_version ||
				       firmware_has(SBI_EXT_LEGACY_SHUTDOWN);
}

void firmware_hide(uint64_t hart_id)
{
	firmware.has_console &= !option_hides("dbcn", hart_id);
	firmware.has_reset &= !option_hides("srst", hart_id);
	firmware.has_legacy_shutdown &= !option_hides("srst", hart_id);
}

bool firmware_has_reset(void)
{
	return firmware.has_reset;
}

bool firmware_has_legacy_shutdown(void)
{
	return firmware.has_legacy_shutdown;
}

void firmware_hart_ids(uint64_t *vendor, uint64_t *architecture, uint64_t *implementation)
{
	*vendor = base_value(BASE_MVENDORID);
	*architecture = base_value(BASE_MARCHID);
	*implementation = base_value(BASE_MIMPID);
}

bool firmware_has(unsigned long extension)
{
	struct sbi_result result = firmware_call(SBI_EXT_BASE, BASE_PROBE, extension, 0, 0, 0);

	return result.error == SBI_SUCCESS && result.value != 0;
}

unsigned long firmware_spec_version(void)
{
	return firmware.spec_version;
}

unsigned long firmware_impl_id(void)
{
	return firmware.impl_id;
}

unsigned long firmware_impl_version(void)
{
	return firmware.impl_version;
}

unsigned long firmware_mvendorid(void)
{
	return firmware.mvendorid;
}

unsigned long firmware_marchid(void)
{
	return firmware.marchid;
}

unsigned long firmware_mimpid(void)
{
	return firmware.mimpid;
}

/** Writes what the bounce page holds. False when the firmware refused it or takes no more. */
static bool bounce_write(size_t length)
{
	unsigned int retries = 0;
	size_t done = 0;

	while (done < length) {
		struct sbi_result result = firmware_call(SBI_EXT_DBCN, DBCN_WRITE, length - done,
							 firmware.bounce.v + done, 0, 0);

		if (result.error != SBI_SUCCESS || result.value > length - done)
			return false;
		if (result.value)
			retries = 0;
		else if (++retries > CONSOLE_RETRIES)
			return false;
		done += result.value;
	}
	return true;
}

void firmware_console_write(const char *text, size_t length)
{
	while (firmware.has_console && length) {
		size_t chunk = MIN(length, sizeof(bounce_page));

		memcpy(bounce_page, text, chunk);
		if (!bounce_write(chunk))
			return;
		text += chunk;
		length -= chunk;
	}
	while (length--)
		firmware_call(SBI_EXT_LEGACY_PUTCHAR, 0, (uint8_t)*text++, 0, 0, 0);
}

size_t firmware_console_read(char *text, size_t room)
{
	size_t count = 0;

	if (firmware.has_console) {
		size_t most = MIN(room, sizeof(bounce_page));
		struct sbi_result result = firmware_call(SBI_EXT_DBCN, DBCN_READ, most,
							 firmware.bounce.v, 0, 0);

		if (result.error != SBI_SUCCESS || result.value > most)
			return 0;
		memcpy(text, bounce_page, result.value);
		return result.value;
	}
	while (count < room) {
		/* The byte is in the place of the error; what is negative is none. */
		long byte = firmware_call(SBI_EXT_LEGACY_GETCHAR, 0, 0, 0, 0, 0).error;

		if (byte < 0 || byte > UINT8_MAX)
			break;
		text[count++] = (char)byte;
	}
	return count;
}

void firmware_send_ipi(uint64_t hart_id)
{
	/* Bit 0 from hart_id on, so that any hart id does. Who waits for an answer gives up. */
	firmware_call(SBI_EXT_IPI, IPI_SEND, 1, hart_id, 0, 0);
}

long firmware_hart_start(uint64_t hart_id, hpa_t entry, uint64_t opaque)
{
	return firmware_call(SBI_EXT_HSM, HSM_START, hart_id, entry.v, opaque, 0).error;
}

long firmware_hart_stop(void)
{
	return firmware_call(SBI_EXT_HSM, HSM_STOP, 0, 0, 0, 0).error;
}

long firmware_hart_status(uint64_t hart_id)
{
	struct sbi_result result = firmware_call(SBI_EXT_HSM, HSM_GET_STATUS, hart_id, 0, 0, 0);

	return result.error ? result.error : (long)result.value;
}

void firmware_set_timer(uint64_t deadline)
{
	firmware_call(SBI_EXT_TIME, TIME_SET_TIMER, deadline, 0, 0, 0);
}

long firmware_feature_set(uint32_t feature, unsigned long value)
{
	return firmware_call(SBI_EXT_FWFT, FWFT_SET, feature, value, 0, 0).error;
}

void firmware_shutdown(bool failure)
{
	firmware_call(SBI_EXT_SRST, SRST_RESET, SRST_SHUTDOWN,
		      failure ? SRST_SYSTEM_FAILURE : SRST_NO_REASON, 0, 0);
}

void firmware_reboot(void)
{
	firmware_call(SBI_EXT_SRST, SRST_RESET, SRST_COLD_REBOOT, SRST_NO_REASON, 0, 0);
}

void firmware_legacy_shutdown(void)
{
	if (firmware.has_legacy_shutdown)
		firmware_call(SBI_EXT_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0);
}
