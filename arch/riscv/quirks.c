/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of errata of harts, and that of cores that are known by name. A row of errata takes
 * features away, as the option `hide` does. Whoever adds one names the erratum. Each hart looks
 * for itself; no lock.
 */
#include <arch/firmware.h>
#include <arch/quirks.h>
#include <core/finding.h>

#define SIFIVE 0x489
#define SIFIVE_P550 UINT64_C(0x8000000000000008)
#define SPACEMIT 0x710

static const struct {
	uint64_t vendor, architecture;
	uint64_t first, last; /* of mimpid */
	uint64_t broken; /* BIT(enum hart_feature) */
	const char *what;
} rows[] = {
	/* XuanTie C910 and C920 before C920v2 have both ids 0. CVE-2024-44067. */
	{ 0x5b7, 0, 0, 0, BIT(FEATURE_VECTOR),
	  "GhostWrite: vector stores go to physical addresses; nobody gets vector" },
	/*
	 * SiFive P550 as in ESWIN's EIC7700: H, but else privileged 1.11, as OpenSBI says there.
	 * henvcfg and senvcfg trap (bao-project/bao-hypervisor#379); state enables, Sstc and AIA
	 * came later still.
	 */
	{ SIFIVE, SIFIVE_P550, 0x6220425, 0x6220425,
	  BIT(FEATURE_HENVCFG) | BIT(FEATURE_SENVCFG) | BIT(FEATURE_HSTATEEN0) |
		  BIT(FEATURE_SSTATEEN0) | BIT(FEATURE_SSSTATEEN) | BIT(FEATURE_SSTC) |
		  BIT(FEATURE_SSAIA),
	  "P550 of EIC7700: H of before privileged 1.12, without henvcfg and senvcfg" },
};

/* UltraRISC's CP100 is missing: nobody has published its ids. Its PLIC's erratum needs none. */
static const struct {
	uint64_t vendor, architecture;
	const char *name;
} cores[] = {
	{ SIFIVE, SIFIVE_P550, "SiFive P550 or P650" },
	{ SPACEMIT, UINT64_C(0x8000000058000001), "SpacemiT X60" },
	{ SPACEMIT, UINT64_C(0x8000000058000002), "SpacemiT X100" },
	{ SPACEMIT, UINT64_C(0x8000000041000002), "SpacemiT A100" },
	{ 0x61f, UINT64_C(0x8000000000010000), "Ventana Veyron V1" },
};

const char *hart_core_name(const struct arch_hart *arch)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(cores); i++)
		if (cores[i].vendor == arch->vendor && cores[i].architecture == arch->architecture)
			return cores[i].name;
	return NULL;
}

void hart_quirks_find(struct hart *hart)
{
	struct arch_hart *arch = &hart->arch;

	firmware_hart_ids(&arch->vendor, &arch->architecture, &arch->implementation);
	arch->broken = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].vendor != arch->vendor || rows[i].architecture != arch->architecture ||
		    arch->implementation < rows[i].first || arch->implementation > rows[i].last)
			continue;
		arch->broken |= rows[i].broken;
		finding_add_hart(FINDING_QUIRK, hart->index, "%s", rows[i].what);
	}
}
