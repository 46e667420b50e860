/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's command line: a table of the options that there are, and the words that were
 * given. A new option is one line of the table. Written once while booting, so there is no lock.
 */
#include <core/options.h>

#include <core/log.h>
#include <core/number.h>
#include <core/vmdesc.h>
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

static int check_size(const char *value)
{
	uint64_t size;

	return size_parse(value, &size) && size <= GIB(1) ? 0 : -EINVAL;
}

static int check_last_vm(const char *value)
{
	return strcmp(value, "last-vm") == 0 ? 0 : -EINVAL;
}

static int check_hardware(const char *value)
{
	return strcmp(value, "hardware") == 0 ? 0 : -EINVAL;
}

static int check_boot(const char *value)
{
	return strcmp(value, "boot") == 0 ? 0 : -EINVAL;
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

/* An entry of `hide`: "<feature>", or "<feature>@<ids>+<ids>+..." for some harts. */
struct hide_entry {
	const char *feature;
	size_t length; /* of the feature's name */
	bool applies; /* to the hart that was asked for */
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads the entry at *@text and moves *@text behind it. NULL, or what is wrong. */
static const char *hide_entry_parse(const char **text, uint64_t hart_id, struct hide_entry *entry)
{
	const char *p = *text + strcspn(*text, "@,");
	int error = 0;

	entry->feature = *text;
	entry->length = (size_t)(p - *text);
	entry->applies = *p != '@';
	/* It may be the rest of a list that was joined by commas. */
	if (!is_letter(*entry->feature))
		return "not a feature; hart ids are joined by +";
	if (*p == '@')
		do {
			struct hart_range range;

			p++;
			error = hart_range_parse(&p, &range);
			entry->applies |= !error && hart_id >= range.first && hart_id <= range.last;
		} while (!error && *p == '+');
	if (error == -ERANGE)
		return "a range that ends before it begins";
	if (error || (*p && *p != ','))
		return "not followed by hart ids such as @0-1+4";
	*text = p;
	return NULL;
}

static int check_hide(const char *value)
{
	struct hide_entry entry;

	do {
		const char *problem = hide_entry_parse(&value, 0, &entry);

		if (problem) {
			log_warn("command line: hide: \"%.*s\": %s", (int)strcspn(value, ","),
				 value, problem);
			return -EINVAL;
		}
	} while (*value++);
	return 0;
}

static int check_escape(const char *value)
{
	return option_parse_escape(value) == OPTION_ESCAPE_BAD ? -EINVAL : 0;
}

static int check_wfi(const char *value)
{
	return strcmp(value, "native") == 0 ? 0 : -EINVAL;
}

static int check_show(const char *value)
{
	return strcmp(value, "all") == 0 || strcmp(value, "focus") == 0 ? 0 : -EINVAL;
}

const struct option option_table[] = {
	{ "console.escape", "^<letter>|none", "prefix of console commands instead of ^t",
	  check_escape },
	{ "console.port", "sbi|<alias>|<path>", "the serial port to use", check_list },
	{ "console.show", "all|focus", "show lines of the other consoles, too", check_show },
	{ "crash", "<kind>", "break a rule of our own on purpose: a test", check_list },
	{ "dirty", "hardware", "hardware logs the pages that a guest writes", check_hardware },
	{ "doctor", "boot", "the report of `host doctor` in the log, before VMs start",
	  check_boot },
	{ "harts", "<n>", "use at most that many harts", check_number },
	{ "hgei.limit", "<hart>:<n>,...", "use fewer guest interrupt files of these harts",
	  check_pairs },
	{ "hide", "<feature>[@<harts>],...", "treat features of harts as absent", check_hide },
	{ "loglevel", "error|warn|info", "messages to show; the log has all", log_set_level },
	{ "memory.clear", "all", "clear memory also before its first use", check_all },
	{ "panic", "halt|poweroff|reboot", "what follows a fatal error", check_panic },
	{ "poweroff", "last-vm", "power the machine off when no VM runs any more", check_last_vm },
	{ "save.size", "<n>[K|M|G]", "memory for saved VMs, up to 1G", check_size },
	{ "vmid.bits", "<n>", "use only that many bits of a VMID", check_number },
	{ "wfi", "native", "a vCPU that is alone on its hart waits in the guest", check_wfi },
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

bool option_hides(const char *feature, uint64_t hart_id)
{
	const char *list = option_get("hide");
	struct hide_entry entry;

	if (!list)
		return false;
	do {
		if (hide_entry_parse(&list, hart_id, &entry))
			return false;
		if (entry.applies && entry.length == strlen(feature) &&
		    memcmp(entry.feature, feature, entry.length) == 0)
			return true;
	} while (*list++);
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
