/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's command line (/chosen/bootargs): words of the form name or name=value,
 * separated by blanks. Never changes after boot, so there is no lock.
 */
#ifndef CORE_OPTIONS_H
#define CORE_OPTIONS_H

#include <core/types.h>

/** What there is to know about an option; a line of the table in options.c. */
struct option {
	const char *name;
	const char *value; /* what may be given, for messages and help */
	const char *help;
	/** Looks at a value ("" when there was none); may apply it. 0 or a negative errno. */
	int (*accept)(const char *value);
};

extern const struct option option_table[];
extern const unsigned int option_count;

/**
 * Reads the command line. Words that no option knows and values that it does not take are
 * reported and ignored; of two words for one option the last counts. Boot hart, once.
 */
void options_init(const char *bootargs);

/** The value of option @name ("" when it has none), or NULL when it was not given. */
const char *option_get(const char *name);

/** Whether the comma-separated list of option @name holds @word. */
bool option_has(const char *name, const char *word);

/**
 * Whether the option `hide` takes @feature away from the hart with id @hart_id: "<feature>" does so
 * for all harts, "<feature>@0-1+4" for those.
 */
bool option_hides(const char *feature, uint64_t hart_id);

/** Whether the list "<key>:<value>,..." of option @name has @key; gets its *@value. */
bool option_pair(const char *name, uint64_t key, uint64_t *value);

/** The number that option @name was given, or @fallback. */
uint64_t option_number(const char *name, uint64_t fallback);

#define OPTION_ESCAPE_NONE (-1)
#define OPTION_ESCAPE_BAD (-2)

/** The control character that "^t" names, OPTION_ESCAPE_NONE for "none", or OPTION_ESCAPE_BAD. */
int option_parse_escape(const char *text);

#endif
