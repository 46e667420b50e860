/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debug triggers of this hart, by the firmware's DBTR and the page that it was told of when the
 * hart was started. Only enabled triggers of the loaded vCPU are in the hart. Owned by the hart.
 */
#include <arch/sbi.h>
#include <core/hart.h>
#include <core/log.h>

#include "extensions.h"

#define FID_READ 2
#define FID_INSTALL 3
#define FID_UNINSTALL 5

/** What a hart may say of a trigger by itself. */
#define HARDWARE_BITS (MCONTROL6_UNCERTAIN | MCONTROL6_HIT0 | MCONTROL6_HIT1)

/** The guest's S- and U-mode are modes with V = 1; no trigger of ours matches another one. */
static uint64_t host_tdata1(uint64_t tdata1)
{
	uint64_t host = tdata1 & ~(MCONTROL6_S | MCONTROL6_U);

	host |= tdata1 & MCONTROL6_S ? MCONTROL6_VS : 0;
	host |= tdata1 & MCONTROL6_U ? MCONTROL6_VU : 0;
	return host;
}

/** Installs one; one at a time, as fewer than all are allowed in a call. */
static bool host_install(struct dbtr_hart *hart, uint64_t tdata1, uint64_t tdata2)
{
	struct dbtr_entry *entry = hart->page;
	struct sbi_result result;

	*entry = (struct dbtr_entry){ { UINT64_MAX, host_tdata1(tdata1), tdata2, 0 } };
	result = firmware_call(SBI_EXT_DBTR, FID_INSTALL, 1, 0, 0, 0);
	if (result.error || entry->words[0] >= 64)
		return false;
	hart->installed |= BIT(entry->words[0]);
	return true;
}

static void host_remove(struct dbtr_hart *hart)
{
	if (hart->installed)
		firmware_call(SBI_EXT_DBTR, FID_UNINSTALL, 0, hart->installed, 0, 0);
	hart->installed = 0;
}

bool dbtr_hart_takes(uint64_t tdata1, uint64_t tdata2)
{
	struct dbtr_hart *hart = &hart_self()->arch.dbtr;
	const uint64_t *words = hart->page->words;
	bool takes = host_install(hart, tdata1, tdata2);

	/* What the hart cannot do it does not keep. The last trigger of a hart cannot be read. */
	if (takes && hart->installed == 1 && hart->triggers > 1 &&
	    !firmware_call(SBI_EXT_DBTR, FID_READ, 0, 1, 0, 0).error)
		takes = (words[1] & ~HARDWARE_BITS) == host_tdata1(tdata1) && words[2] == tdata2;
	host_remove(hart);
	return takes;
}

void dbtr_install(struct vcpu *vcpu)
{
	struct dbtr_hart *hart = &hart_self()->arch.dbtr;

	host_remove(hart);
	for (unsigned int i = 0; i < vcpu->vm->arch.triggers; i++) {
		const struct dbtr_trigger *trigger = &vcpu->arch.dbtr.triggers[i];

		if (!(trigger->state & TRIGGER_MAPPED) ||
		    !(trigger->tdata1 & (MCONTROL6_S | MCONTROL6_U)))
			continue;
		if (!host_install(hart, trigger->tdata1, trigger->tdata2))
			log_limited("%s: the firmware refuses debug trigger %u of vCPU %u",
				    vcpu->vm->name, i, vcpu->index);
	}
}

void dbtr_remove(struct vcpu *vcpu)
{
	(void)vcpu;
	host_remove(&hart_self()->arch.dbtr);
}
