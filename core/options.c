/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's command line: a table of the options that there are, and the words that were
 * given. A new option is one line of the table. Written once while booting, so there is no lock.
 */
#include <core/options.h>

#include <core/log.h>
#include <core/number.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_LINE_MAX 1024

static char line[COMMAND_LINE_MAX]; /* the command line, cut into words */

static int check_number(const char *value)
{
	uint64_t number;

	return number_parse(value, &number) ? 0 : -EINVAL;
}

static int check_last_vm(const char *value)
{
	return strcmp(value, "last-vm") == 0 ? 0 : -EINVAL;
}

static int check_all(const char *value)
{
	return strcmp(value, "all") == 0 ? 0 : -EINVAL;
}

static int check_panic(const char *value)
{
	return strcmp(value, "halt") == 0 || strcmp(value, "poweroff") == 0 ||
			       strcmp(value, "reboot") == 0
		       ? 0
		       : -EINVAL;
}

static int check_list(const char *value)
{
	return *value ? 0 : -EINVAL;
}

/* One item "<number>:<number>" of a list, @length long. */
static bool pair_parse(const char *item, size_t length, uint64_t *key, uint64_t *value)
{
	const char *colon = memchr(item, ':', length);
	char number[24];
	size_t rest;

	if (!colon || (size_t)(colon - item) >= sizeof(number))
		return false;
	memcpy(number, item, (size_t)(colon - item));
	number[colon - item] = '\0';
	if (!number_parse(number, key))
		return false;
	rest = length - (size_t)(colon + 1 - item);
	if (rest >= sizeof(number))
		return false;
	memcpy(number, colon + 1, rest);
	number[rest] = '\0';
	return number_parse(number, value);
}

/* Finds *@key in a list of pairs. -ENOENT, or -EINVAL when an item is no pair. */
static int pairs_find(const char *list, uint64_t key, uint64_t *value)
{
	int result = -ENOENT;

	do {
		size_t length = strcspn(list, ",");
		uint64_t k, v;

		if (!pair_parse(list, length, &k, &v))
			return -EINVAL;
		if (k == key) {
			*value = v;
			result = 0;
		}
		list += length;
	} while (*list++);
	return result;
}

static int check_pairs(const char *value)
{
	uint64_t unused;

	return pairs_find(value, 0, &unused) == -EINVAL ? -EINVAL : 0;
}

static int check_escape(const char *value)
{
	return option_parse_escape(value) == OPTION_ESCAPE_BAD ? -EINVAL : 0;
}

static int check_show(const char *value)
{
	return strcmp(value, "all") == 0 || strcmp(value, "focus") == 0 ? 0 : -EINVAL;
}

const struct option option_table[] = {
	{ "console.escape", "^<letter>|none", "prefix of console commands instead of ^t",
	  check_escape },
	{ "console.show", "all|focus", "show lines of the other consoles, too", check_show },
	{ "crash", "<kind>", "break a rule of our own on purpose: a test", check_list },
	{ "harts", "<n>", "use at most that many harts", check_number },
	{ "hgei.limit", "<hart>:<n>,...", "use fewer guest interrupt files of these harts",
	  check_pairs },
	{ "hide", "<feature>,...", "treat features of the harts as absent", check_list },
	{ "loglevel", "error|warn|info", "messages to show; the log has all", log_set_level },
	{ "memory.clear", "all", "clear memory also before its first use", check_all },
	{ "panic", "halt|poweroff|reboot", "what follows a fatal error", check_panic },
	{ "poweroff", "last-vm", "power the machine off when no VM runs any more", check_last_vm },
	{ "vmid.bits", "<n>", "use only that many bits of a VMID", check_number },
};

const unsigned int option_count = ARRAY_SIZE(option_table);

static const char *values[ARRAY_SIZE(option_table)]; /* NULL: not given */

static int option_find(const char *name)
{
	for (unsigned int i = 0; i < option_count; i++) {
		if (strcmp(option_table[i].name, name) == 0)
			return (int)i;
	}
	return -ENOENT;
}

/** One word "name" or "name=value"; the last one of a name counts. */
static void option_word(char *word)
{
	char *equals = strchr(word, '=');
	const char *value = "";
	int index;

	if (equals) {
		*equals = '\0';
		value = equals + 1;
	}
	index = option_find(word);
	if (index < 0) {
		log_warn("command line: no option \"%s\" is known", word);
		return;
	}
	if (option_table[index].accept(value) < 0) {
		log_warn("command line: %s=%s: the value should be %s", word, value,
			 option_table[index].value);
		return;
	}
	values[index] = value;
	log_info("option %s=%s", word, value);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void options_init(const char *bootargs)
{
	size_t length = strnlen(bootargs, COMMAND_LINE_MAX);
	char *p = line;

	memset(values, 0, sizeof(values));
	if (length == COMMAND_LINE_MAX) {
		log_warn("command line: what follows the first %u bytes is ignored",
			 COMMAND_LINE_MAX - 1);
		length = COMMAND_LINE_MAX - 1;
	}
	memcpy(line, bootargs, length);
	line[length] = '\0';
	while (*p) {
		char *word;

		if (is_blank(*p)) {
			p++;
			continue;
		}
		word = p;
		while (*p && !is_blank(*p))
			p++;
		if (*p)
			*p++ = '\0';
		option_word(word);
	}
}

const char *option_get(const char *name)
{
	int index = option_find(name);

	return index < 0 ? NULL : values[index];
}

bool option_has(const char *name, const char *word)
{
	const char *list = option_get(name);
	size_t length = strlen(word);

	while (list && *list) {
		size_t item = strcspn(list, ",");

		if (item == length && memcmp(list, word, length) == 0)
			return true;
		list += item;
		list += *list == ',';
	}
	return false;
}

bool option_pair(const char *name, uint64_t key, uint64_t *value)
{
	const char *list = option_get(name);

	return list && pairs_find(list, key, value) == 0;
}

uint64_t option_number(const char *name, uint64_t fallback)
{
	const char *text = option_get(name);
	uint64_t number;

	return text && number_parse(text, &number) ? number : fallback;
}

int option_parse_escape(const char *text)
{
	if (strcmp(text, "none") == 0)
		return OPTION_ESCAPE_NONE;
	if (text[0] != '^' || text[1] == '\0' || text[2] != '\0')
		return OPTION_ESCAPE_BAD;
	if ((text[1] >= 'a' && text[1] <= 'z') || (text[1] >= 'A' && text[1] <= '_'))
		return text[1] & 0x1f;
	return OPTION_ESCAPE_BAD;
}
