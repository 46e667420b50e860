/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that is known about a hart and the firmware, for reports: what probing found, by what, and
 * why something is not there. No lock: it only reads what does not change after boot.
 */
#include <arch/describe.h>

#include <arch/csr.h>
#include <arch/firmware.h>
#include <arch/isa.h>
#include <arch/quirks.h>
#include <core/hart_files.h>
#include <core/options.h>
#include <core/text.h>
#include <drivers/irqchip.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE 200

static void __attribute__((format(printf, 2, 3))) say(void (*line)(const char *text),
						      const char *fmt, ...)
{
	char text[LINE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	line(text);
}

static void feature_say(const struct hart *hart, enum hart_feature feature,
			void (*line)(const char *text))
{
	bool has = arch_hart_has(&hart->arch, feature), promised;
	enum isa_extension extension = feature_extension(feature);
	const char *why = "";

	if (!has && option_hides(feature_name(feature), hart->id))
		why = ", hidden by an option";
	else if (!has && hart->arch.broken >> feature & 1)
		why = ", taken away by a quirk";
	promised = extension < ISA_COUNT && isa_has(&hart->arch.isa, extension);
	say(line, "%-12s %-3s (%s%s%s)", feature_name(feature), has ? "yes" : "no",
	    feature_probe(feature), why,
	    extension == ISA_COUNT || promised == has ? ""
	    : promised				      ? "; the device tree says yes"
						      : "; the device tree says no");
}

static void limits_say(const struct arch_hart *arch, void (*line)(const char *text))
{
	say(line, "henvcfg 0x%" PRIx64 ", hstateen0 0x%" PRIx64 "%s, hedeleg 0x%" PRIx64,
	    arch->henvcfg, arch->hstateen0,
	    arch_hart_has(arch, FEATURE_HSTATEEN0) ? "" : " (not there)", arch->hedeleg);
	say(line,
	    "of guests: satp modes 0x%" PRIx64 ", satp 0x%" PRIx64 ", sstatus 0x%" PRIx64
	    ", scounteren 0x%" PRIx64,
	    arch->limits[LIMIT_SATP_MODES], arch->limits[LIMIT_SATP], arch->limits[LIMIT_SSTATUS],
	    arch->limits[LIMIT_SCOUNTEREN]);
	say(line,
	    "of guests: senvcfg 0x%" PRIx64 ", sstateen0 0x%" PRIx64 ", siselect 0x%" PRIx64
	    ", scause 0x%" PRIx64 ", stvec modes 0x%" PRIx64,
	    arch->limits[LIMIT_SENVCFG], arch->limits[LIMIT_SSTATEEN0],
	    arch->limits[LIMIT_SISELECT], arch->limits[LIMIT_SCAUSE],
	    arch->limits[LIMIT_STVEC_MODES]);
}

static void gstage_say(const struct hart *hart, void (*line)(const char *text))
{
	const struct arch_hart *arch = &hart->arch;

	say(line, "G-stage:%s%s%s%s, VMID bits %u; mmu-type %s", arch->gstage_bare ? " Bare" : "",
	    arch->gstage_modes & BIT(3) ? " Sv39x4" : "",
	    arch->gstage_modes & BIT(4) ? " Sv48x4" : "",
	    arch->gstage_modes & BIT(5) ? " Sv57x4" : "", arch->vmid_bits,
	    arch->mmu_type ? arch->mmu_type : "not told");
	say(line,
	    "guest interrupt files: %u in use of %u (hgeie and reg), %u pages in the IMSIC's reg",
	    hart->files ? hart->files->limit : 0, arch->guest_files,
	    imsic_guest_files(hart->index));
}

static void rest_say(const struct arch_hart *arch, void (*line)(const char *text))
{
	say(line, "VLEN %u; blocks: cbom %u, cboz %u, cbop %u bytes; debug triggers %u",
	    (unsigned int)arch->vlenb * 8, (unsigned int)arch->cbom_block,
	    (unsigned int)arch->cboz_block, (unsigned int)arch->cbop_block, arch->dbtr.triggers);
	say(line, "counters 0x%x, flexible 0x%x; cycle %u bits, hpmcounter3 %u bits",
	    (unsigned int)arch->counters.present, (unsigned int)arch->counters.flexible,
	    arch->counters.width[0], arch->counters.width[3]);
}

void arch_hart_report(const struct hart *hart, void (*line)(const char *text))
{
	const struct arch_hart *arch = &hart->arch;
	const char *name = hart_core_name(arch);

	say(line, "mvendorid 0x%" PRIx64 ", marchid 0x%" PRIx64 ", mimpid 0x%" PRIx64 "%s%s",
	    arch->vendor, arch->architecture, arch->implementation, name ? ": " : "",
	    name ? name : "");
	isa_set_say("ISA of the device tree:", &arch->isa, line);
	for (unsigned int i = 0; i < FEATURE_COUNT; i++)
		feature_say(hart, (enum hart_feature)i, line);
	gstage_say(hart, line);
	limits_say(arch, line);
	rest_say(arch, line);
}

void arch_firmware_report(void (*line)(const char *text))
{
	static const struct {
		const char *name;
		unsigned long id;
	} each[] = {
		{ "TIME", SBI_EXT_TIME },
		{ "IPI", SBI_EXT_IPI },
		{ "RFENCE", SBI_EXT_RFENCE },
		{ "HSM", SBI_EXT_HSM },
		{ "SRST", SBI_EXT_SRST },
		{ "PMU", SBI_EXT_PMU },
		{ "DBCN", SBI_EXT_DBCN },
		{ "SUSP", SBI_EXT_SUSP },
		{ "SSE", SBI_EXT_SSE },
		{ "FWFT", SBI_EXT_FWFT },
		{ "DBTR", SBI_EXT_DBTR },
		{ "STA", SBI_EXT_STA },
		{ "putchar", SBI_EXT_LEGACY_PUTCHAR },
		{ "getchar", SBI_EXT_LEGACY_GETCHAR },
		{ "shutdown", SBI_EXT_LEGACY_SHUTDOWN },
	};
	char buffers[2][LINE];
	struct text there = text_in(buffers[0], LINE), missing = text_in(buffers[1], LINE);

	arch_firmware_describe(line);
	for (unsigned int i = 0; i < ARRAY_SIZE(each); i++)
		text_add(firmware_has(each[i].id) ? &there : &missing, " %s", each[i].name);
	say(line, "has:%s", there.to);
	say(line, "has not:%s", missing.length ? missing.to : " nothing of that");
}
