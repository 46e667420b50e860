/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why guests are not told of an extension, for `host isa`. No lock: it only reads what does not
 * change after boot.
 */
#include <arch/describe.h>

#include <arch/csr.h>
#include <core/alloc.h>
#include <core/options.h>
#include <core/text.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE 200
#define REASON 96

/* What a hart must have, by the rule of an extension. Of several features one is enough. */
static const struct need {
	uint64_t features;
	uint64_t henvcfg;
	bool tree; /* the device tree must name it */
} needs[] = {
	[RULE_BASE] = { .tree = true },
	[RULE_PLAIN] = { .tree = true },
	[RULE_FP] = { .features = BIT(FEATURE_FP), .tree = true },
	[RULE_VECTOR] = { .features = BIT(FEATURE_VECTOR), .tree = true },
	[RULE_CBOM] = { .henvcfg = HENVCFG_CBIE_FLUSH | HENVCFG_CBCFE, .tree = true },
	[RULE_CBOZ] = { .henvcfg = HENVCFG_CBZE, .tree = true },
	[RULE_PBMT] = { .henvcfg = HENVCFG_PBMTE, .tree = true },
	[RULE_SSTC] = { .features = BIT(FEATURE_SSTC) },
	[RULE_AIA] = { .features = BIT(FEATURE_SSAIA) },
	[RULE_SVADE] = { .tree = true },
	[RULE_ZKR] = { .features = BIT(FEATURE_ZKR), .tree = true },
	[RULE_STATEEN] = { .features = BIT(FEATURE_SSSTATEEN) },
	[RULE_SSCOFPMF] = { .features = BIT(FEATURE_SSCOFPMF), .tree = true },
	[RULE_SVADU] = { .features = BIT(FEATURE_AD_UPDATING) },
	[RULE_LANDING_PAD] = { .features = BIT(FEATURE_LANDING_PAD) },
	[RULE_SHADOW_STACK] = { .features = BIT(FEATURE_SHADOW_STACK) },
	[RULE_DOUBLE_TRAP] = { .features = BIT(FEATURE_DOUBLE_TRAP) },
	[RULE_PMLEN] = { .features = FEATURES_PMLEN },
	[RULE_SUPM] = { .features = FEATURES_PMLEN, .tree = true },
};

/* Of RULE_NEVER. */
static const char *never(enum isa_extension extension)
{
	switch (extension) {
	case ISA_H:
		return "guests have no guests of their own";
	case ISA_ZIHPM:
		return "counters 3 to 31 are there by SBI PMU only";
	case ISA_ZCMT:
		return "its register is not kept with a vCPU";
	case ISA_SSCSRIND:
		return "it says nothing beside ssaia";
	default:
		return "it is of M-mode";
	}
}

static void feature_reason(struct text *text, const struct hart *hart, enum hart_feature feature)
{
	const char *name = feature_name(feature);

	if (option_hides(name, hart->id))
		text_add(text, "hidden by the option hide=%s", name);
	else if (hart->arch.broken >> feature & 1)
		text_add(text, "a quirk takes %s away", name);
	else
		text_add(text, "%s was not found (%s)", name, feature_probe(feature));
}

/* Why guests of @hart alone are not told of @extension, which are told of @offered. */
static void reason_find(char *to, const struct hart *hart, const struct isa_set *offered,
			enum isa_extension extension)
{
	const struct need *need = &needs[isa_rule(extension)];
	enum isa_extension wanted = isa_wanted_by(extension, offered);
	const struct arch_hart *arch = &hart->arch;
	struct text text = text_in(to, REASON);

	if (need->tree && !isa_has(&arch->isa, extension))
		text_add(&text, "not in the device tree");
	else if (need->features && !(arch->features & need->features))
		feature_reason(&text, hart, (enum hart_feature)__builtin_ctzll(need->features));
	else if (need->henvcfg && !arch_hart_has(arch, FEATURE_HENVCFG))
		feature_reason(&text, hart, FEATURE_HENVCFG);
	else if (need->henvcfg & ~arch->henvcfg)
		text_add(&text, "bits 0x%" PRIx64 " of henvcfg cannot be set",
			 need->henvcfg & ~arch->henvcfg);
	else if (wanted < ISA_COUNT)
		text_add(&text, "guests are not told of %s", isa_name(wanted));
	else if (need->henvcfg && need->henvcfg != HENVCFG_PBMTE)
		text_add(&text, "the device tree does not say how large its blocks are");
	else
		text_add(&text, "it goes with another that is not offered");
}

/* ---- all harts ---- */

struct report {
	void (*line)(const char *text);
	struct isa_set offered; /* to guests of all harts */
	struct isa_set *alone; /* to those of each hart, by its index */
};

/* The harts from @first on that lack @extension for the same reason; false: one before it does. */
static bool harts_alike(const struct report *report, enum isa_extension extension,
			unsigned int first, const char *reason, struct text *text)
{
	unsigned int alike = 0, known = 0;
	char other[REASON];

	for (unsigned int i = 0; i < hart_count; i++) {
		known += hart_known(harts[i]);
		if (!hart_known(harts[i]) || isa_has(&report->alone[i], extension))
			continue;
		reason_find(other, harts[i], &report->alone[i], extension);
		if (strcmp(other, reason) != 0)
			continue;
		if (i < first)
			return false;
		text_add(text, "%s%" PRIu64, alike++ ? "," : " of hart ", harts[i]->id);
	}
	if (alike == known)
		text->to[text->length = 0] = '\0';
	return true;
}

static void reasons_say(const struct report *report, enum isa_extension extension)
{
	char line[LINE], reason[REASON], alike[LINE / 2];
	bool said = false;

	for (unsigned int i = 0; i < hart_count; i++) {
		struct text text = text_in(alike, sizeof(alike));

		if (!hart_known(harts[i]) || isa_has(&report->alone[i], extension))
			continue;
		said = true;
		reason_find(reason, harts[i], &report->alone[i], extension);
		alike[0] = '\0';
		if (!harts_alike(report, extension, i, reason, &text))
			continue;
		snprintf(line, sizeof(line), "  %s%s: %s", isa_name(extension), alike, reason);
		report->line(line);
	}
	if (said)
		return;
	snprintf(line, sizeof(line), "  %s: harts differ in what it needs", isa_name(extension));
	report->line(line);
}

/* Those that no hart has by its device tree are told of together. */
static bool nowhere(enum isa_extension extension)
{
	enum isa_rule rule = isa_rule(extension);

	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_known(harts[i]) && isa_has(&harts[i]->arch.isa, extension))
			return false;
	return rule == RULE_NEVER || needs[rule].tree;
}

static void report_make(const struct report *report)
{
	struct isa_set unknown = { 0 };
	char text[LINE];

	isa_set_say("offered to guests of all harts:", &report->offered, report->line);
	report->line("not offered:");
	for (unsigned int i = 0; i < ISA_COUNT; i++) {
		enum isa_extension extension = (enum isa_extension)i;

		if (isa_has(&report->offered, extension))
			continue;
		if (nowhere(extension)) {
			isa_add(&unknown, extension);
		} else if (isa_rule(extension) == RULE_NEVER) {
			snprintf(text, sizeof(text), "  %s: %s", isa_name(extension),
				 never(extension));
			report->line(text);
		} else {
			reasons_say(report, extension);
		}
	}
	isa_set_say("in the device tree of no hart:", &unknown, report->line);
}

void arch_offer_report(void (*line)(const char *text))
{
	struct report report = { .line = line };

	report.alone = alloc_zero(hart_count * sizeof(*report.alone));
	if (!report.alone || !arch_harts_offer(NULL, &report.offered)) {
		line("no memory for that, or no hart");
		alloc_free(report.alone);
		return;
	}
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_known(harts[i]))
			arch_harts_offer(harts[i], &report.alone[i]);
	report_make(&report);
	alloc_free(report.alone);
}
