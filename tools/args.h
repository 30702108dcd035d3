/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line's grammar: words, abbreviations, numbers. */
#ifndef NMTX_ARGS_H
#define NMTX_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include "macros.h"

/**
 * struct args - the words that are left
 * @argc: how many
 * @argv: the words
 */
struct args {
	int argc;
	char **argv;
};

/**
 * struct command - a word and what it does
 * @name: the word; NULL ends a table
 * @run: called with the words behind it, returns an exit code
 */
struct command {
	const char *name;
	int (*run)(struct args *args);
};

/**
 * struct keyword - "word VALUE" in any order
 * @name: the word; NULL ends a table
 * @value: where the value goes; NULL until then
 */
struct keyword {
	const char *name;
	const char **value;
};

int match_command(const struct command *table, const char *word);
int run_command(const struct command *table, struct args *args,
		const char *usage);
int parse_keywords(const struct keyword *table, struct args *args,
		   const char *usage);
int no_more_args(const struct args *args, const char *usage);
int parse_u32(const char *text, uint32_t *value);
__printf(2, 3) int usage_fail(const char *usage, const char *fmt, ...);
int usage_help(const char *usage);

static inline const char *args_next(struct args *args)
{
	if (args->argc <= 0)
		return NULL;
	args->argc--;
	return *args->argv++;
}

#endif /* NMTX_ARGS_H */
