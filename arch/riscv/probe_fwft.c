/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host's firmware has to allow before guests can have it (SBI FWFT), and what of it a
 * hart then has. Each hart does this for itself; no lock.
 */
#include <arch/boot.h>
#include <arch/csr.h>
#include <arch/describe.h>
#include <arch/fence.h>
#include <arch/firmware.h>
#include <arch/fwft.h>
#include <core/hart.h>
#include <core/options.h>

/*
 * What the firmware is asked for. Some bits of henvcfg are read-only zero without the same bit of
 * menvcfg; LPE and PMM are not, and the hypervisor itself wants neither.
 */
static const struct {
	uint8_t hart_feature;
	uint8_t value;
} firmware_features[FWFT_FEATURES] = {
	[FWFT_MISALIGNED_EXC_DELEG] = { FEATURE_MISALIGNED, 1 },
	[FWFT_LANDING_PAD] = { FEATURE_LANDING_PAD, 0 },
	[FWFT_SHADOW_STACK] = { FEATURE_SHADOW_STACK, 1 },
	[FWFT_DOUBLE_TRAP] = { FEATURE_DOUBLE_TRAP, 1 },
	[FWFT_PTE_AD_HW_UPDATING] = { FEATURE_AD_UPDATING, 1 },
	[FWFT_POINTER_MASKING_PMLEN] = { FEATURE_PMLEN_7, 0 },
};

unsigned int firmware_features_set(const struct hart *hart)
{
	unsigned int done = 0;

	for (unsigned int i = 0; i < FWFT_FEATURES; i++) {
		bool hidden = option_hides(feature_name(firmware_features[i].hart_feature),
					   hart->id);

		if (!firmware_feature_set(i, hidden ? 0 : firmware_features[i].value))
			done |= 1U << i;
	}
	/* menvcfg.ADUE may have changed ('Memory-Management Fences'). */
	sfence_vma_all();
	hfence_gvma_all();
	return done;
}

static bool henvcfg_takes(const struct arch_hart *arch, uint64_t field, uint64_t value)
{
	bool takes;

	if ((arch->henvcfg & field) != field)
		return false;
	csr_write(CSR_HENVCFG, value);
	takes = (csr_read(CSR_HENVCFG) & field) == value;
	csr_write(CSR_HENVCFG, 0);
	return takes;
}

void guest_features_probe(struct hart *hart, unsigned int firmware)
{
	const struct arch_hart *arch = &hart->arch;

	hart_feature_set(hart, FEATURE_MISALIGNED,
			 firmware >> FWFT_MISALIGNED_EXC_DELEG & 1 &&
				 !(CAUSES_MISALIGNED & ~arch->hedeleg));
	hart_feature_set(hart, FEATURE_LANDING_PAD, henvcfg_takes(arch, HENVCFG_LPE, HENVCFG_LPE));
	hart_feature_set(hart, FEATURE_SHADOW_STACK, henvcfg_takes(arch, HENVCFG_SSE, HENVCFG_SSE));
	hart_feature_set(hart, FEATURE_DOUBLE_TRAP, henvcfg_takes(arch, HENVCFG_DTE, HENVCFG_DTE));
	hart_feature_set(hart, FEATURE_AD_UPDATING,
			 henvcfg_takes(arch, HENVCFG_ADUE, HENVCFG_ADUE));
	hart_feature_set(hart, FEATURE_PMLEN_7, henvcfg_takes(arch, HENVCFG_PMM, HENVCFG_PMM_7));
	hart_feature_set(hart, FEATURE_PMLEN_16, henvcfg_takes(arch, HENVCFG_PMM, HENVCFG_PMM_16));
}
