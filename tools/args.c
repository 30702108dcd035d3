// SPDX-License-Identifier: GPL-2.0-only
/* Words, abbreviations and numbers of the command line. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "out.h"

enum {
	MATCH_NONE = -1,
	MATCH_MANY = -2,
};

/*
 * Find @word among @count entries of @size bytes, each starting with its
 * name. The exact word wins, else the only one that it starts.
 */
static int match_word(const void *table, size_t size, const char *word)
{
	const char *entry = table;
	size_t len = strlen(word);
	int found = MATCH_NONE;
	const char *name;
	int i;

	for (i = 0;; i++, entry += size) {
		memcpy(&name, entry, sizeof(name));
		if (!name)
			return found;
		if (!len || strncmp(name, word, len))
			continue;
		if (!name[len])
			return i;
		found = found == MATCH_NONE ? i : MATCH_MANY;
	}
}

/**
 * match_command() - look a word up, full or shortened
 * @table: the commands
 * @word: the word
 *
 * Return: its place in @table, or a negative number.
 */
int match_command(const struct command *table, const char *word)
{
	return match_word(table, sizeof(*table), word);
}

/**
 * usage_fail() - one line and the usage on stderr
 * @usage: the usage
 * @fmt: what is wrong with the command line
 *
 * Return: EXIT_USAGE.
 */
int usage_fail(const char *usage, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail("%s", text);
	fputs(usage, stderr);
	return EXIT_USAGE;
}

int usage_help(const char *usage)
{
	fputs(usage, stdout);
	return EXIT_OK;
}

static int no_match(int found, const char *word, const char *usage)
{
	if (found == MATCH_MANY)
		return usage_fail(usage, "\"%s\" is ambiguous", word);
	return usage_fail(usage, "unknown word \"%s\"", word);
}

/**
 * run_command() - run what the next word says
 * @table: the commands; the first one is run when no word is left
 * @args: the words
 * @usage: usage of this object, printed for "help" too
 *
 * Return: an exit code.
 */
int run_command(const struct command *table, struct args *args,
		const char *usage)
{
	const char *word = args_next(args);
	int i;

	if (!word)
		return table[0].run(args);
	if (!strcmp(word, "help"))
		return usage_help(usage);
	i = match_command(table, word);
	if (i < 0)
		return no_match(i, word, usage);
	return table[i].run(args);
}

/**
 * parse_keywords() - take all remaining words as "word VALUE"
 * @table: the keywords; each value must be NULL before
 * @args: the words
 * @usage: usage of this object
 *
 * Return: EXIT_OK or EXIT_USAGE.
 */
int parse_keywords(const struct keyword *table, struct args *args,
		   const char *usage)
{
	const char *word, *value;
	int i;

	while ((word = args_next(args))) {
		i = match_word(table, sizeof(*table), word);
		if (i < 0)
			return no_match(i, word, usage);
		value = args_next(args);
		if (!value)
			return usage_fail(usage, "\"%s\" needs a value",
					  table[i].name);
		if (*table[i].value)
			return usage_fail(usage, "\"%s\" is given twice",
					  table[i].name);
		*table[i].value = value;
	}
	return EXIT_OK;
}

/**
 * no_more_args() - check that the command line ends here
 * @args: the words
 * @usage: usage of this object
 *
 * Return: EXIT_OK or EXIT_USAGE.
 */
int no_more_args(const struct args *args, const char *usage)
{
	if (args->argc > 0)
		return usage_fail(usage, "unknown word \"%s\"", args->argv[0]);
	return EXIT_OK;
}

/**
 * parse_u32() - a decimal number, and nothing else
 * @text: digits; no sign, no blank
 * @value: the number
 *
 * Return: 0, -EINVAL, or -ERANGE.
 */
int parse_u32(const char *text, uint32_t *value)
{
	uint64_t sum = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		sum = sum * 10 + (uint64_t)(*text - '0');
		if (sum > UINT32_MAX)
			return -ERANGE;
	}
	*value = (uint32_t)sum;
	return 0;
}
