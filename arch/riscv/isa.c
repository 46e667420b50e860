/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads which ISA extensions a hart has from its device-tree node, and says of which a guest is
 * told. Owns no state: every function depends on its arguments alone. No lock.
 */
#include <arch/csr.h>
#include <arch/hart.h>
#include <arch/isa.h>
#include <errno.h>
#include <libfdt.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name; /* lower case */
	enum isa_rule rule;
} extensions[] = {
#define ISA_ENTRY(name, text, rule) [ISA_##name] = { text, RULE_##rule },
	ISA_EXTENSIONS(ISA_ENTRY)
#undef ISA_ENTRY
};

_Static_assert(ISA_COUNT <= 8 * sizeof(struct isa_set), "one bit an extension");

/* What an extension implies or depends on, as the manuals say: who has the first has the second. */
static const struct {
	uint8_t extension;
	uint8_t implied;
} implications[] = {
	{ ISA_A, ISA_ZAAMO },
	{ ISA_A, ISA_ZALRSC },
	{ ISA_B, ISA_ZBA },
	{ ISA_B, ISA_ZBB },
	{ ISA_B, ISA_ZBS },
	{ ISA_C, ISA_ZCA },
	{ ISA_D, ISA_F },
	{ ISA_F, ISA_ZICSR },
	{ ISA_V, ISA_ZVE32X },
	{ ISA_V, ISA_ZVE64D },
	{ ISA_V, ISA_ZVL128B },
	{ ISA_ZABHA, ISA_ZAAMO },
	{ ISA_ZACAS, ISA_ZAAMO },
	{ ISA_ZCB, ISA_ZCA },
	{ ISA_ZCD, ISA_D },
	{ ISA_ZCD, ISA_ZCA },
	{ ISA_ZCMOP, ISA_ZCA },
	{ ISA_ZCMT, ISA_ZCA },
	{ ISA_ZFA, ISA_F },
	{ ISA_ZFBFMIN, ISA_F },
	{ ISA_ZFH, ISA_ZFHMIN },
	{ ISA_ZFHMIN, ISA_F },
	{ ISA_ZICNTR, ISA_ZICSR },
	{ ISA_ZIHPM, ISA_ZICSR },
	{ ISA_ZK, ISA_ZKN },
	{ ISA_ZK, ISA_ZKR },
	{ ISA_ZK, ISA_ZKT },
	{ ISA_ZKN, ISA_ZBKB },
	{ ISA_ZKN, ISA_ZBKC },
	{ ISA_ZKN, ISA_ZBKX },
	{ ISA_ZKN, ISA_ZKND },
	{ ISA_ZKN, ISA_ZKNE },
	{ ISA_ZKN, ISA_ZKNH },
	{ ISA_ZKS, ISA_ZBKB },
	{ ISA_ZKS, ISA_ZBKC },
	{ ISA_ZKS, ISA_ZBKX },
	{ ISA_ZKS, ISA_ZKSED },
	{ ISA_ZKS, ISA_ZKSH },
	{ ISA_ZVBB, ISA_ZVKB },
	{ ISA_ZVBC, ISA_ZVE64X },
	{ ISA_ZVE32F, ISA_F },
	{ ISA_ZVE32F, ISA_ZVE32X },
	{ ISA_ZVE32X, ISA_ZICSR },
	{ ISA_ZVE32X, ISA_ZVL32B },
	{ ISA_ZVE64D, ISA_D },
	{ ISA_ZVE64D, ISA_ZVE64F },
	{ ISA_ZVE64F, ISA_ZVE32F },
	{ ISA_ZVE64F, ISA_ZVE64X },
	{ ISA_ZVE64X, ISA_ZVE32X },
	{ ISA_ZVE64X, ISA_ZVL64B },
	{ ISA_ZVFBFMIN, ISA_ZVE32F },
	{ ISA_ZVFBFWMA, ISA_ZFBFMIN },
	{ ISA_ZVFBFWMA, ISA_ZVFBFMIN },
	{ ISA_ZVFH, ISA_ZFHMIN },
	{ ISA_ZVFH, ISA_ZVFHMIN },
	{ ISA_ZVFHMIN, ISA_ZVE32F },
	{ ISA_ZVKB, ISA_ZVE32X },
	{ ISA_ZVKG, ISA_ZVE32X },
	{ ISA_ZVKN, ISA_ZVKB },
	{ ISA_ZVKN, ISA_ZVKNED },
	{ ISA_ZVKN, ISA_ZVKNHB },
	{ ISA_ZVKN, ISA_ZVKT },
	{ ISA_ZVKNC, ISA_ZVBC },
	{ ISA_ZVKNC, ISA_ZVKN },
	{ ISA_ZVKNED, ISA_ZVE32X },
	{ ISA_ZVKNG, ISA_ZVKG },
	{ ISA_ZVKNG, ISA_ZVKN },
	{ ISA_ZVKNHA, ISA_ZVE32X },
	{ ISA_ZVKNHB, ISA_ZVE64X },
	{ ISA_ZVKNHB, ISA_ZVKNHA },
	{ ISA_ZVKS, ISA_ZVKB },
	{ ISA_ZVKS, ISA_ZVKSED },
	{ ISA_ZVKS, ISA_ZVKSH },
	{ ISA_ZVKS, ISA_ZVKT },
	{ ISA_ZVKSC, ISA_ZVBC },
	{ ISA_ZVKSC, ISA_ZVKS },
	{ ISA_ZVKSED, ISA_ZVE32X },
	{ ISA_ZVKSG, ISA_ZVKG },
	{ ISA_ZVKSG, ISA_ZVKS },
	{ ISA_ZVKSH, ISA_ZVE32X },
	{ ISA_ZVL64B, ISA_ZVL32B },
	{ ISA_ZVL128B, ISA_ZVL64B },
	{ ISA_ZVL256B, ISA_ZVL128B },
	{ ISA_ZVL512B, ISA_ZVL256B },
	{ ISA_ZVL1024B, ISA_ZVL512B },
};

/* Names for several extensions, which are what the table above says that they imply. */
static const uint8_t abbreviations[] = {
	ISA_B,	   ISA_V,     ISA_ZK,	ISA_ZKN,   ISA_ZKS,   ISA_ZVKN,
	ISA_ZVKNC, ISA_ZVKNG, ISA_ZVKS, ISA_ZVKSC, ISA_ZVKSG,
};

/* What stops to work in a guest when it is not told of an extension. Of others it is only that. */
static const struct {
	uint8_t extension;
	struct isa_controls controls;
} withheld[] = {
	{ ISA_F, { .features = BIT(FEATURE_FP) } },
	{ ISA_ZVE32X, { .features = BIT(FEATURE_VECTOR) } },
	{ ISA_ZICBOM, { .henvcfg = HENVCFG_CBIE | HENVCFG_CBCFE } },
	{ ISA_ZICBOZ, { .henvcfg = HENVCFG_CBZE } },
	{ ISA_ZICFILP, { .features = BIT(FEATURE_LANDING_PAD) } },
	{ ISA_ZICFISS, { .features = BIT(FEATURE_SHADOW_STACK) } },
	{ ISA_ZKR, { .features = BIT(FEATURE_ZKR) } },
	{ ISA_SMNPM, { .features = FEATURES_PMLEN } },
	{ ISA_SSDBLTRP, { .features = BIT(FEATURE_DOUBLE_TRAP) } },
	{ ISA_SSAIA,
	  { .features = BIT(FEATURE_SSAIA),
	    .hstateen0 = HSTATEEN0_CSRIND | HSTATEEN0_AIA | HSTATEEN0_IMSIC } },
	{ ISA_SSCOFPMF, { .features = BIT(FEATURE_SSCOFPMF) } },
	{ ISA_SSSTATEEN, { .features = BIT(FEATURE_SSSTATEEN), .hstateen0 = HSTATEEN0_SE0 } },
	{ ISA_SSTC, { .features = BIT(FEATURE_SSTC), .henvcfg = HENVCFG_STCE } },
	{ ISA_SVADU, { .features = BIT(FEATURE_AD_UPDATING) } },
	{ ISA_SVPBMT, { .henvcfg = HENVCFG_PBMTE } },
};

const char *isa_name(enum isa_extension extension)
{
	return extensions[extension].name;
}

enum isa_rule isa_rule(enum isa_extension extension)
{
	return extensions[extension].rule;
}

enum isa_extension isa_wanted_by(enum isa_extension extension, const struct isa_set *set)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(implications); i++)
		if (implications[i].extension == extension &&
		    !isa_has(set, implications[i].implied))
			return implications[i].implied;
	return ISA_COUNT;
}

/** Adds what the members of @set imply, until nothing new comes of it. */
static void isa_expand(struct isa_set *set)
{
	bool changed;

	do {
		changed = false;
		for (unsigned int i = 0; i < ARRAY_SIZE(implications); i++) {
			if (!isa_has(set, implications[i].extension) ||
			    isa_has(set, implications[i].implied))
				continue;
			isa_add(set, implications[i].implied);
			changed = true;
		}
	} while (changed);
	if (isa_has(set, ISA_C) && isa_has(set, ISA_D))
		isa_add(set, ISA_ZCD);
}

/** Takes out of @set what implies something that @set does not have. */
static void isa_reduce(struct isa_set *set)
{
	bool changed;

	do {
		changed = false;
		for (unsigned int i = 0; i < ARRAY_SIZE(implications); i++) {
			if (!isa_has(set, implications[i].extension) ||
			    isa_has(set, implications[i].implied))
				continue;
			isa_remove(set, implications[i].extension);
			changed = true;
		}
	} while (changed);
}

/** Whether @text is @name, in small or capital letters. Most of what a list of extensions costs. */
static bool name_is(const char *name, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (name[i] != (text[i] | 0x20))
			return false;
	return !name[length];
}

/** Adds the extension called @name. False when there is none. */
static bool name_add(struct isa_set *set, const char *name, size_t length)
{
	for (unsigned int i = 0; i < ISA_COUNT; i++) {
		if (name_is(extensions[i].name, name, length)) {
			isa_add(set, i);
			return true;
		}
	}
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/** How many digits @text begins with, or with @step -1 ends with; it has @length characters. */
static size_t digits(const char *text, size_t length, int step)
{
	size_t count = 0;

	while (count < length && is_digit(step > 0 ? text[count] : text[length - 1 - count]))
		count++;
	return count;
}

/** The length of @name without a version ("2", "2p1") at its end. */
static size_t name_without_version(const char *name, size_t length)
{
	size_t minor = digits(name, length, -1);
	size_t left = length - minor;
	size_t major;

	if (!minor || left < 2 || (name[left - 1] | 0x20) != 'p')
		return left;
	major = digits(name, left - 1, -1);
	return major ? left - 1 - major : left;
}

/** The length of the version that @text begins with; 0 when there is none. */
static size_t version_length(const char *text, size_t length)
{
	size_t major = digits(text, length, 1);
	size_t minor;

	if (!major || major + 1 >= length || (text[major] | 0x20) != 'p')
		return major;
	minor = digits(text + major + 1, length - major - 1, 1);
	return minor ? major + 1 + minor : major;
}

/** A name of several letters. Some end in a digit of their own, so it is first taken as it is. */
static void token_add(struct isa_set *set, const char *name, size_t length)
{
	if (!name_add(set, name, length))
		name_add(set, name, name_without_version(name, length));
}

static void letter_add(struct isa_set *set, char letter)
{
	static const char general[] = "imafd";

	if ((letter | 0x20) != 'g') {
		name_add(set, &letter, 1);
		return;
	}
	for (unsigned int i = 0; i < sizeof(general) - 1; i++)
		name_add(set, &general[i], 1);
}

int isa_parse_list(const char *list, size_t length, struct isa_set *set)
{
	*set = (struct isa_set){ 0 };
	for (size_t at = 0; at < length;) {
		size_t name = strnlen(list + at, length - at);

		if (name == length - at)
			return -EINVAL;
		name_add(set, list + at, name);
		at += name + 1;
	}
	isa_expand(set);
	return 0;
}

/** The length of the token that @text begins with: up to an underscore or the end. */
static size_t token_length(const char *text, size_t length)
{
	const char *end = memchr(text, '_', length);

	return end ? (size_t)(end - text) : length;
}

int isa_parse_string(const char *string, size_t length, struct isa_set *set)
{
	*set = (struct isa_set){ 0 };
	length = strnlen(string, length);
	if (length < 5 || strncasecmp(string, "rv64", 4))
		return -EINVAL;
	for (size_t at = 4; at < length;) {
		const char *text = string + at;

		if (*text == '_') {
			at++;
		} else if (strchr("szxSZX", *text)) {
			size_t token = token_length(text, length - at);

			token_add(set, text, token);
			at += token;
		} else {
			letter_add(set, *text);
			at += 1 + version_length(text + 1, length - at - 1);
		}
	}
	if (isa_has(set, ISA_I)) {
		isa_add(set, ISA_ZICSR);
		isa_add(set, ISA_ZIFENCEI);
		isa_add(set, ISA_ZICNTR);
		isa_add(set, ISA_ZIHPM);
	}
	isa_expand(set);
	return 0;
}

int isa_parse_cpu(const void *fdt, int node, struct isa_set *set)
{
	int length;
	const char *value = fdt_getprop(fdt, node, "riscv,isa-base", &length);

	*set = (struct isa_set){ 0 };
	if (value && (length < 5 || strncasecmp(value, "rv64", 4)))
		return -EINVAL;
	value = fdt_getprop(fdt, node, "riscv,isa-extensions", &length);
	if (value && !isa_parse_list(value, (size_t)length, set))
		return 0;
	value = fdt_getprop(fdt, node, "riscv,isa", &length);
	return value ? isa_parse_string(value, (size_t)length, set) : -ENOENT;
}

/** Whether a guest may be told of @extension, as far as that alone is concerned. */
static bool guest_may(const struct isa_set *all, const struct isa_controls *controls,
		      enum isa_extension extension)
{
	bool common = isa_has(all, extension);
	uint64_t features = controls->features, henvcfg = controls->henvcfg;

	switch (extensions[extension].rule) {
	case RULE_NEVER:
		return false;
	case RULE_BASE:
	case RULE_PLAIN:
		return common;
	case RULE_FP:
		return common && features & BIT(FEATURE_FP);
	case RULE_VECTOR:
		return common && features & BIT(FEATURE_VECTOR);
	case RULE_CBOM:
		return common && !(~henvcfg & (HENVCFG_CBIE_FLUSH | HENVCFG_CBCFE));
	case RULE_CBOZ:
		return common && henvcfg & HENVCFG_CBZE;
	case RULE_PBMT:
		return common && henvcfg & HENVCFG_PBMTE;
	case RULE_SSTC:
		return features & BIT(FEATURE_SSTC);
	case RULE_AIA:
		return features & BIT(FEATURE_SSAIA);
	case RULE_SSCOFPMF:
		return common && features & BIT(FEATURE_SSCOFPMF);
	case RULE_SVADE:
		return common || isa_has(all, ISA_SVADU) || features & BIT(FEATURE_AD_UPDATING);
	case RULE_SVADU:
		return features & BIT(FEATURE_AD_UPDATING);
	case RULE_LANDING_PAD:
		return features & BIT(FEATURE_LANDING_PAD);
	case RULE_SHADOW_STACK:
		return features & BIT(FEATURE_SHADOW_STACK);
	case RULE_DOUBLE_TRAP:
		return features & BIT(FEATURE_DOUBLE_TRAP);
	case RULE_PMLEN: /* senvcfg.PMM, and by FWFT henvcfg.PMM in place of menvcfg's */
		return features & FEATURES_PMLEN;
	case RULE_SUPM:
		return common && features & FEATURES_PMLEN;
	case RULE_ZKR:
		return common && features & BIT(FEATURE_ZKR);
	case RULE_STATEEN:
		return features & BIT(FEATURE_SSSTATEEN);
	}
	return false;
}

/** Adds to @set what abbreviations in it stand for. */
static void abbreviations_expand(struct isa_set *set)
{
	/* Twice: some stand for another one, and none of these for a third. */
	for (unsigned int round = 0; round < 2; round++)
		for (unsigned int i = 0; i < ARRAY_SIZE(implications); i++)
			if (isa_has(set, implications[i].extension) &&
			    memchr(abbreviations, implications[i].extension, sizeof(abbreviations)))
				isa_add(set, implications[i].implied);
}

void isa_offer(const struct isa_set *common, const struct isa_set *disabled,
	       struct isa_controls *controls, struct isa_set *offered)
{
	struct isa_set without = *disabled;

	abbreviations_expand(&without);
	*offered = (struct isa_set){ 0 };
	for (unsigned int i = 0; i < ISA_COUNT; i++)
		if (guest_may(common, controls, i) && !isa_has(&without, i))
			isa_add(offered, i);
	isa_reduce(offered);
	/* To see both says that Svade holds until FWFT turns Svadu on. */
	if (!isa_has(offered, ISA_SVADE))
		isa_remove(offered, ISA_SVADU);
	/* Lengths, and promises about timing. */
	if (!isa_has(offered, ISA_ZVE32X))
		for (unsigned int i = 0; i < ISA_COUNT; i++)
			if (extensions[i].rule == RULE_VECTOR)
				isa_remove(offered, i);
	for (unsigned int i = 0; i < ARRAY_SIZE(withheld); i++) {
		if (isa_has(offered, withheld[i].extension))
			continue;
		controls->features &= ~withheld[i].controls.features;
		controls->henvcfg &= ~withheld[i].controls.henvcfg;
		controls->hstateen0 &= ~withheld[i].controls.hstateen0;
	}
}

unsigned int isa_list(const struct isa_set *set, const char **names, unsigned int room)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < ISA_COUNT; i++) {
		if (!isa_has(set, i))
			continue;
		if (count < room)
			names[count] = extensions[i].name;
		count++;
	}
	return count;
}
