/* SPDX-License-Identifier: GPL-2.0 */
/* Command lines of the traffic tools: a table of long options. */
#ifndef TRAFFIC_OPTS_H
#define TRAFFIC_OPTS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct opt_def - one long option; set one of the pointers, they say its kind
 * @name: without the dashes; NULL ends a table
 * @on: becomes true; the option takes no value
 * @off: becomes false; the option takes no value
 * @num: a number, with k, M or G
 * @text: as it is
 * @call: is given the value
 */
struct opt_def {
	const char *name;
	bool *on;
	bool *off;
	uint64_t *num;
	const char **text;
	void (*call)(const char *value);
};

/**
 * opts_parse - read a command line
 * @argc: as main()
 * @argv: as main()
 * @defs: the options
 * @help: printed, and exit, when one is not known or has no value
 *
 * Return: index in @argv of the first argument that is no option.
 */
int opts_parse(int argc, char **argv, const struct opt_def *defs,
	       const char *help);

/* Print @help to stderr and exit with EX_SETUP. */
void opts_help(const char *help) __attribute__((noreturn));

#endif
