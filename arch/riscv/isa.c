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

enum isa_rule {
	RULE_NEVER,
	RULE_PLAIN,
	RULE_FP,
	RULE_VECTOR,
	RULE_CBOM,
	RULE_CBOZ,
	RULE_PBMT,
	RULE_SSTC,
	RULE_AIA,
	RULE_SVADE,
};

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

const char *isa_name(enum isa_extension extension)
{
	return extensions[extension].name;
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

/** Adds the extension called @name. False when there is none. */
static bool name_add(struct isa_set *set, const char *name, size_t length)
{
	for (unsigned int i = 0; i < ISA_COUNT; i++) {
		if (strlen(extensions[i].name) == length &&
		    !strncasecmp(extensions[i].name, name, length)) {
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
	const char *value = fdt_getprop(fdt, node, "riscv,isa-extensions", &length);

	*set = (struct isa_set){ 0 };
	if (value)
		return isa_parse_list(value, (size_t)length, set);
	value = fdt_getprop(fdt, node, "riscv,isa", &length);
	return value ? isa_parse_string(value, (size_t)length, set) : -ENOENT;
}

/** Whether a guest may be told of @extension, as far as that alone is concerned. */
static bool guest_may(const struct isa_guest *guest, enum isa_extension extension)
{
	bool common = isa_has(guest->common, extension);

	switch (extensions[extension].rule) {
	case RULE_NEVER:
		return false;
	case RULE_PLAIN:
		return common;
	case RULE_FP:
		return common && guest->features & BIT(FEATURE_FP);
	case RULE_VECTOR:
		return common && guest->features & BIT(FEATURE_VECTOR);
	case RULE_CBOM:
		return common && !(~guest->henvcfg & (HENVCFG_CBIE_FLUSH | HENVCFG_CBCFE));
	case RULE_CBOZ:
		return common && guest->henvcfg & HENVCFG_CBZE;
	case RULE_PBMT:
		return common && guest->henvcfg & HENVCFG_PBMTE;
	case RULE_SSTC:
		return guest->features & BIT(FEATURE_SSTC);
	case RULE_AIA:
		return guest->imsic;
	case RULE_SVADE:
		return common || isa_has(guest->common, ISA_SVADU);
	}
	return false;
}

unsigned int isa_guest_list(const struct isa_guest *guest, const char **names, unsigned int room)
{
	struct isa_set offered = { 0 };
	unsigned int count = 0;

	for (unsigned int i = 0; i < ISA_COUNT; i++)
		if (guest_may(guest, i))
			isa_add(&offered, i);
	isa_reduce(&offered);
	for (unsigned int i = 0; i < ISA_COUNT; i++) {
		if (!isa_has(&offered, i))
			continue;
		if (count < room)
			names[count] = extensions[i].name;
		count++;
	}
	return count;
}
