/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which debug triggers this hart has for guests, as the firmware says, and the page through which
 * they are set. Before the hart runs any guest; no lock.
 */
#include <arch/boot.h>
#include <arch/describe.h>
#include <arch/firmware.h>
#include <arch/mmu.h>
#include <core/hart.h>
#include <core/options.h>
#include <core/page.h>

#define FID_NUM_TRIGGERS 0
#define FID_SET_SHMEM 1

/** The firmware may have kept another address since the hart was stopped. */
static bool page_set(const struct dbtr_hart *dbtr)
{
	firmware_call(SBI_EXT_DBTR, FID_SET_SHMEM, ~0UL, ~0UL, 0, 0);
	return !firmware_call(SBI_EXT_DBTR, FID_SET_SHMEM, hva_to_hpa(dbtr->page).v, 0, 0, 0).error;
}

void triggers_probe(struct hart *hart)
{
	struct dbtr_hart *dbtr = &hart->arch.dbtr;
	struct sbi_result result;

	dbtr->triggers = 0;
	dbtr->installed = 0;
	if (option_hides(feature_name(FEATURE_SDTRIG), hart->id) || !firmware_has(SBI_EXT_DBTR))
		return;
	result = firmware_call(SBI_EXT_DBTR, FID_NUM_TRIGGERS, TDATA1_MCONTROL6, 0, 0, 0);
	if (result.error || !result.value)
		return;
	if (!dbtr->page)
		dbtr->page = page_alloc_zero();
	if (!dbtr->page || !page_set(dbtr))
		return;
	dbtr->triggers = (uint8_t)MIN(result.value, (unsigned long)DBTR_TRIGGERS);
	hart->arch.features |= BIT(FEATURE_SDTRIG);
}
