/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathers what is known about the machine: what the harts' records and the drivers say, and the
 * findings. Harts that have the same are told once. Owns the buffers of texts to compare; only
 * the boot hart, and later the shell's thread, uses them.
 */
#include <core/doctor.h>

#include <arch/describe.h>
#include <arch/mmu.h>
#include <core/finding.h>
#include <core/hart.h>
#include <core/hostdt.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/text.h>
#include <core/timer.h>
#include <core/version.h>
#include <drivers/irqchip.h>
#include <drivers/reset.h>
#include <drivers/serial.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE 240
#define TEXT_SIZE 6144

static void (*emit)(const char *text);
static char texts[2][TEXT_SIZE]; /* of a hart, and of one that may have the same */
static char *collected; /* the one that is being filled */
static size_t collected_length;

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	char text[LINE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* Some words are the device tree's. */
	text_tame(text);
	emit(text);
}

static void indented(const char *text)
{
	say("  %s", text);
}

static void collect(const char *text)
{
	int length = snprintf(collected + collected_length, TEXT_SIZE - collected_length, "%s\n",
			      text);

	collected_length = MIN(collected_length + (size_t)length, (size_t)TEXT_SIZE - 1);
}

static char *hart_text(const struct hart *hart, unsigned int which)
{
	collected = texts[which];
	collected_length = 0;
	collected[0] = '\0';
	if (hart_known(hart))
		arch_hart_report(hart, collect);
	else
		collect(hart->absent_reason ? hart->absent_reason : "it was not looked at yet");
	return collected;
}

/** Tells about @hart and all that have the same, which are added to @told. */
static void harts_tell(unsigned int first, struct hartset *told)
{
	char *text = hart_text(harts[first], 0), *end;
	char name[LINE];
	struct text list = text_in(name, sizeof(name));

	text_add(&list, "%" PRIu64, harts[first]->id);
	for (unsigned int i = first + 1; i < hart_count; i++) {
		if (hartset_has(told, i) || strcmp(text, hart_text(harts[i], 1)) != 0)
			continue;
		hartset_add(told, i);
		text_add(&list, ",%" PRIu64, harts[i]->id);
	}
	say("%s %s:", strchr(name, ',') ? "harts" : "hart", name);
	for (; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		indented(text);
	}
}

static void machine_tell(void)
{
	const char *model = host_fdt ? hostdt_string(0, "model", 0) : NULL;
	const char *compatible = host_fdt ? hostdt_string(0, "compatible", 0) : NULL;

	say("machine: %s (%s)", model ? model : "no model", compatible ? compatible : "none");
	if (host_fdt)
		say("options: %s", *hostdt_bootargs() ? hostdt_bootargs() : "none");
	say("memory: %" PRIu64 " MiB, image at 0x%" PRIx64, page_total() >> 8, mmu_image_base);
	say("timebase: %" PRIu64 " Hz, up for %" PRIu64 " s", timebase,
	    timebase ? time_now() / timebase : 0);
	say("interrupts: %s", irqchip_describe());
	say("console: %s", serial_describe());
	say("machine's end: %s", reset_describe());
	say("firmware:");
	arch_firmware_report(indented);
}

static void findings_tell(enum finding_kind kind, const char *title)
{
	say("%s%s", title, findings_count(kind) ? "" : " none");
	findings_describe(kind, indented);
}

void doctor_report(void (*line)(const char *text))
{
	struct hartset told = { { 0 } };

	emit = line;
#ifdef DEBUG
	say("--- host doctor: %s, debug build ---", VERSION_STRING);
#else
	say("--- host doctor: %s ---", VERSION_STRING);
#endif
	machine_tell();
	for (unsigned int i = 0; i < hart_count; i++)
		if (!hartset_has(&told, i))
			harts_tell(i, &told);
	findings_tell(FINDING_DEVICE, "devices in use:");
	findings_tell(FINDING_QUIRK, "quirks that apply:");
	findings_tell(FINDING_LESS, "missing or wrong:");
	findings_tell(FINDING_LEFT_OUT, "left out:");
	if (findings_lost())
		say("%u findings had no room here; the log has them", findings_lost());
	say("--- end of host doctor ---");
}

static void to_log(const char *text)
{
	log_info("%s", text);
}

void doctor_log(void)
{
	doctor_report(to_log);
}

void doctor_boot(void)
{
	if (option_get("doctor"))
		doctor_log();
}
