/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties that are sets of words: a list of strings, each of them in a table. No lock: pure.
 */
#include "vmdesc_property.h"

#include <core/text.h>
#include <string.h>

/* The words of a table, or NULL when they do not fit. */
static const char *words(const struct property *property, char *buffer, size_t size)
{
	struct text text = text_in(buffer, size);

	for (const struct property_choice *word = property->choices; word->name; word++)
		if (word->value != SET_FIXED)
			text_add(&text, "%s%s", text.length ? " " : "", word->name);
	return text.length < size ? buffer : NULL;
}

static bool parse_word(const struct property_context *context, const struct property *property,
		       const char *word, uint64_t *set)
{
	char buffer[REPORT_MESSAGE_MAX];
	const char *all;

	for (const struct property_choice *known = property->choices; known->name; known++) {
		if (strcmp(known->name, word) != 0)
			continue;
		if (known->value == SET_FIXED) {
			property_error(context, property, "'%s' cannot be switched off", word);
			return false;
		}
		set[known->value / 64] |= BIT(known->value % 64);
		return true;
	}
	all = words(property, buffer, sizeof(buffer));
	property_error(context, property, "'%.30s' is %s%s", word,
		       all ? "none of: " : "no word that is known", all ? all : "");
	return false;
}

static bool parse_set(const struct property_context *context, const struct property *property,
		      const void *value, int length, void *field)
{
	const char *word = value;
	uint64_t set[SET_WORDS_MAX] = { 0 };
	bool good = true;

	if (!length || word[length - 1]) {
		property_error(context, property, "not a list of strings");
		return false;
	}
	for (const char *end = word + length; word < end; word += strlen(word) + 1)
		good &= parse_word(context, property, word, set);
	if (good)
		memcpy(field, set, property->words * sizeof(set[0]));
	return good;
}

static const char *print_set(const struct property *property, const void *field, char *buffer,
			     size_t size)
{
	struct text text = text_in(buffer, size);
	const uint64_t *set = field;

	for (const struct property_choice *word = property->choices; word->name; word++)
		if (word->value != SET_FIXED && set[word->value / 64] >> (word->value % 64) & 1)
			text_add(&text, "%s%s", text.length ? " " : "", word->name);
	return text.length ? buffer : "none";
}

const struct property_type type_set = { parse_set, print_set, FORM_SET };
