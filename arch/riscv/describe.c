/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Describes harts and firmware for `host info`, in the words of the specifications. No lock: it
 * only reads what does not change after boot.
 */
#include <arch/describe.h>

#include <arch/firmware.h>
#include <arch/isa.h>
#include <core/hart.h>
#include <core/hart_files.h>
#include <core/text.h>
#include <stdio.h>
#include <string.h>

#define LINE 240
#define COLUMNS 96

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
	[FEATURE_SSSTATEEN] = "ssstateen",
	[FEATURE_ZKR] = "zkr",
	[FEATURE_SSCOFPMF] = "sscofpmf",
	[FEATURE_SDTRIG] = "sdtrig",
	[FEATURE_HTINST] = "htinst",
	[FEATURE_HTVAL] = "htval",
	[FEATURE_MISALIGNED] = "misaligned",
	[FEATURE_LANDING_PAD] = "landing-pad",
	[FEATURE_SHADOW_STACK] = "shadow-stack",
	[FEATURE_DOUBLE_TRAP] = "double-trap",
	[FEATURE_AD_UPDATING] = "ad-updating",
	[FEATURE_PMLEN_7] = "pmlen-7",
	[FEATURE_PMLEN_16] = "pmlen-16",
};

/* How each feature was looked for, and the extension of the device tree that promises it. */
static const struct {
	const char *by;
	uint8_t extension; /* ISA_COUNT: none */
} probes[FEATURE_COUNT] = {
	[FEATURE_SSTC] = { "henvcfg.STCE, stimecmp", ISA_SSTC },
	[FEATURE_SSAIA] = { "hvictl", ISA_SSAIA },
	[FEATURE_HENVCFG] = { "henvcfg", ISA_COUNT },
	[FEATURE_HSTATEEN0] = { "hstateen0", ISA_SMSTATEEN },
	[FEATURE_SSTATEEN0] = { "sstateen0", ISA_SSSTATEEN },
	[FEATURE_SENVCFG] = { "senvcfg", ISA_COUNT },
	[FEATURE_FP] = { "sstatus.FS", ISA_F },
	[FEATURE_VECTOR] = { "sstatus.VS", ISA_ZVE32X },
	[FEATURE_SVINVAL] = { "device tree", ISA_SVINVAL },
	[FEATURE_SVNAPOT] = { "device tree", ISA_SVNAPOT },
	[FEATURE_SSSTATEEN] = { "sstateen0-3, hstateen0-3", ISA_SSSTATEEN },
	[FEATURE_ZKR] = { "seed", ISA_ZKR },
	[FEATURE_SSCOFPMF] = { "scountovf, scountinhibit, hvien.LCOFI, sie.LCOFI", ISA_SSCOFPMF },
	[FEATURE_SDTRIG] = { "SBI DBTR", ISA_COUNT },
	[FEATURE_HTINST] = { "taken for granted", ISA_COUNT },
	[FEATURE_HTVAL] = { "taken for granted", ISA_COUNT },
	[FEATURE_MISALIGNED] = { "SBI FWFT, hedeleg", ISA_COUNT },
	[FEATURE_LANDING_PAD] = { "henvcfg.LPE", ISA_ZICFILP },
	[FEATURE_SHADOW_STACK] = { "SBI FWFT, henvcfg.SSE", ISA_ZICFISS },
	[FEATURE_DOUBLE_TRAP] = { "SBI FWFT, henvcfg.DTE", ISA_SSDBLTRP },
	[FEATURE_AD_UPDATING] = { "SBI FWFT, henvcfg.ADUE", ISA_SVADU },
	[FEATURE_PMLEN_7] = { "henvcfg.PMM", ISA_SSNPM },
	[FEATURE_PMLEN_16] = { "henvcfg.PMM", ISA_SSNPM },
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

const char *feature_probe(enum hart_feature feature)
{
	return probes[feature].by;
}

enum isa_extension feature_extension(enum hart_feature feature)
{
	return probes[feature].extension;
}

void isa_set_say(const char *title, const struct isa_set *set, void (*line)(const char *text))
{
	const char *names[ISA_COUNT];
	unsigned int count = isa_list(set, names, ISA_COUNT);
	char buffer[LINE];
	struct text text = text_in(buffer, sizeof(buffer));

	text_add(&text, "%s", title);
	for (unsigned int i = 0; i < count; i++) {
		if (text.length + 1 + strlen(names[i]) > COLUMNS) {
			line(buffer);
			text = text_in(buffer, sizeof(buffer));
		}
		text_add(&text, "%s%s", text.length ? " " : "  ", names[i]);
	}
	if (!count)
		text_add(&text, " none that is known");
	line(buffer);
}

void arch_hart_describe(const struct hart *hart, void (*line)(const char *text))
{
	char buffer[LINE];
	struct text text = text_in(buffer, sizeof(buffer));

	for (unsigned int i = 0; i < FEATURE_COUNT; i++)
		if (arch_hart_has(&hart->arch, (enum hart_feature)i))
			text_add(&text, "%s%s", text.length ? " " : "",
				 feature_name((enum hart_feature)i));
	line(buffer);

	text = text_in(buffer, sizeof(buffer));
	if (hart->arch.gstage_bare)
		text_add(&text, "Bare ");
	for (unsigned int levels = 3; levels <= 5; levels++)
		if (hart->arch.gstage_modes >> levels & 1)
			text_add(&text, "Sv%ux4 ", 9 * levels + 12);
	text_add(&text, "VMID bits %u, guest interrupt files %u of %u, VLEN %u",
		 hart->arch.vmid_bits, hart->files ? hart->files->limit : 0, hart->arch.guest_files,
		 (unsigned int)hart->arch.vlenb * 8);
	line(buffer);
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
