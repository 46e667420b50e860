/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the command that a line means and runs it. The name of a command is one word or two
 * ("vm list"); words may be abbreviated as long as one command is meant. The tables are constant
 * and all the rest belongs to the shell's thread.
 */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 8

static const struct command *const tables[] = {
	help_commands,
	host_commands,
	vcpu_commands,
	vm_commands,
};

/** Other names for the first word. */
static const struct {
	const char *alias;
	const char *word;
} aliases[] = {
	{ "guest", "vm" },
};

enum match { MATCH_NONE, MATCH_PREFIX, MATCH_WHOLE };

/** What a search found: of matches that are whole the first, otherwise the only prefix. */
struct search {
	const char *typed;
	const void *found;
	enum match match;
	unsigned int count;
};

static enum match word_match(const char *typed, const char *word)
{
	size_t length = strlen(typed);

	if (length == 0 || strncmp(typed, word, length) != 0)
		return MATCH_NONE;
	return word[length] == '\0' || word[length] == ' ' ? MATCH_WHOLE : MATCH_PREFIX;
}

static void search_add(struct search *search, const char *word, const void *found)
{
	enum match match = word_match(search->typed, word);

	if (match == MATCH_NONE || match < search->match)
		return;
	/* A word and its alias are the same thing. */
	if (match > search->match || found != search->found)
		search->count = match > search->match ? 1 : search->count + 1;
	search->match = match;
	search->found = found;
}

/** The word after the first of a command's name; NULL when it has one word. */
static const char *second_word(const char *name)
{
	const char *blank = strchr(name, ' ');

	return blank ? blank + 1 : NULL;
}

/** Prints the candidates of @search with @print, or that there are none. */
static void print_unknown(const struct search *search, const char *what)
{
	if (search->count > 1)
		shell_printf("\"%.32s\" may mean more than one %s:", search->typed, what);
	else
		shell_printf("\"%.32s\" is no %s.", search->typed, what);
}

/** The table whose commands begin with @word. */
static const struct command *const *find_table(const char *word)
{
	struct search search = { .typed = word };

	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		search_add(&search, tables[i]->name, &tables[i]);
	for (unsigned int a = 0; a < ARRAY_SIZE(aliases); a++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
			if (word_match(aliases[a].word, tables[i]->name) == MATCH_WHOLE)
				search_add(&search, aliases[a].alias, &tables[i]);
		}
	}
	if (search.count == 1)
		return search.found;
	print_unknown(&search, "command");
	for (unsigned int i = 0; search.count > 1 && i < ARRAY_SIZE(tables); i++) {
		if (word_match(word, tables[i]->name) != MATCH_NONE)
			shell_printf(" %.*s", (int)strcspn(tables[i]->name, " "), tables[i]->name);
	}
	shell_printf(search.count > 1 ? "\n" : " Try \"help\".\n");
	return NULL;
}

/** The command of @table whose second word is @word. */
static const struct command *find_second(const struct command *table, const char *word)
{
	struct search search = { .typed = word };

	for (const struct command *command = table; command->name; command++)
		search_add(&search, second_word(command->name), command);
	if (search.count == 1)
		return search.found;
	print_unknown(&search, "command");
	if (search.count == 0)
		shell_printf(" There are:");
	for (const struct command *command = table; command->name; command++) {
		const char *second = second_word(command->name);

		if (search.count == 0 || word_match(word, second) != MATCH_NONE)
			shell_printf(" %s", second);
	}
	shell_printf("\n");
	return NULL;
}

static void print_command(const struct command *command)
{
	char usage[64];

	snprintf(usage, sizeof(usage), "%s%s%s", command->name, *command->arguments ? " " : "",
		 command->arguments);
	shell_printf("  %-34s %s\n", usage, command->help);
}

static void print_table(const struct command *table)
{
	for (const struct command *command = table; command->name; command++)
		print_command(command);
}

/**
 * Finds the command that @words mean, and in *@used how many of them are its name. NULL after
 * printing why there is none; of a first word alone, what may follow.
 */
static const struct command *find_command(unsigned int count, char *const *words,
					  unsigned int *used)
{
	const struct command *const *table = find_table(words[0]);

	*used = 1;
	if (!table)
		return NULL;
	if (!second_word((*table)->name))
		return *table;
	if (count < 2) {
		print_table(*table);
		return NULL;
	}
	*used = 2;
	return find_second(*table, words[1]);
}

/** Cuts @line at its blanks. Returns how many words, WORDS_MAX + 1 for too many. */
static unsigned int split(char *line, char **words)
{
	unsigned int count = 0;

	for (char *p = line; *p;) {
		if (*p == ' ' || *p == '\t') {
			*p++ = '\0';
			continue;
		}
		if (count == WORDS_MAX)
			return WORDS_MAX + 1;
		words[count++] = p;
		while (*p && *p != ' ' && *p != '\t')
			p++;
	}
	return count;
}

static unsigned int count_char(const char *text, char c)
{
	unsigned int count = 0;

	for (; *text; text++)
		count += *text == c;
	return count;
}

static void print_error(int error)
{
	switch (-error) {
	case EBUSY:
		shell_printf("That is not possible in this state.\n");
		break;
	case ENOMEM:
		shell_printf("Out of memory.\n");
		break;
	case EINVAL:
		shell_printf("That argument makes no sense.\n");
		break;
	case ENOENT:
		shell_printf("There is no such thing.\n");
		break;
	case EIO:
		shell_printf("The firmware cannot do that.\n");
		break;
	default:
		shell_printf("Failed with error %d.\n", -error);
		break;
	}
}

void command_run(char *line)
{
	char *words[WORDS_MAX];
	unsigned int count = split(line, words);
	const struct command *command;
	unsigned int used, least, most;
	int result;

	if (count == 0)
		return;
	if (count > WORDS_MAX) {
		shell_printf("Too many words.\n");
		return;
	}
	command = find_command(count, words, &used);
	if (!command)
		return;
	least = count_char(command->arguments, '<');
	most = least + count_char(command->arguments, '[');
	if (count - used < least || count - used > most) {
		shell_printf("Usage: %s %s\n", command->name, command->arguments);
		return;
	}
	result = command->run(count - used, words + used);
	if (result < 0)
		print_error(result);
}

static int help_run(unsigned int argc, char *const *argv)
{
	const struct command *command;
	unsigned int used;

	if (argc > 0) {
		command = find_command(argc, argv, &used);
		if (command)
			print_command(command);
		return 0;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		print_table(tables[i]);
	shell_printf("Words may be abbreviated; \"guest\" is another word for \"vm\".\n"
		     "A <vm> is a number or a name. Leave the shell with \"vm console\".\n");
	return 0;
}

const struct command help_commands[] = {
	{ "help", "[command] [word]", "what there is, or about one command", help_run },
	{ 0 },
};
