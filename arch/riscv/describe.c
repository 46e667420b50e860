/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Describes harts and firmware for `host info`, in the words of the specifications. No lock: it
 * only reads what does not change after boot.
 */
#include <arch/describe.h>

#include <arch/firmware.h>
#include <core/hart.h>
#include <core/hart_files.h>
#include <stdio.h>

#define LINE 120

static const char *const feature_names[FEATURE_COUNT] = {
	[FEATURE_SSTC] = "sstc",
	[FEATURE_SSAIA] = "ssaia",
	[FEATURE_HENVCFG] = "henvcfg",
	[FEATURE_HSTATEEN0] = "hstateen0",
	[FEATURE_SSTATEEN0] = "sstateen0",
	[FEATURE_SENVCFG] = "senvcfg",
	[FEATURE_FP] = "fp",
	[FEATURE_VECTOR] = "vector",
	[FEATURE_SVINVAL] = "svinval",
	[FEATURE_SVNAPOT] = "svnapot",
	[FEATURE_HTINST] = "htinst",
};

/** SBI implementation ids (SBI 3.0, "SBI Implementation IDs"). */
static const char *const firmware_names[] = {
	"BBL",	  "OpenSBI",	 "Xvisor",	  "KVM",      "RustSBI", "Diosix",
	"Coffer", "Xen Project", "PolarFire HSS", "coreboot", "oreboot", "bhyve",
};

const char *feature_name(enum hart_feature feature)
{
	return feature < FEATURE_COUNT && feature_names[feature] ? feature_names[feature] : "?";
}

void arch_hart_describe(const struct hart *hart, void (*line)(const char *text))
{
	char text[LINE];
	size_t at = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < FEATURE_COUNT && at < sizeof(text); i++) {
		if (arch_hart_has(&hart->arch, (enum hart_feature)i))
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? " " : "",
					       feature_name((enum hart_feature)i));
	}
	line(text);

	at = 0;
	for (unsigned int levels = 3; levels <= 5; levels++) {
		if (hart->arch.gstage_modes >> levels & 1)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "Sv%ux4 ",
					       9 * levels + 12);
	}
	snprintf(text + at, sizeof(text) - at,
		 "VMID bits %u, guest interrupt files %u of %u, VLEN %u", hart->arch.vmid_bits,
		 hart->files ? hart->files->limit : 0, hart->arch.guest_files,
		 (unsigned int)hart->arch.vlenb * 8);
	line(text);
}

void arch_firmware_describe(void (*line)(const char *text))
{
	unsigned long spec = firmware_spec_version();
	unsigned long id = firmware_impl_id();
	unsigned long version = firmware_impl_version();
	const char *name = id < ARRAY_SIZE(firmware_names) ? firmware_names[id] : "unknown";
	char text[LINE];

	/* OpenSBI numbers its versions like the specification: major << 16 | minor. */
	snprintf(text, sizeof(text), "SBI %lu.%lu, %s (%lu) version %lu.%lu", spec >> 24 & 0x7f,
		 spec & 0xffffff, name, id, version >> 16, version & 0xffff);
	line(text);
}
