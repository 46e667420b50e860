/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for profiles. A new SBI extension gets a line in the table of functions; without one its
 * functions are numbers. Constant, no lock.
 */
#include <arch/csr.h>
#include <arch/firmware.h>
#include <stdio.h>

#include "profile_names.h"

#define FUNCTIONS_MAX 14

/* By function number (SBI 3.0, "Function Listing" of each extension). */
static const struct {
	uint64_t id;
	const char *functions[FUNCTIONS_MAX];
} extensions[] = {
	{ SBI_EXT_BASE,
	  { "get_spec_version", "get_impl_id", "get_impl_version", "probe_extension",
	    "get_mvendorid", "get_marchid", "get_mimpid" } },
	{ SBI_EXT_LEGACY_SET_TIMER, { "set_timer" } },
	{ SBI_EXT_LEGACY_PUTCHAR, { "console_putchar" } },
	{ SBI_EXT_LEGACY_GETCHAR, { "console_getchar" } },
	{ SBI_EXT_LEGACY_CLEAR_IPI, { "clear_ipi" } },
	{ SBI_EXT_LEGACY_SEND_IPI, { "send_ipi" } },
	{ SBI_EXT_LEGACY_FENCE_I, { "remote_fence_i" } },
	{ SBI_EXT_LEGACY_SFENCE, { "remote_sfence_vma" } },
	{ SBI_EXT_LEGACY_SFENCE_ASID, { "remote_sfence_vma_asid" } },
	{ SBI_EXT_LEGACY_SHUTDOWN, { "shutdown" } },
	{ SBI_EXT_TIME, { "set_timer" } },
	{ SBI_EXT_IPI, { "send_ipi" } },
	{ SBI_EXT_RFENCE, { "fence_i", "sfence_vma", "sfence_vma_asid" } },
	{ SBI_EXT_HSM, { "hart_start", "hart_stop", "hart_get_status", "hart_suspend" } },
	{ SBI_EXT_SRST, { "system_reset" } },
	{ SBI_EXT_SUSP, { "system_suspend" } },
	{ SBI_EXT_DBCN, { "write", "read", "write_byte" } },
	{ SBI_EXT_FWFT, { "set", "get" } },
	{ SBI_EXT_STA, { "set_shmem" } },
	{ SBI_EXT_PMU,
	  { "num_counters", "counter_get_info", "counter_config_matching", "counter_start",
	    "counter_stop", "counter_fw_read", "counter_fw_read_hi", "snapshot_set_shmem",
	    "event_get_info" } },
	{ SBI_EXT_SSE,
	  { "read_attrs", "write_attrs", "register", "unregister", "enable", "disable", "complete",
	    "inject", "hart_unmask", "hart_mask" } },
	{ SBI_EXT_DBTR,
	  { "num_triggers", "setup_shmem", "read_triggers", "install_triggers", "update_triggers",
	    "uninstall_triggers", "enable_triggers", "disable_triggers" } },
};

static const struct {
	uint32_t number;
	const char *name;
} csrs[] = {
	{ CSR_SIREG, "sireg" },
	{ CSR_STOPEI, "stopei" },
	{ CSR_SEED, "seed" },
}, interrupts[] = {
	{ IRQ_SSI, "software" },
	{ IRQ_STI, "timer" },
	{ IRQ_SEI, "external" },
	{ IRQ_SGEI, "guest external" },
	{ IRQ_LCOFI, "counter overflow" },
};

const char *profile_function_name(uint64_t id, uint64_t function)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(extensions) && function < FUNCTIONS_MAX; i++)
		if (extensions[i].id == id)
			return extensions[i].functions[function];
	return NULL;
}

void profile_csr_name(uint32_t csr, char *text, size_t size)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(csrs); i++)
		if (csrs[i].number == csr) {
			snprintf(text, size, "CSR %s", csrs[i].name);
			return;
		}
	snprintf(text, size, "CSR 0x%03x", (unsigned int)csr);
}

void profile_interrupt_name(uint32_t interrupt, char *text, size_t size)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(interrupts); i++)
		if (interrupts[i].number == interrupt) {
			snprintf(text, size, "%s interrupt", interrupts[i].name);
			return;
		}
	snprintf(text, size, "interrupt %u", (unsigned int)interrupt);
}
